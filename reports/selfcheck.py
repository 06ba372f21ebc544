"""The nightly comparison: figures against the lists that their addresses open, on live data, by both doors."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import product
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from django.core.cache import cache
from django.http import QueryDict

from accounts.models import Organisation, SupportGroup, User
from reports.figures import Figure, Scope, figures
from reports.periods import named_period
from sla.boards import may_see_board
from tickets.figures.measures import measures_of
from tickets.figures.records import Chosen
from tickets.lifecycle import kinds
from tickets.models import Ticket
from tickets.queues.filters import TicketFilter
from tickets.queues.listing import Listing

PERIODS = ("yesterday", "last_month", "days_30")
KEPT_AS = "reports.selfcheck"
#: So many differences are named.
MOST_NAMED = 20


@dataclass
class Result:
    """What was compared, and what differed."""

    at: str
    compared: int = 0
    differences: list[str] = field(default_factory=list)


def last_result() -> dict[str, Any] | None:
    """The last result, for the board; None before the first one."""
    return cache.get(KEPT_AS)


def compare(now: datetime) -> Result:
    """Compare every figure of every kind for readers, periods and filters; keep the result for the board."""
    result = Result(at=now.isoformat())
    for reader, kind, period, query in product(_readers(), kinds(), PERIODS, _filters()):
        if measures_of(kind.code):
            scope = Scope(reader, kind, QueryDict(query), named_period(period, now).span)
            for figure in figures(measures_of(kind.code), scope).values():
                _compare(figure, scope, result)
    cache.set(KEPT_AS, asdict(result), None)
    return result


def _compare(figure: Figure, scope: Scope, result: Result) -> None:
    """The figure, the page and the endpoint behind it have the same number of records, and so has what is left out."""
    pairs = [(scope.records(figure.measure.numerator), figure.numerator)]
    pairs += [(scope.records(item), count) for item, count in figure.left_out]
    for chosen, count in pairs:
        result.compared += 1
        found = {count, _on_page(chosen, scope), _in_api(chosen, scope)}
        if len(found) > 1 and len(result.differences) < MOST_NAMED:
            result.differences.append(f"{figure.measure.code} {chosen.address} {scope.filters.urlencode()}: {found}")


def _on_page(chosen: Chosen, scope: Scope) -> int:
    query = QueryDict(urlsplit(scope.list_url(chosen)).query)
    return Listing(query, user=scope.user, now=scope.span.at, kind=scope.kind, views=()).rows.count()


def _in_api(chosen: Chosen, scope: Scope) -> int:
    query = QueryDict(urlsplit(scope.api_url(chosen)).query)
    seen = Ticket.objects.visible_to(scope.user).filter(kind=scope.kind.code)
    return TicketFilter(query, queryset=seen, request=SimpleNamespace(user=scope.user)).qs.count()


def _readers() -> list[User]:
    """Somebody who sees boards."""
    people = User.objects.with_access().filter(is_active=True, organisation__kind=Organisation.Kind.PROVIDER)
    return [user for user in people if may_see_board(user)][:1]


def _filters() -> list[str]:
    """Nothing, a group, two priorities, a customer."""
    group, customer = SupportGroup.objects.first(), Organisation.objects.filter(kind="customer").first()
    found = ["", "priority=P3&priority=P4"]
    found += [f"group={group.code}&group=none"] if group else []
    return found + ([f"organisation={customer.code}"] if customer else [])
