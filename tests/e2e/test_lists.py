"""Lists by hand and by keys: tick, assign, take back; keep a view; scroll on; export (TKT-08, UX-01)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from incidents.models import Incident
from problems.models import Problem
from tests.e2e.conftest import NARROW, until
from tests.factories import World, act, register_incident, unclaimed
from tickets.models import TicketLink

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True), pytest.mark.req("TKT-08", "UX-01")]

Visit = Callable[..., "Page"]


def test_ticked_by_keys_claimed_at_once_and_taken_back(world: World, visit: Visit) -> None:
    for number in range(3):
        unclaimed(world, summary=f"T{number}")
    page = visit("engineer", language="en-US")
    page.goto("/queue/?view=unassigned")
    page.locator("a[data-row]").first.focus()
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.locator("#bulk-panel .bulk-count", has_text="2 tickets").wait_for()
    page.locator("#bulk-panel button[value=claim]").click()
    page.locator("#toasts", has_text="2 tickets").wait_for()
    until(page, "document.querySelectorAll('#list .line:not(.more)').length === 1")
    assert Incident.objects.filter(assignee=world.engineer).count() == 2
    page.keyboard.press("z")
    page.locator("#toasts", has_text="Taken back").wait_for()
    assert Incident.objects.filter(assignee=world.engineer).count() == 0


@pytest.mark.req("PRB-01")
def test_ticked_incidents_raise_a_problem_and_join_one_found_by_words(world: World, visit: Visit) -> None:
    for number in range(2):
        register_incident(world.desk, summary=f"gateway down {number}")
    page = visit("desk", language="en-US")
    page.goto("/incidents/?view=open")
    for number in range(2):
        page.locator(".tick").nth(number).check(force=True)
    page.locator("#bulk-panel a[href*='/problems/new/?from=']").click()
    page.locator("#id_incidents + .ts-wrapper .item").nth(1).wait_for()
    page.fill("#id_summary", "connection pool runs dry")
    page.locator("#id_summary").press("Control+Enter")
    page.wait_for_url(lambda url: "/tickets/PM" in url)
    problem = Problem.objects.get()
    assert TicketLink.objects.filter(target=problem, meaning="caused_by").count() == 2

    register_incident(world.desk, summary="gateway down again")
    page.goto("/incidents/?view=open&q=again")
    page.locator("a[data-row]").first.focus()
    page.keyboard.press("x")
    page.locator("#bulk-panel button[value=join_problem]").click()
    page.locator("#bulk-panel [id$=problem-ts-control]").fill("pool")
    page.locator(".ts-dropdown .option", has_text=problem.number).wait_for()
    page.keyboard.press("Enter")
    page.locator("#bulk-panel footer .btn-primary").click()
    page.locator("#toasts", has_text="Join to problem").wait_for()
    assert TicketLink.objects.filter(target=problem, meaning="caused_by").count() == 3


def test_what_cannot_be_done_is_listed_and_tried_otherwise(world: World, visit: Visit) -> None:
    unclaimed(world, summary="free")
    register_incident(world.desk, summary="not assigned yet")
    page = visit("desk", language="en-US")
    page.goto("/queue/?view=open")
    page.locator(".tick").first.check(force=True)
    page.locator(".tick").nth(1).click(modifiers=["Shift"], force=True)
    page.locator("#bulk-panel button[value=return_to_desk], #bulk-panel button[value=assign]").first.wait_for()
    page.locator("#bulk-panel button[value=hand_over]").click()
    page.locator("#bulk-panel .bulk-form").wait_for()
    page.locator("#bulk-panel select[name=group] + .ts-wrapper, #bulk-panel select[name=group]").first.wait_for()
    page.evaluate("""() => {
        const select = document.querySelector("#bulk-panel select[name=group]");
        if (select.tomselect) select.tomselect.setValue("network"); else select.value = "network";
    }""")
    page.fill("#bulk-panel textarea[name=text]", "wrong group")
    page.locator("#bulk-panel footer .btn-primary").click()
    page.locator("#bulk-panel", has_text="1 done, 1 not").wait_for()
    assert "not possible in the state" in page.locator(".bulk-refused").inner_text()
    page.locator("#bulk-panel button[value=watch]").click()
    page.locator("#toasts", has_text="Watch").wait_for()


def test_a_view_is_kept_and_found_again(world: World, visit: Visit) -> None:
    register_incident(world.desk, summary="shown", priority="P4")
    page = visit("desk", language="en-US")
    page.goto("/queue/?view=open")
    page.locator("form.filters select[name=priority]").select_option("P4")
    page.locator(".active-filters .pill").wait_for()
    page.locator(".save-menu summary").click()
    page.locator(".save-menu input[name=name]").fill("My normal ones")
    page.locator(".save-menu .btn-primary").click()
    tab = page.locator(".views a[aria-current=page]", has_text="My normal ones")
    tab.wait_for()
    assert tab.locator(".n").inner_text() == "1"
    page.goto("/queue/")
    page.locator(".views a", has_text="My normal ones").click()
    page.locator(".views a[aria-current=page]", has_text="My normal ones").wait_for()
    assert "saved=" in page.url


def test_all_filters_narrow_the_list_in_place(world: World, visit: Visit) -> None:
    register_incident(world.desk, summary="first", impact="I3")
    register_incident(world.desk, summary="second")
    page = visit("desk", language="en-US")
    page.goto("/queue/?view=open")
    page.locator(".every > summary").click()
    page.locator(".every-form").wait_for()
    page.fill(".every-form input[name=created_before]", "2020-01-01")
    page.locator(".every-foot .btn-primary").click()
    page.locator(".nothing", has_text="Nothing matches").wait_for()
    page.locator(".active-filters .pill").click()
    until(page, "document.querySelectorAll('#list .line').length === 2")


def test_the_list_goes_on_and_typing_is_not_disturbed(world: World, visit: Visit) -> None:
    for number in range(70):
        register_incident(world.desk, summary=f"Ticket {number:02}")
    page = visit("desk", language="en-US")
    page.goto("/queue/?view=open")
    page.locator("a[data-row]").nth(48).focus()
    until(page, "document.querySelectorAll('#list .line:not(.more)').length === 70")
    page.locator("form.filters input[name=q]").press_sequentially("Ticket 6", delay=60)
    until(page, "document.querySelectorAll('#list .line:not(.more)').length < 70")
    until(page, "document.activeElement.name === 'q' && document.activeElement.value === 'Ticket 6'")


def test_the_table_is_sorted_by_its_head_and_a_phone_shows_cards(world: World, visit: Visit) -> None:
    for name in ("beta", "alpha"):
        register_incident(world.desk, summary=name)
    page = visit("desk", language="en-US")
    page.goto("/queue/?view=open")
    page.locator(".layouts button[value=table]").click()
    page.locator(".list-table").wait_for()
    page.locator("th a", has_text="Summary").click()
    page.locator("th[aria-sort=ascending]").wait_for()
    assert page.locator("td.summary").all_inner_texts() == ["alpha", "beta"]
    assert "layout=table" in page.url
    phone = visit("desk", language="en-US", size=NARROW)
    phone.goto("/queue/?view=open")
    phone.locator(".line-row").first.wait_for()
    assert not phone.locator("thead").is_visible()
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_list_is_exported(world: World, visit: Visit, tmp_path: Path) -> None:
    ticket = register_incident(world.desk, summary="=1+1")
    page = visit("desk", language="en-US")
    page.goto("/queue/?view=open")
    page.locator(".list-tools a[href*=exports]").click()
    page.locator("input[name=format][value=csv]").check()
    with page.expect_download() as download:
        page.locator(".export-foot .btn-primary").click()
    download.value.save_as(tmp_path / "a.csv")
    text = (tmp_path / "a.csv").read_text("utf-8-sig")
    assert ticket.number in text
    assert "'=1+1" in text


def test_keys_act_on_ticked_lines_and_the_form_has_the_keyboard(world: World, visit: Visit) -> None:
    tickets = [unclaimed(world, summary=f"T{number}") for number in range(2)]
    page = visit("engineer", language="en-US")
    page.goto(f"/queue/?view=unassigned&ticket={tickets[0].number}")
    page.locator("#ticket [data-key=c]").wait_for()
    page.locator("a[data-row]").first.focus()
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.locator("#bulk-panel .bulk-count", has_text="2 tickets").wait_for()
    page.keyboard.press("h")  # an action of the lines, not of the ticket that stands open
    page.locator("#bulk-panel .bulk-form").wait_for()
    until(page, "Boolean(document.activeElement.closest('#bulk-panel .fields'))")
    page.locator("#bulk-panel footer [data-tick=none]").click()
    until(page, "document.activeElement.matches('a[data-row]')")
    for _ in range(2):
        page.keyboard.press("x")
        page.keyboard.press("k")
    page.locator("#bulk-panel .bulk-count", has_text="2 tickets").wait_for()
    page.keyboard.press("c")
    page.locator("#toasts", has_text="2 tickets").wait_for()
    assert Incident.objects.filter(assignee=world.engineer).count() == 2


def test_the_name_of_a_view_has_the_keyboard_each_time_it_is_asked(world: World, visit: Visit) -> None:
    page = visit("desk", language="en-US")
    page.goto("/queue/?view=open")
    for _ in range(2):
        page.locator(".save-menu summary").click()
        page.locator(".save-menu input[name=name]").wait_for()
        until(page, "document.activeElement.matches('.save-menu input[name=name]')")
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        until(page, "!document.querySelector('.save-menu').open")


def test_what_a_conflict_compares_can_be_seen_at_once(world: World, visit: Visit) -> None:
    ticket = unclaimed(world, summary="before", description="long\n" * 40)
    page = visit("desk", language="en-US", size=(1280, 640))
    page.goto(f"/queue/?view=open&ticket={ticket.number}")
    page.locator("#ticket [data-key=d]").wait_for(state="attached")
    page.keyboard.press("d")
    page.locator("#action-panel form").wait_for()
    page.fill("#action-panel input[name=summary]", "mine")
    act(ticket, "edit", world.engineer, summary="theirs")
    page.locator("#action-panel input[name=contact_email]").focus()  # at the foot of a long form
    page.keyboard.press("Control+Enter")
    page.locator("#action-panel .alarm").wait_for()
    until(
        page,
        """(() => { const box = document.querySelector("#action-panel .alarm").getBoundingClientRect();
          return document.elementFromPoint(box.x + 30, box.y + 12)?.closest("#action-panel .alarm") != null; })()""",
    )
