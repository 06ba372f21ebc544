"""What would be written at once, and what speaks against it, is said before it is decided (CMDB-08)."""

from __future__ import annotations

import re

import pytest

from cmdb.models import ConfigurationItem, Difference
from cmdb.services import Stamp, update_item
from tests.api.client import Api, problem
from tests.cmdb.deciding.test_things import decide, page_of, scan, signed_in
from tests.factories import World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-08")]

FREE = Stamp(source="test", trusted=True)
SPARE = {"serial_number": "LX-1", "cpu": "8"}
SEEN = {"name": "unknown 3", "serial_number": "ZZ-3", "ip_address": "10.0.0.1"}


def spare() -> ConfigurationItem:
    """In stock, of another serial number than what was seen at its address."""
    return make_item("SPARE", status_id="in_stock", attributes={**SPARE, "ip_address": "10.0.0.1"})


def test_what_is_taken_over_at_once_stands_beside_each_item(world: World) -> None:
    """Of an item that is not in use everything is, its name and serial number too; that was not said."""
    spare()
    make_item("USED", attributes={"ip_address": "10.0.0.1", "serial_number": "LX-2"})
    scan(world, {"k": SEEN})
    page = page_of(world, Difference.objects.get())
    assert page.count("taken over at once") == 2
    assert page.count('info">waits for a decision') == 2
    assert page.count("this may be another device") == 2


def test_another_item_is_overwritten_only_after_it_was_said(world: World) -> None:
    item = make_item("SPARE", status_id="in_stock", attributes=SPARE)
    scan(world, {"k": SEEN})
    row = Difference.objects.get()
    told = decide(world, row, 422, item="1", choice="other", other="SPARE")
    assert "LX-1 → ZZ-3" in told
    mark = re.findall(r'name="read" value="(\w+)"', told)[0]
    item.refresh_from_db()
    assert (item.name, item.attributes["serial_number"]) == ("SPARE", "LX-1")
    done = decide(world, row, item="1", choice="other", other="SPARE", read=mark)
    item.refresh_from_db()
    assert item.attributes["serial_number"] == "ZZ-3"
    assert "Taken over at once: IP address, Name, Serial number." in done
    assert "It is an item of ours" in done


def test_what_would_be_overwritten_otherwise_by_then_is_said_anew(world: World) -> None:
    """The page was read; meanwhile somebody recorded another name of the offered item."""
    item = spare()
    make_item("USED", attributes={"ip_address": "10.0.0.1", "serial_number": "LX-2"})
    scan(world, {"k": SEEN})
    row = Difference.objects.get()
    read = re.findall(rf'name="(read-{item.pk})" value="(\w+)"', page_of(world, row))
    update_item(item=item, facts={"name": "front desk"}, stamp=FREE)

    told = decide(world, row, 422, item="1", choice=str(item.pk), **dict(read))

    assert "Name: front desk → unknown 3" in told
    item.refresh_from_db()
    assert (item.name, item.attributes["serial_number"]) == ("front desk", "LX-1")
    again = re.findall(rf'name="(read-{item.pk})" value="(\w+)"', told)
    assert again != read
    decide(world, row, item="1", choice=str(item.pk), **dict(again))
    item.refresh_from_db()
    assert item.name == "unknown 3"


def test_a_program_agrees_to_what_is_overwritten_too(world: World) -> None:
    item = spare()
    make_item("USED", attributes={"ip_address": "10.0.0.1", "serial_number": "LX-2"})
    scan(world, {"k": SEEN})
    api, url = Api(world.admin), f"items/differences/{Difference.objects.get().pk}/decide/"
    body = {"decision": "item", "item": "SPARE", "reason": "label"}
    refused = problem(api.post(url, body), 409)
    assert "Serial number: LX-1 → ZZ-3" in refused["overwrites"]
    assert "LX-1 → ZZ-3" in refused["detail"]
    update_item(item=item, facts={"name": "front desk"}, stamp=FREE)
    anew = problem(api.post(url, {**body, "agreed": refused["mark"]}), 409)
    assert "Name: front desk → unknown 3" in anew["overwrites"]
    assert problem(api.post(url, {**body, "agreed": 5}), 400)["errors"].keys() == {"agreed"}
    item.refresh_from_db()
    assert (item.name, Difference.objects.get().decision) == ("front desk", "")
    assert api.post(url, {**body, "agreed": anew["mark"]}).status_code == 200
    item.refresh_from_db()
    assert item.name == "unknown 3"


def test_a_value_that_another_item_has_is_said_beside_it(world: World) -> None:
    make_item("FRONT", attributes={"ip_address": "10.0.0.2", "serial_number": "LX-2"})
    item = make_item("USED", attributes={"ip_address": "10.0.0.1", "serial_number": "LX-1"})
    scan(world, {"k": {"serial_number": "LX-1", "ip_address": "10.0.0.2"}})
    row = Difference.objects.get(field="ip_address")
    page = page_of(world, row)
    assert "IP address: another item has this value already." in page
    assert "FRONT" in page
    assert "another device" not in page
    Difference.objects.update(field="serial_number", seen_value="LX-2", recorded_value="LX-1")
    page = page_of(world, row)
    assert "this may be another device" in page
    assert "one only can have it" in page
    Difference.objects.update(seen_value="LX-9")
    assert "one only can have it" not in page_of(world, row)
    assert item.attributes["serial_number"] == "LX-1"


def test_who_names_no_item_is_asked_for_it(world: World) -> None:
    scan(world, {"k": SEEN})
    assert "Name the item." in decide(world, Difference.objects.get(), 422, item="1", choice="other", other="")


def test_what_was_decided_is_said_and_how_to_take_it_back(world: World) -> None:
    make_item("USED", attributes={"ip_address": "10.0.0.1", "serial_number": "LX-1"})
    scan(world, {"k": {"serial_number": "LX-1", "ip_address": "10.0.0.2"}})
    done = decide(world, Difference.objects.get(), keep="1")
    assert "USED · IP address: The record is right. It can be taken back" in done


def test_retiring_what_is_seen_no_more_leads_back_to_the_list(world: World) -> None:
    item = make_item("USED", attributes={"serial_number": "LX-1"})
    scan(world, {"k": {"serial_number": "LX-1"}})
    scan(world, {"other": {"name": "x"}}, complete=True)
    row = Difference.objects.get(what="gone")
    url = f"/items/{item.pk}/life/retire/?decided"
    assert url in page_of(world, row)
    answer = signed_in(world.admin).post(url, {"correction": "on", "reason": "gone"})
    assert answer["Location"] == "/items/differences/"
