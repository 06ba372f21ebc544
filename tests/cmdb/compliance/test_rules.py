"""Rules of the record: counted now, at a moment and day by day; each number opens its items (CMDB-07, CMDB-04)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cmdb.compliance.services import keep_shares
from cmdb.models import ComplianceRule, ComplianceShare, ItemQuery, RelationType
from cmdb.services import Link, Stamp, update_item, write_relations
from cmdb.versioning.moments import replaying
from tests.api.client import Api, problem
from tests.cmdb.test_pages import signed_in
from tests.factories import World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-07")]

DAY = timedelta(days=1)
FREE = Stamp(source="test", trusted=True)


@pytest.fixture
def page(world: World) -> Client:
    return signed_in(world.admin)


@pytest.fixture
def estate(world: World) -> dict[str, Any]:
    """Three servers in use for ten days, one of them backed up by a fourth thing; of the two rules each is broken."""
    with replaying(timezone.now() - 10 * DAY):
        found: dict[str, Any] = {name: make_item(name, attributes={"room": "1"}) for name in "ABC"}
        found["old"] = make_item("old", attributes={"room": "9"})
        on = RelationType.objects.get(code="depends_on")
        write_relations([Link(found["A"], on, found["B"])], FREE)
    with replaying(timezone.now() - 5 * DAY):
        update_item(item=found["old"], facts={"room": "1"}, stamp=FREE)
    found["in room 1"] = ItemQuery.objects.create(owner=world.admin, name="room", params="a.room=1")
    found["rests"] = ItemQuery.objects.create(owner=world.admin, name="rests", params="r1.how=depends_on%3Aout")
    return found


def state(page: Client, estate: dict[str, Any], query: str, demand: str, **more: str) -> ComplianceRule:
    said = {"name": f"{query} {demand}", "demand": demand, "query": str(estate[query].pk), "active": "on", **more}
    assert page.post(reverse("cmdb:compliance"), said).status_code == 302
    return ComplianceRule.objects.get(name=said["name"])


def numbers(page: Client, address: str = "") -> dict[str, tuple[int, int]]:
    rows = page.get(reverse("cmdb:health") + address).context["sections"]
    return {row.label: (row.count, row.of) for section in rows.values() for row in section}


def listed(page: Client, rule: ComplianceRule, address: str = "") -> list[str]:
    answer = page.get(f"{reverse('cmdb:list')}?breaks={rule.pk}{address}")
    return [line["item"].identifier for line in answer.context["lines"]]


@pytest.mark.slow
@pytest.mark.req("CMDB-04")
def test_health_counts_rules_now_and_then_and_opens_their_items(page: Client, estate: dict[str, Any]) -> None:
    every = state(page, estate, "in room 1", "all", ci_class="server")
    none = state(page, estate, "rests", "none")
    assert numbers(page)[every.name] == (0, 4)
    assert numbers(page)[none.name] == (1, 4)
    assert listed(page, none) == ["A"]

    then = (timezone.now() - 7 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert numbers(page, f"?as_of={then}")[every.name] == (1, 4)
    assert listed(page, every, f"&as_of={then}") == ["old"]
    known = numbers(page, f"?known_at={then}")
    assert known[every.name] == (1, 4)
    before = (timezone.now() - 20 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert numbers(page, f"?as_of={before}")[every.name] == (0, 0)
    assert page.get(reverse("cmdb:list") + "?breaks=999").context["errors"]


def test_a_rule_does_not_change_with_the_saved_query(world: World, page: Client, estate: dict[str, Any]) -> None:
    rule = state(page, estate, "in room 1", "all")
    ItemQuery.objects.filter(name="room").update(params="a.room=2")
    assert numbers(page)[rule.name] == (0, 4)
    url = f"{reverse('cmdb:compliance')}?rule={rule.pk}"
    assert page.get(url).context["form"]["name"].value() == rule.name
    assert page.post(url, {"name": "renamed", "demand": "none", "query": "", "active": "on"}).status_code == 302
    assert numbers(page)["renamed"] == (4, 4)
    assert [row.definition["demand"] for row in rule.versions.all()] == ["all", "none"]
    assert page.post(reverse("cmdb:compliance"), {"name": "x", "demand": "all", "query": ""}).status_code == 422
    breaks = ItemQuery.objects.create(owner=world.admin, name="turns", params=f"breaks={rule.pk}")
    again = {"name": "y", "demand": "none", "query": str(breaks.pk)}
    assert page.post(reverse("cmdb:compliance"), again).status_code == 422, "a rule about itself"


def test_the_share_is_kept_day_by_day(page: Client, estate: dict[str, Any]) -> None:
    rule = state(page, estate, "rests", "none")
    now = timezone.now()
    today = timezone.localdate(now)
    assert keep_shares(now - DAY, today - DAY) == 1
    keep_shares(now, today)
    make_item("E")
    keep_shares(now, today)
    assert list(ComplianceShare.objects.values_list("on", "of", "broken")) == [(today - DAY, 4, 1), (today, 5, 1)]
    [row] = page.get(reverse("cmdb:compliance")).context["rows"]
    assert [share.percent for share in row["shares"]] == [75, 80]
    ComplianceRule.objects.update(params="a.nothing=1")
    assert keep_shares(now, today) == 0
    assert page.get(reverse("cmdb:compliance")).context["rows"][0]["kept"].error
    assert page.get(reverse("cmdb:health")).status_code == 200
    assert rule.name not in numbers(page)


def test_the_api_states_and_reads_rules(world: World, estate: dict[str, Any]) -> None:
    api, url = Api(world.admin), "items/compliance/"
    body = {"name": "one room", "ci_class": "server", "demand": "all", "query": estate["in room 1"].pk}
    problem(Api(world.engineer).post(url, body), 403)
    problem(Api(world.requester).get(url), 403)
    assert "demand" in problem(api.post(url, {**body, "demand": "some"}), 400)["errors"]
    assert "query" in problem(api.post(url, {**body, "query": 999}), 400)["errors"]
    made = api.post(url, body)
    assert (made.status_code, made.json()["of"], made.json()["broken"]) == (201, 4, 0)
    one = f"{url}{made.json()['id']}/"
    assert api.patch(one, {"demand": "none"}).json()["broken"] == 4
    then = (timezone.now() - 7 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert Api(world.engineer).get(f"{one}?as_of={then}").json()["broken"] == 3
    assert Api(world.engineer).get(url).json()["results"][0]["name"] == "one room"
    rows = Api(world.engineer).results(f"items/?breaks={made.json()['id']}")
    assert len(rows) == 4
    problem(api.get(f"{url}999/"), 404)
