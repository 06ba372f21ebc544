"""Business time: every worked example of the design, its laws, and a naive minute count as referee."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sla.calendars.clock import Always, CalendarEmpty, Hours, Table, WorkingTime
from tests.sla.calendars import BERLIN, CN58, CN58_HOURS, NIGHT, OFFICE, at, counted_minutes, utc, weekly

pytestmark = pytest.mark.req("SLM-04", "SLM-05")

HOUR = timedelta(hours=1)
ALWAYS = Always()


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


ADDED = [
    ("E1", CN58, at("2026-02-13 17:30"), 4 * HOUR, utc("2026-02-14T05:30")),
    ("E2", CN58, at("2026-02-14 17:00"), 8 * HOUR, utc("2026-02-24T09:00")),
    ("E2 50 %", CN58, at("2026-02-14 17:00"), 4 * HOUR, utc("2026-02-24T04:00")),
    ("E2 75 %", CN58, at("2026-02-14 17:00"), 6 * HOUR, utc("2026-02-24T07:00")),
    ("E3", CN58, at("2026-01-04 10:00"), 2 * HOUR, utc("2026-01-04T04:00")),
    ("E4 before opening", CN58, at("2026-03-02 07:00"), HOUR, utc("2026-03-02T02:00")),
    ("E4 at opening", CN58, at("2026-03-02 09:00"), HOUR, utc("2026-03-02T02:00")),
    ("E5", CN58, at("2026-03-02 09:00"), 8 * HOUR, utc("2026-03-02T10:00")),
    ("E6", ALWAYS, at("2026-03-02 23:58:30"), minutes(5), utc("2026-03-02T16:03:30")),
    ("E6 50 %", ALWAYS, at("2026-03-02 23:58:30"), minutes(2.5), utc("2026-03-02T16:01:00")),
    ("E6 80 %", ALWAYS, at("2026-03-02 23:58:30"), minutes(4), utc("2026-03-02T16:02:30")),
    ("E7 the rest", CN58, at("2026-03-04 15:00"), 6 * HOUR, utc("2026-03-05T04:00")),
    ("E8", CN58, at("2026-03-02 15:00"), 8 * HOUR, utc("2026-03-03T07:00")),
    ("E8 paused at night", CN58, at("2026-03-03 09:00"), 5 * HOUR, utc("2026-03-03T07:00")),
    ("E9 response", ALWAYS, at("2026-03-02 09:00"), minutes(5), utc("2026-03-02T01:05")),
    ("E9 resolve", ALWAYS, at("2026-03-02 09:00"), 4 * HOUR, utc("2026-03-02T05:00")),
    ("E9 response from change", ALWAYS, at("2026-03-02 14:00"), minutes(5), utc("2026-03-02T06:05")),
    ("E9 resolve from change", ALWAYS, at("2026-03-02 14:00"), 4 * HOUR, utc("2026-03-02T10:00")),
    ("E10", CN58, at("2026-03-02 09:00"), 24 * HOUR, utc("2026-03-04T10:00")),
    ("E11 before", CN58, at("2026-03-04 10:00"), 16 * HOUR, utc("2026-03-06T02:00")),
    ("E12", BERLIN, at("2026-03-27 16:00", "Europe/Berlin"), 2 * HOUR, utc("2026-03-30T08:00")),
    ("E12b", BERLIN, at("2026-10-23 16:00", "Europe/Berlin"), 2 * HOUR, utc("2026-10-26T09:00")),
    ("E13", NIGHT, at("2026-03-07 22:00", "America/New_York"), 7 * HOUR, utc("2026-03-08T10:00")),
    ("E13b", NIGHT, at("2026-10-31 22:00", "America/New_York"), 9 * HOUR, utc("2026-11-01T11:00")),
    ("E15", CN58, at("2026-02-27 18:00"), HOUR, utc("2026-02-28T02:00")),
    ("E16 provisional", CN58, at("2026-12-31 16:00"), 8 * HOUR, utc("2027-01-01T08:00")),
    ("E20", CN58, at("2026-09-30 15:00"), 40 * HOUR, utc("2026-10-13T07:00")),
    ("E21", CN58, at("2026-03-02 17:50"), minutes(30), utc("2026-03-03T01:20")),
    ("E22", CN58, at("2026-03-02 11:50"), minutes(120), utc("2026-03-02T06:50")),
    ("E23 P4", CN58, at("2026-09-30 16:00"), 24 * HOUR, utc("2026-10-10T08:00")),
    ("E23 P5", CN58, at("2026-09-30 16:00"), 48 * HOUR, utc("2026-10-14T08:00")),
    ("E24", CN58, at("2026-02-14 17:40"), minutes(60), utc("2026-02-24T01:40")),
    ("E25", CN58, at("2026-02-13 16:00"), 24 * HOUR, utc("2026-02-25T08:00")),
]


def test_the_last_moment_of_a_table_is_in_it() -> None:
    """Seconds 0 to 10 and 20 to 30 are twenty in all: twenty end with it, one more does not."""
    table = Table([(0, 10), (20, 30)], 1970, 1970)

    assert (table.after(0, 10), table.after(0, 11), table.after(0, 20)) == (10, 21, 30)
    assert table.after(0, 21) is None


@pytest.mark.parametrize(("name", "clock", "start", "amount", "due"), ADDED, ids=[row[0] for row in ADDED])
def test_worked_examples(name: str, clock: WorkingTime, start: datetime, amount: timedelta, due: datetime) -> None:
    found = clock.add(start, amount)

    assert found == due
    assert found.tzinfo is UTC
    assert clock.diff(start, found) == amount


def test_e5_answer_next_morning_is_late_although_just_as_much_time_has_passed() -> None:
    start, answered = at("2026-03-02 09:00"), at("2026-03-03 08:30")

    assert CN58.diff(start, answered) == 8 * HOUR
    assert answered > CN58.add(start, 8 * HOUR)


def test_e7_pause_keeps_what_was_consumed() -> None:
    consumed = CN58.diff(at("2026-03-02 09:00"), at("2026-03-02 11:00"))

    assert consumed == 2 * HOUR
    assert CN58.add(at("2026-03-04 15:00"), 8 * HOUR - consumed) == utc("2026-03-05T04:00")


def test_e11_and_e16_new_days_move_what_lies_ahead() -> None:
    closed = {date(2026, 3, 5): (), date(2027, 1, 1): ()}
    new = WorkingTime(Hours(CN58_HOURS.zone, CN58_HOURS.week, {**CN58_HOURS.days, **closed}))
    consumed = CN58.diff(at("2026-03-04 10:00"), at("2026-03-04 12:00"))

    assert new.add(at("2026-03-04 12:00"), 16 * HOUR - consumed) == utc("2026-03-09T02:00")
    assert new.add(at("2026-12-31 16:00"), 8 * HOUR) == utc("2027-01-04T08:00")


def test_e14_shift_that_begins_in_a_skipped_hour_opens_at_the_jump() -> None:
    sunday = WorkingTime(weekly("Europe/Berlin", (150, 600), days="0000001"))
    spring, usual = at("2026-03-29 00:00", "Europe/Berlin"), at("2026-03-22 00:00", "Europe/Berlin")

    assert sunday.diff(spring, spring + timedelta(days=1)) == 7 * HOUR
    assert sunday.open_between(spring, spring + timedelta(days=1))[0][0] == utc("2026-03-29T01:00")
    assert sunday.diff(usual, usual + timedelta(days=1)) == 7.5 * HOUR


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-09-18 17:00", "2026-09-28 10:00", 42),
        ("2026-04-30 12:00", "2026-05-11 09:30", 37.5),
        ("2026-01-01 00:00", "2027-01-01 00:00", 1984),
    ],
    ids=["E17", "E18", "E19"],
)
def test_worked_differences(start: str, end: str, hours: float) -> None:
    assert CN58.diff(at(start), at(end)) == hours * HOUR


def test_night_shift_is_shorter_in_spring_and_longer_in_autumn() -> None:
    nights = WorkingTime(weekly("Europe/Berlin", (0, 360), days="1111111"))
    lengths = [
        nights.diff(day, day + timedelta(hours=12))
        for day in (at(f"2026-{text} 00:00", "Europe/Berlin") for text in ("03-29", "07-01", "10-25"))
    ]

    assert lengths == [5 * HOUR, 6 * HOUR, 7 * HOUR]


@pytest.mark.parametrize(
    ("zone", "day", "change", "back"),
    [
        ("Europe/Berlin", "2026-10-25", "03:00", 60),
        ("America/New_York", "2026-11-01", "02:00", 60),
        ("Australia/Lord_Howe", "2026-04-05", "02:00", 30),
        ("America/Santiago", "2026-04-04", "24:00", 60),
    ],
)
def test_hours_that_begin_or_end_in_the_repeated_hour_count_what_the_wall_shows(
    zone: str, day: str, change: str, back: int
) -> None:
    """Clocks go back at ``change`` by ``back`` minutes; opening hours begin, end, or lie 14 minutes before that."""
    at_change = int(change[:2]) * 60
    midnight = at(f"{day} 00:00", zone)
    until = midnight + timedelta(hours=40)
    weekday = "".join("1" if n == midnight.weekday() else "0" for n in range(7))

    def minutes(start: int, end: int) -> float:
        return WorkingTime(weekly(zone, (start, end), days=weekday)).diff(midnight, until) / timedelta(minutes=1)

    begins = at_change - 14
    later = min(at_change + 120, 1440)
    assert minutes(begins, later) == 14 + (later - begins)  # once before the change, once more after it
    assert minutes(60, begins) == (begins - 60) + (back - 14)  # the part that comes twice lies before the end
    assert minutes(begins, begins + 10) == 20
    assert minutes(at_change - back, at_change) == 2 * back
    if change != "24:00":
        assert minutes(at_change, at_change + 60) == 60


def test_the_hours_of_a_sunday_in_berlin_are_not_46_minutes_too_long() -> None:
    sunday = WorkingTime(weekly("Europe/Berlin", (166, 744), days="0000001"))

    found = sunday.open_between(at("2026-10-25 00:00", "Europe/Berlin"), at("2026-10-26 00:00", "Europe/Berlin"))

    assert found == [
        (utc("2026-10-25T00:46"), utc("2026-10-25T01:00")),
        (utc("2026-10-25T01:46"), utc("2026-10-25T11:24")),
    ]
    assert sunday.add(utc("2026-10-25T00:50"), timedelta(minutes=20)) == utc("2026-10-25T01:56")


def test_midnight_is_no_gap() -> None:
    nights = WorkingTime(weekly("Asia/Shanghai", (1200, 1440), (0, 240), days="1111111"))

    [whole] = nights.open_between(at("2026-03-02 20:00"), at("2026-03-03 20:00"))

    assert whole == (utc("2026-03-02T12:00"), utc("2026-03-02T20:00"))


def test_calendar_that_never_opens_is_refused() -> None:
    closed = WorkingTime(weekly("Asia/Shanghai", *OFFICE, days="0000000"))

    with pytest.raises(CalendarEmpty):
        closed.add(at("2026-03-02 09:00"), HOUR)
    assert closed.diff(at("2026-03-02 09:00"), at("2026-03-09 09:00")) == timedelta()


def test_table_grows_with_what_is_asked() -> None:
    """The same answers, whichever year was asked for first."""
    fresh = WorkingTime(CN58_HOURS)
    fresh.diff(at("2035-01-01 00:00"), at("2035-02-01 00:00"))

    assert fresh.diff(at("2026-01-01 00:00"), at("2027-01-01 00:00")) == 1984 * HOUR
    assert fresh.add(at("2009-01-05 09:00"), HOUR) == utc("2009-01-05T02:00")


def test_a_table_that_is_kept_has_a_year_to_spare_at_both_ends() -> None:
    """Local days of the year before and after lie in a year of UTC: what was asked before must not cut them off."""
    evenings = WorkingTime(weekly("America/New_York", (1140, 1440), days="1111111"))
    evenings.diff(utc("2028-06-01T00:00"), utc("2028-06-02T00:00"))  # keeps 2027 to 2032
    assert evenings.diff(utc("2027-01-01T00:00"), utc("2027-01-01T05:00")) == 5 * HOUR

    nights = WorkingTime(weekly("Asia/Shanghai", (0, 480), days="1111111"))
    nights.diff(utc("2028-06-01T00:00"), utc("2028-06-02T00:00"))
    assert nights.diff(utc("2032-12-31T16:00"), utc("2032-12-31T23:00")) == 7 * HOUR


# --- Laws -----------------------------------------------------------------------------------------------------------
intervals = st.lists(st.integers(0, 1440), min_size=2, max_size=6).map(
    lambda points: tuple((a, b) for a, b in zip(sorted(points)[::2], sorted(points)[1::2], strict=False) if a < b)
)
zones = st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"])
days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
calendars = st.builds(
    Hours,
    zones,
    st.tuples(*[intervals] * 7),
    st.dictionaries(days, intervals, max_size=12),
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(  # noqa: DTZ001 - made aware here
    lambda naive: naive.replace(tzinfo=UTC)
)
amounts = st.timedeltas(timedelta(microseconds=1), timedelta(hours=60))


def opens(hours: Hours) -> bool:
    return any(first < last for day in hours.week for first, last in day)


@pytest.mark.slow
@settings(max_examples=60)
@given(calendars, moments, amounts, amounts)
def test_adding_and_measuring_agree(hours: Hours, start: datetime, x: timedelta, y: timedelta) -> None:
    assume(opens(hours))
    assume(sum(b - a for day in hours.week for a, b in day) >= 60)
    clock = WorkingTime(hours)

    assert clock.diff(start, clock.add(start, x)) == x
    assert clock.add(clock.add(start, x), y) == clock.add(start, x + y)


@pytest.mark.slow
@settings(max_examples=60)
@given(calendars, moments, moments)
def test_working_time_is_part_of_time(hours: Hours, a: datetime, b: datetime) -> None:
    a, b = min(a, b), max(a, b)
    clock = WorkingTime(hours)

    assert timedelta() <= clock.diff(a, b) <= b - a
    assert sum((end - start for start, end in clock.open_between(a, b)), timedelta()) == clock.diff(a, b)


@pytest.mark.slow
@settings(max_examples=40)
@given(calendars, moments, st.integers(0, 4 * 24 * 60))
def test_measuring_agrees_with_counting_minutes(hours: Hours, start: datetime, length: int) -> None:
    """Open while a clock on the wall shows a time of the opening hours, also where it shows it twice or never."""
    start = start.replace(second=0, microsecond=0)
    end = start + timedelta(minutes=length)
    clock = WorkingTime(hours)

    assert clock.diff(start, end) == counted_minutes(hours, start, end) * timedelta(minutes=1)


@pytest.mark.slow
@settings(max_examples=40)
@given(calendars, moments, amounts, st.floats(0, 1))
def test_pause_in_closed_time_moves_nothing(hours: Hours, start: datetime, amount: timedelta, share: float) -> None:
    assume(opens(hours))
    assume(sum(b - a for day in hours.week for a, b in day) >= 60)
    clock = WorkingTime(hours)
    open_times = clock.open_between(start, start + timedelta(days=15))
    assume(len(open_times) > 1)
    paused, resumed = open_times[0][1], open_times[1][0]
    consumed = clock.diff(start, paused)
    assume(consumed < amount)
    resumed = paused + (resumed - paused) * share

    assert clock.add(resumed, amount - consumed) == clock.add(start, amount)
