"""Taking a step back is a true inverse for state, clocks, what waits to be told, and the log (UX-01, INC-22)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils.translation import override

from incidents.models import Incident
from notifications.models import Delivery, Notice
from sla.clocks import timers
from sla.models import Clock, PolicyVersion
from sla.orders import commands
from sla.promises.whatif import courses
from tests.factories import MONDAY, World, act, incident_in, register_incident, unclaimed
from tests.sla.test_clocks import office_policy
from tickets.actions import perform
from tickets.models import TimelineEntry
from tickets.timeline import entries_for, present
from tickets.workspace.undo import undo_step

pytestmark = [pytest.mark.django_db, pytest.mark.req("UX-01", "INC-22")]

MINUTE, INSTANT = timedelta(minutes=1), timedelta(microseconds=1)
#: What a ticket or clock says of itself although a step was taken back.
TICKET = {"version", "updated_at", "ticket_ptr_id"}
CLOCK = {"id", "settled_at", "gen", "next_fire_at"}


def image(ticket: Any) -> dict[str, Any]:
    """The ticket, and how its clocks will go on, as if nothing happens any more."""
    row = Incident.objects.filter(pk=ticket.pk).values().get()
    clocks = Clock.objects.filter(ticket_id=ticket.pk).exclude(excuse="taken_back")
    found = {
        (c.agreement, c.metric, c.group_id): (c.state, c.due_at, c.target, c.breached_at, c.stopped_at, c.met, c.basis)
        for c in clocks
    }
    armed = sorted(clocks.filter(timers__state="armed").values_list("metric", "timers__rule", "timers__fire_at"))
    return {**{key: value for key, value in row.items() if key not in TICKET}, "clocks": found, "armed": armed}


#: State to begin in, who does what, with what.
STEPS: list[tuple[str, str, str, dict[str, Any]]] = [
    ("registered", "assign", "desk", {"group": "host", "assignee": "engineer"}),
    ("assigned", "assign", "desk", {"group": "network"}),
    ("assigned", "hand_over", "desk", {"group": "network", "text": "?"}),
    ("assigned", "escalate", "desk", {"group": "host-l2", "text": "?"}),
    ("in_progress", "wait", "engineer", {"wait_reason": "requester", "wait_until": "2099-01-01T00:00"}),
    ("in_progress", "wait", "engineer", {"wait_reason": "vendor", "wait_until": "2099-01-01T00:00"}),
    ("registered", "check_priority", "desk", {"impact": "I3"}),
    ("in_progress", "change_priority", "manager", {"impact": "I3", "text": "?", "assignee": "engineer"}),
    ("in_progress", "edit", "desk", {"summary": "another"}),
    ("registered", "edit", "desk", {"nature": "consultation"}),
]


@pytest.mark.parametrize(
    ("state", "name", "who", "data"), STEPS, ids=lambda value: value if isinstance(value, str) else ""
)
@pytest.mark.parametrize("on_change", PolicyVersion.OnChange.values)
def test_a_step_taken_back_is_as_if_it_had_not_been(
    world: World, state: str, name: str, who: str, data: dict[str, Any], on_change: str
) -> None:
    office_policy(world, on_change=on_change)
    ticket = incident_in(state, world, now=MONDAY)
    before, begin = image(ticket), MONDAY + 10 * MINUTE
    entry = perform(ticket, name, user=world.people[who], data=data, now=begin)
    pass_at(begin + MINUTE)

    back = undo_step(entry, user=world.people[who], now=begin + 2 * MINUTE, at=begin + 2 * MINUTE)

    assert image(back.ticket) == before
    assert (back.action, back.data["step"], back.state_to) == ("taken_back", name, state)
    waiting = Delivery.objects.filter(notice__key__endswith=f":{entry.pk}", status="pending")
    assert not waiting.exists()
    with override("en"):
        line = present(entries_for(back.ticket, world.desk).filter(pk=back.pk), world.desk, back.ticket.kind_info)[0]
    assert line.title.startswith("took back: ")


def pass_at(moment: Any) -> None:
    timers.fire_due(now=moment)
    commands.run_due(now=moment + INSTANT)


def test_no_false_alarm_after_a_p1_was_given_back_to_the_desk(world: World) -> None:
    ticket = register_incident(world.desk, now=MONDAY, impact="I1")
    entry = perform(ticket, "assign", user=world.desk, data={"group": "host"}, now=MONDAY + MINUTE)
    undo_step(entry, user=world.desk, now=MONDAY + 2 * MINUTE, at=MONDAY + 2 * MINUTE)
    for minute in range(3, 12):
        pass_at(MONDAY + minute * MINUTE)

    told = Notice.objects.filter(ticket_id=ticket.pk, event__in=["limit_near", "limit_passed", "not_responded"])
    assert {row.payload["metric"] for row in told} == {"dispatch"}
    assert not TimelineEntry.objects.filter(ticket_id=ticket.pk, action="return_to_desk").exists()
    assert Notice.objects.filter(ticket_id=ticket.pk, event="returned").count() == 0


def test_assigned_again_it_is_measured_from_then(world: World) -> None:
    ticket = register_incident(world.desk, now=MONDAY, impact="I3")
    entry = perform(ticket, "assign", user=world.desk, data={"group": "host"}, now=MONDAY + MINUTE)
    back = undo_step(entry, user=world.desk, now=MONDAY + 2 * MINUTE, at=MONDAY + 2 * MINUTE)
    again = act(back.ticket, "assign", world.desk, now=MONDAY + 5 * MINUTE, group="network")

    assert again.planned_response_at == MONDAY + 35 * MINUTE
    [(_ticket, course, steps)] = courses(MONDAY, MONDAY + 60 * MINUTE)
    assert [step.action for step in steps] == ["register", "assign"]
    assert course.rounds == ()


@pytest.mark.req("INC-13")
def test_what_was_escalated_is_escalated_again(world: World) -> None:
    ticket = unclaimed(world, now=MONDAY, impact="I3")
    pass_at(MONDAY + 31 * MINUTE)
    ticket = Incident.objects.get(pk=ticket.pk)
    since = ticket.escalated_at
    entry = perform(ticket, "claim", user=world.expert, now=MONDAY + 32 * MINUTE)
    assert entry.ticket.escalated_at is None
    back = undo_step(entry, user=world.expert, now=MONDAY + 33 * MINUTE, at=MONDAY + 33 * MINUTE)

    assert (back.ticket.assignee, back.ticket.escalated_at) == (None, since)
