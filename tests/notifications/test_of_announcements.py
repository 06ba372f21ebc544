"""What announcements tell by mail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from announcements.models import Announcement
from announcements.services import end, publish
from notifications.models import Delivery, Notice
from notifications.sending.outbox import deliver_due
from tests.factories import World
from tests.notifications.servers import Mailbox, said
from tickets import clock

pytestmark = [pytest.mark.django_db, pytest.mark.req("NTF-01")]


def announcement(world: World, **fields: Any) -> Announcement:
    """A planned interruption for the customer ``exchange``."""
    now = clock.now()
    given = {"kind": "planned", "text_zh": "停机升级", "text_en": "Upgrade", "author": world.manager}
    given |= {"shown_from": now, "shown_until": now + timedelta(days=1), "created_at": now, "updated_at": now}
    row = Announcement.objects.create(**given | fields)
    row.organisations.set([world.organisations["exchange"]])
    return row


@pytest.mark.req("NTF-04")
def test_an_interruption_is_mailed_to_those_affected_once(world: World, mailbox: Mailbox) -> None:
    User.objects.filter(organisation=world.organisations["exchange"]).update(language="en")
    row = announcement(world)
    publish(announcement=row, now=clock.now())
    publish(announcement=row, now=clock.now())
    deliver_due()

    assert sorted(str(mail["To"]) for mail in mailbox.mails) == ["colleague@example.com", "requester@example.com"]
    assert "Upgrade" in said(mailbox.mails[0])
    assert not Delivery.objects.filter(channel="portal").exists()


@pytest.mark.req("NTF-04")
def test_the_mail_leaves_when_the_announcement_is_shown_unless_it_is_ended(world: World, mailbox: Mailbox) -> None:
    now = clock.now()
    row = announcement(world, shown_from=now + timedelta(hours=1))
    publish(announcement=row, now=now)
    assert deliver_due() == 0

    end(announcement=row, now=now)
    Delivery.objects.update(next_try_at=now)
    assert (deliver_due(), mailbox.mails) == (0, [])
    assert set(Delivery.objects.values_list("status", flat=True)) == {"obsolete"}


@pytest.mark.req("NTF-04")
def test_news_are_not_mailed(world: World) -> None:
    publish(announcement=announcement(world, kind="information"), now=clock.now())

    assert not Notice.objects.exists()
