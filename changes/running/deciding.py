"""Input of the decision at the point of no return (CHG-06): whoever makes it carries the change out by that."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from changes import guards
from tickets.forms import ActionForm
from tickets.shared.forms import text_field

LAST = _(
    "Whoever decides here cannot review it in full afterwards, and nobody else manages changes who could. Let somebody"
    " who implements it decide, or let an administrator give somebody else the role of change manager in time."
)


class LeavesReview(ActionForm):
    """Whoever is the last that could review it is told so before deciding, and decides only when they say so."""

    unlogged = frozenset({"leave_review"})
    field_order = ("text", "leave_review")

    leave_review = forms.BooleanField(
        label=_("Decide all the same; somebody else will review it"), required=False, help_text=LAST
    )

    def limit_choices(self) -> None:
        """Nobody else is asked; a program that answers all the same is not refused."""
        if not self._is_last() and "leave_review" not in self.data:
            del self.fields["leave_review"]

    def clean(self) -> dict[str, Any]:
        """Say what it means, and what is possible."""
        cleaned = super().clean() or {}
        if not cleaned.get("leave_review") and self._is_last():
            self.add_error("leave_review", LAST)
        return cleaned

    def _is_last(self) -> bool:
        user = self.user
        if user is None or self.ticket.pk is None or not user.may(Permission.CHANGE_MANAGE):
            return False
        return not guards.others_review(self.ticket.specific, user)


class GoForm(LeavesReview):
    """What the decision rests on."""

    text = text_field(_("What it rests on"), required=False, rows=2)


class NoGoForm(LeavesReview):
    """Why it stops."""

    text = text_field(_("Reason"))
