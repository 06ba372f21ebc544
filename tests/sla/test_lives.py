"""Whole lives of clocks, one row each: hand-backs, hand-overs, suppliers, versions, zones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from django.db.models import QuerySet

from sla.calendars.clock import Interval
from sla.calendars.publishing import Content, publish
from sla.clocks.explaining import explain
from sla.models import Agreement, Calendar, Clock, ContractPhase, Policy
from sla.promises.policies import Draft, Promise, publish_policy
from tests.factories import MONDAY, World, act, unclaimed
from tests.sla.calendars import at
from tests.sla.test_clocks import LONG_AGO, office_policy

pytestmark = [pytest.mark.django_db, pytest.mark.req("SLM-05")]

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
OFFICE_TARGETS = (Promise("response", "5x8", 480), Promise("resolve", "5x8", 480))

#: Who does what, and what they type.
ACTORS: dict[str, tuple[str, dict[str, Any]]] = {
    "assign": ("desk", {"group": "host"}),
    "start": ("engineer", {}),
    "return_to_desk": ("engineer", {"text": "?"}),
    "escalate": ("engineer", {"group": "host-l2", "text": "?"}),
    "take": ("expert", {}),
    "hand_over": ("expert", {"group": "host-l2", "text": "?"}),
    "change_priority": ("manager", {"assignee": "engineer", "text": "!"}),
    "call_vendor": ("engineer", {"supplier": "liyuan", "text": "?"}),
    "record_vendor_response": ("engineer", {}),
    "record_vendor_arrival": ("engineer", {}),
    "record_vendor_answer": ("engineer", {"text": "!"}),
    "wait": ("engineer", {"wait_reason": "requester", "wait_until": "2099-01-01T00:00"}),
    "resume": ("engineer", {}),
    "resolve": ("engineer", {"cause": "?", "handling": "!", "close_code": "tier1", "verified_how": "tested"}),
}
#: Agreement and metric, round, state, when it was due, its verdict.
Row = tuple[str, int, str, str | None, bool | None]


@dataclass(frozen=True)
class Case:
    """A life: from ``begin`` in the queue of the group ``host``, through ``steps``, to ``clocks``."""

    name: str
    begin: str
    steps: tuple[tuple[str, str] | tuple[str, str, dict[str, Any]], ...]
    clocks: list[Row]
    draft: dict[str, Any] = field(default_factory=dict)
    targets: tuple[Promise, ...] = OFFICE_TARGETS
    ola: tuple[Promise, ...] = ()
    uc: tuple[Promise, ...] = ()


ANEW = {"restarts": True}
UC = (Promise("response", "24x7", 30), Promise("on_site", "24x7", 120), Promise("resolve", "24x7", 240))
OLA = (Promise("response", "24x7", 30), Promise("resolve", "24x7", 60))
BEGUN = ("2026-03-02 09:30", "start")
RUNNING = ("sla resolve", 1, "running", "2026-03-03 09:30", None)

CASES = [
    Case(
        "back at the desk: the response was given once",
        "2026-03-02 09:00",
        (BEGUN, ("2026-03-02 10:00", "return_to_desk"), ("2026-03-02 11:00", "assign"), ("2026-03-02 12:00", "start")),
        [RUNNING, ("sla response", 1, "stopped", "2026-03-02 18:00", True)],
    ),
    Case(
        "anew: another round from the next dispatch, the resolution goes on",
        "2026-03-02 09:00",
        (BEGUN, ("2026-03-02 10:00", "return_to_desk"), ("2026-03-02 11:00", "assign"), ("2026-03-02 12:00", "start")),
        [
            RUNNING,
            ("sla response", 1, "stopped", "2026-03-02 18:00", True),
            ("sla response", 2, "stopped", "2026-03-03 11:00", True),
        ],
        ANEW,
    ),
    Case(
        "anew: nobody had answered, so the first round has no verdict",
        "2026-03-02 09:00",
        (
            ("2026-03-02 10:00", "return_to_desk"),
            ("2026-03-02 11:00", "assign"),
            ("2026-03-03 11:30", "start"),
        ),
        [
            ("sla resolve", 1, "running", "2026-03-04 11:30", None),
            ("sla response", 1, "cancelled", "2026-03-02 18:00", None),
            ("sla response", 2, "stopped", "2026-03-03 11:00", False),
        ],
        ANEW,
    ),
    Case(
        "anew: late before it was handed back stays late",
        "2026-03-02 09:00",
        (("2026-03-03 10:00", "return_to_desk"), ("2026-03-03 11:00", "assign"), ("2026-03-03 11:30", "start")),
        [
            ("sla resolve", 1, "running", "2026-03-04 11:30", None),
            ("sla response", 1, "stopped", "2026-03-02 18:00", False),
            ("sla response", 2, "stopped", "2026-03-04 11:00", True),
        ],
        ANEW,
    ),
    Case(
        "anew: back twice, three rounds",
        "2026-03-02 09:00",
        (
            BEGUN,
            ("2026-03-02 10:00", "return_to_desk"),
            ("2026-03-02 11:00", "assign"),
            ("2026-03-02 11:10", "return_to_desk"),
            ("2026-03-02 11:20", "assign"),
        ),
        [
            RUNNING,
            ("sla response", 1, "stopped", "2026-03-02 18:00", True),
            ("sla response", 2, "cancelled", "2026-03-03 11:00", None),
            ("sla response", 3, "running", "2026-03-03 11:20", None),
        ],
        ANEW,
    ),
    Case(
        "anew: handing over between groups is no hand-back",
        "2026-03-02 09:00",
        (BEGUN, ("2026-03-02 10:00", "escalate"), ("2026-03-02 11:00", "take")),
        [RUNNING, ("sla response", 1, "stopped", "2026-03-02 18:00", True)],
        ANEW,
    ),
    Case(
        "anew: another priority counts every round again",
        "2026-03-02 09:00",
        (
            BEGUN,
            ("2026-03-02 10:00", "return_to_desk"),
            ("2026-03-02 11:00", "assign"),
            ("2026-03-02 11:30", "change_priority", {"impact": "I1"}),
        ),
        [
            ("sla resolve", 1, "running", "2026-03-03 09:30", None),
            ("sla response", 1, "stopped", "2026-03-02 09:05", False),
            ("sla response", 2, "running", "2026-03-02 11:05", None),
        ],
        ANEW,
        (*OFFICE_TARGETS, Promise("response", "24x7", 5, (("priority_id", "P1"),))),
    ),
    Case(
        "hand-over: each holder is measured, with the verdict of its own time",
        "2026-03-02 09:00",
        (
            ("2026-03-02 09:10", "start"),
            ("2026-03-02 10:01", "escalate"),
            ("2026-03-02 10:40", "take"),
            ("2026-03-02 10:50", "return_to_desk_l2"),
            ("2026-03-02 11:00", "assign"),
        ),
        [
            ("ola resolve", 1, "stopped", "2026-03-02 10:00", False),
            ("ola resolve", 2, "stopped", "2026-03-02 11:01", True),
            ("ola resolve", 3, "running", "2026-03-02 12:00", None),
            ("ola response", 1, "stopped", "2026-03-02 09:30", True),
            ("ola response", 2, "stopped", "2026-03-02 10:31", False),
            ("ola response", 3, "running", "2026-03-02 11:30", None),
        ],
        targets=(Promise("update", "24x7", 10_000, (("priority_id", "P1"),)),),
        ola=OLA,
    ),
    Case(
        "supplier: response, arrival and end of their part, each from the call",
        "2026-03-02 09:00",
        (
            BEGUN,
            ("2026-03-02 10:00", "call_vendor"),
            ("2026-03-02 10:30", "record_vendor_response"),
            ("2026-03-02 12:01", "record_vendor_arrival"),
            ("2026-03-02 14:00", "record_vendor_answer"),
        ),
        [
            RUNNING,
            ("sla response", 1, "stopped", "2026-03-02 18:00", True),
            ("uc on_site", 1, "stopped", "2026-03-02 12:00", False),
            ("uc resolve", 1, "stopped", "2026-03-02 14:00", True),
            ("uc response", 1, "stopped", "2026-03-02 10:30", True),
        ],
        uc=UC,
    ),
    Case(
        "supplier: whoever comes has responded",
        "2026-03-02 09:00",
        (BEGUN, ("2026-03-02 10:00", "call_vendor"), ("2026-03-02 10:31", "record_vendor_arrival")),
        [
            RUNNING,
            ("sla response", 1, "stopped", "2026-03-02 18:00", True),
            ("uc on_site", 1, "stopped", "2026-03-02 12:00", True),
            ("uc resolve", 1, "running", "2026-03-02 14:00", None),
            ("uc response", 1, "stopped", "2026-03-02 10:30", False),
        ],
        uc=UC,
    ),
    Case(
        "supplier: solved from afar, nobody had to come; called again, another round of each",
        "2026-03-02 09:00",
        (
            BEGUN,
            ("2026-03-02 10:00", "call_vendor"),
            ("2026-03-02 10:20", "record_vendor_answer"),
            ("2026-03-02 15:00", "call_vendor"),
        ),
        [
            RUNNING,
            ("sla response", 1, "stopped", "2026-03-02 18:00", True),
            ("uc on_site", 1, "cancelled", "2026-03-02 12:00", None),
            ("uc on_site", 2, "running", "2026-03-02 17:00", None),
            ("uc resolve", 1, "stopped", "2026-03-02 14:00", True),
            ("uc resolve", 2, "running", "2026-03-02 19:00", None),
            ("uc response", 1, "stopped", "2026-03-02 10:30", True),
            ("uc response", 2, "running", "2026-03-02 15:30", None),
        ],
        uc=UC,
    ),
    Case(
        "supplier: solved without them, their clocks end with it",
        "2026-03-02 09:00",
        (BEGUN, ("2026-03-02 10:00", "call_vendor"), ("2026-03-02 11:00", "resolve")),
        [
            ("sla resolve", 1, "stopped", "2026-03-03 09:30", True),
            ("sla response", 1, "stopped", "2026-03-02 18:00", True),
            ("uc on_site", 1, "cancelled", "2026-03-02 12:00", None),
            ("uc resolve", 1, "stopped", "2026-03-02 14:00", True),
            ("uc response", 1, "stopped", "2026-03-02 10:30", False),
        ],
        uc=UC,
    ),
    Case(
        "waiting for the vendor stops neither end, unless the supplier's policy says so",
        "2026-03-02 09:00",
        (
            BEGUN,
            ("2026-03-02 10:00", "call_vendor"),
            ("2026-03-02 10:10", "wait", {"wait_reason": "vendor"}),
        ),
        [
            RUNNING,
            ("sla response", 1, "stopped", "2026-03-02 18:00", True),
            ("uc on_site", 1, "running", "2026-03-02 12:00", None),
            ("uc resolve", 1, "running", "2026-03-02 14:00", None),
            ("uc response", 1, "running", "2026-03-02 10:30", None),
        ],
        uc=UC,
    ),
    Case(
        "spring: an hour that the wall clock skips is not counted",
        "2026-03-27 16:00",
        (),
        [("sla response", 1, "running", "2026-03-30 10:00", None)],
        targets=(Promise("response", "berlin", 120),),
    ),
    Case(
        "autumn: an hour that the wall clock repeats counts twice",
        "2026-10-31 22:00",
        (),
        [("sla response", 1, "running", "2026-11-01 06:00", None)],
        targets=(Promise("response", "nights", 540),),
    ),
]
ZONES = {"berlin": "Europe/Berlin", "nights": "America/New_York"}
NIGHT: tuple[Interval, ...] = ((0, 360), (1320, 1440))
DAY: tuple[Interval, ...] = ((540, 1020),)


def without_dispatch(ticket: Any) -> QuerySet[Clock]:
    """The ticket's clocks but the desk's own, which ``test_dispatch`` is about."""
    return Clock.objects.filter(ticket_id=ticket.pk).exclude(metric="dispatch")


@pytest.mark.req("SLM-04", "SLM-07")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_life(world: World, case: Case) -> None:
    zone = prepare(world, case)
    ticket = unclaimed(world, now=at(case.begin, zone))
    for step in case.steps:
        ticket = perform_step(world, ticket, step)

    found = [
        (f"{c.agreement} {c.metric}", c.round, c.state, c.due_at, c.met)
        for c in without_dispatch(ticket).order_by("agreement", "metric", "round")
    ]
    wanted = [(what, round, state, due and at(due, zone), met) for what, round, state, due, met in case.clocks]
    assert found == wanted
    for row in explain(ticket, at("2026-12-01 00:00")):
        assert row.consumed == sum((each.counted for each in row.stretches), timedelta())


def prepare(world: World, case: Case) -> str:
    """The calendars, policies and agreements of ``case``; the zone in which it is told."""
    for code, zone in ZONES.items():
        week = (NIGHT,) * 7 if code == "nights" else (*((DAY,) * 5), (), ())
        calendar = Calendar.objects.create(code=code, name_zh=code, name_en=code)
        publish(calendar, Content(zone, week=week), by=None, at=MONDAY)
    office_policy(world, *case.targets, **case.draft)
    for kind, targets in (("ola", case.ola), ("uc", case.uc)):
        if targets:
            policy = Policy.objects.create(code=kind, name_zh=kind, name_en=kind, kind=kind)
            publish_policy(policy, Draft(targets), valid_from=LONG_AGO, by=None, at=MONDAY)
            for party in parties(world, kind):
                Agreement.objects.create(kind=kind, policy=policy, valid_from=date(2020, 1, 1), **party)
    return ZONES.get(case.targets[0].calendar, "Asia/Shanghai")


def parties(world: World, kind: str) -> Iterator[dict[str, Any]]:
    if kind == "uc":
        yield {"organisation": world.organisations["liyuan"]}
    else:
        yield from ({"group": world.groups[code]} for code in ("host", "host-l2"))


def perform_step(world: World, ticket: Any, step: Any) -> Any:
    moment, name, *more = step
    if name == "return_to_desk_l2":
        return act(ticket, "return_to_desk", world.expert, now=at(moment), text="?")
    person, typed = ACTORS[name]
    action = "start" if name == "take" else name
    return act(ticket, action, world.people[person], now=at(moment), **{**typed, **(more[0] if more else {})})


# --- What lists and pages show of a later round --------------------------------------------------------------------
def test_later_round_is_the_limit_that_runs(world: World) -> None:
    office_policy(world, restarts=True)
    ticket = unclaimed(world, now=at("2026-03-02 09:00"))
    ticket = act(ticket, "start", world.engineer, now=at("2026-03-02 09:30"))
    ticket = act(ticket, "return_to_desk", world.engineer, now=at("2026-03-02 10:00"), text="?")
    assert ticket.planned_completion_at == at("2026-03-03 09:30")  # the resolution, which goes on
    assert ticket.queue_due_at == at("2026-03-02 12:00")  # and the dispatch, which comes first
    ticket = act(ticket, "assign", world.desk, now=at("2026-03-02 11:00"), group="host")

    assert (ticket.planned_response_at, ticket.queue_due_at) == (at("2026-03-03 11:00"), at("2026-03-03 11:00"))
    assert (ticket.responded_at, ticket.responded_in_time) == (at("2026-03-02 09:30"), None)
    ticket = act(ticket, "start", world.engineer, now=at("2026-03-03 11:30"))
    assert (ticket.responded_in_time, ticket.queue_due_at) == (False, at("2026-03-03 09:30"))


def test_restarts_counts_for_clocks_that_began_under_it(world: World) -> None:
    """A version that is published in mid-life changes nothing for the clock; the next round takes what is in force."""
    policy = office_policy(world, restarts=True)
    before = unclaimed(world, now=at("2026-03-02 09:00"))
    draft = Draft((Promise("response", "24x7", 60),), restarts=False)
    publish_policy(policy, draft, valid_from=at("2026-03-02 09:30"), by=None, at=MONDAY)
    assert Clock.objects.get(ticket_id=before.pk).target == 8 * HOUR
    before = act(before, "return_to_desk", world.engineer, now=at("2026-03-02 10:00"), text="?")
    before = act(before, "assign", world.desk, now=at("2026-03-02 11:00"), group="host")

    rows = without_dispatch(before).order_by("round")
    assert [(c.round, c.policy_version.number, c.target) for c in rows] == [(1, 1, 8 * HOUR), (2, 2, HOUR)]


@pytest.mark.req("SLM-02")
@pytest.mark.parametrize(
    ("phase", "clocks"), [("startup", 0), ("transition", 0), ("normal", 1), ("summary", 1), (None, 1)]
)
def test_phase_decides_whether_anything_is_promised(world: World, phase: str | None, clocks: int) -> None:
    office_policy(world)
    Agreement.objects.update(phase=phase and ContractPhase.objects.get(code=phase))

    assert Clock.objects.filter(ticket_id=unclaimed(world, now=MONDAY).pk).count() == clocks
