"""Counting from facts: the same sets and filters as lists have, over a narrow table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Value
from django.db.models.lookups import Exact

from reports.facts import keeping
from reports.facts.models import FactColumns
from reports.facts.sets import FLAGS, bits
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
    if kind not in keeping.KEPT:
        return None
    if keeping.version_of(kind) is None:
        if Ticket.objects.filter(kind=kind).order_by()[: FEW + 1].count() > FEW:  # visible: nothing of it is shown
            return None
        keeping.recount(clock.now(), [kind])
    keeping.catch_up()
    return keeping.version_of(kind)


def tells(records: Records, part: str = "") -> bool:
    """Whether facts can tell which tickets are in a set."""
    return (not part or part.startswith(_PARTS)) and (records.is_open or records.code in bits(records.kind))


def tells_all(measure: Measure) -> bool:
    """Whether facts can tell everything that a figure counts."""
    return all(tells(part) for item in measure.sets for part in item.parts or (item,))


def members(rows: QuerySet[FactColumns], chosen: Chosen) -> QuerySet[FactColumns] | None:
    """The facts among ``rows`` of the tickets of a set; None where facts cannot tell."""
    records, span = chosen.records, chosen.span
    if not tells(records, chosen.part):
        return None
    if records.is_open:
        found = rows.filter(open_at(span), records.where(span))
    else:
        column, bit = bits(records.kind)[records.code]
        found = rows.filter(span.within(records.when), Exact(F(column).bitand(bit), Value(bit)))
    return found.filter(slice_of(records, span, chosen.part)) if chosen.part else found


def open_at(span: Span) -> Q:
    """What was open where the known part of the period ends, as the index finds it."""
    return Q(open_during__contains=span.edge)


def counts(rows: QuerySet[FactColumns], sets: Iterable[Records], span: Span) -> dict[str, int]:
    """How many of ``rows`` each set has in the period, by code, of those that facts keep: one statement per date."""
    found: dict[str, int] = {}
    by_date: dict[str, list[Records]] = defaultdict(list)
    for item in sets:
        if item.is_open:
            by_date[""].append(item)
        elif item.code in bits(item.kind):
            by_date[item.when].append(item)
    for when, items in by_date.items():
        found |= _open(rows, items, span) if not when else _placed(rows, when, items, span)
    return found


def _open(rows: QuerySet[FactColumns], items: list[Records], span: Span) -> dict[str, int]:
    wanted: dict[str, Any] = {f"n{n}": Count("pk", filter=item.where(span)) for n, item in enumerate(items)}
    row = rows.filter(open_at(span)).aggregate(**wanted)
    return {item.code: row[f"n{n}"] for n, item in enumerate(items)}


def _placed(rows: QuerySet[FactColumns], when: str, items: list[Records], span: Span) -> dict[str, int]:
    known = bits(items[0].kind)
    groups = rows.filter(span.within(when)).values_list(FLAGS[when]).annotate(n=Count("*")).order_by()
    combined = list(groups)
    return {item.code: sum(n for flags, n in combined if flags & known[item.code][1]) for item in items}
