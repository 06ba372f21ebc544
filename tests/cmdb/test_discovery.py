"""What discovery sees: matched by more than a name, observed values taken, controlled ones wait (CMDB-08)."""

from __future__ import annotations

import pytest

from cmdb.models import ConfigurationItem, Difference, ItemVersion
from tests.api.client import Api, problem
from tests.factories import World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-08")]


def test_observed_values_are_taken_and_controlled_ones_wait_until_decided(world: World) -> None:
    item = make_item("A", attributes={"serial_number": "S-1", "cpu": "32"})
    api = Api(world.engineer)
    seen = {"serial_number": "ｓ-1", "cpu": "64", "ip_address": "10.0.0.9"}
    body = {"source": "scan", "items": [{"key": "x1", "values": seen}]}

    [answer] = api.post("items/discovered/", body).json()["results"]
    assert (answer["result"], answer["identifier"], answer["taken"]) == ("matched", "A", ["cpu"])
    assert set(answer["waiting"]) == {"ip_address", "serial_number"}
    versions = ItemVersion.objects.count()
    assert api.post("items/discovered/", body).json()["results"][0]["taken"] == []
    assert ItemVersion.objects.count() == versions
    item.refresh_from_db()
    assert item.attributes == {"serial_number": "S-1", "cpu": "64"}
    assert Difference.objects.filter(decision="").count() == 2


def test_ties_and_names_alone_wait_for_a_person_and_the_gone_are_marked(world: World) -> None:
    for name in ("A", "B"):
        make_item(name, name="same", attributes={"ip_address": "10.0.0.1"})
    make_item("C", attributes={"serial_number": "S-3"})
    api = Api(world.engineer)

    def send(*things: dict[str, object]) -> list[str]:
        rows = [{"key": f"k{n}", "values": values} for n, values in enumerate(things)]
        answer = api.post("items/discovered/", {"source": "scan", "complete": True, "items": rows})
        return [row["result"] for row in answer.json()["results"]]

    assert send({"ip_address": "10.0.0.1"}, {"name": "same"}, {"serial_number": "s-3"}) == [
        "several",
        "unknown",
        "matched",
    ]
    assert Difference.objects.get(what="several").candidates == ["A", "B"]
    assert send({"ip_address": "10.0.0.1"}) == ["several"]
    assert ConfigurationItem.objects.get(identifier="C").missing_since is not None
    assert Difference.objects.filter(what="gone").count() == 1
    problem(Api(world.requester).post("items/discovered/", {"source": "s", "items": []}), 403)
    assert problem(api.post("items/discovered/", {"source": "S", "items": [1]}), 400)["errors"].keys() == {
        "source",
        "items",
    }
