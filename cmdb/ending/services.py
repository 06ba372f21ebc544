"""What has come near enough to its end to be told. Reads only: whoever tells keeps that it was told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from accounts.models import User
from cmdb.authority import IN_USE
from cmdb.definitions import Definitions
from cmdb.models import ConfigurationItem, EndLimit, EndLimitVersion, SparePart
from cmdb.models.ending import Ends

#: Days before the end unless a class says otherwise; 0: on the day itself.
USUAL = (90, 30, 7, 0)
#: What ended longer ago is not told any more: it stands on the page of health.
AFTER_DAYS = 30


@dataclass(frozen=True)
class Ending:
    """An item of which something ends ``on``; ``limit``: the days before the end that are passed, the fewest."""

    item: ConfigurationItem
    ends: str
    on: date
    limit: int
    left: int


class Limits:
    """Every limit, read once."""

    def __init__(self, known: Definitions) -> None:
        self._known = known
        self._rows = {(row.ci_class_id, row.ends): sorted(row.days) for row in EndLimit.objects.all()}

    def of(self, class_code: str, ends: str) -> Sequence[int]:
        """Days before the end, the fewest first: of the nearest class that says any."""
        for owner in (*self._known.above(class_code), None):
            if (owner, ends) in self._rows:
                return self._rows[owner, ends]
        return sorted(USUAL)

    def furthest(self) -> int:
        """The most days of any limit."""
        return max([*USUAL, *(day for days in self._rows.values() for day in days)])


def endings(today: date) -> Iterator[Ending]:
    """What of items in use ends within its limit, or ended lately; a query for each kind of end."""
    known = Definitions()
    limits = Limits(known)
    first = date.fromordinal(today.toordinal() - AFTER_DAYS).isoformat()
    last = date.fromordinal(today.toordinal() + limits.furthest()).isoformat()
    for ends in Ends.values:
        path = f"attributes__{ends}"
        found = ConfigurationItem.objects.filter(status__in=IN_USE, **{f"{path}__gte": first, f"{path}__lte": last})
        for item in found.select_related("ci_class").order_by(path, "pk").iterator(2000):
            on = date.fromisoformat(item.attributes[ends])
            left = (on - today).days
            passed = [days for days in limits.of(item.ci_class_id, ends) if left <= days]
            if passed:
                yield Ending(item, ends, on, min(passed), left)


def low_since(part: SparePart) -> int:
    """The key of the movement with which less than the minimum lay there, up to now; 0: from the beginning."""
    stock, since = 0, 0
    below = part.minimum > 0
    for key, count in part.movements.order_by("at", "pk").values_list("pk", "count"):
        stock += count
        if stock >= part.minimum:
            below = False
        elif not below:
            below, since = True, key
    return since


@transaction.atomic
def keep_limit(*, ci_class: str | None, ends: str, days: Sequence[int], by: User) -> EndLimit:
    """Tell ends of a class so many days before, from now on; what held before stays readable."""
    row, _made = EndLimit.objects.select_for_update().get_or_create(ci_class_id=ci_class, ends=ends)
    row.days = sorted(set(days), reverse=True)
    row.save()
    EndLimitVersion.objects.create(limit=row, by=by, definition={"days": row.days})
    return row
