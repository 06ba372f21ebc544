"""Running measures: counts and amounts of their records, in as few statements as there are dates to place them by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from types import SimpleNamespace
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.db.models import Count, F, Model, QuerySet
from django.http import QueryDict
from django.urls import reverse

from accounts.models import User
from accounts.permissions import Permission
from reports.amounts import said_of
from reports.facts.counting import Take, anew, counts, members, ready
from reports.facts.models import Fact, FactColumns
from reports.working_time import worked
from tickets.figures.measures import Measure, Reading, Unit
from tickets.figures.people import people_refused
from tickets.figures.records import Chosen, Records, Span
from tickets.lifecycle import Kind
from tickets.querysets import TicketQuerySet
from tickets.queues.filters import TicketFilter
from tickets.queues.listing import Listing

#: Filters of a board: they are filters of the list, with the same names and values.
DIMENSIONS = ("group", "assignee", "business_system", "organisation", "category", "priority", "source")


@dataclass(frozen=True)
class Scope:
    """Whose figures of what: the person who reads, the kind, the filters of the address and the period."""

    user: User
    kind: Kind
    filters: QueryDict
    span: Span
    #: Whether tickets themselves can be asked, of what facts do not tell.
    finds: ClassVar[bool] = True

    @cached_property
    def listing(self) -> Listing:
        """The list that the filters narrow."""
        params = self.filters.copy()
        params["view"] = "all"
        return Listing(params, user=self.user, now=self.span.at, kind=self.kind, views=())

    @cached_property
    def rows(self) -> TicketQuerySet:
        """Every ticket of the list, of any time; none where the reader may not count them."""
        rows = self.listing.rows.order_by()
        return rows.none() if self.refused else rows

    @cached_property
    def refused(self) -> str:
        """Why the reader gets no figures of the person whom the filters name; empty where nothing is in the way."""
        return people_refused(self.user, self.filters.getlist("assignee"))

    @property
    def errors(self) -> dict[str, list[str]]:
        """What in the filters cannot be understood."""
        _ = self.rows
        return self.listing.errors | ({"assignee": [self.refused]} if self.refused else {})

    def of(self, span: Span) -> Scope:
        """The same in another period, counted from the same facts."""
        found = replace(self, span=span)
        found.__dict__.update(facts=self.facts, version=self.version)  # read once
        return found

    @cached_property
    def version(self) -> Any:
        """How often the facts have changed until now; None where the reader does not see all that they count."""
        return ready(self.kind.code) if self.user.may(Permission.VIEW) else None

    @cached_property
    def facts(self) -> QuerySet[Any] | None:
        """The facts of ``rows``, of this very moment; None where they are not all that the reader sees.

        The filters of the address are those of the list; facts have their columns.
        """
        return None if self.version is None else self.narrowed(Fact.objects.filter(kind=self.kind.code))

    def narrowed(self, facts: QuerySet[Any]) -> QuerySet[Any] | None:
        """Those of ``facts`` that the filters of the address leave; None where these cannot be understood."""
        found = TicketFilter(self.filters, queryset=facts, request=SimpleNamespace(user=self.user))
        return found.qs if not self.errors else None

    def records(self, records: Records, span: Span | None = None, part: str = "") -> Chosen:
        """A set in this period, or in ``span``."""
        return Chosen(records, span or self.span, part)

    def found(self, chosen: Chosen) -> TicketQuerySet:
        """The tickets of a set that are in this scope."""
        return self.rows.filter(chosen.condition)

    def counted(self, chosen: Chosen) -> QuerySet[Any]:
        """What stands for the tickets of a set where they are counted: their facts, or they themselves."""
        kept = None if self.facts is None else members(self.facts, chosen)
        return self.found(chosen) if kept is None else kept

    def list_url(self, chosen: Chosen, **more: Any) -> str:
        """The page with exactly these tickets; ``more`` filters narrow it, None takes a filter away."""
        return f"{reverse('tickets:list', args=[self.kind.slug])}?{self._query(chosen, more, view='all')}"

    def api_url(self, chosen: Chosen) -> str:
        """The endpoint with exactly these tickets and their count."""
        return f"/api/v1/{self.kind.slug}/?{self._query(chosen, {}, count='true')}"

    def _query(self, chosen: Chosen, more: dict[str, Any], **first: str) -> str:
        kept = [
            (name, value)
            for name, values in self.filters.lists()
            if name not in more
            for value in values
            if name in DIMENSIONS and value
        ]
        added = [(name, value) for name, value in more.items() if value is not None]
        return urlencode([*first.items(), ("records", chosen.address), *kept, *added], doseq=True)

    def may_count(self, measure: Measure) -> bool:
        """Whether the reader gets the figure at all."""
        return not measure.internal or self.user.may(Permission.INTERNAL)


@dataclass(frozen=True)
class Figure:
    """A measure with its value. ``value``: records, percent or seconds; None where there is nothing to divide by."""

    measure: Measure
    scope: Scope
    value: float | None
    numerator: int
    denominator: int | None = None
    left_out: list[tuple[Records, int]] = field(default_factory=list)
    spread: float | None = None

    @property
    def chosen(self) -> Chosen:
        """The records behind it."""
        return self.scope.records(self.measure.numerator)

    @property
    def url(self) -> str:
        """The list of the records behind it."""
        return self.scope.list_url(self.chosen)

    @property
    def left_out_urls(self) -> list[tuple[Records, int, str]]:
        """What it leaves out, where there is any: set, count, list."""
        return [(item, n, self.scope.list_url(self.scope.records(item))) for item, n in self.left_out if n]

    @property
    def n(self) -> int:
        """What its reliability rests on."""
        return self.numerator if self.denominator is None else self.denominator


def figures(measures: Iterable[Measure], scope: Scope, take: Take = anew) -> dict[str, Figure]:
    """Each measure in ``scope``, by code; those that the reader may not count are missing.

    ``take``: gives what is counted of facts, part by part.
    """
    wanted = [measure for measure in measures if scope.may_count(measure)]
    counts = counts_of({item.code: item for m in wanted for item in m.sets}.values(), scope, take)
    amounts = amounts_of([m for m in wanted if m.amount is not None], scope, take)
    return {measure.code: _figure(measure, scope, counts, amounts) for measure in wanted}


def _figure(measure: Measure, scope: Scope, counts: dict[str, int], amounts: dict[str, Any]) -> Figure:
    numerator = counts[measure.numerator.code]
    denominator = counts[measure.denominator.code] if measure.denominator else None
    value: float | None = numerator
    spread = None
    if measure.reading == Reading.SHARE:
        value = 100 * numerator / denominator if denominator else None
    elif measure.unit == Unit.SECONDS:
        value, denominator, spread = amounts[measure.code]
        spread = None if measure.reading == Reading.SUM else spread  # it is one of single amounts
    value = value if scope.span.has_begun else None
    left_out = [(item, counts[item.code]) for item in measure.left_out]
    return Figure(measure, scope, value, numerator, denominator, left_out, spread)


def counts_of(sets: Iterable[Records], scope: Scope, take: Take = anew) -> dict[str, int]:
    """How many tickets each set has: from facts where they tell, else by one statement per date that places them."""
    asked = list(sets)
    if not scope.span.has_begun:
        return {item.code: 0 for item in asked}
    single = {part.code: part for item in asked for part in item.parts or (item,)}
    found = counts(scope.facts, single.values(), scope.span, take) if scope.facts is not None else {}
    found |= _counted_as_they_are([item for item in single.values() if item.code not in found], scope)
    return {item.code: sum(found[part.code] for part in item.parts or (item,)) for item in asked}


def _counted_as_they_are(sets: list[Records], scope: Scope) -> dict[str, int]:
    by_date: dict[str, list[Records]] = defaultdict(list)
    for item in sets:
        by_date[item.when or item.code].append(item)
    found: dict[str, int] = {}
    for when, items in by_date.items():
        first = scope.records(items[0])
        placed = scope.span.within(when) if items[0].when else first.condition
        rows = scope.rows.filter(placed)
        if not items[0].when:
            found[items[0].code] = rows.count()
            continue
        wanted = {f"n{n}": Count("pk", filter=scope.records(item).condition) for n, item in enumerate(items)}
        row = rows.aggregate(**wanted)
        found |= {item.code: row[f"n{n}"] for n, item in enumerate(items)}
    return found


#: Of an amount: its value in seconds, how many records have one, how far they spread.
Read = tuple[float | None, int, float | None]


def amounts_of(measures: list[Measure], scope: Scope, take: Take = anew) -> dict[str, Read]:
    """What each measure of an amount reads, by code: one statement for all amounts of a set."""
    together: dict[Any, list[Measure]] = defaultdict(list)
    for measure in measures:
        together[measure.numerator.code, measure.read].append(measure)
    found: dict[str, Read] = {}
    for items in together.values():
        when = items[0].numerator.when
        name = ("amounts", *((item.code, item.version) for item in items))
        found |= (take if when else anew)(name, when, partial(_read, items, scope))
    return found


def _read(items: list[Measure], scope: Scope) -> dict[str, Read]:
    rows = scope.counted(scope.records(items[0].numerator))
    rows = items[0].read(rows, scope.span) if items[0].read else rows
    amounts = {item.amount: item for item in items}
    wanted = [
        (_amount(rows.model, item, scope.span), {m.reading for m in items if m.amount == amount})
        for amount, item in amounts.items()
    ]
    said = dict(zip(amounts, said_of(rows, wanted), strict=True))
    return {m.code: (said[m.amount].readings[m.reading], said[m.amount].n, said[m.amount].spread) for m in items}


def amount_in(model: type[Model], amount: Any) -> Any:
    """The amount of a row; facts keep what costs much."""
    return F("worked") if issubclass(model, FactColumns) and amount is worked else amount()


def _amount(model: type[Model], measure: Measure, span: Span) -> Any:
    if measure.amount_of_period and measure.amount is not None:
        return measure.amount(span)
    return amount_in(model, measure.amount)
