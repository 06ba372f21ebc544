"""The palette in a browser, by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import NARROW, until
from tests.factories import World, register_incident

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [
    pytest.mark.journey,
    pytest.mark.django_db(transaction=True),
    pytest.mark.req("UX-01", "UX-02", "TKT-09"),
]

Visit = Callable[..., "Page"]
CHOSEN = "document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))"


def choose(page: Page, text: str) -> None:
    """Wait until the option with ``text`` is there, then walk to it."""
    page.locator("#palette [role=option]", has_text=text).first.wait_for()
    for _step in range(30):
        if text in (page.evaluate(f"{CHOSEN}?.textContent") or ""):
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"{text} is out of reach")


def test_tickets_are_found_by_words_and_by_the_end_of_a_number(world: World, visit: Visit) -> None:
    ticket = register_incident(world.requester, summary="会员VPN证书过期")
    register_incident(world.requester, summary="打印机卡纸")
    page = visit("desk", language="en-US")
    page.keyboard.press("Control+k")
    until(page, "document.activeElement.getAttribute('role') === 'combobox'")
    page.keyboard.type("证书")
    page.locator("#palette mark", has_text="证书").first.wait_for()
    assert page.locator("#palette .palette-ticket").count() == 1
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{ticket.get_absolute_url()}")

    page.keyboard.press("Control+k")
    page.locator("#palette [role=group]", has_text="Open lately").wait_for()
    assert ticket.number in page.locator("#palette .palette-ticket").inner_text()
    page.keyboard.type(ticket.number[-4:])
    choose(page, ticket.number)
    with page.context.expect_page() as opened:
        page.keyboard.press("Control+Enter")
    assert opened.value.url.endswith(ticket.get_absolute_url())
    page.keyboard.press("Escape")
    page.locator("#palette[open]").wait_for(state="detached")


def test_commands_of_the_page_are_found_and_done(world: World, visit: Visit) -> None:
    ticket = register_incident(world.desk, group="host", requester="requester")
    page = visit("desk", language="en-US")
    page.goto(ticket.get_absolute_url())
    page.keyboard.press("Control+k")
    page.keyboard.type("hand over")
    choose(page, "Hand over")
    page.keyboard.press("Enter")
    page.locator("#action-panel form").wait_for()
    page.keyboard.press("Control+k")
    page.keyboard.type("theme dark")
    choose(page, "Theme: Dark")
    page.keyboard.press("Enter")
    page.locator("html[data-bs-theme=dark]").wait_for(state="attached")


def test_the_whole_search_is_one_step_away(world: World, visit: Visit) -> None:
    register_incident(world.requester, summary="打印机卡纸")
    page = visit("desk", language="en-US")
    page.keyboard.press("Control+k")
    page.keyboard.type("卡纸")
    page.locator("#palette mark").first.wait_for()
    choose(page, "Search everything for")
    page.keyboard.press("Enter")
    page.locator(".hits mark", has_text="卡纸").wait_for()
    assert "/search/?q=" in page.url


def test_requesters_find_their_own_on_a_phone_too(world: World, visit: Visit) -> None:
    register_incident(world.requester, summary="我的打印机")
    register_incident(world.requester2, summary="别家的打印机")
    page = visit("requester", language="en-US", size=NARROW)
    page.keyboard.press("Control+k")
    page.keyboard.type("打印机")
    page.locator("#palette mark").first.wait_for()

    assert "我的" in page.locator("#palette").inner_text()
    assert "别家" not in page.locator("#palette").inner_text()


def test_the_field_of_the_top_bar_opens_it_and_the_slash_still_goes_there(world: World, visit: Visit) -> None:
    page = visit("desk", language="en-US")
    page.locator(".search input").click()
    page.locator("#palette[open]").wait_for()
    page.keyboard.press("Escape")
    page.locator("#palette[open]").wait_for(state="detached")
    page.keyboard.press("/")
    until(page, "document.activeElement.name === 'q'")


def test_what_a_list_offers_is_a_command(world: World, visit: Visit) -> None:
    page = visit("desk", language="en-US")
    page.goto("/queue/?view=open")
    page.keyboard.press("Control+k")
    until(page, "document.activeElement.getAttribute('role') === 'combobox'")
    page.keyboard.type("export")
    choose(page, "Export")
    page.keyboard.press("Enter")
    page.wait_for_url("**/exports/new/**")
