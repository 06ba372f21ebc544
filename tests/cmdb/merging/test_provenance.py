"""Whose word a value is stays so when its item is merged and when that is taken back; neighbours may be gone then."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cmdb.merging.services import NotOne, merge, take_back
from cmdb.models import ConfigurationItem, ItemVersion, Relation, RelationType, RelationVersion
from cmdb.services import Link, Stamp, update_item, write_relations
from cmdb.sources.withdrawing import withdraw
from cmdb.versioning.moments import replaying
from tests.cmdb.merging.test_merging import correcting
from tests.factories import MONDAY, World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-01", "CMDB-08")]
HOUR = timedelta(hours=1)
SCAN, FREE = Stamp(source="scan", trusted=True), Stamp(source="test", trusted=True)


@pytest.fixture
def twins(world: World) -> tuple[ConfigurationItem, ConfigurationItem, ConfigurationItem]:
    """A and B are one machine; of B a scan saw the memory and where it runs."""
    with replaying(MONDAY):
        rows = [make_item("A", attributes={"memory": "1"}), make_item("B"), make_item("HOST")]
    with replaying(MONDAY + HOUR):
        update_item(item=rows[1], facts={"memory": "64"}, stamp=SCAN)
        write_relations([Link(rows[1], RelationType.objects.get(code="runs_on"), rows[2])], SCAN)
    with replaying(MONDAY + 2 * HOUR):
        update_item(item=rows[0], facts={"memory": "32"}, stamp=Stamp(source="list", trusted=True))
    return rows[0], rows[1], rows[2]


def source_of(item: ConfigurationItem, name: str) -> Any:
    return ItemVersion.objects.believed().filter(item=item, valid__upper_inf=True).get().sources.get(name)


def relation_sources() -> set[tuple[str, str]]:
    rows = RelationVersion.objects.believed().filter(valid__upper_inf=True)
    return {(row.source.identifier, row.sources[""][0]) for row in rows.select_related("source")}


def test_a_value_that_is_taken_over_stays_the_word_of_its_source(world: World, twins: Any) -> None:
    a, b, _host = twins
    was = source_of(a, "memory"), source_of(b, "memory")
    with replaying(MONDAY + 3 * HOUR):
        row = merge(item=a, other=b, taken=["memory"], stamp=correcting(world))
    assert source_of(a, "memory") == was[1]
    assert relation_sources() == {("A", "scan")}
    with replaying(MONDAY + 4 * HOUR):
        take_back(change=row, stamp=correcting(world))
    assert (source_of(a, "memory"), source_of(b, "memory")) == was
    assert relation_sources() == {("B", "scan")}


def test_a_source_that_is_withdrawn_takes_its_word_from_the_merged_item(world: World, twins: Any) -> None:
    a, b, _host = twins
    with replaying(MONDAY + 3 * HOUR):
        merge(item=a, other=b, taken=["memory"], stamp=correcting(world))
    with replaying(MONDAY + 4 * HOUR):
        withdraw(source="scan", by=world.admin, reason="wrong network")
    a.refresh_from_db()
    assert a.attributes.get("memory") != "64"
    assert not Relation.objects.filter(active=True).exists()


def test_a_neighbour_that_was_retired_meanwhile_is_left_out(world: World, twins: Any) -> None:
    a, b, host = twins
    with replaying(MONDAY + 3 * HOUR):
        row = merge(item=a, other=b, stamp=correcting(world))
    with replaying(MONDAY + 4 * HOUR):
        update_item(item=host, facts={"status_id": "retired"}, stamp=correcting(world))
    with replaying(MONDAY + 5 * HOUR):
        take_back(change=row, stamp=correcting(world))
    b.refresh_from_db()
    assert (b.status_id, b.merged_into) == ("in_use", None)
    assert not Relation.objects.filter(active=True).exists()


def test_a_neighbour_that_was_merged_meanwhile_is_named_first(world: World, twins: Any) -> None:
    a, b, host = twins
    with replaying(MONDAY + 3 * HOUR):
        row = merge(item=a, other=b, stamp=correcting(world))
        other = make_item("OTHER")
    with replaying(MONDAY + 4 * HOUR):
        later = merge(item=other, other=host, stamp=correcting(world))
    with replaying(MONDAY + 5 * HOUR), pytest.raises(NotOne, match="HOST"):
        take_back(change=row, stamp=correcting(world))
    with replaying(MONDAY + 6 * HOUR):
        take_back(change=later, stamp=correcting(world))
        take_back(change=row, stamp=correcting(world))
    held = Relation.objects.filter(active=True).values_list("source__identifier", "target__identifier")
    assert list(held) == [("B", "HOST")]
