"""Duplicates, linked by hand: resolving the main ticket resolves them too (INC-11)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from incidents.by_itself.by_portal import SAME_EVENT
from incidents.models import Incident
from notifications.models import Notice
from sla.models import Clock
from tasks.models import Task
from tests.api.client import Api
from tests.factories import (
    MONDAY,
    World,
    act,
    add_task,
    incident_in,
    last_entry,
    register_incident,
    resolve,
    unclaimed,
)
from tickets.errors import ActionConflict, ActionForbidden, ActionInvalid
from tickets.models import TicketLink

pytestmark = [pytest.mark.django_db, pytest.mark.req("INC-11")]


@pytest.fixture
def main(world: World) -> Any:
    return incident_in("in_progress", world)


def test_mark_links_both(world: World, main: Any) -> None:
    duplicate = act(incident_in("registered", world), "mark_duplicate", world.desk, main=main.number)

    assert (duplicate.duplicate_of.pk, duplicate.state) == (main.pk, "registered")
    links = TicketLink.objects.values_list("source", "target", "meaning")
    assert list(links) == [(duplicate.pk, main.pk, "duplicate_of")]
    assert last_entry(duplicate).changes == [
        {"field": "duplicate_of", "old": None, "new": {"id": main.number, "zh": str(main), "en": str(main)}}
    ]
    assert (last_entry(main).action, last_entry(main).data) == (
        "linked",
        {"number": duplicate.number, "meaning": "duplicate_of"},
    )


@pytest.mark.parametrize("state", ["registered", "assigned", "in_progress", "pending"])
def test_resolving_the_main_ticket_resolves_duplicates(world: World, main: Any, state: str) -> None:
    duplicate = act(incident_in(state, world), "mark_duplicate", world.desk, main=main.number)

    resolve(main, world.engineer, now=MONDAY)

    duplicate.refresh_from_db()
    assert (duplicate.state, duplicate.phase, duplicate.resolved_at) == ("resolved", "resolved", MONDAY)
    assert (duplicate.cause, duplicate.handling, duplicate.close_code_id) == ("磁盘已满", "清理日志", "tier1")
    assert (duplicate.resolved_by, duplicate.waiting_since) == (world.engineer, None)
    entry = last_entry(duplicate)
    assert (entry.action, entry.actor, entry.via) == ("resolve_with_main", None, "system")
    assert (entry.state_from, entry.is_public) == (state, True)


@pytest.mark.req("ORG-03")
def test_nothing_is_copied_to_another_customer(world: World, main: Any) -> None:
    """What was found and done may name systems and people of the other."""
    foreign = incident_in("registered", world, requester="requester2")
    act(foreign, "mark_duplicate", world.desk, main=main.number)

    resolve(main, world.engineer, now=MONDAY)

    foreign.refresh_from_db()
    assert (foreign.state, foreign.close_code_id, foreign.cause) == ("resolved", "tier1", "")
    assert foreign.handling == SAME_EVENT
    answer = Api(world.requester2).get(f"incidents/{foreign.number}/").content.decode()
    timeline = Api(world.requester2).get(f"incidents/{foreign.number}/timeline/").content.decode()
    for hidden in ("磁盘已满", "清理日志", main.number):
        assert hidden not in answer + timeline


def test_resolving_leaves_duplicates_that_are_over_alone(world: World, main: Any) -> None:
    duplicate = act(incident_in("registered", world), "mark_duplicate", world.desk, main=main.number)
    act(duplicate, "reject", world.desk, reject_reason="duplicate", text="同一事件")

    resolve(main, world.engineer)

    assert Incident.objects.get(pk=duplicate.pk).state == "closed"


def test_resolving_leaves_other_tickets_alone(world: World, main: Any) -> None:
    other = incident_in("in_progress", world)

    resolve(main, world.engineer)

    assert Incident.objects.get(pk=other.pk).state == "in_progress"


def test_duplicate_is_resolved_by_itself_too(world: World, main: Any) -> None:
    duplicate = act(incident_in("in_progress", world), "mark_duplicate", world.desk, main=main.number)

    assert resolve(duplicate, world.engineer).state == "resolved"
    assert Incident.objects.get(pk=main.pk).state == "in_progress"


def test_mark_is_taken_back(world: World, main: Any) -> None:
    duplicate = act(incident_in("registered", world), "mark_duplicate", world.desk, main=main.number)
    freed = act(duplicate, "unmark_duplicate", world.desk)

    assert (freed.duplicate_of, TicketLink.objects.count()) == (None, 0)
    resolve(main, world.engineer)
    assert Incident.objects.get(pk=freed.pk).state == "registered"


@pytest.mark.parametrize("state", ["resolved", "closed"])
def test_main_ticket_must_be_unresolved(world: World, state: str) -> None:
    over, ticket = incident_in(state, world), incident_in("registered", world)

    with pytest.raises(ActionInvalid):
        act(ticket, "mark_duplicate", world.desk, main=over.number)


def test_no_chains_and_no_circles(world: World, main: Any) -> None:
    duplicate = act(incident_in("registered", world), "mark_duplicate", world.desk, main=main.number)
    third = incident_in("registered", world)

    for ticket, other in ((third, duplicate), (main, third), (main, duplicate), (third, third)):
        with pytest.raises(ActionInvalid):
            act(ticket, "mark_duplicate", world.desk, main=other.number)
    assert Incident.objects.exclude(duplicate_of=None).count() == 1


def test_marked_ticket_is_not_marked_again(world: World, main: Any) -> None:
    duplicate = act(incident_in("registered", world), "mark_duplicate", world.desk, main=main.number)

    with pytest.raises(ActionConflict):
        act(duplicate, "mark_duplicate", world.desk, main=main.number)
    with pytest.raises(ActionConflict):
        act(main, "unmark_duplicate", world.desk)


def test_requesters_do_not_mark(world: World, main: Any) -> None:
    with pytest.raises(ActionForbidden):
        act(unclaimed(world), "mark_duplicate", world.requester, main=main.number)


@pytest.mark.req("INC-07", "INC-22")
def test_duplicate_with_an_open_task_goes_on_by_itself(world: World, main: Any) -> None:
    """Whoever works on it finishes the tasks; until then its clocks count again."""
    duplicate = act(incident_in("in_progress", world), "mark_duplicate", world.desk, main=main.number)
    add_task(duplicate, world.engineer)

    resolve(main, world.engineer)

    left = Incident.objects.get(pk=duplicate.pk)
    assert (left.state, left.duplicate_of, last_entry(left).action) == ("in_progress", None, "go_on_alone")
    assert {clock.state for clock in Clock.objects.filter(ticket=left, stopped_at=None)} == {"running"}


@pytest.mark.req("INC-22")
@pytest.mark.parametrize(
    ("who", "action", "data"),
    [("desk", "reject", {"reject_reason": "out_of_scope", "text": "?"}), ("requester", "withdraw", {"text": "?"})],
)
def test_duplicates_of_what_ends_without_a_solution_go_on(
    world: World, who: str, action: str, data: dict[str, Any]
) -> None:
    main = incident_in("assigned", world)
    duplicate = act(incident_in("assigned", world), "mark_duplicate", world.desk, main=main.number)
    assert Clock.objects.get(ticket=duplicate, metric="response", agreement="sla").state == "paused"

    act(main, action, world.people[who], **data)

    left = Incident.objects.get(pk=duplicate.pk)
    assert (left.state, left.duplicate_of, last_entry(left).action) == ("assigned", None, "go_on_alone")
    assert Clock.objects.get(ticket=left, metric="response", agreement="sla").state == "running"
    assert not TicketLink.objects.filter(source=left).exists()
    assert Notice.objects.filter(ticket_id=left.pk, event="assigned").count() == 2


@pytest.mark.req("MAJ-02", "INC-22")
def test_first_tasks_of_an_emergency_that_is_a_duplicate_lapse(world: World) -> None:
    """Else they raise alarms for what its main ticket solves."""
    main, urgent = incident_in("in_progress", world, impact="I1"), register_incident(world.desk, impact="I1")

    act(urgent, "mark_duplicate", world.desk, main=main.number)

    assert set(Task.objects.filter(parent_id=urgent.pk).values_list("state", flat=True)) == {"cancelled"}
    assert set(Task.objects.filter(parent_id=main.pk).values_list("state", flat=True)) == {"assigned"}


@pytest.mark.req("INC-04")
def test_only_who_may_lower_a_priority_lets_it_follow_a_slower_ticket(world: World, main: Any) -> None:
    urgent = incident_in("in_progress", world, impact="I2")
    for person in (world.engineer, world.desk):
        with pytest.raises(ActionInvalid) as refused:
            act(urgent, "mark_duplicate", person, main=main.number)
        assert main.number in str(refused.value.form.errors["main"])

    with pytest.raises(ActionInvalid) as asked:
        act(urgent, "mark_duplicate", world.manager, main=main.number)
    assert list(asked.value.form.errors) == ["slower"]
    assert [field.name for field in asked.value.form.visible_fields()] == ["main", "slower"]
    marked = act(urgent, "mark_duplicate", world.manager, main=main.number, slower="on")
    assert (marked.duplicate_of.pk, "slower" in last_entry(marked).data) == (main.pk, False)
    slow, other = incident_in("in_progress", world), incident_in("assigned", world, impact="I2")
    assert act(slow, "mark_duplicate", world.desk, main=other.number).duplicate_of.pk == other.pk


def test_its_head_leads_to_the_main_ticket(world: World, main: Any) -> None:
    duplicate = act(incident_in("assigned", world), "mark_duplicate", world.desk, main=main.number)
    page = Client()
    page.force_login(world.desk)

    text = page.get(duplicate.get_absolute_url()).content.decode()

    assert f'href="{main.get_absolute_url()}"' in text[text.index("ticket-facts") : text.index("ticket-title")]
