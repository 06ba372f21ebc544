"""Nothing typed is lost: by leaving, crashing, signing out, without session or network (TKT-07, UX-02)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from drafts.models import Draft
from incidents.models import Incident
from tests.e2e.conftest import PASSWORD, PATIENCE, until
from tests.factories import World, act, incident_in, last_entry
from tickets.models import TimelineEntry

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True), pytest.mark.req("TKT-07", "UX-02")]

Visit = Callable[..., "Page"]
NOTE = "#composer textarea"
STATE = "#composer [data-draft-state]"


def saved(page: Page, place: str = STATE) -> None:
    """Wait until the page says that the draft is saved."""
    page.locator(place, has_text="Draft saved").wait_for()


def shows(page: Page, field: str, text: str | re.Pattern[str]) -> None:
    """Wait until a field holds ``text``; pages may be drawn anew meanwhile."""
    expect(page.locator(field)).to_have_value(text, timeout=PATIENCE * 1000)


def sign_in(page: Page, username: str) -> None:
    """Sign in where the sign-in page has come up."""
    page.locator("input[name=login]").fill(username)
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "login" not in url)


def end_sessions(page: Page) -> None:
    """Everybody's session ends, as by the clock or a restart; the page learns of it when it sends something itself."""
    page.route(re.compile("/(updates|live|presence)/"), lambda route: route.abort())
    Session.objects.all().delete()


def test_a_half_written_note_is_there_after_a_crash_and_gone_when_sent(world: World, visit: Visit) -> None:
    ticket = incident_in("in_progress", world)
    page = visit("engineer", language="en-US")
    page.goto(ticket.get_absolute_url())
    page.locator(NOTE).press_sequentially("half a sentence")
    saved(page)
    page.close()  # nothing runs any more, as after a crash

    other = visit("engineer", language="en-US")  # another computer
    other.goto(ticket.get_absolute_url())
    assert other.input_value(NOTE) == "half a sentence"
    assert "Restored what you typed" in other.locator(STATE).inner_text()
    other.locator(NOTE).press("Control+End")
    other.locator(NOTE).press_sequentially(", and the rest")
    other.keyboard.press("Control+Enter")
    other.locator(".entry", has_text="half a sentence, and the rest").wait_for()
    other.reload()
    assert other.input_value(NOTE) == ""
    assert Draft.objects.count() == 0


def test_a_draft_is_discarded_and_a_cleared_box_leaves_none(world: World, visit: Visit) -> None:
    ticket = incident_in("in_progress", world)
    page = visit("engineer", language="en-US")
    page.goto(ticket.get_absolute_url())
    page.fill(NOTE, "first")
    saved(page)
    page.locator("#composer [data-draft-discard]").click()
    shows(page, NOTE, "")
    page.fill(NOTE, "second")
    saved(page)
    page.fill(NOTE, "")
    until(page, f"document.querySelector({STATE!r}).textContent === ''")
    assert Draft.objects.count() == 0


def test_leaving_at_once_keeps_the_last_word(world: World, visit: Visit) -> None:
    ticket = incident_in("in_progress", world)
    page = visit("engineer", language="en-US")
    page.goto(ticket.get_absolute_url())
    page.fill(NOTE, "typed and gone")
    page.goto("/me/")
    page.goto(ticket.get_absolute_url())
    shows(page, NOTE, "typed and gone")


#: Keeps every save of a draft from the server for a second, as a slow line does, and counts how many are under way.
SLOW = """const real = window.fetch;
let underway = 0;
window.most = window.saves = 0;
window.fetch = async (address, options) => {
  if (!String(address).includes("/drafts/save/")) return real(address, options);
  window.most = Math.max(window.most, ++underway);
  await new Promise((done) => setTimeout(done, 1000));
  return real(address, options).finally(() => { underway--; window.saves++; });
};"""


def test_words_typed_on_a_slow_line_are_saved_one_after_the_other(world: World, visit: Visit) -> None:
    """Else one save takes what the other has just stored for somebody else's text, and the text is kept twice."""
    ticket = incident_in("in_progress", world)
    page = visit("engineer", language="en-US")
    page.context.add_init_script(SLOW)
    page.goto(ticket.get_absolute_url())
    for word in ("one", " two", " three", " four"):
        page.locator(NOTE).press_sequentially(word)
        page.evaluate("dispatchEvent(new Event('online'))")  # sends at once what waits to be saved
    until(page, "window.saves > 1")

    assert page.evaluate("window.most") == 1
    page.reload()
    shows(page, NOTE, "one two three four")
    assert Draft.objects.count() == 1


@pytest.mark.parametrize("scripts", [True, False], ids=["in place", "whole page"])
def test_a_note_sent_without_a_session_is_there_after_signing_in(world: World, visit: Visit, scripts: bool) -> None:
    ticket = incident_in("in_progress", world)
    page = visit("engineer", language="en-US")
    page.goto(ticket.get_absolute_url())
    page.locator(NOTE).wait_for()
    end_sessions(page)
    page.fill(NOTE, "sent too late")
    if scripts:
        page.keyboard.press("Control+Enter")
    else:  # as a plain form: htmx is not there
        page.locator("#composer form.composer").evaluate("form => HTMLFormElement.prototype.submit.call(form)")
    page.locator("input[name=login]").wait_for()
    sign_in(page, "engineer")
    assert ticket.number in page.url
    shows(page, NOTE, "sent too late")
    page.locator(STATE, has_text="Restored").wait_for()
    page.locator("#composer button.btn-primary").click()
    page.locator(".entry", has_text="sent too late").wait_for()
    assert (last_entry(ticket).text, Draft.objects.count()) == ("sent too late", 0)


def test_an_action_sent_without_a_session_is_done_after_signing_in(world: World, visit: Visit) -> None:
    ticket = incident_in("in_progress", world)
    page = visit("engineer", language="en-US")
    page.goto(ticket.get_absolute_url())
    page.locator(".stepper").wait_for()
    page.keyboard.press("e")
    page.locator("#action-panel form").wait_for()
    end_sessions(page)
    page.fill("#action-panel [name=cause]", "the disk was full")
    page.fill("#action-panel [name=handling]", "old logs deleted")
    page.select_option("#action-panel [name=verified_how]", "tested")
    page.keyboard.press("Control+Enter")
    page.locator("input[name=login]").wait_for()
    sign_in(page, "engineer")
    shows(page, "[name=handling]", "old logs deleted")
    assert page.input_value("[name=cause]") == "the disk was full"
    page.locator(".action-form footer .btn-primary").click()
    page.locator(".entry", has_text="resolved it").wait_for()
    assert Incident.objects.get().handling == "old logs deleted"
    assert Draft.objects.count() == 0


def test_a_report_sent_without_a_session_is_sent_after_signing_in(world: World, visit: Visit) -> None:
    page = visit("requester", language="en-US")
    page.goto("/incidents/new/")
    page.fill("#id_summary", "No mail")
    page.locator("#id_description").press_sequentially("Since this morning")
    end_sessions(page)
    page.locator(".sheet-foot .btn-primary").click()
    page.locator("input[name=login]").wait_for()
    sign_in(page, "requester")
    shows(page, "#id_description", "Since this morning")
    page.locator(".sheet-foot .btn-primary").click()
    page.wait_for_url(lambda url: "/new/" not in url)
    assert (Incident.objects.get().summary, Draft.objects.count()) == ("No mail", 0)


def test_without_the_network_text_stays_with_its_person(world: World, visit: Visit) -> None:
    ticket = incident_in("in_progress", world)
    page = visit("engineer", language="en-US")
    page.goto(ticket.get_absolute_url())
    page.locator(NOTE).wait_for()
    page.route("**/drafts/save/", lambda route: route.abort())
    page.fill(NOTE, "secret of the engineer")
    page.locator(STATE, has_text="kept on this computer").wait_for()
    page.unroute("**/drafts/save/")
    end_sessions(page)

    page.goto("/accounts/login/?next=" + ticket.get_absolute_url())
    sign_in(page, "desk")  # at the same computer
    page.locator(NOTE).wait_for()
    page.wait_for_timeout(500)
    assert page.input_value(NOTE) == ""
    assert "secret of the engineer" not in page.content()
    assert Draft.objects.count() == 0
    end_sessions(page)
    page.goto("/accounts/login/?next=" + ticket.get_absolute_url())
    sign_in(page, "engineer")
    shows(page, NOTE, "secret of the engineer")
    assert Draft.objects.get().user == world.engineer
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('draft:'))") == []


def test_text_of_an_action_that_is_over_goes_into_the_note(world: World, visit: Visit) -> None:
    ticket = incident_in("in_progress", world)
    page = visit("engineer", language="en-US")
    page.goto(ticket.get_absolute_url())
    page.locator(".stepper").wait_for()
    page.keyboard.press("e")
    page.fill("#action-panel [name=cause]", "a cause that took long to find")
    page.fill("#action-panel [name=handling]", "what was done")
    page.select_option("#action-panel [name=verified_how]", "tested")
    act(ticket, "hand_over", world.engineer2, group="network", text="to the network")
    page.keyboard.press("Control+Enter")
    kept = page.locator("#action-panel [data-kept]")
    kept.wait_for()
    assert "a cause that took long to find" in kept.inner_text()
    kept.get_by_role("button", name="Put it into the message").click()
    shows(page, NOTE, re.compile("a cause that took long to find"))
    assert page.locator("[data-kept]").count() == 0
    page.locator("#composer button.btn-primary").click()
    page.locator(".entry", has_text="a cause that took long to find").wait_for()


def test_theirs_can_be_taken_field_by_field(world: World, visit: Visit) -> None:
    ticket = incident_in("in_progress", world, contact_phone="111")
    page = visit("desk", language="en-US")
    page.goto(f"{ticket.get_absolute_url()}actions/edit/")
    page.fill("[name=contact_phone]", "222")
    page.fill("[name=description]", "mine")
    act(ticket, "edit", world.engineer, summary="of the other", contact_phone="999")
    page.locator(".action-form footer .btn-primary").click()
    page.locator(".conflict").wait_for()
    assert page.input_value("[name=summary]") == "of the other"
    assert page.input_value("[name=contact_phone]") == "222"
    page.check("[name=take-contact_phone][value=theirs]")
    assert page.input_value("[name=contact_phone]") == "999"
    page.check("[name=take-contact_phone][value=mine]")
    assert page.input_value("[name=contact_phone]") == "222"
    page.check("[name=take-contact_phone][value=theirs]")
    page.locator(".action-form footer .btn-primary").click()
    page.locator(".conflict").wait_for(state="detached")
    until(page, "!document.querySelector('.action-form')")
    row = Incident.objects.get()
    assert (row.summary, row.description, row.contact_phone) == ("of the other", "mine", "999")


def test_a_draft_waits_behind_its_button_and_in_the_menu(world: World, visit: Visit) -> None:
    ticket = incident_in("in_progress", world)
    page = visit("engineer", language="en-US")
    page.goto(ticket.get_absolute_url())
    page.locator(".stepper").wait_for()
    page.keyboard.press("w")
    page.select_option("#action-panel [name=wait_reason]", "vendor")
    page.fill("#action-panel [name=text]", "the vendor calls back")
    saved(page, "#action-panel [data-draft-state]")
    page.locator("#action-panel [data-cancel]").click()
    assert page.locator(".has-draft").count() == 1
    page.locator(".person-menu summary").click()
    page.locator(".draft-count", has_text="1").wait_for()
    page.locator(".person-menu a[href='/drafts/']").click()
    page.locator(".drafts .t").click()
    assert page.input_value("[name=text]") == "the vendor calls back"
    assert page.input_value("[name=wait_reason]") == "vendor"
    assert TimelineEntry.objects.filter(action="wait").count() == 0
