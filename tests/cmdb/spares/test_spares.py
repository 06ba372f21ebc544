"""Spare parts: stock, minimum, take-out against a ticket, return."""

from __future__ import annotations

import pytest
from django.urls import reverse

from cmdb.models import SpareMovement, SparePart
from cmdb.spares.services import NotInStock, move, stock_of
from tests.cmdb.test_pages import signed_in
from tests.factories import World, register_incident

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-10")]


def test_parts_are_taken_against_a_ticket_and_never_below_nothing(world: World) -> None:
    incident = register_incident(world.desk)
    part = SparePart.objects.create(name="SSD 960 GB", minimum=2)
    move(part=part, kind="received", count=3, by=world.admin)
    with pytest.raises(NotInStock, match="IM-none"):
        move(part=part, kind="taken", count=1, reference="IM-none", by=world.engineer)
    with pytest.raises(NotInStock):
        move(part=part, kind="taken", count=1, reference=incident.number, by=world.nobody)
    with pytest.raises(NotInStock, match="3"):
        move(part=part, kind="taken", count=4, reference=incident.number, by=world.desk)
    move(part=part, kind="taken", count=2, reference=incident.number, by=world.desk)
    assert (stock_of(part), list(SparePart.objects.running_low())) == (1, [part])
    with pytest.raises(NotInStock, match="2"):
        move(part=part, kind="returned", count=3, reference=incident.number, by=world.desk)
    move(part=part, kind="returned", count=1, reference=incident.number, by=world.desk)
    move(part=part, kind="counted", count=5, note="found two", by=world.admin)
    assert stock_of(part) == 5
    assert list(SpareMovement.objects.order_by("pk").values_list("count", flat=True)) == [3, -2, 1, 3]


def test_the_pages_of_parts_and_the_ticket_show_it(world: World) -> None:
    incident = register_incident(world.desk)
    manager, desk = signed_in(world.admin), signed_in(world.desk)
    assert desk.post(reverse("cmdb:spares"), {"name": "x", "minimum": 0}).status_code == 403
    manager.post(reverse("cmdb:spares"), {"name": "Fan", "minimum": 1, "active": "on"})
    part = SparePart.objects.get()
    url = reverse("cmdb:spare", args=[part.pk])
    assert manager.post(url, {"kind": "taken", "count": 1, "reference": incident.number}).status_code == 422
    assert manager.post(url, {"kind": "received", "count": 0}).status_code == 422
    assert manager.post(url, {"kind": "received", "count": 1}).status_code == 302
    assert f"?ticket={incident.number}" in desk.get(reverse("tickets:around", args=[incident.number])).content.decode()
    engineer = signed_in(world.engineer)
    typed = engineer.get(f"{url}?ticket={incident.number}").content.decode()
    assert incident.number in typed
    manager.post(url, {"kind": "taken", "count": 1, "reference": incident.number})
    assert "Fan" in manager.get(reverse("tickets:around", args=[incident.number])).content.decode()
    assert 'class="pill late">0' in desk.get(reverse("cmdb:spares")).content.decode()
    assert signed_in(world.requester).get(reverse("cmdb:spares")).status_code == 403
