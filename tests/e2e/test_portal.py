"""Pictures in the requesters' portal; their whole life on a phone is in test_phones.py (PRT-01)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from incidents.models import Incident
from tests.e2e.conftest import NARROW
from tests.factories import World

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


@pytest.mark.req("UX-02")
def test_a_phone_shows_every_entry_of_the_portal(world: World, visit: Visit) -> None:
    """None is hidden beyond an edge that nothing tells of."""
    page = visit("requester", size=NARROW, language="en-US")
    page.goto("/portal/")
    links = page.locator(".portal-nav a")
    assert links.count() > 2
    for number in range(links.count()):
        box = links.nth(number).bounding_box()
        assert box is not None
        assert 0 <= box["x"] <= box["x"] + box["width"] <= NARROW[0]
