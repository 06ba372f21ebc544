"""The graph beyond what fits, what is open on its items, and single points of failure as they are kept (CMDB-02)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from cmdb.health import measures
from cmdb.models import GraphState, Relation, RelationType, SinglePoints
from cmdb.network.keeping import keep_single_points
from cmdb.relating import RelationRefused
from cmdb.services import Link, Stamp, end_relations, update_item, write_relations
from cmdb.versioning.moments import replaying
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


def number() -> int:
    """The number of the graph."""
    return GraphState.objects.get().version


@pytest.mark.req("CMDB-04")
def test_another_status_of_the_past_makes_remembered_graphs_old(world: World) -> None:
    with replaying(MONDAY):
        item = make_item("H")
        relate("connects_to", (item, make_item("SWITCH")))
    stood = number()
    hours = [MONDAY + timedelta(hours=hour) for hour in (10, 20)]
    away = Stamp(source="test", trusted=True, since=hours[0], until=hours[1])
    update_item(item=item, facts={"status_id": "in_maintenance"}, stamp=away)
    item.refresh_from_db()
    assert (item.status_id, number() > stood) == ("in_use", True)
    stood = number()
    update_item(item=item, facts={"cpu": "8"}, stamp=Stamp(source="test", trusted=True, since=MONDAY))
    assert number() == stood, "what is no status is nothing to the graph"
    planned = make_item("NEW", status_id="planned")
    assert planned.graph_version == number() > stood, "who remembers the graph reads that it serves nobody"


@pytest.mark.req("CMDB-07")
def test_what_hangs_together_with_nothing_any_more_is_found(world: World, staff: Client) -> None:
    host = make_item("H")
    relate("connects_to", (host, make_item("SWITCH")), (make_item("OTHER"), make_item("SWITCH-2")))
    end_relations(Relation.objects.filter(source=host), FREE)

    assert [row["identifier"] for row in Api(world.desk).results("items/?alone=true")] == [
        "H",
        "SWITCH",
    ]
    assert [row["identifier"] for row in Api(world.desk).results("items/?alone=false")] == [
        "OTHER",
        "SWITCH-2",
    ]
    told = [row for part in measures(world.desk, MONDAY.date(), MONDAY).values() for row in part]
    assert [row.count for row in told if "alone=true" in row.url] == [2]


@pytest.mark.req("CMDB-04")
def test_a_relation_begins_again_only_after_it_ended(world: World) -> None:
    with replaying(MONDAY):
        host, switch = make_item("H"), make_item("SWITCH")
        relate("connects_to", (host, switch))
    with replaying(MONDAY + timedelta(hours=10)):
        end_relations(Relation.objects.all(), FREE)
    link = Link(host, RelationType.objects.get(pk="connects_to"), switch)
    early = Stamp(source="test", trusted=True, since=MONDAY + timedelta(hours=9))
    with pytest.raises(RelationRefused, match=r"H .* SWITCH .*2026-11-23 1"):
        write_relations([link], early)
    late = Stamp(source="test", trusted=True, since=MONDAY + timedelta(hours=10))
    assert write_relations([link], late) == 1
