"""The same life without a mouse (DESK-01), with the keystrokes of a call counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from incidents.models import Incident
from tests.e2e.conftest import until
from tests.factories import World, make_system, register_incident

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True), pytest.mark.req("DESK-01", "UX-02")]

Visit = Callable[..., "Page"]


class Keyboard:
    """Presses keys one by one and counts them; typed words count apart."""

    def __init__(self, page: Page) -> None:
        self.page, self.commands, self.letters = page, 0, 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.commands += 1

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.letters += len(text)

    def go_to(self, field: str) -> None:
        """Tab to a field."""
        for _step in range(30):
            if self.page.evaluate("document.activeElement.id") == field:
                return
            self.press("Tab")
        raise AssertionError(f"{field} is out of reach")

    def act(self, key: str) -> None:
        """Use an action's key and wait for its form."""
        self.press(key)
        self.page.locator("#action-panel form").wait_for()

    def send(self) -> None:
        """Send the open form from any field."""
        self.press("Control+Enter")
        self.page.locator("#action-panel form").wait_for(state="detached")


def test_a_call_is_registered_and_dispatched_with_few_keys(world: World, visit: Visit) -> None:
    make_system("trading", default_group=world.groups["host"])
    page = visit("desk", language="en-US")
    keys = Keyboard(page)
    keys.press("n")
    page.wait_for_url("**/incidents/new/")
    until(page, "document.activeElement.id === 'id_requester-ts-control'")
    keys.type("requester")
    page.locator(".ts-dropdown .option", has_text="(requester)").wait_for()
    keys.press("Enter")
    until(page, "document.querySelector('#id_contact_phone').value")
    keys.go_to("id_summary")
    keys.type("The screen is black")
    keys.go_to("id_business_system-ts-control")
    keys.type("trading")
    page.locator(".ts-dropdown .active", has_text="trading").wait_for()
    keys.press("Enter")
    assert page.input_value("#id_group") == "host"
    keys.press("Control+Enter")
    page.locator(".stepper .now", has_text="Assigned").wait_for()
    ticket = Incident.objects.get()
    assert (ticket.group, ticket.contact_phone) == (world.groups["host"], "000-0000-1001")
    assert keys.commands <= 9


def test_an_engineer_solves_and_the_desk_closes_by_keyboard(world: World, visit: Visit) -> None:
    register_incident(world.desk, summary="first", group="host", requester="requester")
    register_incident(world.desk, summary="second", group="host", requester="requester")
    engineer = visit("engineer", language="en-US")
    keys = Keyboard(engineer)
    engineer.locator("a[data-row]").nth(1).wait_for()
    keys.press("j", "j", "k", "Enter")
    engineer.locator(".stepper").wait_for()
    assert engineer.locator(".ticket-head h1").inner_text() == "first"
    keys.press("c")
    engineer.locator(".entry", has_text="claimed it").wait_for()
    keys.press("s")
    engineer.locator(".stepper .now", has_text="In progress").wait_for()
    keys.press("i")
    keys.type("looks like the power supply")
    keys.press("Control+Enter")
    engineer.locator(".entry.internal", has_text="power supply").wait_for()
    keys.act("e")
    keys.type("power supply broken")
    keys.press("Tab")
    keys.type("replaced")
    keys.press("Tab", "Tab", "ArrowDown")  # the line stands there; how it was verified is asked
    keys.send()
    engineer.locator(".stepper .now", has_text="Resolved").wait_for()

    desk = visit("desk", language="en-US")
    desk.goto(engineer.url)
    keys = Keyboard(desk)
    keys.act("q")
    keys.press("Tab", "ArrowDown")  # who confirmed stands there; how is asked
    keys.send()
    desk.locator(".entry", has_text="closed it").wait_for()
    assert Incident.objects.get(summary="first").state == "closed"


def test_the_keys_of_a_page_are_listed_and_focus_comes_back(world: World, visit: Visit) -> None:
    ticket = register_incident(world.desk, group="host", requester="requester")
    page = visit("desk", language="en-US")
    page.goto(ticket.get_absolute_url())
    page.keyboard.press("?")
    assert "Hand over" in page.locator("#keys").inner_text()
    page.keyboard.press("Escape")
    page.keyboard.press("h")
    page.locator("#action-panel form").wait_for()
    until(page, "document.activeElement.closest('#action-panel')")
    page.locator("#action-panel [data-cancel]").press("Enter")
    until(page, "document.activeElement.dataset.key === 'h'")
