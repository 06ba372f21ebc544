"""Calendars as rows: published once, counted the same, and asked from the command line."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction

from sla.calendars.holidays import with_chinese_days
from sla.calendars.publishing import CalendarRefused, Content, Day, business_time, content_of, is_provisional, publish
from sla.calendars.spans import format_amount, format_hours, parse_amount, parse_hours
from sla.models import Calendar, CalendarDay, CalendarVersion
from tests.factories import MONDAY
from tests.sla.calendars import CN58, OFFICE, at, chinese_days_of_2026, utc

pytestmark = [pytest.mark.django_db, pytest.mark.req("SLM-04", "SLM-05")]

HOUR = timedelta(hours=1)


def current(code: str) -> CalendarVersion:
    version = Calendar.objects.get(code=code).current
    assert version is not None
    return version


def test_shipped_working_days_are_those_of_the_examples() -> None:
    content = content_of(current("5x8"))
    days = {day: entry.intervals for day, entry in content.days.items() if day.year == 2026}

    assert days == chinese_days_of_2026()
    assert content.week == (OFFICE,) * 5 + ((),) * 2
    assert content.confirmed_until == date(2026, 12, 31)
    assert business_time(current("5x8")).add(at("2026-02-13 17:30"), 4 * HOUR) == utc("2026-02-14T05:30")


def test_round_the_clock_is_the_identity() -> None:
    assert business_time(current("24x7")).add(MONDAY, HOUR) == MONDAY + HOUR
    assert not is_provisional(current("24x7"), utc("2090-01-01T00:00"))


def test_due_times_beyond_the_confirmed_year_are_provisional() -> None:
    version = current("5x8")
    due = business_time(version).add(at("2026-12-31 16:00"), 8 * HOUR)

    assert due == utc("2027-01-01T08:00")
    assert is_provisional(version, due)
    assert not is_provisional(version, utc("2026-12-31T08:00"))
    assert is_provisional(version, utc("2026-12-31T16:30")), "the day is that of the calendar, not of UTC"
    assert not is_provisional(version, utc("2026-12-31T15:30"))


def test_publishing_makes_a_version_and_leaves_the_old_one() -> None:
    calendar = Calendar.objects.get(code="5x8")
    old = current("5x8")
    content = content_of(old)
    edited = replace(content, days={**content.days, date(2026, 3, 5): Day((), "临时休市")})

    new = publish(calendar, edited, by=None, at=MONDAY, note="闭市")

    assert (new.number, new.note) == (old.number + 1, "闭市")
    assert current("5x8") == new
    assert business_time(old).diff(at("2026-03-05 00:00"), at("2026-03-06 00:00")) == 8 * HOUR
    assert business_time(new).diff(at("2026-03-05 00:00"), at("2026-03-06 00:00")) == timedelta()


def test_publishing_the_same_again_changes_nothing() -> None:
    before = current("5x8")

    assert publish(before.calendar, content_of(before), by=None, at=MONDAY) == before
    assert CalendarVersion.objects.filter(calendar="5x8").count() == 1


@pytest.mark.parametrize("week", [((),) * 7, (((540, 540),),) + ((),) * 6])
def test_calendar_that_does_not_open_is_refused(week: tuple) -> None:
    with pytest.raises(CalendarRefused):
        publish(Calendar.objects.get(code="5x8"), Content("Asia/Shanghai", week=week), by=None, at=MONDAY)

    assert current("5x8").number == 1


def test_what_is_published_cannot_be_changed() -> None:
    day = CalendarDay.objects.filter(version=current("5x8")).first()
    for statement in (
        lambda: CalendarVersion.objects.update(zone="UTC"),
        lambda: CalendarDay.objects.filter(pk=day.pk).delete(),  # type: ignore[union-attr]
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            statement()


def test_import_keeps_days_entered_by_hand_and_other_years() -> None:
    mine = {date(2026, 1, 2): Day(OFFICE, "结算日"), date(2031, 5, 1): Day((), "?", "import")}
    content = with_chinese_days(Content("Asia/Shanghai", week=(OFFICE,) * 5 + ((),) * 2, days=mine), [2026, 2031])

    assert content.days[date(2026, 1, 2)] == mine[date(2026, 1, 2)]
    assert content.days[date(2031, 5, 1)] == mine[date(2031, 5, 1)]
    assert content.days[date(2026, 1, 4)].intervals == OFFICE
    assert content.confirmed_until == date(2026, 12, 31)


def ask(*words: str) -> str:
    answer = StringIO()
    call_command("business_time", *words, stdout=answer)
    return answer.getvalue()


def test_command_adds() -> None:
    answer = ask("add", "--calendar", "5x8", "--start", "2026-02-13 17:30", "--duration", "4h")

    assert "due: Sat 2026-02-14 13:30:00+08:00 = 2026-02-14T05:30:00Z" in answer


def test_command_measures() -> None:
    answer = ask("diff", "--calendar", "5x8", "--start", "2026-04-30 12:00", "--end", "2026-05-11 09:30")

    assert "business time: 37:30:00" in answer


@pytest.mark.parametrize(
    "words",
    [
        ["add", "--calendar", "none", "--start", "2026-02-13", "--duration", "4h"],
        ["add", "--calendar", "5x8", "--start", "yesterday", "--duration", "4h"],
        ["add", "--calendar", "5x8", "--start", "2026-02-13", "--duration", "soon"],
    ],
)
def test_command_says_what_it_does_not_understand(words: list[str]) -> None:
    with pytest.raises(CommandError):
        ask(*words)


@pytest.mark.parametrize(
    ("text", "seconds"), [("4h", 14400), ("90m", 5400), ("1h30m", 5400), ("2.5h", 9000), ("45s", 45)]
)
def test_amounts_are_read(text: str, seconds: int) -> None:
    assert parse_amount(text) == timedelta(seconds=seconds)


def test_hours_are_read_and_written() -> None:
    assert parse_hours("13:00-18:00 09:00-12:00") == OFFICE
    assert format_hours(OFFICE) == "09:00-12:00 13:00-18:00"
    assert parse_hours("") == ()
    assert parse_hours("22:00-24:00") == ((1320, 1440),)
    for wrong in ("9 to 5", "18:00-09:00", "09:00-25:00", "09:60-10:00"):
        with pytest.raises(ValueError, match=r"\d"):
            parse_hours(wrong)


def test_amounts_are_written() -> None:
    assert [format_amount(x * HOUR) for x in (0, 1.5, 50, -1)] == ["0:00:00", "1:30:00", "50:00:00", "-1:00:00"]
    assert CN58.diff(at("2026-03-02 09:00"), at("2026-03-02 09:00")) == timedelta()
