"""A file in which no table is: said beside the file, with what is wrong, and nothing is written (CMDB-05)."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from cmdb.models import ConfigurationItem, ItemImport, ItemJob
from tests.api.client import Api, problem
from tests.cmdb.test_pages import signed_in
from tests.cmdb.transfer.test_jobs import ITEMS, do_all
from tests.factories import World

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-05")]

HEADING = "identifier,ci_class,name,status\n"
ENDLESS = HEADING + "A,server,a,planned\n" + 'B,server,"' + "x" * 140_000
OLD_EXCEL = "Old Excel files (.xls) are not read: save it as .xlsx or CSV."
NOTHING = "There is nothing to read in: the file has a heading and no rows."


def broken_sheet() -> bytes:
    """An archive as Excel makes it, in which a part is cut off."""
    from cmdb.transfer.tables import excel_bytes

    whole, cut = ZipFile(BytesIO(excel_bytes(["identifier"], [["A"]]))), BytesIO()
    with ZipFile(cut, "w") as archive:
        for name in whole.namelist():
            content = whole.read(name)
            archive.writestr(name, content[: len(content) // 2] if "sheet1" in name else content)
    return cut.getvalue()


@pytest.fixture
def page(world: World) -> Client:
    return signed_in(world.admin)


def sent(content: str | bytes, name: str = "x.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)


def told(page: Client, **files: Any) -> dict[str, list[str]]:
    """What the page says by field; nothing was written."""
    answer = page.post(reverse("cmdb:import"), {**files, "write": "1"}, follow=True)
    assert (ConfigurationItem.objects.count(), ItemImport.objects.count()) == (0, 0)
    assert answer.status_code in (200, 422)
    return {name: [str(text) for text in texts] for name, texts in answer.context["form"].errors.items()}


@pytest.mark.parametrize(
    ("content", "name", "text"),
    [
        (ENDLESS, "x.csv", "No table can be read from this file: after line 2 it is no CSV."),
        (HEADING + "A,\0,a,planned\n", "x.csv", "No table can be read from this file: after line 1 it is no CSV."),
        ("标识\n".encode("gb18030"), "x.csv", "This is not a CSV file in UTF-8."),
        ("a,\0\n", "x.csv", "No table can be read from this file: it is no CSV."),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 99, "x.xls", OLD_EXCEL),
        (b"PK", "x.xlsx", "This is not an Excel file (.xlsx)."),
        (broken_sheet(), "x.xlsx", "This is not an Excel file (.xlsx)."),
        ("", "x.csv", "The submitted file is empty."),
        ("\n", "x.csv", "The file is empty."),
    ],
)
def test_what_is_no_table_is_said_beside_the_file(page: Client, content: str | bytes, name: str, text: str) -> None:
    assert told(page, items=sent(content, name)) == {"items": [text]}


def test_a_file_of_relations_is_told_from_that_of_items(page: Client) -> None:
    relations = sent(ENDLESS.replace(HEADING, "source,relation,target,group\n"), "r.csv")
    assert list(told(page, items=sent(ITEMS), relations=relations)) == ["relations"]


def test_a_heading_without_rows_is_nothing_to_read_in(page: Client) -> None:
    assert told(page, items=sent(HEADING)) == {"__all__": [NOTHING]}
    assert told(page, items=sent(HEADING), relations=sent("source,relation,target\n")) == {"__all__": [NOTHING]}


def test_a_row_without_identifier_names_the_field(world: World) -> None:
    api = Api(world.admin)
    made = api.upload("items/imports/", {"items": sent(HEADING + ",server,a,planned\n")}).json()
    do_all()
    [bad] = api.get(f"items/imports/{made['id']}/").json()["bad"]
    assert bad["reason"].startswith("Identifier: 1 to ")


def test_programs_and_the_command_are_told_the_same(world: World, tmp_path: Path) -> None:
    api = Api(world.admin)
    for content, text in ((ENDLESS, "after line 2"), (HEADING, NOTHING)):
        made = api.upload("items/imports/", {"items": sent(content)}).json()
        do_all()
        over = api.get(f"items/imports/{made['id']}/").json()
        assert (over["state"], text in over["message"]) == ("refused", True)
        (tmp_path / "x.csv").write_text(content)
        with pytest.raises(CommandError, match=text):
            call_command("import_items", str(tmp_path / "x.csv"))
    assert problem(api.upload("items/imports/", {"items": sent("")}), 400)["errors"].keys() == {"items"}
    assert set(ItemJob.objects.values_list("state", flat=True)) == {"refused"}
