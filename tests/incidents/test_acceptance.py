"""The service acceptance form for printing, and interruptions beside a ticket (TKT-12, INC-16)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import localtime

from accounts.models import User
from announcements.models import Announcement
from announcements.near import interruptions_near
from tests.factories import World, close, incident_in, make_item, make_system, register_incident
from tickets import clock
from tickets.services import affect_items

pytestmark = pytest.mark.django_db


def page(user: User, url: str) -> Any:
    """A page in English."""
    User.objects.filter(pk=user.pk).update(language="en")
    client = Client()
    client.force_login(user)
    return client.get(url)


@pytest.mark.req("TKT-12")
def test_the_acceptance_form_has_all_that_is_signed(world: World) -> None:
    ticket = incident_in("resolved", world, description="终端黑屏", extent="二楼", reported_by="小王")
    ticket = close(ticket, world.desk, satisfaction="very_good")
    text = page(world.desk, f"/incidents/{ticket.number}/acceptance/").content.decode()
    shown = (
        *(ticket.number, "exchange", "Requester", "小王", "二楼", "终端黑屏", "磁盘已满", "清理日志", "Very good"),
        *(
            "How it was verified",
            f"{localtime(ticket.confirmed_at):%Y-%m-%d %H:%M}",
            "Resolved by first line",
            "By phone",
            "Signature of the customer, date",
            "Print",
        ),
    )
    for text_shown in shown:
        assert text_shown in text, text_shown
    assert f"/incidents/{ticket.number}/acceptance/" in page(world.desk, ticket.get_absolute_url()).content.decode()


@pytest.mark.req("TKT-12", "ORG-03")
def test_the_requester_reads_the_public_part_of_it(world: World) -> None:
    ticket = incident_in("resolved", world)
    url = f"/incidents/{ticket.number}/acceptance/"
    text = page(world.requester, url).content.decode()
    assert "清理日志" in text
    assert "磁盘已满" not in text
    assert page(world.requester2, url).status_code == 404
    assert page(world.desk, url.replace("IM", "TK")).status_code == 404


@pytest.mark.req("INC-16")
def test_interruptions_of_its_systems_stand_beside_a_ticket(world: World) -> None:
    now = clock.now()
    systems = {code: make_system(code) for code in ("mail", "web", "other")}
    texts = {"author": world.desk, "created_at": now, "updated_at": now, "shown_from": now - timedelta(days=1)}

    def announce(text: str, system: str, **more: Any) -> None:
        values = {
            "state": "published",
            "published_at": now,
            "shown_until": now + timedelta(days=3),
            "starts_at": now,
            **texts,
            **more,
        }
        Announcement.objects.create(text_en=text, **values).systems.set([systems[system]])

    announce("mail stops tonight", "mail", starts_at=now + timedelta(hours=5), ends_at=now + timedelta(hours=6))
    announce("web is down", "web", kind=Announcement.Kind.UNPLANNED)
    announce("other stops", "other")
    announce("a draft", "mail", state="draft", published_at=None)
    announce("was yesterday", "mail", starts_at=now - timedelta(hours=5), ends_at=now - timedelta(hours=4))
    announce("news", "mail", kind=Announcement.Kind.INFORMATION)
    ticket = register_incident(world.desk, requester="requester", business_system="mail")
    affect_items(ticket=ticket, items=[make_item("web-1", business_system_id="web")])

    near = [row.text_en for row in interruptions_near(ticket, world.engineer, now)]
    assert near == ["web is down", "mail stops tonight"]
    text = page(world.engineer, f"/tickets/{ticket.number}/around/").content.decode()
    assert "mail stops tonight" in text
    assert "web is down" in text
    assert "other stops" not in text
    assert interruptions_near(register_incident(world.desk), world.engineer, now) == []
