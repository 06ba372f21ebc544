"""When a month is over, those who answer for a process are told what it came to."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from accounts.codes import in_both
from accounts.models import User
from tickets.figures.months import Month
from tickets.signals import month_over, months_told

#: So many months are told at most after downtime; what is older is read on the page of the report.
MOST_MONTHS = 12


@transaction.atomic
def tell_months_before(
    now: datetime,
    *,
    kind: str,
    roles: Collection[str],
    worth_telling: Callable[[Month, User], object],
    words: Callable[[Month, User], str],
    page: str,
) -> None:
    """Tell of each month before ``now`` that is not told yet, unless nothing in it is worth telling.

    Those since the newest that was told, so that downtime skips none; only the last one when none ever was, because
    what stood before the portal told anything is nobody's news. Each is told once, however often this runs.

    ``words``: the report as a reader reads it, in the active language; ``page``: the address of its page.
    """
    owed = _owed(kind, now)
    readers = User.objects.active().filter(roles__code__in=roles, roles__active=True).distinct()
    reader = readers.with_access().order_by("pk").first() if owed else None
    if reader is None:
        return
    keys = sorted(readers.values_list("pk", flat=True))
    for month in owed:
        if not worth_telling(month, reader):
            continue
        month_over.send(
            User,
            kind=kind,
            month=month.code,
            readers=keys,
            text=in_both(partial(words, month, reader)),
            path=f"{page}?month={month.code}",
            now=now,
        )


def _owed(kind: str, now: datetime) -> list[Month]:
    """Months that are over and not told, the oldest first."""
    newest = max((str(code) for _receiver, code in months_told.send(User, kind=kind)), default="")
    found: list[Month] = []
    month = _before(Month.parse("", now))
    while month.code > newest and len(found) < (MOST_MONTHS if newest else 1):
        found.append(month)
        month = _before(month)
    return found[::-1]


def _before(month: Month) -> Month:
    return Month.parse("", month.start - timedelta(days=1))
