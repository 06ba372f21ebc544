"""Two records that are one, one that is two: both histories kept, what refers to them follows, exactly undone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.http import QueryDict

from cmdb.listing import ItemList
from cmdb.merging.references import declared, found_in_models
from cmdb.merging.services import NotOne, merge, split, survivor_of, take_back
from cmdb.models import Audit, AuditCheck, ConfigurationItem, Relation, RelationType, Sighting
from cmdb.services import Clash, Link, NotAllowed, Stamp, items_at, update_item, write_relations
from cmdb.transfer.exporting import relations_of, table_of
from cmdb.transfer.tables import csv_text
from cmdb.versioning.moments import Moment, replaying
from tests.contract.subjects import incident_in
from tests.factories import MONDAY, World, make_item
from tickets.services import affect_items

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-01")]

HOUR = timedelta(hours=1)


def test_every_reference_to_an_item_is_declared() -> None:
    """A new foreign key to an item, in any app, says whether its rows follow."""
    own = [m for m in apps.get_models(include_auto_created=True) if m.__module__.split(".")[0] != "tests"]
    assert found_in_models(own) == set(declared())


def correcting(world: World) -> Stamp:
    return Stamp(by=world.admin, correction=True, reason="one machine, entered twice")


def exported(world: World) -> str:
    """Items and relations as exports write them."""
    listing = ItemList(QueryDict("retired="), world.desk)
    return csv_text(*table_of(listing)) + csv_text(*relations_of(listing))


@pytest.fixture
def twins(world: World) -> tuple[ConfigurationItem, ConfigurationItem]:
    """A and B, which are one machine; both carry S, B runs on HOST alone; C names B; D stands beside."""
    runs_on = RelationType.objects.get(code="runs_on")
    free = Stamp(source="test", trusted=True)
    with replaying(MONDAY):
        a = make_item("A", attributes={"serial_number": "1", "cpu": "8"})
        b = make_item("B", attributes={"serial_number": "2", "os": "Linux"})
        s, host = make_item("S"), make_item("HOST")
        write_relations([Link(s, runs_on, b, "hosts", 1), Link(s, runs_on, host)], free)
        depends = RelationType.objects.get(code="depends_on")
        write_relations([Link(a, depends, host), Link(b, depends, host), Link(a, depends, b)], free)
    return a, b


def test_what_refers_to_it_follows_and_the_undo_is_exact(world: World, twins: Any) -> None:
    a, b = twins
    ticket, both = incident_in("in_progress", world), incident_in("in_progress", world)
    affect_items(ticket=ticket, items=[b])
    affect_items(ticket=both, items=[a, b])
    audit = Audit.objects.create(name="x", seed=1)
    AuditCheck.objects.create(audit=audit, item=b)
    Sighting.objects.create(source="scan", key="k", item=b, seen_at=MONDAY)
    before = exported(world)

    with replaying(MONDAY + HOUR):
        row = merge(item=a, other=b, taken=["serial_number", "os"], stamp=correcting(world))

    a.refresh_from_db()
    b.refresh_from_db()
    assert a.attributes == {"serial_number": "2", "cpu": "8", "os": "Linux"}
    assert (b.status_id, survivor_of(b)) == ("retired", a)
    assert [t.items.get() for t in (ticket, both)] == [a, a]
    assert (AuditCheck.objects.get().item, Sighting.objects.get().item) == (a, a)
    holding = Relation.objects.filter(active=True).values_list("source__identifier", "target__identifier", "group")
    assert set(holding) == {("S", "A", "hosts"), ("S", "HOST", ""), ("A", "HOST", "")}
    then = items_at(Moment(as_of=MONDAY), world.admin)
    assert set(then.values_list("identifier", "status_id")) >= {("A", "in_use"), ("B", "in_use")}
    assert b.versions.count() > 1
    with pytest.raises(NotAllowed, match="A"):
        update_item(item=b, facts={"cpu": "1"}, stamp=correcting(world))
    with pytest.raises(NotOne):
        merge(item=a, other=b, stamp=correcting(world))

    with replaying(MONDAY + 2 * HOUR):
        take_back(change=row, stamp=correcting(world))

    assert exported(world) == before
    assert ticket.items.get() == b
    assert set(both.items.all()) == {a, b}
    assert (AuditCheck.objects.get().item, Sighting.objects.get().item) == (b, b)
    with pytest.raises(NotOne):
        take_back(change=row, stamp=correcting(world))


def test_what_was_written_since_stays_when_it_is_taken_back(world: World, twins: Any) -> None:
    a, b = twins
    with replaying(MONDAY + HOUR):
        row = merge(item=a, other=b, taken=["serial_number", "os"], stamp=correcting(world))
    with replaying(MONDAY + 2 * HOUR):
        update_item(item=a, facts={"os": "BSD", "memory": "64"}, stamp=correcting(world))
    with replaying(MONDAY + 3 * HOUR):
        take_back(change=row, stamp=correcting(world))
    a.refresh_from_db()
    assert a.attributes == {"serial_number": "1", "cpu": "8", "os": "BSD", "memory": "64"}


@pytest.mark.req("CMDB-06")
def test_items_in_use_need_a_ground(world: World, twins: Any) -> None:
    a, b = twins
    with pytest.raises(NotAllowed):
        merge(item=a, other=b, stamp=Stamp(by=world.admin))
    with pytest.raises(NotAllowed):
        merge(item=a, other=b, stamp=Stamp(by=world.engineer, correction=True, reason="x"))
    with pytest.raises(NotOne):
        merge(item=a, other=a, stamp=correcting(world))
    b.refresh_from_db()
    assert b.merged_into is None


def test_a_part_is_split_off_with_what_is_chosen_and_put_back(world: World, twins: Any) -> None:
    b = twins[1]
    ticket, stays = incident_in("in_progress", world), incident_in("in_progress", world)
    for one in (ticket, stays):
        affect_items(ticket=one, items=[b])
    before = exported(world)
    carried = Relation.objects.get(source__identifier="S", target=b)
    facts = {"name": "B2", "ci_class_id": "server", "status_id": "in_use", "os": "Linux"}
    rows = [f"tickets.AffectedItem.item:{ticket.affected_items.get().pk}"]

    with replaying(MONDAY + HOUR):
        row = split(
            item=b,
            identifier="B2",
            kept={"os": None},
            given=facts,
            relations=[carried.pk],
            rows=rows,
            stamp=correcting(world),
        )

    made = row.other
    b.refresh_from_db()
    assert b.attributes == {"serial_number": "2"}
    assert (made.identifier, made.attributes) == ("B2", {"os": "Linux"})
    assert (ticket.items.get(), stays.items.get()) == (made, b)
    assert Relation.objects.get(target=made, active=True).group == "hosts"
    with pytest.raises(Clash):
        split(item=b, identifier="B2", kept={}, given=facts, stamp=correcting(world))

    with replaying(MONDAY + 2 * HOUR):
        take_back(change=row, stamp=correcting(world))

    lines = [line for line in exported(world).splitlines() if not line.startswith("B2,")]
    assert lines == before.splitlines()
    made.refresh_from_db()
    assert (made.status_id, survivor_of(made)) == ("retired", b)
    assert ticket.items.get() == b
