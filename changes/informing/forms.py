"""Input of what keeps those affected informed, for pages and API alike."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tickets.forms import ActionForm
from tickets.shared.forms import moment_field, text_field

#: With the names of the systems it fits into an announcement.
LONGEST = 300


class WordsForm(ActionForm):
    """What customers read, in either language; an empty one reads as the other."""

    notice_zh = text_field(_("Chinese text"), required=False, rows=3, help_text=_("Both empty: they read the effect."))
    notice_en = text_field(_("English text"), required=False, rows=3)

    def clean(self) -> dict[str, Any]:
        """It fits into an announcement."""
        cleaned = super().clean() or {}
        for name in ("notice_zh", "notice_en"):
            if len(cleaned.get(name) or "") > LONGEST:
                self.add_error(name, gettext("At most %(n)d characters.") % {"n": LONGEST})
        return cleaned


class DelayForm(ActionForm):
    """Until when it takes now, and why."""

    expected_end = moment_field(_("Expected to end at"), help_text=_("Those affected read this time."))
    text = text_field(_("Why (not shown to customers)"), required=False, rows=2)

    def clean_expected_end(self) -> Any:
        """It lies ahead, and behind the planned end."""
        until = self.cleaned_data["expected_end"]
        planned = self.ticket.planned_end  # type: ignore[attr-defined]
        if self.now and until <= self.now:
            self.add_error("expected_end", gettext("This time has passed."))
        elif planned and until <= planned:
            self.add_error("expected_end", gettext("It is planned to end later than that."))
        return until
