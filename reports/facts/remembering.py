"""Figures that were counted a moment ago, for boards that many look at; true as long as no fact changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from django.core.cache import cache

from itsm.web.filtering import ME, MINE
from reports.facts.counting import tells_all
from reports.figures import Figure, Scope, figures
from tickets.figures.measures import Measure, measure_of
from tickets.figures.records import records_of

#: Figures of a period that runs may lag so many seconds behind the clock: what passes its limit meanwhile.
LAG = 5
KEPT_SECONDS = 3600


def recent_figures(measures: Iterable[Measure], scope: Scope) -> dict[str, Figure]:
    """``figures``, or what they were when no fact has changed since and the period is over or has hardly gone on.

    What facts do not tell changes without them, so it is counted each time.
    """
    wanted = list(measures)
    if scope.facts is None:
        return figures(wanted, scope)
    found = _remembered([measure for measure in wanted if tells_all(measure)], scope)
    found |= figures([measure for measure in wanted if not tells_all(measure)], scope)
    return {measure.code: found[measure.code] for measure in wanted if measure.code in found}


def _remembered(asked: list[Measure], scope: Scope) -> dict[str, Figure]:
    key = _key([measure.code for measure in asked], scope)
    kept = cache.get(key)
    if kept is not None:
        return {code: _figure(code, values, scope) for code, *values in kept}
    found = figures(asked, scope)
    cache.set(key, [_values(figure) for figure in found.values()], KEPT_SECONDS)
    return found


def _key(codes: list[str], scope: Scope) -> str:
    own = {ME, MINE} & {value for _name, values in scope.filters.lists() for value in values}
    reader = scope.user.pk if own else [scope.may_count(measure_of(code)) for code in codes]
    span = scope.span
    at = int(span.edge.timestamp() // LAG) if span.at < span.end else None
    versions = [measure_of(code).version for code in codes]
    parts = (
        scope.kind.code,
        scope.version,
        codes,
        versions,
        scope.filters.urlencode(),
        span.start,
        span.end,
        at,
        reader,
    )
    return f"figures:{hashlib.sha256(repr(parts).encode()).hexdigest()}"


def _values(figure: Figure) -> tuple[object, ...]:
    left_out = [(item.code, count) for item, count in figure.left_out]
    return figure.measure.code, figure.value, figure.numerator, figure.denominator, left_out, figure.spread


def _figure(code: str, values: list[object], scope: Scope) -> Figure:
    value, numerator, denominator, left_out, spread = values
    sets = [(records_of(item), count) for item, count in left_out]  # type: ignore[attr-defined]  # as _values has it
    return Figure(measure_of(code), scope, value, numerator, denominator, sets, spread)  # type: ignore[arg-type]
