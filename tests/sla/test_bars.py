"""The bars beside a ticket count what the promise counts: working time, not the time on the wall (SLM-04)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.template.loader import render_to_string

from itsm.templatetags.ui import duration_text, time_left
from sla.clocks.bars import bars_of
from tests.factories import World, incident_in
from tests.sla.calendars import at

pytestmark = [pytest.mark.django_db, pytest.mark.req("SLM-04")]


def test_what_remains_is_working_time(world: World) -> None:
    """Three hours of the working day, begun on Friday at four: two on Friday, one on Monday."""
    ticket = incident_in("in_progress", world, now=at("2026-11-27 15:58"), impact="I3")
    friday, saturday = at("2026-11-27 17:00"), at("2026-11-28 12:00")

    [bar] = [one for one in bars_of(ticket, friday) if one.due]
    assert (bar.due, bar.left) == (at("2026-11-30 10:00"), 2 * 3600)
    assert [one.left for one in bars_of(ticket, saturday) if one.due] == [3600]
    assert [one.left for one in bars_of(ticket, at("2026-11-30 10:30")) if one.due] == [-1800]
    gaps = [[datetime.fromisoformat(edge) for edge in stretch.split("/")] for stretch in bar.shut.split()]
    assert [at("2026-11-27 18:00"), at("2026-11-30 09:00")] in gaps


def test_the_chip_shows_working_time_and_the_wall_on_hover(world: World) -> None:
    ticket = incident_in("in_progress", world, now=at("2026-11-27 15:58"), impact="I3")
    [bar] = [one for one in bars_of(ticket, at("2026-11-27 17:00")) if one.due]

    drawn = render_to_string("components/clock.html", {"clock": bar})

    assert re.search(r'<span\s+class="left">2', drawn)
    assert "data-shut=" in drawn


def test_hours_are_the_largest_unit_of_working_time(world: World) -> None:
    """40 hours of five days of eight are not "1 d 16 h"; round the clock a day has 24."""
    assert duration_text(40 * 3600, working=True) == "40小时"
    assert duration_text(40 * 3600 + 60, working=True) == "40小时1分钟"
    assert duration_text(40 * 3600) == "1天16小时"
    assert time_left(-40 * 3600) == "超 40小时"
    ticket = incident_in("in_progress", world, now=at("2026-11-27 15:58"), impact="I3")
    [bar] = [one for one in bars_of(ticket, at("2026-11-27 17:00")) if one.due]

    drawn = render_to_string("components/clock.html", {"clock": replace(bar, within=40 * 3600.0)})

    assert re.search(r"40小时\s+\(", drawn)


def test_round_the_clock_nothing_is_left_out(world: World) -> None:
    ticket = incident_in("in_progress", world, now=at("2026-11-27 23:00"), impact="I1")

    assert {one.shut for one in bars_of(ticket, at("2026-11-27 23:10") + timedelta())} == {""}
