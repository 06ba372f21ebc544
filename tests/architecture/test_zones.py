"""The zone that is active is that of whoever asks, UTC for programs: it is for the eyes of this one reader.

Rules, figures, and texts that others read are of the portal's zone (``itsm.moments``) or of one that is named. Texts
that are stored for all are written by ``accounts.codes.in_both``, which sets the portal's zone.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.sources import APPS, Module, for_each, modules

#: Rooms that show a page to whoever asks for it, by this person's clocks.
EYES = {"views", "pages", "context", "templatetags", "ui", "clocks"}
#: Functions of Django that take the active zone when none is given, and how many arguments they have before it.
ZONED = {"localtime": 1, "localdate": 1, "make_aware": 1, "make_naive": 1}
ACTIVE = {"get_current_timezone", "get_current_timezone_name"}
#: Expressions of the database that cut by days and hours.
CUTS = re.compile(r"(Trunc|Extract)[A-Z]\w*|Trunc|Extract")
#: A moment as it comes from the database or the clock: its date is that of UTC.
RAW = re.compile(r"(_at|_until|\bnow\b|now\(\)|clock\.now\(\))(\s*[-+][^.]*)?\)?\.date$")
#: Questions to columns that Django answers by days and hours of the active zone.
LOOKUPS = re.compile(r"\w+__(date|time|(iso_)?year|quarter|month|week|(iso_)?week_day|day|hour|minute)(__\w+)?")

#: Modules of other rooms that depend on it nevertheless: each tells whoever asks, and nobody else, what stands here.
TOLD_TO_WHO_ASKS = {
    "announcements.forms": "which times a form proposes",
    "approvals.content": "what an approval is of, on its page; notices give ``shown`` the portal's",
    "approvals.forms": "what stands against what they typed",
    "changes.collision.checking": "what stands against their step, with its zone",
    "changes.freezing.queries": "the history of a freeze, on its page",
    "changes.running.ending": "what stands against the times they typed",
    "changes.schedule.calendar": "the calendar, whose days are theirs",
    "cmdb.relating": "what stands against the relation they write",
    "cmdb.versioning.moments": "nothing: it reads a moment which they gave without a zone",
    "duty.forms": "whose turns they can swap",
    "incidents.emergencies.forms": "a line of the timeline",
    "itsm.documents.cells": "the rows of their export, whose zone the export sets",
    "itsm.web.widgets": "which times a form proposes",
    "notifications.texts": "a notice: its zone is set for each reader by ``spoken_to``",
    "records.overtaken": "who saved before them",
    "records.queries": "the log of a record, on its page",
    "reports.monthly.reports": "who worked on the report before them",
    "tickets.timeline": "the timeline; programs also get the stored values",
}


def unnamed(tree: ast.AST) -> Iterator[str]:
    """Everything that depends on the zone which happens to be active, or takes UTC for the day of people."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        function = ast.unparse(node.func)
        name, given = function.rpartition(".")[2], {keyword.arg for keyword in node.keywords}
        if (
            name in ACTIVE
            or (name in ZONED and len(node.args) <= ZONED[name] and "timezone" not in given)
            or (CUTS.fullmatch(name) and "tzinfo" not in given)
            or (name == "astimezone" and not node.args and not given)
            or RAW.search(function)
        ):
            yield f"{node.lineno}: {ast.unparse(node)}"
        yield from (f"{node.lineno}: {lookup}" for lookup in sorted(filter(None, given)) if LOOKUPS.fullmatch(lookup))


@pytest.mark.req("ORG-01")
@for_each(modules(*(app for app in APPS if app != "demo"), "itsm"))
def test_rules_and_what_others_read_name_their_zone(module: Module) -> None:
    """Commands are run by nobody's zone but the portal's own."""
    if module.room in EYES or ".management." in module.name:
        return

    found = list(unnamed(module.tree))
    if module.name in TOLD_TO_WHO_ASKS:
        assert found, "nothing here depends on who asks any more: take it off the list"
    else:
        assert found == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("localtime(one.starts_at)", 1),
        ("timezone.localtime()", 1),
        ("localtime(one.starts_at, zone)", 0),
        ("timezone.localdate(now)", 1),
        ("timezone.localdate(now, timezone=ZONE)", 0),
        ("timezone.make_aware(found)", 1),
        ("get_current_timezone_name()", 1),
        ("timezone.now().date()", 1),
        ("(now + COVERAGE).date()", 1),
        ("due_at.date()", 1),
        ("due_at.astimezone(zone).date()", 0),
        ("moment.astimezone()", 1),
        ("rows.annotate(week=TruncWeek('created_at'))", 1),
        ("rows.annotate(week=TruncWeek('created_at', tzinfo=ZONE))", 0),
        ("rows.filter(created_at__date=day)", 1),
        ("rows.filter(created_at__gte=start)", 0),
    ],
)
def test_a_zone_that_happens_to_be_active_would_be_noticed(text: str, count: int) -> None:
    assert len(list(unnamed(ast.parse(text)))) == count
