"""Whatever happens to a ticket, every minute until it is solved belongs to a clock or to a named pause (INC-22)."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from incidents.models import Incident
from sla.clocks import timers
from sla.clocks.facts import COMPLAINT, DUPLICATE
from sla.models import Clock
from sla.orders import commands
from tests.contract.subjects import sample_input
from tests.factories import MONDAY, World, incident_in, wait
from tests.tickets.test_properties import ASIDE_SHARE, ASIDES, PEOPLE, examples
from tickets.actions import available_actions, perform
from tickets.errors import ActionError
from tickets.leaving import hand_on_tickets
from tickets.lifecycle import Phase
from tickets.models import Ticket, TimelineEntry, WaitReason
from tickets.workspace.undo import undo_step

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.req("INC-22", "SLM-05")]

STEPS = 25
MINUTE, INSTANT = timedelta(minutes=1), timedelta(microseconds=1)
#: The clocks that hold a ticket from registration to solution, each with the next.
HOLD = [("ola", "dispatch"), ("sla", "response"), ("sla", "resolve")]
#: Reasons for waiting that pause under the shipped policy.
ENDING = ("requester", "window")
LEAVERS = ("engineer2", "expert")


class Life:
    """People, the engine and what is taken back, in any order, three minutes apart.

    The engine may be late, be killed in the middle of its work, or be away for hours with all of the portal.
    """

    def __init__(self, world: World, dice: Random) -> None:
        self.world, self.dice, self.now = world, dice, MONDAY
        self.there = dict.fromkeys(PEOPLE)

    def step(self) -> None:
        """Something happens; an engine comes by now and then."""
        self.now += 3 * MINUTE
        happens = self.dice.random()
        if happens < 0.04:
            self.leave(self.dice.choice(LEAVERS))
        elif happens < 0.14:
            self.engine()
        elif happens < 0.22:
            self.killed()
        elif happens < 0.27:
            self.now += self.dice.randint(10, 2000) * MINUTE  # nobody is there, neither engine nor people
        else:
            self.act()

    def engine(self) -> None:
        """It comes by and does all that is due; then no pause lasts beyond the end that was given with it."""
        timers.fire_due(now=self.now)
        commands.run_due(now=self.now + INSTANT)
        beyond = Clock.objects.filter(state="paused", ticket__duplicate_of=None, ticket__wait_until__lt=self.now)
        assert list(beyond) == []

    def killed(self) -> None:
        """What the process had not committed is gone: a batch of timers, or one command after some others."""
        if self.dice.random() < 0.5:
            with transaction.atomic():
                timers.fire_due(now=self.now)
                transaction.set_rollback(True)
            return
        timers.fire_due(now=self.now)
        due = list(commands._due(self.now + INSTANT))
        for pk in due[: self.dice.randint(0, len(due))]:
            commands._carry_out(pk, self.now + INSTANT)
        with transaction.atomic():
            commands.run_due(now=self.now + INSTANT)
            transaction.set_rollback(True)

    def leave(self, name: str) -> None:
        """Somebody is switched off."""
        person = self.world.people[name]
        User.objects.filter(pk=person.pk).update(is_active=False)
        self.there.pop(name, None)
        hand_on_tickets(user=person, now=self.now)

    def act(self) -> None:
        """Somebody does what is possible, and may think better of it."""
        ticket = self.dice.choice(list(Ticket.objects.order_by("phase", "-pk"))[-5:]).specific
        user, action = self.choice(ticket)
        try:
            data = dict(sample_input(action, ticket, user))
            if "wait_until" in data:
                data["wait_until"] = (self.now + self.dice.randint(4, 20) * MINUTE).isoformat()
                data["wait_reason"] = self.dice.choice(["requester", "window", "vendor", "other"])
            entry = perform(ticket, action.name, user=user, data=data, now=self.now)
            if self.dice.random() < 0.3:
                undo_step(entry, user=user, now=self.now + MINUTE, at=self.now + MINUTE)
        except ActionError:
            pass  # nothing fits, such as a higher line above the highest

    def choice(self, ticket: Any) -> tuple[User, Any]:
        """Who does what; asides more rarely."""
        people = [self.world.people[n] for n in self.there if ticket.parent_id is None or n != "requester"]
        found = [(who, item.action) for who in people for item in available_actions(ticket, who) if item.enabled]
        waits = [(who, action) for who, action in found if action.name == "wait"]
        if waits and self.dice.random() < 0.2:
            return self.dice.choice(waits)
        aside = self.dice.random() < ASIDE_SHARE
        return self.dice.choice([(u, a) for u, a in found if (a.name in ASIDES) == aside] or found)


@examples(4)
@given(dice=st.randoms(use_true_random=True))
def test_every_minute_belongs_to_a_clock_or_a_named_pause(world: World, dice: Random) -> None:
    with transaction.atomic():
        for state in ("registered", "assigned", "in_progress"):
            incident_in(state, world, now=MONDAY - 20 * MINUTE)
        for minutes in (5, 20):
            ticket = incident_in("in_progress", world, now=MONDAY - 20 * MINUTE)
            end = (MONDAY + minutes * MINUTE).isoformat()
            wait(ticket, world.engineer, now=MONDAY - 10 * MINUTE, wait_until=end)
        life = Life(world, dice)
        for _number in range(STEPS):
            life.step()
            for ticket in Incident.objects.all():
                check(ticket, life.now + 2 * MINUTE)
        life.engine()  # started again, it catches up: as if it had never been away
        for ticket in Incident.objects.all():
            check(ticket, life.now)
            check_caught_up(ticket, life.now)
        transaction.set_rollback(True)


def check(ticket: Incident, now: datetime) -> None:
    """From registration to solution, end or now there is no gap, and every pause says when or with what it ends."""
    clocks = list(Clock.objects.filter(ticket_id=ticket.pk).exclude(excuse="taken_back"))
    if ticket.nature_id == COMPLAINT or any(clock.excuse == "complaint" for clock in clocks):
        return
    holding = [clock for clock in clocks if (clock.agreement, clock.metric) in HOLD]
    end = min(moment for moment in (ticket.resolved_at, ticket.closed_at, now) if moment)
    covered = ticket.created_at
    for start, until in sorted(span for clock in holding for span in spans_of(clock, now)):
        assert start <= covered, story(ticket, covered, start)
        covered = max(covered, until)
    assert covered >= end, story(ticket, covered, end)
    for clock in holding:
        if clock.paused_since is not None:
            ends = ticket.duplicate_of_id if clock.pause_reason == DUPLICATE else ticket.wait_until
            assert ends, story(ticket, clock.paused_since, now)
            if clock.pause_reason != DUPLICATE:
                assert WaitReason.objects.filter(pk=clock.pause_reason).exists()
                assert ticket.phase == Phase.WAITING
                assert ticket.wait_until is not None
                assert ticket.commands.filter(kind="wait_over", state="waiting", due_at=ticket.wait_until).exists()


def check_caught_up(ticket: Incident, now: datetime) -> None:
    """What passed its limit while nobody looked is late since then, and nothing waits for the engine any more."""
    for clock in Clock.objects.filter(ticket_id=ticket.pk, state="running"):
        assert clock.next_fire_at is None or clock.next_fire_at >= now, story(ticket, clock.started_at, now)
        assert clock.due_at is not None
        assert clock.due_at >= now or clock.breached_at is not None, story(ticket, clock.due_at, now)
    for clock in Clock.objects.filter(ticket_id=ticket.pk):
        for pause in clock.segments.filter(gen=clock.gen, kind="pause", reason__in=ENDING):
            given = [end for at, end in ends_given(ticket) if pause.started <= at <= pause.ended]
            assert not given or pause.ended <= max(given), story(ticket, pause.started, pause.ended)


def ends_given(ticket: Incident) -> list[tuple[datetime, datetime]]:
    """When somebody said until when it waits, and until when."""
    lines = TimelineEntry.objects.filter(ticket_id=ticket.pk)
    found = [(line.at, c["new"]) for line in lines for c in line.changes if c["field"] == "wait_until" and c["new"]]
    return [(at, datetime.fromisoformat(text)) for at, text in found]


def spans_of(clock: Clock, now: datetime) -> list[tuple[datetime, datetime]]:
    """Its stretches, run or paused by name, and the open one."""
    rows = clock.segments.filter(gen=clock.gen)
    found = [(row.started, row.ended) for row in rows if row.kind == "run" or row.reason]
    since = clock.running_since or clock.paused_since
    return found + ([(since, max(now, since))] if since else [])


def story(ticket: Incident, start: datetime, end: datetime) -> str:
    """What happened to the ticket, for whoever reads that it failed."""
    lines = TimelineEntry.objects.filter(ticket_id=ticket.pk).order_by("pk")
    said = [f"{line.at:%H:%M} {line.action} {line.state_from}>{line.state_to} {line.data}" for line in lines]
    return f"{ticket.number} from {start:%H:%M:%S} to {end:%H:%M:%S} ({ticket.state}):\n" + "\n".join(said)
