"""Several people at once, on a real PostgreSQL: threads with connections of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connection, connections

from incidents.models import Incident
from tasks.models import Task
from tests.factories import MONDAY, World, act, add_task, close, incident_in, register_incident, resolve, unclaimed
from tickets.actions import perform
from tickets.errors import ActionConflict, ActionError
from tickets.models import Ticket, TicketLink, TimelineEntry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db: None) -> World:
    """People and groups that other connections see too."""
    return World()


@pytest.fixture(autouse=True)
def impatience(transactional_db: None) -> Iterator[None]:
    """Whoever waits for a lock longer than this has met a dead-lock."""
    limit = connection.settings_dict["OPTIONS"].get("options", "")
    connection.settings_dict["OPTIONS"]["options"] = f"{limit} -c lock_timeout=8s -c deadlock_timeout=200ms"
    yield
    connection.settings_dict["OPTIONS"]["options"] = limit


def at_once(*jobs: Callable[[], Any]) -> list[Any]:
    """Start the jobs at the same moment, each with a connection of its own; return results and refusals in order.

    Errors other than refusals, such as dead-locks, are raised.
    """
    start = threading.Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        try:
            start.wait(timeout=10)
            return job()
        except ActionError as refused:
            return refused
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result(timeout=60) for future in [pool.submit(run, job) for job in jobs]]


def done(results: list[Any]) -> list[Any]:
    """Those that were not refused."""
    return [result for result in results if not isinstance(result, ActionError)]


def refusals(results: list[Any]) -> list[str]:
    """What the others were told."""
    return [str(result.message) for result in results if isinstance(result, ActionError)]


@pytest.mark.req("INC-06")
def test_of_eight_who_claim_at_once_one_gets_it_and_the_others_are_told_who(world: World) -> None:
    ticket = unclaimed(world)
    people = [world.engineer, world.engineer2, world.lead] * 2 + [world.engineer, world.lead]

    results = at_once(*(partial(perform, ticket, "claim", user=user) for user in people))

    [entry] = done(results)
    assert Incident.objects.get().assignee == entry.actor
    assert len(refusals(results)) == 7
    assert all(entry.actor.display_name in message for message in refusals(results))
    assert TimelineEntry.objects.filter(action="claim").count() == 1


@pytest.mark.req("INC-06", "TSK-01")
def test_of_several_who_claim_a_task_one_gets_it(world: World) -> None:
    task = add_task(incident_in("in_progress", world), world.engineer)
    people = [world.engineer, world.engineer2, world.lead] * 2

    results = at_once(*(partial(perform, task, "claim", user=user) for user in people))

    [entry] = done(results)
    assert Task.objects.get().assignee == entry.actor


@pytest.mark.req("TKT-01")
def test_numbers_of_eight_writers_are_unique_and_consecutive(world: World) -> None:
    def register() -> list[str]:
        return [register_incident(world.desk, now=MONDAY).number for _ in range(5)]

    numbers = sorted(number for found in at_once(*[register] * 8) for number in found)

    assert numbers == [f"IM261123{count:06d}" for count in range(1, 41)]


@pytest.mark.req("TKT-07", "INC-05")
def test_resolving_and_handing_over_at_once_does_one_of_them(world: World) -> None:
    ticket = incident_in("in_progress", world)

    results = at_once(
        lambda: resolve(ticket, world.engineer),
        lambda: act(ticket, "hand_over", world.engineer2, group="network", text="?"),
    )

    assert len(done(results)) == 1
    found = Incident.objects.get()
    assert (found.state, found.resolved_at is not None) in [("resolved", True), ("assigned", False)]
    assert found.version == ticket.version + 1


@pytest.mark.req("TKT-07")
def test_of_two_edits_of_one_version_one_is_shown_the_other(world: World) -> None:
    ticket = incident_in("in_progress", world)

    results = at_once(
        *(
            partial(perform, ticket, "edit", user=world.engineer, data={"summary": text}, version=ticket.version)
            for text in ("甲", "乙")
        )
    )

    [entry] = done(results)
    [refused] = [result for result in results if isinstance(result, ActionError)]
    assert refused.ticket.summary == entry.changes[0]["new"] == Incident.objects.get().summary  # type: ignore[attr-defined]


@pytest.mark.req("TSK-02", "INC-07")
def test_parent_is_not_resolved_beside_a_new_task(world: World) -> None:
    for _ in range(5):
        ticket = incident_in("in_progress", world)

        results = at_once(
            partial(resolve, ticket, world.engineer),
            partial(add_task, ticket, world.engineer2),
        )

        found = Incident.objects.get(pk=ticket.pk)
        assert len(done(results)) == 1
        assert (found.state, found.children_open) in [("resolved", 0), ("in_progress", 1)]


@pytest.mark.req("TSK-02")
def test_tasks_that_finish_at_once_are_counted(world: World) -> None:
    ticket = incident_in("in_progress", world)
    tasks = [act(add_task(ticket, world.engineer), "start", world.engineer) for _ in range(4)]
    data = {"close_code": "tier1", "result": "?"}

    results = at_once(
        *(partial(perform, task, "finish", user=world.engineer, data=data) for task in tasks),
    )

    assert len(done(results)) == 4
    found = Ticket.objects.get(pk=ticket.pk)
    assert (found.children_open, found.children_total) == (0, 4)
    assert TimelineEntry.objects.filter(ticket=ticket, action="task_over").count() == 4


@pytest.mark.req("TSK-02")
def test_next_task_is_released_once_when_those_before_finish_at_once(world: World) -> None:
    ticket = incident_in("in_progress", world)
    tasks = [act(add_task(ticket, world.engineer), "start", world.engineer) for _ in range(2)]
    queued = add_task(ticket, world.engineer, in_order="on")

    at_once(*(partial(act, task, "cancel", world.engineer, text="?") for task in tasks))

    queued.refresh_from_db()
    assert queued.state == "assigned"
    assert TimelineEntry.objects.filter(ticket=queued, action="release").count() == 1


@pytest.mark.req("TSK-02")
def test_releasing_the_next_task_and_cancelling_it_do_not_dead_lock(world: World) -> None:
    """Both lock the parent first; otherwise each would hold what the other waits for."""
    for _ in range(5):
        ticket = incident_in("in_progress", world)
        first = act(add_task(ticket, world.engineer), "start", world.engineer)
        queued = add_task(ticket, world.engineer, in_order="on")

        results = at_once(
            partial(act, first, "cancel", world.engineer, text="?"),
            partial(act, queued, "cancel", world.engineer2, text="?"),
        )

        assert len(done(results)) == 2
        assert Ticket.objects.get(pk=ticket.pk).children_open == 0


@pytest.mark.req("TSK-02")
def test_finishing_a_task_and_adding_one_do_not_block_each_other(world: World) -> None:
    ticket = incident_in("in_progress", world)
    task = act(add_task(ticket, world.engineer), "start", world.engineer)

    results = at_once(
        lambda: act(task, "finish", world.engineer, close_code="tier1", result="?"),
        lambda: add_task(ticket, world.engineer2),
        lambda: act(ticket, "comment", world.desk, text="?"),
        lambda: act(ticket, "edit", world.desk, summary="?"),
    )

    assert len(done(results)) == 4
    found = Ticket.objects.get(pk=ticket.pk)
    assert (found.children_open, found.children_total, found.summary) == (1, 2, "?")


@pytest.mark.req("INC-11")
def test_duplicate_marked_while_the_main_ticket_is_resolved_is_not_left_behind(world: World) -> None:
    for _ in range(5):
        main, ticket = incident_in("in_progress", world), incident_in("registered", world)

        at_once(
            partial(resolve, main, world.engineer),
            partial(act, ticket, "mark_duplicate", world.desk, main=main.number),
        )

        found = Incident.objects.get(pk=ticket.pk)
        assert Incident.objects.get(pk=main.pk).state == "resolved"
        assert (found.duplicate_of_id, found.state) in [(None, "registered"), (main.pk, "resolved")]


@pytest.mark.req("INC-11")
def test_two_tickets_do_not_become_duplicates_of_one_another(world: World) -> None:
    for _ in range(5):
        first, second = incident_in("registered", world), incident_in("registered", world)

        results = at_once(
            partial(act, first, "mark_duplicate", world.desk, main=second.number),
            partial(act, second, "mark_duplicate", world.desk2, main=first.number),
        )

        marked = Incident.objects.filter(pk__in=[first.pk, second.pk]).exclude(duplicate_of=None).count()
        assert marked == len(done(results)) <= 1
        assert TicketLink.objects.filter(source__in=[first, second]).count() == marked


@pytest.mark.req("TKT-04")
def test_relations_in_both_directions_at_once_do_not_block(world: World) -> None:
    """Nobody waits for the other: who finds the other ticket locked is told so, and the second try does it."""
    first, second = incident_in("registered", world), incident_in("registered", world)
    jobs = [
        partial(act, first, "link", world.desk, meaning="related_to", target=second.number),
        partial(act, second, "link", world.desk, meaning="related_to", target=first.number),
    ]

    results = at_once(*jobs)
    again = [job() for job, result in zip(jobs, results, strict=True) if isinstance(result, ActionConflict)]

    assert len(done(results)) + len(again) == 2
    assert set(TicketLink.objects.values_list("source", "target")) == {(first.pk, second.pk), (second.pk, first.pk)}


@pytest.mark.req("INC-08", "INC-12")
def test_closing_and_disputing_at_once_does_one_of_them(world: World) -> None:
    ticket = incident_in("resolved", world)

    results = at_once(
        lambda: close(ticket, world.desk),
        lambda: act(ticket, "not_solved", world.requester, text="?"),
    )

    assert len(done(results)) == 1
    assert all(isinstance(result, ActionConflict) for result in results if isinstance(result, ActionError))
    assert Incident.objects.count() == (2 if Incident.objects.get(pk=ticket.pk).close_code_id == "unresolved" else 1)
