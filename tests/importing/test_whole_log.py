"""The whole real log, compared with a plain reading of the same file that shares no code with the import."""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from accounts.models import SupportGroup, User
from cmdb.models import ConfigurationItem
from incidents.models import Incident
from problems.trends.analysis import BURST, MOST, WEEK, ZONE, find
from tests.importing.exports import LOG, run_import
from tests.reports.whole_log import check_board_counts_what_the_log_says
from tickets.models import AffectedItem, Category, ExternalReference, TimelineEntry

pytestmark = [
    pytest.mark.req("ADM-04", "RPT-01"),
    pytest.mark.slow,
    pytest.mark.skipif(not LOG.exists(), reason="the real log is not there"),
]

STATES = {"Active": "in_progress", "Resolved": "resolved", "Closed": "closed"}


@dataclass
class Imported:
    """The log as read plainly, and what the command said about it."""

    rows: dict[str, list[dict[str, str]]]
    output: str

    @property
    def last(self) -> dict[str, dict[str, str]]:
        """The last row of each incident."""
        return {number: rows[-1] for number, rows in self.rows.items()}


def read_plainly() -> dict[str, list[dict[str, str]]]:
    """The rows of each incident."""
    rows = defaultdict(list)
    with gzip.open(LOG, "rt", encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            rows[row["number"]].append(row)
    return rows


def moment(text: str) -> datetime:
    """A time of the log, in the zone that the portal reads it in."""
    day, month, year, hour, minute = map(int, text.replace("/", " ").replace(":", " ").split())
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo("Asia/Shanghai"))


def state_of(row: dict[str, str], before: str) -> str:
    """The state that a row leads to."""
    word = row["incident_state"]
    if word == "New":
        return "registered" if row["assignment_group"] == "?" else "assigned"
    return STATES.get(word) or ("pending" if word.startswith("Awaiting") else before)


def check_every_incident_and_every_event_is_there(log: Imported) -> None:
    assert (len(log.rows), sum(map(len, log.rows.values()))) == (17_350, 98_824)
    found = Counter(TimelineEntry.objects.values_list("ticket__external_number", flat=True))
    assert found == {number: len(rows) for number, rows in log.rows.items()}
    assert "Imported 17,350 incidents with 98,824 events" in log.output


def check_every_event_has_its_time_its_person_and_its_state(log: Imported) -> None:
    found = defaultdict(list)
    entries = TimelineEntry.objects.order_by("ticket_id", "id")
    for number, *entry in entries.values_list(
        "ticket__external_number", "at", "actor__full_name", "state_from", "state_to"
    ):
        found[number].append(tuple(entry))
    for number, rows in log.rows.items():
        state, expected = "", []
        for row in rows:
            reached = state_of(row, state)
            expected.append((moment(row["sys_updated_at"]), row["sys_updated_by"], state, reached))
            state = reached
        assert found[number] == expected


def check_tickets_end_as_in_the_log(log: Imported) -> None:
    found = {
        number: rest
        for number, *rest in Incident.objects.values_list(
            "external_number",
            "state",
            "priority",
            "group__name_en",
            "assignee__full_name",
            "reopen_count",
            "completed_in_time",
            "created_at",
            "closed_at",
            "vendor_needed",
        )
    }
    assert found == {
        number: [
            "closed",
            f"P{row['priority'][0]}",
            known(row["assignment_group"]),
            known(row["assigned_to"]),
            int(row["reopen_count"]),
            row["made_sla"] == "true",
            moment(row["opened_at"]),
            moment(row["closed_at"]),
            row["vendor"] != "?",
        ]
        for number, row in log.last.items()
    }


def known(value: str) -> str | None:
    """The value, None when it is missing."""
    return None if value == "?" else value


def check_reopenings_are_those_of_the_log(log: Imported) -> None:
    counts = Counter(Incident.objects.values_list("reopen_count", flat=True))
    assert counts == Counter(int(row["reopen_count"]) for row in log.last.values())
    back = TimelineEntry.objects.filter(state_from__in=["resolved", "closed"], state_to__in=["in_progress", "pending"])
    assert back.count() == sum(int(row["reopen_count"]) for row in log.last.values()) == 221


def check_solved_times_are_the_log_s_or_those_of_the_update_that_solved(log: Imported) -> None:
    found = dict(Incident.objects.values_list("external_number", "resolved_at"))
    expected: dict[str, datetime | None] = {}
    for number, rows in log.rows.items():
        states = [row["incident_state"] for row in rows]
        solved = [
            row["sys_updated_at"]
            for before, row in zip(["", *states], rows, strict=False)
            if row["incident_state"] == "Resolved" != before
        ]
        text = known(rows[-1]["resolved_at"]) or (solved[-1] if solved else None)
        expected[number] = moment(text) if text else None
    assert found == expected


def check_people_groups_categories_and_items_are_those_of_the_log(log: Imported) -> None:
    rows = [row for rows in log.rows.values() for row in rows]
    people = ("caller_id", "opened_by", "sys_updated_by", "assigned_to", "resolved_by")
    names = {" ".join(row[column].split()) for row in rows for column in people} - {"?"}
    assert set(User.objects.filter(username__startswith="imported-").values_list("full_name", flat=True)) == names
    groups = {row["assignment_group"] for row in rows} - {"?"}
    assert set(SupportGroup.objects.filter(code__startswith="imported-").values_list("name_en", flat=True)) == groups
    assert set(
        ConfigurationItem.objects.filter(identifier__startswith="imported-").values_list("name", flat=True)
    ) == {row["cmdb_ci"] for row in rows} - {"?"}
    paths = {tuple(row[column] for column in ("category", "subcategory", "u_symptom")) for row in rows}
    whole = {" / ".join(name for name in path if name != "?") for path in paths} - {""}
    assert set(Category.objects.filter(code__startswith="imported-").values_list("path_en", flat=True)) >= whole


def check_relations_are_those_of_the_last_updates(log: Imported) -> None:
    expected = {
        (number, kind, meaning, " ".join(row[column].split()))
        for number, row in log.last.items()
        for column, kind, meaning in (
            ("problem_id", "problem", "related_to"),
            ("rfc", "change", "related_to"),
            ("caused_by", "change", "caused_by"),
        )
        if row[column] != "?"
    }
    found = ExternalReference.objects.values_list("ticket__external_number", "kind", "meaning", "reference")
    assert set(found) == expected
    assert AffectedItem.objects.count() == sum(row["cmdb_ci"] != "?" for row in log.last.values())


def check_damaged_values_are_reported_by_line(log: Imported) -> None:
    with gzip.open(LOG, "rt", encoding="utf-8") as stream:
        lines = [number for number, line in enumerate(stream, start=1) if ",-100," in line]
    assert len(lines) == 5
    for line in lines:
        assert f"  line {line}: INC00" in log.output
    assert "8 damaged values" in log.output


def check_numbers_are_unique_and_of_the_day_of_opening(log: Imported) -> None:
    numbers = dict(Incident.objects.values_list("external_number", "number"))
    assert len(set(numbers.values())) == 17_350
    assert all(numbers[number].startswith(f"IM{moment(row['opened_at']):%y%m%d}") for number, row in log.last.items())


def check_bursts_of_its_whole_weeks_are_named(log: Imported) -> None:
    """Two stand out to any careful eye: a symptom from 11 April on, a category of one group from 2 May on (PRB-02)."""
    first = datetime(2016, 2, 29, tzinfo=ZONE)
    found = find([first + WEEK * number for number in range(12)])
    named = {
        (part, f"{one.since.astimezone(ZONE):%m-%d}")
        for one in found
        if one.kind == BURST
        for series in (one.series, *one.also)
        for part in series.key
    }
    assert len(found) <= MOST
    assert {("imported-category-35.subcategory-28.symptom-506", "04-11"), ("imported-group-64", "05-02")} <= named


CHECKS = (
    check_every_incident_and_every_event_is_there,
    check_every_event_has_its_time_its_person_and_its_state,
    check_tickets_end_as_in_the_log,
    check_reopenings_are_those_of_the_log,
    check_solved_times_are_the_log_s_or_those_of_the_update_that_solved,
    check_people_groups_categories_and_items_are_those_of_the_log,
    check_relations_are_those_of_the_last_updates,
    check_damaged_values_are_reported_by_line,
    check_numbers_are_unique_and_of_the_day_of_opening,
    check_board_counts_what_the_log_says,
    check_bursts_of_its_whole_weeks_are_named,
)


@pytest.mark.django_db
def test_whole_log_is_imported_as_it_stands(subtests: pytest.Subtests) -> None:
    log = Imported(read_plainly(), run_import(LOG))
    for check in CHECKS:
        with subtests.test(check.__name__):
            check(log)
