"""What the portal does by itself when a time is over: escalation, closing, agreed times."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import Organisation, SupportGroup
from notifications.models import Notice
from sla.clocks import auditing, timers
from sla.engine import proving
from sla.models import ClosingRule, Command, EscalationRule
from sla.orders import closing, commands
from tests.factories import MONDAY, World, act, incident_in, last_entry, resolve, unclaimed, wait
from tests.sla.calendars import at, utc
from tests.sla.test_clocks import clock_of, started
from tickets.models import Ticket, TimelineEntry

pytestmark = pytest.mark.django_db

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
INSTANT = timedelta(microseconds=1)
#: P3 of the shipped policy: half an hour to respond, on working days.
P3: dict[str, Any] = {"impact": "I3"}


def pass_at(moment: datetime) -> int:
    """What an engine does at ``moment``: fire, then carry out; how many commands were decided."""
    timers.fire_due(now=moment)
    return commands.run_due(now=moment + INSTANT)


def reloaded(ticket: Any) -> Any:
    return type(ticket).objects.get(pk=ticket.pk)


def command_of(ticket: Any, kind: str = "escalate") -> Command:
    return Command.objects.filter(ticket_id=ticket.pk, kind=kind).latest("pk")


def told(ticket: Any, event: str) -> set[str]:
    notices = Notice.objects.filter(ticket_id=ticket.pk, event=event)
    return set(notices.values_list("deliveries__recipient__username", flat=True)) - {None}


def lines(ticket: Any) -> list[str]:
    return list(TimelineEntry.objects.filter(ticket_id=ticket.pk).order_by("pk").values_list("action", flat=True))


# --- Escalation -----------------------------------------------------------------------------------------------------
@pytest.mark.req("INC-13")
class TestEscalation:
    def test_what_nobody_claimed_goes_to_the_next_line_once(self, world: World) -> None:
        ticket = unclaimed(world, now=MONDAY, **P3)
        assert pass_at(MONDAY + 30 * MINUTE) == 0
        over = MONDAY + 30 * MINUTE + INSTANT
        assert (pass_at(over), pass_at(over + MINUTE)) == (1, 0)
        ticket = reloaded(ticket)

        assert (ticket.state, ticket.group.code, ticket.assignee) == ("assigned", "host-l2", None)
        assert ticket.escalated_at == over + INSTANT
        assert (command_of(ticket).state, command_of(ticket).outcome) == ("done", "moved")
        assert told(ticket, "escalated") == {"lead"}
        assert "expert" in told(ticket, "assigned")
        entry = last_entry(ticket)
        assert (entry.action, entry.actor, entry.via, entry.is_public) == ("escalate_by_time", None, "system", False)
        assert list(auditing.audit(over + MINUTE)) == []

    def test_what_somebody_claimed_stays_and_people_are_told(self, world: World) -> None:
        ticket = started(world, MONDAY, **P3)
        share = ticket.planned_completion_at - 0.2 * clock_of(ticket).target
        assert (pass_at(share), pass_at(share + INSTANT)) == (0, 1)
        ticket = reloaded(ticket)

        assert (ticket.state, ticket.group.code, ticket.assignee) == ("in_progress", "host", world.engineer)
        assert (command_of(ticket).outcome, last_entry(ticket).action) == ("claimed", "report_out_of_time")
        assert ticket.escalated_at == share + 2 * INSTANT
        assert told(ticket, "escalated") == {"lead"}

    def test_rule_may_move_it_although_somebody_works_on_it(self, world: World) -> None:
        EscalationRule.objects.filter(metric="resolve", agreement="sla").update(step="always")
        ticket = started(world, MONDAY, **P3)
        pass_at(MONDAY + 8 * HOUR)
        ticket = reloaded(ticket)

        assert (ticket.state, ticket.group.code, ticket.assignee) == ("assigned", "host-l2", None)

    def test_second_line_informs_the_incident_manager(self, world: World) -> None:
        ticket = act(unclaimed(world, now=MONDAY, **P3), "escalate", world.lead, now=MONDAY, group="host-l2", text="!")
        pass_at(MONDAY + 31 * MINUTE)
        ticket = reloaded(ticket)

        assert (ticket.group.code, command_of(ticket).outcome) == ("host-l2", "told")
        assert told(ticket, "escalated") == {"expert", "manager"}
        assert ticket.escalated_at is not None

    def test_line_that_got_it_late_is_not_robbed_of_it(self, world: World) -> None:
        """The rule is for first lines; at its time the second line had the ticket."""
        ticket = act(unclaimed(world, now=MONDAY, **P3), "escalate", world.lead, now=MONDAY, group="host-l2", text="!")
        EscalationRule.objects.filter(tiers=["tier2"]).delete()
        pass_at(MONDAY + 31 * MINUTE)

        assert not Command.objects.filter(ticket_id=ticket.pk).exists()

    def test_named_group_takes_over_before_others(self, world: World) -> None:
        other = SupportGroup.objects.create(
            code="net-l2", tier="tier2", name_zh="?", name_en="?", organisation=world.organisations["provider"]
        )
        SupportGroup.objects.filter(code="host").update(escalates_to=other)
        ticket = unclaimed(world, now=MONDAY, **P3)
        pass_at(MONDAY + 31 * MINUTE)

        assert reloaded(ticket).group == other

    def test_of_several_groups_none_is_guessed(self, world: World) -> None:
        SupportGroup.objects.create(
            code="net-l2", tier="tier2", name_zh="?", name_en="?", organisation=world.organisations["provider"]
        )
        ticket = unclaimed(world, now=MONDAY, **P3)
        pass_at(MONDAY + 31 * MINUTE)
        ticket = reloaded(ticket)

        assert (ticket.group.code, command_of(ticket).outcome) == ("host", "nowhere")
        assert ticket.escalated_at is not None

    @pytest.mark.parametrize("step", ["start", "hand_over"])
    def test_what_was_done_in_the_meantime_is_refused_with_the_reason(self, world: World, step: str) -> None:
        ticket = unclaimed(world, now=MONDAY, **P3)
        moment = MONDAY + 31 * MINUTE
        timers.fire_due(now=moment)
        if step == "start":
            act(ticket, "start", world.engineer, now=moment)
        else:
            act(ticket, "hand_over", world.engineer, now=moment, group="network", text="?")
        before = reloaded(ticket)
        assert commands.run_due(now=moment + MINUTE) == 1
        command = command_of(ticket)

        assert command.state == "refused"
        assert command.reason in (
            "What was late has been done in the meantime.",
            "Another group has it by now.",
        )
        assert (reloaded(ticket).version, reloaded(ticket).escalated_at) == (before.version, None)
        assert commands.run_due(now=moment + HOUR) == 0

    @pytest.mark.parametrize(
        ("who", "step", "typed"),
        [
            ("expert", "claim", {}),
            ("expert", "start", {}),
            ("desk", "assign", {"group": "network"}),
            ("expert", "return_to_desk", {"text": "?"}),
            ("manager", "acknowledge", {"text": "我来跟进"}),
            ("expert", "agree_time", {"agreed_at": "2099-01-01T00:00", "text": "?"}),
        ],
    )
    def test_acting_takes_it_off_the_board(self, world: World, who: str, step: str, typed: Any) -> None:
        ticket = unclaimed(world, now=MONDAY, **P3)
        pass_at(MONDAY + 31 * MINUTE)
        act(ticket, step, world.people[who], now=MONDAY + HOUR, **typed)

        assert reloaded(ticket).escalated_at is None

    def test_talking_about_it_does_not(self, world: World) -> None:
        ticket = unclaimed(world, now=MONDAY, **P3)
        pass_at(MONDAY + 31 * MINUTE)
        act(ticket, "note", world.expert, now=MONDAY + HOUR, text="?")
        act(ticket, "urge", world.manager, now=MONDAY + HOUR)

        assert reloaded(ticket).escalated_at is not None

    def test_duplicate_waits_for_its_main_ticket(self, world: World) -> None:
        main, ticket = (unclaimed(world, now=MONDAY, **P3) for _ in range(2))
        act(ticket, "mark_duplicate", world.desk, now=MONDAY, main=main.number)
        pass_at(MONDAY + 31 * MINUTE)

        assert (reloaded(main).group.code, reloaded(ticket).group.code) == ("host-l2", "host")
        assert not Command.objects.filter(ticket_id=ticket.pk).exists()

    def test_proof_expects_what_was_carried_out_alone(self, world: World) -> None:
        unclaimed(world, now=MONDAY, **P3)
        pass_at(MONDAY + 31 * MINUTE)

        assert proving.prove(MONDAY, MONDAY + HOUR).lost == []

    def test_error_is_tried_again_and_given_up(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        ticket = unclaimed(world, now=MONDAY, **P3)

        def fail(*_args: Any) -> str:
            raise RuntimeError("broken row")

        monkeypatch.setitem(commands.HANDLERS, "escalate", fail)
        moment = MONDAY + 31 * MINUTE
        timers.fire_due(now=moment)
        for _ in range(commands.MOST_ATTEMPTS + 2):
            moment += commands.RETRY_AFTER + INSTANT
            commands.run_due(now=moment)
        command = command_of(ticket)

        assert (command.state, command.attempts, command.reason) == ("failed", 5, "RuntimeError: broken row")
        assert Notice.objects.filter(event="timer_failed").count() == 1
        assert reloaded(ticket).group.code == "host"


# --- Closing --------------------------------------------------------------------------------------------------------
@pytest.mark.req("INC-09")
class TestClosing:
    def resolved(self, world: World, moment: datetime, **data: Any) -> Any:
        return resolve(started(world, moment - HOUR, **data), world.engineer, now=moment)

    def test_e25_three_working_days(self, world: World) -> None:
        Organisation.objects.update(rating_percent=0)  # who is asked how it was is not told of the closing as well
        ticket = self.resolved(world, at("2026-02-13 16:00"))
        assert ticket.closes_at == at("2026-02-25 16:00") == utc("2026-02-25T08:00")
        assert command_of(ticket, "remind").due_at == at("2026-02-24 16:00")
        assert commands.run_due(now=at("2026-02-24 16:00")) == 0
        assert commands.run_due(now=at("2026-02-24 16:00") + INSTANT) == 1
        assert told(ticket, "closes_soon") == {"requester"}
        assert (reloaded(ticket).state, reloaded(ticket).closes_at) == ("resolved", at("2026-02-25 16:00"))
        assert commands.run_due(now=at("2026-02-25 16:00") + INSTANT) == 1
        ticket = reloaded(ticket)

        assert (ticket.state, ticket.closed_at, ticket.closes_at) == ("closed", at("2026-02-25 16:00") + INSTANT, None)
        assert lines(ticket)[-2:] == ["closing_reminded", "close_by_time"]
        assert (last_entry(ticket).is_public, last_entry(ticket).actor) == (True, None)
        assert told(ticket, "closed_by_time") == {"requester"}

    def test_high_priorities_wait_for_people(self, world: World) -> None:
        ticket = self.resolved(world, MONDAY, **P3)

        assert ticket.closes_at is None
        assert not Command.objects.filter(ticket_id=ticket.pk, kind__in=["remind", "close"]).exists()

    @pytest.mark.parametrize("step", ["not_solved", "comment"])
    def test_answer_of_the_requester_stops_it(self, world: World, step: str) -> None:
        ticket = self.resolved(world, MONDAY)
        ticket = act(ticket, step, world.requester, now=MONDAY + HOUR, text="还是不行")
        state = ticket.state
        commands.run_due(now=MONDAY + timedelta(days=30))

        assert (reloaded(ticket).state, reloaded(ticket).closes_at) == (state, None)
        assert set(Command.objects.filter(ticket_id=ticket.pk).values_list("state", flat=True)) == {"cancelled"}

    def test_who_has_confirmed_is_not_asked_again(self, world: World) -> None:
        ticket = self.resolved(world, MONDAY)
        due = ticket.closes_at
        act(ticket, "confirm", world.requester, now=MONDAY + HOUR)
        commands.run_due(now=due + INSTANT)

        assert (reloaded(ticket).state, reloaded(ticket).closed_at) == ("closed", due + INSTANT)
        assert command_of(ticket, "remind").state == "cancelled"
        assert told(ticket, "closes_soon") == set()

    @pytest.mark.parametrize("policy", [False, True])
    def test_closed_before_its_time_nothing_waits(self, world: World, policy: bool) -> None:
        Organisation.objects.update(closes_on_confirmation=policy)
        ticket = act(self.resolved(world, MONDAY), "confirm", world.requester, now=MONDAY + HOUR)
        if not policy:
            act(ticket, "close_confirmed", world.desk, now=MONDAY + HOUR)

        assert (reloaded(ticket).state, reloaded(ticket).closes_at) == ("closed", None)
        assert set(Command.objects.filter(ticket_id=ticket.pk).values_list("state", flat=True)) == {"cancelled"}

    def test_late_reminder_leaves_the_time_to_answer(self, world: World) -> None:
        """The engines were down for a week: the requester still has a working day."""
        ticket = self.resolved(world, at("2026-03-02 16:00"))
        commands.run_due(now=at("2026-03-09 10:00"))
        assert (reloaded(ticket).state, reloaded(ticket).closes_at) == ("resolved", at("2026-03-10 10:00"))
        commands.run_due(now=at("2026-03-10 10:00") + INSTANT)

        assert reloaded(ticket).state == "closed"

    def test_longer_rule_counts_for_what_waits_already(self, world: World) -> None:
        ticket = self.resolved(world, at("2026-03-02 16:00"))
        ClosingRule.objects.filter(priority="P4").update(close_hours=40)
        commands.run_due(now=at("2026-03-04 17:00"))
        commands.run_due(now=at("2026-03-05 17:00"))
        assert reloaded(ticket).state == "resolved"
        commands.run_due(now=at("2026-03-09 16:00") + INSTANT)

        assert reloaded(ticket).state == "closed"

    def test_rule_that_is_gone_closes_nothing(self, world: World) -> None:
        ticket = self.resolved(world, MONDAY)
        ClosingRule.objects.update(active=False)
        commands.run_due(now=MONDAY + timedelta(days=30))

        assert (reloaded(ticket).state, command_of(ticket, "close").state) == ("resolved", "refused")

    def test_history_that_is_loaded_is_planned_on_demand_with_time_to_answer(self, world: World) -> None:
        with timers.quietly():
            ticket = self.resolved(world, at("2026-01-05 16:00"))
        assert not Command.objects.filter(ticket_id=ticket.pk).exists()
        now = at("2026-03-09 10:00")

        assert (closing.plan_what_waits(now), closing.plan_what_waits(now)) == (1, 0)
        assert reloaded(ticket).closes_at == at("2026-03-10 10:00")
        commands.run_due(now=now + MINUTE)
        assert told(ticket, "closes_soon") == {"requester"}
        commands.run_due(now=at("2026-03-10 10:00") + INSTANT)
        assert reloaded(ticket).state == "closed"


# --- Agreed times ---------------------------------------------------------------------------------------------------
@pytest.mark.req("INC-19")
class TestAgreedTimes:
    def agreed(self, world: World, moment: datetime, until: datetime) -> Any:
        ticket = started(world, MONDAY, **P3)
        typed = {"agreed_at": until.isoformat(), "text": "备件明天到"}
        return act(ticket, "agree_time", world.engineer, now=moment, **typed)

    def test_it_stands_beside_the_limits_and_moves_none(self, world: World) -> None:
        until = MONDAY + timedelta(days=1)
        ticket = self.agreed(world, MONDAY + HOUR, until)
        assert (ticket.agreed_at, ticket.agreed_reason) == (until, "备件明天到")
        assert ticket.planned_completion_at == MONDAY + 3 * HOUR
        assert told(ticket, "agreed") == {"requester"}
        ticket = resolve(ticket, world.engineer, now=MONDAY + 10 * HOUR)

        assert (ticket.completed_in_time, ticket.agreed_kept) == (False, True)

    def test_it_is_kept_at_its_very_moment_and_not_after_it(self, world: World) -> None:
        until = MONDAY + timedelta(days=1)
        kept = resolve(self.agreed(world, MONDAY + HOUR, until), world.engineer, now=until)
        missed = resolve(self.agreed(world, MONDAY + HOUR, until), world.engineer, now=until + INSTANT)

        assert (kept.agreed_kept, missed.agreed_kept) == (True, False)

    def test_people_are_told_before_and_at_it(self, world: World) -> None:
        until = MONDAY + timedelta(days=1)
        ticket = self.agreed(world, MONDAY + HOUR, until)
        commands.run_due(now=until - HOUR)
        assert told(ticket, "agreed_near") == set()
        commands.run_due(now=until - HOUR + INSTANT)
        commands.run_due(now=until - HOUR + MINUTE)
        assert told(ticket, "agreed_near") == {"engineer", "lead"}
        commands.run_due(now=until + INSTANT)

        assert told(ticket, "agreed_over") == {"engineer", "lead"}
        assert [line for line in lines(ticket) if line.startswith("agreed")] == ["agreed_near", "agreed_over"]

    def test_new_time_takes_the_place_of_the_old(self, world: World) -> None:
        ticket = self.agreed(world, MONDAY + HOUR, MONDAY + 5 * HOUR)
        later = {"agreed_at": (MONDAY + 9 * HOUR).isoformat(), "text": "还要等"}
        ticket = act(ticket, "agree_time", world.engineer, now=MONDAY + 2 * HOUR, **later)
        commands.run_due(now=MONDAY + 6 * HOUR)
        assert told(ticket, "agreed_over") == set()
        commands.run_due(now=MONDAY + 10 * HOUR)

        assert Notice.objects.filter(ticket_id=ticket.pk, event="agreed_over").count() == 1

    def test_solved_ticket_tells_nobody(self, world: World) -> None:
        ticket = self.agreed(world, MONDAY + HOUR, MONDAY + 5 * HOUR)
        resolve(ticket, world.engineer, now=MONDAY + 2 * HOUR)
        commands.run_due(now=MONDAY + 6 * HOUR)

        assert told(ticket, "agreed_near") | told(ticket, "agreed_over") == set()

    @pytest.mark.parametrize(
        ("who", "answer"), [("engineer", True), ("lead", True), ("desk", True), ("requester", False)]
    )
    def test_who_may(self, world: World, who: str, answer: bool) -> None:
        ticket = started(world, MONDAY, **P3)
        actions = {each.name for each in _allowed(ticket, world.people[who])}

        assert ("agree_time" in actions) is answer


def _allowed(ticket: Any, user: Any) -> list[Any]:
    from tickets.actions import available_actions  # beside its only use

    return [item.action for item in available_actions(ticket, user)]


@pytest.mark.req("INC-13", "INC-18")
def test_views_filters_and_columns_know_the_times(world: World) -> None:
    ticket = unclaimed(world, now=MONDAY, **P3)
    quiet = wait(incident_in("in_progress", world, now=MONDAY), world.engineer, now=MONDAY + HOUR)
    pass_at(MONDAY + 31 * MINUTE)
    from tickets.queues.queries import VIEWS, queue  # beside its only use

    found = queue(world.manager, VIEWS["escalated"], MONDAY + HOUR)
    assert [row.pk for row in found] == [ticket.pk]
    assert quiet.pk not in set(Ticket.objects.filter(escalated_at__isnull=False).values_list("pk", flat=True))
