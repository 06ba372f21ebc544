"""What is carried out is recorded as it was: when, by whom, what was written, and how it went (CHG-06 to 09)."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from changes.models import Change, PlanStep
from changes.prepared.difference import differences
from changes.unauthorised.queries import writes
from changes.updating.due import owe_notices
from cmdb.models import ConfigurationItem
from cmdb.services import NotAllowed, Stamp, update_item
from cmdb.versioning.moments import replaying
from notifications.models import Notice
from sla.models import Clock
from tests.changes.making import approve, later, request, role, staffed
from tests.factories import MONDAY, World, act, make_item, make_user, register_incident, reload_user
from tickets.errors import ActionConflict, ActionForbidden, ActionInvalid

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-06")]
ANSWERS = {"expected_reached": "no", "rating": "poor", "business_view": "fair", "interruption_minutes": "0"}


@pytest.fixture(autouse=True)
def estate(world: World) -> World:
    """An item of long ago, a configuration manager, leaders of both sides."""
    with replaying(MONDAY):
        make_item("db-1")
    role(staffed(world).manager, "config_manager")
    world.people["business"] = make_user("business", "system_owner")
    world.lead.organisation.decision_makers.add(world.people["business"])
    return world


def approved(world: World, kind: str = "simple", *, step: dict[str, Any] | None = None, edit: bool = False) -> Any:
    """A change of db-1 that the engineer implements, approved."""
    change: Any = request(world, kind, assignee="engineer", items=["db-1"])
    if edit:
        named = {"item": "db-1", "attribute": "name", "value": "新"}
        change = act(change, "prepare_value", world.lead, now=MONDAY, **named)
    if step is not None:
        change = act(change, "add_step", world.lead, now=MONDAY, **{"what": "切换", **step})
    change = act(change, "submit", world.lead, now=MONDAY)
    if kind != "emergency":
        change = act(change, "accept", world.people["changer"], now=MONDAY)
    if kind == "major":
        assessor = make_user("assessor", "change_manager")
        change = act(change, "assess", assessor, now=MONDAY, risk="low", assessment="小")
    change = act(change, "ask_approval", world.lead, now=MONDAY)
    people: dict[str, tuple[User, ...]] = {
        "simple": (world.approver,),
        "major": (world.people["head"], world.people["leader"], world.approver),
        "emergency": (world.people["leader"], world.people["business"]),
    }
    return approve(change, *people[kind], reason="必需")


def begun(world: World, kind: str = "simple", **more: Any) -> Any:
    """The same, begun at the start of its window."""
    return act(approved(world, kind, **more), "start", world.engineer, now=later(35))


def write(at: float, name: str, **stamp: Any) -> None:
    """Write to db-1, so many hours after the beginning."""
    with replaying(later(at)):
        update_item(item=ConfigurationItem.objects.get(identifier="db-1"), facts={"name": name}, stamp=Stamp(**stamp))


def apply(change: Any, person: User, at: float) -> Any:
    """Write what was prepared."""
    with replaying(later(at)):
        return act(change, "apply_edits", person, now=later(at))


def refused(change: Any, name: str, person: User, at: float, **typed: Any) -> list[str]:
    """The fields beside which ``name`` is refused."""
    with pytest.raises(ActionInvalid) as error:
        act(change, name, person, now=later(at), **typed)
    return list(error.value.form.errors)


@pytest.mark.req("CHG-08", "CMDB-06")
def test_nothing_is_written_under_a_change_before_its_work_has_begun(world: World) -> None:
    """What is only scheduled can still be cancelled or fall, and the record would stand."""
    change = approved(world, edit=True)
    with pytest.raises(ActionConflict):
        apply(change, world.engineer, 35.1)
    with pytest.raises(NotAllowed):
        write(35.2, "still", by=world.engineer, change=change.number)
    change = apply(act(change, "start", world.engineer, now=later(35.3)), world.engineer, 35.4)
    assert ConfigurationItem.objects.get(identifier="db-1").name == "新"


@pytest.mark.req("CHG-08")
def test_after_a_back_out_nothing_stays_planned(world: World) -> None:
    """What was written stands there until somebody explains it; what was not is not written any more."""
    change = act(begun(world, edit=True), "back_out_now", world.engineer, now=later(36), text="坏")
    assert not differences(change)
    with pytest.raises(ActionConflict):
        apply(change, world.engineer, 36.5)


@pytest.mark.req("CHG-08")
def test_what_a_backed_out_change_wrote_is_settled_before_it_is_closed(world: World) -> None:
    change = apply(begun(world, edit=True), world.engineer, 35.5)
    change = act(change, "back_out_now", world.engineer, now=later(36), text="坏")
    assert [one.text for one in differences(change)] == ["db-1: 名称"]
    change = act(change, "review", world.people["changer"], now=later(37), **ANSWERS)
    change = act(change, "send_notice", world.engineer, now=later(37), text="名称")
    with pytest.raises(ActionConflict):
        act(change, "close", world.engineer, now=later(38))
    change = act(change, "settle_difference", world.engineer, now=later(38), text="名称保留")
    assert act(change, "close", world.engineer, now=later(38)).state == "closed"


@pytest.mark.req("CHG-09")
def test_no_change_is_dated_back_over_a_write_without_one(world: World) -> None:
    """Its real start lies in its window; that it was planned covers no write."""
    write(5, "eigenmächtig", source="import", trusted=True)
    change = approved(world)
    write(35.1, "zu früh", source="import", trusted=True)
    change = act(change, "start", world.engineer, now=later(35.5))
    typed = {"result": "as_planned", "actual_start": "2026-11-20T09:00"}
    assert refused(change, "implement", world.engineer, 36, **typed) == ["actual_start"]
    typed["actual_start"] = "2026-11-24T20:15"
    act(change, "implement", world.engineer, now=later(36), **typed)
    found = [one.version.name for one in writes(reload_user(world.manager), "open", 50)]
    assert found == ["zu früh", "eigenmächtig"]


@pytest.mark.req("CHG-09")
def test_an_emergency_began_after_it_was_requested(world: World) -> None:
    """It is told afterwards, so any time since then; before, nobody knew of it."""
    change = begun(world, "emergency")
    typed = {"result": "as_planned", "actual_start": later(-1).isoformat()}
    assert refused(change, "implement", world.engineer, 36, **typed) == ["actual_start"]
    typed["actual_start"] = later(1).isoformat()
    assert act(change, "implement", world.engineer, now=later(36), **typed).actual_start == later(1)


@pytest.mark.parametrize("name", ["implement", "back_out_now"])
def test_a_change_ends_after_its_last_step(world: World, name: str) -> None:
    change = begun(world, step={})
    change = act(change, "report_step", world.engineer, now=later(60), step=1, status="done")
    how = {"result": "deviated"} if name == "implement" else {}
    typed = {"text": "慢", "actual_end": "2026-11-24T21:59", **how}
    assert refused(change, name, world.engineer, 61, **typed) == ["actual_end"]
    typed["actual_end"] = later(60.5).isoformat()
    assert act(change, name, world.engineer, now=later(61), **typed).actual_end == later(60.5)


@pytest.mark.req("CHG-08", "CMDB-06")
def test_what_is_written_after_the_notice_is_owed_anew(world: World) -> None:
    change = begun(world, edit=True)
    change = act(change, "implement", world.engineer, now=later(36), result="as_planned")
    change = act(change, "send_notice", world.engineer, now=later(36.5), text="什么都没改")
    assert owe_notices(later(36.6)) == 0
    change = act(apply(change, world.engineer, 37), "confirm_result", world.engineer, now=later(38))
    with pytest.raises(ActionConflict, match=r"notice|通知"):
        act(change, "close", world.engineer, now=later(39))
    assert (owe_notices(later(39)), owe_notices(later(39.1))) == (1, 0)
    clock = Clock.objects.filter(ticket_id=change.pk, metric="notice").latest("pk")
    assert clock.state == "running"
    change = act(Change.objects.get(pk=change.pk), "send_notice", world.engineer, now=later(40), text="名称")
    assert act(change, "close", world.engineer, now=later(41)).state == "closed"


@pytest.mark.req("CHG-03")
def test_whoever_decided_a_major_change_does_none_of_its_work(world: World) -> None:
    step = {"no_return": "on", "planned_from": "2026-11-24T21:00", "planned_to": "2026-11-24T21:30"}
    change = begun(world, "major", edit=True, step=step)
    change = act(change, "report_step", world.engineer, now=later(35.1), step=1, status="done")
    head = world.people["head"]
    role(head, "first_line")
    change.group.members.add(head)
    head = reload_user(head)
    said: dict[str, dict[str, Any]] = {
        "no_go": {"text": "停"},
        "back_out_step": {"step": 1},
        "back_out_now": {"text": "停"},
    }
    for name in ("go", "no_go", "back_out_step", "back_out_now", "apply_edits"):
        with pytest.raises(ActionConflict, match=r"decided|决定|审批"), replaying(later(35.2)):
            act(change, name, head, now=later(35.2), **said.get(name, {}))
    with pytest.raises(NotAllowed, match=r"decided|决定|审批"):
        write(35.3, "X", by=head, change=change.number)
    write(35.4, "X", by=world.engineer, change=change.number)


@pytest.mark.req("CHG-07")
@pytest.mark.parametrize("name", ["go", "apply_edits"])
def test_whoever_decided_to_go_on_or_wrote_the_record_does_not_review(world: World, name: str) -> None:
    step: dict[str, Any] = {"no_return": "on", "planned_from": "2026-11-24T21:00", "planned_to": "2026-11-24T21:30"}
    change = begun(world, edit=True, step=step)
    other = make_user("mgr", "change_manager", "first_line", groups=[world.groups["host"]])
    with replaying(later(36)):
        change = act(change, name, other, now=later(36))
    change = act(change, "implement", world.engineer, now=later(36.5), result="failed", text="坏了")
    with pytest.raises(ActionConflict):
        act(change, "review", other, now=later(38), **ANSWERS)


@pytest.mark.req("CHG-07")
def test_what_ended_late_is_reviewed_in_full(world: World) -> None:
    change = act(begun(world), "implement", world.engineer, now=later(37.1), result="as_planned")
    with pytest.raises(ActionConflict):
        act(change, "confirm_result", world.engineer, now=later(38))
    assert act(change, "review", world.people["changer"], now=later(38), **ANSWERS).state == "reviewed"


@pytest.mark.req("CHG-07")
def test_what_caused_an_incident_is_reviewed_in_full_the_newest_word_counts(world: World) -> None:
    change = begun(world)
    incident = register_incident(world.desk, now=later(35.5), items=["db-1"])
    change = act(change, "implement", world.engineer, now=later(36), result="as_planned")
    said = {"incident": incident.number, "caused": "yes"}
    change = act(change, "attribute_incident", world.people["changer"], now=later(36.2), **said)
    with pytest.raises(ActionConflict):
        act(change, "confirm_result", world.engineer, now=later(36.5))
    said["caused"] = "no"
    change = act(change, "attribute_incident", world.people["changer"], now=later(36.6), **said)
    assert act(change, "confirm_result", world.engineer, now=later(37)).state == "reviewed"


@pytest.mark.req("CHG-07")
@pytest.mark.parametrize("state", ["reviewed", "closed"])
def test_what_turns_out_after_the_confirmation_to_have_caused_an_incident_is_reviewed_in_full(
    world: World, state: str
) -> None:
    """By a change manager who did not carry it out; those are told, once; the newest review counts."""
    change, changer = begun(world), world.people["changer"]
    incident = register_incident(world.desk, now=later(35.5), items=["db-1"])
    change = act(change, "implement", world.engineer, now=later(36), result="as_planned")
    change = act(change, "confirm_result", world.engineer, now=later(37))
    if state == "closed":
        change = act(change, "send_notice", world.engineer, now=later(37), text="名称")
        change = act(change, "close", world.engineer, now=later(38))
    with pytest.raises(ActionConflict):
        act(change, "review_in_full", changer, now=later(39), **ANSWERS)
    for at in (39, 40):
        said = {"incident": incident.number, "caused": "yes"}
        change = act(change, "attribute_incident", world.engineer, now=later(at), **said)
    [told] = Notice.objects.filter(event="review_owed")
    assert {row.recipient for row in told.deliveries.all()} == {changer}
    with pytest.raises(ActionForbidden):
        act(change, "review_in_full", world.engineer, now=later(41), **ANSWERS)

    change = act(change, "review_in_full", changer, now=later(41), **ANSWERS)

    assert (change.state, change.expected_reached, change.reviewed_by) == (state, False, changer)
    with pytest.raises(ActionConflict):
        act(change, "review_in_full", changer, now=later(42), **ANSWERS)


def test_a_major_change_went_as_planned_only_step_by_step(world: World) -> None:
    change = begun(world, "major")
    typed = {"result": "as_planned"}
    assert refused(change, "implement", world.engineer, 36, **typed) == ["result"]
    change = act(change, "report_step", world.engineer, now=later(36), step=1, status="done")
    assert act(change, "implement", world.engineer, now=later(36.5), **typed).state == "implemented"
    change = act(begun(world, step={}), "implement", world.engineer, now=later(36), **typed)
    assert change.state == "implemented", "of a simple one no step has to be reported"


def test_nothing_but_backing_out_is_left_after_no_go_and_only_failure_before_a_decision(world: World) -> None:
    step = {"no_return": "on", "planned_from": "2026-11-24T21:00", "planned_to": "2026-11-24T21:30"}
    change = begun(world, step=step)
    typed = {"result": "deviated", "text": "还是切了"}
    assert refused(change, "implement", world.engineer, 36, **typed) == ["result"]
    stopped = act(change, "no_go", world.engineer, now=later(36), text="校验失败")
    for result in ("deviated", "failed"):
        with pytest.raises(ActionConflict, match=r"back it out|回退"):
            act(stopped, "implement", world.engineer, now=later(36.5), **{**typed, "result": result})
    assert act(stopped, "back_out_now", world.engineer, now=later(36.5), text="回退").state == "backed_out"


def test_a_change_that_was_not_decided_to_go_on_may_have_failed(world: World) -> None:
    step = {"no_return": "on", "planned_from": "2026-11-24T21:00", "planned_to": "2026-11-24T21:30"}
    change = act(begun(world, step=step), "implement", world.engineer, now=later(36), result="failed", text="坏")
    assert change.state == "implemented"


def test_after_no_go_nothing_else_begins_and_what_began_before_is_told(world: World) -> None:
    """A step that runs is ended; one that began before the decision, told later by a phone without network, began."""
    change = begun(world, step={"what": "备份"})
    rows = [PlanStep(change=change, position=n, what=str(n)) for n in (2, 3, 4)]
    rows.append(PlanStep(change=change, position=5, what="切换", no_return=True, planned_from=later(36)))
    PlanStep.objects.bulk_create(rows)
    Change.objects.filter(pk=change.pk).update(no_return_at=later(36))
    act(change, "report_step", world.engineer, now=later(35.2), step=1, status="started")
    change = act(change, "no_go", world.engineer, now=later(36), text="停")

    for status in ("started", "done"):
        assert refused(change, "report_step", world.engineer, 36.1, step=2, status=status) == ["step"]
        assert refused(change, "report_step", world.engineer, 36.1, step=5, status=status) == ["step"]
    act(change, "report_step", world.engineer, now=later(36.1), step=1, status="done")
    told = {"step": 3, "status": "done", "at": later(35.5).isoformat()}
    act(change, "report_step", world.engineer, now=later(36.2), **told)
    act(change, "back_out_step", world.engineer, now=later(36.3), step=3)
