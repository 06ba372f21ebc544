"""Pages of items: the list, one item now and then, making, changing, relating, classes, the ticket's side."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from changes.unauthorised.permit import permit as shipped
from cmdb.authority import register_permit, withdraw_permit
from cmdb.models import Attribute, ConfigurationItem, Difference, RelationType
from cmdb.services import Link, Stamp, update_item, write_relations
from cmdb.versioning.moments import replaying
from cmdb.versioning.recent import changes_below
from tests.api.client import Api
from tests.cmdb.previews import agreed
from tests.factories import MONDAY, World, make_item, register_incident
from tickets.services import affect_items

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-01")]
FREE = Stamp(source="test", trusted=True)


def signed_in(user: User) -> Client:
    """A browser of ``user``, in English."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def test_a_new_attribute_of_a_parent_is_in_form_list_filter_and_schema_at_once(world: World) -> None:
    client = signed_in(world.admin)
    typed = {"add": "1", "attribute-code": "power", "attribute-name_zh": "功率", "attribute-name_en": "Power"}
    more = {"attribute-kind": "number", "attribute-unit": "W", "attribute-group": "technical", "attribute-position": 1}
    flags = {"attribute-active": "on", "attribute-required": "on"}
    assert client.post(reverse("cmdb:class", args=["hardware"]), {**typed, **more, **flags}).status_code == 302

    new = reverse("cmdb:new") + "?ci_class=server"
    assert "Power" in client.get(new).content.decode()
    item = {"identifier": "N1", "name": "n", "status": "in_use"}
    assert client.post(new, item).status_code == 422
    assert client.post(new, {**item, "power": "750 W"}).status_code == 302
    page = client.get(reverse("cmdb:list") + "?ci_class=hardware&a.power=>=700&col=power").content.decode()
    assert "750 W" in page
    assert "N1" not in client.get(reverse("cmdb:list") + "?a.power=<700").content.decode()
    assert "power" in client.get("/api/v1/items/classes/server/schema/").json()["properties"]
    row = Attribute.objects.get(code="power")
    change = {
        "name_zh": "功率",
        "name_en": "Watts",
        "kind": "date",
        "group": "technical",
        "position": 1,
        "active": "on",
    }
    asked = client.post(reverse("cmdb:attribute", args=[row.pk]), change).content.decode()
    assert "1 values do not fit" in asked
    agreed(client, reverse("cmdb:attribute", args=[row.pk]), change)
    assert ConfigurationItem.objects.get(identifier="N1").attributes["power"] == 750


@pytest.mark.req("CMDB-04")
def test_an_item_is_shown_as_it_was_and_compared(world: World) -> None:
    with replaying(MONDAY):
        item = make_item("A", name="old")
    with replaying(MONDAY + timedelta(days=2)):
        update_item(item=item, facts={"name": "new"}, stamp=FREE)
    client, url = signed_in(world.desk), reverse("cmdb:item", args=[item.pk])

    assert "<h1>new</h1>" in client.get(url).content.decode()
    assert "<h1>old</h1>" in client.get(f"{url}?as_of=2026-11-24T00:00").content.decode()
    assert "not recorded then" in client.get(f"{url}?as_of=2020-01-01").content.decode()
    compared = client.get(reverse("cmdb:compare", args=[item.pk]) + "?first_as_of=2026-11-24").content.decode()
    assert "old" in compared
    assert "new" in compared


@pytest.mark.req("CMDB-06")
def test_a_change_is_asked_inside_the_write_and_what_was_typed_is_kept(world: World) -> None:
    item = make_item("A", name="old")
    client, url = signed_in(world.engineer), reverse("cmdb:edit", args=[item.pk])
    answers = {"CH1": "", "CH2": "The approval was withdrawn."}

    def permit(reference: str, identifiers: Any, by: Any, since: Any) -> str:
        return answers.get(reference, "Unknown.")

    withdraw_permit(shipped)
    register_permit(permit)
    try:
        refused = client.post(url, {"name": "typed name", "change": "CH2"})
        assert refused.status_code == 422
        assert "withdrawn" in refused.content.decode()
        assert "typed name" in refused.content.decode()
        assert client.post(url, {"name": "typed name", "change": "CH1"}).status_code == 302
    finally:
        withdraw_permit(permit)
        register_permit(shipped)
    version = item.versions.order_by("-pk")[0]
    assert (version.name, version.authority, version.reference) == ("typed name", "change", "CH1")
    stale = client.post(url, {"name": "x", "change": "CH1", "seen": item.versions.order_by("pk")[0].pk})
    assert stale.status_code == 422


@pytest.mark.req("CMDB-02", "CMDB-03")
def test_life_relations_impact_and_graph(world: World, django_assert_max_num_queries: Callable[..., Any]) -> None:
    service = make_item("SVC", ci_class_id="service", status_id="planned")
    host = make_item("HOST", status_id="planned")
    client = signed_in(world.engineer)

    made = client.post(
        reverse("cmdb:relate", args=[service.pk]), {"relation-relation": "runs_on:out", "relation-other": "HOST"}
    )
    assert made.status_code == 302
    for item in (service, host):
        assert client.post(reverse("cmdb:life", args=[item.pk, "commission"]), {}).status_code == 302
    assert client.post(reverse("cmdb:life", args=[host.pk, "retire"]), {}).status_code == 422
    with django_assert_max_num_queries(46):
        page = client.get(reverse("cmdb:item", args=[host.pk])).content.decode()
    assert "1 item is affected" in page
    assert "SVC" in client.get(reverse("cmdb:impact", args=[host.pk])).content.decode()
    below = client.get(reverse("cmdb:impact", args=[service.pk]) + "?direction=down").content.decode()
    assert "alone takes it down" in below
    drawn = json.loads(client.get(reverse("cmdb:graph_data", args=[host.pk])).content)
    assert {node["id"] for node in drawn["nodes"]} == {f"item-{service.pk}", f"item-{host.pk}"}
    assert len(drawn["edges"]) == 1
    assert "The same as a table" in client.get(reverse("cmdb:graph", args=[host.pk])).content.decode()


@pytest.mark.req("INC-16", "CMDB-09")
def test_the_ticket_names_what_changed_below_it_and_the_item_its_tickets(world: World) -> None:
    """An edit nobody allowed two hops away is told with its distance; older ones and first entries are not."""
    with replaying(MONDAY - timedelta(days=30)):
        app, host, switch = make_item("APP", ci_class_id="application"), make_item("HOST"), make_item("SWITCH")
        kinds = RelationType.objects.in_bulk()
        write_relations([Link(app, kinds["runs_on"], host), Link(host, kinds["connects_to"], switch)], FREE)
        update_item(item=host, facts={"cpu": "old"}, stamp=FREE)
    with replaying(MONDAY - timedelta(hours=5)):
        update_item(item=switch, facts={"ip_address": "10.9.9.9"}, stamp=FREE)
    found = changes_below([app.pk], MONDAY - timedelta(hours=72), MONDAY, world.desk)
    assert [(row.item.identifier, row.depth, row.unauthorised, row.what) for row in found] == [
        ("SWITCH", 2, True, "ip_address")
    ]
    ticket = register_incident(world.desk, requester="requester")
    affect_items(ticket=ticket, items=[app])
    page = signed_in(world.desk).get(reverse("cmdb:item", args=[app.pk])).content.decode()
    assert "Incidents, 1 of them open" in page
    assert signed_in(world.desk).get(reverse("tickets:around", args=[ticket.number])).status_code == 200


@pytest.mark.req("CMDB-05")
def test_import_export_and_lists_of_what_waits_have_pages(world: World) -> None:
    item = make_item("A")
    update_item(item=item, facts={"name": "b"}, stamp=FREE)
    client = signed_in(world.admin)

    exported = client.get(reverse("cmdb:export") + "?ci_class=server")
    assert exported.content.decode().splitlines()[1].startswith("A,b,server,in_use")
    assert client.get(reverse("cmdb:export") + "?format=xlsx").content.startswith(b"PK")
    assert "A" in client.get(reverse("changes:unauthorised")).content.decode()
    assert client.get(reverse("cmdb:differences")).status_code == 200
    assert client.get(reverse("cmdb:import")).status_code == 200
    assert client.get(reverse("cmdb:list") + "?sort=nothing").status_code == 400


@pytest.mark.req("CMDB-06", "CMDB-07")
def test_a_proposal_waits_for_the_manager_and_health_opens_its_items(world: World) -> None:
    item = make_item("A", attributes={"serial_number": "OLD", "warranty_end": "2020-01-01"})
    engineer, manager = signed_in(world.engineer), signed_in(world.admin)
    url = reverse("cmdb:propose", args=[item.pk])

    assert engineer.post(url, {"field": "ip_address", "value": "no address"}).status_code == 422
    assert engineer.post(url, {"field": "serial_number", "value": "NEW", "ticket": "IM1"}).status_code == 302
    waiting = Difference.objects.get()
    assert "NEW" in manager.get(reverse("cmdb:differences")).content.decode()
    decide = reverse("cmdb:decide", args=[waiting.pk])
    assert manager.post(decide, {"take": "1"}).status_code == 422
    assert manager.post(decide, {"take": "1", "correction": "on", "reason": "nameplate"}).status_code == 302
    item.refresh_from_db()
    assert item.attributes["serial_number"] == "NEW"
    page = manager.get(reverse("cmdb:health")).content.decode()
    assert "alone=true" in page
    assert "warranty_end" in page
    for query in ("alone=true", "a.warranty_end=<=2021-01-01", "loose=false&a.owner=none"):
        assert f"/items/{item.pk}/" in manager.get(f"{reverse('cmdb:list')}?{query}").content.decode()


@pytest.mark.req("CMDB-06")
def test_a_ticket_leads_to_a_proposal_about_its_item(world: World) -> None:
    item = make_item("WRONG")
    incident = register_incident(world.desk)
    affect_items(ticket=incident, items=[item])
    link = f"{reverse('cmdb:propose', args=[item.pk])}?ticket={incident.number}"
    assert link in signed_in(world.desk).get(incident.get_absolute_url()).content.decode()
    assert incident.number in signed_in(world.engineer).get(link).content.decode()


@pytest.mark.req("UX-01")
def test_a_filter_that_was_left_empty_asks_for_nothing(world: World, client: Client) -> None:
    """A form without scripts sends all of its fields."""
    make_item("host-01", status_id="in_stock")
    client.force_login(world.admin)
    listed = client.get("/items/?q=&status=in_stock&business_system=&organisation=")
    assert (listed.status_code, "host-01" in listed.content.decode()) == (200, True)
    assert client.get("/items/differences/?decided=&what=&source=").status_code == 200


@pytest.mark.slow
@pytest.mark.req("CMDB-02")
@pytest.mark.parametrize("name", ["as_of", "known_at"])
def test_a_moment_that_cannot_be_understood_is_said_at_every_door(world: World, client: Client, name: str) -> None:
    item = make_item("host-01")
    client.force_login(world.admin)
    api = Api(world.admin)
    own = ("", "graph/", "impact/", "history/")
    pages = [
        "/items/",
        "/items/export/",
        "/items/compare/",
        "/items/path/",
        *(f"/items/{item.pk}/{one}" for one in own),
    ]
    for address in pages:
        answer = client.get(f"{address}?{name}=soon")
        assert answer.status_code in (200, 400, 404), address
    for address in ("items/", "items/host-01/", *(f"items/host-01/{one}" for one in own[2:])):
        refused = api.get(f"{address}?{name}=soon")
        assert (refused.status_code, list(refused.json()["errors"])) == (400, [name]), address
    listed = client.get(f"/items/?{name}=soon")
    assert (listed.status_code, "2026-11-22T08:00:00Z" in listed.content.decode()) == (400, True)


@pytest.mark.req("CMDB-01")
def test_a_value_that_another_item_has_names_that_item_alone(world: World) -> None:
    make_item("host-01", attributes={"serial_number": "SN-1"})
    make_item("host-02")
    said = {"attributes": {"serial_number": "sn-1"}, "correction": True, "reason": "label"}
    errors = Api(world.admin).patch("items/host-02/", said).json()["errors"]
    assert errors == {"serial_number": ["The same value is already recorded for host-01."]}


@pytest.mark.req("CMDB-03")
def test_the_steps_of_a_life_tick_only_where_the_item_was(world: World) -> None:
    """Recorded in use first, it was shown as planned and in stock before."""
    with replaying(MONDAY):
        first, second = make_item("A"), make_item("B", status_id="planned")
    update_item(item=second, facts={"status_id": "in_use"}, stamp=Stamp(trusted=True))
    steps = [
        [row["status"] for row in signed_in(world.admin).get(f"/items/{item.pk}/").context["life"]]
        for item in (first, second)
    ]
    assert [row[:3] for row in steps] == [["todo", "todo", "now"], ["done", "todo", "now"]]


@pytest.mark.req("CMDB-02")
def test_of_what_is_retired_no_relations_are_awaited(world: World) -> None:
    page = signed_in(world.admin).get(f"/items/{make_item('A', status_id='retired').pk}/").content.decode()
    assert "nothing yet" not in page
    assert "nothing: it is retired" in page


@pytest.mark.req("CMDB-02")
def test_pages_of_the_past_are_headed_by_the_name_of_then(world: World, client: Client) -> None:
    with replaying(MONDAY):
        item = make_item("A", name="the old name")
    update_item(item=item, facts={"name": "the new name"}, stamp=Stamp(trusted=True))
    client.force_login(world.admin)
    then = (MONDAY + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for page in ("impact", "graph"):
        past, now = (
            client.get(f"/items/{item.pk}/{page}/?{query}").content.decode() for query in (f"as_of={then}", "")
        )
        assert "<h1>the old name</h1>" in past, page
        assert "<h1>the new name</h1>" in now, page
