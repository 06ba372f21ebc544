"""Every primary button can be pressed where it stands, whatever bars lie at the edges (UX-02, DESK-01)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from announcements.models import Announcement
from notifications.services import give_notice
from tests.e2e.conftest import until
from tests.factories import World, act, incident_in
from tickets import clock
from tickets.models import Ticket

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True), pytest.mark.req("UX-02")]
Visit = Callable[..., "Page"]

SIZES = [(1500, 900), (1366, 768), (768, 1024), (390, 844)]
#: Who presses what: every kind of page with a main button, once.
PAGES = {
    "desk": [
        *("/queue/?view=open", "/incidents/new/", "TICKET", "ACTION", "/replies/", "/me/", "/search/?q=W", "/views/"),
        *("/exports/new/?source=tickets", "/problems/new/", "/changes/new/", "/notices/choices/"),
    ],
    "engineer": ["/my/", "TICKET", "/approvals/delegate/", "/changes/catalogue/", "/items/", "/items/new/"],
    "manager": ["/announcements/new/", "/boards/", "/boards/displays/", "/escalations/"],
    "admin": [
        *("/items/import/", "/items/classes/", "/calendars/5x8/", "/policies/priorities/", "/timer-health/"),
        *("/duty/", "/notices/templates/assigned/en/email/", "/notices/undelivered/", "/me/tokens/"),
        *("/changes/calendar/", "/changes/calendar/links/"),
    ],
    "requester": ["/portal/", "/incidents/new/", "MINE"],
}
#: The main buttons of the page that somebody can see, brought into view, and what lies under their middle.
COVERED = """() => [...document.querySelectorAll("main .btn-primary, .pressing-band .btn")].flatMap((button) => {
  const hidden = button.closest("[popover], details:not([open])");
  if (hidden || !button.checkVisibility({ visibilityProperty: true })) return [];
  button.scrollIntoView({ block: "nearest", behavior: "instant" });
  const box = button.getBoundingClientRect();
  const under = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  if (under && (button.contains(under) || under.contains(button))) return [];
  return [`${button.textContent.trim()} lies under ${under ? under.outerHTML.slice(0, 90) : "the window's edge"}`];
})"""


def announce(world: World) -> None:
    """Two announcements that everybody reads."""
    now = clock.now()
    for text in ("今晚网络割接，", "周末机房检修，"):
        Announcement.objects.create(
            text_zh=text + "届时业务可能中断。" * 5,
            text_en="The network is maintained tonight. " * 3,
            starts_at=now + timedelta(hours=1),
            ends_at=now + timedelta(hours=3),
            shown_from=now,
            shown_until=now + timedelta(days=1),
            state="published",
            published_at=now,
            created_at=now,
            updated_at=now,
            author=world.desk,
        )


def press_on(world: World, ticket: Ticket) -> None:
    """An urgent notice for the staff of the test: the red band, until it is acknowledged."""
    people = [world.desk, world.engineer, world.admin, world.manager]
    give_notice(key="band", event="urged", ticket=ticket, recipients=people, urgent=True, at=clock.now())


def covered(page: Page, when: str) -> list[str]:
    """The primary buttons of the page that something covers, at each size; and what sticks out."""
    found = []
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("scrollTo(0, 0)")
        found += [f"{width} {when}: {one}" for one in page.evaluate(COVERED)]
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        found += [f"{width} {when}: sticks out by {wide} px"] if wide > 0 else []
    return found


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_no_primary_button_is_covered(world: World, visit: Visit, language: str) -> None:
    mine = incident_in("resolved", world, requester="requester")
    ticket = incident_in("in_progress", world, summary="W" * 120, description="https://example.com/" + "path" * 60)
    act(ticket, "comment", world.engineer, text="C:\\" + "Windows" * 30 + "\n" + "=" * 200)
    announce(world)
    press_on(world, ticket)
    places = {"TICKET": ticket.get_absolute_url(), "MINE": mine.get_absolute_url()}
    places["ACTION"] = f"{places['TICKET']}actions/propose_priority/"
    troubles = []
    for who, urls in PAGES.items():
        page = visit(who, language=language)
        for url in urls:
            answer = page.goto(places.get(url, url))
            assert answer is not None
            assert answer.ok, url
            page.locator("main" if who == "requester" else ".pressing-band").wait_for()
            until(page, "!document.querySelector('.htmx-request, [aria-busy=true]')")
            assert page.locator(".pressing-band").count() == int(who != "requester")
            troubles += [f"{who} {url} {one}" for one in covered(page, "with the band")]
            page.evaluate("document.querySelector('.pressing-band')?.remove()")
            troubles += [f"{who} {url} {one}" for one in covered(page, "calm")]
    assert not troubles, "\n".join(troubles)
