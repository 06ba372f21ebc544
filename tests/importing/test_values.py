"""Cells are read or refused, never guessed."""

import csv
import io
import zoneinfo
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importing.facts import cell_reader, word_reader, word_table
from importing.findings import Finding, Flaw, finding_writer
from importing.histories import History
from importing.values import EARLIEST, DamagedError, read_count, read_name, tidy, time_reader
from itsm.documents.cells import RISKY

pytestmark = pytest.mark.req("ADM-04")

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SHANGHAI = zoneinfo.ZoneInfo("Asia/Shanghai")
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
FORMAT = ("%d/%m/%Y %H:%M",)
MISSING = frozenset({"", "?"})

read_log_time = time_reader(FORMAT, SHANGHAI, NOW)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("29/2/2016 01:16", datetime(2016, 2, 28, 17, 16, tzinfo=UTC)),
        ("1/12/2016 09:05", datetime(2016, 12, 1, 1, 5, tzinfo=UTC)),
    ],
)
def test_time_is_day_first_and_local(text: str, moment: datetime) -> None:
    assert read_log_time(text) == moment


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("30/2/2016 01:16", Flaw.TIME),
        ("2016-02-29 01:16", Flaw.TIME),
        ("29/2/2016", Flaw.TIME),
        ("soon", Flaw.TIME),
        ("1/1/1969 00:00", Flaw.RANGE),
        ("1/1/0001 00:00", Flaw.RANGE),
        ("31/12/9999 23:59", Flaw.RANGE),
        ("25/11/2026 00:00", Flaw.RANGE),
    ],
)
def test_time_that_cannot_be_is_damaged(text: str, flaw: Flaw) -> None:
    with pytest.raises(DamagedError) as refused:
        read_log_time(text)
    assert refused.value.flaw is flaw


def test_time_skipped_by_summer_time_is_damaged_and_the_repeated_hour_is_the_first() -> None:
    read = time_reader(FORMAT, BERLIN, NOW)
    with pytest.raises(DamagedError) as refused:
        read("27/3/2016 02:30")
    assert refused.value.flaw is Flaw.CLOCK
    assert read("30/10/2016 02:30") == datetime(2016, 10, 30, 0, 30, tzinfo=UTC)


def test_time_with_its_own_offset_needs_no_zone() -> None:
    read = time_reader(("%Y-%m-%dT%H:%M:%S%z",), BERLIN, NOW)
    assert read("2016-02-29T01:16:00+08:00") == datetime(2016, 2, 28, 17, 16, tzinfo=UTC)


@given(
    st.datetimes(EARLIEST.replace(tzinfo=None) + timedelta(days=1), NOW.replace(tzinfo=None), timezones=st.just(UTC))
)
def test_time_written_in_the_log_s_way_is_read_back(moment: datetime) -> None:
    moment = moment.replace(second=0, microsecond=0)
    local = moment.astimezone(SHANGHAI)
    repeated = local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()  # summer time until 1991
    written = f"{local.day}/{local.month}/{local.year} {local:%H:%M}"
    assert repeated or read_log_time(written) == moment


@given(st.text())
def test_any_text_is_a_time_in_range_or_damaged(text: str) -> None:
    try:
        moment = read_log_time(text)
    except DamagedError:
        return
    assert EARLIEST <= moment <= NOW + timedelta(days=1)


@given(st.integers(0, 999_999_999))
def test_count_is_read_back(number: int) -> None:
    assert read_count(str(number)) == number


@pytest.mark.parametrize("text", ["-1", "1.0", "x", "²", "٣", "1" * 5000, "1000000000"])
def test_count_that_is_none_is_damaged(text: str) -> None:
    with pytest.raises(DamagedError):
        read_count(text)


@given(st.text())
def test_tidy_text_is_one_line_and_stays_as_it_is(text: str) -> None:
    tidied = tidy(text)
    assert tidied.split() == text.split()
    assert tidy(tidied) == tidied


def test_name_that_is_too_long_is_damaged() -> None:
    assert read_name("x" * 100) == "x" * 100
    with pytest.raises(DamagedError):
        read_name("x" * 101)


@given(st.sampled_from(["?", " ? ", "", "  "]))
def test_missing_mark_is_missing_and_not_damaged(cell: str) -> None:
    assert word_reader(MISSING)(cell) == ""
    assert cell_reader(read_count, MISSING)(cell) == (None, None)
    assert word_table({"x": "y"}, MISSING, Flaw.WORD)(cell) == (None, None)


def test_word_is_translated_or_damaged() -> None:
    read = word_table({"Phone": "phone", "Direct": None}, MISSING, Flaw.WORD)
    assert read(" Phone") == ("phone", None)
    assert read("Direct") == (None, None)
    assert read("Pigeon") == (None, Flaw.WORD)


def test_word_table_may_name_all_others_and_the_missing() -> None:
    read = word_table({"*": "tier1", "": "P4"}, MISSING, Flaw.WORD)
    assert read("code 6") == ("tier1", None)
    assert read("?") == ("P4", None)


@given(st.text(min_size=1))
def test_report_cell_is_no_formula(text: str) -> None:
    stream = io.StringIO(newline="")
    finding_writer(stream)(Finding(2, "IM1", "summary", text, Flaw.CONTROL))

    [_header, row] = [row for row in csv.reader(io.StringIO(stream.getvalue(), newline="")) if row]
    assert row[:3] == ["2", "IM1", "summary"]
    assert not row[3].startswith(tuple(RISKY))


def test_a_pause_that_ends_before_it_begins_takes_nothing_from_the_others() -> None:
    hour = timedelta(hours=1)
    told = SimpleNamespace(pauses=[(NOW, NOW - 5 * hour, None), (NOW, NOW + hour, None), (NOW, None, None)])

    assert History.waited.fget(told) == hour  # type: ignore[attr-defined]
