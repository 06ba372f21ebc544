"""Items in the API: at any moment, with impact and paths, written under change control (CMDB-02, CMDB-04, CMDB-06)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cmdb.models import ConfigurationItem, RelationType
from cmdb.services import Link, Stamp, update_item, write_relations
from cmdb.versioning.moments import replaying
from tests.api.client import Api, problem
from tests.factories import MONDAY, World, make_item, make_system

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-04")]

FREE = Stamp(source="test", trusted=True)


def relate(kind: str, *pairs: tuple[Any, Any], **more: Any) -> None:
    """Relations of one type between pairs of items."""
    relation_type = RelationType.objects.get(code=kind)
    write_relations([Link(source, relation_type, target, **more) for source, target in pairs], FREE)


@pytest.fixture
def estate(world: World) -> dict[str, Any]:
    """A service of the exchange on two hosts, of which one is enough, and a switch below both; a foreign host."""
    exchange = world.organisations["exchange"]
    with replaying(MONDAY):
        system = make_system("trading", "core")
        items = {
            "SVC": make_item("SVC", exchange, ci_class_id="service", business_system=system),
            "HOST-1": make_item("HOST-1", exchange, business_system=system, attributes={"serial_number": "00123"}),
            "HOST-2": make_item("HOST-2", exchange, business_system=system),
            "SWITCH": make_item("SWITCH", ci_class_id="network_device"),
            "FOREIGN": make_item("FOREIGN", world.organisations["egov"]),
        }
        relate("runs_on", (items["SVC"], items["HOST-1"]), (items["SVC"], items["HOST-2"]), group="hosts")
        relate("connects_to", *((items[name], items["SWITCH"]) for name in ("HOST-1", "HOST-2", "FOREIGN")))
    return items


@pytest.mark.req("CMDB-02")
def test_impact_names_items_services_and_customers(world: World, estate: dict[str, Any]) -> None:
    api = Api(world.desk)

    one = api.get("items/HOST-1/impact/").json()
    assert [(row["identifier"], row["state"], row["depth"]) for row in one["items"]] == [("SVC", "degraded", 1)]
    assert one["partial"] is False
    soon = api.get("items/HOST-1/impact/?nearest=true").json()
    assert (soon["items"], soon["services"], soon["customers"]) == (one["items"], [], [])
    problem(api.get("items/HOST-1/impact/?nearest=maybe"), 400)
    both = api.get("items/HOST-1/impact/?with=HOST-2").json()
    assert [(row["code"], row["state"]) for row in both["services"]] == [("SVC", "down"), ("trading", "down")]
    switch = api.get("items/SWITCH/impact/?direction=up").json()
    assert {row["code"] for row in switch["customers"]} == {"exchange", "egov"}
    below = api.get("items/SVC/impact/?direction=down").json()
    assert [(row["identifier"], row["depth"]) for row in below["items"]] == [
        ("HOST-1", 1),
        ("HOST-2", 1),
        ("SWITCH", 2),
    ]
    way = api.get("items/path/?from=FOREIGN&to=SVC").json()
    assert [step["relation"] for step in way["steps"]] == ["connects_to", "connects_to", "runs_on"]
    problem(api.get("items/SVC/impact/?direction=sideways"), 400)


@pytest.mark.req("ORG-03")
def test_customers_learn_nothing_of_what_is_shared_or_foreign(world: World, estate: dict[str, Any]) -> None:
    """No name, count or length tells of the switch below their hosts, now and in the past."""
    for moment in ("", f"&as_of={(MONDAY + timedelta(hours=1)).isoformat().replace('+', '%2B')}"):
        api = Api(world.requester)
        assert {row["identifier"] for row in api.results(f"items/?{moment}")} == {"SVC", "HOST-1", "HOST-2"}
        below = api.get(f"items/SVC/impact/?direction=down{moment}").json()
        assert [row["identifier"] for row in below["items"]] == ["HOST-1", "HOST-2"]
        assert below["total"] == 2
        for path in (f"items/SWITCH/impact/?{moment}", f"items/FOREIGN/?{moment}", "items/SWITCH/history/"):
            problem(api.get(path), 404)
        problem(api.get(f"items/path/?from=HOST-1&to=FOREIGN{moment}"), 404)
        way = api.get(f"items/path/?from=HOST-1&to=HOST-2{moment}").json()
        assert [step["relation"] for step in way["steps"]] == ["runs_on", "runs_on"]
    told = str(Api(world.requester).get("items/HOST-1/history/").json())
    assert "SWITCH" not in told
    assert "SVC" in told


def test_lists_answer_for_any_pair_of_moments(world: World, estate: dict[str, Any]) -> None:
    with replaying(MONDAY + timedelta(hours=20)):
        since = MONDAY + timedelta(hours=3)
        stamp = Stamp(source="test", trusted=True, since=since)
        update_item(item=estate["HOST-1"], facts={"name": "moved", "serial_number": "X9"}, stamp=stamp)
    api = Api(world.desk)

    def found(query: str) -> list[str]:
        return [row["identifier"] for row in api.results(f"items/?{query}")]

    then, known = "2026-11-23T05:00:00Z", "2026-11-23T06:00:00Z"
    assert found("a.serial_number=x9") == ["HOST-1"]
    assert found(f"a.serial_number=x9&as_of={then}") == ["HOST-1"]
    assert found(f"a.serial_number=x9&as_of={then}&known_at={known}") == []
    assert found(f"a.serial_number=00123&as_of={then}&known_at={known}") == ["HOST-1"]
    assert found("as_of=2026-11-20") == []
    assert found("ci_class=hardware&q=host") == ["HOST-1", "HOST-2"]
    assert problem(api.get("items/?a.nothing=1"), 400)["errors"].keys() == {"a.nothing"}
    assert problem(api.get("items/?as_of=yesterday"), 400)["errors"].keys() == {"as_of"}
    lines = api.results("items/HOST-1/history/")
    assert lines[0]["authority"] == "none"
    changed = {f["name"]: (f["before"], f["after"]) for f in lines[0]["fields_changed"]}
    assert changed == {"name": ("HOST-1", "moved"), "serial_number": ("00123", "X9")}


@pytest.mark.req("CMDB-06")
def test_what_is_in_use_changes_by_a_correction_only_with_its_reason(world: World, estate: dict[str, Any]) -> None:
    engineer, manager = Api(world.engineer), Api(world.admin)

    refused = problem(engineer.patch("items/HOST-1/", {"attributes": {"serial_number": "Z"}}), 409)
    assert "HOST-1" in refused["detail"]
    problem(engineer.patch("items/HOST-1/", {"name": "z", "correction": True, "reason": "x"}), 409)
    problem(engineer.patch("items/HOST-1/", {"name": "z", "change": "CH1"}), 409)
    problem(manager.patch("items/HOST-1/", {"name": "z", "correction": True}), 409)
    assert engineer.patch("items/HOST-1/", {"attributes": {"cpu": "64"}}).status_code == 200
    body = {"name": "z", "correction": True, "reason": "铭牌核对"}
    assert manager.patch("items/HOST-1/", body).json()["name"] == "z"
    problem(Api(world.requester).patch("items/HOST-1/", {"name": "mine"}), 403)


@pytest.mark.req("CMDB-01")
def test_a_new_item_is_checked_against_its_class(world: World) -> None:
    api = Api(world.engineer)
    body = {"identifier": "NEW", "name": "New", "ci_class": "server", "status": "planned"}

    wrong = {"ip_address": "300.1.1.1", "warranty_end": "01/02/2026", "nothing": "x", "cost": "many"}
    errors = problem(api.post("items/", {**body, "attributes": wrong}), 400)["errors"]
    assert errors.keys() == wrong.keys()
    made = api.post("items/", {**body, "attributes": {"ip_address": "10.0.0.1", "cost": "1200 元"}})
    assert (made.status_code, made.json()["attributes"]["cost"]) == (201, 1200)
    assert problem(api.post("items/", body), 400)["errors"].keys() == {"identifier"}
    schema = api.get("items/classes/server/schema/").json()["properties"]
    assert schema["cost"]["x-unit"] == "元"
    assert {"cpu", "serial_number", "warranty_end"} <= schema.keys()


@pytest.mark.req("CMDB-01")
@pytest.mark.parametrize("wrong", ["", "  ", "db/1", "db\n1", "x" * 101])
def test_identifiers_that_no_address_can_hold_are_refused(world: World, wrong: str) -> None:
    """An identifier is part of addresses and of lines in files: no slash, no line break, not too long."""
    api = Api(world.engineer)
    body = {"identifier": wrong, "name": "主机", "ci_class": "server", "status": "planned"}

    assert "identifier" in problem(api.post("items/", body), 400)["errors"]
    assert not ConfigurationItem.objects.filter(name="主机").exists()
