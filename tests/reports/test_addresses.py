"""Whatever address a page of figures makes, the list, the API and the export behind it take it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.http import QueryDict

from accounts.models import SupportGroup, User
from exporting.forms import ExportForm
from reports.charts import LONGEST_URL, MOST_LINES, _lines
from reports.figures import Scope
from reports.flow.process import MOST_VARIANTS
from tests.factories import World, register_incident
from tests.pages.conftest import browse
from tests.reports.conftest import DAY, HOUR, MARCH
from tests.reports.test_process import AT, opened, process_of
from tickets import clock
from tickets.figures.moves import other_paths, path
from tickets.figures.records import LONGEST, Chosen, Span, all_records, chosen_from, midnight, records_of
from tickets.lifecycle import kind_of
from tickets.models import TimelineEntry
from tickets.queues.saved_view_forms import SavedViewForm

__all__ = ["browse"]
pytestmark = [pytest.mark.django_db, pytest.mark.req("RPT-01")]
#: With microseconds on both sides, and when it was counted: no period is written longer.
EXACTLY = timedelta(microseconds=123_456)


def go_further(ticket: Any, *states: str) -> None:
    """Let the log say that ``ticket`` went through ``states`` after its registration."""
    at: datetime = MARCH + DAY
    for number, (before, after) in enumerate(zip(("registered", *states), states, strict=False), start=1):
        entry = TimelineEntry(ticket=ticket, at=at + number * HOUR, action="imported", via="import")
        entry.state_from, entry.state_to = before, after
        entry.save()


def go_many_ways(world: World) -> None:
    for number in range(MOST_VARIANTS + 3):
        ticket = register_incident(world.desk, now=MARCH + DAY, requester="requester")
        go_further(ticket, *(("assigned", "registered") * MOST_VARIANTS)[:number])


@pytest.mark.slow
@pytest.mark.req("RPT-05")
def test_more_ways_than_are_shown_open_in_every_door(world: World, browse: Any) -> None:
    """As many ways as pages show, and three more: none of it is made smaller for the test."""
    go_many_ways(world)

    process = process_of(world.manager)
    ways, found = process.ways()
    others = process.other_ways_url(ways)

    assert (len(ways), found) == (MOST_VARIANTS, MOST_VARIANTS + 3)
    assert opened(world.manager, others) == 3
    manager = browse(world.manager)
    page = manager.get(others).content.decode()
    further = {unescape(link) for link in re.findall(r'(?:href|hx-get)="(/[^"]*otherpaths[^"]*)"', page)}
    assert further
    assert {link: manager.get(link).status_code for link in further} == dict.fromkeys(further, 200)


def test_no_set_and_no_part_has_an_address_too_long_to_be_taken() -> None:
    """The longest name that the database takes of each: a set, a person, two groups, as many ways as are shown."""
    span = Span(midnight(MARCH.date()) + EXACTLY, midnight(MARCH.date()) + 30 * DAY + EXACTLY, AT + EXACTLY)
    person = "p" * (User._meta.get_field("username").max_length or 0)
    group = "g" * (SupportGroup._meta.get_field("code").max_length or 0)
    digests = [f"{number:032x}" for number in range(MOST_VARIANTS)]
    parts = [f"handed-{group}.{group}", path(digests[0]), other_paths(digests), "arrow-in_progress-in_progress"]

    for records in all_records():
        for part in [*parts, *([f"by-{person}"] if records.by_person else []), ""]:
            chosen = Chosen(records, span, part)
            assert len(chosen.address) <= LONGEST
            assert chosen_from(chosen.address) == chosen


@pytest.mark.parametrize(("lines", "opens"), [(60, True), (400, False)])
def test_what_stands_together_opens_while_its_address_is_taken(world: World, lines: int, opens: bool) -> None:
    found = [(f"category-with-a-long-code-{number}", str(number), 1, "") for number in range(lines)]
    scope = process_of(world.manager).scope

    *_shown, rest = _lines(records_of("incident.registered"), scope, lambda **_changes: "", "category", found)

    assert rest.cells[0].value == lines - MOST_LINES
    assert (bool(rest.cells[0].url), len(rest.cells[0].url) <= LONGEST_URL) == (opens, True)
    forms = (ExportForm.base_fields["query"], SavedViewForm.base_fields["query"])
    assert {getattr(field, "max_length", None) for field in forms} == {LONGEST_URL}


@pytest.mark.slow
def test_a_list_says_as_of_when_it_was_counted_and_what_came_since(world: World, browse: Any) -> None:
    now = clock.now()
    for hours in (5, 4, 2):
        register_incident(world.desk, now=now - hours * HOUR, requester="requester")
    of_days = Span(midnight((now - 2 * DAY).date()), midnight((now + 2 * DAY).date()))
    scope = Scope(world.manager, kind_of("incident"), QueryDict(), replace(of_days, at=now - 3 * HOUR))
    records = records_of("incident.registered")
    manager = browse(world.manager)

    page = manager.get(scope.list_url(scope.records(records))).content.decode()
    [(link, change)] = re.findall(r'\(<a href="([^"]*)">\s*(\S+) since\s*</a>\)', page)
    of_now = manager.get(unescape(link)).content.decode()
    whole = manager.get(scope.list_url(replace(scope.records(records), span=of_days))).content.decode()

    assert ("2 tickets" in page, "as counted at" in page, change) == (True, True, "+1")
    assert ("3 tickets" in of_now, "since</a>" in of_now) == (True, False)
    assert "as counted at" not in whole
