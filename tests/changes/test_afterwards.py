"""Incidents during and after a change: shown with how unusual they are, attributed by a person (CHG-06, CHG-07)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from changes.afterwards.queries import incidents_after
from changes.codes import ChangeType
from changes.models import Change
from cmdb.models import Relation, RelationType
from tests.api.client import Api
from tests.changes.making import approve, request, staffed, window_now
from tests.factories import MONDAY, World, act, incident_in, make_item, reload_user
from tickets import clock
from tickets.models import Ticket, TicketLink

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-06", "CHG-07")]


@pytest.fixture(autouse=True)
def estate(world: World) -> World:
    """A server, what runs on it, and one that has nothing to do with it."""
    host, service = make_item("host-1"), make_item("app-1")
    make_item("other-1")
    kind = RelationType.objects.get(code="runs_on")
    Relation.objects.create(relation_type=kind, source=service, target=host, confirmed_at=MONDAY)
    return staffed(world)


def running(world: World) -> Any:
    """A change of the server that runs since now."""
    change = act(request(world, items=["host-1"], now=None, **window_now()), "submit", world.lead)
    change = act(change, "accept", world.people["changer"])
    change = approve(act(change, "ask_approval", world.lead), world.approver, now=clock.now())
    return act(change, "start", world.engineer)


def incident(world: World, item: str, *, before: int = 0) -> Any:
    """One on ``item``, so many days ago."""
    made = act(incident_in("assigned", world), "add_items", world.engineer, items=[item])
    if before:
        Ticket.objects.filter(pk=made.pk).update(created_at=clock.now() - timedelta(days=before))
    return made


@pytest.mark.slow
def test_those_on_what_it_touches_are_shown_with_how_unusual_they_are(world: World) -> None:
    """Where incidents are rare one stands out, where they come every day it does not."""
    for day in range(1, 41):
        incident(world, "app-1", before=day)
    change = running(world)
    began = clock.now() - timedelta(days=2)
    type(change).objects.filter(pk=change.pk).update(actual_start=began)
    change.refresh_from_db()
    rare, usual = incident(world, "host-1"), incident(world, "app-1")
    incident(world, "other-1")
    found = {one.ticket.number: one for one in incidents_after(change, reload_user(world.engineer), clock.now())}
    assert {rare.number, usual.number} <= found.keys()
    assert found[rare.number].unusual
    assert found[rare.number].item == "host-1"
    assert not any(one.item == "other-1" for one in found.values())
    assert found[usual.number].odds < found[rare.number].odds


@pytest.mark.slow
def test_a_person_says_whether_it_caused_them_and_both_say_so(world: World, client: Client) -> None:
    change = running(world)
    came = incident(world, "app-1")
    client.force_login(reload_user(world.engineer))
    assert came.number in client.get(f"/tickets/{change.number}/").text
    api = Api(world.engineer)
    address = f"changes/{change.number}/actions/attribute_incident/"
    assert api.post(address, {"incident": came.number, "caused": "yes"}).status_code == 200
    link = TicketLink.objects.get(meaning="caused_by")
    assert (link.source.number, link.target.number) == (came.number, change.number)
    [row] = api.results(f"changes/{change.number}/incidents/")
    assert (row["number"], row["caused"], row["said_by"]["username"]) == (came.number, True, "engineer")
    act(change, "attribute_incident", world.engineer, incident=came.number, caused="no")
    [row] = api.results(f"changes/{change.number}/incidents/")
    assert (row["caused"], TicketLink.objects.filter(meaning="caused_by").exists()) == (False, False)
    assert Api(world.requester).get(f"changes/{change.number}/incidents/").status_code == 403


@pytest.mark.slow
def test_how_long_they_are_watched_for_says_the_type(world: World) -> None:
    change = act(running(world), "implement", world.engineer, result="as_planned")
    made = incident(world, "host-1")
    Ticket.objects.filter(pk=made.pk).update(created_at=clock.now() + timedelta(hours=2))
    late = clock.now() + timedelta(hours=100)
    for hours, found in ((72, 1), (1, 0)):
        ChangeType.objects.filter(code="simple").update(watch_hours=hours)
        assert len(incidents_after(Change.objects.get(pk=change.pk), reload_user(world.engineer), late)) == found
