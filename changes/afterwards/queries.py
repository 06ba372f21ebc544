"""Incidents on what a change touches or what depends on it, with how unusual they are there."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from changes.afterwards.models import IncidentVerdict
from changes.collision.redundancy import estate
from changes.models import Change
from tickets.models import AffectedItem, Ticket

#: So far back is looked for the usual rate.
YEAR = timedelta(days=365)
#: Where there never was one, the usual rate is taken as half an incident a year.
NEVER = 0.5
#: So many times the usual number stands out.
UNUSUAL = 5
SHOWN = 30


@dataclass(frozen=True)
class After:
    """An incident: on which item, how many came there meanwhile, how many are usual in so many hours, and what was
    said of it.
    """

    ticket: Ticket
    item: str
    count: int
    usual: float
    hours: int
    verdict: IncidentVerdict | None

    @property
    def odds(self) -> float:
        """How many times the number that is usual in ``hours``, of which the first may have passed alone."""
        odds = self.count / self.usual
        return round(odds, 1) if odds < 10 else round(odds)

    @property
    def unusual(self) -> bool:
        """Whether it stands out against the item's usual rate."""
        return self.odds >= UNUSUAL


def watched(change: Change) -> timedelta:
    """So long after its end an incident may still come of it, as its type says."""
    return timedelta(hours=change.change_type.watch_hours)


def span_of(change: Change, now: datetime) -> tuple[datetime, datetime] | None:
    """From its real start until a while after its real end, or now; None before it has begun."""
    begun = change.began_at
    if begun is None:
        return None
    end = change.actual_end + watched(change) if change.actual_end else now
    return begun, max(min(end, now), begun + timedelta(minutes=1))


def incidents_after(change: Change, user: User, now: datetime) -> list[After]:
    """Those that ``user`` sees, the most unusual first. Five queries."""
    span = span_of(change, now)
    own = frozenset(AffectedItem.objects.filter(ticket=change.pk).values_list("item_id", flat=True)) if span else None
    if span is None or not own:
        return []
    with estate() as found:
        items = own | found.failing(own).keys()
    rows = _rows(items, span, user)
    counts, names = Counter(row.item_id for row in rows), {}
    lasts = max(
        span[1] - span[0], watched(change)
    )  # in its first hour one incident would be hundreds of times the usual
    usual = _usual({*counts}, span[0], lasts)
    by_ticket: dict[int, Any] = {}
    for row in sorted(rows, key=lambda row: counts[row.item_id] / usual[row.item_id]):
        by_ticket[row.ticket_id], names[row.ticket_id] = row.ticket, row
    said = {
        one.incident_id: one for one in change.incident_verdicts.filter(incident__in=by_ticket).select_related("by")
    }
    after = [
        After(
            ticket,
            names[key].item.identifier,
            counts[names[key].item_id],
            usual[names[key].item_id],
            round(lasts / timedelta(hours=1)),
            said.get(key),
        )
        for key, ticket in by_ticket.items()
    ]
    return sorted(after, key=lambda one: (-one.odds, one.ticket.created_at))[:SHOWN]


def _rows(items: frozenset[int], span: tuple[datetime, datetime], user: User) -> list[AffectedItem]:
    seen = Ticket.objects.visible_to(user).filter(kind="incident", created_at__gte=span[0], created_at__lt=span[1])
    return list(AffectedItem.objects.filter(item__in=items, ticket__in=seen).select_related("ticket", "item"))


def _usual(items: set[int], begin: datetime, lasts: timedelta) -> dict[int, float]:
    """How many would come in so long a time, as in the year before ``begin``."""
    past = AffectedItem.objects.filter(
        item__in=items, ticket__kind="incident", ticket__created_at__gte=begin - YEAR, ticket__created_at__lt=begin
    )
    counts: dict[int, int] = defaultdict(int)
    for item in past.values_list("item_id", flat=True):
        counts[item] += 1
    return {item: max(counts[item], NEVER) * (lasts / YEAR) for item in items}
