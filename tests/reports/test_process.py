"""The process as it really runs: each number opens exactly its tickets, and equals a plain reading of the log."""

from __future__ import annotations

import html
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any
from xml.etree import ElementTree

import pytest
from django.http import QueryDict
from django.test import Client

from accounts.models import User
from reports.figures import Scope
from reports.flow.hand_overs import matrix_of
from reports.flow.map import map_of
from reports.flow.process import Process
from tests.api.client import Api
from tests.factories import World, act, register_incident
from tests.reports.conftest import DAY, MARCH
from tickets.figures.records import Span
from tickets.lifecycle import kind_of
from tickets.models import TimelineEntry

pytestmark = [pytest.mark.django_db, pytest.mark.req("RPT-05")]
AT = datetime(2024, 6, 1, tzinfo=UTC)
BOARD = "/boards/incidents/process/"
SPAN = "?from=2024-03-01&to=2024-04-01"


def process_of(user: User, at: datetime = AT, query: str = "") -> Process:
    span = Span(MARCH, MARCH + timedelta(days=31), at)
    return Process(Scope(user, kind_of("incident"), QueryDict(query), span))


def ways_of(process: Process) -> dict[int, list[tuple[datetime, str, str]]]:
    """The moves of each ticket of the cohort, read plainly from the log."""
    found: dict[int, list[tuple[datetime, str, str]]] = defaultdict(list)
    tickets = set(process.scope.found(process.cohort).values_list("pk", flat=True))
    for entry in TimelineEntry.objects.order_by("at", "id"):
        if entry.ticket_id in tickets and entry.state_from != entry.state_to and entry.at < process.at:
            found[entry.ticket_id].append((entry.at, entry.state_from, entry.state_to))
    return found


def opened(user: User, url: str) -> int:
    """How many tickets the list behind a number has, by the API's own count."""
    query = url.partition("?")[2]
    response = Api(user).get(f"incidents/?{query}&count=true")
    assert response.status_code == 200, response.content
    return int(response.json()["count"])


@pytest.fixture
def log(world: World, month: dict[str, Any]) -> dict[str, Any]:
    """The month, with a hand-over there and back, and a wait."""
    ticket = act(month["first_second"], "assign", world.desk, now=MARCH + DAY, group="host")
    ticket = act(ticket, "hand_over", world.manager, now=MARCH + 2 * DAY, group="network", text="x")
    ticket = act(ticket, "hand_over", world.manager, now=MARCH + 3 * DAY, group="host", text="x")
    return {**month, "first_second": ticket}


@pytest.mark.slow
def test_steps_equal_a_plain_reading_of_the_log_and_open_their_tickets(world: World, log: dict[str, Any]) -> None:
    process = process_of(world.manager)
    ways = ways_of(process)
    moves = Counter((source, target) for way in ways.values() for _at, source, target in way)
    tickets = Counter(step for way in ways.values() for step in {(source, target) for _at, source, target in way})
    stays = defaultdict(list)
    for way in ways.values():
        for (since, *_step), (at, source, target) in pairwise(way):
            stays[source, target].append((at - since).total_seconds())

    assert {(a.source, a.target): (a.moves, a.tickets) for a in process.arrows} == {
        step: (n, tickets[step]) for step, n in moves.items()
    }
    assert {(a.source, a.target): a.seconds for a in process.arrows if a.source} == {
        step: median(found) for step, found in stays.items()
    }
    for arrow in process.arrows:
        assert opened(world.manager, arrow.url) == arrow.tickets, (arrow.source, arrow.target)


@pytest.mark.slow
def test_variants_add_up_and_open_their_tickets(world: World, log: dict[str, Any]) -> None:
    process = process_of(world.manager)
    ways, found = process.ways()
    plain = Counter(tuple(target for _at, _source, target in way) for way in ways_of(process).values())

    assert sorted(way.tickets for way in ways) == sorted(plain.values())
    assert (found, sum(way.tickets for way in ways)) == (len(plain), process.tickets)
    for way in ways:
        assert opened(world.manager, way.url) == way.tickets


def test_what_went_other_ways_than_those_shown_opens_too(
    world: World, log: dict[str, Any], monkeypatch: pytest.MonkeyPatch, browse: Any
) -> None:
    monkeypatch.setattr("reports.flow.process.MOST_VARIANTS", 2)
    process = process_of(world.manager)
    ways, found = process.ways()
    rest = process.tickets - sum(way.tickets for way in ways)

    assert (len(ways), found > 2, rest > 0) == (2, True, True)
    assert opened(world.manager, process.other_ways_url(ways)) == rest
    assert "records=incident.registered" in browse(world.manager).get(f"{BOARD}ways/{SPAN}").content.decode()


@pytest.mark.slow
def test_states_say_who_stands_there_then(world: World, log: dict[str, Any]) -> None:
    for at in (AT, MARCH + 9 * DAY):
        process = process_of(world.manager, at)
        last = Counter(way[-1][2] for way in ways_of(process).values())
        assert {state: stay.standing for state, stay in process.stays.items() if stay.standing} == last
        for stay in process.stays.values():
            assert opened(world.manager, stay.standing_url) == stay.standing


@pytest.mark.slow
def test_boxes_and_arrows_show_the_tickets_that_they_open_and_how_often_beside(
    world: World, log: dict[str, Any], browse: Any
) -> None:
    """One came into a state twice: the number in the box is that of the list, on the page as in the drawing."""
    entry = TimelineEntry(ticket=log["quick"], at=MARCH + 20 * DAY, action="imported", via="import")
    entry.state_from, entry.state_to = "closed", "in_progress"
    entry.save()
    process = process_of(world.manager)
    ways = ways_of(process).values()
    visits = Counter(target for way in ways for _at, _source, target in way)
    tickets = Counter(target for way in ways for target in {target for _at, _source, target in way})
    assert {state: (s.visits, s.tickets) for state, s in process.stays.items()} == {
        state: (n, tickets[state]) for state, n in visits.items()
    }
    assert any(stay.visits > stay.tickets for stay in process.stays.values())

    for part in ("map", "time"):
        page = html.unescape(browse(world.manager).get(f"{BOARD}{part}/{SPAN}").content.decode())
        links = re.findall(r'<a href="([^"]*records=[^"]*)"[^>]*>(.*?)</a>', page, re.DOTALL)
        assert len(links) >= len(process.stays)
        for url, inside in links:
            shown = re.findall(r'class="tickets"[^>]*>(\d+)<', inside) or re.findall(r"^\s*(\d+)\s*$", inside)
            assert [opened(world.manager, url)] == [int(n) for n in shown], (part, url, inside)


@pytest.mark.slow
def test_hand_overs_and_what_came_back_open_their_tickets(world: World, log: dict[str, Any]) -> None:
    matrix = matrix_of(process_of(world.manager))
    cells = {
        (gave, matrix.groups[n]): cell for gave, row in matrix.rows for n, cell in enumerate(row) if cell is not None
    }

    assert {pair: (cell.times, cell.tickets) for pair, cell in cells.items() if "desk" not in pair} != {}
    assert matrix.returned == opened(world.manager, matrix.returned_url) == 1
    for cell in cells.values():
        assert opened(world.manager, cell.url) == cell.tickets


@pytest.mark.slow
def test_what_came_later_is_not_in_it(world: World, log: dict[str, Any]) -> None:
    early = process_of(world.manager, MARCH + 2 * DAY + timedelta(hours=1))
    assert matrix_of(early).returned == 0
    assert early.tickets == 1
    assert not any(arrow.target == "closed" for arrow in early.arrows)


@pytest.mark.slow
def test_a_step_that_the_life_cycle_does_not_know_is_named(world: World, log: dict[str, Any]) -> None:
    assert process_of(world.manager).undeclared == []
    entry = TimelineEntry(ticket=log["quick"], at=MARCH + 20 * DAY, action="imported", via="import")
    entry.state_from, entry.state_to = "closed", "registered"
    entry.save()

    odd = process_of(world.manager).undeclared

    assert [(arrow.source, arrow.target, arrow.tickets, arrow.tone) for arrow in odd] == [
        ("closed", "registered", 1, "back")
    ]
    again = process_of(world.manager).again()
    assert [(tickets, beyond) for _label, tickets, beyond, _url in again] == [(1, 1)]
    assert opened(world.manager, again[0][3]) == 1


def test_steps_at_the_same_moment_took_no_time(world: World, browse: Callable[[User | None], Client]) -> None:
    ticket = register_incident(world.desk, now=MARCH + DAY, requester="requester")
    act(ticket, "assign", world.desk, now=MARCH + DAY, group="host")

    assert [arrow.seconds for arrow in process_of(world.manager).arrows if arrow.source] == [0]
    assert browse(world.manager).get(f"{BOARD}map/{SPAN}").status_code == 200


@pytest.mark.slow
def test_the_page_its_parts_and_its_drawing(
    world: World, log: dict[str, Any], browse: Callable[[User | None], Client]
) -> None:
    page = browse(world.manager)
    text = page.get(BOARD + SPAN).content.decode()
    assert "The process" in text
    assert "XES" in text
    for part in ("map", "ways", "time", "hand-overs"):
        response = page.get(f"{BOARD}{part}/{SPAN}", headers={"HX-Request": "true"})
        assert response.status_code == 200
        assert "records=incident.registered" in response.content.decode()
    drawn = map_of(process_of(world.manager))
    assert len({(node.x, node.y) for node in drawn.nodes}) == len(drawn.nodes)


@pytest.mark.parametrize("query", ["group=nope", "from=x", "period=nope", "at=x"])
def test_an_address_that_is_wrong_is_told_and_breaks_nothing(
    world: World, browse: Callable[[User | None], Client], query: str
) -> None:
    page = browse(world.manager)
    for part in ("", "map/", "ways/", "time/", "hand-overs/", "log/"):
        assert page.get(f"{BOARD}{part}?{query}").status_code in (200, 400)


@pytest.mark.slow
def test_only_staff_read_how_tickets_went(
    world: World, log: dict[str, Any], browse: Callable[[User | None], Client]
) -> None:
    assert browse(world.requester).get(BOARD + SPAN).status_code == 403
    path = "records=incident.registered~2024-03-01~2024-04-01~~arrow--registered"
    assert opened(world.manager, f"?{path}") > 0
    assert Api(world.requester).get(f"incidents/?{path}").status_code == 400


@pytest.mark.slow
def test_the_log_as_xes(world: World, log: dict[str, Any], browse: Callable[[User | None], Client]) -> None:
    response = browse(world.manager).get(f"{BOARD}log/{SPAN}")
    text = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    root = ElementTree.fromstring(text)
    traces = [
        [event.find("*[@key='concept:name']").get("value") for event in trace if event.tag.endswith("event")]  # type: ignore[union-attr]
        for trace in root
        if trace.tag.endswith("trace")
    ]
    ways = ways_of(process_of(world.manager))
    assert sorted(traces) == sorted([target for _at, _source, target in way] for way in ways.values())
    assert browse(world.engineer).get(f"{BOARD}log/{SPAN}").status_code == 403
