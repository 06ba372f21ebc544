"""Counting from facts: the same sets and filters as lists have, over a narrow table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial, reduce
from operator import or_
from typing import Any

from django.db.models import Count, F, Min, Q, QuerySet, Value
from django.db.models.lookups import Exact

from reports.facts import keeping
from reports.facts.models import FactColumns
from reports.facts.sets import ALWAYS, FLAGS, bits
from tickets import clock
from tickets.figures.measures import Measure
from tickets.figures.records import Chosen, Records, Span, slice_of
from tickets.models import Ticket

#: So few tickets are counted anew at once when the definitions are new; of more the background does it.
FEW = 5_000
#: Parts of sets that facts can tell apart.
_PARTS = ("hour-", "age-", "in-")


def ready(kind: str) -> int | None:
    """Bring the facts of ``kind`` up to this moment: how often they changed; None where there are none to count."""
    if kind not in keeping.kept():
        return None
    if keeping.version_of(kind) is None:
        if Ticket.objects.filter(kind=kind).order_by()[: FEW + 1].count() > FEW:  # visible: nothing of it is shown
            return None
        keeping.recount(clock.now(), [kind])
    keeping.catch_up()
    return keeping.version_of(kind)


def tells(records: Records, part: str = "") -> bool:
    """Whether facts can tell which tickets are in a set, or in each of those that make it up."""
    kept = all(item.is_open or item.code in bits(item.kind) for item in records.parts or (records,))
    return kept and (not part or part.startswith(_PARTS))


def tells_all(measure: Measure) -> bool:
    """Whether facts can tell everything that a figure counts."""
    return all(map(tells, measure.sets))


def members(rows: QuerySet[FactColumns], chosen: Chosen) -> QuerySet[FactColumns] | None:
    """The facts among ``rows`` of the tickets of a set; None where facts cannot tell."""
    records, span = chosen.records, chosen.span
    if not tells(records, chosen.part):
        return None
    if not span.has_begun:
        return rows.none()
    found = rows.filter(reduce(or_, (_belongs(item, span) for item in records.parts or (records,))))
    return found.filter(slice_of(records, span, chosen.part)) if chosen.part else found


def _belongs(records: Records, span: Span) -> Q:
    if records.is_open:
        return open_at(span) & records.where(span)
    column, bit = bits(records.kind)[records.code]
    return span.within(records.when) & Q(Exact(F(column).bitand(bit), Value(bit)))


def open_at(span: Span) -> Q:
    """What was open where the known part of the period ends, as the index finds it."""
    return Q(open_during__contains=span.edge)


#: A part of what is counted, by a name of its own.
Name = tuple[Any, ...]
#: Gives a part: its name, the date that it rests on (``OPEN``: what is open), how it is counted.
Take = Callable[[Name, str, Callable[[], Any]], Any]
#: How often each combination of sets occurs by a date: the name of such a part, with the date.
FLAGGED = "flagged"
#: What rests on no date, but on where the known part of the period ends.
OPEN = ""


def anew(name: Name, when: str, count: Callable[[], Any]) -> Any:
    """Count a part whatever was counted before."""
    return count()


def counts(rows: QuerySet[FactColumns], sets: Iterable[Records], span: Span, take: Take = anew) -> dict[str, int]:
    """How many of ``rows`` each set has in the period, by code, of those that facts keep: one statement per date."""
    found: dict[str, int] = {}
    by_date: dict[str, list[Records]] = defaultdict(list)
    for item in sets:
        if item.is_open:
            by_date[OPEN].append(item)
        elif item.code in bits(item.kind):
            by_date[item.when].append(item)
    for when, items in by_date.items():
        if when == OPEN:
            name = (OPEN, *((item.code, repr(item.where(ALWAYS))) for item in items))
            found |= take(name, OPEN, partial(_open, rows, items, span))[0]
        else:
            flags = take((FLAGGED, when), when, partial(flags_of, rows, when, span))
            found |= {item.code: _with_bit(flags, bits(item.kind)[item.code][1]) for item in items}
    return found


#: Moments that what is open now may still reach, and is no longer open then, or late.
_AHEAD = ("responded_at", "resolved_at", "closed_at", "agreed_at", "planned_completion_at", "waiting_since")


def _open(rows: QuerySet[FactColumns], items: list[Records], span: Span) -> tuple[dict[str, int], datetime | None]:
    """How many each set has where the period ends; and until when that holds, if no fact changes."""
    wanted: dict[str, Any] = {f"n{n}": Count("pk", filter=item.where(span)) for n, item in enumerate(items)}
    looks = sorted({timedelta(), *(item.ahead for item in items)})
    ahead = {
        f"m{m}_{n}": Min(name, filter=Q(**{f"{name}__gte": span.edge + look}))
        for m, look in enumerate(looks)
        for n, name in enumerate(_AHEAD)
    }
    row = rows.filter(open_at(span)).aggregate(**wanted, **ahead)
    reached = [
        row[f"m{m}_{n}"] - look for m, look in enumerate(looks) for n, _name in enumerate(_AHEAD) if row[f"m{m}_{n}"]
    ]
    comes = rows.filter(created_at__gte=span.edge).aggregate(at=Min("created_at"))["at"]
    until = min((moment for moment in (comes, *reached) if moment), default=None)
    return {item.code: row[f"n{n}"] for n, item in enumerate(items)}, until


def flags_of(rows: QuerySet[FactColumns], when: str, span: Span) -> dict[int, int]:
    """How many of ``rows`` lie in the period by the date ``when``, by the sets that they belong to."""
    return dict(rows.filter(span.within(when)).values_list(FLAGS[when]).annotate(n=Count("*")).order_by())


def _with_bit(flags: dict[int, int], bit: int) -> int:
    return sum(n for combined, n in flags.items() if combined & bit)
