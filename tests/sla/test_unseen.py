"""A promise never stops or vanishes unseen (INC-22): waits, hand-backs, leavers, duplicates, complaints, verdicts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from incidents.models import Incident
from notifications.models import Notice
from sla.boards import not_carried_out
from sla.clocks import timers
from sla.clocks.history import Course, replay
from sla.models import Clock, Command
from sla.orders import commands
from sla.promises.policies import PromiseBook
from tests.factories import MONDAY, World, act, incident_in, register_incident, resolve, unclaimed, wait
from tests.sla.calendars import at
from tickets.actions import available_actions
from tickets.errors import ActionConflict, ActionInvalid
from tickets.models import TicketLink, TimelineEntry

pytestmark = [pytest.mark.django_db, pytest.mark.req("INC-22")]

MINUTE, HOUR, INSTANT = timedelta(minutes=1), timedelta(hours=1), timedelta(microseconds=1)


def pass_at(moment: Any) -> None:
    timers.fire_due(now=moment)
    commands.run_due(now=moment + INSTANT)


def reloaded(ticket: Any) -> Any:
    return Incident.objects.get(pk=ticket.pk)


def clock_of(ticket: Any, metric: str, agreement: str = "sla") -> Clock:
    return Clock.objects.filter(ticket_id=ticket.pk, metric=metric, agreement=agreement).latest("pk")


def readers(ticket: Any, event: str) -> set[str]:
    found = Notice.objects.filter(ticket_id=ticket.pk, event=event)
    return set(found.values_list("deliveries__recipient__username", flat=True)) - {None}


# --- B4: waits end ---------------------------------------------------------------------------------------------------
class TestWaiting:
    UNTIL = "2026-11-23T10:00"

    def waiting(self, world: World, reason: str) -> Any:
        ticket = incident_in("in_progress", world, now=MONDAY)
        return wait(ticket, world.engineer, now=MONDAY + 10 * MINUTE, wait_reason=reason, wait_until=self.UNTIL)

    def test_it_goes_on_by_itself_where_the_reason_says_so(self, world: World) -> None:
        ticket = self.waiting(world, "requester")
        planned = ticket.planned_completion_at
        pass_at(at("2026-11-23 09:59"))
        assert reloaded(ticket).state == "pending"
        pass_at(at("2026-11-23 10:03"))
        ticket = reloaded(ticket)

        assert (ticket.state, ticket.wait_reason, ticket.wait_until) == ("in_progress", None, None)
        assert readers(ticket, "wait_over") == {"engineer"}
        assert ticket.queue_due_at == planned + 50 * MINUTE  # from the end that was given, not when the engine came
        assert Command.objects.get(kind="wait_over").outcome == "resumed"

    def test_else_people_are_reminded_and_the_clocks_count(self, world: World) -> None:
        ticket = self.waiting(world, "vendor")
        pass_at(at("2026-11-23 10:01"))
        ticket = reloaded(ticket)

        assert (ticket.state, readers(ticket, "wait_over")) == ("pending", {"engineer"})
        assert clock_of(ticket, "resolve").state == "running"

    def test_who_resumes_by_hand_is_not_told(self, world: World) -> None:
        ticket = self.waiting(world, "requester")
        ticket = act(ticket, "resume", world.engineer, now=MONDAY + 30 * MINUTE)
        pass_at(at("2026-11-23 10:01"))

        assert Command.objects.get(kind="wait_over").state == "cancelled"
        assert readers(ticket, "wait_over") == set()

    @pytest.mark.req("INC-08")
    def test_the_requesters_answer_tells_and_one_key_resumes(self, world: World) -> None:
        ticket = self.waiting(world, "requester")
        act(ticket, "comment", world.requester, now=MONDAY + 20 * MINUTE, text="好了")

        assert "engineer" in readers(ticket, "replied")
        offered = {item.action.name: item for item in available_actions(reloaded(ticket), world.engineer)}
        assert (offered["resume"].enabled, offered["resume"].action.key, offered["resume"].action.asks) == (
            True,
            "s",
            False,
        )

    def test_waiting_again_is_told_to_the_lead(self, world: World) -> None:
        ticket = self.waiting(world, "requester")
        assert readers(ticket, "waits_again") == set()
        ticket = act(ticket, "resume", world.engineer, now=MONDAY + 30 * MINUTE)
        ticket = wait(ticket, world.engineer, now=MONDAY + 40 * MINUTE, wait_until="2026-11-23T11:00")

        assert (ticket.wait_count, readers(ticket, "waits_again")) == (2, {"lead"})


# --- B2: priority after the first dispatch ---------------------------------------------------------------------------
@pytest.mark.req("INC-04")
class TestPriorityBackAtTheDesk:
    def back(self, world: World) -> Any:
        ticket = incident_in("in_progress", world, now=MONDAY, impact="I2")
        ticket = act(ticket, "propose_priority", world.engineer, now=MONDAY + 3 * MINUTE, impact="I5", text="?")
        return act(ticket, "return_to_desk", world.engineer, now=MONDAY + 4 * MINUTE, text="?")

    def test_the_desk_cannot_lower_what_was_dispatched(self, world: World) -> None:
        ticket = self.back(world)
        with pytest.raises(ActionConflict):
            act(ticket, "check_priority", world.desk, now=MONDAY + 5 * MINUTE, impact="I5")
        ticket = reloaded(ticket)
        assert (ticket.priority_id, ticket.in_emergency, ticket.requested_priority.pk) == ("P2", True, "P5")

    def test_a_manager_decides_and_the_proposal_ends(self, world: World) -> None:
        ticket = self.back(world)
        ticket = act(ticket, "change_priority", world.manager, now=MONDAY + 5 * MINUTE, impact="I4", text="!")

        assert (ticket.priority_id, ticket.requested_priority) == ("P4", None)

    def test_the_desk_may_propose(self, world: World) -> None:
        ticket = act(incident_in("assigned", world, now=MONDAY), "return_to_desk", world.engineer, text="?")
        ticket = act(ticket, "propose_priority", world.desk, impact="I3", text="?")

        assert ticket.requested_priority.pk == "P3"


# --- B3: it ends met, missed or excused ------------------------------------------------------------------------------
def test_what_was_begun_and_then_rejected_is_excused_by_name_with_the_reason(world: World) -> None:
    ticket = incident_in("in_progress", world, now=MONDAY)
    ticket = act(ticket, "hand_over", world.engineer, now=MONDAY + 5 * MINUTE, group="host", text="?")
    act(ticket, "reject", world.desk, now=MONDAY + 9 * MINUTE, reject_reason="out_of_scope", text="not ours")
    row = clock_of(ticket, "resolve")

    assert (row.state, row.met, row.excuse, row.excused_by) == ("cancelled", None, "ended", world.desk)
    assert row.excuse_text.endswith("not ours")
    page = Client()
    page.force_login(world.desk)
    assert "not ours" in page.get(reverse("sla:counted", args=[ticket.number])).content.decode()


# --- B6: nobody's ticket ---------------------------------------------------------------------------------------------
@pytest.mark.req("INC-12")
class TestLeavers:
    def leave(self, user: User) -> None:
        User.objects.filter(pk=user.pk).update(is_active=False)

    def follow_up_of(self, ticket: Any, world: World) -> Any:
        act(ticket, "not_solved", world.desk, text="还是不行")
        link = TicketLink.objects.get(target_id=ticket.pk, meaning="follow_up_of")
        return Incident.objects.get(pk=link.source_id)

    def test_follow_up_of_a_leaver_goes_to_the_group(self, world: World) -> None:
        ticket = incident_in("resolved", world)
        self.leave(world.engineer)
        new = self.follow_up_of(ticket, world)

        assert (new.state, new.group.code, new.assignee) == ("assigned", "host", None)

    def test_of_a_group_without_people_to_its_lead(self, world: World) -> None:
        ticket = incident_in("resolved", world)
        for name in ("engineer", "engineer2"):
            self.leave(world.people[name])
        world.groups["host"].members.remove(world.lead)
        new = self.follow_up_of(ticket, world)

        assert (new.state, new.group.code, new.assignee) == ("assigned", "host", world.lead)

    def test_of_a_duplicate_without_group_to_the_desk(self, world: World) -> None:
        main = incident_in("in_progress", world, now=MONDAY)
        double = register_incident(world.desk, now=MONDAY, requester="requester")
        act(double, "mark_duplicate", world.desk, now=MONDAY + MINUTE, main=main.number)
        resolve(main, world.engineer, now=MONDAY + 10 * MINUTE)
        new = self.follow_up_of(reloaded(double), world)

        assert (new.state, new.group, new.queue_due_at == clock_of(new, "dispatch", "ola").due_at) == (
            "registered",
            None,
            True,
        )

    def test_whoever_starts_owns_it(self, world: World) -> None:
        ticket = act(incident_in("assigned", world), "start", world.engineer2)

        assert ticket.assignee == world.engineer2

    def test_switching_off_hands_on_with_a_list(self, world: World) -> None:
        queued = incident_in("assigned", world)
        begun = incident_in("in_progress", world)
        page = Client()
        page.force_login(world.admin)
        answer = page.post(
            reverse("admin:accounts_user_changelist"),
            {"action": "switch_off", "_selected_action": [world.engineer.pk], "confirmed": "1"},
            follow=True,
        )

        assert (reloaded(queued).assignee, reloaded(begun).assignee) == (None, world.lead)
        text = answer.content.decode()
        assert queued.number in text
        assert begun.number in text
        assert "lead" in readers(begun, "assigned")
        assert TimelineEntry.objects.filter(action="hand_on").count() == 2


# --- B7, B8: verdicts and duplicates ---------------------------------------------------------------------------------
@pytest.mark.req("INC-12")
def test_the_verdict_goes_with_the_solution(world: World) -> None:
    ticket = incident_in("resolved", world, now=MONDAY)
    assert ticket.completed_in_time is True
    ticket = act(ticket, "not_solved", world.desk, now=MONDAY + HOUR, text="?")
    row = clock_of(ticket, "resolve")

    assert (reloaded(ticket).completed_in_time, row.excuse, row.excused_by) == (None, "not_solved", world.desk)


@pytest.mark.req("INC-11")
class TestDuplicates:
    def test_a_duplicate_of_a_p1_raises_no_alarms_of_its_own(self, world: World) -> None:
        main = register_incident(world.desk, now=MONDAY, impact="I1", group="host")
        double = register_incident(world.desk, now=MONDAY, impact="I1", requester="requester", main=main.number)
        late = act(
            register_incident(world.desk, now=MONDAY, impact="I3"), "assign", world.desk, now=MONDAY, group="host"
        )
        act(late, "mark_duplicate", world.desk, now=MONDAY + MINUTE, main=main.number)
        for minutes in (3, 6, 11, 31, 61):
            pass_at(MONDAY + minutes * MINUTE)

        for ticket in (double, late):
            told = Notice.objects.filter(ticket_id=ticket.pk).exclude(event__in=["received", "assigned"])
            assert list(told.values_list("key", flat=True)) == []
        assert [row.ticket_id for row in not_carried_out(world.manager, MONDAY)] == []
        assert not reloaded(late).escalated_at

    def test_it_is_left_out_of_the_figures(self, world: World) -> None:
        main = incident_in("in_progress", world, now=MONDAY)
        double = incident_in("in_progress", world, now=MONDAY)
        double = act(double, "mark_duplicate", world.desk, now=MONDAY + 5 * MINUTE, main=main.number)
        resolve(main, world.engineer, now=MONDAY + 9 * MINUTE)
        double = reloaded(double)

        assert (double.state, double.responded_in_time, double.completed_in_time) == ("resolved", None, None)
        assert clock_of(double, "resolve").excuse == "duplicate"
        course = Course(double.assigned_at, double.responded_at, double.resolved_at)
        assert replay(double, course, PromiseBook()) == []

    def test_unmarked_it_counts_again(self, world: World) -> None:
        main = incident_in("in_progress", world, now=MONDAY)
        double = incident_in("in_progress", world, now=MONDAY)
        due = double.queue_due_at
        double = act(double, "mark_duplicate", world.desk, now=MONDAY + 5 * MINUTE, main=main.number)
        assert clock_of(double, "resolve").pause_reason == "duplicate"
        double = act(double, "unmark_duplicate", world.desk, now=MONDAY + 25 * MINUTE)

        assert double.queue_due_at == due + 20 * MINUTE


@pytest.mark.req("INC-03")
def test_a_complaint_leaves_clocks_and_figures(world: World) -> None:
    ticket = unclaimed(world, now=MONDAY, nature="complaint")
    assert [c.metric for c in Clock.objects.filter(ticket_id=ticket.pk)] == []
    other = incident_in("in_progress", world, now=MONDAY)
    with pytest.raises(ActionInvalid):  # the desk decides what it is
        act(other, "edit", world.engineer, now=MONDAY + 5 * MINUTE, nature="complaint")
    urgent = incident_in("in_progress", world, now=MONDAY, impact="I1")
    with pytest.raises(ActionInvalid):  # an emergency is lowered first, with a reason
        act(urgent, "edit", world.desk, now=MONDAY + 5 * MINUTE, nature="complaint")
    other = act(other, "edit", world.desk, now=MONDAY + 5 * MINUTE, nature="complaint")
    assert (clock_of(other, "resolve").excuse, other.responded_in_time) == ("complaint", None)
    other = act(other, "edit", world.desk, now=MONDAY + 9 * MINUTE, nature="incident")

    assert (clock_of(other, "resolve").state, other.responded_in_time) == ("running", True)


@pytest.mark.req("INC-15")
def test_several_visits_and_consents_and_no_arrival_in_the_future(world: World) -> None:
    ticket = incident_in("in_progress", world, now=MONDAY)
    for number in (1, 2):
        said = f"电话 {number}"
        ticket = act(ticket, "record_remote_consent", world.engineer, now=MONDAY + HOUR, remote_consent_by=said)
    first = {"departed_at": "2026-11-23T09:10", "arrived_at": "2026-11-23T09:30"}
    with pytest.raises(ActionInvalid):
        act(ticket, "record_on_site", world.engineer, now=MONDAY + 20 * MINUTE, **first)
    with pytest.raises(ActionInvalid):  # a slip of the year
        act(ticket, "record_on_site", world.engineer, now=MONDAY + HOUR, departed_at="2020-11-23T09:10")
    ticket = act(
        ticket, "record_on_site", world.engineer, now=MONDAY + HOUR, **first | {"arrived_at": "2026-11-23T09:20"}
    )
    ticket = act(
        ticket, "record_on_site", world.engineer, now=MONDAY + HOUR, **first, on_site_completed_at="2026-11-23T09:50"
    )
    ticket = act(ticket, "record_on_site", world.engineer, now=MONDAY + 2 * HOUR, departed_at="2026-11-23T10:30")

    assert (ticket.arrived_at, ticket.first_arrived_at) == (None, at("2026-11-23 09:30"))
    steps = TimelineEntry.objects.filter(ticket_id=ticket.pk, action__in=["record_on_site", "record_remote_consent"])
    assert steps.count() == 5
