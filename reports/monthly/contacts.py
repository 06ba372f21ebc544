"""Who gets the service reports of a customer, and in which language (RPT-02)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django import forms
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.leaving import log_change, names_of
from accounts.models import Organisation, User
from accounts.permissions import Permission
from sla.boards import may_see_board
from tickets.forms import RemoteSelectMultiple

#: More would be a mailing list, which is one address of its own.
MOST_CONTACTS = 50
LOST = {"left": gettext_lazy("is not active any more"), "elsewhere": gettext_lazy("is of another organisation now")}


def may_keep_contacts(user: User) -> bool:
    """Who sends the reports says to whom they go."""
    return may_see_board(user) and user.may(Permission.APPROVE_REPORTS)


def customers() -> QuerySet[Organisation]:
    """The customers that get reports."""
    found = Organisation.objects.filter(kind=Organisation.Kind.CUSTOMER, active=True)
    return found.prefetch_related("report_contacts").order_by("code")


def language_of(customer: Organisation) -> str:
    """In which language its reports are written: the portal's where none was chosen."""
    return customer.report_language or settings.LANGUAGE_CODE


def language_name(customer: Organisation) -> str:
    """The language of its reports, for people."""
    return str(dict(settings.LANGUAGES)[language_of(customer)])


@dataclass(frozen=True)
class Contact:
    """A report contact. ``lost``: why this one gets no report any more, a key of LOST; empty: gets it."""

    person: User
    lost: str = ""

    @property
    def why(self) -> str:
        """``lost`` for people."""
        return why_lost(self.lost)

    @property
    def note(self) -> str:
        """What else is to be known."""
        return "" if self.person.email else _("no mail address")


def why_lost(code: str) -> str:
    """A reason of LOST for people; empty for none."""
    return str(LOST.get(code, ""))


def contacts_of(customer: Organisation) -> list[Contact]:
    """The report contacts, with who is none any more: they left the portal, or the customer."""
    people = sorted(customer.report_contacts.all(), key=lambda person: person.pk)
    return [Contact(person, _lost(person, customer)) for person in people]


def _lost(person: User, customer: Organisation) -> str:
    if not person.is_active:
        return "left"
    return "" if person.organisation_id == customer.pk else "elsewhere"


def readers_of(contacts: Iterable[Contact]) -> list[User]:
    """Those who get a report."""
    return [contact.person for contact in contacts if not contact.lost]


class ContactsForm(forms.Form):
    """Language and contacts of a customer, for page and API."""

    language = forms.ChoiceField(choices=settings.LANGUAGES, label=gettext_lazy("Language of the reports"))
    contacts = forms.ModelMultipleChoiceField(
        User.objects.none(),
        to_field_name="username",
        required=False,
        label=pgettext_lazy("report", "Contacts"),
        help_text=gettext_lazy("People of the customer. Each is told by mail, and reads the report signed in."),
    )

    def __init__(self, *args: Any, customer: Organisation, **kwargs: Any) -> None:
        kwargs.setdefault(
            "initial",
            {
                "language": language_of(customer),
                "contacts": [person.username for person in readers_of(contacts_of(customer))],
            },
        )
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        field: Any = self.fields["contacts"]
        field.widget = RemoteSelectMultiple("tickets:find_people")
        field.widget.attrs["data-url"] = f"{field.widget.attrs['data-url']}?organisation={quote(customer.code)}"
        field.queryset = User.objects.active().filter(organisation=customer)
        field.label_from_instance = lambda person: f"{person.display_name} ({person.username})"

    def clean_contacts(self) -> list[User]:
        """Not too many."""
        found = list(self.cleaned_data["contacts"])
        if len(found) > MOST_CONTACTS:
            raise forms.ValidationError(_("At most %(count)d contacts.") % {"count": MOST_CONTACTS})
        return found


@transaction.atomic
def keep_contacts(*, customer: Organisation, cleaned: dict[str, Any], user: User) -> None:
    """Put language and contacts in place of what is there; the administration's log keeps what changed."""
    before = list(customer.report_contacts.order_by("pk"))
    after = sorted(cleaned["contacts"], key=lambda person: person.pk)
    values = {}
    if before != after:
        values["report_contacts"] = [names_of(before), names_of(after)]
    if customer.report_language != cleaned["language"]:
        values["report_language"] = [customer.report_language, cleaned["language"]]
    if not values:
        return
    Organisation.objects.filter(pk=customer.pk).update(report_language=cleaned["language"])
    customer.report_contacts.set(after)
    customer.report_language = cleaned["language"]
    log_change(customer, values, user)
