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
    "http.client": {"notifications.outbound"},
    "urllib.request": {"itsm.supervisor"},  # asks the portal itself whether it answers
    "requests": set(),
    "csv": {"exporting.sheets", "importing.reading", "cmdb.tables"},
    "openpyxl": {"exporting.sheets", "cmdb.tables"},
    "pickle": set(),
    "marshal": set(),
    "xml": {"itsm.assets"},  # draws the sprite from the icons of a library
}


@pytest.mark.parametrize("parser", WRITERS)
def test_formats_are_written_in_one_place(parser: str) -> None:
    found = {
        module.name
        for module in modules(*APPS, "itsm")
        for name in module.imports()
        if name == parser or name.startswith(f"{parser}.")
    }

    assert found <= WRITERS[parser]


@pytest.mark.parametrize("call", ["eval", "exec", "compile", "yaml.load", "extra", "RawSQL"])
def test_nothing_runs_a_text(call: str) -> None:
    """``yaml.load`` reads the portal's own example data, with the safe loader."""
    found = {module.name for module in modules(*APPS, "itsm") for _line, name in calls(module.tree) if name == call}

    assert found <= {"demo.loading"}
