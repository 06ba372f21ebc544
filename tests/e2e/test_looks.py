"""Every main page in light and dark, wide and narrow: axe finds nothing serious, nothing sticks out, nothing jumps."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from accounts.models import User
from approvals.models import ApprovalRound
from cmdb.models import RelationType
from cmdb.services import Link, Stamp, write_relations
from tests.changes.making import change_in
from tests.contract.subjects import problem_in
from tests.e2e.axe import troubles, with_axe
from tests.e2e.conftest import NARROW, WIDE, until
from tests.factories import MONDAY, World, act, add_task, incident_in, make_item, register_incident, resolve
from tests.pages.files import attach

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

Visit = Callable[..., "Page"]

#: Who looks at what; "TICKET" is one with everything on it. The last part opens something first.
PAGES = [
    ("", "/accounts/login/", ""),
    ("desk", "/queue/?view=open", ""),
    ("desk", "/queue/?view=mine", ""),
    ("desk", "/queue/?view=open&layout=table", ""),
    ("desk", "BESIDE", ""),
    ("desk", "/queue/?view=open", "Control+k"),
    ("desk", "/search/?q=交易", ""),
    ("desk", "/incidents/new/", ""),
    ("desk", "/drafts/", ""),
    ("desk", "/replies/", ""),
    ("desk", "/announcements/", ""),
    ("desk", "/exports/", ""),
    ("desk", "/me/", ""),
    ("desk", "/nowhere/", ""),
    ("engineer", "/my/", ""),
    ("engineer", "TICKET", ""),
    ("engineer", "TICKET", "w"),
    ("engineer", "TASK", ""),
    ("requester", "/portal/", ""),
    ("requester", "TICKET", ""),
    ("requester", "/incidents/new/", ""),
    ("admin", "/me/tokens/", ""),
    ("admin", "/policies/priorities/", ""),
    ("head", "/approvals/", ""),
    ("head", "/approvals/delegate/", ""),
    ("head", "ROUND", ""),
    ("manager", "/boards/incidents/", ""),
    ("manager", "/boards/incidents/process/", ""),
    ("manager", "/boards/live/", ""),
    ("manager", "/service-reports/", ""),
    ("manager", "/policies/priorities/", ""),
    ("desk", "/problems/", ""),
    ("lead", "PROBLEM", ""),
    ("lead", "INVESTIGATION", ""),
    ("lead", "RECORD", ""),
    ("desk", "ACCEPTANCE", ""),
    ("lead", "/known-errors/", ""),
    ("lead", "/trends/", ""),
    ("lead", "/problem-register/", ""),
    ("engineer", "/items/", ""),
    ("engineer", "ITEM", ""),
    ("engineer", "ITEM_EDIT", ""),
    ("engineer", "ITEM_GRAPH", ""),
    ("engineer", "ITEM_IMPACT", ""),
    ("admin", "/items/classes/", ""),
    ("admin", "/items/health/", ""),
    ("engineer", "/changes/calendar/", ""),
    ("engineer", "MOVE", ""),
    ("desk", "/changes/unauthorised/", ""),
    ("engineer", "/changes/catalogue/", ""),
    ("engineer", "/changes/catalogue/extend-disk/", ""),
    ("engineer", "/changes/new/", ""),
    ("engineer", "CHANGE", ""),
]


@pytest.fixture
def places(world: World) -> dict[str, str]:
    """Addresses of a ticket with everything on it and of its task; other tickets fill the lists."""
    ticket = incident_in("in_progress", world, description="交易终端黑屏\n所有席位")
    task = add_task(ticket, world.engineer)
    attach(ticket, world.engineer)
    act(ticket, "note", world.engineer, text="internal")
    act(ticket, "link", world.engineer, meaning="related_to", target=register_incident(world.desk).number)
    resolve(incident_in("in_progress", world), world.engineer)
    beside = f"/queue/?view=open&ticket={ticket.number}"
    own = {"TICKET": ticket.get_absolute_url(), "TASK": task.get_absolute_url(), "BESIDE": beside}
    own["ACCEPTANCE"] = f"/incidents/{ticket.number}/acceptance/"
    return own | places_of_processes(world)


def places_of_processes(world: World) -> dict[str, str]:
    """A problem under investigation, a change that waits for its approval, an item with a neighbour."""
    problem, change = problem_in("investigating", world), change_in("approving", world)
    User.objects.update(password=world.desk.password)  # those who approve came with the change
    item, host = make_item("db-01"), make_item("host-01")
    runs_on = RelationType.objects.get(code="runs_on")
    write_relations([Link(item, runs_on, host)], Stamp(source="test", trusted=True))
    decision = ApprovalRound.objects.get(ticket=change, outcome="open")
    return {
        "PROBLEM": problem.get_absolute_url(),
        "INVESTIGATION": f"/problems/{problem.number}/investigation/",
        "RECORD": f"/problems/{problem.number}/record/",
        "CHANGE": change.get_absolute_url(),
        "MOVE": f"/changes/{change.number}/move/?day=2026-12-01",
        "ROUND": f"/approvals/{decision.pk}/",
        "ITEM": f"/items/{item.pk}/",
        "ITEM_EDIT": f"/items/{item.pk}/edit/",
        "ITEM_GRAPH": f"/items/{item.pk}/graph/",
        "ITEM_IMPACT": f"/items/{item.pk}/impact/",
    }


@pytest.mark.req("UX-02")
@with_axe
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing_serious_and_nothing_sticks_out(
    visit: Visit, places: dict[str, str], size: tuple[int, int]
) -> None:
    assert troubles(visit, PAGES, places, size) == {}


@pytest.mark.req("UX-02")
def test_a_ticking_chip_moves_nothing(world: World, visit: Visit) -> None:
    register_incident(world.desk, group="host", impact="I1")
    page = visit("engineer", language="en-US")
    page.locator(".chip[data-due]").first.wait_for()
    page.evaluate(
        """() => { window.moved = 0; new PerformanceObserver((list) => {
          const ticks = ({ node }) => (node?.parentElement ?? node)?.closest?.(".line,.chip");
          for (const entry of list.getEntries()) if (entry.sources.some(ticks)) window.moved += entry.value;
        }).observe({ type: "layout-shift", buffered: false }); }"""
    )
    before = page.locator(".chip .left").first.inner_text()
    until(page, f"document.querySelector('.chip .left').textContent !== {before!r}")
    page.wait_for_timeout(1200)
    assert page.evaluate("window.moved") == 0


@pytest.mark.req("UX-01")
def test_language_and_dates_follow_the_person(world: World, visit: Visit) -> None:
    register_incident(world.desk, group="host", now=MONDAY.replace(year=2025))
    page = visit("desk")
    page.goto("/queue/?view=open")
    assert page.locator("h1").inner_text() == "工作台"
    page.locator(".language button").click()
    page.locator("h1", has_text="Workspace").wait_for()
    assert page.url.endswith("/queue/?view=open")
    assert page.evaluate("document.documentElement.lang") == "en"
    moment = page.locator(".line time")
    assert moment.inner_text() == "2025-11-23"
    assert moment.get_attribute("title") == "2025-11-23 09:00:00 GMT+08:00"


@pytest.mark.req("UX-02")
def test_the_theme_follows_the_choice_and_the_device(world: World, visit: Visit) -> None:
    page = visit("desk", language="en-US", theme="dark")
    shown = "document.documentElement.dataset.bsTheme"
    assert page.evaluate(shown) == "dark"
    page.locator(".theme summary").click()
    page.get_by_role("button", name="Light").click()
    until(page, f"{shown} === 'light'")
    page.reload()
    assert page.evaluate(shown) == "light"
