"""``perform`` is the one door: order of checks, versions, one transaction, what it logs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from incidents.models import Incident
from tests.factories import MONDAY, World, act, incident_in, last_entry, unclaimed
from tickets.actions import perform
from tickets.errors import ActionConflict, ActionForbidden, ActionInvalid, ActionNotFound, TicketChanged
from tickets.models import Ticket, TimelineEntry
from tickets.signals import action_performed

pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-06")]


@pytest.fixture
def ticket(world: World) -> Incident:
    return incident_in("in_progress", world)


@pytest.fixture
def heard() -> Iterator[list[dict[str, Any]]]:
    """What the signal says, in order."""
    calls: list[dict[str, Any]] = []

    def listen(sender: Any, **context: Any) -> None:
        calls.append(context | {"sender": sender})

    action_performed.connect(listen)
    yield calls
    action_performed.disconnect(listen)


@pytest.mark.parametrize("name", ["no_such_action", "state", "save", "delete", "fill", "__init__"])
def test_only_declared_actions_are_done(world: World, ticket: Incident, name: str) -> None:
    with pytest.raises(ActionNotFound):
        act(ticket, name, world.desk)


@pytest.mark.req("ORG-03")
def test_ticket_that_is_not_seen_does_not_exist(world: World, ticket: Incident) -> None:
    messages = []
    for stranger, name in ((world.requester2, "comment"), (world.requester2, "no_such_action")):
        with pytest.raises(ActionNotFound) as refused:
            act(ticket, name, stranger, text="?")
        messages.append(str(refused.value.message))

    assert len(set(messages)) == 1


def test_nobody_is_not_the_portal(ticket: Incident) -> None:
    with pytest.raises(ActionForbidden):
        act(ticket, "comment", None, text="?")


def test_who_is_asked_before_when_and_when_before_what(world: World, ticket: Incident) -> None:
    with pytest.raises(ActionForbidden):  # and the state is wrong, and the input
        act(ticket, "claim", world.expert)
    with pytest.raises(ActionConflict):  # and the input is wrong
        act(ticket, "close", world.desk, satisfaction="no-such")
    with pytest.raises(TicketChanged):  # and the input is wrong
        perform(ticket, "resolve", user=world.engineer, version=ticket.version - 1)
    with pytest.raises(ActionInvalid):
        act(ticket, "resolve", world.engineer)


@pytest.mark.req("TKT-07")
def test_old_version_is_refused_with_the_ticket_as_it_stands(world: World, ticket: Incident) -> None:
    act(ticket, "edit", world.desk, summary="新的摘要")

    with pytest.raises(TicketChanged) as refused:
        perform(ticket, "edit", user=world.engineer, data={"summary": "旧页面"}, version=ticket.version)

    assert (refused.value.ticket.summary, refused.value.ticket.version) == ("新的摘要", ticket.version + 1)
    assert Incident.objects.get().summary == "新的摘要"


@pytest.mark.req("TKT-07")
@pytest.mark.parametrize("name", ["comment", "note", "watch", "add_task"])
def test_what_cannot_overwrite_is_not_refused_for_an_old_version(world: World, ticket: Incident, name: str) -> None:
    act(ticket, "edit", world.desk, summary="新的摘要")
    data = {"text": "补充", "summary": "任务", "group": "host"}

    perform(ticket, name, user=world.engineer, data=data, version=ticket.version)

    assert last_entry(ticket).action == name


@pytest.mark.req("TKT-07")
def test_current_version_passes_and_the_next_one_is_told(world: World, ticket: Incident) -> None:
    entry = perform(ticket, "edit", user=world.engineer, data={"summary": "x"}, version=ticket.version)

    assert (entry.ticket.version, entry.version) == (ticket.version + 1, ticket.version + 1)


def test_locked_row_counts_not_the_copy(world: World) -> None:
    """A stale copy of the ticket is no way around the state."""
    stale = incident_in("assigned", world)
    act(stale, "start", world.engineer)

    with pytest.raises(ActionConflict):
        act(stale, "start", world.engineer)


def test_changes_of_a_copy_are_not_smuggled_in(world: World, ticket: Incident) -> None:
    ticket.summary, ticket.priority_id = "夹带", "P1"
    act(ticket, "comment", world.engineer, text="?")

    assert Incident.objects.get().summary == "主机无法登录"


def test_conflict_names_the_state_and_what_is_possible(world: World) -> None:
    ticket = unclaimed(world)
    with pytest.raises(ActionConflict) as refused:
        act(ticket, "resolve", world.engineer)

    assert str(ticket.state_label) in str(refused.value.message)
    assert {"claim", "start", "hand_over"} <= set(refused.value.possible)


@pytest.mark.req("TKT-03")
def test_every_step_is_logged_with_kind_person_time_old_and_new(world: World, ticket: Incident) -> None:
    perform(ticket, "edit", user=world.desk, data={"summary": "新"}, via="api", now=MONDAY)

    entry = last_entry(ticket)
    assert (entry.action, entry.actor, entry.at, entry.via) == ("edit", world.desk, MONDAY, "api")
    assert entry.changes == [{"field": "summary", "old": "主机无法登录", "new": "新"}]


@pytest.mark.req("TKT-03")
def test_named_rows_are_logged_with_their_names_of_that_day(world: World, ticket: Incident) -> None:
    act(ticket, "hand_over", world.engineer, group="network", text="?")
    world.groups["network"].name_zh = "新名称"
    world.groups["network"].save()

    group = {change["field"]: change["new"] for change in last_entry(ticket).changes}["group"]
    assert group == {"id": "network", "zh": "network", "en": "network"}


def test_time_is_the_database_s_and_passed_on(world: World, heard: list[dict[str, Any]]) -> None:
    ticket = incident_in("registered", world)
    act(ticket, "comment", world.desk, now=MONDAY + timedelta(days=1), text="?")

    assert heard[-1]["now"] == heard[-1]["entry"].at == MONDAY + timedelta(days=1)
    assert heard[0]["now"] == heard[0]["entry"].at == ticket.created_at


def test_signal_says_what_was_done(world: World, ticket: Incident, heard: list[dict[str, Any]]) -> None:
    act(ticket, "comment", world.desk, text="?")

    [call] = heard
    assert (call["sender"], call["ticket"].pk, call["action"].name, call["user"]) == (
        Incident,
        ticket.pk,
        "comment",
        world.desk,
    )


def test_error_in_a_listener_undoes_the_action(world: World, ticket: Incident) -> None:
    def fail(sender: Any, **context: Any) -> None:
        raise RuntimeError("listener")

    action_performed.connect(fail)
    try:
        with pytest.raises(RuntimeError, match="listener"):
            act(ticket, "edit", world.desk, summary="新")
    finally:
        action_performed.disconnect(fail)

    assert Incident.objects.get().summary == "主机无法登录"
    assert last_entry(ticket).action == "start"


def test_refusals_are_silent(world: World, ticket: Incident, heard: list[dict[str, Any]]) -> None:
    before = Ticket.objects.values().get()
    for name, user in (("close", world.desk), ("claim", world.expert), ("resolve", world.engineer)):
        with pytest.raises((ActionConflict, ActionForbidden, ActionInvalid)):
            act(ticket, name, user)

    assert heard == []
    assert (Ticket.objects.values().get(), TimelineEntry.objects.count()) == (before, 3)


@pytest.mark.req("API-01")
def test_programs_are_told_about_unknown_fields_and_pages_are_not(world: World, ticket: Incident) -> None:
    data = {"text": "?", "state": "closed"}
    with pytest.raises(ActionInvalid) as refused:
        perform(ticket, "comment", user=world.desk, data=data, via="api")
    assert list(refused.value.form.errors) == ["state"]

    assert perform(ticket, "comment", user=world.desk, data=data).ticket.state == "in_progress"
