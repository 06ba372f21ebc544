"""What was exported on a day has the same bytes as known then: whatever moved since, and whoever wrote meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection, transaction
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cmdb.defining.changes import keep_attribute, keep_class
from cmdb.listing import ItemList
from cmdb.models import (
    Attribute,
    AttributeVersion,
    BusinessSystem,
    CIClass,
    CIClassVersion,
    ComplianceRule,
    ConfigurationItem,
    RelationType,
    RelationTypeVersion,
)
from cmdb.services import Link, Stamp, create_item, update_item, write_relations
from cmdb.transfer.exporting import relations_of, table_of
from cmdb.transfer.tables import csv_text
from cmdb.versioning import moments
from cmdb.versioning.moments import replaying
from tests.factories import MONDAY, World, make_item, make_system

pytestmark = [pytest.mark.req("CMDB-04")]
FREE = Stamp(source="test", trusted=True)
DAY = timedelta(days=1)


def exported(world: World, address: str, **moment: str) -> str:
    """The file that an address gives, of today or as known at a moment."""
    params = QueryDict(address).copy()
    params.update(moment)
    listing = ItemList(params, world.admin)
    text = csv_text(*table_of(listing)) + csv_text(*relations_of(listing))
    assert not listing.errors
    return text


@pytest.fixture
def estate(world: World) -> Iterator[None]:
    """A few items of two classes and systems, on a Monday; how all was defined was said before."""
    for model in (AttributeVersion, CIClassVersion, RelationTypeVersion):
        model.objects.update(at=MONDAY - DAY)
    with replaying(MONDAY):
        core, other = make_system("core-1", "core"), make_system("other-1", "non_core")
        first = make_item("A", ci_class_id="server", business_system=core, attributes={"cost": 5, "location": "r2"})
        second = make_item("B", ci_class_id="terminal", business_system=other, attributes={"serial_number": "9"})
        make_item("C", ci_class_id="database", attributes={"cost": 900})
        write_relations([Link(first, RelationType.objects.get(code="runs_on"), second)], FREE)
        yield


ADDRESSES = (
    *("", "ci_class=hardware", "ci_class=terminal", "system_class=core", "system_class=non_core"),
    *("a.cost=<=100", "a.location=r2", "a.serial_number=9", "alone=true", "alone=false", "r1.how=rests_on"),
    *("r1.how=runs_on:out&r1.system_class=non_core", "breaks={rule}"),
)


@pytest.mark.django_db
def test_whatever_of_the_model_moved_since_the_bytes_are_those_of_that_day(world: World, estate: None) -> None:
    rule = ComplianceRule.objects.create(name="r", ci_class_id="hardware", demand="all", params="system_class=core")
    addresses = [address.format(rule=rule.pk) for address in ADDRESSES]
    then = {address: exported(world, address) for address in addresses}
    with replaying(MONDAY + 2 * DAY):
        _move_everything(world)

    known = (MONDAY + DAY).isoformat()
    assert {address: exported(world, address, known_at=known) for address in addresses} == then
    assert [a for a in ADDRESSES[1:5] if exported(world, a) == then[a]] == []


def _move_everything(world: World) -> None:
    """Another tree, other attributes, other systems, other types of relations."""
    for code, parent in (("terminal", None), ("database", "hardware")):
        row = CIClass.objects.get(pk=code)
        row.parent_id, row.name_zh = parent, "改"
        keep_class(row, world.admin)
    server = CIClass.objects.get(pk="server")
    server.parent_id = "software"
    keep_class(server, world.admin)
    for code, change in (("cost", {"active": False}), ("location", {"kind": "choice", "choices": []})):
        attribute = Attribute.objects.filter(code=code).first()
        assert attribute is not None
        for name, value in change.items():
            setattr(attribute, name, value)
        keep_attribute(attribute, world.admin)
    keep_attribute(Attribute(code="added", name_zh="新", name_en="New"), world.admin)
    for code, system_class in (("core-1", "non_core"), ("other-1", "core")):
        system = BusinessSystem.objects.get(pk=code)
        system.system_class_id = system_class
        system.save()
    kind = RelationType.objects.get(code="runs_on")
    kind.affects = "none"
    kind.save()


@pytest.mark.django_db(transaction=True)
def test_a_write_that_commits_across_the_moment_of_an_export_is_not_in_it_later(world: World) -> None:
    """It began before the export and was committed after it: as known at the export's moment it was never there."""
    item = make_item("A", name="old")
    written, leave = Event(), Event()

    def write() -> None:
        with transaction.atomic():
            update_item(item=item, facts={"name": "new"}, stamp=FREE)
            written.set()
            leave.wait(10)
        connection.close()

    thread = Thread(target=write)
    thread.start()
    assert written.wait(10)
    try:
        at, text = exported_now(world)
    finally:
        leave.set()
        thread.join()
    assert ConfigurationItem.objects.get().name == "new"
    assert exported(world, "", known_at=at) == text
    later, after = exported_now(world)
    assert "new" in after
    assert exported(world, "", known_at=later) == after


def exported_now(world: World) -> tuple[str, str]:
    """The moment and the text of a file of now."""
    listing = ItemList(QueryDict(), world.admin)
    text = csv_text(*table_of(listing)) + csv_text(*relations_of(listing))
    assert listing.moment.known_at is not None
    return listing.moment.known_at.isoformat(), text


@pytest.mark.django_db(transaction=True)
def test_every_file_of_a_busy_day_has_the_same_bytes_later(world: World, monkeypatch: Any) -> None:
    """Writers that overlap one another and the exports."""
    monkeypatch.setattr(moments, "PATIENCE", 0.1)
    over = Event()
    threads = [Thread(target=_write_until, args=(over, number)) for number in range(3)]
    for thread in threads:
        thread.start()
    files = [exported_now(world) for _n in range(12)]
    over.set()
    for thread in threads:
        thread.join()

    assert [at for at, text in files if exported(world, "", known_at=at) != text] == []
    assert len({text for _at, text in files}) > 1


def _write_until(over: Event, number: int) -> None:
    step = 0
    while not over.is_set():
        step += 1
        with transaction.atomic():
            create_item(
                identifier=f"W{number}-{step}",
                facts={"name": "n", "ci_class_id": "server", "status_id": "planned"},
                stamp=FREE,
            )
            over.wait(0.02 * (number + 1))
    connection.close()


@pytest.mark.django_db
def test_the_file_says_of_which_moment_it_is(world: World, client: Client) -> None:
    with replaying(MONDAY):
        make_item("A")
    client.force_login(world.admin)

    sent = client.get(reverse("cmdb:export"))
    name = sent["Content-Disposition"].split('"')[1]
    at = name.removeprefix("items-").removesuffix(".csv")
    with replaying(timezone.now() + DAY):
        update_item(item=ConfigurationItem.objects.get(), facts={"name": "later"}, stamp=FREE)
    again = client.get(reverse("cmdb:export"), {"known_at": at})
    assert again["Content-Disposition"].split('"')[1] == name
    assert again.content == sent.content
