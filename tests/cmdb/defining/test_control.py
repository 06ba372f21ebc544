"""What of items in use changes only under control is said by class, inherited, and previewed (CMDB-06, CMDB-01)."""

from __future__ import annotations

from typing import Any

import pytest

from cmdb.definitions import Definitions
from cmdb.models import Attribute, CIClass, ConfigurationItem, Relation, RelationType
from cmdb.services import Link, NotAllowed, Stamp, end_relations, update_item, write_relations
from tests.api.client import Api
from tests.cmdb.previews import agreed
from tests.cmdb.test_pages import signed_in
from tests.factories import World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-06")]
CLASS = {
    **{"name_zh": "服务器", "name_en": "Server", "parent": "hardware", "plan": "", "confirm_days": ""},
    **{"position": "10", "active": "on"},
}


def say(code: str, **said: list[str]) -> None:
    CIClass.objects.filter(pk=code).update(**said)


def moved(item: ConfigurationItem, world: World) -> bool:
    """Whether an engineer without any ground writes another place."""
    item.refresh_from_db()
    try:
        update_item(
            item=item, facts={"location": f"{item.attributes.get('location', '')}+"}, stamp=Stamp(by=world.engineer)
        )
    except NotAllowed:
        return False
    return True


def test_a_class_says_what_is_controlled_and_the_nearest_word_counts(world: World) -> None:
    server, switch = make_item("srv"), make_item("sw", ci_class_id="network_device")
    assert (moved(server, world), moved(switch, world)) == (False, False)
    say("hardware", observes=["location"])
    assert (moved(server, world), moved(switch, world)) == (True, True)
    say("server", controls=["location"])
    assert (moved(server, world), moved(switch, world)) == (False, True)


def test_discovery_writes_what_a_class_observes(world: World) -> None:
    item = make_item("srv", attributes={"serial_number": "SN-1", "location": "A"})
    seen = {"source": "scan", "items": [{"key": "k", "values": {"serial_number": "SN-1", "location": "B"}}]}
    api = Api(world.engineer)
    waits = api.post("items/discovered/", seen).json()["results"][0]
    say("server", observes=["location"])
    takes = api.post("items/discovered/", seen).json()["results"][0]
    item.refresh_from_db()
    assert (waits["waiting"], takes["taken"], item.attributes["location"]) == (["location"], ["location"], "B")


def test_relations_are_controlled_as_soon_as_one_end_says_so(world: World) -> None:
    kind, stamp = RelationType.objects.get(pk="runs_on"), Stamp(by=world.engineer)
    application, server = make_item("app", ci_class_id="application"), make_item("srv")
    link = Link(application, kind, server)
    with pytest.raises(NotAllowed):
        write_relations([link], stamp)
    say("application", observes=["runs_on"])
    write_relations([link], stamp)
    say("server", controls=["runs_on"])
    with pytest.raises(NotAllowed):
        end_relations(Relation.objects.all(), stamp)
    say("server", controls=[])
    assert end_relations(Relation.objects.all(), stamp) == 1


def test_the_schema_of_a_class_says_what_it_controls(world: World) -> None:
    say("server", observes=["location"])
    rows = {code: Api(world.desk).get(f"items/classes/{code}/schema/").json() for code in ("server", "network_device")}
    assert [rows[code]["properties"]["location"]["x-controlled"] for code in rows] == [False, True]


@pytest.mark.req("CMDB-01")
def test_a_change_of_control_is_said_before_and_kept_with_who_made_it(world: World) -> None:
    make_item("srv")
    make_item("spare", status_id="in_stock")
    client, url = signed_in(world.admin), "/items/classes/server/"
    typed: dict[str, Any] = {**CLASS, "observes": ["location", "runs_on"]}

    shown = client.post(url, typed, headers={"Accept-Language": "en"}).content.decode()

    assert "1 items in use: discovery writes “Location” from now on, without a change." in shown
    assert "1 items in use: discovery writes “runs on” from now on, without a change." in shown
    assert CIClass.objects.get(pk="server").observes == []
    assert agreed(client, url, typed).status_code == 302
    row = CIClass.objects.get(pk="server")
    assert sorted(row.observes) == ["location", "runs_on"]
    assert row.versions.order_by("-at", "-pk")[0].definition["observes"] == row.observes
    both = client.post(url, {**typed, "controls": ["location"]}, headers={"Accept-Language": "en"})
    assert both.status_code == 422
    assert "is controlled or observed, not both" in both.content.decode()


@pytest.mark.req("CMDB-01")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"active": ""},
            "1 items that are not retired have a value; their pages show it no more, their history keeps it.",
        ),
        ({"controlled": ""}, "2 items in use: discovery writes “Location” from now on, without a change."),
        ({"default": "A"}, "1 items without a value stay so; new ones begin with “A”."),
    ],
)
def test_each_change_of_an_attribute_says_what_would_follow(world: World, change: dict[str, str], said: str) -> None:
    make_item("srv", attributes={"location": "B"})
    make_item("other")
    row = Definitions().of("server")["location"]
    flags = {name: "on" for name in ("required", "unique", "controlled", "active") if getattr(row, name)}
    names = ("name_zh", "name_en", "kind", "unit", "group", "default", "pattern", "formula", "position")
    typed = {**{name: getattr(row, name) for name in names}, "choices": "", **flags, **change}
    client, url = signed_in(world.admin), f"/items/attributes/{row.pk}/"

    shown = client.post(
        url, {name: text for name, text in typed.items() if text != ""}, headers={"Accept-Language": "en"}
    )

    assert said in shown.content.decode()
    assert Attribute.objects.get(pk=row.pk).definition() == row.definition()


@pytest.mark.req("CMDB-01")
def test_a_class_is_not_moved_to_where_its_attribute_would_be_one_of_two(world: World) -> None:
    for owner, kind in (("server", "text"), ("application", "number")):
        Attribute.objects.create(ci_class_id=owner, code="foo", name_zh="某", name_en="Foo", kind=kind)

    refused = signed_in(world.admin).post(
        "/items/classes/application/", {**CLASS, "parent": "server"}, headers={"Accept-Language": "en"}
    )

    assert refused.status_code == 422
    assert "both have an attribute “foo”" in refused.content.decode()
    assert "server" not in Definitions().above("application")
