"""What announcements tell by mail."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import User
from announcements.models import Announcement
from notifications.models import Delivery, Notice
from notifications.sending.outbox import deliver_due
from records.actions import perform
from records.errors import ActionConflict
from tests.factories import World
from tests.notifications.servers import Mailbox, said
from tickets import clock

pytestmark = [pytest.mark.django_db, pytest.mark.req("NTF-01")]


def announcement(world: World, **fields: Any) -> Announcement:
    """A planned interruption for the customer ``exchange``."""
    now = clock.now()
    given = {"kind": "planned", "text_zh": "停机升级", "text_en": "Upgrade", "author": world.manager}
    given |= {"shown_from": now, "shown_until": now + timedelta(days=1), "created_at": now, "updated_at": now}
    row = Announcement.objects.create(state="draft", **given | fields)
    row.organisations.set([world.organisations["exchange"]])
    return row


def step(row: Announcement, name: str, now: datetime) -> None:
    """Its author takes a step."""
    perform(row, name, user=row.author, now=now)


@pytest.mark.req("NTF-04")
def test_an_interruption_is_mailed_to_those_affected_once(world: World, mailbox: Mailbox) -> None:
    User.objects.filter(organisation=world.organisations["exchange"]).update(language="en")
    row = announcement(world)
    step(row, "publish", clock.now())
    with pytest.raises(ActionConflict):
        step(row, "publish", clock.now())
    deliver_due()

    assert sorted(str(mail["To"]) for mail in mailbox.mails) == ["colleague@example.com", "requester@example.com"]
    assert "Upgrade" in said(mailbox.mails[0])
    assert not Delivery.objects.filter(channel="portal").exists()


@pytest.mark.req("NTF-04")
def test_the_mail_leaves_when_the_announcement_is_shown_unless_it_is_ended(world: World, mailbox: Mailbox) -> None:
    now = clock.now()
    row = announcement(world, shown_from=now + timedelta(hours=1))
    step(row, "publish", now)
    assert deliver_due() == 0

    step(row, "end", now)
    Delivery.objects.update(next_try_at=now)
    assert (deliver_due(), mailbox.mails) == (0, [])
    assert set(Delivery.objects.values_list("status", flat=True)) == {"obsolete"}


@pytest.mark.req("NTF-04")
def test_news_are_not_mailed(world: World) -> None:
    step(announcement(world, kind="information"), "publish", clock.now())

    assert not Notice.objects.exists()
