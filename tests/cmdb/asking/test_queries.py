"""Queries over attributes and relations, kept, shared, at any moment; two moments of many items side by side."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from cmdb.asking.differences import beneath, between
from cmdb.asking.narrowing import narrow
from cmdb.models import Baseline, ConfigurationItem, ItemQuery, RelationType
from cmdb.services import Link, Stamp, create_item, items_at, update_item, write_relations
from cmdb.versioning.moments import Moment, replaying
from tests.cmdb.test_pages import signed_in
from tests.factories import MONDAY, World, make_item, make_system

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-05")]
FREE = Stamp(source="test", trusted=True)


def relate(source: str, kind: str, target: str) -> None:
    rows = ConfigurationItem.objects.in_bulk(field_name="identifier")
    write_relations([Link(rows[source], RelationType.objects.get(pk=kind), rows[target])], FREE)


def found(user: User, text: str, moment: Moment = Moment()) -> list[str]:  # noqa: B008 - it is frozen
    rows = narrow(items_at(moment, user), QueryDict(text), user, moment)
    return sorted(rows.values_list("identifier", flat=True))


@pytest.fixture
def estate(world: World) -> World:
    """Core and other service, each on an application on a server; the servers stand in rooms 2 and 3."""
    year = timezone.localdate().year
    with replaying(MONDAY):
        for name in ("core", "other"):
            make_system(name, "core" if name == "core" else "non_core")
            system = {"business_system_id": name, "status_id": "in_use"}
            for code, ci_class in ((f"svc-{name}", "service"), (f"app-{name}", "application")):
                facts = {"name": code, "ci_class_id": ci_class, **system}
                create_item(identifier=code, facts=facts, stamp=FREE)
            make_item(f"srv-{name}", attributes={"room": "2", "warranty_end": f"{year}-12-31"})
            relate(f"svc-{name}", "depends_on", f"app-{name}")
            relate(f"app-{name}", "runs_on", f"srv-{name}")
        make_item("srv-late", attributes={"room": "2", "warranty_end": f"{year + 1}-01-01"})
        relate("app-core", "runs_on", "srv-late")
    return world


ASKED = "ci_class=server&a.room=2&a.warranty_end=this-year&r1.how=carries&r1.ci_class=service&r1.system_class=core"


def test_servers_of_a_room_that_carry_a_core_service_and_lose_their_warranty(estate: World) -> None:
    assert found(estate.desk, ASKED) == ["srv-core"]
    assert found(estate.desk, ASKED + "&r1.none=true") == ["srv-other"]
    assert found(estate.desk, "r1.how=rests_on&r1.q=srv-late") == ["app-core", "svc-core"]
    assert found(estate.desk, "r1.how=runs_on:out&r1.attribute=room&r1.value=2") == ["app-core", "app-other"]
    assert found(estate.desk, "r1.how=runs_on:in&r2.how=carries&r2.q=svc-other") == ["srv-other"]
    assert found(estate.desk, ASKED, Moment(as_of=MONDAY - timedelta(days=1))) == []


@pytest.mark.req("CMDB-04")
def test_a_query_answers_as_it_was(estate: World) -> None:
    rows = ConfigurationItem.objects.in_bulk(field_name="identifier")
    with replaying(MONDAY + timedelta(days=2)):
        update_item(item=rows["srv-core"], facts={"room": "3"}, stamp=FREE)
        relate("app-core", "runs_on", "srv-other")
    assert found(estate.desk, ASKED) == ["srv-other"]
    then = Moment(MONDAY + timedelta(days=1), MONDAY + timedelta(days=1))
    assert found(estate.desk, ASKED, then) == ["srv-core"]


@pytest.mark.req("ORG-03")
def test_customers_are_told_nothing_by_what_others_have(estate: World) -> None:
    own = make_item("own", estate.organisations["exchange"])
    relate("app-core", "runs_on", "own")
    assert found(estate.requester, "r1.how=runs_on:in") == []
    assert found(estate.requester, "r1.how=carries&r1.ci_class=service") == []
    assert found(estate.desk, "r1.how=runs_on:in&q=own") == [own.identifier]


def test_a_query_is_kept_shared_and_asked_by_page_export_and_api(estate: World) -> None:
    owner, other = signed_in(estate.desk), signed_in(estate.engineer)
    page = owner.get(reverse("cmdb:list") + f"?{ASKED}")
    assert "srv-core" in page.content.decode()
    kept = owner.post(
        reverse("cmdb:queries"), {"name": "core in room 2", "params": f"{ASKED}&cursor=x&as_of=2020-01-01"}
    )
    assert kept.status_code == 302
    row = ItemQuery.objects.get()
    assert "cursor" not in row.params
    assert "as_of" not in row.params
    again = owner.post(reverse("cmdb:queries"), {"name": "core in room 2", "params": ASKED})
    assert again.status_code == 422
    for nothing in ("", "?"):
        asked = owner.post(reverse("cmdb:queries"), {"name": "of nothing", "params": nothing})
        assert (asked.status_code, ItemQuery.objects.count()) == (422, 1)

    url = f"{reverse('cmdb:list')}?query={row.pk}"
    assert other.get(url).status_code == 400
    assert other.get(f"/api/v1/items/?query={row.pk}").status_code == 400
    assert other.post(reverse("cmdb:query", args=[row.pk]), {"delete": "1"}).status_code == 404
    owner.post(reverse("cmdb:query", args=[row.pk]), {"share": "1"})
    assert "srv-core" in other.get(url).content.decode()
    data = other.get(f"/api/v1/items/?query={row.pk}").json()
    assert [item["identifier"] for item in data["results"]] == ["srv-core"]
    export = signed_in(estate.manager).get(f"{reverse('cmdb:export')}?query={row.pk}").content.decode()
    assert [line.split(",")[0] for line in export.splitlines()[1:]] == ["srv-core"]
    listed = other.get("/api/v1/items/queries/").json()["results"]
    assert [line["name"] for line in listed] == ["core in room 2"]
    made = other.post("/api/v1/items/queries/", {"name": "mine", "params": "status=in_use"}, "application/json")
    assert made.status_code == 201
    assert signed_in(estate.requester).get("/api/v1/items/queries/").json()["results"] == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("r1.how=nothing", "r1.how"),
        ("r1.how=carries&r1.colour=red", "r1.colour"),
        ("a.room=1&r2.how=runs_on:up", "r2.how"),
    ],
)
def test_what_cannot_be_understood_is_said(estate: World, text: str, name: str) -> None:
    answer = signed_in(estate.desk).get(f"/api/v1/items/?{text}")
    assert answer.status_code == 400
    assert name in answer.json()["errors"]


@pytest.mark.req("CMDB-04")
def test_a_service_with_all_beneath_and_a_query_at_two_moments(estate: World) -> None:
    rows = ConfigurationItem.objects.in_bulk(field_name="identifier")
    client, then = signed_in(estate.admin), MONDAY + timedelta(days=1)
    client.post(reverse("cmdb:baselines"), {"name": "before", "at": "2026-11-24T09:00", "note": "move"})
    baseline = Baseline.objects.get()
    with replaying(MONDAY + timedelta(days=2)):
        update_item(item=rows["srv-core"], facts={"room": "3"}, stamp=FREE)
        relate("srv-core", "connects_to", "srv-other")

    moments = (Moment(then, then), Moment())
    key = rows["svc-core"].pk
    first, second = (beneath(key, moment, estate.desk) for moment in moments)
    told = between(first, second, moments, estate.desk)
    assert [row.item.identifier for row in told.came] == ["srv-other"]
    assert [(row.item.identifier, row.fields[0].after) for row in told.changed] == [("srv-core", "3")]
    assert [line[1::2] for line in told.related] == [("srv-core", "srv-other")]
    assert told.went == []
    page = client.get(reverse("cmdb:beneath", args=[key]) + f"?first_baseline={baseline.pk}").content.decode()
    assert "srv-other" in page
    lists = client.get(reverse("cmdb:compare_lists") + f"?a.room=2&first_baseline={baseline.pk}").content.decode()
    assert "Only in the first" in lists
    assert "0 more, 1 gone" in lists


@pytest.mark.req("CMDB-02", "CMDB-04")
def test_graph_impact_history_and_path_speak_of_the_moment(estate: World) -> None:
    rows = ConfigurationItem.objects.in_bulk(field_name="identifier")
    with replaying(MONDAY + timedelta(days=2)):
        relate("srv-core", "connects_to", "srv-other")
        update_item(item=rows["srv-core"], facts={"name": "renamed"}, stamp=FREE)
    client, key = signed_in(estate.desk), rows["srv-core"].pk
    past = "?as_of=2026-11-24T09:00&known_at=2026-11-24T09:00"
    for name in ("graph", "impact", "item"):
        url = reverse(f"cmdb:{name}", args=[key])
        now, then = client.get(url).content.decode(), client.get(url + past).content.decode()
        assert "You see what was known" in then
        assert "You see what was known" not in now
    assert "srv-other" not in client.get(reverse("cmdb:graph", args=[key]) + past).content.decode()
    assert "renamed" not in client.get(reverse("cmdb:item", args=[key]) + past).content.decode()
    history = client.get("/api/v1/items/srv-core/history/?known_at=2026-11-24T09:00:00Z").json()["results"]
    assert all("renamed" not in str(line) for line in history)
    way: Any = reverse("cmdb:path") + "?from=svc-core&to=srv-other"
    assert "connects" in client.get(way).content.decode().lower()
    assert "do not hang together" in client.get(f"{way}&as_of=2026-11-24T09:00").content.decode()


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ("nonsense=1", "nonsense"),
        ("status=nowhere", "status"),
        ("r1.how=nothing", "r1.how"),
        ("a.nothing=1", "a.nothing"),
        ("as_of=garbage", "as_of"),
        ("query=2", "query"),
    ],
)
def test_what_nobody_understands_is_not_kept(estate: World, params: str, said: str) -> None:
    """It would find all items later, in audits and rules too."""
    owner = signed_in(estate.desk)

    refused = owner.post("/api/v1/items/queries/", {"name": "mine", "params": params}, "application/json")
    page = owner.post(reverse("cmdb:queries"), {"name": "mine", "params": params})

    assert refused.status_code == 400
    assert said in refused.json()["errors"]["params"][0]
    assert page.status_code == 422
    assert said in page.content.decode()
    assert not ItemQuery.objects.exists()


def test_columns_and_order_are_kept_with_a_query(estate: World) -> None:
    signed_in(estate.desk).post(
        reverse("cmdb:queries"), {"name": "mine", "params": "col=room&sort=-name&retired=true"}
    )

    assert ItemQuery.objects.get().params == "col=room&sort=-name&retired=true"
