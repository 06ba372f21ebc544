"""What changed below a ticket's items before it came, whatever was done since (INC-16)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from cmdb.models import ConfigurationItem, Relation
from cmdb.services import Stamp, end_relations, update_item, write_items
from cmdb.versioning.moments import replaying
from cmdb.versioning.recent import READ, changes_below
from cmdb.writing import Draft
from tests.cmdb.isolation.estates import relate
from tests.factories import MONDAY, World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("INC-16")]

FREE = Stamp(source="test", trusted=True)


def before(hours: float) -> datetime:
    """So many hours before the incident."""
    return MONDAY - timedelta(hours=hours)


def told(world: World, item: ConfigurationItem) -> list[tuple[str, int, str]]:
    """What is told of the 72 hours: item, depth, what."""
    found = changes_below([item.pk], before(72), MONDAY, world.desk)
    return [(row.item.identifier, row.depth, row.what) for row in found]


@pytest.fixture
def chain(world: World) -> list[ConfigurationItem]:
    """An application on a host on a switch, long known."""
    with replaying(before(900)):
        items = [make_item("APP", ci_class_id="application"), make_item("HOST"), make_item("SWITCH")]
        relate("runs_on", (items[0], items[1]))
        relate("connects_to", (items[1], items[2]))
    return items


def test_an_edit_stays_told_after_it_was_repaired(world: World, chain: list[ConfigurationItem]) -> None:
    app, host, switch = chain
    with replaying(before(2)):
        update_item(item=switch, facts={"ip_address": "10.9.9.9"}, stamp=FREE)
    with replaying(before(-1)):
        update_item(item=switch, facts={"ip_address": "10.0.0.1"}, stamp=FREE)
    assert told(world, app) == [("SWITCH", 2, "ip_address")]

    with replaying(before(1)):
        update_item(item=host, facts={"cpu": "8"}, stamp=Stamp(source="test", trusted=True, since=before(30)))
    update_item(item=host, facts={"cpu": "16"}, stamp=FREE)
    assert told(world, app) == [("HOST", 1, "cpu"), ("SWITCH", 2, "ip_address")], "one edit, told once"


def test_what_it_rested_on_then_counts_after_it_was_moved_away(world: World, chain: list[ConfigurationItem]) -> None:
    app, _host, switch = chain
    with replaying(before(2)):
        update_item(item=switch, facts={"ip_address": "10.9.9.9"}, stamp=FREE)
    with replaying(before(-1)):
        end_relations(Relation.objects.all(), FREE)
    assert told(world, app) == [("SWITCH", 2, "ip_address")]


@pytest.mark.slow
def test_the_near_change_is_told_however_many_are_far(world: World) -> None:
    with replaying(before(900)):
        app, near = make_item("APP", ci_class_id="application"), make_item("ZNEAR")
        far = [make_item(f"F{number:03}") for number in range(READ + 10)]
        relate("runs_on", (app, near))
        relate("connects_to", *((near, item) for item in far))
    with replaying(before(9)):
        update_item(item=near, facts={"cpu": "8"}, stamp=FREE)
    with replaying(before(8)):
        write_items([Draft(item.identifier, {"cpu": "8"}, item) for item in far], FREE)
    assert told(world, app)[0] == ("ZNEAR", 1, "cpu")


def test_relations_that_changed_and_ended_are_told_once(world: World, chain: list[ConfigurationItem]) -> None:
    app = chain[0]
    with replaying(before(5)):
        relate("connects_to", (chain[1], chain[2]), group="uplinks")
    assert [row[:2] for row in told(world, app)] == [("HOST", 1)]
    with replaying(before(4)):
        end_relations(Relation.objects.filter(target=chain[2]), FREE)
    assert [(row[0], row[1], row[2].split()[-1]) for row in told(world, app)] == [("HOST", 1, "SWITCH")] * 2
