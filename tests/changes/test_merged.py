"""A merge while a change is being approved, or is approved: the approval was of the other item, and falls (CHG-03)."""

from __future__ import annotations

from typing import Any

import pytest

from approvals.models import ApprovalRound
from changes.models import Change
from cmdb.authority import NotAllowed
from cmdb.merging.services import merge, take_back
from cmdb.models import ConfigurationItem
from cmdb.services import Draft, Stamp, update_item, write_items
from tests.changes.making import TYPED, act, approve, change_in, staffed
from tests.changes.test_unauthorised import START, scheduled
from tests.factories import World, make_item
from tickets.services import affect_items

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-03", "CMDB-06")]


def outcomes(change: Any) -> list[str]:
    return list(ApprovalRound.objects.filter(ticket=change).order_by("pk").values_list("outcome", flat=True))


@pytest.mark.parametrize("state", ["approving", "scheduled"])
def test_what_was_approved_of_one_item_does_not_hold_for_the_other(world: World, state: str) -> None:
    kept, gone = make_item("KEPT"), make_item("GONE")
    change = change_in("assessed", world)
    change = act(change, "add_items", world.lead, items=["GONE"])
    change = act(change, "assess", world.people["changer"], **TYPED["assess"])
    act(change, "ask_approval", world.people["changer"])
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


@pytest.mark.req("CMDB-01")
def test_a_change_that_names_one_of_two_does_not_merge_them(world: World) -> None:
    """Each item that is written must be the change's: a merge retires the other."""
    kept, gone = make_item("KEPT"), make_item("GONE")
    change = act(scheduled(staffed(world), "KEPT"), "start", world.engineer, now=START)
    stamp = Stamp(by=world.engineer, change=change.number)
    for item, other in ((kept, gone), (gone, kept)):
        with pytest.raises(NotAllowed, match="GONE"):
            merge(item=item, other=other, stamp=stamp)
    gone.refresh_from_db()
    assert (gone.status_id, gone.merged_into) == ("in_use", None)

    affect_items(ticket=change, items=[gone])
    made = merge(item=kept, other=gone, stamp=stamp)
    assert gone.versions.latest("pk").reference == change.number
    with pytest.raises(NotAllowed):
        take_back(change=made, stamp=Stamp(by=world.engineer))


@pytest.mark.req("CMDB-01")
def test_a_change_that_prepared_one_new_item_makes_no_other(world: World) -> None:
    make_item("KEPT")
    change = act(scheduled(staffed(world), "KEPT"), "start", world.engineer, now=START)
    change.edits.create(kind="item", identifier="NEW", given={}, position=1)
    facts = {"name": "n", "ci_class_id": "server", "status_id": "in_use"}
    with pytest.raises(NotAllowed, match="OTHER"):
        write_items([Draft("NEW", facts), Draft("OTHER", facts)], Stamp(by=world.engineer, change=change.number))
    assert not ConfigurationItem.objects.filter(identifier__in=["NEW", "OTHER"]).exists()
