"""Who signs for hard collisions did not bring them about, and does none of the work afterwards (CHG-03, CHG-05)."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from changes import guards
from changes.models import Change, FreezeRule, PlanStep
from changes.unauthorised.permit import permit
from tests.changes.making import approve, later, request, role, sign, staffed
from tests.factories import MONDAY, World, act, make_item, make_user, reload_user
from tickets.errors import ActionConflict

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-03", "CHG-05")]
FROZEN: dict[str, Any] = {"planned_start": "2026-10-01T20:00", "planned_end": "2026-10-01T22:00"}
SIGNED = r"You signed|您已为其硬冲突签字"


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need."""
    return staffed(world)


def running(world: World, **typed: Any) -> Any:
    """One for which the change manager signed, who joined its group afterwards; an engineer began it."""
    make_item("db-1")
    clash = act(request(world, assignee="engineer"), "submit", world.lead, now=MONDAY)
    change: Any = sign(request(world, assignee="engineer", items=["db-1"], **typed), world.people["changer"])
    change = act(change, "prepare_value", world.lead, now=MONDAY, item="db-1", attribute="name", value="主库")
    step = {"what": "切换", "planned_from": "2026-11-24T21:00", "planned_to": "2026-11-24T21:30", "no_return": "on"}
    change = act(change, "add_step", world.lead, now=MONDAY, **step)
    change = act(act(change, "submit", world.lead, now=MONDAY), "accept", world.people["changer"], now=MONDAY)
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)
    act(clash, "cancel", world.lead, now=MONDAY, text="不做了")
    role(world.people["changer"], "first_line")
    world.groups["host"].members.add(world.people["changer"])
    return act(change, "start", world.engineer, now=later(35))


WORK: dict[str, dict[str, Any]] = {
    "report_step": {"step": 1, "status": "failed"},
    "go": {"text": "继续"},
    "no_go": {"text": "停止"},
    "back_out_step": {"step": 1},
    "apply_edits": {},
    "implement": {"result": "as_planned"},
    "back_out_now": {"text": "回退"},
}


def test_whoever_signed_does_none_of_the_work(world: World) -> None:
    """Also what is said by name in ``WORK`` and nowhere else: none may be left out."""
    assert {*WORK, "start"} == set(guards.WORK)
    change = running(world)
    signer = reload_user(world.people["changer"])
    PlanStep.objects.filter(change=change).update(status="failed")
    for name, typed in WORK.items():
        with pytest.raises(ActionConflict, match=SIGNED):
            act(Change.objects.get(pk=change.pk), name, signer, now=later(35.5), **typed)
    assert "You signed" in permit(change.number, ["db-1"], signer) or "签字" in permit(change.number, ["db-1"], signer)
    assert permit(change.number, ["db-1"], world.engineer) == ""
    change = act(change, "apply_edits", world.engineer, now=later(35.5))
    ended = act(change, "back_out_now", world.engineer, now=later(35.6), text="回退")
    with pytest.raises(ActionConflict):
        act(ended, "apply_edits", signer, now=later(36))


def test_whoever_signed_backs_out_when_nobody_else_is_left(world: World) -> None:
    """At night with everybody else gone nothing stays half done; going on is not theirs even then."""
    change = running(world)
    signer = reload_user(world.people["changer"])
    for person in (world.engineer, *world.groups["host"].members.exclude(pk=signer.pk)):
        User.objects.filter(pk=person.pk).update(is_active=False)
    for name in ("go", "apply_edits", "implement"):
        with pytest.raises(ActionConflict, match=SIGNED):
            act(Change.objects.get(pk=change.pk), name, signer, now=later(35.5), **WORK[name])
    change = act(Change.objects.get(pk=change.pk), "no_go", signer, now=later(35.5), text="停止", leave_review="on")
    assert act(change, "back_out_now", signer, now=later(36), text="回退").state == "backed_out"


@pytest.mark.parametrize("how", ["edit", "then others", "implementers", "twin"])
def test_whoever_led_a_change_into_a_collision_does_not_sign_for_it(world: World, how: str) -> None:
    changer, other = world.people["changer"], make_user("changer-2", "change_manager", employee_number="0815")
    change: Any = request(world)
    if how == "implementers":
        act(request(world, assignee="engineer"), "submit", world.lead, now=MONDAY)
        change = act(change, "choose_implementers", changer, now=later(1), group="host", assignee="engineer")
    else:
        change = act(change, "edit", changer, now=later(1), **FROZEN)
    if how == "then others":
        change = act(change, "edit", world.lead, now=later(2), reason="另一个理由")
    signs = changer
    if how == "twin":
        signs = make_user("twin", "change_manager", employee_number="E77")
        User.objects.filter(pk=changer.pk).update(employee_number="E77")
    with pytest.raises(ActionConflict, match=r"somebody else signs|须由他人签字"):
        sign(change, reload_user(signs), now=later(3))
    assert sign(change, other, now=later(3)).overrides.get().person == other


def test_whoever_edited_nothing_of_substance_signs(world: World) -> None:
    """A summary is none; neither is what somebody else moved since."""
    changer = world.people["changer"]
    change = act(request(world), "edit", changer, now=later(1), **FROZEN)
    change = act(change, "edit", world.lead, now=later(2), planned_start="2026-10-01T19:00")
    change = act(change, "edit", changer, now=later(3), summary="改个名字")
    assert sign(change, changer, now=later(3)).overrides.count() == 1


def test_whoever_assessed_a_change_signs_for_what_collides_since(world: World) -> None:
    changer = world.people["changer"]
    change = act(act(request(world, assignee="engineer"), "submit", world.lead, now=MONDAY), "accept", changer)
    change = act(change, "assess", changer, risk="low", assessment="小")
    FreezeRule.objects.create(
        **{"code": "audit", "name_zh": "审计", "name_en": "Audit", "kind": "span"},
        starts_at=change.planned_start,
        ends_at=change.planned_end,
    )
    assert sign(change, changer).overrides.count() == 1


def test_whoever_submitted_it_does_not_sign(world: World) -> None:
    changer = world.people["changer"]
    change = act(request(world), "submit", changer, now=MONDAY)
    FreezeRule.objects.create(
        **{"code": "audit", "name_zh": "审计", "name_en": "Audit", "kind": "span"},
        starts_at=change.planned_start,
        ends_at=change.planned_end,
    )
    with pytest.raises(ActionConflict, match=r"somebody else signs|须由他人签字"):
        sign(change, changer)
