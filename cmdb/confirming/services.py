"""Which items wait for their owner's word, and taking it. Reads the rhythm of the nearest class that says one."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, DateTimeField, Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, Lower

from accounts.models import User
from cmdb.authority import IN_USE
from cmdb.definitions import Definitions
from cmdb.models import ConfigurationItem, Confirmation, ItemVersion

OWNER = "owner"


def rhythms(known: Definitions) -> dict[int, list[str]]:
    """Days after which values are confirmed again → classes; those that are never confirmed are in none."""
    found: dict[int, list[str]] = {}
    for code in known.classes:
        said = (known.classes[above].confirm_days for above in known.above(code))
        days = next((number for number in said if number is not None), 0)
        if days:
            found.setdefault(days, []).append(code)
    return found


def overdue(now: datetime, known: Definitions) -> Q:
    """Items in use whose values nobody confirmed for longer than their class allows, or ever since they are known."""
    found = Q(pk__in=[])
    for days, classes in rhythms(known).items():
        limit = now - timedelta(days=days)
        confirmed = Confirmation.objects.filter(item=OuterRef("pk"), at__gt=limit)
        recorded = ItemVersion.objects.filter(item=OuterRef("pk"), recorded__startswith__lte=limit)
        found |= Q(ci_class__in=classes, status__in=IN_USE) & ~Q(Exists(confirmed)) & Q(Exists(recorded))
    return found


def to_confirm(user: User, now: datetime) -> QuerySet[ConfigurationItem]:
    """The person's items that wait for their word, as far as they see them; by identifier."""
    own = ConfigurationItem.objects.visible_to(user).filter(attributes__contains={OWNER: user.username})
    return own.filter(overdue(now, Definitions())).order_by("identifier")


def with_last(found: QuerySet[Any]) -> QuerySet[Any]:
    """Items with ``confirmed_at``, when they were confirmed last; None: never."""
    last = Confirmation.objects.filter(item=OuterRef("pk")).order_by("-at")
    return found.annotate(confirmed_at=Subquery(last.values("at")[:1]))


@transaction.atomic
def confirm(*, by: User, shown_at: datetime, now: datetime, keys: Collection[int] | None = None) -> list[int]:
    """Confirm the person's waiting items, of ``keys`` or all of them; return the keys of those confirmed.

    What was written after ``shown_at``, when the person read it, goes on waiting: nobody confirms what they did not
    see. Said again it confirms nothing twice.
    """
    found = to_confirm(by, now) if keys is None else to_confirm(by, now).filter(pk__in=keys)
    locked = list(found.select_for_update(no_key=True, of=("self",)).values_list("pk", flat=True))
    since = ItemVersion.objects.filter(item__in=locked, recorded__startswith__gt=shown_at)
    fresh = set(since.values_list("item", flat=True))
    taken = [key for key in locked if key not in fresh]
    Confirmation.objects.bulk_create(Confirmation(item_id=key, by=by, at=now) for key in taken)
    return taken


def waiting_by_owner(now: datetime) -> Iterator[tuple[str, int, datetime]]:
    """(user name of the owner, how many items wait, when the latest of them began to); two queries a rhythm."""
    known = Definitions()
    first = (
        ItemVersion.objects.filter(item=OuterRef("pk"))
        .order_by("id")
        .values(known_since=Lower("recorded", output_field=DateTimeField()))[:1]
    )
    last = Confirmation.objects.filter(item=OuterRef("pk")).order_by("-at").values("at")[:1]
    counts: dict[str, tuple[int, datetime]] = {}
    late = overdue(now, known)
    for days, classes in rhythms(known).items():
        rows = ConfigurationItem.objects.filter(late, ci_class__in=classes, attributes__has_key=OWNER)
        owned = rows.annotate(since=Coalesce(Subquery(last), Subquery(first)), of=KT(f"attributes__{OWNER}"))
        for row in owned.order_by().values("of").annotate(n=Count("pk"), newest=Max(F("since"))):
            count, newest = counts.get(row["of"], (0, row["newest"] + timedelta(days=days)))
            counts[row["of"]] = count + row["n"], max(newest, row["newest"] + timedelta(days=days))
    for owner, (count, newest) in sorted(counts.items()):
        yield owner, count, newest
