"""Pages that stay current while others work: nothing is reloaded, nothing that is read moves (TKT-07, TKT-08)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection

from live.models import Presence
from tests.e2e.conftest import until
from tests.factories import World, act, incident_in, register_incident, unclaimed
from tests.live.stream import free_port, live_process
from tickets.models import TimelineEntry

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

Visit = Callable[..., "Page"]


@pytest.fixture(scope="module")
def process(live_server: Any, django_db_blocker: Any) -> Iterator[int]:
    """The port of a live process that knows the pages of the test's server as its own."""
    port = free_port()
    with django_db_blocker.unblock():
        database = connection.settings_dict
    with live_process(port, database, PORT=live_server.url.rpartition(":")[2], LIVE_PORT=str(port)):
        yield port


def listen_to(port: int, settings: Any) -> None:
    """Pages get their updates from the live process at ``port``, as ``itsm.settings`` arranges it."""
    settings.LIVE_PORT = port
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    sources = ["'self'", f"http://localhost:{port}", f"http://127.0.0.1:{port}"]
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {**directives, "connect-src": sources}}


@pytest.fixture
def streamed(process: int, settings: Any) -> None:
    """Pages get their updates from the live process."""
    listen_to(process, settings)


def connected(page: Page, by: str = "stream") -> None:
    """Wait until the page gets its updates."""
    until(page, f"document.body.dataset.liveBy === '{by}'")


def top_of(page: Page, number: str) -> float:
    """Where on the screen the ticket's line begins."""
    found: float = page.evaluate(f"document.getElementById('{number}').getBoundingClientRect().top")
    return found


def shows(selector: str) -> str:
    """JavaScript: whether something matches."""
    return f"document.querySelector({selector!r}) !== null"


@pytest.mark.req("TKT-08", "UX-02")
def test_lines_come_change_and_go_while_the_line_one_reads_stays(world: World, visit: Visit, streamed: None) -> None:
    tickets = [unclaimed(world) for _number in range(25)]
    desk = visit("lead", language="en-US")
    desk.goto("/queue/?view=unassigned")
    connected(desk)
    read = tickets[14].number
    desk.locator(f"#{read}").scroll_into_view_if_needed()
    desk.locator(f"#{read}").hover()
    before = top_of(desk, read)

    urgent = act(register_incident(world.desk, impact="I3", requester="requester"), "assign", world.desk, group="host")
    until(desk, shows(f"#{urgent.number}.fresh"))
    assert abs(top_of(desk, read) - before) <= 1
    assert desk.locator(".live-pill").inner_text() == "1 new above"
    assert desk.locator("#list li[id]").first.get_attribute("id") == urgent.number

    act(tickets[0], "claim", world.engineer)
    until(desk, shows(f"#{tickets[0].number}.leaving"))
    until(desk, f"!{shows(f'#{tickets[0].number}')}")
    assert abs(top_of(desk, read) - before) <= 1
    until(desk, "document.querySelector('[data-count=unassigned]').innerText === '25'")

    desk.locator(".live-pill").click()
    until(desk, f"document.activeElement.closest('li')?.id === '{urgent.number}'")


@pytest.mark.req("TKT-07")
def test_what_others_do_appears_beside_what_one_types(world: World, visit: Visit, streamed: None) -> None:
    ticket = incident_in("in_progress", world)
    lead = visit("lead", language="en-US")
    lead.goto(ticket.get_absolute_url())
    connected(lead)
    lead.get_by_text("Edit", exact=True).first.evaluate("button => button.click()")
    lead.locator("#action-panel form").wait_for()
    field = lead.locator("#action-panel [name=summary]")
    field.fill("Summary that is being typed")

    act(ticket, "note", world.engineer, text="The disk is full")
    entry = TimelineEntry.objects.latest("pk")
    lead.locator(f"#entry-{entry.pk}", has_text="The disk is full").wait_for()

    assert field.input_value() == "Summary that is being typed"
    assert field.evaluate("field => field === document.activeElement")
    lead.locator(".live-warning", has_text="Engineer added an internal note").wait_for()
    act(ticket, "wait", world.engineer, wait_reason="requester", wait_until="2099-01-01T00:00")
    until(lead, "document.querySelector('.stepper [aria-current]').textContent.trim() === 'Pending'")
    assert field.input_value() == "Summary that is being typed"


@pytest.mark.req("TKT-07")
def test_who_else_looks_and_writes_is_seen_on_the_ticket_and_in_the_list(
    world: World, visit: Visit, streamed: None
) -> None:
    ticket = incident_in("in_progress", world)
    desk, lead = visit("desk", language="en-US"), visit("lead", language="en-US")
    desk.goto("/queue/?view=open")
    connected(desk)

    lead.goto(ticket.get_absolute_url())
    connected(lead)
    until(desk, f"document.querySelector('#{ticket.number} .seen')?.title === 'Lead is viewing'")
    desk.goto(ticket.get_absolute_url())
    lead.locator("#composer textarea").press_sequentially("I am")
    desk.locator("[data-presence]", has_text="Lead is writing").wait_for()
    title = desk.locator(".ticket-title").bounding_box()
    lead.goto("/queue/")
    until(desk, "document.querySelector('[data-presence]').textContent === ''")
    assert desk.locator(".ticket-title").bounding_box() == title  # whoever comes and goes moves nothing


@pytest.mark.req("UX-02")
def test_a_page_asks_when_there_is_no_stream(world: World, visit: Visit) -> None:
    ticket = unclaimed(world)
    lead = visit("lead", language="en-US")
    lead.goto("/queue/?view=unassigned")
    connected(lead, "asking")

    act(ticket, "claim", world.engineer)
    until(lead, shows(f"#{ticket.number}.leaving"))


@pytest.mark.req("UX-02")
def test_a_page_goes_on_asking_when_the_live_process_dies(
    world: World, visit: Visit, settings: Any, live_server: Any
) -> None:
    port = free_port()
    listen_to(port, settings)
    ticket = unclaimed(world)
    lead = visit("lead", language="en-US")
    with live_process(port, connection.settings_dict, PORT=live_server.url.rpartition(":")[2], LIVE_PORT=str(port)):
        lead.goto("/queue/?view=unassigned")
        connected(lead)
    connected(lead, "asking")

    act(ticket, "claim", world.engineer)
    until(lead, shows(f"#{ticket.number}.leaving"))


@pytest.mark.req("UX-02", "PRT-01")
def test_the_requester_follows_without_reloading(world: World, visit: Visit, streamed: None) -> None:
    ticket = incident_in("in_progress", world)
    home, page = visit("requester", language="en-US"), visit("requester", language="en-US")
    home.goto("/portal/")
    page.goto(ticket.get_absolute_url())
    connected(home)
    connected(page)

    act(ticket, "note", world.engineer, text="internal words")
    act(ticket, "comment", world.engineer, text="Please try again")
    page.locator("[data-timeline]", has_text="Please try again").wait_for()
    assert "internal words" not in page.content()
    act(ticket, "resolve", world.engineer, cause="c", handling="h", close_code="tier1", verified_how="tested")
    home.locator("#mine", has_text="please confirm").wait_for()
    assert not Presence.objects.exists()
