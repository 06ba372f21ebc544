"""Which sets of a kind facts keep, and as which bit; and how a fact comes from a ticket."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from functools import reduce
from operator import add
from typing import Any

from django.contrib.postgres.fields import DateTimeRangeField
from django.db.models import BigIntegerField, Case, F, Func, Q, Value, When
from django.db.models.functions import Coalesce

from reports.facts.models import Counted, Fact
from reports.working_time import worked
from tickets.figures.records import ENDED, Records, Span, all_records
from tickets.models import Ticket
from tickets.querysets import LIVE

#: Column of the memberships by the date that places a record in a period.
FLAGS = {
    "created_at": "in_created",
    "responded_at": "in_responded",
    "resolved_at": "in_resolved",
    "closed_at": "in_closed",
    "agreed_at": "in_agreed",
}
#: Within all time a set is what belongs to it in any period.
ALWAYS = Span(datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC))
COLUMNS = [field for field in Fact._meta.concrete_fields if not field.name.startswith("in_")]
#: Those that are not columns of the ticket itself.
MADE = ("open_during", "worked")


class Bits:
    """Column and bit of each set, by kind and code. What is stored keeps its bit for ever: versions of facts hold it.

    A set that is new takes the next free one, in the order of codes, so that every process has the same before the
    next recount stores it (``Counted.sets``). One that is given up leaves its bit unused.
    """

    def __init__(self) -> None:
        self._learned: dict[str, dict[str, tuple[str, int]]] = {}

    def learn(self, kind: str, stored: dict[str, Any]) -> None:
        """Take over what is stored of ``kind``: place by code. Once in a process: it does not change."""
        if kind not in self._learned:
            self._learned[kind] = {
                code: (column, 1 << place) for code, (column, place) in places(kind, stored).items()
            }

    def __call__(self, kind: str) -> dict[str, tuple[str, int]]:
        """Those of the sets that ``kind`` has now. A query where nothing was learned yet."""
        if kind not in self._learned:
            self.learn(kind, Counted.objects.filter(kind=kind).values_list("sets", flat=True).first() or {})
        return self._learned[kind]

    def forget(self) -> None:
        """Learn anew, as a process does that starts."""
        self._learned.clear()


bits = Bits()


def places(kind: str, stored: dict[str, Any]) -> dict[str, tuple[str, int]]:
    """Column and place of the bit of each set of ``kind``, by code. ``stored``: [column, place, since], by code."""
    taken: dict[str, int] = defaultdict(int)
    for column, place, *_since in stored.values():
        taken[column] = max(taken[column], place + 1)
    found: dict[str, tuple[str, int]] = {}
    for item in kept_sets(kind):
        column = FLAGS[item.when]
        known = stored.get(item.code)
        if known and known[0] == column:
            found[item.code] = (column, known[1])
        else:
            found[item.code] = (column, taken[column])
            taken[column] += 1
    return found


def kept_sets(kind: str) -> list[Records]:
    """The sets of ``kind`` that a date of its own tickets places in a period."""
    return sorted((r for r in all_records() if r.kind == kind and r.when in FLAGS), key=lambda item: item.code)


def made_from(kind: str, chosen: Q) -> Any:
    """The facts of the tickets of ``kind`` that are ``chosen``, as the tables say now: ``COLUMNS``, then ``FLAGS``."""
    when: dict[str, list[Any]] = defaultdict(list)
    known = bits(kind)
    for item in kept_sets(kind):
        column, bit = known[item.code]
        belongs = Case(When(item.where(ALWAYS), then=Value(bit)), default=Value(0), output_field=BigIntegerField())
        when[column].append(belongs)
    flags = {f"fact_{name}": reduce(add, when[name], Value(0, BigIntegerField())) for name in FLAGS.values()}
    ended = Case(When(phase__in=LIVE, then=None), default=Coalesce("resolved_at", "closed_at", "created_at"))
    last = Func(F("created_at"), ended, function="greatest")
    until = Case(When(phase__in=ENDED, then=last), default=None)
    during = Func(F("created_at"), until, Value("(]"), function="tstzrange", output_field=DateTimeRangeField())
    rows = Ticket.objects.filter(chosen, kind=kind).order_by()
    own = ["pk" if field.primary_key else f"{'fact_' * (field.name in MADE)}{field.attname}" for field in COLUMNS]
    return rows.annotate(fact_open_during=during, fact_worked=worked(), **flags).values_list(*own, *flags)
