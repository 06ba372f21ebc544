"""Every form is sent once, keeps what is typed apart from other tabs, and chooses nothing by itself (E1, E2, E3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from accounts.models import User
from drafts.models import Draft
from incidents.models import Incident
from tests.e2e.conftest import until
from tests.factories import World, incident_in, make_item, make_system
from tickets.models import TimelineEntry

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True), pytest.mark.req("TKT-07", "DESK-01")]

Visit = Callable[..., "Page"]
NOTE, NEW = "#composer textarea", "/incidents/new/"


def saved(page: Page) -> None:
    page.locator("[data-draft-state]", has_text="Draft saved").wait_for()


def test_impatient_hands_make_one_ticket_and_one_note_and_choose_nothing(world: World, visit: Visit) -> None:
    for number in range(14):
        make_system(f"system{number}", default_group=world.groups["host"])
    page = visit("desk", language="en-US")
    page.goto(NEW)
    page.fill("#id_summary", "Sent by impatient hands")
    page.locator("#id_business_system-ts-control").focus()
    page.locator(".ts-dropdown .active").first.wait_for()  # the list offers its first item
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+Enter")
    page.keyboard.type("typed while it runs")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(lambda url: "/tickets/IM" in url)
    ticket = Incident.objects.get()
    assert (ticket.business_system, ticket.group, ticket.summary) == (None, None, "Sent by impatient hands")

    page.goto(ticket.get_absolute_url())
    page.fill(NOTE, "a note")
    page.evaluate("document.querySelectorAll('#composer [data-submit-key]').forEach((b) => { b.click(); b.click(); })")
    page.locator(".entry", has_text="a note").wait_for()
    assert TimelineEntry.objects.filter(ticket=ticket, action="note").count() == 1
    page.fill(NOTE, "another")  # the form is free again, with an id of its own
    page.locator(NOTE).press("Control+Enter")
    page.locator(".entry", has_text="another").wait_for()
    assert TimelineEntry.objects.filter(ticket=ticket, action="note").count() == 2


def test_two_tabs_of_the_same_form_never_share_a_draft(world: World, visit: Visit) -> None:
    first = visit("desk", language="en-US")
    first.goto(NEW)
    first.fill("#id_summary", "the text of the first tab")
    saved(first)
    second = first.context.new_page()
    second.goto(NEW)
    until(second, "document.querySelector('#id_summary')?.value === ''")  # the first tab holds its own
    second.fill("#id_summary", "the text of the second tab")
    saved(second)
    first.reload()
    until(first, "document.querySelector('#id_summary')?.value === 'the text of the first tab'")
    second.locator("#id_summary").press("Control+Enter")
    second.wait_for_url(lambda url: "/tickets/IM" in url)
    first.reload()
    until(first, "document.querySelector('#id_summary')?.value === 'the text of the first tab'")
    assert Draft.objects.get().value("summary") == "the text of the first tab"


def test_two_windows_with_a_note_on_one_ticket_keep_both(world: World, visit: Visit) -> None:
    ticket = incident_in("in_progress", world)
    first = visit("engineer", language="en-US")
    first.goto(ticket.get_absolute_url())
    first.fill(NOTE, "note one")
    saved(first)
    second = first.context.new_page()
    second.goto(ticket.get_absolute_url())
    until(second, f"document.querySelector('{NOTE}')?.value === ''")
    second.fill(NOTE, "note two")
    saved(second)
    second.locator(NOTE).press("Control+Enter")
    second.locator(".entry", has_text="note two").wait_for()
    assert first.input_value(NOTE) == "note one"
    assert Draft.objects.get().value("text") == "note one"


@pytest.mark.req("UX-01")
def test_dates_speak_the_language_of_the_page_where_the_browser_speaks_another(world: World, visit: Visit) -> None:
    User.objects.update(language="zh-hans")
    ticket = incident_in("in_progress", world)
    page = visit("engineer", language="en-US")
    page.goto(f"{ticket.get_absolute_url()}actions/wait/")
    field = page.locator(".own-date [type=text]")
    assert field.get_attribute("placeholder") == "年-月-日 时:分"
    page.locator("[data-moment]").last.click()
    assert field.input_value().endswith(" 09:00")

    field.fill("2099-1-2 8:30")
    page.select_option("[name=wait_reason]", "requester")
    page.locator("#action-panel .btn-primary").click()
    page.locator(".stepper [aria-current]", has_text="挂起").wait_for()

    ticket.refresh_from_db()
    assert ticket.wait_until == datetime(2099, 1, 2, 8, 30, tzinfo=timezone.get_default_timezone())


@pytest.mark.req("UX-05")
def test_several_are_chosen_one_after_the_other_without_clearing_the_search(world: World, visit: Visit) -> None:
    for name in ("alpha-01", "beta-02"):
        make_item(name)
    page = visit("desk", language="en-US")
    page.goto(NEW)
    box = page.locator("#id_items-ts-control")
    for name in ("alpha", "beta"):
        box.focus()
        page.keyboard.type(name)
        page.locator(".ts-dropdown .option", has_text=name).wait_for()
        page.keyboard.press("Enter")
        until(page, "document.querySelector('#id_items-ts-control').value === ''")
    assert page.locator("#id_items + .ts-wrapper .item").count() == 2
