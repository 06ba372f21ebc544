"""A proof for a period: counted anew from what is stored, it agrees with what was told, and sees what is missing."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from notifications.models import Delivery, Notice
from sla.clocks import timers
from sla.engine.proving import prove
from tests.factories import MONDAY, World, act, unclaimed, wait
from tests.sla.calendars import at
from tests.sla.test_clocks import office_policy, started

pytestmark = [pytest.mark.django_db, pytest.mark.req("SLM-06", "NTF-03")]

MINUTE = timedelta(minutes=1)


def busy_day(world: World) -> None:
    """Clocks that ran out, that were paused, and that were stopped in time."""
    office_policy(world)
    for hours in (0, 1):
        ticket = started(world, at("2026-03-02 09:00"))
        if hours:
            ticket = wait(ticket, world.engineer, now=at("2026-03-02 14:30"))
            act(ticket, "resume", world.engineer, now=at("2026-03-03 10:00"))
    unclaimed(world, now=at("2026-03-02 09:00"), requester="requester2", impact="I3")
    timers.fire_due(now=at("2026-03-02 13:30"))
    timers.fire_due(now=at("2026-03-05 09:00"))


def test_everything_was_told_once(world: World) -> None:
    busy_day(world)
    proof = prove(at("2026-03-02 00:00"), at("2026-03-05 00:00"))

    assert (proof.due, proof.given, proof.lost, proof.doubled) == (11, 11, [], 0)
    assert proof.latest == at("2026-03-05 09:00") - at("2026-03-02 14:00")


def test_missing_notice_is_found_also_when_its_timer_says_fired(world: World) -> None:
    busy_day(world)
    gone = Notice.objects.filter(event="limit_passed").order_by("pk")[0]
    gone.delete()

    assert prove(at("2026-03-02 00:00"), at("2026-03-05 00:00")).lost == [gone.key]
    with pytest.raises(CommandError):
        call_command("prove_clocks", "--from", "2026-03-02", "--to", "2026-03-05", stdout=StringIO())


def test_command_prints_the_figures(world: World) -> None:
    unclaimed(world, now=MONDAY, impact="I3")
    timers.fire_due(now=MONDAY + 31 * MINUTE)
    answer = StringIO()
    call_command("prove_clocks", "--from", "2026-11-23", "--to", "2026-11-24", stdout=answer)

    assert "due: 4\nnotices given: 4" in answer.getvalue()
    assert "lost: 0" in answer.getvalue()


def test_what_lies_ahead_is_not_lost(world: World) -> None:
    office_policy(world)
    ticket = started(world, at("2026-03-02 09:00"))
    early = prove(at("2026-03-02 00:00"), at("2026-03-31 00:00"), now=at("2026-03-02 10:00"))
    timers.fire_due(now=at("2026-03-09 09:00"))
    late = prove(at("2026-03-02 00:00"), at("2026-03-31 00:00"), now=at("2026-03-09 09:00"))

    assert (early.due, early.lost) == (0, [])
    assert (late.due > 0, late.lost) == (True, [])
    assert ticket.pk


def test_possible_duplicates_and_nobody_to_tell_are_classes_of_their_own(world: World) -> None:
    busy_day(world)
    rows = Delivery.objects.filter(notice__key__contains=".limit:").order_by("pk")
    rows.filter(pk=rows[0].pk).update(possible_duplicate=True)
    alone = Notice.objects.exclude(pk=rows[0].notice_id).filter(key__contains=".limit:")[0]
    alone.deliveries.all().delete()
    proof = prove(at("2026-03-02 00:00"), at("2026-03-05 00:00"))

    assert (proof.possibly_doubled, proof.unread, proof.doubled, proof.lost) == (1, 1, 0, [])
    call_command("prove_clocks", "--from", "2026-03-02", "--to", "2026-03-05", stdout=StringIO())  # no real fault
