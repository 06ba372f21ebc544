"""Clocks, notices and rosters as people use them: bands, countdowns, explanations, calendars, what-if, choices."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import time, timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from accounts.models import User
from duty.models import Override, Roster
from duty.services import save_roster
from notifications.services import give_notice
from sla.models import Calendar
from tests.e2e.axe import troubles, with_axe
from tests.e2e.conftest import NARROW, WIDE, until
from tests.factories import World, incident_in, register_incident, resolve
from tickets import clock

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

Visit = Callable[..., "Page"]

#: Slow machines and the pace at which pages ask for what is new.
PATIENCE = 30_000


def seconds(text: str) -> int:
    """``1:02:03`` in seconds."""
    hours, minutes, rest = (int(part) for part in text.split(":"))
    return hours * 3600 + minutes * 60 + rest


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until ``wanted`` has the keyboard."""
    wanted.wait_for()
    for _step in range(120):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("Not reachable by keyboard.")


def tell(world: World, user: User, key: str) -> None:
    """Give ``user`` a notice that presses nobody."""
    ticket = register_incident(world.desk, summary=key)
    now = clock.now()
    give_notice(key=key, event="replied", ticket=ticket, recipients=[user], urgent=False, at=now, due_at=now)


@pytest.fixture
def roster(world: World) -> Roster:
    """A week each for two."""
    start = timezone.localdate() - timedelta(days=3)
    made = Roster(group=world.groups["host"], period="week", starts_on=start, handover=time(0))
    return save_roster(roster=made, members=[world.engineer, world.engineer2])


@pytest.mark.req("NTF-02")
def test_a_p1_presses_the_manager_until_it_is_acknowledged(world: World, visit: Visit) -> None:
    page = visit("manager", language="en-US")
    page.goto("/queue/?view=open")
    page.locator("#bell summary").wait_for()

    register_incident(world.desk, group="host", impact="I1")

    band = page.locator(".pressing-band")
    band.wait_for(timeout=PATIENCE)  # nobody reloads
    assert "[P1]" in band.inner_text()
    until(page, "document.title.startsWith('⚠')")
    button = band.get_by_role("button", name="Acknowledge")
    tab_to(page, button)
    with page.expect_response(lambda answer: "/notices/" in answer.url):
        page.evaluate("htmx.trigger('#bell', 'notices')")  # as when something else came
    page.wait_for_timeout(200)
    assert button.evaluate("element => element === document.activeElement")
    while band.count():  # one for each notice that presses
        shown = band.locator("p").inner_text()
        tab_to(page, button)
        page.keyboard.press("Enter")
        until(page, f"document.querySelector('.pressing-band p')?.innerText !== {shown!r}")
        at = ".pressing-band p a" if band.count() else "#bell summary"
        until(page, f"document.activeElement === document.querySelector({at!r})")
    assert not page.title().startswith("⚠")
    page.reload()
    page.locator("#bell summary").wait_for()
    assert band.count() == 0


@pytest.mark.req("SLM-04")
def test_a_countdown_ticks_and_explains_itself(world: World, visit: Visit) -> None:
    ticket = incident_in("assigned", world, impact="I1")  # five minutes, told by the second
    page = visit("engineer", language="en-US")
    page.goto(ticket.get_absolute_url())
    left = page.locator("#properties .clock .chip[data-due] .left").first
    left.wait_for()
    before = left.inner_text()
    until(page, f"document.querySelector('#properties .clock .chip[data-due] .left').innerText !== {before!r}")

    page.locator("#properties").get_by_role("link", name="How counted").click()

    page.locator(".counted").first.wait_for()
    for section in page.locator(".counted").all():
        rows = section.locator("tbody tr").all()
        cells = [[seconds(text) for text in row.locator(".sum").all_inner_texts()] for row in rows]
        total = seconds(section.locator("tfoot .sum").inner_text())
        shown = {
            row.locator("dt").inner_text(): row.locator("dd").inner_text()
            for row in section.locator(".figures > div").all()
        }
        assert sum(counted for _passed, _closed, counted in cells) == total
        assert all(passed == closed + counted for passed, closed, counted in cells)
        assert seconds(shown["Counted"]) == total
        assert not shown["Remaining"].startswith("-")
        assert seconds(shown["Target"]) == total + seconds(shown["Remaining"])


@pytest.mark.req("SLM-05")
def test_an_administrator_previews_and_publishes_a_calendar(world: World, visit: Visit) -> None:
    incident_in("assigned", world)
    page = visit("admin", language="en-US")
    page.goto("/calendars/")
    page.locator("a[href='/calendars/5x8/']").click()
    days = page.locator("textarea[name=days]")
    days.wait_for()
    year = timezone.localdate().year
    kept = days.input_value()
    days.fill(f"{kept}\n{year}-12-2x closed")
    page.get_by_role("button", name="Preview").click()
    page.locator("#id_days_error").wait_for()
    assert f"{year}-12-2x closed" in page.locator("textarea[name=days]").input_value()

    page.locator("textarea[name=days]").fill(f"{kept}\n{year}-12-30 - Stocktaking")
    page.get_by_role("button", name="Preview").click()
    page.locator(".alarm.soon").wait_for()
    assert page.locator("td.day-changed").count() == 1
    assert Calendar.objects.get(code="5x8").current.number == 1  # type: ignore[union-attr]

    page.get_by_role("button", name="Publish").click()
    page.locator(".pill", has_text="v2").wait_for()
    assert page.locator("td.day-changed").count() == 0
    assert "Stocktaking" in page.locator("textarea[name=days]").input_value()


@pytest.mark.req("SLM-10")
def test_a_draft_is_tried_on_history(world: World, visit: Visit) -> None:
    now = clock.now() - timedelta(days=3)
    resolve(incident_in("in_progress", world, now=now), world.engineer, now=now + timedelta(hours=2))
    page = visit("admin", language="en-US")
    page.goto("/policies/priorities/")
    rows = page.locator(".promises tbody tr")
    for row in rows.all():
        if row.locator("select").first.input_value() == "resolve":
            row.locator("input[type=number]").fill("30")
            row.locator("select").last.select_option("24x7")  # whatever the time of day is
    page.get_by_role("button", name=re.compile("^Try on")).click()

    trial = page.locator("#trial")
    trial.wait_for(timeout=PATIENCE)
    assert "met → missed" in trial.inner_text()
    assert page.locator(".promises input[value='30']").count() > 0  # what was typed is kept
    page.goto("/policies/priorities/")
    assert page.locator(".promises input[value='30']").count() == 0  # and nothing was changed


@pytest.mark.req("NTF-04")
def test_own_choices_and_quiet_hours_are_kept(world: World, visit: Visit) -> None:
    page = visit("requester", language="en-US")
    page.goto("/notices/choices/")
    page.locator("input[name=quiet_from]").fill("22:00")
    page.get_by_role("button", name="Save").click()
    page.locator("#id_quiet_until_error").wait_for()
    assert page.locator("input[name=quiet_from]").input_value() == "22:00"

    page.locator("input[name=quiet_until]").fill("07:30")
    page.locator("input[name=closed][value=email]").uncheck()
    page.get_by_role("button", name="Save").click()
    page.locator(".toasts", has_text="Your choices are saved.").wait_for()
    page.reload()
    assert page.locator("input[name=quiet_until]").input_value() == "07:30"
    assert not page.locator("input[name=closed][value=email]").is_checked()


@pytest.mark.req("ORG-05")
def test_a_lead_lets_somebody_stand_in(world: World, roster: Roster, visit: Visit) -> None:
    page = visit("lead", language="en-US")
    page.goto("/duty/")
    line = page.locator("tr", has_text="host").first
    line.wait_for()
    assert "Engineer" in line.inner_text()
    line.get_by_role("link", name="host").click()

    page.get_by_text("Let somebody stand in").first.click()
    local = timezone.localtime()
    page.locator("select[name=stand_in-user]").select_option(str(world.engineer2.pk))
    page.locator("input[name=stand_in-starts_at]").fill(f"{local:%Y-%m-%dT%H:%M}")
    page.locator("input[name=stand_in-ends_at]").fill(f"{local + timedelta(hours=2):%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="Let somebody stand in").click()

    page.locator(".toasts", has_text="The roster is changed.").wait_for()
    assert Override.objects.get().user == world.engineer2
    now = page.locator("tr[aria-current]")
    assert "Engineer2" in now.inner_text()
    assert "instead of" in now.inner_text()


@pytest.mark.req("NTF-03")
def test_the_bell_counts_by_itself_and_opening_one_reads_it(world: World, visit: Visit) -> None:
    tell(world, world.engineer, "The first")
    page = visit("engineer", language="en-US")
    page.goto("/queue/?view=open")
    count = page.locator(".bell-count")
    count.wait_for()
    before = int(count.inner_text())

    tell(world, world.engineer, "The second")
    until_count(page, before + 1)
    page.locator("#bell summary").click()
    page.locator(".told-go", has_text="The second").click()
    page.wait_for_url(re.compile("/tickets/"))
    until_count(page, before)


def until_count(page: Page, expected: int) -> None:
    """Wait until the bell says ``expected``."""
    page.locator(".bell-count", has_text=re.compile(f"^{expected}$")).wait_for(timeout=PATIENCE)


#: Who looks at which pages of this area.
PAGES = [
    ("engineer", "COUNTED"),
    ("engineer", "/notices/"),
    ("engineer", "/duty/"),
    ("lead", "ROSTER"),
    ("lead", "/duty/new/"),
    ("requester", "/notices/"),
    ("requester", "/notices/choices/"),
    ("manager", "/notices/receipts/"),
    ("manager", "/notices/undelivered/"),
    ("manager", "/timer-health/"),
    ("admin", "/calendars/"),
    ("admin", "/calendars/5x8/"),
    ("admin", "/policies/"),
    ("admin", "/policies/priorities/"),
    ("admin", "/notices/templates/"),
    ("admin", "/notices/templates/resolved/en/email/"),
]


@pytest.mark.req("UX-02")
@with_axe
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing_serious_and_nothing_sticks_out(
    visit: Visit, world: World, roster: Roster, size: tuple[int, int]
) -> None:
    ticket = incident_in("pending", world, impact="I1")
    tell(world, world.requester, "交易终端黑屏")
    places = {"COUNTED": f"/tickets/{ticket.number}/counted/", "ROSTER": f"/duty/{roster.pk}/"}
    assert troubles(visit, [(who, url, "") for who, url in PAGES], places, size) == {}
