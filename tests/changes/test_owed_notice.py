"""Whatever was written to its items under a change is told and owed in time, whatever its type or end (CHG-08)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from changes.models import Change
from changes.updating.due import owe_notices
from cmdb.services import Stamp, update_item
from cmdb.versioning.moments import replaying
from sla.models import Clock
from tests.changes.making import approve, later, request, role, staffed
from tests.factories import MONDAY, World, act, make_item, reload_user
from tickets.actions import perform
from tickets.errors import ActionConflict

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-08", "CMDB-06")]


@pytest.fixture(autouse=True)
def item(world: World) -> Any:
    """An item in use; the manager is the configuration manager too."""
    staffed(world)
    role(world.manager, "config_manager")
    with replaying(MONDAY):
        return make_item("db-1")


def begun(world: World, kind: str) -> Any:
    """A change of the item that the engineer is carrying out."""
    if kind == "standard":
        window = {"planned_start": "2026-11-24T20:00", "planned_end": "2026-11-24T21:00"}
        typed = {"template": "extend-disk", "items": ["db-1"], **window}
        change: Any = perform(Change(), "order", user=world.engineer, data=typed, now=MONDAY).ticket
    else:
        change = act(request(world, items=["db-1"]), "submit", world.lead, now=MONDAY)
        change = act(change, "accept", world.people["changer"], now=MONDAY)
        change = approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)
    return act(change, "start", world.engineer, now=later(35))


def write(change: Any, world: World, item: Any, at: Any) -> None:
    """Write to the item with the change as ground."""
    with replaying(at):
        update_item(item=item, facts={"name": f"neu {at}"}, stamp=Stamp(by=world.engineer, change=change.number))


def end(change: Any, world: World, how: str) -> Any:
    """Let it end."""
    typed = {"result": "as_planned"} if how == "implement" else {"text": "不行"}
    return act(change, how, world.engineer, now=later(36), **typed)


def clock(change: Any) -> list[tuple[str, timedelta]]:
    """State and target of the clock of the notice."""
    found = Clock.objects.filter(ticket_id=change.pk, metric="notice")
    return [(one.state, one.target) for one in found]


RUNNING = [("running", timedelta(hours=24))]


@pytest.mark.parametrize(("kind", "how"), [("standard", "implement"), ("simple", "back_out_now")])
def test_what_was_written_while_it_ran_is_owed_from_its_end(world: World, item: Any, kind: str, how: str) -> None:
    change = begun(world, kind)
    write(change, world, item, later(35.5))
    change = end(change, world, how)
    assert clock(change) == RUNNING
    with pytest.raises(ActionConflict, match=r"notice|通知"):
        act(reviewed(change, world, how), "close", world.engineer, now=later(38))


def reviewed(change: Any, world: World, how: str) -> Any:
    """The review of it."""
    if how == "implement":
        return act(change, "confirm_result", world.engineer, now=later(37))
    answers = {"expected_reached": "no", "rating": "poor", "business_view": "fair", "interruption_minutes": "0"}
    return act(change, "review", world.people["changer"], now=later(37), **answers)


@pytest.mark.parametrize(("kind", "how"), [("standard", "implement"), ("simple", "back_out_now")])
def test_where_nothing_was_written_nothing_is_owed(world: World, kind: str, how: str) -> None:
    change = end(begun(world, kind), world, how)
    assert clock(change) == []
    assert owe_notices(later(37)) == 0
    with pytest.raises(ActionConflict):
        act(change, "send_notice", world.engineer, now=later(37), text="无")
    assert act(reviewed(change, world, how), "close", world.engineer, now=later(38)).state == "closed"


@pytest.mark.parametrize(("kind", "how"), [("standard", "implement"), ("simple", "back_out_now")])
def test_what_is_written_after_its_end_is_owed_from_then(world: World, item: Any, kind: str, how: str) -> None:
    change = end(begun(world, kind), world, how)
    write(change, world, item, later(36.5))
    assert owe_notices(later(36.5)) == 1
    assert owe_notices(later(36.6)) == 0
    change = Change.objects.get(pk=change.pk)
    assert (change.notice_since, clock(change)) == (later(36.5), RUNNING)

    change = act(change, "send_notice", world.engineer, now=later(37), text="改了名字")
    config = reload_user(world.manager)
    change = act(change, "order_update", config, now=later(37), operator="engineer", text="登记")
    assert Clock.objects.get(ticket_id=change.pk, metric="order").target == timedelta(hours=24)
    write(change, world, item, later(37.5))
    assert owe_notices(later(37.6)) == 0, "its return will tell it"
    change = act(change, "return_order", world.engineer, now=later(37.7), text="已登记")
    assert owe_notices(later(38)) == 0, "what the order wrote was told by its return"


def test_no_change_is_closed_before_the_clock_has_noticed_what_was_written(world: World, item: Any) -> None:
    change = reviewed(end(begun(world, "standard"), world, "implement"), world, "implement")
    write(change, world, item, later(37.5))
    with pytest.raises(ActionConflict, match=r"notice|通知"):
        act(change, "close", world.engineer, now=later(38))
    change = act(change, "send_notice", world.engineer, now=later(38), text="改了名字")
    change = act(change, "settle_difference", world.engineer, now=later(38), text="计划外")
    assert act(change, "close", world.engineer, now=later(38)).state == "closed"
