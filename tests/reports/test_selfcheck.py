"""The nightly comparison asks for what figures were then and how tickets went, too: what does not open is an alarm."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

import pytest

from reports import selfcheck
from reports.facts.versions import kept_since
from reports.figures import Scope
from tests.factories import World
from tests.reports.test_addresses import go_many_ways
from tests.reports.test_known import march, seal
from tests.reports.test_process import process_of
from tickets import clock
from tickets.queues.filters import TicketFilter

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.req("RPT-01")]


def compared(compare: Any, scope: Scope, *more: Any) -> selfcheck.Result:
    """What one part of the comparison finds, whatever is drawn."""
    result = selfcheck.Result(at="")
    for number in range(4):
        compare(random.Random(number), scope, result, *more)  # noqa: S311 - a draw
    return result


def test_ways_that_do_not_open_are_differences(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the list took shorter addresses than the process page makes."""
    go_many_ways(world)
    scope = process_of(world.manager).scope
    found = compared(selfcheck._compare_process, scope)
    assert (found.differences, found.compared > 4 * selfcheck.STEPS) == ([], True)

    monkeypatch.setitem(TicketFilter.base_filters["records"].extra, "max_length", 250)  # type: ignore[misc]

    assert any("otherpaths" in text for text in compared(selfcheck._compare_process, scope).differences)


def test_figures_of_then_that_do_not_open_are_differences(
    world: World, month: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when sets that are made of parts were counted, and found by no door."""
    scope = march(world)
    seal(scope)
    now: datetime = clock.now()
    assert (since := kept_since("incident")) is not None
    assert since < now
    found = compared(selfcheck._compare_then, scope, now)
    assert (found.differences, found.compared > 4 * selfcheck.THEN) == ([], True)

    members = selfcheck.KnownScope.counted

    def of_one_part(scope: Any, chosen: Any) -> Any:
        return members(scope, chosen).none() if chosen.records.parts else members(scope, chosen)

    monkeypatch.setattr(selfcheck.KnownScope, "counted", of_one_part)
    monkeypatch.setattr(selfcheck, "THEN", 1000)

    assert any("incident.judged" in text for text in compared(selfcheck._compare_then, scope, now).differences)


def test_the_whole_comparison_runs_them(world: World, month: dict[str, Any]) -> None:
    seal(march(world))
    go_many_ways(world)
    assert selfcheck.compare(clock.now()).differences == []
