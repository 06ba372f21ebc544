"""What-if for groups, vendors, visits and updates: as their clocks really ran (SLM-07, SLM-10)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.utils import translation

from sla.models import Agreement, Clock, Policy
from sla.promises.policies import Draft, Promise, draft_of, publish_policy
from sla.promises.whatif import Trial, try_policy
from tests.factories import MONDAY, World, act, resolve, wait
from tests.sla.test_clocks import HOUR, LONG_AGO, MINUTE, office_policy, started

pytestmark = [pytest.mark.django_db, pytest.mark.req("SLM-07", "SLM-10")]

PERIOD = (MONDAY - HOUR, MONDAY + HOUR)


def agreed(world: World, kind: str, *promises: Promise) -> Policy:
    policy = Policy.objects.create(code=kind, name_zh=kind, name_en=kind, kind=kind)
    publish_policy(policy, Draft(promises, ("requester",)), valid_from=LONG_AGO, by=None, at=MONDAY)
    for code in ("host", "host-l2") if kind == "ola" else ():
        Agreement.objects.create(kind="ola", policy=policy, group=world.groups[code], valid_from=date(2020, 1, 1))
    if kind == "uc":
        liyuan = world.organisations["liyuan"]
        Agreement.objects.create(kind="uc", policy=policy, organisation=liyuan, valid_from=date(2020, 1, 1))
    return policy


def course(world: World) -> Any:
    """Through two groups and a vendor's hands, twice, with a wait, and solved."""
    ticket = started(world, MONDAY)
    ticket = wait(ticket, world.engineer, now=MONDAY + 10 * MINUTE)
    ticket = act(ticket, "resume", world.engineer, now=MONDAY + 50 * MINUTE)
    ticket = act(ticket, "escalate", world.engineer, now=MONDAY + 91 * MINUTE, group="host-l2", text="?")
    ticket = act(ticket, "start", world.expert, now=MONDAY + 101 * MINUTE)
    for hours in (2, 4):
        ticket = act(ticket, "call_vendor", world.expert, now=MONDAY + hours * HOUR, supplier="liyuan", text="?")
        ticket = act(ticket, "record_vendor_answer", world.expert, now=MONDAY + 1.5 * hours * HOUR, text="!")
    return resolve(ticket, world.expert, now=MONDAY + 7 * HOUR, close_code="tier3")


def as_they_ran(agreement: str) -> dict[str, list[int]]:
    """Met and missed by metric, as the stored clocks say: counted without any replay."""
    found: dict[str, list[int]] = {}
    for clock in Clock.objects.filter(agreement=agreement, met__isnull=False):
        found.setdefault(clock.metric, [0, 0])[not clock.met] += 1
    return found


def counted(trial: Trial) -> dict[str, list[int]]:
    labels = {"Response": "response", "Resolution": "resolve", "On site": "on_site", "Status update": "update"}
    rows = trial.rows("metric")
    named = {labels.get(name.split("· ")[-1], name): n for name, n in rows}
    return {name: [n["before_met"], n["before_missed"]] for name, n in named.items() if sum(n.values())}


@pytest.mark.parametrize("kind", ["ola", "uc"])
def test_replay_agrees_with_the_clocks_as_they_ran(world: World, kind: str) -> None:
    promises = (Promise("response", "24x7", 90), Promise("resolve", "24x7", 80))
    policy = agreed(world, kind, *promises, *([Promise("on_site", "24x7", 30)] if kind == "uc" else []))
    ticket = course(world)
    with translation.override("en"):
        trial = try_policy(policy, draft_of(policy.versions.get()), *PERIOD)

    assert trial.flips == 0
    assert as_they_ran(kind)
    assert counted(trial) == as_they_ran(kind)
    tight = try_policy(policy, Draft((Promise("resolve", "24x7", 1),)), *PERIOD)
    assert {row["ticket"].pk for row in tight.flipped} == {ticket.pk}
    assert not tight.silent


def test_verdicts_of_groups_count_where_they_fell(world: World) -> None:
    policy = agreed(world, "ola", Promise("resolve", "24x7", 60))
    course(world)
    trial = try_policy(policy, Draft((Promise("resolve", "24x7", 9000),)), *PERIOD)

    assert trial.flips == 1  # 51 minutes at the first line, hours at the second
    assert {name for name, _n in trial.rows("group")} == {str(world.groups[code]) for code in ("host", "host-l2")}


def test_updates_and_visits_are_part_of_it(world: World) -> None:
    policy = office_policy(world, Promise("update", "24x7", 30), Promise("on_site", "24x7", 60))
    ticket = started(world, MONDAY)
    ticket = act(ticket, "comment", world.engineer, now=MONDAY + 20 * MINUTE, text="还在查")
    ticket = act(ticket, "comment", world.engineer, now=MONDAY + 70 * MINUTE, text="还在查")
    resolve(ticket, world.engineer, now=MONDAY + 90 * MINUTE)
    with translation.override("en"):
        trial = try_policy(policy, draft_of(policy.versions.get()), *PERIOD)

    assert trial.flips == 0
    assert sum(sum(pair) for pair in counted(trial).values()) == sum(map(sum, as_they_ran("sla").values()))
    assert try_policy(policy, Draft((Promise("update", "24x7", 60),)), *PERIOD).flips == 1


def test_tickets_of_which_history_is_silent_are_counted(world: World) -> None:
    """History is append-only: it is taken away below its guard."""
    policy = agreed(world, "ola", Promise("resolve", "24x7", 60))
    started(world, MONDAY)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM tickets_timelineentry")
        cursor.execute("SET LOCAL session_replication_role = origin")
    trial = try_policy(policy, draft_of(policy.versions.get()), *PERIOD)

    assert (trial.silent["ola"], trial.flips) == (1, 0)
