"""The board over the real log, held against a plain reading of the same file that shares no code with the portal."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import fmean, median
from typing import Any
from zoneinfo import ZoneInfo

from accounts.models import SupportGroup, User
from incidents.models import Incident
from tests.api.client import Api
from tests.factories import make_user
from tickets.models import Category

ZONE = ZoneInfo("Asia/Shanghai")
Rows = list[dict[str, str]]
#: Half-open: a month, a leap day, a week from the middle of one, a day, a year, a time before the log.
PERIODS = (
    ("2016-03-01", "2016-04-01"),
    ("2016-02-29", "2016-03-01"),
    ("2016-03-10", "2016-03-17"),
    ("2016-05-31", "2016-06-01"),
    ("2016-01-01", "2017-01-01"),
    ("2015-01-01", "2015-02-01"),
)


def _moment(text: str) -> datetime | None:
    if text == "?":
        return None
    day, month, year, hour, minute = map(int, text.replace("/", " ").replace(":", " ").split())
    return datetime(year, month, day, hour, minute, tzinfo=ZONE)


class Case:
    """An incident of the log, read plainly."""

    def __init__(self, rows: Rows, planned: datetime | None) -> None:
        last = rows[-1]
        states = [row["incident_state"] for row in rows]
        solved = [
            row["sys_updated_at"]
            for before, row in zip(["", *states], rows, strict=False)
            if row["incident_state"] == "Resolved" != before
        ]
        self.opened: datetime = _moment(last["opened_at"])  # type: ignore[assignment]  # always there
        self.closed = _moment(last["closed_at"])
        self.resolved = _moment(last["resolved_at"]) or (_moment(solved[-1]) if solved else None)
        self.in_time, self.has_code = last["made_sla"] == "true", last["closed_code"] != "?"
        self.priority, self.planned = last["priority"][0], planned
        self.group, self.person, self.source = last["assignment_group"], last["assigned_to"], last["contact_type"]
        self.reopened = int(last["reopen_count"]) > 0
        groups = [row["assignment_group"] for row in rows]
        self.hand_overs = sum(a != b and "?" not in (a, b) for a, b in pairwise(groups))
        path = [last[name] for name in ("category", "subcategory", "u_symptom")]
        self.path = tuple(path[: path.index("?")] if "?" in path else path)

    @property
    def ended(self) -> datetime | None:
        return self.resolved or self.closed


def check_board_counts_what_the_log_says(log: Any) -> None:
    """Every figure, for every period and filter, to the unit; and the list behind it has as many records."""
    planned = dict(
        Incident.objects.exclude(external_number="").values_list("external_number", "planned_completion_at")
    )
    cases = [Case(rows, planned[number]) for number, rows in log.rows.items()]
    solved = _solved_by_path(cases)
    group = SupportGroup.objects.get(name_en="Group 70")
    person = User.objects.filter(username__startswith="imported-", assigned_tickets__group=group)[0]
    category = Category.objects.get(path_en="Category 26")
    filters: list[tuple[str, Callable[[Case], bool]]] = [
        ("", lambda case: True),
        (f"&group={group.code}&priority=P3&priority=P4", lambda c: c.group == "Group 70" and c.priority in "34"),
        (f"&assignee={person.username}", lambda c: c.person == person.full_name),
        (f"&category={category.code}&source=phone", lambda c: c.path[:1] == ("Category 26",) and c.source == "Phone"),
    ]
    api = Api(make_user("board-reader", "incident_manager"))
    for start, end in PERIODS:
        for query, keep in filters:
            report = api.get(f"reports/incident-kpis/?from={start}&to={end}{query}").json()
            found = {row["id"]: row for row in report["results"]}
            expected = expected_of([c for c in cases if keep(c)], solved, _day(start), _day(end))
            got = {code: (found[code]["numerator"], found[code]["denominator"]) for code in expected["counts"]}
            assert got == expected["counts"], (start, end, query)
            for code, seconds in expected["amounts"].items():
                assert _near(found[code]["value"], seconds), (code, start, end, query)
            if (start, end) == PERIODS[0] or not query:
                _check_records(api, found)


def _check_records(api: Api, found: dict[str, Any]) -> None:
    for code, row in found.items():
        listed = api.get(row["records"].removeprefix("/api/v1/") + "&page_size=1").json()
        assert (listed["count"], listed["count_is_capped"]) == (row["numerator"], False), code


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def _near(value: float | None, expected: float | None) -> bool:
    return value is expected if None in (value, expected) else abs(value - expected) < 0.01  # type: ignore[operator]


def _solved_by_path(cases: list[Case]) -> dict[Any, list[datetime]]:
    found = defaultdict(list)
    for case in cases:
        if case.path and case.resolved:
            found[case.path].append(case.resolved)
    return {path: sorted(times) for path, times in found.items()}


def _repeats(case: Case, solved: dict[Any, list[datetime]]) -> bool:
    times = solved.get(case.path, [])
    return bisect_right(times, case.opened) > bisect_right(times, case.opened - timedelta(days=7))


def expected_of(cases: list[Case], solved: dict[Any, list[datetime]], start: datetime, end: datetime) -> Any:
    """Numerator and denominator of each figure, and the amounts in seconds."""

    def at(moment: datetime | None) -> bool:
        return moment is not None and start <= moment < end

    opened = [c for c in cases if at(c.opened)]
    done = [c for c in cases if at(c.resolved)]
    closed = [c for c in cases if at(c.closed)]
    still = [c for c in cases if c.opened < end and (c.ended is None or c.ended >= end)]
    late_open = [c for c in still if c.planned and c.planned < end]
    late = [c for c in done if not c.in_time]
    coded = [c for c in closed if c.has_code]
    lined = [c for c in done if c.has_code]
    times = sorted((c.resolved - c.opened).total_seconds() for c in done if c.resolved)
    counts = {
        "desk_total": (len(opened), None),
        "closed_ok": (len(coded), len(coded)),
        "overdue": (len(late) + len(late_open), len(done) + len(late_open)),
        "desk_resolve_rate": (0, len(lined)),
        "repeated": (sum(bool(c.path) and _repeats(c, solved) for c in opened), None),
        "overdue_open": (len(late_open), None),
        "person_total": (sum(c.person != "?" for c in opened), None),
        "person_overdue_open": (sum(c.person != "?" for c in late_open), None),
        "by_category": (sum(bool(c.path) for c in opened), None),
        "kept_of_ended": (len(done) - len(late), len(done)),
        "reopened": (sum(c.reopened for c in opened), None),
        "handed_on": (sum(c.hand_overs > 2 for c in done), len(done)),
        "backlog": (len(still), None),
        "satisfied": (0, 0),
        "agreed_kept": (0, 0),
    }
    amounts = {
        "elapsed_mean": fmean(times) if times else None,
        "elapsed_median": median(times) if times else None,
        "elapsed_p90": _continuous(times, 0.9),
    }
    return {"counts": counts, "amounts": amounts}


def _continuous(values: list[float], share: float) -> float | None:
    """As ``percentile_cont``: between the two nearest values."""
    if not values:
        return None
    place = share * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)
