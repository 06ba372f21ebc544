"""Facts, from which figures are counted: always those of the tickets, whatever happened to these and by which way."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.core.management import call_command
from django.db import transaction
from django.http import QueryDict

from changes.models import Change
from problems.models import Problem
from reports.facts import keeping
from reports.facts.models import ChangedTicket, Counted, Fact
from reports.facts.remembering import recent_figures
from reports.facts.sets import ALWAYS, kept_sets
from reports.figures import Scope, figures
from reports.periods import dated_period
from tests.api.client import Api
from tests.changes.making import change_in
from tests.factories import World, incident_in
from tests.problems.conftest import Staff, staff  # noqa: F401 - a fixture
from tests.problems.test_life import raise_problem
from tests.reports.conftest import DAY, HOUR, MARCH
from tickets.figures.measures import measure_of, measures_of
from tickets.figures.records import Chosen, Span, written
from tickets.lifecycle import kind_of
from tickets.models import Ticket, TicketLink
from tickets.shared.causes import CAUSED_BY

pytestmark = [pytest.mark.django_db, pytest.mark.req("RPT-01")]
FILTERS = ["", "priority=P4&priority=P2", "source=phone", "group=host&assignee=none", "category=sw", "assignee=me"]


def scope_of(world: World, first: str, last: str, query: str = "", at: Any = MARCH + 100 * DAY) -> Scope:
    """What the manager sees of incidents from day to day."""
    return Scope(world.manager, kind_of("incident"), QueryDict(query), dated_period(first, last, at).span)


def without_facts(scope: Scope) -> Scope:
    """The same, counted from the tickets themselves."""
    found = Scope(scope.user, scope.kind, scope.filters, scope.span)
    found.__dict__["version"] = None
    return found


def values(scope: Scope) -> dict[str, Any]:
    return {
        code: (figure.value, figure.numerator, figure.denominator, [n for _set, n in figure.left_out], figure.spread)
        for code, figure in figures(measures_of("incident"), scope).items()
    }


@pytest.mark.slow
def test_figures_from_facts_are_those_of_the_tickets(world: World, month: dict[str, Any]) -> None:
    picks = random.Random(4)  # noqa: S311 - it picks examples, the same every time
    for _try in range(12):
        start = (MARCH - picks.randrange(20) * DAY).date()
        end = start + timedelta(days=picks.choice([1, 7, 31, 366]))
        at = MARCH + picks.randrange(40) * DAY + picks.randrange(24) * HOUR
        scope = scope_of(world, str(start), str(end), picks.choice(FILTERS), at)
        assert scope.facts is not None
        assert values(scope) == values(without_facts(scope)), (scope.span, scope.filters)


@pytest.mark.slow
def test_what_changes_is_counted_at_once_and_only_then(world: World, month: dict[str, Any]) -> None:
    scope = scope_of(world, "2024-03-01", "2024-04-01")
    before = values(scope)
    assert not ChangedTicket.objects.exists()

    Ticket.objects.filter(pk=month["quick"].pk).update(priority="P1", source="email")
    assert ChangedTicket.objects.count() == 1
    again = scope_of(world, "2024-03-01", "2024-04-01", "source=email")

    assert values(again) == values(without_facts(again)) != before
    assert not ChangedTicket.objects.exists()


@pytest.mark.slow
def test_one_ticket_changes_whether_another_repeats_it(world: World, month: dict[str, Any]) -> None:
    """The second came after the first was solved; when the first gets another category, it repeats nothing."""
    scope = scope_of(world, "2024-03-01", "2024-04-01")
    assert values(scope)["repeated"][0] == 1

    Ticket.objects.filter(pk=month["quick"].pk).update(category=None)

    assert values(scope_of(world, "2024-03-01", "2024-04-01"))["repeated"][0] == 0


@pytest.mark.slow
def test_what_is_undone_leaves_no_line(world: World, month: dict[str, Any]) -> None:
    """The line is written in the transaction of the change: both stay, or none."""
    values(scope_of(world, "2024-03-01", "2024-04-01"))
    with transaction.atomic():
        Ticket.objects.filter(pk=month["quick"].pk).update(source="email")
        transaction.set_rollback(True)

    assert not ChangedTicket.objects.exists()


@pytest.mark.slow
def test_the_fact_of_a_ticket_that_is_gone_goes(world: World, month: dict[str, Any]) -> None:
    scope = scope_of(world, "2024-03-01", "2024-04-01")
    before = values(scope)
    fact = Fact.objects.get(pk=month["quick"].pk)
    for key in (900_001, 900_002):
        fact.pk = key
        fact.save(force_insert=True)
    ChangedTicket.objects.create(ticket_id=900_001)
    assert values(scope_of(world, "2024-03-01", "2024-04-01")) != before

    assert keeping.recount(MARCH).mended == 1

    assert values(scope_of(world, "2024-03-01", "2024-04-01")) == before


@pytest.mark.slow
def test_recount_mends_and_says_what(world: World, month: dict[str, Any], capsys: Any) -> None:
    scope = scope_of(world, "2024-03-01", "2024-04-01")
    before = values(scope)
    Fact.objects.filter(pk=month["quick"].pk).update(in_created=0, source="email")
    Fact.objects.filter(pk=month["again"].pk).delete()
    assert values(scope_of(world, "2024-03-01", "2024-04-01")) != before

    call_command("recount")

    said = capsys.readouterr().out
    assert "2 mended" in said
    assert month["quick"].number in said
    assert values(scope_of(world, "2024-03-01", "2024-04-01")) == before
    call_command("recount")
    assert "0 mended" in capsys.readouterr().out


@pytest.mark.slow
def test_after_an_upgrade_everything_is_counted_anew(world: World, month: dict[str, Any]) -> None:
    values(scope_of(world, "2024-03-01", "2024-04-01"))
    Counted.objects.update(definitions="those of before")
    Fact.objects.update(in_created=0)
    assert keeping.version_of("incident") is None

    done = keeping.count_new_definitions(MARCH)

    assert done is not None
    assert done.mended == Fact.objects.count()
    assert keeping.count_new_definitions(MARCH) is None


@pytest.mark.slow
def test_sets_that_name_a_date_lie_within_its_period(world: World, month: dict[str, Any]) -> None:
    """A fact keeps whether a ticket belongs to a set at all; the date says when."""
    some = Span(MARCH + 3 * DAY, MARCH + 11 * DAY)
    for item in kept_sets("incident"):
        known = Ticket.objects.filter(Chosen(item, some).condition).order_by("pk")
        always = Ticket.objects.filter(Chosen(item, ALWAYS).condition, some.within(item.when)).order_by("pk")
        assert list(known) == list(always), item.code


@pytest.mark.slow
def test_figures_of_a_moment_ago_are_those_of_now_once_a_fact_changed(world: World, month: dict[str, Any]) -> None:
    measures = [measure_of("desk_total"), measure_of("backlog")]
    first = recent_figures(measures, scope_of(world, "2024-03-01", "2024-04-01"))
    Fact.objects.update(in_created=0)  # nobody writes facts so: what was counted a moment ago is not counted again
    again = recent_figures(measures, scope_of(world, "2024-03-01", "2024-04-01"))
    assert [f.value for f in again.values()] == [f.value for f in first.values()]

    incident_in("registered", world, now=MARCH + 20 * DAY)
    fresh = recent_figures(measures, scope_of(world, "2024-03-01", "2024-04-01"))

    assert (fresh["desk_total"].value, fresh["backlog"].value) == (1, (first["backlog"].value or 0) + 1)


@pytest.mark.slow
def test_who_does_not_see_all_tickets_is_not_counted_for_from_facts(world: World, month: dict[str, Any]) -> None:
    scope = Scope(
        world.requester, kind_of("incident"), QueryDict(), dated_period("2024-03-01", "2024-04-01", MARCH).span
    )

    assert scope.facts is None


def staff_values(world: World, kind: str, first: str, last: str, *, facts: bool) -> dict[str, Any]:
    """Every figure of a kind, from facts or from the tickets themselves."""
    span = dated_period(first, last, MARCH + 2000 * DAY).span
    scope = Scope(world.manager, kind_of(kind), QueryDict(), span)
    scope = scope if facts else without_facts(scope)
    assert (scope.facts is not None) is facts
    return {
        code: (figure.value, figure.numerator, figure.denominator, [n for _set, n in figure.left_out])
        for code, figure in figures(measures_of(kind), scope).items()
    }


@pytest.mark.slow
@pytest.mark.req("PRB-09", "CHG-10")
@pytest.mark.parametrize("kind", [kind for kind in keeping.kept() if kind != "incident"])  # incidents: above
def test_figures_of_problems_and_changes_from_facts_are_those_of_the_tickets(
    world: World,
    staff: Staff,  # noqa: F811
    kind: str,
) -> None:
    """Before and after their own columns change by another way than an action: triggers tell."""
    problem = raise_problem(world)
    Ticket.objects.filter(pk=problem.pk).update(resolved_at=MARCH + DAY, closed_at=MARCH + 2 * DAY)
    change = change_in("implemented", world)
    whole = ("2024-01-01", "2029-01-01")
    first = staff_values(world, kind, *whole, facts=True)
    assert first == staff_values(world, kind, *whole, facts=False)

    Problem.objects.filter(pk=problem.pk).update(outcome="solved", reopen_count=1)
    Change.objects.filter(pk=change.pk).update(result="backed_out", change_type="major")
    other = incident_in("registered", world)
    TicketLink.objects.create(
        source_id=other.pk, target_id=problem.pk, meaning=CAUSED_BY, created_by=world.manager, created_at=MARCH
    )
    again = staff_values(world, kind, *whole, facts=True)

    assert again == staff_values(world, kind, *whole, facts=False) != first
    assert keeping.recount(MARCH).mended == 0


@pytest.mark.req("PRB-09")
def test_board_of_problems_is_asked_as_known_then(
    world: World,
    staff: Staff,  # noqa: F811
    browse: Any,
) -> None:
    raise_problem(world)
    scope = Scope(world.manager, kind_of("problem"), QueryDict(), dated_period("2024-01-01", "2030-01-01", MARCH).span)
    assert scope.facts is not None
    then = keeping.seal("problem")
    raise_problem(world)
    path = "reports/problem-kpis/?from=2024-01-01&to=2030-01-01"

    now = {row["id"]: row["numerator"] for row in Api(world.manager).get(path).json()["results"]}
    known = Api(world.manager).get(f"{path}&known_at={quote(written(then))}").json()["results"]

    assert now["problem_raised"] == 2
    assert {row["id"]: row["numerator"] for row in known}["problem_raised"] == 1
    board = browse(world.manager).get(f"/boards/problems/?period=year&known_at={quote(written(then))}")
    assert (board.status_code, 'name="known_at"' in board.content.decode()) == (200, True)
