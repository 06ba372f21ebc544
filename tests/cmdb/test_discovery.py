"""What discovery sees: matched by more than a name, observed values taken, controlled ones wait (CMDB-08)."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from cmdb.models import ConfigurationItem, Difference, ItemVersion
from cmdb.services import Stamp, update_item
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
    assert answer["waiting"] == ["ip_address"]
    versions = ItemVersion.objects.count()
    assert api.post("items/discovered/", body).json()["results"][0]["taken"] == []
    assert ItemVersion.objects.count() == versions
    item.refresh_from_db()
    assert item.attributes == {"serial_number": "S-1", "cpu": "64"}
    assert Difference.objects.filter(decision="").count() == 1


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


def send(api: Api, things: Mapping[str, Mapping[str, object]], **more: object) -> dict[str, str]:
    """What became of things by key."""
    rows = [{"key": key, "values": values} for key, values in things.items()]
    answer = api.post("items/discovered/", {"source": "scan", "items": rows, **more})
    assert answer.status_code == 200, answer.content
    return {row["key"]: row["result"] for row in answer.json()["results"]}


def test_two_things_of_one_scan_are_never_one_item(world: World) -> None:
    """In one request and over several of one scan; whoever was known by its key stays so."""
    for name in ("A", "B"):
        make_item(name, attributes={"serial_number": f"S-{name}"})
    api, a, b = Api(world.engineer), {"serial_number": "S-A"}, {"serial_number": "S-B"}
    assert send(api, {"x1": a, "x2": a, "y1": b}) == {"x1": "several", "x2": "several", "y1": "matched"}
    assert [row.candidates for row in Difference.objects.filter(what="several")] == [["A"], ["A"]]
    assert send(api, {"y1": b, "y2": b}) == {"y1": "matched", "y2": "several"}
    assert send(api, {"x1": a}) == {"x1": "matched"}
    assert send(api, {"x1": a}, scan="monday") == {"x1": "matched"}
    assert send(api, {"x3": a}, scan="monday") == {"x3": "several"}


def test_a_scan_of_several_requests_marks_the_missing_with_its_last(world: World) -> None:
    for name in "ABC":
        make_item(name, attributes={"serial_number": f"S-{name}"})
    api = Api(world.engineer)
    things = {f"k{name}": {"serial_number": f"S-{name}"} for name in "ABC"}
    send(api, things, scan="one", complete=True)
    send(api, {"kA": things["kA"]}, scan="two")
    gone = ConfigurationItem.objects.exclude(missing_since=None).values_list("identifier", flat=True)
    assert list(gone) == []
    send(api, {"kB": things["kB"]}, scan="two", complete=True)
    assert list(gone.all()) == ["C"]


@pytest.mark.parametrize("given", [" 2001:DB8:0:0::1 ", "2001:db8::1", "２００１:db8::1"])
def test_an_address_matches_in_any_dress(world: World, given: str) -> None:
    make_item("A", attributes={"ip_address": "2001:db8::1"})
    assert send(Api(world.engineer), {"k": {"ip_address": given}}) == {"k": "matched"}


def test_what_is_recorded_as_retired_is_said_and_not_written(world: World) -> None:
    item = make_item("A", attributes={"serial_number": "S-A", "cpu": "8"})
    api, seen = Api(world.engineer), {"k": {"serial_number": "S-A", "cpu": "64"}}
    assert send(api, {"k": {"serial_number": "S-A"}}) == {"k": "matched"}
    update_item(item=item, facts={"status_id": "retired"}, stamp=Stamp(trusted=True))
    versions = ItemVersion.objects.count()
    assert send(api, seen) == {"k": "retired"}
    assert send(api, {"new": seen["k"]}) == {"new": "retired"}
    assert ItemVersion.objects.count() == versions
    waiting = Difference.objects.filter(what="retired", decision="")
    assert [row.candidates for row in waiting] == [["A"], ["A"]]


@pytest.mark.parametrize("source", ["audit", "page", "people", "merge", "undo", "import"])
def test_nobody_outside_speaks_as_the_portal_itself(world: World, source: str) -> None:
    body = {"source": source, "items": [{"key": "1", "values": {"name": "x"}}]}
    answer = Api(world.engineer).post("items/discovered/", body)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["source"]
