"""Two journeys of people who need each other: an expert is called in and comes, two engineers swap a duty."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from duty.models import Override, Roster, SwapProposal
from duty.services import save_roster
from incidents.models import CallIn
from tests.e2e.test_incident_life import send
from tests.factories import World, incident_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

Visit = Callable[..., "Page"]


def call(page: Page, name: str, what_for: str) -> None:
    """Call somebody in who is found by name."""
    page.locator(".emergency .actions").get_by_text("Call in", exact=True).click()
    page.locator("#action-panel .ts-control input").first.click()
    page.keyboard.type(name)
    page.locator(".ts-dropdown .option", has_text=name).first.click()
    page.fill("#action-panel [name=text]", what_for)
    send(page)


def answer(page: Page, label: str) -> None:
    """Press one of the answers to the call."""
    page.locator(".called .actions").get_by_text(label, exact=True).click()


@pytest.mark.req("MAJ-02")
def test_an_expert_is_called_in_answers_and_joins(world: World, visit: Visit) -> None:
    ticket = incident_in("in_progress", world, impact="I1")
    manager, expert = visit("manager", language="en-US"), visit("expert", language="en-US")
    manager.goto(ticket.get_absolute_url())
    manager.locator(".emergency .calls li").wait_for(state="detached")
    call(manager, "expert", "The cluster does not fail over")
    line = manager.locator(".emergency .calls li", has_text="Expert")
    line.locator(".pill", has_text="no answer").wait_for()

    # Whoever is called is told so on every page, and comes from there.
    expert.goto("/queue/")
    expert.locator(".pressing-band", has_text=ticket.number).wait_for()
    expert.goto(ticket.get_absolute_url())
    expert.locator(".called", has_text="The cluster does not fail over").wait_for()
    answer(expert, "I am coming")
    expert.locator(".called .pill", has_text="coming").wait_for()
    manager.reload()
    line.locator(".pill", has_text="is coming").wait_for()
    answer(expert, "I have joined")
    expert.locator(".entry", has_text="joined").wait_for()

    manager.reload()
    line.locator(".pill", has_text="has joined").wait_for()
    for said in ("called people in", "is coming", "joined"):
        manager.locator(".entry", has_text=said).first.wait_for()
    found = CallIn.objects.get()
    assert (found.person, found.answer, found.joined_at is not None) == (world.expert, "joined", True)


@pytest.mark.req("ORG-05")
def test_two_engineers_swap_a_duty(world: World, visit: Visit) -> None:
    start = timezone.localdate() - timedelta(days=3)
    made = Roster(group=world.groups["host"], period="week", starts_on=start, handover=time(0))
    roster = save_roster(roster=made, members=[world.engineer, world.engineer2])
    asking, asked = visit("engineer", language="en-US"), visit("engineer2", language="en-US")
    address = f"/duty/{roster.pk}/"
    asking.goto(address)
    asking.get_by_text("Propose a swap", exact=True).click()
    asking.select_option("select[name=proposal-first]", index=0)
    asking.select_option("select[name=proposal-second]", index=0)
    asking.fill("[name=proposal-note]", "A medical appointment")
    asking.get_by_role("button", name="Propose", exact=True).click()
    asking.locator(".pill", has_text="waits for Engineer2").wait_for()
    assert (SwapProposal.objects.get().state, Override.objects.count()) == ("open", 0)

    asked.goto("/notices/")
    asked.locator("main", has_text="A medical appointment").wait_for()
    asked.goto(address)
    asked.locator(".duty-spans", has_text="A medical appointment").wait_for()
    assert asked.locator("tbody .pill", has_text="swapped").count() == 0
    asked.get_by_role("button", name="Accept", exact=True).click()
    asked.locator(".toasts", has_text="Your answer is stored").wait_for()

    for page in (asked, asking):
        page.goto(address)
        swapped = page.locator("tbody tr", has=page.locator(".pill", has_text="swapped"))
        swapped.nth(1).wait_for()
        assert swapped.count() == 2
        assert "Engineer2" in swapped.nth(1).inner_text() + swapped.nth(0).inner_text()
        assert page.get_by_role("button", name="Accept", exact=True).count() == 0
    assert (SwapProposal.objects.get().state, Override.objects.count()) == ("accepted", 2)
