"""An import is a door like any other: one guard, every rule told in the check, what is unchanged is never wrong."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.http import QueryDict

from accounts.models import User
from cmdb.defining.changes import keep_attribute, keep_class
from cmdb.listing import ItemList
from cmdb.models import Attribute, CIClass, ConfigurationItem, ItemVersion, Relation, RelationType, RelationVersion
from cmdb.services import (
    Draft,
    Link,
    NotAllowed,
    Stamp,
    end_relations,
    register_permit,
    update_item,
    withdraw_permit,
    write_items,
    write_relations,
)
from cmdb.transfer.exchange import Importer
from cmdb.transfer.exporting import relations_of, table_of
from cmdb.transfer.grounds import Ground
from cmdb.transfer.outcome import ImportRefused, Report
from cmdb.transfer.tables import csv_text, read_table
from cmdb.transfer.undoing import NotTakenBack, undo_import
from cmdb.versioning.moments import replaying
from tests.factories import MONDAY, World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-05")]
FREE = Stamp(source="test", trusted=True)
HOUR = timedelta(hours=1)


def rows(*lines: str) -> Any:
    return read_table(BytesIO("\n".join(lines).encode()), "x.csv")


def related(*lines: str) -> Any:
    return rows("source,relation,target", *lines)


def checked(items: Any, relations: Any = (), **said: Any) -> Report:
    return Importer(dry_run=True, **said).run(items, relations)


def bad(report: Report) -> list[tuple[str, int]]:
    return [(part, line) for part, line, _reason in report.bad]


NEW = ("identifier,ci_class,name,status", "NEW,server,n,in_use", "ALSO,server,n,in_use")


@pytest.mark.req("CMDB-06")
@pytest.mark.parametrize("line", ["USED,depends_on,NEW", "NEW,depends_on,USED"])
def test_a_relation_to_what_is_in_use_needs_its_ground_also_from_a_new_item(world: World, line: str) -> None:
    """As on the page and in the API, where the new item would be recorded first and related then."""
    make_item("USED")
    make_item("SPARE", status_id="in_stock")
    lines = (line, "NEW,depends_on,ALSO", "NEW,depends_on,SPARE")
    assert bad(checked(rows(*NEW), related(*lines))) == [("relations", 2)]
    report = Importer(ground=Ground(world.admin, correction=True, reason="seen")).run(rows(*NEW), related(*lines))
    assert (report.related, report.bad) == (3, [])
    grounds = RelationVersion.objects.values_list("target__identifier", "source__identifier", "authority")
    assert {"correction"} == {g for target, source, g in grounds if "USED" in (target, source)}
    assert {"first"} == {g for target, source, g in grounds if "USED" not in (target, source)}


@pytest.mark.req("CMDB-06")
@pytest.mark.parametrize("what", ["items", "relations"])
def test_an_approval_withdrawn_between_check_and_writing_refuses_all(world: World, what: str) -> None:
    make_item("USED")
    asked: list[str] = []

    def permit(reference: str, identifiers: Collection[str], by: User | None, since: datetime | None) -> str:
        asked.append(reference)
        return "withdrawn" if len(asked) > 1 else ""

    text = rows(*NEW, *(["USED,server,other,in_use"] if what == "items" else []))
    relations = related("USED,depends_on,NEW") if what == "relations" else ()
    register_permit(permit)
    try:
        with pytest.raises(ImportRefused):
            Importer(ground=Ground(world.admin, change="CHG-1")).run(text, relations)
    finally:
        withdraw_permit(permit)
    assert len(asked) == 2


def test_who_refers_to_a_row_that_is_refused_is_refused_too(world: World) -> None:
    """Also over several steps, and by relations; each says whose row it is."""
    keep_attribute(Attribute(code="host", name_zh="主机", name_en="Host", kind="item"), world.admin)
    lines: tuple[str, ...] = (
        "identifier,ci_class,name,status,host,cost",
        "A,server,a,in_use,B,",
        "B,server,b,in_use,C,",
    )
    lines += ("C,server,c,in_use,,much", "D,server,d,in_use,E,", "E,server,e,in_use,D,")
    links = related("D,depends_on,E", "D,depends_on,A")
    report = Importer(good_rows=True).run(rows(*lines), links)
    assert sorted(bad(report)) == [("items", 2), ("items", 3), ("items", 4), ("relations", 3)]
    said = {line: reason for part, line, reason in report.bad if part == "items"}
    assert ("B" in said[2], "C" in said[3]) == (True, True)
    assert sorted(ConfigurationItem.objects.values_list("identifier", flat=True)) == ["D", "E"]


def test_a_relation_twice_in_one_file_is_said(world: World) -> None:
    links = ("source,relation,target,group,needed", "NEW,depends_on,ALSO,g,1", "NEW,depends_on,ALSO,g,2")
    report = checked(rows(*NEW), rows(*links))
    assert bad(report) == [("relations", 3)]


@pytest.mark.req("CMDB-02")
def test_how_many_is_checked_before_anything_is_written(world: World) -> None:
    RelationType.objects.filter(pk="runs_on").update(max_targets=1)
    RelationType.objects.filter(pk="uses").update(max_sources=2)
    old, host = make_item("OLD", status_id="planned"), make_item("HOST", status_id="planned")
    write_relations([Link(old, RelationType.objects.get(pk="runs_on"), host)], FREE)
    lines: tuple[str, ...] = ("OLD,runs_on,HOST", "OLD,runs_on,NEW", "NEW,runs_on,HOST", "NEW,runs_on,OLD")
    lines += ("NEW,uses,HOST", "ALSO,uses,HOST", "OLD,uses,HOST")
    assert bad(checked(rows(*NEW), related(*lines))) == [("relations", 3), ("relations", 5), ("relations", 8)]
    report = Importer(good_rows=True).run(rows(*NEW), related(*lines))
    assert (report.related, Relation.objects.filter(active=True).count()) == (3, 4)


def test_a_relation_is_judged_by_what_the_file_makes_of_its_ends(world: World) -> None:
    """Retired in the file, or of another class by it."""
    for name in ("OLD", "PLAN", "HOST"):
        make_item(name, status_id="planned")
    kind = RelationType.objects.get(pk="runs_on")
    kind.source_classes.add(CIClass.objects.get(pk="software"))
    text = rows("identifier,ci_class,status", "OLD,server,retired", "PLAN,application,planned")
    report = checked(text, related("OLD,uses,HOST", "PLAN,runs_on,HOST"))
    assert bad(report) == [("relations", 2)]


def test_what_is_unchanged_is_never_refused_whatever_became_of_the_model(world: World) -> None:
    """An attribute became required, a choice was removed, a pattern came, a class was switched off, one was merged."""
    said = {"acquisition": "leased", "serial_number": "S 1"}
    make_item("A", attributes=said, ci_class_id="terminal")
    make_item("B", ci_class_id="terminal", status_id="planned")
    text = csv_text(*table_of(ItemList(QueryDict(), world.admin)))
    for code, change in _CHANGES.items():
        for row in Attribute.objects.filter(code=code):
            for name, value in change.items():
                setattr(row, name, value)
            keep_attribute(row, world.admin)
    terminal = CIClass.objects.get(pk="terminal")
    terminal.active = False
    keep_class(terminal, world.admin)

    listing = ItemList(QueryDict(), world.admin)
    again = csv_text(*table_of(listing)), csv_text(*relations_of(listing))
    for items, relations in ((text, ""), again):
        report = Importer().run(rows(items), rows(relations) if relations else ())
        assert (report.versions, report.related, report.bad, report.same) == (0, 0, [], 2)
    changed = rows("identifier,acquisition", "B,leased")
    assert bad(checked(changed)) == [("items", 2)], "a new value is read as ever"


_CHANGES: dict[str, dict[str, Any]] = {
    "acquisition": {"choices": [{"code": "bought", "zh": "b", "en": "b"}]},
    "serial_number": {"pattern": r"\d+"},
    "supplier": {"required": True},
}


def imported(world: World, items: Any, relations: Any = ()) -> Any:
    ground = Ground(world.admin, correction=True, reason="counted")
    with replaying(MONDAY + HOUR):
        return Importer(by=world.admin, ground=ground).run(items, relations).run


@pytest.mark.parametrize("later", ["ended", "regrouped", "added", "ended with its item"])
def test_taking_back_what_relations_changed_since_is_refused_with_both_names(world: World, later: str) -> None:
    with replaying(MONDAY):
        host, kind = make_item("HOST"), RelationType.objects.get(pk="uses")
    run = imported(world, rows(*NEW), related("NEW,uses,HOST"))
    new = ConfigurationItem.objects.get(identifier="NEW")
    with replaying(MONDAY + 2 * HOUR):
        if later == "ended":
            end_relations(Relation.objects.all(), FREE)
        elif later == "regrouped":
            write_relations([Link(new, kind, host, "g", 2)], FREE)
        elif later == "added":
            write_relations([Link(host, kind, new)], FREE)
        else:
            update_item(item=host, facts={"status_id": "retired"}, stamp=FREE)
    before = ItemVersion.objects.count(), RelationVersion.objects.count()
    with replaying(MONDAY + 3 * HOUR), pytest.raises(NotTakenBack, match=r"NEW.*HOST|HOST.*NEW"):
        undo_import(run=run, by=world.admin)
    assert (ItemVersion.objects.count(), RelationVersion.objects.count()) == before


@pytest.mark.req("CMDB-03", "CMDB-06")
@pytest.mark.parametrize(("was", "said"), [("retired", "in_use"), ("in_use", "planned"), ("retired", "planned")])
def test_a_file_takes_no_step_that_no_page_takes(world: World, was: str, said: str) -> None:
    """Whatever its ground: a retired item stays retired, and what is in use is not planned again."""
    make_item("USED", status_id=was)
    make_item("OTHER")
    text = ("identifier,status,name", f"USED,{said},other", "OTHER,in_use,known")
    sure: Any = {"ground": Ground(world.admin, correction=True, reason="counted")}
    report = checked(rows(*text), **sure)
    assert bad(report) == [("items", 2)]
    assert "USED" in report.bad[0][2]
    Importer(good_rows=True, **sure).run(rows(*text))
    assert ConfigurationItem.objects.get(identifier="USED").status_id == was
    item = ConfigurationItem.objects.get(identifier="USED")
    with pytest.raises(NotAllowed, match="USED"):
        write_items([Draft("USED", {"status_id": said}, item)], Stamp(by=world.admin, correction=True, reason="x"))


@pytest.mark.parametrize("group", ["", "pair"])
def test_taking_back_brings_relations_back_that_ended_with_an_item(world: World, group: str) -> None:
    with replaying(MONDAY):
        one, other, kind = make_item("ONE"), make_item("OTHER"), RelationType.objects.get(pk="uses")
        write_relations([Link(one, kind, other, group, 1)], FREE)
    run = imported(world, rows("identifier,status", "ONE,retired", "OTHER,retired"))
    assert not Relation.objects.filter(active=True).exists()
    with replaying(MONDAY + 3 * HOUR):
        counts = undo_import(run=run, by=world.admin)
    assert counts == {"relations": 1, "items": 2}
    [back] = Relation.objects.filter(active=True)
    assert (back.source.identifier, back.target.identifier, back.group) == ("ONE", "OTHER", group)
    assert set(ConfigurationItem.objects.values_list("status", flat=True)) == {"in_use"}
    now, then = (
        RelationVersion.objects.at(MONDAY + 4 * HOUR, None),
        RelationVersion.objects.at(MONDAY + 2 * HOUR, None),
    )
    assert (now.count(), then.count()) == (1, 0)
