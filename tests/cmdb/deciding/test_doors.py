"""List, page and API of what waits: true counts, pages, filters, who said it, who may decide (CMDB-08)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from cmdb.models import ConfigurationItem, Difference, Sighting
from cmdb.services import Stamp, update_item
from cmdb.transfer.discovery import propose, take_in
from cmdb.versioning.moments import present
from tests.api.client import Api, problem
from tests.factories import World, make_item, register_incident

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-08")]
URL = "items/differences/"


def signed_in(user: User) -> Client:
    """A browser of that person, in English."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def unknown(count: int, source: str = "scan") -> None:
    """So many things wait that nobody knows."""
    now = present()
    for number in range(count):
        values = {"name": f"{source}-{number}"}
        row = Sighting.objects.create(source=source, key=f"k{number}", seen_at=now, data=values)
        Difference.objects.create(sighting=row, what="unknown", seen_value=values, found_at=now)


def listed(user: User, query: str = "") -> str:
    """The page of the list."""
    answer = signed_in(user).get(reverse("cmdb:differences") + query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_list_has_pages_true_counts_and_filters(world: World) -> None:
    unknown(103)
    unknown(2, "other")
    seen: list[str] = []
    query = "?source=scan"
    while query:
        page = listed(world.admin, query)
        assert '<span class="muted">103</span>' in page
        seen += re.findall(r"Name: (scan-\d+)", page)
        following = re.search(r'href="(\?[^"]*)"\s+rel="next"', page)
        query = following[1].replace("&amp;", "&") if following else ""
    assert sorted(seen) == sorted(f"scan-{number}" for number in range(103))
    assert '<span class="muted">105</span>' in listed(world.admin, "?what=unknown")
    assert "Nothing to decide" in listed(world.admin, "?what=gone")
    assert "Nothing was decided" in listed(world.admin, "?decided=true")
    wrong = signed_in(world.admin).get(reverse("cmdb:differences") + "?what=nonsense&cursor=x")
    assert wrong.status_code == 400


def test_what_was_decided_is_listed_with_who_and_why_and_counted_on_the_item(world: World) -> None:
    item = make_item("A", attributes={"serial_number": "S-A"})
    things = [{"key": "k", "values": {"serial_number": "S-A", "room": "R2"}}]
    take_in(source="scan", things=things, user=world.engineer)
    url = reverse("cmdb:decide", args=[Difference.objects.get().pk])
    assert f"{reverse('cmdb:differences')}?item=A" in item_page(world, item)
    signed_in(world.admin).post(url, {"keep": "1", "reason": "counted twice"})
    page = listed(world.engineer, "?decided=true&source=scan&item=A")
    for text in ("The record is right", world.admin.display_name, "counted twice", "R2"):
        assert text in page
    assert "counted twice" not in listed(world.engineer)
    assert f"{reverse('cmdb:differences')}?decided=true&amp;item=A" in item_page(world, item)


def item_page(world: World, item: ConfigurationItem) -> str:
    """The page of an item."""
    return signed_in(world.admin).get(reverse("cmdb:item", args=[item.pk])).content.decode()


@pytest.mark.req("CMDB-06")
def test_a_proposal_tells_who_made_it_and_while_working_on_which_ticket(world: World) -> None:
    item = make_item("A", attributes={"room": "R1"})
    incident = register_incident(world.desk)
    link = f'href="{incident.get_absolute_url()}"'
    propose(item=item, name="room", seen="R2", ticket=incident.number, by=world.engineer)
    decide = signed_in(world.admin).get(reverse("cmdb:decide", args=[Difference.objects.get().pk])).content.decode()
    for page in (listed(world.admin), decide):
        assert f"proposed by {world.engineer.display_name}" in page
        assert link in page
        assert "people: " not in page
    row = Api(world.admin).results(URL)[0]
    assert (row["proposed_by"], row["ticket"]) == (world.engineer.display_name, incident.number)


@pytest.mark.req("CMDB-06")
def test_a_second_proposal_does_not_replace_the_ticket_of_the_first(world: World) -> None:
    item = make_item("A", attributes={"room": "R1"})
    for ticket, seen in (("IM1", "R2"), ("IM2", "R3"), ("IM2", "R4")):
        propose(item=item, name="room", seen=seen, ticket=ticket, by=world.engineer)
    rows = Api(world.admin).results(URL)
    assert {(row["ticket"], row["seen"]) for row in rows} == {("IM1", "R2"), ("IM2", "R4")}


def waits(world: World) -> dict[str, Any]:
    """A tie, a value and an unknown thing, by the key of the source."""
    for name in ("A", "B"):
        make_item(name, attributes={"ip_address": "10.0.0.1", "serial_number": f"S-{name}"})
    seen = {"tie": {"ip_address": "10.0.0.1"}, "value": {"serial_number": "S-A", "room": "R2"}, "new": {"name": "n"}}
    things = [{"key": key, "values": values} for key, values in seen.items()]
    take_in(source="scan", things=things, user=world.engineer)
    return {row["key"]: row for row in Api(world.engineer).results(URL)}


def test_programs_list_and_read_what_waits(world: World) -> None:
    rows = waits(world)
    assert {key: (row["what"], row["possible"]) for key, row in rows.items()} == {
        "tie": ("several", ["item", "out"]),
        "value": ("value", ["take", "keep"]),
        "new": ("unknown", ["item", "out"]),
    }
    assert (rows["tie"]["candidates"], rows["tie"]["seen"]) == (["A", "B"], {"ip_address": "10.0.0.1"})
    assert (rows["value"]["item"], rows["value"]["field"], rows["value"]["seen"]) == ("A", "room", "R2")
    api = Api(world.engineer)
    assert api.get(f"{URL}{rows['tie']['id']}/").json() == rows["tie"]
    page = api.get(f"{URL}?what=several&what=unknown&source=scan&decided=false&page_size=1&count=true").json()
    assert (page["count"], len(page["results"]), page["next"] is None) == (2, 1, False)
    assert api.results(f"{URL}?decided=true") == api.results(f"{URL}?source=none") == []
    assert problem(api.get(f"{URL}?what=nonsense"), 400)["errors"].keys() == {"what"}
    problem(Api(world.desk).get(URL), 403)
    problem(Api(world.requester).get(f"{URL}{rows['tie']['id']}/"), 403)
    problem(api.get(f"{URL}0/"), 404)


def test_programs_decide_as_the_page_does(world: World) -> None:
    rows, api = waits(world), Api(world.admin)
    tie, value, new = (f"{URL}{rows[key]['id']}/decide/" for key in ("tie", "value", "new"))
    problem(Api(world.engineer).post(value, {"decision": "keep"}), 403)
    assert problem(api.post(tie, {"decision": "take"}), 409)["detail"].endswith("item, out.")
    assert problem(api.post(value, {"decision": "take"}), 409)
    assert problem(api.post(new, {"decision": "out"}), 400)["errors"].keys() == {"reason"}
    assert problem(api.post(tie, {"decision": "item", "item": "Z"}), 400)["errors"].keys() == {"item"}
    wrong = {"decision": "no", "item": 1, "retired": "x", "digest": 2, "more": 1}
    assert problem(api.post(tie, wrong), 400)["errors"].keys() == wrong.keys()
    problem(api.post(tie, {"decision": "item", "item": "B", "digest": "0" * 16}), 409)
    assert Difference.objects.exclude(decision="").count() == 0

    answer = api.post(tie, {"decision": "item", "item": "B", "digest": rows["tie"]["digest"], "reason": "label"})
    assert answer.status_code == 200, answer.content
    said = answer.json()
    assert (said["decision"], said["item"], said["decided_by"]["username"], said["reason"]) == (
        "item",
        "B",
        "admin",
        "label",
    )
    problem(api.post(tie, {"decision": "out", "reason": "x"}), 409)
    assert api.post(value, {"decision": "take", "correction": True, "reason": "seen"}).json()["decision"] == "taken"
    assert ConfigurationItem.objects.get(identifier="A").attributes["room"] == "R2"
    assert api.post(new, {"decision": "out", "reason": "a guest"}).json()["decision"] == "out"
    assert api.post(new, {"decision": "undo"}).json()["decision"] == ""
    problem(api.post(value, {"decision": "undo"}), 409)
    assert [row["what"] for row in api.results(f"{URL}?decided=false")] == ["unknown"]


def test_a_retired_item_is_meant_when_it_is_said(world: World) -> None:
    rows, api = waits(world), Api(world.admin)
    update_item(item=make_item("OLD"), facts={"status_id": "retired"}, stamp=Stamp(trusted=True))
    url, body = f"{URL}{rows['tie']['id']}/decide/", {"decision": "item", "item": "OLD"}
    assert problem(api.post(url, body), 400)["errors"].keys() == {"retired"}
    assert api.post(url, {**body, "retired": True}).json()["item"] == "OLD"


@pytest.mark.parametrize("rows", [1, 30])
def test_queries_do_not_grow_with_what_waits(world: World, rows: int, django_assert_num_queries: Any) -> None:
    incident = register_incident(world.desk)
    for number in range(rows):
        item = make_item(f"I{number}", attributes={"room": "R1"})
        propose(item=item, name="room", seen="R2", ticket=incident.number, by=world.engineer)
    client, api = signed_in(world.admin), Api(world.admin)
    for _warm in range(2):
        listed(world.admin)
        api.get(URL)
    client.get(reverse("cmdb:differences"))
    with django_assert_num_queries(15):
        client.get(reverse("cmdb:differences"))
    with django_assert_num_queries(12):
        api.get(URL)
