"""Figures that are remembered: always those that counting anew gives, and counted again only where it is needed."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.http import QueryDict

from accounts.models import SupportGroup
from reports.comparing import span_before
from reports.facts.models import ChangedTicket, Fact
from reports.facts.remembering import recent_figures
from reports.figures import Scope, figures
from reports.periods import dated_period
from tests.factories import World, incident_in, resolve
from tests.reports.conftest import DAY, HOUR, MARCH
from tickets.figures.measures import measure_of, measures_of
from tickets.figures.records import Span
from tickets.lifecycle import kind_of
from tickets.models import Category, Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.req("RPT-01")]
FILTERS = ["", "priority=P4&priority=P2&source=phone", "group=host&group=none"]
PERIODS = [("2024-03-01", "2024-04-01"), ("2024-03-01", "2025-03-01")]


def scope_of(world: World, span: Span, query: str) -> Scope:
    """What the manager sees; with facts of this very moment."""
    return Scope(world.manager, kind_of("incident"), QueryDict(query), span)


def values(found: dict[str, Any]) -> dict[str, Any]:
    return {
        code: (f.value, f.numerator, f.denominator, [n for _set, n in f.left_out], f.spread)
        for code, f in found.items()
    }


def change_something(world: World, picks: random.Random, at: datetime) -> None:
    """As actions, imports and administrators do, by whatever way: a ticket comes, goes on, goes back, or is gone."""
    one = Ticket.objects.filter(pk=picks.choice(list(Ticket.objects.order_by("pk").values_list("pk", flat=True))))
    match picks.randrange(4):
        case 0:
            state = picks.choice(["registered", "in_progress", "closed"])
            incident_in(state, world, now=at - picks.randrange(50) * HOUR)
        case 1 if found := one.filter(state="in_progress", assignee=world.engineer).first():
            resolve(found.incident, world.engineer, now=max(at, found.updated_at), close_code="tier1")
        case 2 if gone := Fact.objects.filter(pk__gte=900_000).first():
            ChangedTicket.objects.create(ticket_id=gone.pk)
        case 2 if fact := Fact.objects.filter(pk=one.get().pk).first():
            fact.pk = 900_000  # it stands for a ticket that will be gone; nobody writes facts so
            fact.save(force_insert=True)
            cache.clear()
        case _:
            change_columns(one, picks, at)


def change_columns(one: Any, picks: random.Random, at: datetime) -> None:
    """Other dates, before and ahead, and other values of what boards filter by."""
    before, ahead = at - picks.randrange(40 * 24) * HOUR, at + picks.randrange(-10, 60) * HOUR
    groups = [None, *SupportGroup.objects.order_by("pk").values_list("pk", flat=True)]
    values: dict[str, Any] = picks.choice(
        [
            {"planned_completion_at": ahead},
            {"group": picks.choice(groups)},
            {"priority": picks.choice(["P2", "P4"]), "source": picks.choice(["phone", "email"])},
            {"created_at": picks.choice([before, ahead]), "agreed_at": ahead},
        ]
    )
    one.update(**values)
    one.filter(phase="resolved").update(resolved_at=ahead)
    one.filter(phase="closed").update(resolved_at=before, closed_at=ahead)


@pytest.mark.slow
@pytest.mark.parametrize("query", FILTERS)
def test_remembered_figures_are_those_of_now(world: World, month: dict[str, Any], query: str) -> None:
    """Whatever changes, and wherever a period is looked at: time goes on by a moment or by days, or a little back."""
    picks = random.Random(query)  # noqa: S311 - it picks examples, the same every time
    at = MARCH + 12 * DAY
    for step in range(25):
        at += picks.choice([timedelta(0), timedelta(seconds=1), HOUR, 9 * HOUR, 2 * DAY, -9 * HOUR])
        for _change in range(picks.choice([0, 0, 1, 2])):
            change_something(world, picks, at)
        period = dated_period(*picks.choice(PERIODS), at)
        for span in (period.span, span_before(period)):
            remembered = recent_figures(measures_of("incident"), scope_of(world, span, query))
            anew = figures(measures_of("incident"), scope_of(world, span, query))
            assert values(remembered) == values(anew), (step, span)


@pytest.mark.slow
def test_categories_that_moved_are_counted_where_they_are(world: World, month: dict[str, Any]) -> None:
    span = dated_period("2024-03-01", "2024-04-01", MARCH + 60 * DAY).span
    ask = lambda: recent_figures(measures_of("incident"), scope_of(world, span, "category=sw"))["desk_total"].value  # noqa: E731
    assert ask() == 3
    Category.objects.filter(parent__code="sw").update(parent=None)
    assert ask() == 0


@pytest.mark.slow
def test_what_changes_elsewhere_costs_a_look(
    world: World, month: dict[str, Any], django_assert_num_queries: Any
) -> None:
    """A month that is over is not counted again because a ticket of another one changed, or another group's."""
    measures = [measure_of(code) for code in ("desk_total", "closed_ok", "mean_resolve_time", "median_resolve_time")]
    march = dated_period("2024-03-01", "2024-04-01", MARCH + 60 * DAY).span
    asked = {query: scope_of(world, march, query) for query in ("", "group=host")}
    first = {query: values(recent_figures(measures, scope)) for query, scope in asked.items()}
    incident_in("closed", world, now=MARCH + 50 * DAY)
    asked = {query: scope_of(world, march, query) for query in asked}
    assert all(scope.facts is not None for scope in asked.values())  # reads groups, brings facts up

    for query, scope in asked.items():
        # What is remembered; the last version, are they too many, by what dates, were they open then; five to
        # remember it. A filter reads its group.
        with django_assert_num_queries(11 if query else 10):
            assert values(recent_figures(measures, scope)) == first[query]
        with django_assert_num_queries(1):
            recent_figures(measures, scope)
