"""The nightly comparison: figures against the lists that their addresses open, on live data, by both doors."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from itertools import product
from typing import Any
from urllib.parse import urlsplit

from django.core.cache import cache
from django.http import HttpRequest, QueryDict
from django.urls import resolve
from django.utils.translation import gettext_lazy

from accounts.models import Organisation, User
from accounts.permissions import Permission
from duty.services import recipients_for
from exporting.sources import RefusedList, ticket_rows
from notifications.events import Event, register_event
from notifications.services import give_notice
from reports.facts.remembering import recent_figures
from reports.facts.versions import kept_since
from reports.figures import Figure, Scope, figures
from reports.flow.process import Process
from reports.known.scope import KnownScope
from reports.periods import named_period
from sla.boards import may_see_board
from tickets.figures.measures import Measure, Reading, measures_of
from tickets.figures.records import Chosen, Span, chosen_from, midnight, zone
from tickets.lifecycle import Kind, kinds
from tickets.models import Ticket
from tickets.queues.listing import Listing

PERIODS = ("yesterday", "last_month", "days_30")
KEPT_AS = "reports.selfcheck"
#: So many differences are named.
MOST_NAMED = 20
#: So many readers, and so many picks of period and filters for each kind and reader, are drawn each time.
READERS, PICKS = 3, 4
#: So many figures as known then, and so many arrows and ways of the process, are drawn for each kind and reader.
THEN, STEPS = 5, 5
#: Filters of which values are drawn, with the column that says which there are.
DRAWN = {
    "group": "group__code",
    "assignee": "assignee__username",
    "category": "category__code",
    "priority": "priority__code",
    "organisation": "organisation__code",
    "business_system": "business_system__code",
    "source": "source__code",
}

register_event(
    Event(
        code="figures_differ",
        label=gettext_lazy("Figures of the boards differ from their records"),
        subject=gettext_lazy("Figures of the boards are wrong: {summary}"),
        body=gettext_lazy("The comparison of tonight found: {summary}\nThe log names all of it.\n{link}"),
        icon="alert-triangle",
        presses=False,
    )
)


@dataclass
class Result:
    """What was compared, and what differed."""

    at: str
    compared: int = 0
    differences: list[str] = field(default_factory=list)


def last_result() -> dict[str, Any] | None:
    """The last result, for the board; None before the first one."""
    found = cache.get(KEPT_AS)
    return found and {**found, "at": datetime.fromisoformat(found["at"])}


def compare(now: datetime) -> Result:
    """Compare every figure of every kind for readers, periods and filters that are drawn; tell who keeps the portal.

    With the first filters of each, figures as known at a moment that is drawn, and steps and ways of the process, too.
    The draw is that of ``now``: the same moment compares the same. The result is kept for the board.
    """
    result, dice = Result(at=now.isoformat()), random.Random(now.isoformat())  # noqa: S311 - a draw, no secret
    for reader, kind, number in product(_readers(dice), kinds(), range(PICKS)):
        if measures_of(kind.code):
            scope = Scope(reader, kind, QueryDict(_filters(dice, kind, reader)), _period(dice, now))
            measures = _measures(dice, kind)
            tiles = recent_figures(measures, scope)
            for code, figure in figures(measures, scope).items():
                _compare(figure, tiles[code], scope, result)
            if number == 0:
                _compare_then(dice, scope, result, now)
                _compare_process(dice, scope, result)
    cache.set(KEPT_AS, asdict(result), None)
    if result.differences:
        _tell(result, now)
    return result


def _compare(figure: Figure, tile: Figure, scope: Scope, result: Result) -> None:
    """Figure, tile, page, endpoint and export have the same number of records, and so has what is left out."""
    pairs = [(scope.records(figure.measure.numerator), {figure.numerator, tile.numerator})]
    pairs += [(scope.records(item), {count}) for item, count in figure.left_out]
    for chosen, counts in pairs:
        _judge(figure.measure.code, chosen, scope, counts | _by_all_doors(chosen, scope), result)


def _compare_then(dice: random.Random, scope: Scope, result: Result, now: datetime) -> None:
    """Some figures as known at a moment since which versions are kept, and the endpoint of their records."""
    since = kept_since(scope.kind.code)
    if since is None or since > now or scope.version is None:
        return
    moment = since + (now - since) * dice.random()
    span = replace(scope.span, at=min(scope.span.at, moment))
    then = KnownScope(scope.user, scope.kind, scope.filters, span, moment)
    told = [measure for measure in measures_of(scope.kind.code) if then.may_count(measure)]
    for code, figure in figures(dice.sample(told, min(THEN, len(told))), then).items():
        counted = [(figure.measure.numerator, figure.numerator), *figure.left_out]
        if figure.measure.reading == Reading.SHARE and figure.measure.denominator and figure.denominator is not None:
            counted.append((figure.measure.denominator, figure.denominator))
        for records, count in counted:
            chosen = then.records(records)
            _judge(f"{code}, known {moment.isoformat()},", chosen, then, {count, _in_api(chosen, then)}, result)


def _compare_process(dice: random.Random, scope: Scope, result: Result) -> None:
    """Some arrows and ways of the process page, and always what went other ways than those that it shows."""
    try:
        process = Process(scope)
    except KeyError:  # a kind without the set of what was registered has no such page
        return
    ways, _all = process.ways()
    shown = [*((arrow.tickets, arrow.url) for arrow in process.arrows), *((way.tickets, way.url) for way in ways)]
    drawn = dice.sample(shown, min(STEPS, len(shown)))
    if others := process.other_ways_url(ways):
        drawn.append((process.tickets - sum(way.tickets for way in ways), others))
    for tickets, url in drawn:
        chosen = chosen_from(QueryDict(urlsplit(url).query)["records"])
        _judge("process", chosen, scope, {tickets} | _by_all_doors(chosen, scope), result)


def _judge(name: str, chosen: Chosen, scope: Scope, counts: set[int], result: Result) -> None:
    """All counts are the same, or that is a difference."""
    result.compared += 1
    if len(counts) > 1 and len(result.differences) < MOST_NAMED:
        result.differences.append(f"{name} {chosen.address} {scope.filters.urlencode()}: {counts}")


def _by_all_doors(chosen: Chosen, scope: Scope) -> set[int]:
    return {_on_page(chosen, scope), _in_api(chosen, scope), _in_export(chosen, scope)}


def _tell(result: Result, now: datetime) -> None:
    """Once a day, whoever administers the portal: the board says it to everybody."""
    give_notice(
        key=f"figures_differ:{now:%Y-%m-%d}",
        event="figures_differ",
        ticket=None,
        recipients=recipients_for("administrator", None, now),
        urgent=False,
        at=now,
        payload={"summary": result.differences[0], "path": "/boards/incidents/"},
        rooms=False,
    )


def _on_page(chosen: Chosen, scope: Scope) -> int:
    query = QueryDict(urlsplit(scope.list_url(chosen)).query)
    return Listing(query, user=scope.user, now=scope.span.at, kind=scope.kind, views=()).rows.count()


def _in_api(chosen: Chosen, scope: Scope) -> int:
    """What the endpoint itself answers, asked in this process as the reader; -1 where it refuses.

    What is asked here is not the reader's doing: it is not held against them, and many questions are no difference.
    """
    address = urlsplit(scope.api_url(chosen))
    request = HttpRequest()
    request.method, request.path, request.GET = "GET", address.path, QueryDict(address.query)
    request.META |= {"SERVER_NAME": "localhost", "SERVER_PORT": "80"}
    request._force_auth_user = scope.user  # type: ignore[attr-defined]  # as REST framework's own tests sign in
    found = resolve(address.path)
    view = found.func.cls.as_view(**found.func.initkwargs, throttle_classes=())  # type: ignore[attr-defined]
    answer = view(request, *found.args, **found.kwargs)
    return int(answer.data["count"]) if answer.status_code == HTTPStatus.OK else -1


def _in_export(chosen: Chosen, scope: Scope) -> int:
    """What an export of the list would write; -1 where it refuses."""
    query = QueryDict(urlsplit(scope.list_url(chosen)).query, mutable=True)
    query["kind"] = scope.kind.code
    try:
        return ticket_rows(scope.user, query, scope.span.at).order_by().count()
    except RefusedList:
        return -1


def _measures(dice: random.Random, kind: Kind) -> list[Measure]:
    """Every figure; of those that read the whole log, one."""
    usual = measures_of(kind.code)
    rest = [measure for measure in measures_of(kind.code, on_demand=True) if measure not in usual]
    return usual + dice.sample(rest, min(1, len(rest)))


def _readers(dice: random.Random) -> list[User]:
    """Some of those who see boards."""
    people = User.objects.with_access().filter(is_active=True, organisation__kind=Organisation.Kind.PROVIDER)
    seeing = [user for user in people.order_by("pk") if may_see_board(user)]
    return dice.sample(seeing, min(READERS, len(seeing)))


def _period(dice: random.Random, now: datetime) -> Span:
    """A named period, or some days of the last year."""
    name = dice.choice([*PERIODS, ""])
    if name:
        return named_period(name, now).span
    first = now.astimezone(zone()).date() - timedelta(days=dice.randint(1, 365))
    return Span(midnight(first), midnight(first + timedelta(days=dice.randint(1, 60))), now)


def _filters(dice: random.Random, kind: Kind, reader: User) -> str:
    """None, one or two filters, of one or two values that some ticket of ``kind`` has: none that refuse ``reader``."""
    query = QueryDict(mutable=True)
    names = [name for name in sorted(DRAWN) if name != "assignee" or reader.may(Permission.PEOPLE_FIGURES)]
    for name in dice.sample(names, dice.randint(0, 2)):
        column = DRAWN[name]
        values = Ticket.objects.filter(kind=kind.code, **{f"{column}__isnull": False}).values_list(column, flat=True)
        there = sorted(values.order_by().distinct())
        if there:
            query.setlist(name, dice.sample(there, min(len(there), dice.randint(1, 2))))
    return query.urlencode()
