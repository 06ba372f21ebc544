"""Writing to a ticket: one box for replies and internal notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from drafts.models import Draft
from drafts.services import best_of
from tickets.forms import ActionForm, AttachmentsField
from tickets.shared.forms import MAX_TEXT
from tickets.workspace.drafting import Slot, composer_slot, fill

#: Which action each choice performs.
CHOICES = [
    ("note", _("Internal note")),
    ("comment", _("Reply to the requester")),
    ("log_time", _("Log time")),
]
#: The keys that choose them.
KEYS = {"note": {"key": "i"}, "comment": {"key": "r"}, "log_time": {"key": "0"}}


def action_of(posted: Mapping[str, Any]) -> str:
    """The action that a posted composer asks for: a reply, unless staff chose something else."""
    chosen = posted.get("visibility", "")
    return chosen if chosen in KEYS else "comment"


class ComposerForm(ActionForm):
    """Text and files; staff choose who reads them, internal first. Only draws: the actions' forms check."""

    use_required_attribute = False  # what is required follows from the choice

    visibility = forms.ChoiceField(label=_("Who reads it"), choices=CHOICES, widget=forms.RadioSelect, initial="note")
    text = forms.CharField(
        label=_("Text"),
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": _("Write, paste a screenshot …")}),
    )
    minutes = forms.CharField(
        label=_("Time spent"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"placeholder": _("45, 1:30 or 1.5h"), "size": 12}),
    )
    attachments = AttachmentsField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.draft: Slot = composer_slot(self.ticket)

    def show(self, drafts: Sequence[Draft], wanted: Sequence[str]) -> ComposerForm:
        """Show what the person typed before: of several drafts the first of ``wanted``, else the newest."""
        draft, others = best_of(drafts, wanted)
        self.draft = replace(fill(self, draft, self.draft), others=others)
        return self

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """Notes are the safe choice: nothing leaves the house by mistake."""
        return {"visibility": "note"}

    def limit_choices(self) -> None:
        """Customers only reply; where nobody asked, there is nobody to reply to."""
        if self.ticket.requester_id is None:
            staff_only = [choice for choice in CHOICES if choice[0] != "comment"]
            self.fields["visibility"].choices = staff_only  # type: ignore[attr-defined]
        self.fields["visibility"].cards = KEYS  # type: ignore[attr-defined]  # read by the tag choice_cards
        if self.user is None or not self.user.may(Permission.INTERNAL):
            del self.fields["visibility"], self.fields["minutes"]

    def take_errors(self, checked: ActionForm) -> None:
        """Show what the action's form found, beside the same fields."""
        self._errors = checked.errors
