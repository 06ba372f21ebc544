"""When nobody can decide a step, it says who is meant, what keeps each away and what helps (CHG-02, CHG-03)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils.translation import override

from accounts.models import Department, User
from approvals.models import ApprovalRound, Policy
from tests.approvals.conftest import edit
from tests.changes.making import request, staffed
from tests.factories import MONDAY, World, act, reload_user
from tests.second_kind.models import Visit
from tickets.errors import ActionConflict

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-03")]
Make = Callable[..., Policy]
AskFor = Callable[..., ApprovalRound]


def refused(asked: AskFor, **more: object) -> str:
    """Why it is not asked."""
    with override("en"), pytest.raises(ActionConflict) as caught:
        asked(**more)
    return str(caught.value)


def test_a_step_that_names_who_is_barred_says_why(world: World, policy: Make, visit: Visit, asked: AskFor) -> None:
    visit = edit(visit, world)  # by the manager
    policy(("all", 1, [("person", world.desk), ("person", world.manager)]))
    said = refused(asked)
    desk, manager = (one.display_name for one in (world.desk, world.manager))
    assert "step 1 of “Trip”" in said
    assert f"{desk} (asks for it)" in said
    assert f"{manager} (made the last edit of substance)" in said
    assert "Nor may anybody who stands in for them" in said
    assert "somebody else edits or assesses it last" in said
    assert "names in the approval policy who is asked there" in said
    assert "carries it out" not in said


def test_a_manager_that_is_not_recorded_is_told(world: World, policy: Make, asked: AskFor, boss: User) -> None:
    policy(("all", 1, [("department_manager", None)]))
    department = world.desk.department
    assert department is not None
    department.manager = None
    department.save()
    said = refused(asked)
    assert "the department Ops has no active manager" in said
    assert "records the requester's department and its manager" in said
    assert "stands in" not in said


def test_those_who_are_needed_elsewhere_are_named(world: World, policy: Make, asked: AskFor) -> None:
    policy(*[("all", 1, [("person", world.owner)])] * 2)
    said = refused(asked)
    assert "step 2" in said
    assert world.owner.display_name in said


@pytest.mark.slow
@pytest.mark.parametrize("moved", [False, True])
def test_only_what_another_changed_is_told_as_changed(world: World, moved: bool) -> None:
    """A refusal of what is not possible is not told as if somebody had changed the ticket."""
    staffed(world)
    change, changer = request(world, "major"), world.people["changer"]
    for name, person, typed in (
        ("submit", world.lead, {}),
        ("accept", changer, {}),
        ("assess", changer, {"risk": "high", "assessment": "大"}),
    ):
        change = act(change, name, person, now=MONDAY, **typed)
    Department.objects.update(manager=world.lead)  # who asks for it
    seen = change.version
    if moved:
        change = act(change, "cancel", world.lead, now=MONDAY, text="不做了")
    page = Client(headers={"accept-language": "en", "hx-request": "true"})
    page.force_login(reload_user(changer))
    answer = page.post(f"/tickets/{change.number}/actions/ask_approval/", {"version": str(seen)})
    text = answer.content.decode()
    assert answer.status_code == 409
    assert ("has changed meanwhile" in text) is moved
    if not moved:
        assert f"{world.lead.display_name} (asks for it)" in text
