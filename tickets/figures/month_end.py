"""When a month is over, those who answer for a process are told what it came to."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from django.db import transaction

from accounts.codes import in_both
from accounts.models import User
from tickets.figures.months import Month
from tickets.signals import month_over


@transaction.atomic
def tell_month_before(
    now: datetime,
    *,
    kind: str,
    roles: Collection[str],
    worth_telling: Callable[[Month, User], object],
    words: Callable[[Month, User], str],
    page: str,
) -> None:
    """Tell of the month before ``now``, unless nothing in it is worth telling. Told once, however often this runs.

    ``words``: the report as a reader reads it, in the active language; ``page``: the address of its page.
    """
    month = Month.parse("", Month.parse("", now).start - timedelta(days=1))
    readers = User.objects.active().filter(roles__code__in=roles, roles__active=True).distinct()
    reader = readers.with_access().order_by("pk").first()
    if reader is None or not worth_telling(month, reader):
        return
    month_over.send(
        User,
        kind=kind,
        month=month.code,
        readers=sorted(readers.values_list("pk", flat=True)),
        text=in_both(lambda: words(month, reader)),
        path=f"{page}?month={month.code}",
        now=now,
    )
