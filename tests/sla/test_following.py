"""Running clocks follow a new version of their calendar; the page says beforehand what it moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from sla.calendars import following
from sla.calendars.following import Moved, moved_limits
from sla.calendars.holidays import with_chinese_days
from sla.calendars.publishing import Content, Day, content_of, publish
from sla.models import Calendar, Clock, ClockChange, Segment, Timer
from sla.promises.policies import Promise
from tests.factories import MONDAY, World, act, resolve, wait
from tests.sla.calendars import at
from tests.sla.crowds import make_crowd
from tests.sla.test_clocks import clock_of, office_policy, started

pytestmark = [pytest.mark.django_db, pytest.mark.req("SLM-05")]

HOUR = timedelta(hours=1)


def publish_day(day: date, entry: Day) -> Calendar:
    calendar = Calendar.objects.select_related("current").get(code="5x8")
    content = content_of(calendar.current)  # type: ignore[arg-type]
    publish(calendar, replace(content, days={**content.days, day: entry}), by=None, at=MONDAY)
    return calendar


def follow(moment: object, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(following.database_clock, "now", lambda: moment)
    return following.follow_calendars()


def test_e11_new_holiday_moves_what_lies_ahead(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    office_policy(world, Promise("response", "24x7", 600), Promise("resolve", "5x8", 960))
    ticket = started(world, at("2026-03-04 10:00"))
    assert clock_of(ticket).due_at == at("2026-03-06 10:00")
    publish_day(date(2026, 3, 5), Day((), "临时休市"))
    assert follow(at("2026-03-04 12:00"), monkeypatch) == 1
    clock = clock_of(ticket)
    ticket.refresh_from_db()

    assert clock.due_at == ticket.queue_due_at == ticket.planned_completion_at == at("2026-03-09 10:00")
    assert Timer.objects.get(clock=clock, rule="limit").fire_at == clock.due_at
    assert (clock.consumed, clock.gen, clock.calendar_version.number) == (2 * HOUR, 1, 2)
    assert [s.calendar_version.number for s in Segment.objects.filter(clock=clock)] == [1]
    assert ClockChange.objects.get(clock=clock).cause == "calendar"
    assert follow(at("2026-03-04 12:01"), monkeypatch) == 0
    assert Calendar.objects.get(code="5x8").followed == 2


def test_e16_import_of_the_year_ends_what_was_provisional(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    office_policy(world)
    ticket = started(world, at("2026-12-31 16:00"))
    assert (clock_of(ticket).provisional, clock_of(ticket).due_at) == (True, at("2027-01-01 16:00"))
    calendar = Calendar.objects.select_related("current").get(code="5x8")
    content = content_of(calendar.current)  # type: ignore[arg-type]
    days = {**content.days, date(2027, 1, 1): Day((), "元旦")}
    publish(calendar, replace(content, days=days, confirmed_until=date(2027, 12, 31)), by=None, at=MONDAY)
    follow(at("2026-12-31 17:00"), monkeypatch)

    assert (clock_of(ticket).provisional, clock_of(ticket).due_at) == (False, at("2027-01-04 16:00"))


def test_paused_clock_takes_the_new_version_and_a_stopped_one_keeps_its_own(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    office_policy(world)
    paused = wait(started(world, at("2026-03-04 10:00")), world.engineer, now=at("2026-03-04 11:00"))
    stopped = resolve(started(world, at("2026-03-04 10:00")), world.engineer, now=at("2026-03-04 11:00"))
    publish_day(date(2026, 3, 5), Day((), "临时休市"))
    follow(at("2026-03-04 12:00"), monkeypatch)
    paused = act(paused, "resume", world.engineer, now=at("2026-03-04 17:00"))

    assert clock_of(paused).due_at == at("2026-03-06 16:00")  # 1 h before, 1 h that day, 6 h after the closed day
    assert clock_of(paused).calendar_version.number == 2
    assert clock_of(stopped).calendar_version.number == 1


@pytest.mark.slow
def test_page_says_what_an_edit_moves_and_publishes_it(world: World, client: Client) -> None:
    office_policy(world, Promise("response", "24x7", 600), Promise("resolve", "5x8", 960))
    year = timezone.localdate().year + 1  # what has passed cannot be edited
    monday = next(day for day in (date(year, 3, n) for n in range(1, 8)) if day.weekday() == 0)
    started(world, at(f"{monday + timedelta(days=2)} 10:00"))
    started(world, at(f"{monday} 09:00"))
    friday = monday + timedelta(days=4)
    client.force_login(world.admin)
    page = client.get(f"/calendars/5x8/?year={year}").context["form"]
    typed = {name: page.initial.get(name, "") for name in page.fields} | {"year": str(year), "confirmed": ""}
    typed |= {"days": f"{friday} - 临时休市", "note": "闭市"}
    preview = client.post("/calendars/5x8/", typed | {"preview": "1"})

    assert preview.context["moved"] == 1
    assert "day-changed" in preview.content.decode()
    assert Calendar.objects.get(code="5x8").current.number == 1  # type: ignore[union-attr]
    assert client.post("/calendars/5x8/", typed | {"publish": "1"}).status_code == 302
    version = Calendar.objects.get(code="5x8").current
    assert (version.number, version.note, version.published_by) == (2, "闭市", world.admin)  # type: ignore[union-attr]
    day = version.days.get(date=friday)  # type: ignore[union-attr]
    assert (day.intervals, day.label, day.source) == ([], "临时休市", "manual")
    assert version.days.count() == 772  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "wrong",
    [
        {"days": "soon"},
        {"days": "2026-01-01 -"},
        {"day0": "9 to 5"},
        {"zone": "Mars"},
        {f"day{n}": "" for n in range(7)},
    ],
)
def test_page_refuses_what_it_cannot_read_or_what_never_opens(world: World, client: Client, wrong: dict) -> None:
    client.force_login(world.admin)
    form = client.get("/calendars/5x8/?year=2027").context["form"]
    typed = {name: form.initial.get(name, "") for name in form.fields} | {"year": "2027", "publish": "1", **wrong}

    assert client.post("/calendars/5x8/", typed).status_code == 422
    assert Calendar.objects.get(code="5x8").current.number == 1  # type: ignore[union-attr]


def test_unchanged_form_changes_nothing(world: World, client: Client) -> None:
    client.force_login(world.admin)
    form = client.get("/calendars/5x8/?year=2026").context["form"]
    typed = {name: form.initial.get(name, "") for name in form.fields} | {"year": "2026", "confirmed": "on"}
    client.post("/calendars/5x8/", {k: v for k, v in typed.items() if k != "import_holidays"} | {"publish": "1"})

    assert Calendar.objects.get(code="5x8").current.number == 1  # type: ignore[union-attr]


def test_managers_read_calendars_and_administrators_change_them(world: World, client: Client) -> None:
    client.force_login(world.engineer)
    assert [client.get(url).status_code for url in ("/calendars/", "/calendars/5x8/")] == [403, 403]
    client.force_login(world.manager)
    assert [client.get(url).status_code for url in ("/calendars/", "/calendars/5x8/")] == [200, 200]
    assert client.post("/calendars/5x8/", {}).status_code == 403
    client.force_login(world.admin)
    assert [client.get(url).status_code for url in ("/calendars/", "/calendars/5x8/")] == [200, 200]
    assert client.get("/calendars/none/").status_code == 404


def test_seed_knows_only_announced_years(world: World) -> None:
    content = content_of(Calendar.objects.get(code="5x8").current)  # type: ignore[arg-type]

    assert with_chinese_days(content, [2099]) == content


# --- What an edit would move, in numbers -----------------------------------------------------------------------------
def crowd(near: int, far: int) -> Calendar:
    """So many open limits of the calendar 5x8 due tomorrow and due on Friday, seen from Monday morning."""
    make_crowd(near + far, "host", at("2026-11-24 10:00"))
    calendar = Calendar.objects.select_related("current").get(code="5x8")
    clocks = Clock.objects.all()
    clocks.update(calendar_version=calendar.current, running_since=MONDAY, target=9 * HOUR)
    late = list(clocks.order_by("pk").values_list("pk", flat=True)[near:])
    clocks.filter(pk__in=late).update(due_at=at("2026-11-27 10:00"), target=33 * HOUR)
    return calendar


def edited(calendar: Calendar, **changes: object) -> Content:
    content = content_of(calendar.current)  # type: ignore[arg-type]
    return replace(content, **changes)  # type: ignore[arg-type]


def with_day(calendar: Calendar, day: date, entry: Day) -> Content:
    content = content_of(calendar.current)  # type: ignore[arg-type]
    return edited(calendar, days={**content.days, day: entry})


@pytest.mark.slow
def test_preview_counts_the_limits_behind_the_changed_day(
    world: World, django_assert_num_queries: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    calendar = crowd(50, 312)
    closed = with_day(calendar, date(2026, 11, 26), Day((), "临时休市"))
    moved_limits(calendar, closed, MONDAY)
    with django_assert_num_queries(3):
        assert moved_limits(calendar, closed, MONDAY) == Moved(312)
    longer = ((540, 720), (780, 1080), (1140, 1200))
    assert moved_limits(calendar, with_day(calendar, date(2026, 11, 26), Day(longer, "加班")), MONDAY) == Moved(312)
    assert moved_limits(calendar, with_day(calendar, date(2026, 11, 24), Day((), "?")), MONDAY) == Moved(362)
    assert moved_limits(calendar, with_day(calendar, date(2026, 11, 28), Day((), "?")), MONDAY) == Moved(0)
    assert moved_limits(calendar, edited(calendar), MONDAY) == Moved(0)
    week = (((540, 720), (780, 1020)),) * 5 + ((), ())  # an hour less a day
    assert moved_limits(calendar, edited(calendar, week=week), MONDAY) == Moved(362)
    monkeypatch.setattr(following, "MOST_LOOKED_AT", 300)
    assert moved_limits(calendar, edited(calendar, week=week), MONDAY) == Moved(300, more=True)


def test_day_that_was_a_holiday_already_moves_nothing(world: World) -> None:
    calendar = crowd(0, 10)
    renamed = with_day(calendar, date(2026, 10, 1), Day((), "国庆"))

    assert moved_limits(calendar, renamed, at("2026-09-01 09:00")) == Moved(0)
