"""The history of problems comes in by the same command: the kind says what it needs, the mapping what words mean."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings

from accounts.models import SupportGroup
from cmdb.models import ConfigurationItem
from problems.models import Problem
from tests.importing.exports import run_import, write_export
from tickets.models import Ticket

pytestmark = [pytest.mark.req("ADM-04", "PRB-03"), pytest.mark.django_db]

LOG = settings.BASE_DIR.parent / "shared" / "data" / "volvo_problems.csv.gz"
QUEUED, ASSIGNED, WORKING = "Queued/Awaiting Assignment", "Accepted/Assigned", "Accepted/In Progress"
WAITING, CLOSED, CANCELLED = "Accepted/Wait", "Completed/Closed", "Completed/Cancelled"


def life(*states: str, **changed: str) -> list[dict[str, str]]:
    """The rows of a problem that goes through ``states``, an event an hour, each by another person."""
    fixed = {"org_line": "Org line C", "impact": "Major", "product": "PROD802", "resource_country": "Sweden"}
    fixed |= {"organisation_country": "se", "role": "", "set": "open"}
    return [
        {
            "case": "open:1-1",
            "state": state.partition("/")[0],
            "substate": state.partition("/")[2],
            "timestamp": f"2012-03-15T{hour:02d}:00:00.000+02:00",
            "person": f"Person {hour}",
        }
        | fixed
        | changed
        for hour, state in enumerate(states, 1)
    ]


def imported(tmp_path: Path, rows: list[dict[str, str]]) -> Problem:
    """The only problem of ``rows``, after the import."""
    run_import(write_export(tmp_path / "log.csv", rows), mapping="volvo_problems")
    return Problem.objects.get(external_system="vinst")


def at(hour: int) -> datetime:
    """The time of the event number ``hour``, counted from 1."""
    return datetime(2012, 3, 14 if hour < 2 else 15, (hour - 2) % 24, tzinfo=UTC)


@pytest.mark.slow
def test_every_event_stands_at_its_time_by_whoever_did_it(tmp_path: Path) -> None:
    problem = imported(tmp_path, life(QUEUED, ASSIGNED, WORKING, WAITING, WORKING, CLOSED))
    assert list(problem.timeline.values_list("action", "state_from", "state_to", "at", "actor__full_name")) == [
        ("register", "", "registered", at(1), "Person 1"),
        ("imported", "registered", "assigned", at(2), "Person 2"),
        ("imported", "assigned", "investigating", at(3), "Person 3"),
        ("imported", "investigating", "pending", at(4), "Person 4"),
        ("imported", "pending", "investigating", at(5), "Person 5"),
        ("imported", "investigating", "closed", at(6), "Person 6"),
    ]
    assert problem.timeline.all()[3].data["state"] == "Accepted / Wait"


def test_problem_has_the_values_that_its_kind_needs(tmp_path: Path) -> None:
    problem = imported(tmp_path, life(QUEUED, ASSIGNED, WORKING, CLOSED))
    assert (problem.kind, problem.number, problem.state) == ("problem", "PM120315000001", "closed")
    assert (problem.level_id, problem.outcome, problem.priority, problem.priority_rank) == ("high", "solved", None, 99)
    assert (problem.created_at, problem.assigned_at, problem.responded_at) == (at(1), at(2), at(3))
    assert (problem.resolved_at, problem.closed_at, problem.reopen_count) == (at(4), at(4), 0)
    assert problem.registered_by
    assert problem.assignee
    assert problem.group
    assert (problem.registered_by.full_name, problem.assignee.full_name) == ("Person 1", "Person 4")
    assert (problem.group.name_en, problem.group.active) == ("Org line C", False)
    assert [item.name for item in problem.items.all()] == ["PROD802"]


def test_worked_on_again_counts_as_coming_back_and_has_no_end(tmp_path: Path) -> None:
    problem = imported(tmp_path, life(WORKING, CANCELLED, WORKING, CLOSED, ASSIGNED))
    assert (problem.state, problem.reopen_count, problem.outcome) == ("assigned", 2, "")
    assert (problem.resolved_at, problem.closed_at) == (None, None)


def test_cancelled_problem_is_no_solved_one(tmp_path: Path) -> None:
    assert imported(tmp_path, life(WORKING, CANCELLED)).outcome == "cancelled"


def test_whoever_queues_a_problem_does_not_have_it(tmp_path: Path) -> None:
    problem = imported(tmp_path, life(WORKING, QUEUED))
    assert (problem.state, problem.group, problem.assignee) == ("registered", None, None)


def test_word_that_means_nothing_is_damage_and_the_state_before_it_stays(tmp_path: Path) -> None:
    path = write_export(tmp_path / "log.csv", life(WORKING, "Unmatched/Unmatched"))
    out = run_import(path, mapping="volvo_problems")
    assert "line 3: open:1-1 state / substate 'Unmatched / Unmatched': unknown state: the state before it stays" in out
    assert "1 problems with 2 events" in out
    assert "at the end: 1 investigating" in out
    assert Problem.objects.get().state == "investigating"


def test_second_run_does_nothing(tmp_path: Path) -> None:
    path = write_export(tmp_path / "log.csv", life(WORKING, CLOSED))
    run_import(path, mapping="volvo_problems")
    assert "1 problems were there already" in run_import(path, mapping="volvo_problems")
    assert Ticket.objects.count() == 1


@pytest.mark.slow
@pytest.mark.skipif(not LOG.exists(), reason="the real log is not beside the repository")
def test_whole_log_comes_in_with_every_event() -> None:
    out = run_import(LOG, mapping="volvo_problems")
    assert "1,645 problems with 6,373 events" in out
    assert "Imported 1,645 problems with 6,373 events" in out
    assert Counter(Problem.objects.values_list("state", flat=True)) == {
        "closed": 1315,
        "investigating": 147,
        "pending": 52,
        "assigned": 70,
        "registered": 61,
    }
    assert ConfigurationItem.objects.exists()
    assert not SupportGroup.objects.filter(code__startswith="vinst-", active=True).exists()
