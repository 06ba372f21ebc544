"""What a measure of the record's health counts is what its list shows, now and as it was (CMDB-05)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.utils import timezone

from cmdb.defining.changes import keep_attribute
from cmdb.filters import by_attributes
from cmdb.health import measures
from cmdb.listing import ItemList
from cmdb.models import Attribute
from cmdb.services import Stamp, items_at, update_item
from cmdb.versioning.moments import NOW, Moment, replaying
from tests.factories import MONDAY, World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-05", "CMDB-07")]


@pytest.fixture
def estate(world: World) -> None:
    """Doubles, some of them retired; warranties of items in use and not; a required attribute that some lack."""
    keep_attribute(Attribute(code="tag", name_zh="t", name_en="t", required=True, ci_class_id="server"), world.admin)
    ended: dict[str, Any] = {"warranty_end": "2020-01-01"}
    kinds: tuple[dict[str, Any], ...] = ({}, {"status_id": "planned"}, {"ci_class_id": "terminal"})
    with replaying(MONDAY):
        for number, said in enumerate(kinds):
            make_item(f"N{number}", name="same", attributes=ended, **said)
        items = [make_item(f"M{n}", name="other", attributes={"tag": "1"} if n else {}) for n in range(2)]
        make_item("LOOSE", world.organisations["egov"])
    with replaying(MONDAY + timedelta(hours=2)):
        update_item(item=items[0], facts={"status_id": "retired"}, stamp=Stamp(trusted=True))


@pytest.mark.parametrize("moment", [NOW, Moment(as_of=MONDAY + timedelta(hours=1))], ids=["now", "then"])
def test_each_measure_opens_exactly_its_items(world: World, estate: None, moment: Moment) -> None:
    now = timezone.now()
    found = [one for part in measures(world.admin, timezone.localdate(now), now, moment).values() for one in part]
    listed = {one.label: ItemList(QueryDict(one.url.partition("?")[2]), world.admin) for one in found}
    assert {label: listing.rows.count() for label, listing in listed.items()} == {
        one.label: one.count for one in found
    }
    assert not any(listing.errors for listing in listed.values())
    doubles = next(listing for one in found if "doubled" in one.url for listing in [listed[one.label]])
    assert doubles.rows.count() == (2 if moment.is_now else 4)


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "UTC", "America/New_York"])
def test_today_is_the_portal_s_day_whoever_asks(world: World, zone: str) -> None:
    """A kept question finds the same items by page, by program and for whoever is elsewhere."""
    with replaying(MONDAY):
        for day in ("2026-11-23", "2026-11-24"):
            make_item(day, attributes={"warranty_end": day})
    late = Moment(as_of=MONDAY + timedelta(hours=16))  # one in the morning of Tuesday in Shanghai
    with timezone.override(zone):
        asked = {"a.warranty_end": "today"}
        found = by_attributes(items_at(late, world.admin), asked, world.admin, late)
        assert [one.identifier for one in found] == ["2026-11-24"]
