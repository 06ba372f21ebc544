"""Forms of the actions that every kind shares."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cmdb.models import ConfigurationItem
from itsm.web.widgets import MomentInput
from tickets.forms import ActionForm, AttachmentsField, CodeChoiceField, PersonField, RemoteSelectMultiple
from tickets.models import Ticket, TicketLink
from tickets.shared.worktime import MinutesField

MAX_TEXT = 20_000
#: More items than these are not drawn as boxes to tick.
TICKED = 50


class LinesField(forms.CharField):
    """Text of several lines. Browsers end lines with CR LF; stored ones end with LF, so that nothing seems changed."""

    def to_python(self, value: Any) -> str | None:
        """The text with plain ends of lines."""
        text = super().to_python(value)
        return text.replace("\r\n", "\n") if text else text


def text_field(label: Any, *, required: bool = True, rows: int = 3, **kwargs: Any) -> forms.CharField:
    """A field of several lines."""
    widget = forms.Textarea(attrs={"rows": rows})
    return LinesField(label=label, required=required, max_length=MAX_TEXT, widget=widget, **kwargs)


def moment_field(label: Any, *, ahead: bool = False, **kwargs: Any) -> forms.DateTimeField:
    """A date and time, typed in the person's time zone; ``ahead``: usual moments are offered beside it."""
    return forms.DateTimeField(label=label, widget=MomentInput(ahead=ahead), **kwargs)


class HandOnForm(ActionForm):
    """Who holds it from now on; nobody: the group's queue."""

    assignee = PersonField(User.objects.none(), label=_("Assignee"), required=False)

    def limit_choices(self) -> None:
        """Whoever is active."""
        self.fields["assignee"].queryset = User.objects.active()  # type: ignore[attr-defined]


class CommentForm(ActionForm):
    """A reply or an internal note."""

    text = text_field(_("Text"))
    attachments = AttachmentsField()


class TimeForm(ActionForm):
    """How long somebody worked, and on what."""

    minutes = MinutesField(label=_("Time spent"), max_length=20, help_text=_("45, 1:30 or 1.5h"))
    text = text_field(_("Text"), required=False)
    attachments = AttachmentsField()


class UrgeForm(ActionForm):
    """Why it is urgent."""

    text = text_field(_("Why it is urgent"), required=False, rows=2)


class ReasonForm(ActionForm):
    """A reason, for actions that need nothing else."""

    text = text_field(_("Reason"))


class TicketField(CodeChoiceField):
    """Another ticket, named by its number."""

    widget = forms.TextInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Ticket.objects.none(), key="number", **kwargs)


#: Relations that are made and undone by actions of their own.
OWN_ACTIONS = (TicketLink.Meaning.DUPLICATE, TicketLink.Meaning.FOLLOW_UP)


class LinkForm(ActionForm):
    """A relation to another ticket that the person sees.

    A duplicate or a follow-up is more than a relation: it is made and undone by its own action alone.
    """

    meaning = forms.ChoiceField(
        label=_("This ticket is"),
        choices=[choice for choice in TicketLink.Meaning.choices if choice[0] not in OWN_ACTIONS],
    )
    target = TicketField(label=_("Ticket number"), help_text=_("For example IM261122000017."))

    def limit_choices(self) -> None:
        """Only tickets that the person sees, and not this one."""
        if self.user is not None:
            found = Ticket.objects.visible_to(self.user)
            self.fields["target"].queryset = found.exclude(pk=self.ticket.pk)  # type: ignore[attr-defined]


class UnlinkForm(LinkForm):
    """The relation to remove."""

    def clean(self) -> dict[str, Any]:
        """The relation must exist."""
        cleaned = super().clean() or {}
        target, meaning = cleaned.get("target"), cleaned.get("meaning")
        links = TicketLink.objects.filter(source=self.ticket, target=target, meaning=meaning)
        if target and meaning and not links.exists():
            self.add_error("target", _("There is no such relation."))
        return cleaned


class ItemsForm(ActionForm):
    """Configuration items that the person sees, named by identifier."""

    items = forms.ModelMultipleChoiceField(
        label=_("Configuration items"),
        queryset=ConfigurationItem.objects.none(),
        to_field_name="identifier",
        widget=RemoteSelectMultiple("tickets:find_items"),
    )

    def limit_choices(self) -> None:
        """Only items that the person sees."""
        if self.user is not None:
            self.fields["items"].queryset = ConfigurationItem.objects.visible_to(self.user)  # type: ignore[attr-defined]


class RemoveItemsForm(ActionForm):
    """Configuration items of the ticket."""

    items = forms.ModelMultipleChoiceField(
        label=_("Configuration items"),
        queryset=ConfigurationItem.objects.none(),
        to_field_name="identifier",
        widget=forms.CheckboxSelectMultiple,
    )

    def limit_choices(self) -> None:
        """Only items that are on the ticket: to be ticked, or found while typing when there are very many."""
        field: Any = self.fields["items"]
        field.queryset = self.ticket.items.all()
        if self.ticket.items.count() > TICKED:
            field.widget = RemoteSelectMultiple("tickets:find_items")
            field.widget.choices = field.choices
