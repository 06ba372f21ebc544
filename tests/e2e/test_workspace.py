"""The workspace: queue, ticket and properties side by side; the address says what is shown (DESK-01)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from incidents.models import Incident
from tests.e2e.conftest import NARROW, until
from tests.factories import World, incident_in, make_system, register_incident

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True), pytest.mark.req("DESK-01", "UX-02")]

Visit = Callable[..., "Page"]
OPEN = "document.querySelector('[data-ticket]')?.dataset.ticket"


def opened(page: Page, number: str) -> None:
    """Wait until the ticket is beside the queue."""
    until(page, f"{OPEN} === {number!r}")


def visible(page: Page, selector: str) -> bool:
    """Whether a pane can be seen."""
    return page.locator(selector).is_visible()


def test_tickets_open_beside_the_queue_and_back_works(world: World, visit: Visit) -> None:
    first, second = (register_incident(world.desk, summary=text, group="host").number for text in ("一号", "二号"))
    page = visit("engineer", language="en-US")
    page.goto("/queue/?view=open")
    page.evaluate("window.stayed = true")
    page.locator(f"[id='{first}'] a[data-row]").click()
    opened(page, first)
    assert page.url.endswith(f"/queue/?view=open&ticket={first}")
    assert page.title().startswith(first)
    until(page, "document.activeElement.tagName === 'H1'")
    page.locator(f"[id='{second}'] a[data-row]").click()
    opened(page, second)
    assert page.locator(f"[id='{second}'] a").get_attribute("aria-current") == "true"
    page.go_back()
    opened(page, first)
    page.go_back()
    until(page, f"{OPEN} === undefined")
    assert not visible(page, "#ticket")
    page.go_forward()
    opened(page, first)
    page.keyboard.press("Escape")
    until(page, f"{OPEN} === undefined")
    assert page.url.endswith("/queue/?view=open")
    until(page, f"document.activeElement.closest('li')?.id === '{first}'")
    assert page.evaluate("window.stayed") is True


def test_an_address_can_be_shared_with_and_without_the_queue(world: World, visit: Visit) -> None:
    ticket = register_incident(world.desk, group="host")
    page = visit("desk", language="en-US")
    page.goto(f"/queue/?view=open&ticket={ticket.number}")
    opened(page, ticket.number)
    assert page.locator(f"#queue [id='{ticket.number}'] a").get_attribute("aria-current") == "true"
    page.goto(ticket.get_absolute_url())
    page.locator("#queue .views").wait_for()
    opened(page, ticket.number)
    page.goto("/queue/?view=open&ticket=IM991231999999")
    page.locator(".note-warning", has_text="may not see it").wait_for()
    assert visible(page, "#queue")


def test_the_queue_turns_while_the_ticket_stays(world: World, visit: Visit) -> None:
    ticket = register_incident(world.desk, group="host")
    page = visit("engineer", language="en-US")
    page.goto(f"/queue/?view=open&ticket={ticket.number}")
    page.evaluate("window.stayed = true")
    page.locator("#queue .views a", has_text="Waiting").click()
    until(page, f"location.search === '?view=waiting&ticket={ticket.number}'")
    page.locator("#queue .nothing").wait_for()
    opened(page, ticket.number)
    page.go_back()
    page.locator(f"#queue [id='{ticket.number}']").wait_for()
    assert page.evaluate("window.stayed") is True


def test_doing_something_draws_only_what_changed(world: World, visit: Visit) -> None:
    ticket = register_incident(world.desk, group="host", requester="requester")
    page = visit("engineer", language="en-US")
    page.goto("/queue/?view=open")
    page.locator("a[data-row]").click()
    opened(page, ticket.number)
    page.evaluate("window.stayed = true")
    page.keyboard.press("c")
    page.locator(".entry", has_text="claimed it").wait_for()
    page.locator(f"[id='{ticket.number}'] .who", has_text=world.engineer.display_name).wait_for()
    page.locator("[data-toast]", has_text="Claim").wait_for()
    page.keyboard.press("i")
    page.keyboard.type("the fan is loud")
    page.keyboard.press("Control+Enter")
    page.locator(".entry.internal", has_text="the fan is loud").wait_for()
    assert page.locator("#composer textarea").input_value() == ""
    assert page.evaluate("window.stayed") is True
    assert page.url.endswith(f"&ticket={ticket.number}")


@pytest.mark.req("TKT-08")
def test_a_property_is_edited_in_place_by_those_who_may(world: World, visit: Visit) -> None:
    make_system("trading")
    ticket = register_incident(world.desk, group="host", requester="requester")
    page = visit("desk", language="en-US")
    page.goto(ticket.get_absolute_url())
    phone = page.locator("#properties dd", has=page.locator("a[aria-label='Edit: Email']"))
    phone.locator(".edit").focus()
    page.keyboard.press("Enter")
    until(page, "document.activeElement.name === 'contact_email'")
    page.keyboard.press("Escape")
    assert page.locator(".inline-form").count() == 0
    until(page, "document.activeElement.ariaLabel === 'Edit: Email'")
    page.keyboard.press("Enter")
    until(page, "document.activeElement.name === 'contact_email'")
    page.keyboard.press("Control+A")
    page.keyboard.type("not an address")
    page.keyboard.press("Enter")
    page.locator(".inline-form .field-error").wait_for()
    assert page.input_value(".inline-form input[name=contact_email]") == "not an address"
    page.fill(".inline-form input[name=contact_email]", "someone@example.com")
    page.keyboard.press("Enter")
    page.locator("#properties dd", has_text="someone@example.com").wait_for()
    assert Incident.objects.get().contact_email == "someone@example.com"
    page.goto(incident_in("closed", world).get_absolute_url())
    page.locator("#properties").wait_for()
    assert page.locator("#properties .edit").count() == 0


def test_widths_are_remembered_and_moved_by_keyboard(world: World, visit: Visit) -> None:
    ticket = register_incident(world.desk, group="host")
    page = visit("engineer", language="en-US")
    page.goto(f"/queue/?view=open&ticket={ticket.number}")
    width = "document.getElementById('queue').getBoundingClientRect().width"
    before = page.evaluate(width)
    bar = page.locator("[data-splitter=queue]")
    box = bar.bounding_box()
    assert box is not None
    page.mouse.move(box["x"], 400)
    page.mouse.down()
    page.mouse.move(box["x"] + 80, 400)
    page.mouse.up()
    assert page.evaluate(width) == pytest.approx(before + 80, abs=2)
    bar.focus()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(width) == pytest.approx(before + 64, abs=2)
    page.reload()
    assert page.evaluate(width) == pytest.approx(before + 64, abs=2)
    bar.dblclick()
    assert page.evaluate(width) == pytest.approx(before, abs=2)


def test_a_phone_shows_one_pane_at_a_time(world: World, visit: Visit) -> None:
    ticket = register_incident(world.desk, group="host")
    page = visit("engineer", language="en-US", size=NARROW)
    page.goto("/queue/?view=open")
    assert visible(page, "#queue")
    assert not visible(page, "#ticket")
    page.locator("a[data-row]").click()
    opened(page, ticket.number)
    assert not visible(page, "#queue")
    page.locator(".ticket-back").click()
    page.locator("#queue a[data-row]").wait_for()
    assert not visible(page, "#ticket")
    page.goto(ticket.get_absolute_url())
    page.locator(".ticket-back").click()
    page.locator("#queue a[data-row]").wait_for()
