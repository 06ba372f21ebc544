"""A change is dragged to another day and time: a page says what falls, and only there it is moved (CHG-05)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import TimeoutError

from accounts.models import User
from changes.models import Change
from tests.changes.making import approve, request, staffed
from tests.factories import World, act, make_system
from tickets import clock

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.journey, pytest.mark.req("CHG-05"), pytest.mark.django_db(transaction=True)]
SHANGHAI = ZoneInfo("Asia/Shanghai")


def scheduled(world: World) -> Any:
    """An approved change in the middle of a coming month, at 20:00."""
    staffed(world)
    User.objects.update(password=world.desk.password)  # those who decide came just now
    make_system("core-db").organisations.set([world.organisations["exchange"]])
    now = clock.now()
    day = (now.astimezone(SHANGHAI).replace(day=1) + timedelta(days=32)).replace(day=15, hour=20, minute=0, second=0)
    window: Any = {
        "planned_start": f"{day:%Y-%m-%dT%H:%M}",
        "planned_end": f"{day + timedelta(hours=2):%Y-%m-%dT%H:%M}",
    }
    typed: Any = {"business_system": "core-db", "effect": "短时中断", "items": []}
    change = act(request(world, now=None, **window, **typed), "submit", world.lead)
    change = act(change, "accept", world.people["changer"])
    return approve(act(change, "ask_approval", world.lead), world.approver, now=clock.now())


def drag(page: Page, grip: Callable[[], object], carry: Callable[[], object]) -> None:
    """``grip`` points at a change, ``carry`` takes it along; let go where the page marks the place.

    A busy browser takes the first move for the beginning and the second for the way, and can miss both: then it is
    tried again, as a person would.
    """
    for _ in range(5):
        grip()
        page.mouse.down()
        carry()
        carry()
        with suppress(TimeoutError):
            page.locator(".drop-here").wait_for(timeout=4_000)
            page.mouse.up()
            return
        page.mouse.move(1, 1)
        page.mouse.up()
    raise AssertionError("Five times nothing was dragged.")


def test_a_change_is_dragged_and_what_falls_is_said_first(world: World, visit: Callable[..., Page]) -> None:
    change = scheduled(world)
    local = change.planned_start.astimezone(SHANGHAI)
    page = visit("lead")
    page.goto(f"/changes/calendar/?on={local:%Y-%m-%d}")
    target = f"{local + timedelta(days=1):%Y-%m-%d}"
    drag(page, page.locator(".planned[data-moves]").hover, page.locator(f"td[data-day='{target}']").hover)
    page.wait_for_url(f"**/move/?day={target}")
    assert page.input_value("[name=planned_start]") == f"{target}T20:00"
    assert Change.objects.get(pk=change.pk).planned_start == change.planned_start
    page.click("main form button.btn-primary")
    page.locator("main [role=alert]").wait_for()
    page.check("[name=let_approvals_fall]")
    page.click("main form button.btn-primary")
    page.wait_for_url(f"**/tickets/{change.number}/")
    change = Change.objects.get(pk=change.pk)
    assert change.planned_start is not None
    assert (change.planned_start.astimezone(SHANGHAI).day, change.state) == (16, "accepted")

    page.goto(f"/changes/calendar/?view=day&on={target}")
    line: Any = page.locator("table.change-day").bounding_box()
    bar: Any = page.locator(".bar [data-moves]").bounding_box()
    moved = -round(line["width"] / 24 * 3)
    at = bar["x"] + 4, bar["y"] + 4
    drag(page, lambda: page.mouse.move(*at), lambda: page.mouse.move(at[0] + moved, at[1], steps=8))
    page.wait_for_url("**/move/?start=*")
    assert page.input_value("[name=planned_start]") == f"{target}T17:00"


def test_in_a_week_a_change_is_dragged_into_another_lane(world: World, visit: Callable[..., Page]) -> None:
    """Another day and another business system at once; the page says from which to which."""
    change = scheduled(world)
    make_system("website")
    window: Any = {name: getattr(change, name).isoformat() for name in ("planned_start", "planned_end")}
    act(request(world, now=None, business_system="website", **window), "submit", world.lead)
    local = change.planned_start.astimezone(SHANGHAI)
    target = local + timedelta(days=-1 if local.weekday() == 6 else 1)
    page = visit("lead")
    page.goto(f"/changes/calendar/?view=week&by=service&on={local:%Y-%m-%d}")
    chip = page.locator(f".planned[data-moves='/changes/{change.number}/move/']").first
    drag(page, chip.hover, page.locator(f"td[data-day='{target:%Y-%m-%d}'][data-code=website]").hover)
    page.wait_for_url(f"**/move/?day={target:%Y-%m-%d}&service=website")
    assert page.input_value("[name=planned_start]") == f"{target:%Y-%m-%d}T20:00"
    assert page.locator("[name=business_system]").evaluate("(field) => field.value") == "website"
