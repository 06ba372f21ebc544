"""Trend analysis on planted data: bursts, what keeps coming, what is none; and what people decide."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.test import Client

from problems.models import Problem, TrendProposal
from problems.trends.analysis import BURST, KEEPS_COMING, WEEK, complete, find, whole_weeks
from problems.trends.services import refresh
from problems.trends.statistics import LEAST_SPREAD, Usual, discoveries, spread_of, tail, usual_of
from tests.api.client import Api
from tests.factories import MONDAY, World, make_item
from tickets.lifecycle import kind_of
from tickets.models import AffectedItem, Category, ImpactLevel, Priority, Ticket

WEEKS = whole_weeks(None, MONDAY)


def plant(world: World, week: int, count: int, start: int, **columns: Any) -> list[int]:
    """``count`` closed incidents in the week with number ``week``, stored at once: only their columns matter here."""
    incident = kind_of("incident").model
    level, priority = ImpactLevel.objects.get(code="I4"), Priority.objects.get(code="P4")
    keys = []
    for number in range(count):
        at = WEEKS[week] + timedelta(hours=9 + number % 80)
        row = incident(
            kind="incident",
            number=f"IM9{start + number:011}",
            summary=columns.get("summary", f"故障 {start + number}"),
            priority=priority,
            priority_rank=priority.rank,
            impact=level,
            organisation=world.requester.organisation,
            created_at=at,
            updated_at=at,
            phase="closed",
            business_system_id=columns.get("system"),
            group=world.groups[columns.get("group", "host")],
        )
        row.__dict__["state"] = "closed"
        row.save(force_insert=True)
        keys.append(row.pk)
    return keys


@pytest.mark.req("PRB-02")
def test_arithmetic_against_known_values() -> None:
    poisson_like = tail(5, Usual(2.0, 2.0 * 1.0000001))
    assert poisson_like == pytest.approx(0.052653, rel=1e-3)
    assert tail(3, Usual(1.0, 2.0)) == pytest.approx(0.125)  # geometric: one half to the third
    assert (tail(0, Usual(1.0, 2.0)), tail(500, Usual(1.0, 1.2)) < 1e-100) == (1.0, True)
    assert discoveries([0.001, 0.2, 0.012, 0.5], 0.05, 4) == [True, False, True, False]
    assert discoveries([0.001], 0.05, 100) == [False]
    assert spread_of([[2, 2, 2, 90]] * 2 + [[9, 0, 9, 90]] * 3) == pytest.approx(4.5)
    assert spread_of([]) == LEAST_SPREAD
    busy = usual_of([10, 10, 10, 10, 20], [100, 100, 100, 100, 200], 4, 1.2)
    assert busy.mean == pytest.approx(20)


@pytest.mark.req("PRB-02")
def test_whole_weeks_leave_out_the_running_one() -> None:
    assert WEEKS[-1] + WEEK <= MONDAY < WEEKS[-1] + 2 * WEEK
    assert complete(WEEKS, [0, 2, 50, 60, 5, 55, 48, 50, 51, 49, 52, 9]) == (
        WEEKS[2:11],
        [50, 60, 5, 55, 48, 50, 51, 49, 52],
    )
    assert complete(WEEKS[:2], [0, 0]) == ([], [])
    assert whole_weeks(datetime.fromisoformat("2026-11-10T00:00+08:00"), MONDAY) == [WEEKS[-1]]


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.req("PRB-02", "INC-17", "ORG-03")
def test_planted_trends_are_found_and_decided(world: World, client: Client) -> None:
    """A burst under three nested keys, an item that keeps coming, steady noise, a busy week of everything."""
    random, start = Random(7), 0  # noqa: S311 - noise

    def more(week: int, count: int, **columns: Any) -> list[int]:
        nonlocal start
        start += count
        return plant(world, week, count, start - count, **columns)

    for week in range(12):
        busy = 2 if week == 8 else 1
        more(week, busy * (6 + random.randrange(4)), system="sim-trading", group="network")
        more(week, busy * (4 + random.randrange(3)), system="options-sim", group="host")
    for week, count in ((6, 18), (7, 7), (8, 4)):
        more(week, count, summary="磁盘柜告警 07", system="sim-trading", group="host")
    item = make_item("SW01")
    for week in range(12):
        AffectedItem.objects.bulk_create(
            AffectedItem(ticket_id=pk, item=item) for pk in more(week, 1, group="network")
        )

    found = find(WEEKS)

    bursts = [one for one in found if one.kind == BURST]
    assert [(one.series.key, one.since) for one in bursts] == [(("磁盘柜告警 07",), WEEKS[6])]
    assert (bursts[0].seen, bursts[0].chance < 1e-6, len(found) <= 12) == (29, True, True)
    assert ("SW01",) in [one.series.key for one in found if one.kind == KEEPS_COMING]
    assert sorted(bursts[0].rows().values_list("summary", flat=True).distinct()) == ["磁盘柜告警 07"]
    _decide(world, client)


def _decide(world: World, client: Client) -> None:
    assert refresh(MONDAY) == TrendProposal.objects.count() > 1
    assert refresh(MONDAY) == 0
    burst = TrendProposal.objects.get(key__startswith="burst")
    client.force_login(world.manager)
    page = client.get("/trends/").content.decode()
    assert "磁盘柜告警 07" in page
    assert "<svg" in page
    refused = client.post(f"/trends/{burst.pk}/dismiss/", {"reason": " "})
    assert (refused.status_code, "field-error" in refused.content.decode()) == (422, True)
    assert TrendProposal.objects.get(pk=burst.pk).state == "open"
    client.post(f"/trends/{burst.pk}/dismiss/", {"reason": "已知演练"})
    assert (refresh(MONDAY), TrendProposal.objects.get(pk=burst.pk).state) == (0, "dismissed")
    TrendProposal.objects.filter(pk=burst.pk).update(level=5)
    assert (refresh(MONDAY), TrendProposal.objects.get(pk=burst.pk).state) == (1, "open")
    answer = client.post(f"/trends/{burst.pk}/raise/")
    problem = Problem.objects.get()
    assert answer.headers["Location"] == problem.get_absolute_url()
    assert (problem.problem_source_id, problem.links_in.count()) == ("trend", 29)
    client.post(f"/trends/{burst.pk}/raise/")
    assert Problem.objects.count() == 1

    rows = Api(world.manager).results(f"trends/?from={WEEKS[0].date()}&to={MONDAY.date()}")
    assert ["磁盘柜告警 07"] in [row["key"] for row in rows]
    assert Api(world.manager).get("trends/?from=tomorrow").status_code == 400
    assert Api(world.requester).get("trends/").status_code == 403
    client.force_login(world.requester)
    assert client.get("/trends/").status_code == 403
    assert Ticket.objects.filter(kind="problem").count() == 1


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.req("PRB-02")
def test_renamed_category_is_no_burst_and_a_new_one_is(world: World) -> None:
    """What goes on under another name is no news; what comes beside it is."""
    old, new, fresh = (
        Category.objects.create(code=code, name_zh=code, name_en=code) for code in ("old", "renamed", "fresh")
    )
    start = 0
    for week in range(12):
        for category, count in ((old if week < 6 else new, 12), (fresh, 30 if week == 9 else 0)):
            keys = plant(world, week, count, start, system="sim-trading")
            Ticket.objects.filter(pk__in=keys).update(category=category)
            start += count
        start += len(plant(world, week, 40, start, system="options-sim"))
    found = [one.series.key[0] for one in find(WEEKS) if one.kind == BURST and "category" in one.series.dimension]
    assert found == ["fresh"]


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.req("PRB-02", "API-01")
def test_programs_decide_about_trends(world: World) -> None:
    start = sum(len(plant(world, week, 20, week * 20, system="sim-trading")) for week in range(12))
    plant(world, 8, 30, start, summary="磁盘柜告警 07", system="sim-trading")
    refresh(MONDAY)
    api = Api(world.manager)
    rows = api.results("trends/proposals/")
    burst = next(row for row in rows if row["finding"]["key"] == ["磁盘柜告警 07"])
    address = f"trends/proposals/{burst['id']}/"
    assert api.post(f"{address}dismiss/", {}).status_code == 400
    assert api.post(f"{address}watch/", {}).json()["state"] == "watched"
    assert api.post(f"{address}sing/", {}).status_code == 404
    raised = api.post(f"{address}raise/", {}).json()
    assert (raised["state"], raised["problem"]) == ("raised", Problem.objects.get().number)
    assert api.post(f"{address}raise/", {}).status_code == 409
    assert Api(world.requester).get("trends/proposals/").status_code == 403
