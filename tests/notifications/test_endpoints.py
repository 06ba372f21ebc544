"""Handing over to programs and rooms: every result that HTTP can have, and what follows from it."""

from __future__ import annotations

import hashlib
import hmac
import time
from datetime import timedelta

import pytest

from notifications.models import Attempt, Delivery, Endpoint
from notifications.sending import claiming
from notifications.sending.outbox import deliver_due
from tests.factories import World, unclaimed
from tests.notifications.servers import Mailbox, Program
from tests.notifications.telling import endpoint, hurry, mail_of, tell
from tickets import clock

pytestmark = [pytest.mark.django_db, pytest.mark.req("NTF-03")]


@pytest.mark.req("NTF-01")
def test_a_webhook_is_signed_and_can_be_told_apart(world: World, program: Program) -> None:
    endpoint(program)
    ticket = unclaimed(world)
    deliver_due()
    assigned = Delivery.objects.get(channel="webhook", notice__event="assigned")
    row = assigned.lead or assigned  # what one action tells may go out in one post
    [post] = [post for post in program.posts if post.json["id"] == str(row.pk)]
    code = hmac.new(b"geheim", post.headers["x-timestamp"].encode() + post.body, hashlib.sha256).hexdigest()

    assert (row.status, assigned.status) == ("sent", "sent")
    assert (post.headers["idempotency-key"], post.headers["x-signature"]) == (str(row.pk), code)
    assert {told["ticket"] for told in post.json["notices"]} == {ticket.number}
    assert "assigned" in {told["event"] for told in post.json["notices"]}


@pytest.mark.parametrize(
    ("status", "left", "kind"), [(404, "dead", "permanent"), (410, "dead", "permanent"), (500, "pending", "definite")]
)
def test_an_answer_decides(world: World, program: Program, status: int, left: str, kind: str) -> None:
    endpoint(program)
    program.status = status
    tell(rooms=True)

    deliver_due()

    [tried] = Attempt.objects.filter(delivery__channel="webhook")
    assert (Delivery.objects.get(channel="webhook").status, tried.result) == (left, kind)


def test_a_redirect_is_not_followed(world: World, program: Program) -> None:
    endpoint(program)
    program.status = 302
    tell(rooms=True)

    deliver_due()

    assert [post.path for post in program.posts] == ["/hook"]
    assert Attempt.objects.get().detail == "HTTP 302"


def test_five_outages_open_the_circuit_and_a_success_closes_it(world: World, program: Program) -> None:
    place = endpoint(program)
    program.status = 503
    for number in range(6):
        tell(key=f"k{number}", rooms=True)
    for _ in range(3):
        hurry()
        deliver_due()
    place.refresh_from_db()
    assert len(program.posts) <= place.failures + 1
    assert timedelta(seconds=50) < place.open_until - clock.now()  # type: ignore[operator]

    before = len(program.posts)
    hurry()
    deliver_due()
    assert len(program.posts) == before

    program.status = 200
    Endpoint.objects.update(open_until=clock.now())
    hurry()
    deliver_due()
    place.refresh_from_db()
    assert (place.failures, place.open_until) == (0, None)
    assert not Delivery.objects.exclude(status="sent").exists()


@pytest.mark.slow
def test_an_endpoint_gets_two_at_a_time(world: World, program: Program) -> None:
    endpoint(program)
    program.wait = 0.1
    for number in range(8):
        tell(key=f"k{number}", rooms=True, ticket=None)

    assert deliver_due() == 8
    assert program.most_at_once == 2


def test_a_switched_off_endpoint_is_left_out(world: World, program: Program) -> None:
    place = endpoint(program)
    tell(rooms=True)
    Endpoint.objects.filter(pk=place.pk).update(active=False)

    deliver_due()

    assert (Delivery.objects.get().status, program.posts) == ("skipped", [])


@pytest.mark.django_db(transaction=True)
def test_a_hanging_endpoint_delays_nobody(world: World, program: Program, mailbox: Mailbox) -> None:
    endpoint(program)
    program.wait = 4
    notice = tell(world.engineer, rooms=True)

    deliver_due()

    assert mail_of(notice).status == "sent"
    assert Delivery.objects.get(channel="webhook").status == "sending"
    deadline = time.monotonic() + 10
    while Delivery.objects.get(channel="webhook").status == "sending" and time.monotonic() < deadline:
        time.sleep(0.1)
    assert Delivery.objects.get(channel="webhook").status == "sent"


@pytest.mark.req("API-04")
def test_programs_are_told_in_order_and_of_which_version(world: World, program: Program) -> None:
    endpoint(program)
    for number in range(6):
        tell(rooms=True, key=f"k{number}")
    ticket = unclaimed(world)
    while Delivery.objects.filter(status="pending", channel="webhook").exists():
        deliver_due()

    bodies = [post.json for post in program.posts]
    assert {body["version"] for body in bodies} == {1}
    [of_ticket] = [body["notices"] for body in bodies if body["notices"][0]["ticket"] == ticket.number]
    assert [notice["event"] for notice in of_ticket][:2] == ["received", "assigned"]
    told = [[notice["created_at"] for notice in body["notices"]] for body in bodies]
    assert told == [sorted(moments) for moments in told]


@pytest.mark.req("API-04")
def test_older_ones_are_taken_first_for_programs_newer_ones_for_people(world: World, program: Program) -> None:
    endpoint(program)
    told = [tell(world.engineer, rooms=True, key=f"k{number}", urgent=True) for number in range(6)]

    posts, mails = claiming.claim_posts(clock.now()), claiming.claim_mail(clock.now(), 2)

    sent = Delivery.objects.filter(pk__in=[claimed.pk for claimed in posts])
    assert sorted(sent.values_list("notice_id", flat=True)) == [notice.pk for notice in told[:2]]
    read = Delivery.objects.filter(pk__in=[claimed.pk for claimed in mails])
    assert sorted(read.values_list("notice_id", flat=True)) == [notice.pk for notice in told[-2:]]
