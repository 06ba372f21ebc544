"""Sets of actions: each model that takes one gets its own, and what contradicts itself is refused while it is made."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test.utils import isolate_apps
from django_fsm import TransitionNotAllowed

from records.lifecycle import StepSet
from records.models import Record

pytestmark = pytest.mark.req("TKT-06")

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
APP = "second_family"


def closing(*, opened: str, closed: str) -> StepSet:
    """A set that asks for states."""
    found = StepSet()

    @found.step(source=opened, target=closed, label="Close", done="Closed", system=True)
    def close(record: Record, *, now: datetime) -> None:
        """Close it."""
        record.updated_at = now

    return found


def ticking() -> StepSet:
    """A set of one step that keeps the state."""
    found = StepSet()

    @found.step(source="open", label="Tick", done="Ticked", system=True)
    def tick(record: Record, *, now: datetime) -> None:
        """Say that it is still there."""
        record.updated_at = now

    return found


def taken_by(name: str, steps: StepSet, **more: Any) -> Any:
    """A model that takes ``steps``."""
    meta = type("Meta", (), {"app_label": APP})
    return type(name, (Record,), {"__module__": __name__, "lifecycle": steps, "Meta": meta, **more})


@isolate_apps(f"tests.{APP}")
def test_two_models_take_a_set_each_with_its_own_states() -> None:
    door = taken_by("Door", closing(opened="ajar", closed="shut"))(state="ajar")
    lamp = taken_by("Lamp", closing(opened="lit", closed="dark"))(state="lit")

    for row in (door, lamp):
        row.lifecycle["close"].take(row, now=NOW)

    assert [(row.state, row.updated_at) for row in (door, lamp)] == [("shut", NOW), ("dark", NOW)]


@isolate_apps(f"tests.{APP}")
def test_two_models_take_the_very_same_set() -> None:
    steps = closing(opened="open", closed="shut")
    door, shop = (taken_by(name, StepSet(steps))(state="open") for name in ("Door", "Shop"))

    for row in (door, shop):
        row.lifecycle["close"].take(row, now=NOW)

    assert (door.state, shop.state) == ("shut", "shut")
    assert vars(type(door))["close"] is not vars(type(shop))["close"]


@isolate_apps(f"tests.{APP}")
def test_a_step_starts_in_its_own_states_only() -> None:
    door = taken_by("Door", closing(opened="ajar", closed="shut"))(state="shut")

    with pytest.raises(TransitionNotAllowed):
        door.lifecycle["close"].take(door, now=NOW)
    assert (door.state, door.updated_at) == ("shut", None)


def test_a_model_declares_its_own_before_what_it_takes() -> None:
    own = StepSet(ticking(), closing(opened="ajar", closed="shut"))

    @own.step(source="ajar", target="locked", label="Lock", done="Locked", system=True)
    def lock(record: Record, *, now: datetime) -> None:
        """Turn the key."""

    assert list(own) == ["lock", "tick", "close"]


def test_a_name_is_declared_once() -> None:
    with pytest.raises(TypeError, match="tick is declared twice"):
        list(StepSet(ticking(), ticking()))


@isolate_apps(f"tests.{APP}")
def test_a_step_hides_nothing_of_its_model() -> None:
    with pytest.raises(TypeError, match="Clock has tick already"):
        taken_by("Clock", ticking(), tick=lambda self: "tock")


def test_what_was_read_takes_nothing_more() -> None:
    steps = ticking()
    assert list(steps) == ["tick"]

    with pytest.raises(TypeError, match="takes nothing more"):
        steps.step(source="open", label="Tock", done="Tocked")
