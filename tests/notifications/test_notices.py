"""Storing notices: once, for those who may know, by the channels they chose."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from accounts.preferences import store_preferences
from notifications.models import Delivery, Endpoint, EventChoice, Notice
from notifications.services import acknowledge, give_notice, mark_read
from tests.factories import MONDAY, World, register_incident, unclaimed

pytestmark = pytest.mark.django_db


def tell(world: World, *people: User, key: str = "k", **details: Any) -> Notice | None:
    """Give a plain notice about nothing in particular."""
    return give_notice(
        **{"key": key, "event": "assigned", "ticket": None, "recipients": people, "urgent": False, "at": MONDAY}
        | details
    )


def rows(notice: Notice | None) -> set[tuple[str | None, str, str]]:
    """Who is told by what, and where it stands."""
    found = Delivery.objects.filter(notice=notice).select_related("recipient")
    return {(row.recipient.username if row.recipient else None, row.channel, row.status) for row in found}


@pytest.mark.req("NTF-03")
def test_a_notice_is_stored_once(world: World) -> None:
    first = tell(world, world.engineer)
    again = tell(world, world.engineer, world.lead)

    assert first is not None
    assert again is None
    assert rows(first) == {("engineer", "portal", "sent"), ("engineer", "email", "pending")}


@pytest.mark.req("NTF-03")
def test_a_notice_goes_away_with_its_transaction(world: World) -> None:
    def fail() -> None:
        with transaction.atomic():
            tell(world, world.engineer)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert not Notice.objects.exists()
    assert tell(world, world.engineer) is not None


@pytest.mark.req("SLM-06")
def test_a_late_notice_knows_how_late_it_is(world: World) -> None:
    notice = tell(world, world.engineer, due_at=MONDAY - timedelta(hours=2))

    assert Delivery.objects.get(notice=notice, channel="portal").lateness == timedelta(hours=2)


@pytest.mark.req("ORG-03")
def test_who_may_not_see_the_ticket_is_not_told(world: World) -> None:
    ticket = register_incident(world.desk, requester="requester")
    User.objects.filter(pk=world.lead.pk).update(is_active=False)

    notice = tell(world, world.requester, world.requester2, world.vendor, world.lead, ticket=ticket, key="k2")

    assert {name for name, _channel, _status in rows(notice)} == {"requester"}


@pytest.mark.req("NTF-02")
def test_people_choose_among_what_is_allowed(world: World) -> None:
    User.objects.filter(pk=world.engineer.pk).update(mobile="13800000000")
    gateway = Endpoint.objects.create(name="sms", kind="sms", url="https://sms.example.com/")
    EventChoice.objects.create(event="assigned", allowed=["email"], default=["email"], fixed=[])
    store_preferences(world.engineer, "notices", channels={"assigned": ["sms"]})
    store_preferences(world.lead, "notices", channels={"assigned": []})

    notice = tell(world, world.engineer, world.lead)
    assert rows(notice) == {("engineer", "portal", "sent"), ("lead", "portal", "sent")}

    EventChoice.objects.update(allowed=["email", "sms"], fixed=["email"])
    notice = tell(world, world.engineer, world.lead, key="k2")
    assert {(name, channel) for name, channel, _status in rows(notice)} == {
        ("engineer", "portal"),
        ("engineer", "sms"),
        ("engineer", "email"),
        ("lead", "portal"),
        ("lead", "email"),
    }
    assert Delivery.objects.get(channel="sms").endpoint == gateway


@pytest.mark.req("NTF-02")
def test_quiet_hours_hold_back_all_but_urgent_notices(world: World) -> None:
    store_preferences(world.engineer, "notices", quiet={"from": "22:00", "until": "07:30"})
    night = MONDAY.replace(hour=18)  # two in the morning in Shanghai

    calm = tell(world, world.engineer, at=night)
    urgent = tell(world, world.engineer, at=night, urgent=True, key="k2")

    tries = {row.notice_id: row.next_try_at for row in Delivery.objects.filter(channel="email")}
    assert tries[calm.pk] == night.replace(hour=23, minute=30)  # type: ignore[union-attr]
    assert tries[urgent.pk] == night  # type: ignore[union-attr]


@pytest.mark.req("NTF-01")
def test_rooms_are_told_what_they_asked_for(world: World) -> None:
    ticket = unclaimed(world)
    Notice.objects.all().delete()
    make = Endpoint.objects.create
    wants = make(name="all", kind="wecom", url="https://qyapi.weixin.qq.com/x")
    make(name="other group", kind="feishu", url="https://open.feishu.cn/x", group=world.groups["network"])
    make(name="urgent", kind="dingtalk", url="https://oapi.dingtalk.com/x", urgent_only=True)
    make(name="other event", kind="webhook", url="https://example.com/x", events=["urged"])
    make(name="off", kind="webhook", url="https://example.com/y", active=False)
    customer = make(
        name="customer", kind="webhook", url="https://example.com/z", organisation=world.organisations["exchange"]
    )

    told = tell(world, ticket=ticket)
    internal = tell(world, ticket=ticket, internal=True, key="k2")

    assert set(told.deliveries.values_list("endpoint", flat=True)) == {wants.pk, customer.pk}  # type: ignore[union-attr]
    assert set(internal.deliveries.values_list("endpoint", flat=True)) == {wants.pk}  # type: ignore[union-attr]


@pytest.mark.req("NTF-01")
def test_an_urgent_notice_presses_until_it_is_acknowledged(world: World) -> None:
    tell(world, world.engineer, urgent=True)
    tell(world, world.engineer, key="k2")
    bell = Delivery.objects.visible_to(world.engineer)

    assert mark_read(user=world.engineer, now=MONDAY) == 2
    assert bell.pressing().count() == 1
    assert acknowledge(user=world.lead, now=MONDAY, pks=bell.values_list("pk", flat=True)) == 0
    assert acknowledge(user=world.engineer, now=MONDAY) == 1
    assert acknowledge(user=world.engineer, now=MONDAY) == 0
    assert bell.pressing().count() == 0


@pytest.mark.req("NTF-01")
def test_a_notice_remembers_its_ticket_without_being_told(world: World) -> None:
    ticket = unclaimed(world)

    notice = tell(world, world.engineer, ticket=ticket, payload={"text": "x"})

    assert notice is not None
    assert (notice.payload["number"], notice.payload["priority"], notice.payload["text"]) == (
        ticket.number,
        ticket.priority_id,
        "x",
    )
