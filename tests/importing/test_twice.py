"""What an export gives twice, or a spreadsheet has rounded, is said and never merged (ADM-04)."""

from __future__ import annotations

from pathlib import Path

import pytest

from importing.findings import Flaw
from importing.reading import ExportFile, Row
from incidents.models import Incident
from tests.importing.exports import run_import, write_export
from tests.importing.test_gongdan import ROW

pytestmark = [pytest.mark.django_db, pytest.mark.req("ADM-04")]


def test_a_broken_quotation_mark_leaves_its_row_out_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text('a,b\n1,"two" words\n2,"whole"\n3,in "the" middle\n')
    rows = list(ExportFile(path).rows(",", {"a", "b"}))
    assert rows == [
        Row(2, {}, broken=True),
        Row(3, {"a": "2", "b": "whole"}),
        Row(4, {"a": "3", "b": 'in "the" middle'}),
    ]


def test_rounded_and_repeated_rows_are_findings_never_one_ticket(tmp_path: Path) -> None:
    rounded = [ROW | {"工单编号": "2.02603E+13", "标题": f"第{n}单"} for n in (1, 2, 3)]
    rows = [ROW, ROW, ROW | {"标题": "同号另一单"}, *rounded, ROW | {"工单编号": "GD-2"}, ROW]
    path = write_export(tmp_path / "tickets.csv", rows, encoding="gb18030", delimiter=";")
    said = run_import(path, mapping="gongdan")
    assert sorted(Incident.objects.values_list("external_number", "reopen_count", "summary")) == [
        ("GD-2", 0, ROW["标题"]),
        (ROW["工单编号"], 0, ROW["标题"]),
    ]
    for flaw in (Flaw.ROUNDED, Flaw.TWICE, Flaw.SAME_NUMBER):
        assert flaw.value in said
