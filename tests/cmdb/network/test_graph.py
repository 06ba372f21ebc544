"""The graph beyond what fits, what is open on its items, and single points of failure as they are kept (CMDB-02)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from cmdb.models import Relation, SinglePoints
from cmdb.network.keeping import keep_single_points
from cmdb.services import Stamp, end_relations, update_item
from tests.api.client import Api, problem
from tests.cmdb.isolation.estates import relate
from tests.factories import MONDAY, World, incident_in, make_item, resolve
from tickets.models import AffectedItem

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-02")]

FREE = Stamp(source="test", trusted=True)


def drawn(client: Client, key: int, query: str = "") -> Any:
    """The data of the picture."""
    return client.get(f"/items/{key}/graph/data/{query}").json()


@pytest.fixture
def staff(world: World) -> Client:
    """A browser of the desk."""
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(world.desk)
    return client


def test_classes_that_do_not_fit_stand_together(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cmdb.network.drawing.MOST", 5)
    hub = make_item("HUB", ci_class_id="network_device")
    relate("connects_to", *((make_item(f"S{n}"), hub) for n in range(6)))
    relate("connects_to", *((make_item(f"D{n}", ci_class_id="database"), hub) for n in range(2)))

    data = drawn(staff, hub.pk)

    assert sorted(node["code"] for node in data["nodes"]) == ["D0", "D1", "HUB"]
    assert [(row["class_code"], row["count"], row["parent"]) for row in data["bundles"]] == [
        ("server", 6, f"item-{hub.pk}")
    ]
    assert data["partial"] is True
    page = staff.get(f"/items/{hub.pk}/graph/").content.decode()
    assert "× 6" in page


@pytest.mark.req("CMDB-09")
def test_open_incidents_and_changes_are_counted_on_items(world: World, staff: Client) -> None:
    hub, other = make_item("HUB"), make_item("OTHER")
    relate("connects_to", (other, hub))
    open_, over = incident_in("in_progress", world), incident_in("in_progress", world)
    for ticket in (open_, over):
        AffectedItem.objects.create(ticket_id=ticket.pk, item=hub)
    resolve(over, world.engineer)

    nodes = {node["code"]: node["marks"] for node in drawn(staff, other.pk)["nodes"]}

    assert [(mark["code"], mark["count"]) for mark in nodes["HUB"]] == [("incident", 1)]
    assert nodes["OTHER"] == []
    past = drawn(staff, other.pk, "?as_of=2099-01-01")["nodes"]
    assert {node["code"]: node["marks"] for node in past}["HUB"] == []


def kept(service: Any) -> list[int]:
    """The single points of failure kept for a service."""
    return SinglePoints.objects.get(service=service).items


def test_single_points_are_kept_as_relations_and_states_change(world: World, staff: Client) -> None:
    service = make_item("SVC", ci_class_id="service")
    other = make_item("SVC-2", ci_class_id="service")
    hosts, switch = [make_item(f"H{n}") for n in range(2)], make_item("SWITCH")
    relate("runs_on", *((service, host) for host in hosts), group="hosts")
    relate("connects_to", *((host, switch) for host in hosts))

    assert keep_single_points(MONDAY) == 2
    assert kept(service) == [switch.pk]
    assert kept(other) == []
    assert keep_single_points(MONDAY + timedelta(minutes=1)) == 0, "nothing changed"

    update_item(item=hosts[1], facts={"status_id": "in_maintenance"}, stamp=FREE)
    assert keep_single_points(MONDAY + timedelta(minutes=2)) == 1, "the other service rests on nothing that changed"
    assert set(kept(service)) == {hosts[0].pk, switch.pk}
    assert SinglePoints.objects.get(service=other).reckoned_at == MONDAY + timedelta(minutes=2)

    end_relations(Relation.objects.filter(target=switch), FREE)
    keep_single_points(MONDAY + timedelta(minutes=3))
    assert kept(service) == [hosts[0].pk]
    found = Api(world.desk).get("items/SVC/single-points/").json()
    assert [row["identifier"] for row in found["items"]] == ["H0"]
    assert found["as_of"] == "2026-11-23T01:03:00Z"
    assert "H0" in staff.get(f"/items/{service.pk}/").content.decode().split('id="single-points"')[1]
    assert "Service that a single failure takes down" in staff.get("/items/health/").content.decode()
    assert [row["identifier"] for row in Api(world.desk).results("items/?single_points=true")] == ["SVC"]
    problem(Api(world.desk).get("items/H0/single-points/"), 400)

    update_item(item=service, facts={"status_id": "retired"}, stamp=FREE)
    keep_single_points(MONDAY + timedelta(minutes=4))
    assert not SinglePoints.objects.filter(service=service).exists()


def test_a_round_that_is_out_of_time_goes_on_in_the_next(world: World) -> None:
    for name in ("A", "B"):
        relate("runs_on", (make_item(f"SVC-{name}", ci_class_id="service"), make_item(f"H-{name}")))

    assert keep_single_points(MONDAY, seconds=-1.0) == 0
    assert keep_single_points(MONDAY) == 2


@pytest.mark.req("ORG-03")
def test_customers_read_single_points_among_their_own_items(world: World) -> None:
    exchange = world.organisations["exchange"]
    service, own = make_item("SVC", exchange, ci_class_id="service"), make_item("OWN", exchange)
    hidden = make_item("HIDDEN")
    relate("runs_on", (service, own), (service, hidden))
    keep_single_points(MONDAY)

    found = Api(world.requester).get("items/SVC/single-points/").json()

    assert ([row["identifier"] for row in found["items"]], found["as_of"]) == (["OWN"], None)
