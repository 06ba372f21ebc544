"""What was counted of a period, in parts; each holds until a fact that it counts changes, or time passes one.

A part rests on one date of a ticket (``created_at`` …), or on what is open where the known part of the period ends.
Indexes answer whether it holds: which facts changed since (by their versions, from the last that there was then),
which dates lie between where the period ended then and ends now, and when what is open changes by time alone. Counts
by a date are brought on by what came between; everything else is counted again.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import reduce
from operator import or_
from typing import Any

from django.core.cache import cache
from django.core.exceptions import EmptyResultSet
from django.db.models import Count, Max, Q, QuerySet

from reports.facts.counting import FLAGGED, OPEN, Name, flags_of, tells_all
from reports.facts.keeping import definitions
from reports.facts.models import FactVersion
from reports.facts.sets import FLAGS
from reports.figures import Figure, Scope, figures
from tickets.clock import NO_LIMIT
from tickets.figures.measures import Measure
from tickets.figures.records import Span, zone
from tickets.models import Category

KEPT_SECONDS = 3600
#: After so many changes of facts everything is counted again.
MANY = 5_000


def recent_figures(measures: Iterable[Measure], scope: Scope) -> dict[str, Figure]:
    """``figures``, counted again only where something changed; what facts do not tell is counted each time."""
    wanted = list(measures)
    if scope.facts is None or not scope.span.has_begun:
        return figures(wanted, scope)
    kept = Kept.of(scope)
    found = figures([measure for measure in wanted if tells_all(measure)], scope, kept.take)
    kept.save()
    found |= figures([measure for measure in wanted if not tells_all(measure)], scope)
    return {measure.code: found[measure.code] for measure in wanted if measure.code in found}


@dataclass
class Kept:
    """The parts of a scope that hold, each with the date that it rests on.

    ``version``: of the facts that were counted, ``last``: the last version of any fact then; ``edge``: where the
    known part of the period ended.
    """

    scope: Scope
    key: str
    version: Any = None
    last: int = 0
    edge: datetime | None = None
    parts: dict[Name, tuple[str, Any]] = field(default_factory=dict)
    is_new: bool = False

    @classmethod
    def of(cls, scope: Scope) -> Kept:
        """What still holds of what was counted before."""
        key = _key(scope)
        kept = cls(scope, key, **(cache.get(key) or {}))
        if kept.version != scope.version:
            kept.drop_changed()
        if kept.edge != scope.span.edge:
            kept.bring_on()
        return kept

    def take(self, name: Name, when: str, count: Callable[[], Any]) -> Any:
        """The part called ``name``, which rests on the date ``when``; counted where it does not hold."""
        if name not in self.parts:
            self.parts[name] = (when, count())
            self.is_new = True
        return self.parts[name][1]

    def save(self) -> None:
        """Remember the parts, where anything is new."""
        if self.is_new:
            names = ("version", "last", "edge", "parts")
            cache.set(self.key, {name: getattr(self, name) for name in names}, KEPT_SECONDS)

    def drop_changed(self) -> None:
        """Keep only parts that count no fact that changed, neither as it was nor as it is."""
        last = FactVersion.objects.aggregate(last=Max("pk"))["last"] or 0  # before anything is counted
        changed = FactVersion.objects.filter(pk__gt=self.last, kind=self.scope.kind.code).order_by()
        if self.parts and changed[: MANY + 1].count() > MANY:
            self.parts = {}
        if self.parts:
            rows = FactVersion.objects.filter(kind=self.scope.kind.code, ticket__in=changed.values("ticket"))
            rows = self.scope.narrowed(rows)  # type: ignore[assignment]  # as its facts are
            touched = _dates(rows, self.scope.span.start, max(self.scope.span.end, self.edge or NO_LIMIT))
            touched |= {OPEN} if rows.filter(self._stood()).exists() else set()
            self.parts = {name: part for name, part in self.parts.items() if part[0] not in touched}
        self.version, self.last, self.is_new = self.scope.version, last, True

    def _stood(self) -> Q:
        """Open where the period ended, or before what is open changes by time alone."""
        untils = [value[1] for when, value in self.parts.values() if when == OPEN]
        until = None if None in untils else max(untils, default=self.edge)
        return Q(open_during__contains=self.edge) | Q(open_during__overlap=(self.edge, until))

    def bring_on(self) -> None:
        """Bring the parts from where the period ended to where it ends now; drop those that must be counted again."""
        before, edge, self.edge = self.edge, self.scope.span.edge, self.scope.span.edge
        if before is None or not self.parts or self.scope.facts is None:
            return
        between = Span(min(before, edge), max(before, edge))
        moved = _dates(self.scope.facts.filter(_any_date_in(between)), between.start, between.end)
        for name, (when, value) in list(self.parts.items()):
            if when == OPEN and before < edge and (value[1] is None or edge < value[1]):
                continue
            if when != OPEN and when not in moved:
                continue
            self.is_new = True
            del self.parts[name]
            if name == (FLAGGED, when) and before < edge:
                came = flags_of(self.scope.facts, when, between)
                self.parts[name] = (when, dict(Counter(value) + Counter(came)))


def _any_date_in(span: Span) -> Q:
    return reduce(or_, (span.within(when) for when in FLAGS))


def _dates(rows: QuerySet[Any], start: datetime, end: datetime) -> set[str]:
    """The dates by which any of ``rows`` lies in a period."""
    asked = {
        f"n{n}": Count("pk", filter=Q(**{f"{when}__gte": start, f"{when}__lt": end})) for n, when in enumerate(FLAGS)
    }
    row = rows.order_by().aggregate(**asked)
    return {when for n, when in enumerate(FLAGS) if row[f"n{n}"]}


def _key(scope: Scope) -> str:
    """Whose parts: of which facts, as the filters were understood, from when, and until when it is a whole day's end.

    A period that runs ends at a midnight, too; one to compare it with ends where as much time had passed.
    """
    try:
        facts: Any = scope.facts.query.sql_with_params()  # type: ignore[union-attr]  # there are facts
    except EmptyResultSet:
        facts = None
    end = scope.span.end if scope.span.end.astimezone(zone()).time() == time() else None
    tree = list(Category.objects.order_by("pk").values_list("pk", "parent")) if "category" in scope.filters else None
    parts = (scope.kind.code, definitions(scope.kind.code), facts, scope.span.start, end, tree)
    return f"figures:{hashlib.sha256(repr(parts).encode()).hexdigest()}"
