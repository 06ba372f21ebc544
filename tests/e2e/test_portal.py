"""A requester with a phone: report with a picture, follow, comment, confirm (PRT-01)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from incidents.models import Incident
from tests.e2e.conftest import NARROW, until
from tests.factories import World, act, resolve
from tests.pages.files import picture

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

Visit = Callable[..., "Page"]

#: Pastes a small picture into the field in focus, as after taking a screenshot.
PASTE = """async (selector) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 300, height: 200 });
  canvas.getContext("2d").fillRect(20, 20, 100, 100);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  const data = new DataTransfer();
  data.items.add(new File([blob], "pasted.png", { type: "image/png" }));
  const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true });
  document.querySelector(selector).dispatchEvent(event);
}"""


def fits(page: Page) -> bool:
    """Whether nothing makes the page scroll sideways."""
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.req("PRT-01", "TKT-05", "ORG-03")
def test_reporting_and_confirming_on_a_phone(world: World, visit: Visit) -> None:
    page = visit("requester", size=NARROW)
    page.fill(".hero-search input", "外网邮件附件打不开")
    page.locator(".hero-search button").click()
    assert page.input_value("#id_summary") == "外网邮件附件打不开"
    assert fits(page)
    page.fill("#id_description", "昨天还可以")
    page.set_input_files("#id_attachments", {"name": "截图.png", "mimeType": "image/png", "buffer": picture().read()})
    page.evaluate(PASTE, "#id_description")
    assert page.locator(".uploads li").count() == 2
    page.locator(".sheet-foot .btn-primary").click()
    page.locator(".attachment img").nth(1).wait_for()
    assert fits(page)
    page.locator(".attachment img").first.scroll_into_view_if_needed()
    until(page, "[...document.querySelectorAll('.attachment img')].every((one) => one.complete && one.naturalWidth)")
    page.fill("#id_text", "能尽快吗")
    page.locator(".composer button.btn-primary").click()
    page.locator(".entry", has_text="能尽快吗").wait_for()

    ticket = Incident.objects.get()
    act(ticket, "assign", world.desk, group="host", assignee="engineer")
    act(ticket, "start", world.engineer)
    resolve(ticket, world.engineer)
    page.goto("/portal/")
    page.locator(".mine .btn-success").click()
    page.select_option("#action-panel [name=satisfaction], .action-panel [name=satisfaction]", "very_good")
    page.locator(".action-panel footer button").click()
    page.locator(".ask").wait_for(state="detached")
    ticket.refresh_from_db()
    assert (ticket.state, ticket.satisfaction_id) == ("closed", "very_good")

    other = visit("requester2", size=NARROW)
    assert other.locator(".mine li").count() == 0
    answer = other.goto(ticket.get_absolute_url())
    assert answer is not None
    assert answer.status == 404


@pytest.mark.req("TKT-05", "UX-02")
def test_a_refused_file_says_why_beside_it(world: World, visit: Visit) -> None:
    page = visit("requester", language="en-US")
    page.goto("/incidents/new/")
    page.fill("#id_summary", "A program")
    page.set_input_files(
        "#id_attachments", {"name": "run.exe", "mimeType": "application/octet-stream", "buffer": b"MZ"}
    )
    page.locator(".uploads .refused", has_text="run.exe").wait_for()
    assert page.input_value("#id_summary") == "A program"
    assert Incident.objects.count() == 0
