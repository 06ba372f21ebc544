"""Inviting customers to talk about a workaround or a solution: each reads its own part only (PRB-10, ORG-03)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.codes import in_both, in_language
from accounts.models import Organisation, User
from itsm.moments import moment_for_all
from problems.models import Problem
from problems.notices import tell_customer
from problems.services import caused
from tickets.forms import ActionForm, RemoteSelectMultiple
from tickets.models import Ticket, TimelineEntry
from tickets.shared.forms import moment_field, text_field

#: So many of a customer's incidents are named; how many more there are is said.
NAMED = 10


class InviteForm(ActionForm):
    """When, who, and what they read: never what is internal."""

    discussed_at = moment_field(gettext_lazy("When"), ahead=True)
    contacts = forms.ModelMultipleChoiceField(
        User.objects.none(),
        label=gettext_lazy("Contacts of customers"),
        to_field_name="username",
        widget=RemoteSelectMultiple("tickets:find_people"),
        help_text=gettext_lazy("Each reads the tickets of the own organisation, never those of another customer."),
    )
    topic = forms.CharField(
        label=gettext_lazy("Topic, as customers read it"),
        max_length=150,
        help_text=gettext_lazy("The summary of the problem is internal: it does not travel along."),
    )
    text_zh = text_field(gettext_lazy("Text in Chinese"), required=False)
    text_en = text_field(gettext_lazy("Text in English"), required=False)

    def limit_choices(self) -> None:
        """People of customers."""
        people = User.objects.active().filter(organisation__kind=Organisation.Kind.CUSTOMER)
        self.fields["contacts"].queryset = people.select_related("organisation")  # type: ignore[attr-defined]

    def clean_discussed_at(self) -> datetime:
        """Not a moment that is over."""
        at = self.cleaned_data["discussed_at"]
        if self.now is not None and at <= self.now:
            raise forms.ValidationError(_("This time is in the past."))
        return at

    def clean(self) -> dict[str, Any]:
        """Something to read, in one language at least."""
        cleaned = super().clean() or {}
        if not cleaned.get("text_zh") and not cleaned.get("text_en"):
            self.add_error("text_zh", _("Write what they read, in one language at least."))
        return cleaned

    def as_record(self) -> dict[str, Any]:
        """Who was invited, by name."""
        names = [str(person) for person in self.cleaned_data.get("contacts") or []]
        return {**super().as_record(), "contacts": ", ".join(names)}


def invite(*, ticket: Problem, entry: TimelineEntry, now: datetime, cleaned: dict[str, Any], **context: Any) -> None:
    """Tell the contacts of each customer its own part, in their language, in the transaction of the action."""
    by_customer: defaultdict[int, list[User]] = defaultdict(list)
    for person in cleaned["contacts"]:
        by_customer[person.organisation_id].append(person)
    for customer, people in by_customer.items():
        own = list(caused(ticket).filter(organisation=customer).order_by("created_at", "pk"))
        tell_customer(
            key=f"{entry.pk}:{customer}",
            readers=[person.pk for person in people],
            summary=cleaned["topic"],
            text=in_both(lambda own=own: _letter(own, cleaned)),  # type: ignore[misc]
            now=now,
        )


def _letter(own: list[Ticket], cleaned: dict[str, Any]) -> str:
    when = {"when": moment_for_all(cleaned["discussed_at"])}
    lines = [_("When: %(when)s") % when, "", in_language(cleaned["text_zh"], cleaned["text_en"])]
    if own:
        lines += ["", _("It is about your tickets:"), *(f"{one.number} {one.summary}" for one in own[:NAMED])]
    more = len(own) - NAMED
    if more > 0:
        lines.append(ngettext("and %(count)d more", "and %(count)d more", more) % {"count": more})
    return "\n".join(lines)
