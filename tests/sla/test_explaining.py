"""How clocks were counted, for people and programs: the stretches add up to the figure, exactly."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from sla.calendars.publishing import Day, content_of, publish
from sla.clocks.explaining import explain
from sla.models import Calendar, Clock
from tests.factories import MONDAY, World, act, unclaimed, wait
from tests.sla.calendars import at
from tests.sla.test_clocks import office_policy, raised, round_the_clock, started
from tickets import clock

pytestmark = [pytest.mark.django_db, pytest.mark.req("SLM-04")]

HOUR = timedelta(hours=1)


def test_stretches_add_up_to_the_figure(world: World) -> None:
    office_policy(world)
    ticket = started(world, at("2026-02-13 17:30"))
    ticket = wait(ticket, world.engineer, now=at("2026-02-14 10:00"))
    ticket = act(ticket, "resume", world.engineer, now=at("2026-02-24 11:30"))
    [_response, resolve] = explain(ticket, at("2026-02-24 14:00"))

    assert [(s.kind, s.reason, s.counted, s.running) for s in resolve.stretches] == [
        ("run", "", 1.5 * HOUR, False),
        ("pause", "等待用户反馈", 0 * HOUR, False),
        ("run", "", 1.5 * HOUR, True),
    ]
    assert (resolve.consumed, resolve.remaining) == (3 * HOUR, 5 * HOUR)
    assert [part.kind for part in resolve.parts] == ["run", "closed", "run", "pause", "run", "closed", "run"]
    assert sum(part.share for part in resolve.parts) == pytest.approx(1000, abs=len(resolve.parts))


def test_what_counted_beyond_the_target_is_a_part_of_its_own(world: World) -> None:
    office_policy(world)
    [_response, resolve] = explain(started(world, at("2026-02-13 09:00")), at("2026-02-25 14:00"))

    kinds = [part.kind for part in resolve.parts]
    assert kinds[: kinds.index("over")].count("run") == len([kind for kind in kinds if kind == "run"])
    counted = sum((p.ended - p.started for p in resolve.parts if p.kind == "run"), timedelta())
    beyond = sum((p.ended - p.started for p in resolve.parts if p.kind == "over"), timedelta())
    assert (counted, beyond) == (resolve.clock.target, -resolve.remaining)


moves = st.lists(st.tuples(st.sampled_from(["wait", "resume", "raise", "lower"]), st.integers(1, 3000)), max_size=7)


@pytest.mark.slow
@settings(max_examples=12)
@given(moves, st.integers(0, 5000))
def test_whatever_happens_the_sum_is_what_the_clock_says(world: World, steps: list, later: int) -> None:
    with transaction.atomic():
        round_the_clock(world)
        moment = at("2026-02-12 15:00")
        ticket = started(world, moment)
        for step, minutes in steps:
            moment += timedelta(minutes=minutes)
            ticket = _move(world, ticket, step, moment)
        moment += timedelta(minutes=later)
        for row in explain(ticket, moment):
            clock = Clock.objects.get(pk=row.clock.pk)
            assert row.consumed == sum((s.counted for s in row.stretches), timedelta())
            stored = sum((s.counted for s in row.stretches if not s.running), timedelta())
            assert clock.consumed == stored
            for before, after in pairwise(row.stretches):
                assert before.ended == after.started
            if clock.running_since and clock.breached_at is None and clock.due_at and clock.due_at >= moment:
                assert row.remaining >= timedelta()
        transaction.set_rollback(True)


def _move(world: World, ticket: object, step: str, moment: datetime) -> object:
    if step == "wait" and ticket.state == "in_progress":  # type: ignore[attr-defined]
        return wait(ticket, world.engineer, now=moment)
    if step == "resume" and ticket.state == "pending":  # type: ignore[attr-defined]
        return act(ticket, "resume", world.engineer, now=moment)
    impact = {"raise": "I1", "lower": "I4"}.get(step)
    current = ticket.impact_id  # type: ignore[attr-defined]
    return raised(world, ticket, moment, impact) if impact and impact != current else ticket


def test_staff_see_the_page_and_others_do_not(world: World, client: Client) -> None:
    ticket = started(world, MONDAY, impact="I3")
    ticket = raised(world, ticket, MONDAY + HOUR)
    url = f"/tickets/{ticket.number}/counted/"
    client.force_login(world.engineer)
    page = client.get(url).content.decode()

    assert "1:00:00" in page
    assert "part-run" in page
    client.force_login(world.requester)
    assert client.get(url).status_code == 404
    assert client.get(f"/api/v1/tickets/{ticket.number}/clocks/").status_code == 404


def test_api_says_the_same(world: World, client: Client) -> None:
    ticket = unclaimed(world, now=MONDAY, impact="I3")
    client.force_login(world.engineer)
    [clock] = client.get(f"/api/v1/tickets/{ticket.number}/clocks/").json()["results"]

    assert (clock["metric"], clock["target_seconds"], clock["due_at"]) == ("response", 1800, "2026-11-23T01:30:00Z")
    assert clock["counted_seconds"] == sum(each["counted_seconds"] for each in clock["stretches"])
    assert (clock["policy"], clock["policy_version"], clock["calendar"]) == ("priorities", 1, "5x8")


def test_api_lists_calendars(world: World, client: Client) -> None:
    day = timezone.localdate() + timedelta(days=10)
    calendar = Calendar.objects.select_related("current").get(code="5x8")
    content = content_of(calendar.current)  # type: ignore[arg-type]
    hours = Day(((540, 720), (780, 1080)), "春节（调休上班）", "import")
    publish(calendar, replace(content, days={**content.days, day: hours}), by=None, at=clock.now())
    client.force_login(world.engineer)
    found = {row["code"]: row for row in client.get("/api/v1/calendars/").json()["results"]}

    assert found["5x8"]["week"] == ["09:00-12:00 13:00-18:00"] * 5 + ["", ""]
    assert {
        "date": day.isoformat(),
        "hours": "09:00-12:00 13:00-18:00",
        "label": "春节（调休上班）",
        "source": "import",
    } in found["5x8"]["days"]


@pytest.mark.req("ADM-03")
def test_health_page_and_tile_are_for_staff(world: World, client: Client) -> None:
    client.force_login(world.requester)
    assert client.get("/timer-health/").status_code == 403
    client.force_login(world.engineer)
    assert client.get("/timer-health/").status_code == 200
    tile = client.get("/timer-health/", headers={"HX-Request": "true"}).content.decode()
    assert 'role="alert"' in tile
    assert "<html" not in tile
