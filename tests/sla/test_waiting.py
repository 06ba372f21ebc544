"""Which waiting counts: what the shipped policy says, what forms say of it, and every policy."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from sla.models import Clock
from sla.promises.policies import Promise
from tests.factories import MONDAY, World, act, resolve, unclaimed, wait
from tests.sla.calendars import CN58_HOURS, at, counted_minutes
from tests.sla.test_clocks import office_policy
from tickets.models import WaitReason
from tickets.shared.holding import WaitForm

pytestmark = [pytest.mark.django_db, pytest.mark.req("SLM-05")]

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
PAUSES = {"requester", "window"}


@pytest.mark.req("SLM-04")
def test_shipped_policy_pauses_for_what_the_customer_holds_up(world: World) -> None:
    states = {}
    for reason in WaitReason.objects.values_list("code", flat=True):
        ticket = act(unclaimed(world, now=MONDAY), "start", world.engineer, now=MONDAY)
        ticket = wait(ticket, world.engineer, now=MONDAY + HOUR, wait_reason=reason)
        states[reason] = Clock.objects.get(ticket_id=ticket.pk, metric="resolve").state

    assert {reason for reason, state in states.items() if state == "paused"} == PAUSES
    assert len(states) == 6


@pytest.mark.req("SLM-04", "UX-02")
def test_form_says_what_each_reason_means(world: World) -> None:
    ticket = act(unclaimed(world, now=MONDAY), "start", world.engineer, now=MONDAY)
    with translation.override("en"):
        form = WaitForm(ticket=ticket, user=world.engineer)
        field: Any = form.fields["wait_reason"]
        labels = {str(value): label for value, label in field.choices}
        fresh = str(WaitForm(ticket=type(ticket)(), user=world.engineer)["wait_reason"])

    assert {code for code, label in labels.items() if label.endswith("the clock stops")} == PAUSES
    assert labels["vendor"].endswith("the clock goes on")
    assert "the clock" not in fresh


waits = st.lists(
    st.tuples(st.sampled_from(["requester", "vendor", "window", "other"]), st.integers(1, 900), st.integers(1, 900)),
    max_size=5,
)


@pytest.mark.slow
@settings(max_examples=15)
@given(waits, st.sets(st.sampled_from(["requester", "vendor", "window", "other"])))
def test_only_waiting_that_the_policy_names_is_left_out(world: World, steps: list, pausing: set[str]) -> None:
    """Whatever it waits for and how often: what counts is the minutes of the calendar outside of paused ones."""
    with transaction.atomic():
        office_policy(world, Promise("resolve", "5x8", 480), pausing=tuple(pausing))
        moment = at("2026-02-12 15:00")
        ticket = act(unclaimed(world, now=moment), "start", world.engineer, now=moment)
        expected = 0
        for reason, working, waiting in steps:
            expected += counted_minutes(CN58_HOURS, moment, moment + working * MINUTE)
            moment += working * MINUTE
            ticket = wait(ticket, world.engineer, now=moment, wait_reason=reason)
            if reason not in pausing:
                expected += counted_minutes(CN58_HOURS, moment, moment + waiting * MINUTE)
            moment += waiting * MINUTE
            ticket = act(ticket, "resume", world.engineer, now=moment)
        ticket = resolve(ticket, world.engineer, now=moment)
        clock = Clock.objects.get(ticket_id=ticket.pk, metric="resolve")
        assert clock.consumed == expected * MINUTE
        assert clock.met is (expected < 480) or expected == 480
        transaction.set_rollback(True)
