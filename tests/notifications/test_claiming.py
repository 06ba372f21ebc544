"""What is taken for sending: nothing is left behind by what goes with it, however much waits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from notifications.models import Delivery, Notice
from notifications.sending import claiming
from notifications.sending.claiming import claim_mail
from notifications.sending.outbox import deliver_due
from tests.factories import World, unclaimed
from tests.notifications.servers import Mailbox, said
from tests.notifications.telling import hurry, mail_of, tell
from tickets import clock

pytestmark = [pytest.mark.django_db, pytest.mark.req("NTF-03")]


def carried_by_a_warning(world: World, mailbox: Mailbox) -> tuple[Notice, Notice]:
    """A mail about a ticket that failed once: a later notice leads, and carries an earlier one."""
    ticket = unclaimed(world)
    Delivery.objects.all().delete()
    mailbox.reply = "451 later"
    told = [tell(world.engineer, key=key, ticket=ticket, urgent=True) for key in ("other", "warning")]
    deliver_due()
    mailbox.reply = ""
    assert [mail_of(notice).status for notice in told] == ["carried", "pending"]
    return told[0], told[1]


def test_what_a_left_out_message_carried_goes_by_itself(world: World, mailbox: Mailbox, monkeypatch: Any) -> None:
    other, warning = carried_by_a_warning(world, mailbox)
    monkeypatch.setattr(claiming, "obsolete_checks", [lambda notice: notice.key == "warning"])
    Notice.objects.filter(pk=warning.pk).update(due_at=clock.now() - timedelta(minutes=2))

    for _again in range(2):
        hurry()
        deliver_due()

    assert (mail_of(warning).status, mail_of(other).status) == ("obsolete", "sent")
    assert len(mailbox.mails) == 1


@pytest.mark.req("ORG-03")
def test_a_written_message_is_written_anew_without_what_its_reader_may_not_see_any_more(
    world: World, mailbox: Mailbox
) -> None:
    first, second = unclaimed(world), unclaimed(world)
    Delivery.objects.all().delete()
    mailbox.reply = "451 later"
    readers = [world.requester]
    secret = tell(*readers, key="secret", ticket=first, payload={"summary": "geheim"})
    for number in range(claiming.DIGEST_OVER):
        tell(*readers, key=f"k{number}", ticket=second)
    deliver_due()
    mailbox.reply = ""
    assert Delivery.objects.filter(channel="email", status="carried").count() == claiming.DIGEST_OVER
    type(first).objects.filter(pk=first.pk).update(requester=world.engineer, organisation=world.engineer.organisation)

    for _again in range(2):
        hurry()
        deliver_due()

    assert mail_of(secret).status == "skipped"
    assert set(Delivery.objects.filter(channel="email").exclude(notice=secret).values_list("status")) == {("sent",)}
    assert all("geheim" not in said(mail) for mail in mailbox.mails)


def test_who_has_thousands_waiting_is_told_of_the_oldest_too(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(claiming, "MOST_IN_ONE", 2)
    monkeypatch.setattr(claiming, "DIGEST_OVER", 3)
    for number in range(50):
        tell(world.engineer, key=f"k{number}")
    Delivery.objects.filter(channel="email").update(next_try_at=clock.now() - timedelta(minutes=1))

    taken = claim_mail(clock.now(), 4)

    assert taken
    assert mail_of(Notice.objects.get(key="k0")).status in ("sending", "carried")


def test_a_reader_s_flood_holds_up_nobody(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(claiming, "MOST_IN_ONE", 2)
    people: list[User] = [world.engineer, world.lead]
    for number in range(45):
        tell(world.engineer, key=f"k{number}")
    last = tell(*people[1:], key="last")

    for _again in range(20):
        if not claim_mail(clock.now(), 3):
            break

    assert mail_of(last).status == "sending"
