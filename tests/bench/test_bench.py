"""``make bench`` at a size that takes seconds: everything runs, and what no noise explains is right."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from bench.options import Options
from bench.subjects import SUBJECTS
from itsm.run.programs import PROGRAMS

SIZES = (300,)
QUICK = {
    "BENCH_ROUNDS": "2",
    "BENCH_SECONDS": "1",
    "BENCH_CREATORS": "4",
    "BENCH_CREATES": "5",
    "BENCH_PAIRS": "6",
    "BENCH_PEOPLE": "3",
    "BENCH_MIX_SECONDS": "4",
    "BENCH_WORKSPACES": "20",
    "BENCH_LIVE_SECONDS": "3",
    "BENCH_CLOCKS": "2000",
    "BENCH_DUE_AT_ONCE": "40",
    "BENCH_PACE_SECONDS": "2",
    "BENCH_IDLE_PASSES": "5",
    "BENCH_LIVES": "3",
    "BENCH_MAILS": "100",
    "BENCH_ITEMS": "500",
    "BENCH_ITEM_SIZES": "300",
    "BENCH_YEAR_OF_CHANGES": "200",
    "WEB_WORKERS": "1",
}
#: What a test run sets for itself; the bench must see the environment of a terminal.
OF_TESTS = ("DJANGO_SETTINGS_MODULE", "SECRET_KEY", "ITSM_DEMO", "ITSM_HTTPS", "ITSM_DATA_DIR")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The JSON report of a quick run."""
    folder = tmp_path_factory.mktemp("bench")
    mine = {"BENCH_SIZES": ",".join(map(str, SIZES)), "BENCH_REPORT_DIR": str(folder)}
    environment = {key: value for key, value in os.environ.items() if key not in OF_TESTS} | QUICK | mine
    done = subprocess.run(
        [sys.executable, "-m", "bench"],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,  # a busy machine; no figure of it is asserted
    )
    reports = list(Path(folder).glob("*.json"))
    assert len(reports) == 1, done.stdout + done.stderr
    return json.loads(reports[0].read_text())


pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("bench")]


def test_nothing_of_it_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """An option that is forgotten here makes a hundred thousand items in every run of the tests."""
    for name, value in (QUICK | {"BENCH_SIZES": "300"}).items():
        monkeypatch.setenv(name, value)
    asked = vars(Options.from_environment())
    numbers = {
        name: max(value if isinstance(value, tuple) else (value,)) for name, value in asked.items() if _counts(value)
    }
    assert {name: number for name, number in numbers.items() if number > 2000} == {}


def _counts(value: Any) -> bool:
    return isinstance(value, int) or (isinstance(value, tuple) and any(isinstance(one, int) for one in value))


@pytest.mark.req("TKT-01")
def test_processes_that_create_at_once_get_unique_numbers(found: dict[str, Any]) -> None:
    assert found["creators"]["created"] == 20
    assert found["creators"]["distinct"] == 20


@pytest.mark.req("INC-06")
def test_of_two_who_claim_at_once_one_wins_and_the_other_is_told(found: dict[str, Any]) -> None:
    claimers = found["claimers"]
    assert (claimers["pairs"], claimers["one_winner"], claimers["loser_told_who"]) == (6, 6, 6)


@pytest.mark.req("UX-02")
def test_every_open_workspace_is_told_of_every_change(found: dict[str, Any]) -> None:
    [workspaces] = found["workspaces"].values()
    assert (workspaces["pages"], workspaces["failed"], workspaces["missed"]) == (20, 0, 0)


def test_every_request_is_measured_at_every_size(found: dict[str, Any]) -> None:
    measured = {(item["subject"], item["size"]) for item in found["requests"]}
    assert found["missing"] == {}
    assert measured == {(subject.key, size) for subject in SUBJECTS for size in SIZES}


def test_statements_stay_within_their_limits_at_every_size(found: dict[str, Any]) -> None:
    limits = {subject.key: subject.limit for subject in SUBJECTS if subject.limit}
    over = [item for item in found["requests"] if item["statements"] > limits.get(item["subject"], 1000)]
    assert over == []


def test_plans_and_memory_and_throughput_are_reported(found: dict[str, Any]) -> None:
    asked = {subject.key for subject in SUBJECTS if subject.over_network}
    assert set(found["plans"]) == {subject.key for subject in SUBJECTS}
    assert set(found["throughput"]) == asked
    assert set(found["memory"]) == {*PROGRAMS, "their parent"}
    assert [item["failures"] for item in found["throughput"].values()] == [0] * len(asked)


@pytest.mark.req("DESK-01")
def test_people_at_work_are_all_answered(found: dict[str, Any]) -> None:
    assert found["mix"]["failures"] == []
    assert found["mix"]["all"]["count"] > 0


@pytest.mark.req("SLM-06")
def test_limits_that_pass_are_all_told_and_measured(found: dict[str, Any]) -> None:
    clocks = found["clocks"]
    assert (clocks["clocks"], clocks["idle_ms"] > 0) == (2000, True)
    assert (len(clocks["paced"]["late"]), len(clocks["at_once"]["late"])) == (10, 40)
    assert (clocks["paced"]["missing"], clocks["at_once"]["missing"]) == (0, 0)
    actions = ["register", "claim", "start", "comment", "wait", "resume", "resolve"]
    assert [list(clocks["actions"][how]) for how in ("request", "door")] == [actions, actions]


@pytest.mark.req("NTF-03", "SLM-06")
def test_mails_of_one_second_are_measured_the_urgent_ones_alone_and_the_rest_combined(found: dict[str, Any]) -> None:
    mails = found["clocks"]["mails"]
    assert (len(mails["urgent"]), mails["urgent_messages"], len(mails["late"])) == (20, 20, 80)
    assert 2 <= mails["messages"] < 80
    assert (mails["taken"], mails["doubled"], mails["missing"]) == (20 + mails["messages"], 0, 0)


@pytest.mark.req("CHG-05")
def test_a_year_of_changes_is_checked_for_collisions(found: dict[str, Any]) -> None:
    item = found["collisions"]
    assert (item["changes"], item["items"] >= 500, item["found"] > 0) == (200, True, True)
