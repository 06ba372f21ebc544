"""A window is never lost between the order and the work, is cut to the minute, and what came to light is reviewed."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from changes.collision.collisions import collisions_of
from changes.informing.models import AffectedNotice
from changes.models import Change, FreezeRule
from tests.api.client import Api, problem
from tests.changes.making import approve, change_in, later, request, staffed
from tests.factories import MONDAY, World, act, make_item, make_system, register_incident, reload_user
from tickets.actions import perform
from tickets.errors import ActionConflict, ActionInvalid

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-05")]
ANSWERS: dict[str, Any] = {
    "expected_reached": "no",
    "rating": "poor",
    "business_view": "fair",
    "interruption_minutes": "5",
}
NONE: dict[str, Any] = {"planned_start": "", "planned_end": ""}


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need, and a system with a customer."""
    staffed(world)
    make_system("core-db").organisations.set([world.organisations["exchange"]])
    make_item("db-1")
    return world


def ordered(world: World, *, now: Any = MONDAY, **data: Any) -> Any:
    """A standard change."""
    typed = {"template": "restart-service", "items": ["db-1"], **data}
    return perform(Change(), "order", user=world.engineer, data=typed, now=now).ticket


def test_the_window_of_a_standard_change_cannot_be_emptied(world: World, client: Client) -> None:
    """By no door; it goes on colliding with the freeze that came, and without a window nothing begins."""
    change = ordered(world, planned_start="2026-11-24T20:00", planned_end="2026-11-24T20:30")
    with pytest.raises(ActionInvalid) as refused:
        act(change, "edit", world.engineer, now=MONDAY, **NONE)
    assert {"planned_start", "planned_end"} <= refused.value.form.errors.keys()
    api = Api(reload_user(world.engineer))
    problem(api.post(f"changes/{change.number}/actions/edit/", {"planned_start": None, "planned_end": None}), 400)
    FreezeRule.objects.create(
        code="f", name_zh="封网", name_en="Freeze", kind="span", starts_at=later(30), ends_at=later(60)
    )
    assert [one.reason for one in collisions_of(Change.objects.get(pk=change.pk), MONDAY)] == ["freeze"]
    Change.objects.filter(pk=change.pk).update(planned_start=None, planned_end=None)
    with pytest.raises(ActionConflict, match=r"window|窗口"):
        act(Change.objects.get(pk=change.pk), "start", world.engineer, now=later(31))


@pytest.mark.req("CHG-04", "NTF-04")
def test_an_edit_of_the_summary_moves_nothing(world: World) -> None:
    """Ordered at 23.7 seconds past the minute: the page shows minutes, and sends those back."""
    at = MONDAY.replace(second=23, microsecond=707)
    change = ordered(world, now=at, business_system="core-db", effect="短暂中断")
    assert change.planned_start == MONDAY.replace(second=0, microsecond=0)
    Change.objects.filter(pk=change.pk).update(planned_start=at)  # as earlier releases stored it
    told = AffectedNotice.objects.get(change=change)
    told.pk, told.planned_start = None, at
    told.save()
    sent: dict[str, Any] = {
        "planned_start": f"{MONDAY:%Y-%m-%dT%H:%M}Z",
        "planned_end": change.planned_end.isoformat(),
    }
    act(Change.objects.get(pk=change.pk), "edit", world.engineer, now=MONDAY, summary="重启，二", **sent)
    assert "moved" not in AffectedNotice.objects.filter(change=change).values_list("stage", flat=True)


@pytest.mark.req("CHG-07")
def test_what_is_known_to_have_caused_an_incident_is_not_closed_with_one_tap(world: World) -> None:
    change: Any = change_in("reviewed", world)
    incident = register_incident(world.desk, items=["db-1"])
    said: dict[str, Any] = {"incident": incident.number, "caused": "yes"}
    change = act(change, "attribute_incident", world.engineer, **said)
    with pytest.raises(ActionConflict, match=r"attributed|归因"):
        act(change, "close", world.engineer)
    change = act(change, "review_in_full", world.people["changer"], **ANSWERS)
    assert act(change, "close", world.engineer).state == "closed"


@pytest.mark.req("CHG-02")
def test_an_emergency_that_was_assessed_and_altered_waits_for_no_change_manager(world: World) -> None:
    changer = world.people["changer"]
    change = act(request(world, "emergency", **NONE), "submit", world.lead, now=MONDAY)
    change = act(
        act(change, "accept", changer, now=MONDAY), "assess", changer, now=MONDAY, risk="low", assessment="小"
    )
    change = act(change, "edit", world.lead, now=MONDAY, plan="换一台机器")
    change = act(change, "ask_approval", world.lead, now=MONDAY)
    assert approve(change, world.people["leader"], world.people["head"]).state == "scheduled"


@pytest.mark.req("CHG-02", "CHG-10")
def test_a_draft_owes_no_record(world: World) -> None:
    change = act(request(world, "emergency", **NONE), "submit", world.lead, now=MONDAY)
    Change.objects.filter(pk=change.pk).update(record_since=MONDAY)  # as earlier releases did
    change = Change.objects.get(pk=change.pk)
    change = act(change, "send_back", world.people["changer"], now=later(1), text="不是紧急变更")
    assert change.record_since is None
    assert act(change, "submit", world.lead, now=later(30)).record_since is None


@pytest.mark.req("CHG-02")
def test_what_was_imported_stands_in_the_way_of_no_emergency(world: World) -> None:
    old = act(request(world, "emergency", items=["db-1"], **NONE), "submit", world.lead, now=MONDAY)
    Change.objects.filter(pk=old.pk).update(external_system="old", external_number="C1")
    again = request(world, "emergency", items=["db-1"], **NONE)
    assert act(again, "submit", world.lead, now=MONDAY).state == "submitted"


FROZEN: dict[str, Any] = {"planned_start": "2026-11-26T20:00", "planned_end": "2026-11-26T20:30"}


def freeze_thursday() -> None:
    """Nothing may be changed on the day of ``FROZEN``."""
    span = {"starts_at": later(72), "ends_at": later(96)}
    FreezeRule.objects.create(code="f", name_zh="封网", name_en="Freeze", kind="span", **span)


def test_a_standard_change_that_is_moved_is_read_for_collisions_there(world: World) -> None:
    """As when it was ordered: nobody is asked about it again before its work begins."""
    other = act(request(world, items=["db-1"], **FROZEN), "submit", world.lead, now=MONDAY)
    change = ordered(world, planned_start="2026-11-24T20:00", planned_end="2026-11-24T20:30")
    change = act(change, "edit", world.engineer, now=later(1), summary="重启，二")
    change = act(change, "edit", world.engineer, now=later(2), **FROZEN)
    kept = [(row.occasion, row.count, row.at) for row in change.collision_readings.all()]
    assert kept == [("order", 0, MONDAY), ("edit", 1, later(2))]
    assert change.collision_readings.last().collisions[0]["with"] == other.number


@pytest.mark.req("CHG-02")
@pytest.mark.parametrize("how", ["order", "move"])
def test_nobody_signs_for_what_a_standard_change_would_meet_and_the_refusal_says_what_is_possible(
    world: World, how: str
) -> None:
    """Another window, or a simple change; only what comes later over its own window is signed for."""
    change = ordered(world, planned_start="2026-11-24T20:00", planned_end="2026-11-24T20:30")
    freeze_thursday()
    with pytest.raises(ActionConflict, match=r"simple change|简单变更"):
        ordered(world, **FROZEN) if how == "order" else act(change, "edit", world.engineer, now=later(1), **FROZEN)
    FreezeRule.objects.filter(code="f").update(starts_at=later(24), ends_at=later(48))
    with pytest.raises(ActionConflict) as refused:
        act(Change.objects.get(pk=change.pk), "start", world.engineer, now=later(36.1))
    assert "simple change" not in str(refused.value)
    assert "简单变更" not in str(refused.value)
