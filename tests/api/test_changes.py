"""Asking what changed: whatever a ticket's own answer shows moves it, and the token follows the order of commits."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection, transaction

from incidents.models import Incident
from problems.services import join
from tests.api.client import Api
from tests.changes.making import approve, change_in
from tests.factories import (
    World,
    act,
    add_task,
    finish,
    incident_in,
    make_item,
    make_user,
    register_incident,
)
from tests.problems.test_life import raise_problem
from tickets import clock
from tickets.services import log_event

pytestmark = pytest.mark.req("API-02")


def changed(api: Api, since: str) -> tuple[list[str], str]:
    """The numbers of what changed, and where to go on."""
    answer = api.get(f"incidents/?updated_since={quote(since)}&ordering=updated_at")
    return [row["number"] for row in answer.json()["results"]], answer.headers["Changes-Until"]


@pytest.mark.slow
@pytest.mark.django_db
def test_what_is_done_elsewhere_moves_a_ticket_and_its_etag(world: World) -> None:
    api, ticket = Api(world.desk), incident_in("in_progress", world)
    other, twin = register_incident(world.desk), register_incident(world.desk)
    task = add_task(ticket, world.engineer)
    steps: list[tuple[Incident, Any]] = [
        (ticket, lambda: finish(task, world.engineer)),
        (other, lambda: act(ticket, "link", world.desk, meaning="related_to", target=other.number)),
        (other, lambda: act(ticket, "unlink", world.desk, meaning="related_to", target=other.number)),
        (other, lambda: act(twin, "mark_duplicate", world.desk, main=other.number)),
        (other, lambda: act(twin, "unmark_duplicate", world.desk)),
    ]
    for moved, step in steps:
        since = clock.now().isoformat()
        tag = api.get(f"incidents/{moved.number}/").headers["ETag"]
        step()
        assert moved.number in changed(api, since)[0], step
        assert api.get(f"incidents/{moved.number}/").headers["ETag"] != tag


@pytest.mark.slow
@pytest.mark.django_db
def test_links_with_problems_and_changes_and_approvals_move_both(world: World) -> None:
    """The items that a problem takes over from an incident, who raised what, and what is decided."""
    api = Api(make_user("reader", "incident_manager", "problem_manager", "change_manager"))
    item = make_item("GW01")
    incident = incident_in("in_progress", world)
    act(incident, "add_items", world.engineer, items=[item.identifier])
    problem = raise_problem(world)
    change = change_in("approving", world)
    steps: list[tuple[str, Any, Any]] = [
        ("problems", problem, lambda: join(incident=incident, problem=problem, user=world.desk, now=clock.now())),
        ("changes", change, lambda: approve(change, world.approver, now=clock.now())),
    ]
    for slug, moved, step in steps:
        since = clock.now().isoformat()
        tag = api.get(f"{slug}/{moved.number}/").headers["ETag"]
        step()
        answer = api.get(f"{slug}/?updated_since={quote(since)}&ordering=updated_at")
        assert moved.number in [row["number"] for row in answer.json()["results"]], (slug, moved.number)
        assert api.get(f"{slug}/{moved.number}/").headers["ETag"] != tag
    shown = api.get(f"problems/{problem.number}/").json()["items"]
    assert [row["identifier"] for row in shown] == ["GW01"]


@pytest.mark.django_db
def test_every_line_that_is_logged_on_a_ticket_moves_it(world: World) -> None:
    api, ticket = Api(world.desk), register_incident(world.desk)
    since = clock.now()

    log_event(ticket=ticket, event="approval_asked", user=world.desk, now=clock.now(), policy={}, round=1)

    assert changed(api, since.isoformat())[0] == [ticket.number]


@pytest.mark.django_db(transaction=True)
def test_a_step_that_was_still_being_stored_is_not_missed(world: World) -> None:
    api, stored, asked = Api(world.desk), threading.Event(), threading.Event()
    first, second = register_incident(world.desk, summary="slow"), register_incident(world.desk, summary="quick")

    def slow() -> None:
        with transaction.atomic():
            act(first, "note", world.desk, text="slow")
            stored.set()
            asked.wait(20)
        connection.close()

    since = clock.now().isoformat()
    writer = threading.Thread(target=slow)
    writer.start()
    stored.wait(20)
    act(second, "note", world.desk, text="quick")
    seen, until = changed(api, since)
    assert len(seen) == 1
    asked.set()
    writer.join()
    again, _until = changed(api, until)
    assert {Incident.objects.get(number=number).summary for number in [*seen, *again]} == {"slow", "quick"}
