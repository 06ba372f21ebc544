"""Actions that every kind has: talking, urging, watching, relating (TKT-03, TKT-04, TKT-10)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import MONDAY, World, act, incident_in, last_entry, make_item
from tickets.errors import ActionConflict, ActionForbidden, ActionInvalid, ActionNotFound
from tickets.models import AffectedItem, Ticket, TicketLink, TimelineEntry, Watcher
from tickets.shared.forms import OWN_ACTIONS
from tickets.timeline import entries_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket(world: World) -> Any:
    return incident_in("in_progress", world)


@pytest.mark.req("TKT-03", "ORG-03")
@pytest.mark.parametrize("person", ["requester", "colleague", "desk", "engineer", "other_engineer"])
def test_comment_is_public(world: World, ticket: Any, person: str) -> None:
    act(ticket, "comment", world.people[person], now=MONDAY, text="请问进展")

    entry = last_entry(ticket)
    assert (entry.action, entry.text, entry.is_public, entry.at) == ("comment", "请问进展", True, MONDAY)
    assert entry.actor == world.people[person]


@pytest.mark.req("TKT-03")
def test_comment_is_possible_after_the_end_and_makes_no_new_version(world: World) -> None:
    ticket = incident_in("closed", world)

    assert act(ticket, "comment", world.requester, text="谢谢").version == ticket.version


@pytest.mark.req("TKT-03")
@pytest.mark.parametrize("name", ["comment", "note"])
def test_comment_says_something(world: World, ticket: Any, name: str) -> None:
    for text in ("", "   ", "x" * 20_001):
        with pytest.raises(ActionInvalid):
            act(ticket, name, world.desk, text=text)


@pytest.mark.req("TKT-03", "ORG-03")
def test_note_is_for_staff(world: World, ticket: Any) -> None:
    act(ticket, "note", world.engineer, text="客户情绪激动")

    texts = {name: [e.text for e in entries_for(ticket, world.people[name])] for name in ("requester", "desk")}
    assert "客户情绪激动" not in texts["requester"]
    assert "客户情绪激动" in texts["desk"]


@pytest.mark.req("ORG-03")
@pytest.mark.parametrize("person", ["requester", "colleague", "approver"])
def test_note_is_refused_to_those_who_do_not_read_notes(world: World, ticket: Any, person: str) -> None:
    with pytest.raises(ActionForbidden):
        act(ticket, "note", world.people[person], text="?")


@pytest.mark.req("ORG-03")
def test_requester_reads_no_internal_line_of_a_whole_life(world: World, ticket: Any) -> None:
    act(ticket, "note", world.engineer, text="内部")
    act(ticket, "edit", world.engineer, summary="内部改动")
    act(ticket, "add_task", world.engineer, summary="内部任务", group="host")
    act(ticket, "propose_priority", world.engineer, impact="I3", text="内部原因")
    act(ticket, "call_vendor", world.engineer, supplier="liyuan", text="内部")

    seen = [entry.action for entry in entries_for(ticket, world.requester)]
    assert seen == [e.action for e in TimelineEntry.objects.filter(ticket=ticket, is_public=True)]
    assert set(seen) == {"register", "assign", "start"}


@pytest.mark.req("TKT-10")
@pytest.mark.parametrize("person", ["requester", "colleague", "manager", "desk", "engineer2"])
def test_urging_is_logged_and_counted(world: World, ticket: Any, person: str) -> None:
    for count in (1, 2):
        ticket = act(ticket, "urge", world.people[person], text="客户在等")
        assert ticket.urge_count == count

    assert (last_entry(ticket).action, last_entry(ticket).text) == ("urge", "客户在等")


@pytest.mark.req("TKT-10")
def test_urging_does_not_disturb_whoever_is_typing(world: World, ticket: Any) -> None:
    assert act(ticket, "urge", world.requester).version == ticket.version


@pytest.mark.req("TKT-10")
@pytest.mark.parametrize("state", ["resolved", "closed"])
def test_urging_is_over_when_it_is_solved(world: World, state: str) -> None:
    ticket = incident_in(state, world)
    with pytest.raises(ActionConflict):
        act(ticket, "urge", world.requester)

    assert Ticket.objects.get().urge_count == 0


@pytest.mark.req("TKT-10")
def test_engineers_do_not_urge_themselves(world: World, ticket: Any) -> None:
    with pytest.raises(ActionConflict):
        act(ticket, "urge", world.engineer)


@pytest.mark.req("TKT-10")
def test_watching_starts_and_stops_and_does_not_double(world: World, ticket: Any) -> None:
    for _ in range(2):
        act(ticket, "watch", world.manager)
    assert list(Watcher.objects.values_list("ticket", "user")) == [(ticket.pk, world.manager.pk)]

    for _ in range(2):
        act(ticket, "unwatch", world.manager)
    assert not Watcher.objects.exists()


@pytest.mark.req("TKT-10", "ORG-03")
def test_strangers_do_not_watch(world: World, ticket: Any) -> None:
    with pytest.raises(ActionNotFound):
        act(ticket, "watch", world.requester2)

    assert not Watcher.objects.exists()


@pytest.mark.req("TKT-04")
@pytest.mark.parametrize("meaning", [meaning for meaning in TicketLink.Meaning if meaning not in OWN_ACTIONS])
def test_relation_is_stored_with_its_meaning_and_logged_on_both(world: World, ticket: Any, meaning: str) -> None:
    other = incident_in("registered", world)
    act(ticket, "link", world.engineer, meaning=meaning, target=other.number)

    assert list(TicketLink.objects.values_list("source", "target", "meaning")) == [(ticket.pk, other.pk, meaning)]
    assert last_entry(ticket).data["target"]["id"] == other.number
    assert (last_entry(other).action, last_entry(other).data) == (
        "linked",
        {"number": ticket.number, "meaning": meaning},
    )


@pytest.mark.req("TKT-04")
def test_relation_is_seen_from_both_sides_and_removed(world: World, ticket: Any) -> None:
    other = incident_in("registered", world)
    data: dict[str, Any] = {"meaning": "caused_by", "target": other.number}
    act(ticket, "link", world.engineer, **data)
    act(ticket, "link", world.engineer, **data)  # again: no second relation
    assert (ticket.links_out.count(), other.links_in.count()) == (1, 1)

    act(ticket, "unlink", world.engineer, **data)
    assert not TicketLink.objects.exists()
    with pytest.raises(ActionInvalid):
        act(ticket, "unlink", world.engineer, **data)


@pytest.mark.req("TKT-04")
@pytest.mark.parametrize("target", ["itself", "IM000000000000", ""])
def test_relation_needs_another_ticket(world: World, ticket: Any, target: str) -> None:
    number = ticket.number if target == "itself" else target
    with pytest.raises(ActionInvalid):
        act(ticket, "link", world.engineer, meaning="related_to", target=number)

    assert not TicketLink.objects.exists()


@pytest.mark.req("TKT-02")
def test_configuration_items_are_added_and_removed(world: World, ticket: Any) -> None:
    for name in ("SRV-1", "SRV-2"):
        make_item(name)
    act(ticket, "add_items", world.engineer, items=["SRV-1", "SRV-2"])
    act(ticket, "add_items", world.engineer, items=["SRV-1"])
    assert sorted(item.identifier for item in ticket.items.all()) == ["SRV-1", "SRV-2"]

    act(ticket, "remove_items", world.engineer, items=["SRV-2"])
    assert [item.identifier for item in ticket.items.all()] == ["SRV-1"]
    assert [row["id"] for row in last_entry(ticket).data["items"]] == ["SRV-2"]


@pytest.mark.req("TKT-02")
def test_items_that_are_not_on_the_ticket_are_not_removed(world: World, ticket: Any) -> None:
    make_item("SRV-1")
    with pytest.raises(ActionInvalid):
        act(ticket, "remove_items", world.engineer, items=["SRV-1"])

    assert not AffectedItem.objects.exists()
