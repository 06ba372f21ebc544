"""Files in and out: checked first, all or the good rows, text as text, an export read in again writes nothing."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import translation
from openpyxl import Workbook, load_workbook

from cmdb.defining.changes import keep_attribute
from cmdb.listing import ItemList
from cmdb.models import (
    Attribute,
    AttributeVersion,
    CIClass,
    ConfigurationItem,
    ItemImport,
    ItemVersion,
    Relation,
    RelationType,
    RelationVersion,
)
from cmdb.services import Link, Stamp, update_item, write_relations
from cmdb.transfer.exchange import Importer
from cmdb.transfer.exporting import table_of
from cmdb.transfer.grounds import Ground
from cmdb.transfer.outcome import ImportRefused
from cmdb.transfer.tables import csv_text, excel_bytes, read_table
from cmdb.transfer.undoing import undo_import
from cmdb.versioning.moments import replaying
from tests.factories import MONDAY, World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-05")]
FREE = Stamp(source="test", trusted=True)


def rows_of(text: str) -> Any:
    """The rows of a CSV text."""
    return read_table(BytesIO(text.encode()), "x.csv")


def test_bad_rows_stop_all_and_are_named_or_left_out(world: World) -> None:
    """1,000 rows with 37 bad ones: exactly those are listed, nothing is written; then 963 in one go."""
    bad = {27 * n for n in range(1, 38)}
    lines = ["identifier,ci_class,name,status,ip_address"]
    lines += [f"X{n:04},server,n{n},in_use,{'300.1.1.1' if n in bad else f'10.0.{n % 200}.1'}" for n in range(1, 1001)]
    text = "\n".join(lines)

    with pytest.raises(ImportRefused) as refused:
        Importer().run(rows_of(text))
    report = refused.value.report
    assert report is not None
    assert {line - 1 for _part, line, _reason in report.bad} == bad
    assert ConfigurationItem.objects.count() == 0
    assert Importer(dry_run=True).run(rows_of(text)).counts()["bad"] == 37
    assert Importer(good_rows=True).run(rows_of(text)).made == 963
    assert ConfigurationItem.objects.count() == ItemVersion.objects.count() == 963


def test_queries_do_not_grow_with_the_rows(world: World, django_assert_max_num_queries: Any) -> None:
    lines = ["identifier,ci_class,name,status,serial_number"]
    lines += [f"X{n:04},server,n{n},in_use,S{n}" for n in range(800)]
    with django_assert_max_num_queries(53):
        Importer().run(rows_of("\n".join(lines)), _relation_rows(f"X{n:04},depends_on,X0000" for n in range(1, 800)))
    assert Relation.objects.count() == 799


def _relation_rows(lines: Any) -> Any:
    return rows_of("\n".join(["source,relation,target", *lines]))


def test_export_read_in_again_writes_no_version_and_the_past_is_byte_equal(world: World) -> None:
    with replaying(MONDAY):
        item = make_item("A", attributes={"serial_number": "00123", "version": "1E5", "cost": 5.5})
        make_item("B", world.organisations["egov"], attributes={"warranty_end": "2027-01-31"})
        then = csv_text(*table_of(ItemList(QueryDict(), world.desk)))
    with replaying(MONDAY + timedelta(days=2)):
        since = MONDAY + timedelta(hours=1)
        update_item(item=item, facts={"name": "later"}, stamp=Stamp(source="t", trusted=True, since=since))

    known = QueryDict("known_at=2026-11-24T00:00:00Z")
    attributes_then = csv_text(*table_of(ItemList(known, world.desk))).splitlines()
    assert [line.split(",")[:3] for line in attributes_then] == [line.split(",")[:3] for line in then.splitlines()]
    heading, rows = table_of(ItemList(QueryDict(), world.desk))
    for again in (BytesIO(excel_bytes(heading, rows)), BytesIO(csv_text(heading, rows).encode())):
        name = "x.xlsx" if again.getvalue().startswith(b"PK") else "x.csv"
        report = Importer().run(read_table(again, name))
        assert (report.versions, report.same, report.bad) == (0, 2, [])
    assert ConfigurationItem.objects.get(identifier="A").attributes["serial_number"] == "00123"
    assert not ItemImport.objects.exists()


@pytest.mark.req("CMDB-04")
def test_a_table_as_known_then_has_the_same_bytes_as_on_that_day(world: World) -> None:
    """Whatever was written since: late knowledge, new, renamed and retired attributes, items retired."""
    AttributeVersion.objects.update(at=MONDAY - timedelta(days=1))
    with replaying(MONDAY):
        item = make_item("A", attributes={"serial_number": "00123", "cost": 5.5, "warranty_end": "2027-01-31"})
        make_item("B", world.organisations["egov"])
        then = csv_text(*table_of(ItemList(QueryDict(), world.desk)))
    with replaying(MONDAY + timedelta(days=2)):
        since = Stamp(source="t", trusted=True, since=MONDAY - timedelta(days=3))
        update_item(item=item, facts={"name": "later", "cost": 7}, stamp=since)
        make_item("C")
        update_item(item=ConfigurationItem.objects.get(identifier="B"), facts={"status_id": "retired"}, stamp=FREE)
    cost = Attribute.objects.get(code="cost")
    cost.active = False
    keep_attribute(cost, world.admin)
    keep_attribute(Attribute(code="added", name_zh="新", name_en="New"), world.admin)

    again = csv_text(*table_of(ItemList(QueryDict("known_at=2026-11-24T00:00:00Z"), world.desk)))
    assert again == then
    assert csv_text(*table_of(ItemList(QueryDict(), world.desk))) != then


@pytest.mark.req("TKT-08")
def test_names_like_formulas_are_guarded_in_files_and_read_back_as_they_are(world: World) -> None:
    names = ["=HYPERLINK(1)", "+86 21", "-a", "@x", "a;=1", "'=1"]
    for name in names:
        make_item(name.strip("'="), attributes={"serial_number": name}, name=name)
    heading, rows = table_of(ItemList(QueryDict(), world.desk))

    written = csv_text(heading, rows)
    naive = [
        piece.strip('"') for line in written.splitlines() for half in line.split(";") for piece in half.split(",")
    ]
    sheet = load_workbook(BytesIO(excel_bytes(heading, rows))).worksheets[0]
    cells = [str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell]
    assert not [piece for piece in [*naive, *cells] if piece.startswith(tuple("=+-@"))]
    for file, name in ((written.encode(), "x.csv"), (excel_bytes(heading, rows), "x.xlsx")):
        report = Importer().run(read_table(BytesIO(file), name))
        assert (report.versions, report.same, report.bad) == (0, len(names), [])
    assert {row.attributes["serial_number"] for row in ConfigurationItem.objects.all()} == set(names)


def test_cells_of_spreadsheets_stay_what_they_are(world: World) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["identifier", "ci_class", "name", "status", "serial_number", "cost", "warranty_end"])
    sheet.append(["A", "server", "a", "in_use", "1E5", 1200.0, "2027-02-28"])
    sheet.append(["B", "server", "b", "in_use", 123, "", "30/30/2027"])
    out = BytesIO()
    book.save(out)

    report = Importer(good_rows=True).run(read_table(BytesIO(out.getvalue()), "x.xlsx"))
    assert [(line, "30/30/2027" in reason) for _p, line, reason in report.bad] == [(3, True)]
    assert ConfigurationItem.objects.get().attributes == {
        "serial_number": "1E5",
        "cost": 1200,
        "warranty_end": "2027-02-28",
    }


def test_columns_nobody_decided_about_and_doubles_are_refused(world: World) -> None:
    make_item("OLD", attributes={"serial_number": "S1"})

    with pytest.raises(ImportRefused, match="Serial Nr"):
        Importer().run(rows_of("identifier,ci_class,name,Serial Nr\nA,server,a,1"))
    text = (
        "identifier,ci_class,name,status,serial_number\nA,server,a,in_use,ｓ1\nB,server,b,in_use,\nB,server,b,in_use,"
    )
    report = Importer(dry_run=True).run(rows_of(text))
    assert sorted(line for _p, line, _r in report.bad) == [2, 4]
    wrong = _relation_rows(["OLD,depends_on,NOWHERE", "OLD,likes,OLD"])
    report = Importer(dry_run=True).run(rows_of("identifier\nOLD"), wrong)
    assert [(part, line) for part, line, _r in report.bad] == [("relations", 2), ("relations", 3)]


def test_an_import_is_taken_back_whole(world: World) -> None:
    with replaying(MONDAY):
        old = make_item("OLD", name="before")
        uses = RelationType.objects.get(code="uses")
        write_relations([Link(old, uses, make_item("HOST"))], FREE)
    with replaying(MONDAY + timedelta(hours=1)):
        text = "identifier,ci_class,name,status\nOLD,server,after,in_use\nNEW,server,new,in_use"
        ground = Ground(world.admin, correction=True, reason="counted on the spot")
        relations = rows_of("source,relation,target,group,needed\nNEW,depends_on,OLD,,\nOLD,uses,HOST,g,2")
        report = Importer(by=world.admin, ground=ground).run(rows_of(text), relations)
    with replaying(MONDAY + timedelta(hours=2)):
        assert report.run is not None
        assert undo_import(run=report.run, by=world.admin) == {"items": 2, "relations": 2}

    old.refresh_from_db()
    assert old.name == "before"
    assert ConfigurationItem.objects.get(identifier="NEW").status_id == "retired"
    left = Relation.objects.get(active=True)
    assert (left.relation_type_id, left.group, left.needed) == ("uses", "", 1)
    undone = ItemVersion.objects.filter(item=old).believed().order_by("-pk")[0]
    assert (undone.authority, undone.by) == ("correction", world.admin)


def test_the_command_reads_the_mapped_files(world: World, tmp_path: Path) -> None:
    (tmp_path / "cis.csv").write_text("id,class,name,status,tenant\nsite:1,site,HQ,active,x\nrack:1,rack,R,active,x\n")
    (tmp_path / "rel.csv").write_text("from,kind,to\nsite:1,contains,rack:1\n")
    out = StringIO()
    call_command(
        "import_items", str(tmp_path / "cis.csv"), relations=tmp_path / "rel.csv", mapping="netbox", stdout=out
    )
    assert "made 2" in out.getvalue()
    assert RelationVersion.objects.get().relation_type_id == "contains"
    with pytest.raises(CommandError):
        call_command("import_items", str(tmp_path / "rel.csv"), stdout=out)


@pytest.mark.req("CMDB-02")
def test_cardinality_and_classes_are_kept_in_every_door(world: World) -> None:
    kind = RelationType.objects.get(code="runs_on")
    RelationType.objects.filter(pk="runs_on").update(max_targets=1)
    kind.source_classes.add(CIClass.objects.get(pk="software"))
    a, b, c = (make_item(name, ci_class_id="application" if name == "A" else "server") for name in "ABC")
    write_relations([Link(a, kind, b)], FREE)

    ground = Ground(world.admin, correction=True, reason="seen")
    with pytest.raises(ImportRefused) as refused:
        Importer(ground=ground).run(rows_of("identifier\nA"), _relation_rows(["A,runs_on,C"]))
    assert refused.value.report is not None
    assert re.match(r"A .*C", refused.value.report.bad[0][2])
    report = Importer(dry_run=True).run(rows_of("identifier\nA"), _relation_rows(["B,runs_on,C"]))
    assert "B" in report.bad[0][2]
    assert c.pk


@pytest.mark.req("CMDB-06")
def test_an_import_stands_under_change_control_row_by_row(world: World) -> None:
    """New items, items not in use and observed values are free; the rest needs its ground, line by line."""
    for name, status in (("USED", "in_use"), ("STORED", "in_stock"), ("OTHER", "in_use")):
        make_item(name, status_id=status)
    text = "identifier,ci_class,name,status,memory\nUSED,server,other,in_use,\nSTORED,server,other,in_stock,"
    text += "\nNEW,server,n,in_use,\nOTHER,server,OTHER,in_use,64 GB"
    relations = ["NEW,depends_on,STORED", "USED,depends_on,OTHER"]

    report = Importer(dry_run=True).run(rows_of(text), _relation_rows(relations))
    assert [(part, line) for part, line, _reason in report.bad] == [("items", 2), ("relations", 3)]
    assert all("in use" in reason or "在用" in reason or "使用" in reason for _p, _l, reason in report.bad)
    desk = Ground(world.desk, correction=True, reason="r")
    assert len(Importer(dry_run=True, ground=desk).run(rows_of(text), _relation_rows(relations)).bad) == 2
    unknown = Ground(world.admin, change="CH-none")
    assert len(Importer(dry_run=True, ground=unknown).run(rows_of(text), _relation_rows(relations)).bad) == 2

    ground = Ground(world.admin, correction=True, reason="counted")
    done = Importer(by=world.admin, ground=ground).run(rows_of(text), _relation_rows(relations))
    assert (done.made, done.changed, done.related, done.bad) == (1, 3, 2, [])
    grounds = dict(ItemVersion.objects.filter(batch=done.run, carried=False).values_list("identifier", "authority"))
    assert grounds == {"USED": "correction", "STORED": "free", "NEW": "first", "OTHER": "free"}
    assert not ItemVersion.objects.filter(authority="none").exists()
    again = Importer().run(rows_of(text), _relation_rows(relations))
    assert (again.versions, again.related, again.bad) == (0, 0, [])


@pytest.mark.req("CMDB-06")
def test_an_import_names_what_is_in_use_and_nothing_else(world: World) -> None:
    make_item("USED")
    text = "identifier,ci_class,name,status\nPLANNED,server,p,planned"
    with translation.override("en"):
        report = Importer(dry_run=True).run(rows_of(text), _relation_rows(["USED,depends_on,PLANNED"]))
    assert [reason.partition(":")[0] for _part, _line, reason in report.bad] == ["USED is in use"]


def test_an_import_killed_anywhere_leaves_nothing_and_the_next_one_everything(world: World) -> None:
    """Ended at each tenth of its statements; then it runs through as if nothing had been."""
    lines = ["identifier,ci_class,name,status,serial_number"]
    lines += [f"X{n:03},server,n{n},in_use,S{n}" for n in range(60)]
    relations = [f"X{n:03},depends_on,X000" for n in range(1, 60)]

    class Killed(BaseException):
        """The process is gone."""

    def run(most: int | None) -> int:
        asked = 0

        def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            nonlocal asked
            asked += 1
            if most is not None and asked > most:
                raise Killed
            return execute(sql, params, many, context)

        with connection.execute_wrapper(count):
            Importer().run(rows_of("\n".join(lines)), _relation_rows(relations))
        return asked

    models = (ConfigurationItem, ItemVersion, Relation, RelationVersion, ItemImport)
    with transaction.atomic():
        total = run(None)
        transaction.set_rollback(True)
    assert total > 10
    for tenth in range(1, 10):
        with pytest.raises(Killed), transaction.atomic():
            run(total * tenth // 10)
        assert [model.objects.count() for model in models] == [0] * 5
    run(None)
    assert [model.objects.count() for model in models] == [60, 60, 59, 59, 1]


def test_columns_are_decided_on_the_page_and_relations_come_out_again(world: World) -> None:
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.admin)
    url = reverse("cmdb:import")

    def send(columns: str) -> Any:
        file = SimpleUploadedFile("x.csv", b"identifier,Bezeichnung,ci_class,status,junk\nP,p,server,planned,z\n")
        return client.post(url, {"items": file, "columns": columns, "write": "1"}, follow=True)

    asked = send("")
    assert {"column:Bezeichnung", "column:junk"} <= asked.context["form"].errors.keys()
    assert send("Bezeichnung = name\njunk").status_code == 422
    assert send("Bezeichnung = name\njunk = -").context["job"].run
    assert ConfigurationItem.objects.get(identifier="P").name == "p"
    make_item("Q", status_id="planned")
    Importer().run(rows_of("identifier\nP"), _relation_rows(["P,depends_on,Q"]))
    out = client.get(reverse("cmdb:export") + "?what=relations").content.decode()
    assert out.split() == ["source,relation,target,group,needed", "P,depends_on,Q,,1"]
