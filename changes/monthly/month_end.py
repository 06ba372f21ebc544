"""When a month is over its report is told to those who answer for the process (CHG-10)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from accounts.codes import in_both
from accounts.models import User
from changes.models import Change
from changes.monthly.papers import report_of
from changes.monthly.queries import book_of
from changes.signals import month_over
from tickets.figures.months import Month

#: Who answers for the process, and who answers for the service.
READERS = ("change_manager", "service_owner", "centre_leadership")


@transaction.atomic
def tell_month(now: datetime) -> None:
    """Tell of the month before, unless nothing was requested or ended in it. Told once, however often this runs."""
    month = Month.parse("", Month.parse("", now).start - timedelta(days=1))
    readers = User.objects.active().filter(roles__code__in=READERS, roles__active=True).distinct()
    reader = readers.with_access().order_by("pk").first()
    if reader is None:
        return
    book = book_of(month, reader)
    if not (book.asked or book.ended):
        return
    text = in_both(lambda: _words(month, reader))
    keys = sorted(readers.values_list("pk", flat=True))
    month_over.send(Change, month=month.code, readers=keys, text=text, now=now)


def _words(month: Month, reader: User) -> str:
    """Its figures, then the analysis in sentences."""
    report = report_of(month, reader)
    said = [f"{label}: {value}" for label, value in report.figures]
    return "\n".join([*said, *(["", *(fact.text for fact in report.facts)] if report.facts else [])])
