"""Two people at the same ticket: nobody overwrites the other, nobody is left wondering (TKT-07, INC-06)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from incidents.models import Incident
from tests.factories import World, incident_in, resolve, unclaimed

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

Visit = Callable[..., "Page"]


def open_form(page: Page, key: str) -> None:
    """Open the form of an action by its key."""
    page.locator(".stepper").wait_for()
    page.keyboard.press(key)
    page.locator("#action-panel form").wait_for()


@pytest.mark.req("TKT-07")
def test_the_second_editor_compares_and_keeps_what_was_typed(world: World, visit: Visit) -> None:
    ticket = incident_in("assigned", world)
    desk, lead = visit("desk", language="en-US"), visit("lead", language="en-US")
    for page in (desk, lead):
        page.goto(ticket.get_absolute_url())
        page.get_by_text("Edit", exact=True).first.evaluate("button => button.click()")
        page.locator("#action-panel form").wait_for()
    desk.fill("#action-panel [name=summary]", "Summary of the desk")
    desk.locator("#action-panel footer button").click()
    desk.locator("h1", has_text="Summary of the desk").wait_for()

    lead.fill("#action-panel [name=summary]", "Summary of the lead")
    lead.fill("#action-panel [name=description]", "A long description")
    lead.locator("#action-panel footer button").click()
    line = lead.locator(".compare tbody tr").first
    line.wait_for()
    assert [line.locator("td").nth(column).inner_text() for column in (1, 2)] == [
        "Summary of the lead",
        "Summary of the desk",
    ]
    assert lead.input_value("#action-panel [name=description]") == "A long description"
    assert Incident.objects.get().summary == "Summary of the desk"
    lead.locator("#action-panel footer button").click()
    lead.locator("h1", has_text="Summary of the lead").wait_for()
    assert Incident.objects.get().description == "A long description"


@pytest.mark.req("INC-06")
def test_of_two_engineers_who_claim_the_loser_is_told_who_has_it(world: World, visit: Visit) -> None:
    ticket = unclaimed(world)
    first, second = visit("engineer", language="en-US"), visit("engineer2", language="en-US")
    for page in (first, second):
        page.goto(ticket.get_absolute_url())
        page.locator(".stepper").wait_for()
    second.route(re.compile("/(updates|live)/"), lambda route: route.abort())  # not told in time
    first.keyboard.press("c")
    first.locator(".entry", has_text="claimed it").wait_for()
    second.keyboard.press("c")
    refusal = second.locator("#action-panel .alarm")
    refusal.wait_for()
    assert "Engineer" in refusal.inner_text()
    assert Incident.objects.get().assignee == world.engineer
    refusal.get_by_role("link").click()
    second.locator(".entry", has_text="claimed it").wait_for()


@pytest.mark.req("INC-04")
def test_the_lead_decides_about_a_proposed_priority(world: World, visit: Visit) -> None:
    ticket = incident_in("in_progress", world)
    engineer = visit("engineer", language="en-US")
    engineer.goto(ticket.get_absolute_url())
    engineer.get_by_text("Propose priority", exact=True).first.evaluate("button => button.click()")
    engineer.check("#action-panel [name=impact][value=I2]")
    engineer.fill("#action-panel [name=text]", "Two systems are affected")
    engineer.locator("#action-panel footer button").click()
    engineer.locator(".alarm.soon", has_text="P2").wait_for()
    lead = visit("lead", language="en-US")
    lead.goto(ticket.get_absolute_url())
    lead.get_by_text("Approve priority", exact=True).first.evaluate("button => button.click()")
    lead.locator("#action-panel .ts-control").click()
    lead.locator(".ts-dropdown .option", has_text="(engineer)").click()
    lead.locator("#action-panel footer button").click()
    lead.locator(".priority.p2").wait_for()
    assert Incident.objects.get().priority_id == "P2"


@pytest.mark.req("TKT-07")
def test_a_stale_tab_is_told_the_state_and_brought_up_to_date(world: World, visit: Visit) -> None:
    ticket = incident_in("in_progress", world)
    page = visit("engineer", language="en-US")
    for silent in ("**/updates/**", "**/live/**"):
        page.route(silent, lambda route: route.fulfill(status=204))  # news come by no other way
    page.goto(ticket.get_absolute_url())
    page.locator("#ticket-state [data-key=w]").wait_for()
    resolve(ticket, world.engineer)
    page.keyboard.press("w")
    page.locator("#action-panel .alarm", has_text="not possible in the state “Resolved”").wait_for()
    page.locator(".stepper .now", has_text="Resolved").wait_for()
    page.locator("#ticket-state [data-key=w]").wait_for(state="detached")
    assert page.locator("#action-panel .alarm").is_visible()
