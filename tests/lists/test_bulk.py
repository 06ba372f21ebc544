"""Bulk actions do all that can be done and list the rest with reasons: nothing is lost silently (TKT-08)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import World, act, add_task, incident_in, register_incident, unclaimed
from tickets.errors import ActionConflict, ActionForbidden, ActionInvalid, ActionNotFound, TicketChanged
from tickets.models import Ticket, TimelineEntry
from tickets.workspace.bulk import Wanted, bulk_form, choices_for, perform_bulk, tickets_of

pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-08")]


def run(world: World, who: str, name: str, *tickets: Any, **data: Any) -> list[Any]:
    """What became of each."""
    wanted = [Wanted(ticket if isinstance(ticket, str) else ticket.number) for ticket in tickets]
    outcomes, left = perform_bulk(wanted, name, user=world.people[who], data=data)
    assert left == []
    return outcomes


def test_what_can_be_done_is_done_and_the_rest_says_why(world: World) -> None:
    free, taken = unclaimed(world), act(unclaimed(world), "claim", world.engineer2)
    foreign = register_incident(world.desk, group="network")
    registered = register_incident(world.desk)

    outcomes = run(world, "engineer", "claim", free, taken, foreign, registered, "IM000000000000", "nonsense")

    assert [type(outcome.error) for outcome in outcomes] == [
        type(None),
        ActionConflict,
        ActionForbidden,
        ActionForbidden,
        ActionNotFound,
        ActionNotFound,
    ]
    assert all(outcome.reason for outcome in outcomes if not outcome.done)
    assert "Engineer2" in outcomes[1].reason
    assert outcomes[1].summary == taken.summary
    assert Ticket.objects.get(pk=free.pk).assignee == world.engineer
    assert Ticket.objects.get(pk=taken.pk).assignee == world.engineer2


def test_one_that_changed_since_it_was_ticked_is_listed_not_overwritten(world: World) -> None:
    ticket, other = register_incident(world.desk), register_incident(world.desk)
    seen = [Wanted.parse(f"{row.number}@{row.version}") for row in (ticket, other)]
    act(ticket, "assign", world.desk2, group="network")

    outcomes, _left = perform_bulk(seen, "assign", user=world.desk, data={"group": "host"})

    assert [type(outcome.error) for outcome in outcomes] == [TicketChanged, type(None)]
    assert Ticket.objects.get(pk=ticket.pk).group == world.groups["network"]
    assert Ticket.objects.get(pk=other.pk).group == world.groups["host"]


def test_foreign_tickets_read_like_missing_ones(world: World) -> None:
    ticket = register_incident(world.desk)
    [outcome] = run(world, "requester2", "comment", ticket, text="?")
    assert (type(outcome.error), outcome.summary) == (ActionNotFound, "")


def test_wrong_input_is_a_reason_for_each(world: World) -> None:
    tickets = [register_incident(world.desk) for _ in range(2)]
    outcomes = run(world, "desk", "assign", *tickets, group="no-such")
    assert [type(outcome.error) for outcome in outcomes] == [ActionInvalid] * 2
    assert outcomes[0].reason.startswith("Group")
    assert TimelineEntry.objects.filter(action="assign").count() == 0


def test_category_is_changed_and_everything_else_stays(world: World) -> None:
    tickets = [register_incident(world.desk, category="hw", summary=f"S{n}") for n in range(3)]
    outcomes = run(world, "desk", "edit", *tickets, category="sw", nature="", summary="not asked for")
    assert [outcome.done for outcome in outcomes] == [True] * 3
    found = Ticket.objects.order_by("pk").values_list("summary", "category__code")
    assert list(found) == [(f"S{n}", "sw") for n in range(3)]


def test_only_declared_actions_run_in_bulk(world: World) -> None:
    ticket = unclaimed(world)
    [outcome] = run(world, "engineer", "escalate_nothing", ticket)
    [other] = run(world, "desk", "urge", ticket, text="!")
    assert (type(outcome.error), type(other.error)) == (ActionNotFound, ActionNotFound)
    assert Ticket.objects.get(pk=ticket.pk).urge_count == 0


def test_the_bar_offers_what_at_least_one_ticket_allows(world: World) -> None:
    mine = act(unclaimed(world), "claim", world.engineer)
    tickets = [unclaimed(world), unclaimed(world), incident_in("resolved", world)]
    offered = {choice.action.name: choice.count for choice in choices_for([mine, *tickets], world.engineer)}
    assert (offered["claim"], offered["start"], offered["unclaim"], offered["note"]) == (2, 3, 1, 4)
    assert "urge" not in offered


def test_form_asks_only_for_what_is_meant(world: World) -> None:
    ticket = register_incident(world.desk, category="hw")
    actions = ticket.kind_info.actions
    asked = bulk_form(actions["edit"], ticket, world.desk).fields
    assert set(asked) == {"category", "nature", "business_system"}
    assert not any(field.required for field in asked.values())
    form = bulk_form(actions["comment"], ticket, world.desk)
    assert list(form.fields) == ["text"]


def test_budget_stops_in_between_and_says_what_is_left(world: World) -> None:
    tickets = [unclaimed(world) for _ in range(3)]
    wanted = [Wanted(ticket.number) for ticket in tickets]
    outcomes, left = perform_bulk(wanted, "claim", user=world.engineer, data={}, may_go_on=lambda: False)
    assert ([outcome.number for outcome in outcomes], left) == ([tickets[0].number], wanted[1:])
    outcomes, left = perform_bulk(left, "claim", user=world.engineer, data={})
    assert ([outcome.done for outcome in outcomes], left) == ([True, True], [])


def test_kinds_are_mixed(world: World) -> None:
    ticket = incident_in("in_progress", world)
    task: Any = add_task(ticket, world.engineer)
    outcomes = run(world, "engineer", "note", ticket, task, text="both")
    assert [outcome.done for outcome in outcomes] == [True, True]
    assert list(tickets_of([task.number, ticket.number], world.engineer)) == [task.number, ticket.number]
