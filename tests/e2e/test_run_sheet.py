"""The run sheet on the phone when the network goes: nothing is lost, sent twice, or passes in silence (CHG-06)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings

from accounts.models import User
from changes.models import Change
from tests.changes.making import change_in, request, staffed
from tests.e2e.axe import look
from tests.e2e.conftest import NARROW, PASSWORD, WIDE, until
from tests.factories import World, act, make_item
from tickets import clock

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = [pytest.mark.journey, pytest.mark.req("CHG-06"), pytest.mark.django_db(transaction=True)]

Visit = Callable[..., "Page"]
#: What pages without network write into the console, and refusals of reports, which are looked at one by one.
NO_NETWORK = ("report_step/", "htmx:sendError", "ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "Failed to fetch")
WAITING = "[data-run-bar] p"


@pytest.fixture
def away(visit: Visit, request: Any) -> Iterator[Callable[[BrowserContext, bool], None]]:
    """Take a context's network, or give it back; what the console says of that is no trouble."""
    visitors: Any = visit.__self__  # type: ignore[attr-defined]  # the bound method's own

    def switch(context: BrowserContext, offline: bool) -> None:
        context.set_offline(offline)

    yield switch
    visitors.troubles[:] = [one for one in visitors.troubles if not any(word in one for word in NO_NETWORK)]


def running(world: World) -> Any:
    """A change with three steps, the first of them started, on which engineer and engineer2 work."""
    change: Any = change_in("implementing", world)
    for place, what in enumerate(("切换", "验证"), start=2):
        change.steps.create(position=place, what=what)
    return change


def pressed(page: Page, step: int, status: str) -> None:
    """Press a button of a step."""
    page.locator(f"#step-{step} button[value={status}]").click()


def signed_in(page: Page, username: str) -> None:
    """Sign in on the page that asks for it, and come back to the run sheet."""
    page.fill("input[name=login]", username)
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"^[^?]*/changes/runs/"))


def signed_out(page: Page) -> None:
    """End the session as time does: the token of its forms stays, as does what is on its way at that moment."""
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)


def status_of(change: Any, step: int) -> str:
    """What is stored of a step."""
    return Change.objects.get(pk=change.pk).steps.get(position=step).status


def test_what_is_pressed_without_network_is_sent_once_with_its_true_time(
    world: World, visit: Visit, away: Any
) -> None:
    change = running(world)
    page = visit("engineer", size=NARROW, language="en-US")
    page.goto(f"/changes/runs/{change.number}/")
    until(page, "navigator.serviceWorker.controller !== null")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1500)  # the worker is fetching what came before it
    away(page.context, True)
    before = clock.now()
    pressed(page, 1, "done")
    page.locator("#step-1 .run-waits").wait_for()
    page.locator("#step-2 summary").click()
    page.fill("#step-2 textarea", "switch over, no alarm")
    pressed(page, 2, "done")
    page.locator(WAITING, has_text="2").wait_for()
    assert page.locator("#step-1 button[value=done]").is_hidden()
    assert page.locator("#step-1 button[value=backed_out]").is_visible()
    after = clock.now()
    assert status_of(change, 1) == "started"

    page.reload()  # from what the browser kept
    page.locator("#step-2 .run-waits", has_text="switch over, no alarm").wait_for()
    page.wait_for_timeout(1000)  # parts of the page ask for their content by themselves
    assert not page.locator("#toasts .note-error").count()
    second = page.context.new_page()
    second.goto(f"/changes/runs/{change.number}/")
    second.locator("#step-1 .run-waits").wait_for()
    page.wait_for_timeout(2000)

    away(page.context, False)
    page.locator(".run-waits").first.wait_for(state="detached")
    second.locator(".run-waits").first.wait_for(state="detached")
    page.locator("#step-2.is-done").wait_for()
    steps: dict[int, Any] = {step.position: step for step in Change.objects.get(pk=change.pk).steps.all()}
    assert [steps[place].status for place in (1, 2, 3)] == ["done", "done", "planned"]
    slack = timedelta(seconds=2)
    assert before - slack <= steps[1].ended_at <= after + slack
    assert steps[1].received_at > after
    assert steps[2].note == "switch over, no alarm"
    reports = Change.objects.get(pk=change.pk).timeline.filter(action="report_step", data__status="done")
    assert reports.count() == 2
    assert page.evaluate("Object.keys(localStorage).filter((name) => /^run:/.test(name)).length") == 0


def test_what_somebody_else_did_meanwhile_is_said_beside_the_step(world: World, visit: Visit, away: Any) -> None:
    change = running(world)
    page = visit("engineer", size=NARROW, language="en-US")
    page.goto(f"/changes/runs/{change.number}/")
    other = visit("engineer2", language="en-US")
    other.goto(f"/changes/runs/{change.number}/")
    page.wait_for_load_state("networkidle")
    away(page.context, True)
    pressed(page, 1, "done")
    pressed(page, 2, "started")
    page.locator("#step-2 .run-waits").wait_for()
    pressed(other, 1, "failed")
    other.locator("#step-1.is-failed").wait_for()

    away(page.context, False)
    page.locator("#step-1 .run-refused", has_text=world.engineer2.display_name).wait_for()
    page.locator("#step-2.is-started").wait_for()
    other.locator("#step-2.is-started").wait_for()
    page.locator("#step-1.is-failed").wait_for()
    page.reload()
    page.locator("#step-1 .run-refused [data-again]").click()
    page.locator("#step-1.is-done").wait_for()
    assert page.locator(".run-refused").count() == 0

    away(page.context, True)
    pressed(page, 3, "started")
    act(change, "back_out_now", world.engineer2, text="not possible")
    away(page.context, False)
    page.locator("#step-3 .run-refused").wait_for()
    page.locator("#step-3 [data-discard]").click()
    page.locator(".run-refused").first.wait_for(state="detached")
    assert status_of(change, 3) == "planned"


def test_whoever_was_signed_out_meanwhile_signs_in_and_it_goes(world: World, visit: Visit, away: Any) -> None:
    change = running(world)
    page = visit("engineer", size=NARROW, language="en-US")
    page.goto(f"/changes/runs/{change.number}/")
    page.wait_for_load_state("networkidle")
    away(page.context, True)
    pressed(page, 1, "done")
    page.locator("#step-1 .run-waits").wait_for()
    signed_out(page)
    away(page.context, False)
    page.locator("[data-run-bar] a").click()
    signed_in(page, "engineer2")
    page.locator("[data-run-bar]:visible").wait_for()
    assert status_of(change, 1) == "started"
    signed_out(page)
    page.goto(f"/accounts/login/?next=/changes/runs/{change.number}/")
    signed_in(page, "engineer")
    page.locator("#step-1.is-done").wait_for()
    assert Change.objects.get(pk=change.pk).steps.get(position=1).reported_by == world.engineer


def test_the_page_is_readable_in_light_and_dark(world: World, visit: Visit) -> None:
    change = running(world)
    assert look(visit("engineer", size=NARROW), f"/changes/runs/{change.number}/", "") == []
    assert look(visit("engineer", language="en-US"), f"/changes/runs/{change.number}/", "") == []


@pytest.mark.req("UX-02")
@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_a_step_is_edited_where_it_stands_and_one_comes_back_to_it(world: World, visit: Visit, size: Any) -> None:
    """Not at the top of the ticket, nor is the end of its timeline what one sees afterwards."""
    change: Any = request(staffed(world), now=None, description="说明\n" * 30)
    User.objects.update(password=world.desk.password)
    for number in range(1, 7):
        change = act(change, "add_step", world.lead, what=f"Step {number}")
    page = visit("lead", size=size, language="en-US")
    page.goto(change.get_absolute_url())
    last = f"#plan-step-{change.steps.get(position=6).pk}"
    page.locator(f"{last} a").click()
    page.locator(f"{last} #action-panel form").wait_for()
    assert page.evaluate("document.activeElement.closest('li')?.value") == 6
    page.fill(f"{last} [name=what]", "")
    page.locator(f"{last} .btn-primary").click()
    page.locator(f"{last} .is-invalid").wait_for()
    page.fill(f"{last} [name=what]", "Step six")
    page.select_option(f"{last} [name=place]", label="after 4. Step 4")
    page.locator(f"{last} .btn-primary").click()
    page.locator(f"{last}[value='5']", has_text="Step six").wait_for()
    top = f"document.querySelector('{last}').getBoundingClientRect().top"
    until(page, f"0 <= {top} && {top} < innerHeight")
    assert page.locator("#ticket-head #action-panel").count() == 1


@pytest.mark.req("UX-02")
def test_what_one_opened_stays_open_and_a_form_in_it_comes_back_there(world: World, visit: Visit) -> None:
    """What is saved there closes nothing that one works in."""
    make_item("db-1")
    change: Any = request(staffed(world), now=None)
    User.objects.update(password=world.desk.password)
    page = visit("lead", language="en-US")
    page.goto(change.get_absolute_url())
    page.locator("#prepared-edits > summary").click()
    page.locator("#prepared-edits a", has_text="Prepare a value").click()
    form = page.locator("#prepared-edits #action-panel form")
    form.wait_for()
    page.locator("#id_attribute-ts-control").click()
    page.locator(".ts-dropdown", has_text="Choose the configuration item first").wait_for()
    page.locator("#id_item-ts-control").click()
    page.keyboard.type("db-1")
    page.locator(".ts-dropdown .option", has_text="db-1").click()
    page.locator("#id_attribute-ts-control").click()
    page.locator(".ts-dropdown .option", has_text="Name").first.click()
    page.fill("#id_value", "Main")
    form.locator(".btn-primary").click()
    page.locator("#prepared-edits[open] li", has_text="Main").wait_for()
