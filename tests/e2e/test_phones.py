"""A requester's life and an engineer's round, on phones (PRT-01, DESK-02); axe on every new page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from announcements.models import Announcement
from incidents.models import Incident
from records.actions import perform
from tests.e2e.axe import troubles, with_axe
from tests.e2e.conftest import NARROW, WIDE, until
from tests.e2e.test_portal import PASTE, fits
from tests.factories import World, act, add_task, incident_in, register_incident, resolve, unclaimed
from tests.pages.files import picture
from tickets import clock

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

Visit = Callable[..., "Page"]


def settled(page: Page) -> None:
    """The list that came with the page was looked at once more for news: nothing replaces it under the finger."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1000)


def announce(world: World) -> Announcement:
    """A planned interruption that everybody reads."""
    now, hour = clock.now(), timedelta(hours=1)
    times = {
        "starts_at": now + hour,
        "ends_at": now + 2 * hour,
        "shown_from": now - hour,
        "shown_until": now + 2 * hour,
    }
    made = Announcement.objects.create(
        state="draft",
        text_zh="会员服务系统升级",
        text_en="Upgrade",
        author=world.manager,
        created_at=now,
        updated_at=now,
        **times,
    )
    return perform(made, "publish", user=world.manager, now=now).record  # type: ignore[attr-defined]


@pytest.mark.req("PRT-01", "INC-08", "INC-10", "TKT-10")
def test_a_requester_reports_follows_urges_and_confirms_on_a_phone(world: World, visit: Visit) -> None:
    page = visit("requester", size=NARROW)
    page.fill(".hero-search input", "外网邮件附件打不开")
    page.locator(".found-report").click()
    assert page.input_value("#id_summary") == "外网邮件附件打不开"
    assert fits(page)
    page.fill("#id_description", "昨天还可以")
    page.set_input_files("#id_attachments", {"name": "截图.png", "mimeType": "image/png", "buffer": picture().read()})
    page.set_input_files(".camera input", {"name": "照片.png", "mimeType": "image/png", "buffer": picture().read()})
    page.evaluate(PASTE, "#id_description")
    page.locator(".uploads li").nth(2).wait_for()
    page.locator(".plain-impact .choice label").nth(2).click()
    page.locator(".sheet-foot .btn-primary").click()
    page.locator(".thanks-number").wait_for()
    ticket = Incident.objects.get()
    assert page.locator(".thanks-number b").inner_text() == ticket.number
    assert fits(page)
    page.locator(".thanks-do .btn-primary").click()
    page.locator(".attachment img").nth(2).wait_for()
    assert fits(page)
    page.fill("#id_text", "能尽快吗")
    page.locator(".composer button.btn-primary").click()
    page.locator(".says.own", has_text="能尽快吗").wait_for()

    page.goto("/portal/")
    settled(page)
    page.locator(".mine .btn", has_text="催办").click()
    page.locator("#sheet[open] form").wait_for()
    page.fill("#sheet textarea", "客户在等")
    page.locator("#sheet footer .btn-primary").click()
    page.locator("#sheet[open]").wait_for(state="detached")
    page.locator(".mine .n", has_text="1").wait_for()

    act(ticket, "assign", world.desk, group="host", assignee="engineer")
    act(ticket, "start", world.engineer)
    resolve(ticket, world.engineer)
    page.reload()
    settled(page)
    page.locator(".mine .btn-success").click()
    page.locator("#sheet[open] .choice").first.click()
    page.locator("#sheet footer .btn-primary").click()
    page.locator(".mine .btn-success").wait_for(state="detached")
    ticket.refresh_from_db()
    assert (ticket.state, ticket.satisfaction_id, ticket.urge_count) == (
        "resolved",
        "very_good",
        1,
    )  # the desk closes with it


@pytest.mark.req("INC-12", "INC-10")
def test_a_requester_says_that_it_is_not_solved_and_rates_later(world: World, visit: Visit) -> None:
    first = incident_in("resolved", world, summary="still dark")
    rated = incident_in("closed", world, summary="done long ago")
    page = visit("requester", size=NARROW)
    settled(page)
    page.locator(".mine .btn:not(.btn-success)", has_text="仍有问题").click()
    page.locator("#sheet[open] textarea").fill("它又黑了")
    page.locator("#sheet footer .btn").first.click()
    page.locator(".mine .btn-success").wait_for(state="detached")
    first.refresh_from_db()
    assert (first.state, Incident.objects.filter(summary="still dark").count()) == ("closed", 2)

    page.goto("/portal/?show=closed")
    settled(page)
    page.locator(".mine li", has_text="done long ago").locator("[data-sheet]").click()
    page.locator("#sheet[open] .choice").nth(2).click()
    page.locator("#sheet footer .btn-primary").click()
    page.locator("#sheet[open]").wait_for(state="detached")
    page.locator(".mine li", has_text="done long ago").locator("[data-sheet]").wait_for(state="detached")
    rated.refresh_from_db()
    assert rated.satisfaction_id == "improve"


@pytest.mark.req("DESK-02", "INC-06")
def test_an_engineer_claims_starts_notes_and_resolves_with_the_thumb(world: World, visit: Visit) -> None:
    ticket = unclaimed(world, summary="screen is black", contact_phone="6031")
    page = visit("engineer", size=NARROW, language="en-US")
    page.goto("/my/?tab=claim")
    assert fits(page)
    assert page.locator(".work [href^=tel]").get_attribute("href") == "tel:6031"
    targets = "[...document.querySelectorAll('.work-do .btn,.my-tabs a')]"
    small = f"{targets}.filter((one) => one.getBoundingClientRect().height < 44).length"
    assert page.evaluate(small) == 0
    page.locator(".work-main", has_text="Claim").click()
    page.locator(".nothing").wait_for()
    page.locator(".my-tabs a", has_text="Mine").click()
    page.locator(".work-main", has_text="Start work").click()
    page.locator(".work-main", has_text="Resolve").wait_for()
    page.locator(".work .btn", has_text="Add note").click()
    page.locator("#sheet[open] textarea").fill("looks like the power supply")
    page.locator("#sheet footer .btn-primary").click()
    page.locator(".work").wait_for()
    page.locator("#sheet[open]").wait_for(state="detached")
    page.locator(".work-main", has_text="Resolve").click()
    page.locator("#sheet[open] [name=cause]").fill("power supply broken")
    page.locator("#sheet [name=handling]").fill("replaced")
    page.locator("#sheet [name=verified_how]").select_option("tested")
    page.locator("#sheet footer .btn-primary").click()
    page.locator(".nothing").wait_for()
    ticket.refresh_from_db()
    assert (ticket.state, ticket.assignee) == ("resolved", world.engineer)


@pytest.mark.req("DESK-02", "UX-02")
def test_a_refused_step_says_why_over_the_list(world: World, visit: Visit) -> None:
    ticket = unclaimed(world, summary="wanted by two")
    page = visit("engineer", size=NARROW, language="en-US")
    page.goto("/my/?tab=claim")
    act(ticket, "claim", world.engineer2)
    page.locator(".work-main").click()
    page.locator("#sheet[open] .alarm").wait_for()
    page.locator(".sheet-close").click()
    page.locator("#sheet[open]").wait_for(state="detached")


@pytest.mark.req("DESK-02", "UX-02")
def test_new_work_appears_without_a_reload(world: World, visit: Visit) -> None:
    page = visit("engineer", size=NARROW, language="en-US")
    page.goto("/my/?tab=claim")
    page.locator(".nothing").wait_for()
    unclaimed(world, summary="came by itself")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.locator(".work-title", has_text="came by itself").wait_for()


@pytest.mark.req("NTF-04", "UX-02")
def test_announcements_are_put_away_for_good_one_after_the_other(world: World, visit: Visit) -> None:
    """The next one comes into the same place, and the keyboard with it: a second Enter puts nothing away unread."""
    for number in range(3):
        made = announce(world)
        Announcement.objects.filter(pk=made.pk).update(text_en=f"Upgrade {number}")
    page = visit("requester", size=NARROW, language="en-US")
    page.goto("/portal/")
    band = page.locator("#bands > section > .band")
    for more in ("1 more announcement", ""):
        shown = band.locator("p").inner_text()
        band.locator("button").focus()
        page.keyboard.press("Enter")
        until(page, f"document.querySelector('.band p')?.innerText !== {shown!r}")
        until(page, "document.activeElement === document.querySelector('.band')")
        page.keyboard.press("Enter")
        assert band.count() == 1
        assert page.locator(".bands-more summary").all_inner_texts() == [more] * bool(more)
    band.locator("button").focus()
    page.keyboard.press("Enter")
    band.wait_for(state="detached")
    until(page, "document.activeElement === document.querySelector('main')")
    page.reload()
    assert page.locator(".band").count() == 0
    desk = visit("desk", language="en-US")
    for more in ("and 1 more", ""):
        shown = desk.locator(".strip p").inner_text()
        desk.locator(".strip form button").click()
        until(desk, f"document.querySelector('.strip p')?.innerText !== {shown!r}")
        until(desk, "document.activeElement === document.querySelector('.strip')")
        assert desk.locator(".strip-more").all_inner_texts() == [more] * bool(more)


@pytest.mark.req("NTF-04", "UX-01")
def test_an_announcement_is_written_with_both_languages_beside_it(world: World, visit: Visit) -> None:
    page = visit("manager", language="en-US")
    page.goto("/announcements/new/")
    page.fill("#id_text_zh", "会员服务系统升级")
    page.locator("#preview .band", has_text="会员服务系统升级").first.wait_for()
    page.fill("#id_text_en", "Upgrade of the member service")
    page.locator("#preview [lang=en] .band", has_text="Upgrade of the member service").wait_for()
    page.locator(".sheet-foot .btn-primary").click()
    page.locator(".said li", has_text="Upgrade of the member service").wait_for()
    assert visit("requester").locator(".band", has_text="会员服务系统升级").count() == 1


@pytest.mark.req("RPT-01", "UX-02")
def test_every_figure_is_found_on_a_phone_by_what_it_is_about(world: World, visit: Visit) -> None:
    """All of them below each other are fifteen screens long."""
    page, wide = visit("manager", size=NARROW, language="en-US"), visit("manager", language="en-US")
    for one in (page, wide):
        one.goto("/boards/incidents/")
        one.locator(".figure-sheets").wait_for()
    sheet = page.locator(".figure-sheets details")
    until(page, "!document.querySelector('.figure-sheets details[open]')")
    box = page.locator(".figure-sheets").bounding_box()
    assert box
    assert box["height"] < NARROW[1]
    sheet.last.locator("summary").click()
    figure = sheet.last.locator("tbody tr").first
    figure.locator("th a").wait_for()
    assert figure.evaluate("row => row.scrollWidth <= innerWidth")
    assert fits(page)
    assert wide.locator(".figure-sheets details[open]").count() == sheet.count()


PAGES = [
    ("requester", "/portal/"),
    ("requester", "/portal/?show=closed"),
    ("requester", "/incidents/new/"),
    ("requester", "THANKS"),
    ("requester", "TICKET"),
    ("requester", "/announcements/"),
    ("engineer", "/my/?tab=mine"),
    ("engineer", "/my/?tab=tasks"),
    ("desk", "/incidents/new/?requester=requester&summary=交易终端黑屏"),
    ("manager", "/announcements/"),
    ("manager", "/announcements/new/"),
]


@pytest.mark.req("UX-02")
@with_axe
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing_serious_and_nothing_sticks_out(world: World, visit: Visit, size: tuple[int, int]) -> None:
    announce(world)
    ticket = incident_in("in_progress", world, summary="交易终端黑屏", description="所有席位")
    act(ticket, "comment", world.engineer, text="正在看")
    add_task(ticket, world.engineer, assignee="engineer")
    incident_in("closed", world, summary="交易终端黑屏", category="floor")
    register_incident(world.requester, summary="交易终端又黑屏")
    resolve(incident_in("in_progress", world), world.engineer)
    places = {"TICKET": ticket.get_absolute_url(), "THANKS": f"/portal/thanks/{ticket.number}/"}
    assert troubles(visit, [(who, url, "") for who, url in PAGES], places, size) == {}
