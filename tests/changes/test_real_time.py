"""A change stands when it really is carried out: begun early, late, past its window; from both sides (CHG-05)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from changes.collision.collisions import collisions_between, collisions_of
from changes.models import Change
from changes.schedule.freeze_models import FreezeRule
from changes.schedule.slots import free_slots
from tests.api.client import Api
from tests.changes.making import approve, later, request, staffed
from tests.factories import MONDAY, World, act, make_item
from tickets import clock
from tickets.errors import ActionConflict, ActionInvalid

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-05", "CHG-06")]
#: The window of ``request``: Tuesday, 20:00 to 22:00 in Shanghai.
BEGIN, END = later(35), later(37)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need."""
    return staffed(world)


def scheduled(world: World, kind: str = "simple", **data: Any) -> Any:
    """A change that was approved on Monday."""
    change: Any = act(request(world, kind, **data), "submit", world.lead, now=MONDAY)
    change = act(change, "accept", world.people["changer"], now=MONDAY)
    return approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)


def urgent(world: World, **data: Any) -> Any:
    """An emergency that was decided on Monday, to begin at once."""
    change: Any = act(request(world, "emergency", **data), "submit", world.lead, now=MONDAY)
    change = act(change, "ask_approval", world.lead, now=MONDAY)
    return approve(change, world.people["leader"], world.people["head"], reason="必需")


def freeze(start: datetime, end: datetime) -> FreezeRule:
    """Nothing may be changed meanwhile."""
    names = {"code": "audit", "name_zh": "审计", "name_en": "Audit", "kind": "span"}
    return FreezeRule.objects.create(starts_at=start, ends_at=end, **names)


def window(start: datetime, end: datetime) -> dict[str, Any]:
    """As it is typed."""
    return {"planned_start": start.isoformat(), "planned_end": end.isoformat()}


def test_nothing_begins_when_its_window_is_over(world: World) -> None:
    """It is moved first, so that somebody looks at the new time; a minute before the end it still begins."""
    change = scheduled(world)
    for moment in (END, END + 5 * HOUR):
        with pytest.raises(ActionConflict, match=r"over|已过"):
            act(change, "start", world.engineer, now=moment)
    assert act(change, "start", world.engineer, now=END - timedelta(minutes=1)).state == "implementing"


def test_what_begins_early_is_looked_at_in_the_time_it_really_takes(world: World) -> None:
    """A freeze that is on now, though not in the planned window, is signed for; one that is over is not."""
    change = urgent(world)
    rule = freeze(later(10), later(12))
    with pytest.raises(ActionInvalid):
        act(change, "start", world.engineer, now=later(11))
    assert Change.objects.get(pk=change.pk).actual_start is None
    assert act(change, "start", world.engineer, now=rule.ends_at).state == "implementing"


def test_whoever_begins_early_is_not_in_two_places(world: World) -> None:
    earlier = scheduled(world, assignee="engineer", **window(BEGIN - 4 * HOUR, BEGIN - 2 * HOUR))
    change = urgent(world, assignee="engineer")
    with pytest.raises(ActionInvalid) as asked:
        act(change, "start", world.engineer, now=BEGIN - 3 * HOUR)
    assert earlier.number in str(asked.value.form.errors["text"])
    assert act(change, "start", world.engineer, now=BEGIN - HOUR).state == "implementing"


def test_what_is_past_hinders_nobody_who_begins_late(world: World) -> None:
    change = scheduled(world)
    freeze(BEGIN, BEGIN + HOUR / 2)
    with pytest.raises(ActionConflict):
        act(change, "start", world.engineer, now=BEGIN)
    assert act(change, "start", world.engineer, now=BEGIN + HOUR / 2).state == "implementing"


def test_a_signature_counts_for_the_window_that_was_signed(world: World) -> None:
    """What begins before it meets the freeze where nobody signed."""
    freeze(BEGIN - 3 * HOUR, END)
    change = urgent(world)
    assert change.overrides.count() == 2
    with pytest.raises(ActionInvalid) as asked:
        act(change, "start", world.engineer, now=BEGIN - HOUR)
    assert "审计" in str(asked.value.form.errors["text"])
    assert act(change, "start", world.engineer, now=BEGIN + HOUR / 4).state == "implementing"


def met(change: Any, now: datetime) -> list[tuple[str, str]]:
    """(reason, number of the other change) of what ``change`` collides with as seen at ``now``."""
    found = collisions_of(Change.objects.get(pk=change.pk), now)
    return [(str(one.reason), one.other.number) for one in found if one.other]


def test_what_is_carried_out_past_its_end_is_in_the_way_until_it_ends(world: World) -> None:
    """Nobody reported a delay. Seen from both sides, by the list of pairs, the free windows and the beginning."""
    make_item("db-1")
    late = act(scheduled(world, assignee="engineer", items=["db-1"]), "start", world.engineer, now=BEGIN)
    follows = scheduled(world, assignee="engineer", items=["db-1"], **window(END, END + 2 * HOUR))
    assert met(follows, END - HOUR) == []
    now = END + HOUR
    assert {other for _reason, other in met(follows, now)} == {late.number}
    assert {reason for reason, _other in met(follows, now)} == {"person", "item"}
    assert {other for _reason, other in met(late, now)} == {follows.number}
    pairs = collisions_between(END, END + 2 * HOUR, now)
    assert {str(one.reason) for one in pairs} == {"person", "item"}
    assert collisions_between(END, END + 2 * HOUR, END - HOUR) == []
    with pytest.raises(ActionConflict, match=late.number):
        act(follows, "start", world.engineer, now=now)
    assert free_slots(follows, now)[0].start > now
    act(Change.objects.get(pk=late.pk), "implement", world.engineer, now=now, result="as_planned")
    assert met(follows, now) == []
    assert act(follows, "start", world.engineer, now=now).state == "implementing"


def test_what_began_early_stands_from_then_on(world: World) -> None:
    first = act(urgent(world, assignee="engineer"), "start", world.engineer, now=BEGIN - 3 * HOUR)
    between: Any = request(world, assignee="engineer", **window(BEGIN - 2 * HOUR, BEGIN - HOUR))
    assert met(between, BEGIN - 3 * HOUR) == [("person", first.number)]
    with pytest.raises(ActionConflict, match=first.number):
        act(between, "submit", world.lead, now=BEGIN - 3 * HOUR)


@pytest.mark.slow
def test_an_emergency_without_a_window_stands_while_it_is_carried_out(world: World) -> None:
    none: dict[str, Any] = {"planned_start": "", "planned_end": ""}
    change = urgent(world, assignee="engineer", **none)
    other = scheduled(world, assignee="engineer")
    assert met(other, MONDAY) == []
    act(change, "start", world.engineer, now=BEGIN, text="行情中断")
    assert met(other, BEGIN + HOUR) == [("person", change.number)]
    assert met(change, BEGIN + HOUR) == [("person", other.number)]


@pytest.mark.parametrize("how", ["reject", "cancel", "implement", "back_out_now"])
def test_what_is_over_is_in_nobody_s_way_whatever_its_times_say(world: World, how: str) -> None:
    """Trap 12: rejected and cancelled ones never; those carried out only until they are."""
    change: Any = act(request(world, assignee="engineer"), "submit", world.lead, now=MONDAY)
    other = request(world, assignee="engineer")
    assert met(other, MONDAY) == [("person", change.number)]
    if how in ("reject", "cancel"):
        who = world.people["changer"] if how == "reject" else world.lead
        act(change, how, who, now=MONDAY, text="不做了")
    else:
        change = act(change, "accept", world.people["changer"], now=MONDAY)
        change = approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)
        change = act(change, "start", world.engineer, now=BEGIN)
        typed = {"result": "as_planned"} if how == "implement" else {"text": "失败"}
        assert met(other, BEGIN + HOUR) == [("person", change.number)]
        act(change, how, world.engineer, now=BEGIN + HOUR, **typed)
    assert met(other, BEGIN + HOUR) == []
    assert collisions_between(BEGIN, END, BEGIN + HOUR) == []


def test_pages_and_programs_see_what_runs_late_now(world: World) -> None:
    """By the clock of the portal, which no caller names."""
    now = clock.now().replace(second=0, microsecond=0)
    FreezeRule.objects.update(active=False)
    late: Any = request(world, assignee="engineer", **window(now - HOUR, now + HOUR))
    late = act(act(late, "submit", world.lead), "accept", world.people["changer"])
    late = approve(act(late, "ask_approval", world.lead), world.approver, now=now)
    late = act(late, "start", world.engineer)
    Change.objects.filter(pk=late.pk).update(planned_start=now - 5 * HOUR, planned_end=now - 3 * HOUR)
    other = request(world, assignee="engineer", **window(now - HOUR, now + HOUR))
    rows = Api(world.lead).results(f"changes/{other.number}/collisions/")
    assert [(row["reason"], row["change"]) for row in rows] == [("person", late.number)]
