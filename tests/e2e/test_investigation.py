"""An investigation that several write at once: what others save appears, what one types stays (PRB-04)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from problems.investigation.outline import mark_of, parse
from problems.investigation.writing import write_causes, write_note
from problems.models import Problem
from tests.contract.subjects import problem_in
from tests.e2e.conftest import until
from tests.e2e.test_live import connected, process, streamed  # noqa: F401 - fixtures
from tests.factories import MONDAY, World

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True), pytest.mark.req("PRB-04")]
BONES = "软件\n  * 缓存没有上限\n人员\n  评审未看内存\n环境\n  高峰在九点"


@pytest.mark.req("TKT-08", "UX-02")
def test_what_others_save_appears_and_what_one_types_stays(
    world: World,
    visit: Callable[..., Page],
    streamed: None,  # noqa: F811
) -> None:
    problem = Problem.objects.get(pk=problem_in("investigating", world).pk)
    page = visit("lead", language="en-US")
    page.goto(f"/problems/{problem.number}/investigation/")
    connected(page)
    box = page.locator("#business textarea")
    box.fill("my words")
    until(page, "document.querySelector('#business .draft-state').innerText.includes('Draft saved')")
    now = problem.created_at
    for part in ("environment", "business"):
        write_note(problem=problem, part=part, text=f"theirs: {part}", version=0, user=world.engineer, now=now)
    write_causes(
        problem=problem, method="fishbone", nodes=parse(BONES), mark=mark_of(""), user=world.engineer, now=now
    )

    until(page, "document.querySelector('#environment textarea').value === 'theirs: environment'")
    until(page, "document.querySelector('#fishbone svg') !== null")
    until(page, "document.querySelector('#business .live-warning') !== null")
    assert box.input_value() == "my words"
    page.locator("#business button", has_text="Save").click()
    page.wait_for_selector(".theirs")
    assert "theirs: business" in page.content()
    assert page.locator("#business textarea").input_value() == "my words"


@pytest.mark.req("UX-04")
def test_a_telephone_shows_the_fishbone_without_scrolling_aside(world: World, visit: Callable[..., Page]) -> None:
    problem = Problem.objects.get(pk=problem_in("investigating", world).pk)
    write_causes(problem=problem, method="fishbone", nodes=parse(BONES), mark=mark_of(""), user=world.lead, now=MONDAY)
    page = visit("lead", language="zh-CN")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/problems/{problem.number}/investigation/")
    drawing = page.locator("#fishbone .stands svg")
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    assert box
    assert box["width"] <= 390
    assert not page.locator("#fishbone .fishbone:not(.stands)").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    words = "[...document.querySelectorAll('#fishbone .stands text')]"
    small = page.evaluate(f"Math.min(...{words}.map((one) => one.getBoundingClientRect().height))")
    assert small >= 12
