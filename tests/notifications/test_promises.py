"""Promises that a changed figure breaks: how often is tried, from when on is combined, what is proved."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from itertools import accumulate, pairwise
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.preferences import store_preferences
from notifications.channels.outgoing import PERMANENT, SENT, Result
from notifications.models import Attempt, Delivery, Endpoint
from notifications.sending import claiming, outbox
from notifications.sending.outbox import deliver_due
from notifications.sending.results import record
from notifications.sending.schedule import delay_after, open_for
from notifications.services import resend
from sla.engine import canary
from sla.engine import rounds as engine
from sla.models import EngineState
from tests.factories import World, act, incident_in
from tests.notifications.servers import Mailbox, Program, said
from tests.notifications.telling import endpoint, mail_of, tell
from tickets import clock

pytestmark = [pytest.mark.django_db, pytest.mark.req("NTF-03")]

MINUTE, HOUR = 60, 3600


# --- Trying again ---------------------------------------------------------------------------------------------------


def tries(*, urgent: bool, chance: float = 0.5) -> list[float]:
    """Seconds after the first try at which it is tried again."""
    gaps: list[float] = []
    while (gap := delay_after(len(gaps) + 1, urgent=urgent, chance=chance)) is not None:
        gaps.append(gap.total_seconds())
    return list(accumulate(gaps))


def test_tries_come_when_they_were_promised() -> None:
    urgent, others = tries(urgent=True), tries(urgent=False)

    assert urgent[:5] == [15, 30, 60, 120, 240]
    assert {later - sooner for sooner, later in pairwise(urgent[4:])} == {5 * MINUTE}
    assert HOUR - 5 * MINUTE <= urgent[-1] <= HOUR
    assert others == [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, 12 * HOUR, 24 * HOUR]
    assert [tries(urgent=True, chance=chance)[0] for chance in (0, 1)] == [pytest.approx(13.5), pytest.approx(16.5)]


def test_a_broken_circuit_is_tried_after_longer_and_longer_times() -> None:
    pauses = [open_for(failures) for failures in range(4, 12)]

    assert pauses == [None, *(timedelta(seconds=n) for n in (60, 120, 240, 480, 900, 900, 900))]


def test_an_endpoint_that_fails_its_trial_is_left_alone_twice_as_long(world: World, program: Program) -> None:
    place = endpoint(program)
    program.status = 503
    Endpoint.objects.update(failures=5, open_until=clock.now() - timedelta(seconds=1))
    for number in range(3):
        tell(key=f"k{number}", rooms=True)
    deliver_due()

    place.refresh_from_db()
    assert (place.failures, len(program.posts)) == (6, 1)  # one alone finds out
    left = place.open_until - clock.now()  # type: ignore[operator]
    assert timedelta(seconds=60) < left <= timedelta(seconds=120)


# --- Combining ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("waiting", "messages"), [(20, 20), (21, 1)])
def test_more_than_twenty_become_one_digest(world: World, mailbox: Mailbox, waiting: int, messages: int) -> None:
    told = [tell(world.engineer, key=f"k{number}") for number in range(waiting)]

    deliver_due()

    assert len(mailbox.mails) == messages
    rows = Delivery.objects.filter(channel="email")
    assert rows.filter(status="sent").count() == waiting
    assert rows.filter(lead=None).count() == messages
    if messages == 1:
        assert all(notice.key in said(mailbox.mails[0]) for notice in told)


@pytest.mark.req("DESK-02")
def test_a_digest_says_how_much_waits_for_a_decision(world: World, mailbox: Mailbox) -> None:
    act(incident_in("in_progress", world), "propose_priority", world.engineer, impact="I3", text="?")
    deliver_due()
    mailbox.mails.clear()
    for number in range(21):
        tell(world.lead, key=f"k{number}")
        tell(world.engineer, key=f"e{number}")

    deliver_due()

    texts = {mail["To"]: said(mail) for mail in mailbox.mails}
    assert {to for to, text in texts.items() if "/approvals/" in text} == {"lead@example.com"}
    assert "1. http" in texts["lead@example.com"] or "1。" in texts["lead@example.com"]


def test_urgent_ones_go_first_and_of_those_the_newest(world: World, mailbox: Mailbox, monkeypatch: Any) -> None:
    monkeypatch.setattr(outbox, "SENDERS", 1)  # one after the other, so that their order can be seen
    monkeypatch.setattr(outbox, "_senders", {})
    tell(world.engineer, key="calm")
    for number in range(3):
        tell(world.engineer, key=f"urgent {number}", urgent=True)

    deliver_due()

    order = [next(key for key in ("calm", "urgent 0", "urgent 1", "urgent 2") if key in mail["Subject"])
             for mail in mailbox.mails]  # fmt: skip
    assert order == ["urgent 2", "urgent 1", "urgent 0", "calm"]


# --- Operators ------------------------------------------------------------------------------------------------------


def test_sending_again_says_who(world: World, mailbox: Mailbox) -> None:
    mailbox.refuse = {"engineer@example.com": "550 no such user"}
    notice = tell(world.engineer)
    deliver_due()
    row = mail_of(notice)

    assert resend(delivery=row, user=world.admin, now=clock.now())
    assert not resend(delivery=row, user=world.lead, now=clock.now())

    [written] = LogEntry.objects.all()
    assert (written.user, written.object_id) == (world.admin, str(row.pk))
    assert written.change_message


@pytest.mark.req("NTF-02")
def test_quiet_hours_delay_no_urgent_mail_and_no_try_of_it(world: World, mailbox: Mailbox) -> None:
    """What was stored while the reader wanted quiet goes out at once when it is urgent, and each try of it, too."""
    local = timezone.localtime(timezone=timezone.get_default_timezone())
    quiet = {"from": f"{local - timedelta(hours=1):%H:%M}", "until": f"{local + timedelta(hours=2):%H:%M}"}
    store_preferences(world.engineer, "notices", quiet=quiet)
    calm, urgent = tell(world.engineer, key="calm"), tell(world.engineer, key="urgent", urgent=True)
    mailbox.reply = "451 later"
    deliver_due()
    again = mail_of(urgent).next_try_at - clock.now()
    mailbox.reply = ""

    assert (mail_of(calm).attempt, mail_of(urgent).attempt) == (0, 1)
    assert again < timedelta(seconds=20)
    Delivery.objects.filter(notice=urgent).update(next_try_at=clock.now())
    deliver_due()
    assert (mail_of(calm).status, mail_of(urgent).status, len(mailbox.mails)) == ("pending", "sent", 1)


# --- The proof ------------------------------------------------------------------------------------------------------


def said_by_the_proof(capsys: Any) -> str:
    """The first line for today."""
    today = str(timezone.localdate())
    with suppress(CommandError):  # it fails when something is lost or came twice
        call_command("prove_notices", "--from", today, "--to", today)
    return str(capsys.readouterr().out).splitlines()[0]


@pytest.mark.req("SLM-06")
def test_the_proof_counts_what_came_twice_and_what_nobody_got(world: World, capsys: Any) -> None:
    twice, gone, dead = (tell(world.engineer, key=key) for key in ("twice", "gone", "dead"))
    now = clock.now()
    gone.deliveries.all().delete()
    for result, notice in ((SENT, twice), (PERMANENT, dead)):
        [claimed] = [one for one in claiming.claim_mail(now, 1) if one.pk == mail_of(notice).pk]
        assert record(pk=claimed.pk, token=claimed.token, result=Result(result), now=now)
    Attempt.objects.create(delivery=mail_of(twice), number=2, at=now, result=SENT)

    # Two portals and the mail that came twice; the alarm about the dead one is a notice, too.
    assert said_by_the_proof(capsys).startswith("5 due, 4 delivered, 1 doubled, 1 lost, 0 waiting, 1 given up")


@pytest.mark.req("SLM-06")
def test_test_timers_are_not_called_lost(world: World, capsys: Any) -> None:
    engine.run_once()
    EngineState.objects.update(canary_started_at=clock.now() - 2 * canary.TARGET)
    engine.run_once()

    assert EngineState.objects.get().canary_passed_at is not None
    assert said_by_the_proof(capsys).startswith("0 due, 0 delivered, 0 doubled, 0 lost")
