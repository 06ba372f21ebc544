"""A log line is one line, whatever a visitor sent, and opens nothing for those who read it (SEC-02)."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
from django.test import Client

from itsm.logs import OneLineFormatter

pytestmark = pytest.mark.req("SEC-02")
FORGED = "ok\n2026-11-29 00:00:00 INFO itsm everything is fine"
NASTY = ["\n", "\r", "\x1b[2J", "\x9b31m", "\x85", "\u2028", "\u2029", "\x07", "\u202e", "\u200b", "\x7f", "\x00"]


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the portal's formatter writes."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(OneLineFormatter("%(levelname)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)


@pytest.mark.parametrize("character", NASTY, ids=ascii)
def test_no_character_ends_a_line_or_speaks_to_the_terminal(written: io.StringIO, character: str) -> None:
    logging.getLogger("tests").warning("Report: %s", f"a{character}b 中文")

    [line] = written.getvalue().split("\n")[:-1]
    assert character not in line
    assert line.startswith("WARNING Report: a\\")
    assert line.endswith("b 中文")


def test_a_traceback_holds_no_line_of_its_own(written: io.StringIO) -> None:
    try:
        raise ValueError(FORGED)
    except ValueError:
        logging.getLogger("tests").exception("Failed.")

    first, *others = written.getvalue().splitlines()
    assert first == "ERROR Failed."
    assert others
    assert all(line.startswith("  | ") for line in others)


@pytest.mark.django_db
def test_reports_of_browsers_are_one_line(written: io.StringIO, client: Client) -> None:
    report = {"csp-report": {"blocked-uri": "\x1b]0;owned\x07\nERROR itsm broken"}}
    raw = b'{"csp-report": {"blocked-uri": "\x1b]0;owned\x07\nERROR itsm broken"}}'  # no JSON: not written down
    for body in (raw, json.dumps(report).encode()):
        assert client.post("/csp-report/", body, content_type="application/csp-report").status_code == 204

    [line] = written.getvalue().splitlines()
    assert "\\u001b]0;owned\\u0007\\nERROR" in line


@pytest.mark.django_db
def test_links_that_open_something_are_not_written_down(written: io.StringIO) -> None:
    """A post without the cookie is refused, and its address is logged."""
    visitor = Client(enforce_csrf_checks=True)
    visitor.post("/answer/17.livetokenlivetoken/", {"answer": "yes"})
    visitor.post("/accounts/password/reset/key/2-set-password/", {"password1": "x"})
    logging.getLogger("tests").error("%s", "/accounts/password/reset/key/2-abc123-def456/?next=/")

    assert "CSRF" in written.getvalue()
    assert "livetoken" not in written.getvalue()
    assert "abc123" not in written.getvalue()
