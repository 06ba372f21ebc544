"""Which sets of a kind facts keep, and as which bit; and how a fact comes from a ticket."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from functools import cache, reduce
from operator import add
from typing import Any

from django.contrib.postgres.fields import DateTimeRangeField
from django.db.models import BigIntegerField, Case, F, Func, Q, Value, When
from django.db.models.functions import Coalesce

from reports.facts.models import Fact
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


@cache
def bits(kind: str) -> dict[str, tuple[str, int]]:
    """Column and bit of each set of ``kind`` by code: in the order of codes, so that every process has the same."""
    found: dict[str, tuple[str, int]] = {}
    used: dict[str, int] = defaultdict(int)
    for item in kept_sets(kind):
        found[item.code] = (FLAGS[item.when], 1 << used[item.when])
        used[item.when] += 1
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
