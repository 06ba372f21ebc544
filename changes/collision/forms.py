"""Input of a signature for hard collisions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from changes.collision.signing import blocking, key_of, sentence_of
from tickets import clock
from tickets.forms import ActionForm
from tickets.shared.forms import text_field


class SignForm(ActionForm):
    """Which hard collisions the signature is for, of those that stand now, and why."""

    unlogged = frozenset({"collisions"})

    collisions = forms.MultipleChoiceField(
        label=_("Hard collisions"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Signed for are these and no others: one that comes later is refused anew."),
    )
    text = text_field(_("Reason"))

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """All that are listed."""
        return {"collisions": [key for key, _said in self._choices()]}

    def limit_choices(self) -> None:
        """Those that nobody has signed for."""
        self.fields["collisions"].choices = self._choices()  # type: ignore[attr-defined]

    def _choices(self) -> list[tuple[str, str]]:
        if self.ticket.pk is None:
            return []
        if not hasattr(self, "_found"):
            change: Any = self.ticket.specific
            found = blocking(change, self.now or clock.now())
            self._found = [(key_of(one), sentence_of(one)) for one in found]
        return self._found
