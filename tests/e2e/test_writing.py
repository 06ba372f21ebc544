"""Writing fast: canned replies, mentions, templates, pictures large, by keyboard (TKT-05, TKT-11)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from replies.models import CannedReply, TicketTemplate
from tests.e2e.conftest import until
from tests.e2e.test_drafts import NOTE, saved, shows
from tests.factories import World, incident_in, last_entry
from tests.pages.files import attach, picture
from tickets.models import Watcher

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

Visit = Callable[..., "Page"]


@pytest.mark.req("TKT-11")
def test_a_canned_reply_is_inserted_by_keyboard(world: World, visit: Visit) -> None:
    ticket = incident_in("in_progress", world)
    named = {
        "name_zh": "你好",
        "name_en": "Greeting",
        "text_zh": "您好 {requester}！",
        "text_en": "Hello {requester}!",
    }
    CannedReply.objects.create(code="hello", **named)
    CannedReply.objects.create(code="help", name_zh="帮", name_en="Help", text_en="Call {my_phone}.", fits=["note"])
    page = visit("engineer", language="en-US")
    page.goto(ticket.get_absolute_url())
    page.locator(NOTE).press_sequentially("So: /hel")
    page.locator("#suggest [role=option]").nth(1).wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    shows(page, NOTE, "So: Call 000-0000-1001.")
    saved(page)
    page.locator(NOTE).press_sequentially(" and/or /nothing-like-it")
    page.locator("#suggest").wait_for(state="hidden")
    page.fill(NOTE, "")
    page.locator("#composer [data-canned]").click()
    page.locator("#suggest [role=option]", has_text="Greeting").click()
    shows(page, NOTE, "Hello Requester!")


@pytest.mark.req("TKT-10", "TKT-11")
def test_a_colleague_is_mentioned_by_keyboard(world: World, visit: Visit) -> None:
    ticket = incident_in("in_progress", world)
    page = visit("desk", language="en-US")
    page.goto(ticket.get_absolute_url())
    page.locator(NOTE).press_sequentially("Please look, @exp")
    page.locator("#suggest [role=option]", has_text="Expert").wait_for()
    page.keyboard.press("Tab")
    shows(page, NOTE, "Please look, @expert ")
    page.keyboard.press("Control+Enter")
    page.locator(".entry .mention", has_text="@Expert").wait_for()
    assert Watcher.objects.get().user == world.expert
    page.locator(NOTE).press_sequentially("@vendor ")
    page.locator("#composer button.btn-primary").click()
    page.locator("#composer .field-error", has_text="Vendor may not").wait_for()
    assert last_entry(ticket).text == "Please look, @expert"


@pytest.mark.req("TKT-11")
def test_a_template_starts_a_ticket(world: World, visit: Visit) -> None:
    TicketTemplate.objects.create(code="mail", name_zh="邮件", name_en="Mail", summary="Mail does not open")
    page = visit("desk", language="en-US")
    page.goto("/incidents/new/")
    page.locator(".template-picker summary").click()
    page.locator("#template-list a", has_text="Mail does not open").click()
    shows(page, "#id_summary", "Mail does not open")


@pytest.mark.req("TKT-05", "UX-02")
def test_pictures_open_large_and_are_walked_through(world: World, visit: Visit) -> None:
    ticket = incident_in("in_progress", world)
    for _number in range(2):
        attach(ticket, world.engineer)
    page = visit("engineer", language="en-US")
    page.goto(ticket.get_absolute_url())
    page.locator("a.attachment[data-large]").first.focus()
    page.keyboard.press("Enter")
    dialog = page.locator("dialog.lightbox")
    dialog.wait_for()
    assert "1/2" in dialog.inner_text()
    page.keyboard.press("ArrowRight")
    assert "2/2" in dialog.inner_text()
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    until(page, "document.activeElement.matches('a.attachment')")


@pytest.mark.req("TKT-05", "UX-02")
def test_a_wrong_file_is_refused_before_it_is_sent(world: World, visit: Visit) -> None:
    ticket = incident_in("in_progress", world)
    page = visit("engineer", language="en-US")
    page.goto(ticket.get_absolute_url())
    files = [
        {"name": "run.exe", "mimeType": "application/octet-stream", "buffer": b"MZ"},
        {"name": "good.png", "mimeType": "image/png", "buffer": picture().read()},
    ]
    page.set_input_files("#composer input[type=file]", files)  # type: ignore[arg-type]
    page.locator("#composer .uploads li.refused", has_text="run.exe").wait_for()
    page.locator("#composer .uploads canvas").wait_for()
    assert page.locator("#composer .uploads li:not(.refused)").count() == 1
    assert page.evaluate("document.querySelector('#composer input[type=file]').files.length") == 1
    page.locator("#composer .uploads button").first.click()
    page.locator("#composer .uploads li:not(.refused)").wait_for(state="detached")
