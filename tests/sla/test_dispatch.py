"""The dispatch limit (INC-22): what nobody dispatched is never untimed, and P1 and P2 count from registration."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils.translation import override

from incidents.models import Incident
from notifications.models import Notice
from sla.clocks import timers
from sla.clocks.bars import bars_of
from sla.clocks.explaining import explain
from sla.clocks.history import undispatched
from sla.clocks.rearming import holds_for
from sla.models import Clock, NoticeRule, Policy
from sla.orders import commands
from sla.promises.policies import Draft, Promise, PromiseBook
from sla.promises.whatif import try_policy
from tests.api.client import Api
from tests.factories import MONDAY, World, act, incident_in, register_incident
from tests.sla.calendars import at
from tickets.clock import NO_LIMIT
from tickets.models import Ticket, TimelineEntry
from tickets.queues.limits import chip_of
from tickets.workspace.pages import handling_facts

pytestmark = [pytest.mark.django_db, pytest.mark.req("INC-22"), pytest.mark.usefixtures("english")]

MINUTE, INSTANT = timedelta(minutes=1), timedelta(microseconds=1)
P1: dict[str, Any] = {"impact": "I1"}


@pytest.fixture
def english() -> Iterator[None]:
    """Names of limits in one language, whatever was read before."""
    with override("en"):
        yield


def dispatches(ticket: Any) -> list[Clock]:
    return list(Clock.objects.filter(ticket_id=ticket.pk, metric="dispatch").order_by("round"))


def reloaded(ticket: Any) -> Any:
    return Incident.objects.get(pk=ticket.pk)


def told(ticket: Any, event: str) -> list[str]:
    return sorted(Notice.objects.filter(ticket_id=ticket.pk, event=event).values_list("key", flat=True))


def readers(ticket: Any, event: str) -> set[str]:
    found = Notice.objects.filter(ticket_id=ticket.pk, event=event)
    return set(found.values_list("deliveries__recipient__username", flat=True)) - {None}


def pass_at(moment: Any) -> None:
    timers.fire_due(now=moment)
    commands.run_due(now=moment + INSTANT)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("impact", "begin", "due"),
    [
        ("I1", "2026-03-07 23:00", "2026-03-07 23:05"),  # a Saturday night
        ("I2", "2026-03-07 23:00", "2026-03-07 23:05"),
        ("I3", "2026-03-06 17:50", "2026-03-09 09:20"),
        ("I4", "2026-03-06 17:00", "2026-03-09 10:00"),
    ],
)
def test_every_priority_has_a_limit_to_be_dispatched_in(world: World, impact: str, begin: str, due: str) -> None:
    ticket = register_incident(world.desk, now=at(begin), impact=impact, requester="requester")

    assert (ticket.queue_due_at, ticket.planned_response_at) == (at(due), None)
    chip = chip_of(ticket, at(begin))
    assert (str(chip.label), chip.due) == ("Dispatch", at(due))
    assert [bar.due for bar in bars_of(ticket, at(begin))] == [at(due), None, None]
    assert [each.clock.metric for each in explain(ticket, at(begin) + MINUTE)] == ["dispatch"]
    late = at(due) + INSTANT
    assert chip_of(ticket, late).tone == "late"
    assert Ticket.objects.live().filter(pk=ticket.pk, queue_due_at__lt=late).exists()
    pass_at(late)
    assert reloaded(ticket).escalated_at is not None  # on the board, until somebody acts
    assert {"desk", "desk2"} <= readers(ticket, "limit_passed")


def test_it_stops_when_a_group_has_it_and_starts_again_at_every_return(world: World) -> None:
    ticket = register_incident(world.desk, now=MONDAY, impact="I3")
    ticket = act(ticket, "assign", world.desk, now=MONDAY + 31 * MINUTE, group="host", assignee="engineer")
    assert [(c.state, c.met) for c in dispatches(ticket)] == [("stopped", False)]
    assert ticket.dispatched_in_time is False
    ticket = act(ticket, "start", world.engineer, now=MONDAY + 32 * MINUTE)
    facts = {str(row["label"]): row["value"] for row in handling_facts(ticket)}
    assert (ticket.responded_in_time, facts["Responded in time"]) == (True, "Yes, but dispatched late")
    planned = ticket.planned_completion_at

    ticket = act(ticket, "return_to_desk", world.engineer, now=MONDAY + 40 * MINUTE, text="?")
    assert ticket.queue_due_at == MONDAY + 70 * MINUTE < planned
    assert str(chip_of(ticket, MONDAY + 40 * MINUTE).label) == "Dispatch"
    ticket = act(ticket, "assign", world.desk, now=MONDAY + 45 * MINUTE, group="host", assignee="engineer")

    assert [(c.round, c.state, c.met) for c in dispatches(ticket)] == [(1, "stopped", False), (2, "stopped", True)]
    assert (ticket.dispatched_in_time, ticket.queue_due_at) == (True, planned)


def test_a_ticket_registered_with_its_group_needs_no_dispatch(world: World) -> None:
    ticket = register_incident(world.desk, now=MONDAY, group="host", **P1)

    assert (dispatches(ticket), ticket.dispatched_in_time) == ([], None)


def test_the_desk_that_rejects_has_decided_in_time(world: World) -> None:
    ticket = register_incident(world.desk, now=MONDAY, impact="I3", requester="requester")
    ticket = act(ticket, "reject", world.desk, now=MONDAY + MINUTE, reject_reason="out_of_scope", text="?")

    assert [(c.state, c.met) for c in dispatches(ticket)] == [("stopped", True)]


@pytest.mark.req("SLM-06")
class TestNotResponded:
    """6.7 of the source: P1 and P2 five minutes after registration, whatever the state."""

    def rule(self, priority: str = "P1") -> NoticeRule:
        return NoticeRule.objects.get(priority=priority, on="not_responded")

    @pytest.mark.slow
    def test_what_nobody_dispatched_is_told_like_what_nobody_answered(self, world: World) -> None:
        ticket = register_incident(world.desk, now=MONDAY, **P1)
        pass_at(MONDAY + 5 * MINUTE)
        assert told(ticket, "not_responded") == []
        pass_at(MONDAY + 5 * MINUTE + INSTANT)
        keys = [f"response.notice:{self.rule().pk}:{ticket.pk}:sla:1"]
        assert told(ticket, "not_responded") == keys

        ticket = act(reloaded(ticket), "assign", world.desk, now=MONDAY + 6 * MINUTE, group="host")
        for minute in range(7, 20):
            pass_at(MONDAY + minute * MINUTE)
        assert told(ticket, "not_responded") == keys  # once
        lines = TimelineEntry.objects.filter(ticket_id=ticket.pk, action__startswith="clock_notice")
        assert [(line.action, line.data["minutes"]) for line in lines] == [("clock_notice_dispatch", 5)]

    def test_dispatched_after_four_minutes_it_is_told_after_five(self, world: World) -> None:
        ticket = register_incident(world.desk, now=MONDAY, **P1)
        ticket = act(ticket, "assign", world.desk, now=MONDAY + 4 * MINUTE, group="host")
        assert ticket.planned_response_at == MONDAY + 9 * MINUTE  # the response itself as the source has it
        pass_at(MONDAY + 5 * MINUTE + INSTANT)

        assert len(told(ticket, "not_responded")) == 1
        line = TimelineEntry.objects.get(ticket_id=ticket.pk, action="clock_notice_response")
        assert line.data["minutes"] == 5

    def test_raised_to_p2_it_tells_like_registering_it(self, world: World) -> None:
        ticket = register_incident(world.desk, now=MONDAY, impact="I4")
        ticket = act(ticket, "check_priority", world.desk, now=MONDAY + 20 * MINUTE, impact="I2")
        assert len(told(ticket, "declared")) == 1
        pass_at(MONDAY + 20 * MINUTE + INSTANT)

        assert len(told(ticket, "not_responded")) == 1
        assert {"manager", "lead"} <= readers(ticket, "not_responded")
        assert [c.breached_at for c in dispatches(ticket)] == [MONDAY + 5 * MINUTE]

    def test_what_was_answered_and_came_back_is_not_told_again(self, world: World) -> None:
        ticket = incident_in("in_progress", world, now=MONDAY, **P1)
        ticket = act(ticket, "return_to_desk", world.engineer, now=MONDAY + 3 * MINUTE, text="?")
        for minute in range(4, 12):
            pass_at(MONDAY + minute * MINUTE)

        assert told(ticket, "not_responded") == []
        assert len(told(ticket, "limit_passed")) == 1

    def test_others_count_from_their_dispatch(self, world: World) -> None:
        ticket = register_incident(world.desk, now=MONDAY, impact="I3")
        pass_at(MONDAY + 45 * MINUTE)

        assert told(ticket, "not_responded") == []

    def test_an_edited_rule_holds_for_what_nobody_dispatched(self, world: World) -> None:
        register_incident(world.desk, now=MONDAY, group="host", **P1)
        before = holds_for(self.rule(), now=MONDAY + MINUTE).count
        dispatched = Ticket.objects.filter(kind="task", state="assigned")
        earlier = dispatched.count()
        register_incident(world.desk, now=MONDAY, **P1)

        given_out = dispatched.count() - earlier
        assert given_out == 2  # the channel to its leader, telling users to the desk; the others wait with the ticket
        assert holds_for(self.rule(), now=MONDAY + MINUTE).count == before + given_out + 1


@pytest.mark.slow
def test_programs_and_what_if_see_it_too(world: World) -> None:
    policy = Policy.objects.get(is_default=True, kind="ola").code
    ticket = register_incident(world.desk, now=MONDAY, impact="I3", requester="requester")
    act(ticket, "assign", world.desk, now=MONDAY + 20 * MINUTE, group="host")
    waiting = register_incident(world.desk, now=MONDAY, impact="I3")

    answer = Api(world.desk).get(f"tickets/{ticket.number}/clocks/").json()
    rows = [(row["agreement"], row["metric"], row["met"]) for row in answer["results"]]
    assert ("ola", "dispatch", True) in rows
    assert Api(world.desk).get(f"incidents/{ticket.number}/").json()["dispatched_in_time"] is True
    assert "dispatched_in_time" not in Api(world.requester).get(f"incidents/{ticket.number}/").json()
    assert [life.clock.due_at for life in undispatched(waiting, PromiseBook())] == [MONDAY + 30 * MINUTE]
    assert undispatched(reloaded(ticket), PromiseBook()) == []
    assert reloaded(waiting).queue_due_at != NO_LIMIT
    assert _tried(policy, 15) == {"OLA · Dispatch": [1, 0, 0, 1]}


def _tried(code: str, minutes: int) -> dict[str, list[int]]:
    draft = Draft((Promise("dispatch", "24x7", minutes),))
    trial = try_policy(Policy.objects.get(code=code), draft, MONDAY, MONDAY + timedelta(days=1))
    return dict(trial.as_json()["tables"]["metric"])
