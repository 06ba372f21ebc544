"""When a month is over its report is told to those who answer for the process (CHG-10)."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from accounts.models import User
from changes.monthly.papers import report_of
from changes.monthly.queries import book_of
from tickets.figures.month_end import tell_months_before
from tickets.figures.months import Month

#: Who answers for the process, and who answers for the service.
READERS = ("change_manager", "service_owner", "centre_leadership")


def tell_month(now: datetime) -> None:
    """Tell of each month that is over and not told, unless nothing was requested or ended in it; each once."""
    tell_months_before(
        now, kind="change", roles=READERS, worth_telling=_is_any, words=_words, page=reverse("changes:report")
    )


def _is_any(month: Month, reader: User) -> bool:
    book = book_of(month, reader)
    return bool(book.asked or book.ended)


def _words(month: Month, reader: User) -> str:
    """Its figures, then the analysis in sentences."""
    report = report_of(month, reader)
    said = [f"{label}: {value}" for label, value in report.figures]
    return "\n".join([*said, *(["", *(fact.text for fact in report.facts)] if report.facts else [])])
