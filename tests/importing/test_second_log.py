"""A second product's log, in its own words, by a mapping file: the board and the process page hold against it."""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from datetime import datetime
from itertools import pairwise
from statistics import fmean, median
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.http import QueryDict
from django.utils import timezone

from accounts.models import SupportGroup, User
from reports.figures import Scope
from reports.flow.process import MOST_VARIANTS, Process
from reports.periods import dated_period
from tests.api.client import Api
from tests.factories import make_user
from tests.importing.exports import run_import
from tickets.lifecycle import kind_of

LOG = settings.BASE_DIR.parent / "shared" / "data" / "volvo_incidents.csv.gz"
pytestmark = [
    pytest.mark.req("ADM-04", "RPT-01", "RPT-05"),
    pytest.mark.slow,
    pytest.mark.skipif(not LOG.exists(), reason="the real log is not there"),
]
ZONE = ZoneInfo("Asia/Shanghai")
#: Months with few and many, a day, and all of it.
PERIODS = (
    ("2012-03-01", "2012-04-01"),
    ("2012-05-01", "2012-06-01"),
    ("2012-05-08", "2012-05-09"),
    ("2011-01-01", "2013-01-01"),
)
STATES = {
    "Queued/Awaiting Assignment": "assigned",
    "Accepted/Assigned": "assigned",
    "Accepted/In Progress": "in_progress",
    "Accepted/Wait": "pending",
    "Accepted/Wait - User": "pending",
    "Accepted/Wait - Customer": "pending",
    "Accepted/Wait - Vendor": "pending",
    "Accepted/Wait - Implementation": "pending",
    "Completed/In Call": "resolved",
    "Completed/Resolved": "resolved",
    "Completed/Closed": "closed",
    "Completed/Cancelled": "closed",
}


class Case:
    """An incident of the log, read plainly."""

    def __init__(self, rows: list[dict[str, str]]) -> None:
        self.moves: list[tuple[datetime, str, str]] = []
        before = ""
        for row in rows:
            state = STATES.get(f"{row['state']}/{row['substate']}", before or "registered")
            if state != before:
                self.moves.append((datetime.fromisoformat(row["timestamp"]), before, state))
            before = state
        self.opened, self.state = self.moves[0][0], before
        self.group, self.impact = rows[-1]["group"], rows[-1]["impact"]
        self.resolved = self._last("resolved") if before in ("resolved", "closed") else None
        self.closed = self._last("closed") if before == "closed" else None

    def _last(self, state: str) -> datetime | None:
        return next((at for at, _source, target in reversed(self.moves) if target == state), None)

    @property
    def ended(self) -> datetime | None:
        return self.resolved or self.closed


def read_plainly() -> list[Case]:
    rows = defaultdict(list)
    with gzip.open(LOG, "rt", encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            rows[row["case"]].append(row)
    return [Case(of) for of in rows.values()]


def check_board(cases: list[Case], reader: User) -> None:
    """Volume, backlog and times, for every period and filter, to the unit; and the lists behind them."""
    api, group = Api(reader), SupportGroup.objects.get(name_en="G97")
    filters: list[tuple[str, Any]] = [
        ("", lambda case: True),
        (f"&group={group.code}", lambda case: case.group == "G97"),
        ("&priority=P2&priority=P4", lambda case: case.impact in ("High", "Low")),
    ]
    for start, end in PERIODS:
        first, last = (datetime.fromisoformat(day).replace(tzinfo=ZONE) for day in (start, end))
        for query, keep in filters:
            chosen = [case for case in cases if keep(case)]
            report = api.get(f"reports/incident-kpis/?from={start}&to={end}{query}").json()["results"]
            found = {row["id"]: row for row in report}
            opened = [case for case in chosen if first <= case.opened < last]
            still = [case for case in chosen if case.opened < last and (case.ended is None or case.ended >= last)]
            done = [case for case in chosen if case.resolved and first <= case.resolved < last]
            assert found["desk_total"]["numerator"] == len(opened), (start, query)
            assert found["backlog"]["numerator"] == len(still), (start, query)
            times = [(case.resolved - case.opened).total_seconds() for case in done if case.resolved]
            for code, expected in (("elapsed_mean", fmean), ("elapsed_median", median)):
                value = found[code]["value"]
                assert value is None if not times else value == pytest.approx(expected(times), abs=0.01), (code, start)
            for code in ("desk_total", "backlog"):
                listed = api.get(found[code]["records"].removeprefix("/api/v1/") + "&page_size=1").json()
                assert listed["count"] == found[code]["numerator"]


def check_process(cases: list[Case], reader: User) -> None:
    """Edges with how often, by how many and after what median stay; variants with how many and how long."""
    now = timezone.now()
    for start, end in PERIODS:
        period = dated_period(start, end, now)
        process = Process(Scope(reader, kind_of("incident"), QueryDict(), period.span))
        cohort = [case for case in cases if period.span.start <= case.opened < period.span.end]
        edges, stays = Counter[Any](), defaultdict(list)
        for case in cohort:
            edges.update((source, target) for _at, source, target in case.moves)
            for (since, _source, left), (at, _left, target) in pairwise(case.moves):
                stays[left, target].append((at - since).total_seconds())
        assert {(one.source, one.target): one.moves for one in process.arrows} == edges, start
        for one in process.arrows:
            times = stays[one.source, one.target]
            assert one.seconds is None if not times else one.seconds == pytest.approx(median(times), abs=0.01)
        ways = Counter(tuple(target for _at, _source, target in case.moves) for case in cohort)
        found, how_many = process.ways()
        assert (how_many, len(found)) == (len(ways), min(len(ways), MOST_VARIANTS))
        labels = {str(kind_of("incident").state_label(state)): state for state in kind_of("incident").states.values}
        for way in found:
            assert way.tickets == ways[tuple(labels[label] for label in way.states)]
        assert [way.tickets for way in found] == [n for _way, n in ways.most_common(MOST_VARIANTS)]


@pytest.mark.django_db
def test_second_log_gives_the_numbers_of_a_plain_reading(subtests: pytest.Subtests) -> None:
    out = run_import(LOG, mapping="volvo_incidents")
    assert "5,278 incidents with 45,690 events" in out
    tiers = dict(SupportGroup.objects.filter(name_en__in=["G97", "G230 2nd"]).values_list("name_en", "tier"))
    assert tiers == {"G97": "tier1", "G230 2nd": "tier2"}
    cases, reader = read_plainly(), make_user("board-reader", "incident_manager")
    for check in (check_board, check_process):
        with subtests.test(check.__name__):
            check(cases, reader)
