"""Users' text is handed to no parser: what writes a format has one home each, which knows how to write text in it."""

from __future__ import annotations

import pytest

from tests.architecture.sources import APPS, calls, modules

pytestmark = pytest.mark.req("NTF-01")

#: What writes or reads a format in which a text could mean more than it says -> the modules that may.
WRITERS = {
    "email.header": set(),
    "email.headerregistry": set(),
    "email.message": {"notifications.channels.mail"},
    "email.mime": set(),
    "smtplib": {"notifications.channels.mail"},
    "django.core.mail": {"notifications.channels.portal_mail"},
    "http.client": {"notifications.sending.outbound"},
    "urllib.request": {"itsm.run.supervisor"},  # asks the portal itself whether it answers
    "requests": set(),
    "csv": {"itsm.documents.sheets", "importing.reading", "cmdb.transfer.tables"},  # the latter two read
    "openpyxl": {"itsm.documents.sheets", "cmdb.transfer.tables"},
    "xlsxwriter": {"itsm.documents.sheets"},
    "pickle": set(),
    "marshal": set(),
    "xml": {"itsm.web.assets", "reports.flow.xes"},  # the sprite from the icons of a library; logs of processes
}


def test_formats_are_written_in_one_place() -> None:
    found = {
        f"{module.name}: {parser}"
        for module in modules(*APPS, "itsm")
        for name in module.imports()
        for parser, writers in WRITERS.items()
        if (name == parser or name.startswith(f"{parser}.")) and module.name not in writers
    }

    assert found == set()


@pytest.mark.slow
@pytest.mark.req("TKT-08")
def test_files_for_spreadsheets_have_one_writer() -> None:
    """Whoever writes such a file by himself forgets the guard against formulas."""
    writing = {"writer", "DictWriter", "Workbook", "WriteOnlyCell", "add_worksheet", "create_sheet"}
    types = ("text/csv", "spreadsheetml.sheet", "application/vnd.ms-excel")
    found = {
        f"{module.name}: {what}"
        for module in modules(*APPS, "itsm", "bench")
        for what in [
            *(name for _line, name in calls(module.tree) if name.rpartition(".")[2] in writing),
            *(text for text in types if text in module.path.read_text(encoding="utf-8")),
        ]
        if module.name not in ("itsm.documents.sheets", "tickets.files.kinds")  # the latter says what may be uploaded
    }

    assert found == set()


#: What runs a text.
RUNNING = {"eval", "exec", "compile", "yaml.load", "extra", "RawSQL"}


def test_nothing_runs_a_text() -> None:
    """``yaml.load`` reads the portal's own example data, with the safe loader."""
    found = {
        f"{module.name}: {name}"
        for module in modules(*APPS, "itsm")
        for _line, name in calls(module.tree)
        if name in RUNNING and module.name != "demo.loading"
    }

    assert found == set()
