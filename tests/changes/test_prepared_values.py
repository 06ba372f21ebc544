"""Values that a change prepares: of the item's class, and of no other item (CHG-08)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from cmdb.definitions import Definitions
from cmdb.models import Attribute, ConfigurationItem
from cmdb.services import Stamp, update_item
from cmdb.versioning.moments import replaying
from tests.changes.making import request
from tests.changes.test_prepared import bringing, estate
from tests.factories import MONDAY, World, act, make_item, reload_user
from tickets.actions import perform
from tickets.errors import ActionConflict, ActionInvalid

__all__ = ["estate"]
pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-08", "CMDB-06")]


def unique_serial() -> None:
    """Servers have a serial number that no other item may have; that of db-2 is SN-2."""
    with replaying(MONDAY):
        said = {"name_zh": "出厂编号", "name_en": "Works number", "unique": True}
        Attribute.objects.create(ci_class_id="server", code="works_number", **said)
        stamp = Stamp(source="test", trusted=True)
        item = ConfigurationItem.objects.get(identifier="db-2")
        update_item(item=item, facts={"works_number": "SN-2"}, stamp=stamp)


def test_a_value_that_another_item_has_is_refused_beside_its_field(world: World) -> None:
    """Not months later, when what was approved is written."""
    unique_serial()
    typed: dict[str, Any] = {"item": "db-1", "attribute": "works_number", "value": "sn-2 ", "now": MONDAY}
    change: Any = request(world)
    with pytest.raises(ActionInvalid) as refused:
        act(change, "prepare_value", world.lead, **typed)
    assert "db-2" in str(refused.value.form.errors["value"])
    gives_up = {**typed, "item": "db-2", "value": "SN-7"}
    change = act(change, "prepare_value", world.lead, **gives_up)  # then it is free
    change = act(change, "prepare_value", world.lead, **typed)
    assert act(change, "submit", world.lead, now=MONDAY).state == "submitted"
    new = {"identifier": "db-3", "ci_class": "server", "name": "备库", "status": "in_use"}
    change = perform(request(world), "prepare_item", user=world.lead, data=new, now=MONDAY).ticket
    change = act(change, "prepare_value", world.lead, **{**typed, "value": "SN-8"})
    with pytest.raises(ActionInvalid):
        act(change, "prepare_value", world.lead, **{**typed, "item": "db-3", "value": "SN-8"})


@pytest.mark.parametrize("what", ["value", "identifier"])
def test_what_another_item_got_since_is_said_before_it_is_approved(world: World, what: str) -> None:
    unique_serial()
    change: Any = request(world)
    typed = {"item": "db-1", "attribute": "works_number", "value": "SN-9"}
    change = act(change, "prepare_value", world.lead, now=MONDAY, **typed)
    new = {"identifier": "db-3", "ci_class": "server", "name": "备库", "status": "in_use"}
    change = perform(change, "prepare_item", user=world.lead, data=new, now=MONDAY).ticket
    with replaying(MONDAY):
        if what == "identifier":
            make_item("db-3")
        else:
            item = ConfigurationItem.objects.get(identifier="db-2")
            update_item(item=item, facts={"works_number": "SN-9"}, stamp=Stamp(source="test", trusted=True))
    with pytest.raises(ActionConflict, match="db-3" if what == "identifier" else "db-2"):
        act(change, "submit", world.lead, now=MONDAY)


def test_only_attributes_of_the_items_class_are_offered(world: World, client: Client) -> None:
    """Those of the class that it has, or gets; of a new item, too."""
    change = bringing(world)
    other = next(iter(Definitions().of("network_device").keys() - Definitions().of("server").keys()))
    client.force_login(reload_user(world.lead))

    def offered(item: str, words: str = "") -> set[str]:
        answer = client.get(f"/changes/{change.number}/attributes/", {"item": item, "q": words}).json()
        return {row["value"] for row in answer["results"]}

    assert {"name", "duty_phone"} <= offered("db-1") & offered("db-9")
    assert offered("db-1", "duty_ph") == {"duty_phone"}
    assert other not in offered("db-1")
    assert offered("nothing") == set()
    act(change, "prepare_value", world.lead, item="db-1", attribute="ci_class", value="network_device", now=MONDAY)
    assert other in offered("db-1")
    assert other not in client.get(f"/tickets/{change.number}/actions/prepare_value/").text
