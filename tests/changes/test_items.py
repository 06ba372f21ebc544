"""Configuration items of a change: from an item's page, and all that fit a question, thousands if need be."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from changes.assessing.effect import run_due
from changes.assessing.models import Effect
from cmdb.models import ConfigurationItem
from tests.api.client import Api
from tests.changes.making import approve, request, staffed
from tests.factories import MONDAY, World, act, last_entry, make_item, make_system, reload_user
from tickets.errors import ActionInvalid

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-01")]


@pytest.fixture(autouse=True)
def estate(world: World) -> World:
    """Three servers of a service in one room, one elsewhere, one of another class, one retired, one of nobody's."""
    make_system("core-db")
    for name in ("db-1", "db-2", "db-3"):
        make_item(name, business_system_id="core-db", attributes={"location": "上海 3-2"})
    make_item("db-4", business_system_id="core-db", attributes={"location": "北京 1-1"})
    make_item("switch-1", business_system_id="core-db", ci_class_id="network_device")
    make_item("db-old", business_system_id="core-db", status_id="retired")
    make_item("lonely")
    return staffed(world)


def names(change: Any) -> list[str]:
    """Identifiers of the change's items."""
    return sorted(change.items.values_list("identifier", flat=True))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"business_system": "core-db"}, ["db-1", "db-2", "db-3", "db-4", "switch-1"]),
        ({"business_system": "core-db", "ci_class": "server"}, ["db-1", "db-2", "db-3", "db-4"]),
        ({"ci_class": "server", "place": "上海"}, ["db-1", "db-2", "db-3"]),
        ({"business_system": "core-db", "status": "retired"}, ["db-old"]),
        ({"q": "lonely"}, ["lonely"]),
    ],
)
def test_all_that_fit_are_counted_then_added(world: World, asked: dict[str, Any], found: list[str]) -> None:
    change: Any = request(world)
    with pytest.raises(ActionInvalid) as counted:
        act(change, "add_items_by_query", world.lead, **asked)
    assert list(counted.value.form.errors) == ["confirmed"]
    assert f"{len(found)} " in str(counted.value.form.errors["confirmed"])
    assert names(change) == []
    act(change, "add_items_by_query", world.lead, confirmed="on", **asked)
    assert names(change) == found
    assert last_entry(change).data["count"] == len(found)


def test_nothing_asked_nothing_found_and_nothing_new_are_refused(world: World) -> None:
    change: Any = request(world)
    questions: list[Any] = [{}, {"business_system": "core-db", "q": "lonely"}]
    for asked in questions:
        with pytest.raises(ActionInvalid) as refused:
            act(change, "add_items_by_query", world.lead, confirmed="on", **asked)
        assert "__all__" in refused.value.form.errors
    act(change, "add_items_by_query", world.lead, confirmed="on", ci_class="server")
    with pytest.raises(ActionInvalid):
        act(change, "add_items_by_query", world.lead, confirmed="on", ci_class="server")
    assert act(change, "add_items_by_query", world.lead, confirmed="on", business_system="core-db")
    assert "switch-1" in names(change)


@pytest.mark.req("CHG-03")
def test_what_was_approved_falls_when_items_come_by_query(world: World) -> None:
    change = act(act(request(world), "submit", world.lead, now=MONDAY), "accept", world.people["changer"], now=MONDAY)
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)
    with pytest.raises(ActionInvalid) as refused:
        act(change, "add_items_by_query", world.lead, confirmed="on", q="db-1", now=MONDAY)
    assert "let_approvals_fall" in refused.value.form.errors
    change = act(
        change, "add_items_by_query", world.lead, confirmed="on", q="db-1", let_approvals_fall="on", now=MONDAY
    )
    assert change.state == "accepted"


def test_programs_ask_and_confirm_alike(world: World) -> None:
    change: Any = request(world)
    api = Api(world.lead)
    address = f"changes/{change.number}/actions/add_items_by_query/"
    counted = api.post(address, {"business_system": "core-db"})
    assert (counted.status_code, "5" in str(counted.json())) == (400, True)
    assert api.post(address, {"business_system": "core-db", "confirmed": True}).status_code == 200
    assert len(names(change)) == 5
    assert Api(world.requester).post(address, {"q": "lonely", "confirmed": True}).status_code == 404


@pytest.mark.req("CMDB-09")
def test_an_items_page_leads_to_a_change_of_it(world: World, client: Client) -> None:
    item = ConfigurationItem.objects.get(identifier="db-1")
    client.force_login(reload_user(world.lead))
    new = reverse("tickets:register", args=["changes"])
    assert f"{new}?item=db-1" in client.get(reverse("cmdb:item", args=[item.pk])).text
    form = client.get(f"{new}?item=db-1").context["form"]
    assert (form["items"].value(), form["business_system"].value()) == (["db-1"], "core-db")
    assert client.get(f"{new}?item=nothing").context["form"]["items"].value() is None


def test_thousands_of_items_do_not_hold_up_the_page(world: World, client: Client) -> None:
    """The page lists some; what the items do to others is computed in the worker, collisions once it stands."""
    many = [
        ConfigurationItem(identifier=f"n-{number}", name="n", ci_class_id="server", status_id="in_use")
        for number in range(3000)
    ]
    ConfigurationItem.objects.bulk_create(many)
    change: Any = act(request(world), "add_items_by_query", world.lead, confirmed="on", q="n-")
    assert change.items.count() == 3000
    client.force_login(reload_user(world.lead))
    page = client.get(f"/tickets/{change.number}/", HTTP_ACCEPT_LANGUAGE="en").text
    assert page.count("n-1") < 200
    assert "2980 more" in page.replace(",", "")
    assert f'hx-get="/changes/{change.number}/collisions/"' in page
    assert "is being computed" in page
    assert Effect.objects.get(change=change).at is None
    run_due(MONDAY)
    assert Effect.objects.get(change=change).items == 3000
    assert client.get(f"/changes/{change.number}/collisions/").status_code == 200


def test_all_that_fit_are_counted_then_taken_off(world: World) -> None:
    """What is not on the change is not counted; what is retired by now is."""
    change: Any = act(request(world), "add_items_by_query", world.lead, confirmed="on", business_system="core-db")
    act(change, "add_items_by_query", world.lead, confirmed="on", status="retired")
    with pytest.raises(ActionInvalid) as counted:
        act(change, "remove_items_by_query", world.lead, q="db-")
    assert (list(counted.value.form.errors), "5 " in str(counted.value.form.errors["confirmed"])) == (
        ["confirmed"],
        True,
    )
    with pytest.raises(ActionInvalid) as refused:
        act(change, "remove_items_by_query", world.lead, q="lonely", confirmed="on")
    assert list(refused.value.form.errors) == ["__all__"]
    Effect.objects.update(due=False)
    act(change, "remove_items_by_query", world.lead, confirmed="on", q="db-")
    assert names(change) == ["switch-1"]
    assert (last_entry(change).data["count"], Effect.objects.get(change=change.pk).due) == (5, True)
    answer = Api(world.lead).post(f"changes/{change.number}/actions/remove_items_by_query/", {"q": "switch"})
    assert (answer.status_code, "1 item" in str(answer.json())) == (400, True)


@pytest.mark.req("CHG-08")
def test_an_item_of_a_change_leads_to_an_edit_of_it(world: World, client: Client) -> None:
    change: Any = request(world, items=["db-1"])
    client.force_login(reload_user(world.lead))
    address = f"{reverse('tickets:action', args=[change.number, 'prepare_value'])}?item=db-1"
    assert address in client.get(f"/tickets/{change.number}/").text
    assert client.get(address).context["form"]["item"].value() == "db-1"
