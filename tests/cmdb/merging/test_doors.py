"""Merging and splitting on pages and in the API; a merged identifier leads to the other (CMDB-01)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cmdb.definitions import Definitions
from cmdb.models import Attribute, ConfigurationItem, IdentityChange, ItemQuery, Relation, RelationType
from cmdb.services import Link, Stamp, write_relations
from cmdb.transfer.exchange import Importer
from cmdb.transfer.outcome import ImportRefused
from cmdb.versioning.history import Names, history_of
from cmdb.versioning.moments import replaying
from tests.api.client import Api, problem
from tests.contract.subjects import incident_in
from tests.factories import MONDAY, World, make_item
from tickets.services import affect_items

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-01")]

GROUND = {"correction": "on", "reason": "one machine"}
JSON_GROUND = {"correction": True, "reason": "one machine"}


@pytest.fixture
def page(world: World) -> Client:
    client = Client()
    client.force_login(world.admin)
    return client


@pytest.fixture
def pair(world: World) -> tuple[ConfigurationItem, ConfigurationItem]:
    with replaying(MONDAY):
        a = make_item("A", attributes={"cpu": "8"})
        b = make_item("B", attributes={"cpu": "16", "os": "Linux"})
        on = RelationType.objects.get(code="runs_on")
        write_relations([Link(make_item("S"), on, b)], Stamp(source="test", trusted=True))
    return a, b


def test_both_stand_beside_each_other_and_the_merged_one_leads_on(world: World, page: Client, pair: Any) -> None:
    a, b = pair
    affect_items(ticket=incident_in("in_progress", world), items=[b])
    url = reverse("cmdb:merge", args=[a.pk])
    assert page.get(f"{url}?with=NONE").status_code == 422
    shown = page.get(f"{url}?with=B").context["form"]
    lines = {line["label"]: (line["mine"], line["theirs"], line.get("chosen")) for line in shown.lines}
    assert lines["CPU"] == ("8", "16", "mine")
    assert ("", "Linux", "theirs") in lines.values()
    assert page.post(f"{url}?with=B", {"f.cpu": "theirs"}).status_code == 422
    answer = page.post(f"{url}?with=B", {"f.cpu": "theirs", **GROUND})
    assert answer.status_code == 302
    a.refresh_from_db()
    assert a.attributes["cpu"] == "16"

    led = page.get(reverse("cmdb:item", args=[b.pk]), follow=True)
    assert led.redirect_chain[0][0] == reverse("cmdb:item", args=[a.pk])
    assert "B" in str([str(m) for m in led.context["messages"]])
    past = page.get(reverse("cmdb:item", args=[b.pk]) + "?as_of=2026-11-24")
    assert past.context["row"].attributes["cpu"] == "16"

    back = reverse("cmdb:take_back", args=[IdentityChange.objects.get().pk])
    assert page.get(back).status_code == 200
    assert page.post(back, {}).status_code == 422
    assert page.post(back, GROUND).status_code == 302
    a.refresh_from_db()
    assert a.attributes == {"cpu": "8"}
    assert page.get(reverse("cmdb:item", args=[b.pk])).status_code == 200

    for answer, status in ((page.get(back), 200), (page.post(back, GROUND), 409)):
        assert answer.status_code == status, "a second window"
        assert world.admin.display_name in answer.context["over"]


def test_history_tells_merging_and_taking_back_with_its_ground(world: World, page: Client, pair: Any) -> None:
    a, b = pair
    api = Api(world.admin)
    made = api.post("items/A/merge/", {"other": "B", **JSON_GROUND}).json()
    again = f"items/A/identity/{made['id']}/undo/"
    api.post(again, JSON_GROUND)
    assert world.admin.display_name in problem(api.post(again, JSON_GROUND), 409)["detail"]

    names = Names(Definitions())
    told = {item: [line.text for line in history_of(item, names) if line.source == "merge"] for item in (a, b)}
    assert [text for text in told[a] if "B" in text] == ["taken back: merged B into this", "merged B into this"]
    assert [text for text in told[b] if "A" in text] == ["taken back: merged into A", "merged into A"]
    assert b.versions.filter(carried=False).latest("pk").status_id == "in_use"
    assert b.versions.filter(carried=False).latest("pk").authority == "correction", "not “Not yet in use”"


def test_a_part_is_split_off_on_its_page(world: World, page: Client, pair: Any) -> None:
    b = pair[1]
    url, relation = reverse("cmdb:split", args=[b.pk]), Relation.objects.get()
    assert page.get(url).status_code == 200
    said = {"identifier": "B2", "name": "second", "f.os": "goes", "f.cpu": "both", "relations": [relation.pk]}
    refused = page.post(url, {**said, "identifier": "A", **GROUND})
    assert refused.status_code == 422
    assert refused.context["chosen"] == {str(relation.pk)}
    assert page.post(url, {**said, **GROUND}).status_code == 302
    made = ConfigurationItem.objects.get(identifier="B2")
    b.refresh_from_db()
    assert (made.attributes, b.attributes) == ({"cpu": "16", "os": "Linux"}, {"cpu": "16"})
    assert Relation.objects.get(active=True).target == made


def test_the_api_does_the_same(world: World, pair: Any) -> None:
    api = Api(world.admin)
    problem(api.post("items/A/merge/", {"other": "B"}), 409)
    assert "take" in problem(api.post("items/A/merge/", {"other": "B", "take": ["no"], **JSON_GROUND}), 400)["errors"]
    made = api.post("items/A/merge/", {"other": "B", "take": ["cpu"], **JSON_GROUND}).json()
    assert (made["kind"], made["item"], made["other"]) == ("merge", "A", "B")
    found = api.get("items/B/").json()
    assert (found["identifier"], found["merged_from"], found["attributes"]) == ("A", ["B"], {"cpu": "16"})
    assert api.get("items/B/?as_of=2026-11-24T00:00:00Z").json()["identifier"] == "B"
    with pytest.raises(ImportRefused) as refused:
        Importer().run([(2, {"identifier": "B", "cpu": "1"})])
    assert refused.value.report is not None
    assert "A" in refused.value.report.bad[0][2]
    [change] = api.get("items/B/identity/").json()["changes"]
    assert api.post(f"items/A/identity/{change['id']}/undo/", JSON_GROUND).json()["undone_at"]
    assert api.get("items/B/").json()["identifier"] == "B"

    kin = api.get("items/B/identity/").json()["relations"]
    body = {"identifier": "B2", "name": "x", "goes": ["os"], "relations": [int(kin[0]["key"])], **JSON_GROUND}
    for name, unknown in (("relations", 999_999), ("rows", "tickets.Ticket:1")):
        answer = problem(api.post("items/B/split/", {**body, name: [unknown]}), 400)
        assert str(unknown) in answer["errors"][name][0]
    assert api.post("items/B/split/", body).json()["kind"] == "split"
    assert api.get("items/B2/").json()["attributes"] == {"os": "Linux"}
    problem(Api(world.manager).post("items/A/merge/", {"other": "B"}), 403)
    problem(Api(world.requester).get("items/A/identity/"), 403)


@pytest.mark.req("CMDB-05")
def test_a_kept_query_asks_on_for_the_item_that_took_the_others_place(world: World, page: Client, pair: Any) -> None:
    """Of the past and of today: attributes named the one, and name the other since."""
    Attribute.objects.create(code="host", name_zh="宿主", name_en="Host", kind="item")
    with replaying(MONDAY):
        make_item("V", attributes={"host": "B"})
    query = ItemQuery.objects.create(owner=world.admin, name="on B", params="a.host=B")
    Api(world.admin).post("items/A/merge/", {"other": "B", **JSON_GROUND})
    for moment in ("", "&as_of=2026-11-24T00:00:00Z"):
        found = page.get(f"{reverse('cmdb:list')}?query={query.pk}{moment}").context["lines"]
        assert [line["item"].identifier for line in found] == ["V"], moment
