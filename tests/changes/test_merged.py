"""A merge while a change is being approved, or is approved: the approval was of the other item, and falls (CHG-03)."""

from __future__ import annotations

from typing import Any

import pytest

from approvals.models import ApprovalRound
from changes.models import Change
from cmdb.authority import NotAllowed
from cmdb.merging.services import merge, take_back
from cmdb.services import Stamp, update_item
from tests.changes.making import TYPED, act, approve, change_in
from tests.factories import World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-03", "CMDB-06")]


def outcomes(change: Any) -> list[str]:
    return list(ApprovalRound.objects.filter(ticket=change).order_by("pk").values_list("outcome", flat=True))


@pytest.mark.parametrize("state", ["approving", "scheduled"])
def test_what_was_approved_of_one_item_does_not_hold_for_the_other(world: World, state: str) -> None:
    kept, gone = make_item("KEPT"), make_item("GONE")
    change = change_in("assessed", world)
    act(change, "add_items", world.lead, items=["GONE"])
    act(Change.objects.get(pk=change.pk), "ask_approval", world.people["changer"])
    if state == "scheduled":
        approve(change, world.approver)

    by = Stamp(by=world.admin, correction=True, reason="one machine")
    made = merge(item=kept, other=gone, stamp=by)

    change = Change.objects.get(pk=change.pk)
    assert (change.state, outcomes(change)) == ("accepted", ["fallen"])
    assert [item.identifier for item in change.items.all()] == ["KEPT"]
    with pytest.raises(NotAllowed):
        update_item(item=kept, facts={"cpu": "8"}, stamp=Stamp(by=world.lead, change=change.number))

    act(change, "assess", world.people["changer"], **TYPED["assess"])
    act(Change.objects.get(pk=change.pk), "ask_approval", world.people["changer"])
    approve(change, world.approver)
    take_back(change=made, stamp=by)
    change = Change.objects.get(pk=change.pk)
    assert (change.state, outcomes(change)) == ("accepted", ["fallen", "fallen"])


def test_a_change_of_other_items_goes_on(world: World) -> None:
    kept, gone = make_item("KEPT"), make_item("GONE")
    change = change_in("approving", world)
    merge(item=kept, other=gone, stamp=Stamp(by=world.admin, correction=True, reason="one machine"))
    assert outcomes(change) == ["open"]
