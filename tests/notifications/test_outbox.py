"""Handing over by mail: every result that SMTP can have, and what follows from it."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from notifications.channels.outgoing import DEFINITE, UNCERTAIN, Result
from notifications.models import Attempt, Delivery, Endpoint, Notice
from notifications.sending import claiming, outbox
from notifications.sending.outbox import deliver_due
from notifications.sending.results import record, take_back_lost
from notifications.services import close_delivery, resend
from tests.factories import World, act, unclaimed
from tests.notifications.servers import Mailbox, free_port, said
from tests.notifications.telling import hurry, mail_of, tell
from tickets import clock

pytestmark = [pytest.mark.django_db, pytest.mark.req("NTF-03")]


def test_a_mail_is_handed_over_and_written_down(world: World, mailbox: Mailbox) -> None:
    User.objects.filter(pk=world.engineer.pk).update(language="en")
    notice = tell(world.engineer, due_at=clock.now() - timedelta(seconds=1))

    assert deliver_due() == 1
    row = mail_of(notice)
    [mail] = mailbox.mails

    assert (row.status, row.attempt, row.rendered, row.error) == ("sent", 1, {}, "")
    assert timedelta(seconds=1) <= row.lateness < timedelta(seconds=20)  # type: ignore[operator]
    assert Attempt.objects.get().result == "sent"
    assert (mail["To"], mail["Subject"]) == ("engineer@example.com", "San replied to k")
    assert (mail["Message-ID"], mail["Auto-Submitted"]) == (row.message_id, "auto-generated")
    assert "第一行\n.第二行" in said(mail).replace("\r\n", "\n")
    assert deliver_due() == 0


@pytest.mark.req("UX-01")
def test_mails_speak_the_reader_s_language(world: World, mailbox: Mailbox) -> None:
    User.objects.filter(pk=world.engineer.pk).update(language="en")
    User.objects.filter(pk=world.lead.pk).update(language="zh-hans")
    tell(world.engineer, world.lead)

    deliver_due()

    assert {mail["To"]: mail["Content-Language"] for mail in mailbox.mails} == {
        "engineer@example.com": "en",
        "lead@example.com": "zh-hans",
    }
    assert {mail["Subject"].split()[0] for mail in mailbox.mails} == {"San", "张三"}


def test_many_mails_go_over_kept_connections(world: World, mailbox: Mailbox) -> None:
    for number in range(30):
        tell(world.people[sorted(world.people)[number % 10]], key=f"k{number}", urgent=True)

    assert deliver_due() == len(set(mailbox.ids)) == 30


def test_a_failed_mail_is_tried_again_with_the_same_identification(world: World, mailbox: Mailbox) -> None:
    mailbox.reply = "451 later"
    notice = tell(world.engineer)
    deliver_due()
    first = mail_of(notice)
    mailbox.reply = ""
    hurry()
    deliver_due()

    assert (first.status, first.attempt, first.error) == ("pending", 1, "451 later")
    assert timedelta(seconds=50) < first.next_try_at - clock.now() < timedelta(seconds=70)
    assert mailbox.ids == [first.message_id]
    assert mailbox.mails[0]["Date"] == first.rendered["date"]
    assert list(Attempt.objects.values_list("number", "result")) == [(1, "definite"), (2, "sent")]


def test_a_silent_server_is_a_definite_failure(world: World, settings: Any) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    notice = tell(world.engineer)

    deliver_due()

    assert (mail_of(notice).status, Attempt.objects.get().result) == ("pending", "definite")


def test_an_unknown_mailbox_ends_it_and_goes_another_way(world: World, mailbox: Mailbox) -> None:
    Endpoint.objects.create(name="sms", kind="sms", url="https://sms.example.com/")
    User.objects.filter(pk=world.engineer.pk).update(mobile="13800000000")
    mailbox.refuse = {"engineer@example.com": "550 no such user"}
    notice = tell(world.engineer)
    Delivery.objects.filter(channel="sms").delete()

    deliver_due()

    assert (mail_of(notice).status, mail_of(notice).error) == ("dead", "550 no such user")
    assert Delivery.objects.filter(notice=notice, channel="sms", recipient=world.engineer).count() == 1


def test_the_duty_manager_learns_of_what_is_lost_by_another_channel(world: World, mailbox: Mailbox) -> None:
    mailbox.refuse = {"engineer@example.com": "550 no such user"}
    tell(world.engineer)

    deliver_due()

    alarm = Notice.objects.get(event="undelivered")
    assert set(alarm.deliveries.values_list("recipient__username", "channel")) == {("manager", "portal")}


def test_urgent_mail_that_fails_twice_also_goes_another_way(world: World, mailbox: Mailbox) -> None:
    Endpoint.objects.create(name="sms", kind="sms", url="https://sms.example.com/", active=True)
    User.objects.filter(pk=world.engineer.pk).update(mobile="13800000000")
    mailbox.reply = "451 later"
    notice = tell(world.engineer, urgent=True)
    Delivery.objects.filter(channel="sms").delete()
    deliver_due()
    assert not Delivery.objects.filter(channel="sms").exists()
    hurry()
    deliver_due()

    assert mail_of(notice).status == "pending"
    assert Delivery.objects.filter(notice=notice, channel="sms").count() == 1


def test_after_the_last_try_it_is_dead_and_can_be_sent_again(world: World, mailbox: Mailbox) -> None:
    notice = tell(world.engineer)
    mailbox.reply = "451 later"
    for _ in range(8):
        hurry()
        deliver_due()
    row = mail_of(notice)
    assert (row.status, row.attempt) == ("dead", 8)

    mailbox.reply = ""
    assert resend(delivery=row, user=world.admin, now=clock.now())
    deliver_due()

    assert mail_of(notice).status == "sent"
    assert mailbox.ids == [row.message_id]
    assert not resend(delivery=row, user=world.admin, now=clock.now())


def test_giving_up_says_who_and_why(world: World, mailbox: Mailbox) -> None:
    from django.contrib.admin.models import LogEntry  # only this test reads the log

    mailbox.refuse = {"engineer@example.com": "550 no such user"}
    notice = tell(world.engineer)
    deliver_due()

    assert close_delivery(delivery=mail_of(notice), user=world.admin, reason="离职")
    assert mail_of(notice).status == "closed"
    assert [(entry.user.username, "离职" in entry.change_message) for entry in LogEntry.objects.all()] == [
        ("admin", True)
    ]


# --- Uncertain ------------------------------------------------------------------------------------------------------


def test_a_lost_lease_holds_an_ordinary_mail_for_a_person(world: World) -> None:
    notice = tell(world.engineer)
    [claimed] = claiming.claim_mail(clock.now(), 8)
    Delivery.objects.filter(pk=claimed.pk).update(next_try_at=clock.now() - timedelta(seconds=1))

    assert take_back_lost(clock.now()) == 1
    assert mail_of(notice).status == "uncertain"
    late = record(pk=claimed.pk, token=claimed.token, result=Result(DEFINITE), now=clock.now())
    assert (late, mail_of(notice).status) == (False, "uncertain")


def test_a_lost_lease_sends_an_urgent_mail_once_more_and_says_so(world: World, mailbox: Mailbox) -> None:
    notice = tell(world.engineer, urgent=True)
    claiming.claim_mail(clock.now(), 8)
    Delivery.objects.filter(channel="email").update(next_try_at=clock.now() - timedelta(seconds=1))
    take_back_lost(clock.now())
    row = mail_of(notice)
    assert (row.status, row.possible_duplicate) == ("pending", True)
    assert timedelta(seconds=25) < row.next_try_at - clock.now() <= timedelta(seconds=30)

    hurry()
    deliver_due()
    assert (mail_of(notice).status, mailbox.ids) == ("sent", [row.message_id])


def test_a_second_uncertainty_is_for_a_person(world: World) -> None:
    notice = tell(world.engineer, urgent=True)
    for _ in range(2):
        hurry()
        [claimed] = claiming.claim_mail(clock.now(), 8)
        record(pk=claimed.pk, token=claimed.token, result=Result(UNCERTAIN), now=clock.now())

    assert mail_of(notice).status == "uncertain"


def test_many_that_one_sender_lost_raise_one_alarm(world: World) -> None:
    for number in range(31):
        tell(world.engineer, key=f"k{number}", urgent=True)
    Delivery.objects.filter(channel="email").update(
        status="sending", possible_duplicate=True, next_try_at=clock.now() - timedelta(seconds=1), attempt=2
    )

    assert take_back_lost(clock.now()) == 31

    assert Delivery.objects.filter(channel="email", status="uncertain").count() == 31
    alarm = Notice.objects.get(event="undelivered")
    assert (alarm.urgent, "31" in alarm.payload["text"]) == (True, True)
    assert take_back_lost(clock.now()) == 0


# --- Checked before sending -----------------------------------------------------------------------------------------


def test_who_left_is_not_told(world: World, mailbox: Mailbox) -> None:
    notice = tell(world.engineer)
    User.objects.filter(pk=world.engineer.pk).update(is_active=False)

    deliver_due()

    assert (mail_of(notice).status, mailbox.mails) == ("skipped", [])


@pytest.mark.req("ORG-03")
def test_who_may_not_see_the_ticket_any_more_is_not_told(world: World, mailbox: Mailbox) -> None:
    ticket = unclaimed(world)
    notice = tell(world.requester, ticket=ticket, key="own")
    User.objects.filter(pk=world.requester.pk).update(organisation=world.organisations["egov"])

    deliver_due()

    assert mail_of(notice).status == "skipped"
    assert [mail["To"] for mail in mailbox.mails if mail["To"] == "requester@example.com"] == []


def test_a_warning_that_nobody_needs_is_left_out(world: World, mailbox: Mailbox, monkeypatch: Any) -> None:
    monkeypatch.setattr(claiming, "obsolete_checks", [lambda notice: notice.event == "replied"])
    old = tell(world.engineer, due_at=clock.now() - timedelta(minutes=2))
    young = tell(world.lead, key="k2")

    deliver_due()

    assert (mail_of(old).status, mail_of(young).status) == ("obsolete", "sent")


# --- Storms ---------------------------------------------------------------------------------------------------------


def test_notices_of_a_ticket_go_as_one_mail(world: World, mailbox: Mailbox) -> None:
    ticket = unclaimed(world)
    Notice.objects.all().delete()
    found = [tell(world.engineer, ticket=ticket, key=f"k{number}", urgent=True) for number in range(3)]

    deliver_due()

    [mail] = mailbox.mails
    rows = list(Delivery.objects.filter(channel="email").order_by("notice_id"))
    assert [row.status for row in rows] == ["sent"] * 3
    assert {row.lead_id for row in rows} == {None, rows[2].pk}
    assert rows[2].notice_id == found[2].pk
    assert said(mail).count("1. ") == said(mail).count("3. ") == 1


def test_a_flood_becomes_one_digest_without_the_urgent_ones(world: World, mailbox: Mailbox) -> None:
    for number in range(25):
        tell(world.engineer, key=f"k{number}")
    tell(world.engineer, key="urgent", urgent=True)

    deliver_due()

    rows = Delivery.objects.filter(channel="email")
    assert len(mailbox.mails) == 2
    assert rows.filter(status="sent").count() == 26
    assert rows.filter(lead__isnull=False, urgent=False).count() == 24
    assert "urgent" in mailbox.mails[0]["Subject"] + mailbox.mails[1]["Subject"]


@pytest.mark.slow
@pytest.mark.parametrize("possible_duplicate", [False, True])
def test_a_flood_that_was_tried_one_by_one_becomes_one_digest(
    world: World, mailbox: Mailbox, possible_duplicate: bool
) -> None:
    """After an outage; but what may have arrived already comes again as it was, so that it can be told apart."""
    for number in range(60):
        tell(world.engineer, key=f"k{number}")
        [claimed] = claiming.claim_mail(clock.now(), 8)
        record(pk=claimed.pk, token=claimed.token, result=Result(DEFINITE, "451 later"), now=clock.now())
    rows = Delivery.objects.filter(channel="email")
    rows.update(possible_duplicate=possible_duplicate)
    assert rows.filter(status="pending", attempt=1).exclude(message_id="").count() == 60
    rows.filter(pk=rows.latest("pk").pk).update(next_try_at=clock.now())  # the first whose turn it is
    if possible_duplicate:
        hurry()

    deliver_due()

    assert rows.filter(status="sent").count() == 60
    assert len(mailbox.mails) == (60 if possible_duplicate else 1)
    if not possible_duplicate:
        assert all(f"k{number}" in said(mailbox.mails[0]) for number in range(60))


def test_what_a_failed_mail_carried_fails_and_returns_with_it(world: World, mailbox: Mailbox) -> None:
    mailbox.refuse = {"engineer@example.com": "550 no such user"}
    for number in range(25):
        tell(world.engineer, key=f"k{number}")
    deliver_due()
    assert Delivery.objects.filter(channel="email", status="dead").count() == 25

    mailbox.refuse = {}
    for row in Delivery.objects.troubled():
        resend(delivery=row, user=world.admin, now=clock.now())
    deliver_due()
    assert Delivery.objects.filter(channel="email", status="sent").count() == 25
    assert len(mailbox.mails) == 2  # the first one's own, and those it had carried


@pytest.mark.django_db(transaction=True)
def test_smtp_that_hangs_after_the_final_dot_is_uncertain(world: World, mailbox: Mailbox, monkeypatch: Any) -> None:
    from notifications.channels import mail  # its limits are shortened here

    monkeypatch.setattr(mail, "STEP_SECONDS", 0.5)
    mailbox.hang_after_dot = 2
    calm, urgent = tell(world.engineer), tell(world.lead, key="k2", urgent=True)

    deliver_due()
    deadline = time.monotonic() + 10
    while Delivery.objects.filter(status="sending").exists() and time.monotonic() < deadline:
        time.sleep(0.1)

    assert (mail_of(calm).status, mail_of(urgent).status) == ("uncertain", "pending")
    assert Attempt.objects.filter(result="uncertain").count() == 2
    mailbox.hang_after_dot = 0
    hurry()
    deliver_due()
    assert mail_of(urgent).status == "sent"
    assert mail_of(urgent).possible_duplicate
    assert sorted(mailbox.ids).count(mail_of(urgent).message_id) == 2  # the same mail, known by its identification
    assert mailbox.ids.count(mail_of(calm).message_id) == 1


def test_a_reaction_fills_the_mail(world: World, mailbox: Mailbox) -> None:
    ticket = unclaimed(world)
    Notice.objects.all().delete()
    act(ticket, "comment", world.desk, text="请先看日志")

    deliver_due()

    assert {mail["To"] for mail in mailbox.mails} >= {"requester@example.com"}
    assert all("请先看日志" in said(mail) for mail in mailbox.mails)


def test_an_idle_pass_costs_two_statements(db: None, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        assert deliver_due() == 0


def test_senders_are_threads_of_this_process() -> None:
    assert outbox.senders() is outbox.senders()
    assert threading.active_count() >= 1
