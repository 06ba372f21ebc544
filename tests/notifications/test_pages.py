"""Pages of notices: the bell, choices, templates, receipts, trouble."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone, translation

from accounts.models import User
from notifications.models import Delivery, Endpoint, Notice, NoticeTemplate
from notifications.queries import bell_rows, lines_of
from notifications.sending.outbox import deliver_due
from notifications.services import give_notice
from tests.factories import World, act, incident_in, register_incident, unclaimed
from tests.notifications.servers import Mailbox, said
from tickets import clock

pytestmark = [pytest.mark.django_db, pytest.mark.req("NTF-01")]
Browse = Callable[[User | None], Client]


def tell(*people: User, key: str = "k", **details: Any) -> Notice:
    """Give a notice due now."""
    given: dict[str, Any] = {"key": key, "event": "urged", "ticket": None, "recipients": people, "urgent": False}
    given |= {"at": clock.now(), "payload": {"number": "", "summary": f"Summary {key}", "priority": "P3"}}
    found = give_notice(**given | details)
    assert found is not None
    return found


# --- The bell -------------------------------------------------------------------------------------------------------


def test_the_bell_shows_what_is_new_and_what_presses(world: World, browse: Browse) -> None:
    tell(world.engineer)
    tell(world.engineer, key="urgent", urgent=True)
    tell(world.lead, key="of somebody else")
    client = browse(world.engineer)

    bell = client.get("/notices/pressing/")
    latest = client.get("/notices/latest/").text
    page = client.get("/notices/").text

    assert bell.context["unread"] == 2
    assert ("Summary urgent" in bell.text, "Summary k" in bell.text) == (True, False)
    assert ("Summary k" in latest, "Summary k" in page, "of somebody else" in page) == (True, True, False)


@pytest.mark.parametrize("count", [1, 5])
def test_the_bell_costs_the_same_for_many(
    world: World, browse: Browse, count: int, django_assert_num_queries: Any
) -> None:
    for number in range(count):
        tell(world.engineer, key=f"k{number}", urgent=True, ticket=unclaimed(world))
    client = browse(world.engineer)
    client.get("/notices/pressing/")
    with django_assert_num_queries(6):
        client.get("/notices/pressing/", headers={"x-by-itself": "1"})
    with django_assert_num_queries(4):
        client.get("/notices/latest/", headers={"x-by-itself": "1"})


def test_opening_reads_and_acknowledging_ends_the_alarm(world: World, browse: Browse) -> None:
    ticket = unclaimed(world)
    Notice.objects.all().delete()
    tell(world.engineer, urgent=True, ticket=ticket, payload={"number": ticket.number, "summary": "s"})
    row = Delivery.objects.get(channel="portal", recipient=world.engineer)
    client = browse(world.engineer)

    assert browse(world.lead).post(f"/notices/{row.pk}/").status_code == 404
    assert Delivery.objects.get(pk=row.pk).read_at is None
    opened = client.post(f"/notices/{row.pk}/")
    assert opened["Location"] == f"/tickets/{ticket.number}/"
    row.refresh_from_db()
    assert (row.read_at is not None, row.acknowledged_at) == (True, None)

    browse(world.lead).post("/notices/acknowledge/", {"notice": row.pk})
    row.refresh_from_db()
    assert row.acknowledged_at is None
    answer = client.post("/notices/acknowledge/", {"notice": row.pk}, headers={"hx-request": "true"})
    row.refresh_from_db()
    assert (row.acknowledged_at is not None, "pressing-band" in answer.text) == (True, False)


def test_old_notices_are_reached_page_by_page(world: World, browse: Browse) -> None:
    for number in range(60):
        tell(world.engineer, key=f"k{number}")
    client = browse(world.engineer)

    first = client.get("/notices/")
    second = client.get(f"/notices/?before={first.context['older']}")

    assert [len(page.context["lines"]) for page in (first, second)] == [50, 10]
    client.post("/notices/read/")
    assert client.get("/notices/?unread=1").context["lines"] == []


@pytest.mark.req("NTF-03")
def test_staff_see_on_the_ticket_who_was_told(world: World, browse: Browse) -> None:
    ticket = incident_in("assigned", world)

    text = browse(world.desk).get(f"/tickets/{ticket.number}/notices/").text

    assert ("Engineer" in text, "Email" in text, "Handed over" in text, "Waiting" in text) == (True, True, True, True)


# --- Choices --------------------------------------------------------------------------------------------------------


@pytest.mark.req("NTF-02")
def test_people_choose_on_their_page(world: World, browse: Browse) -> None:
    client = browse(world.engineer)
    form = client.get("/notices/choices/").context["form"]
    sent = {name: form[name].value() or [] for name in form.fields if not name.startswith("quiet")}
    sent |= {"urged": ["sms"], "quiet_from": "22:00"}

    assert client.post("/notices/choices/", sent).status_code == 422
    assert client.post("/notices/choices/", sent | {"quiet_until": "07:00"}).status_code == 302

    world.engineer.refresh_from_db()
    assert world.engineer.preferences["notices"] == {
        "channels": {"urged": ["sms"]},
        "quiet": {"from": "22:00", "until": "07:00"},
    }
    assert 'value="22:00"' in client.get("/notices/choices/").text


# --- Templates ------------------------------------------------------------------------------------------------------


@pytest.mark.req("ADM-01")
def test_an_edited_template_is_used_and_its_words_are_checked(world: World, browse: Browse, mailbox: Mailbox) -> None:
    client, url = browse(world.admin), "/notices/templates/urged/en/email/"
    preview = client.post(
        "/notices/templates/preview/", {"event": "urged", "language": "en", "subject": "{priority}!", "body": "{nope}"}
    )
    assert ("P2!" in preview.text, "nope" in preview.text) == (True, True)

    refused = client.post(url, {"subject": "{priority.__class__}", "body": "{secret}"})
    assert (refused.status_code, NoticeTemplate.objects.exists()) == (422, False)
    assert client.post(url, {"subject": "Hurry: {summary}", "body": "By {actor}: {text}"}).status_code == 302
    User.objects.filter(pk=world.engineer.pk).update(language="en")
    tell(world.engineer, payload={"summary": "X\r\nBcc: a@b", "text": "{link}", "actor": {"zh": "甲", "en": "A"}})
    deliver_due()

    [mail] = mailbox.mails
    assert (mail["Subject"], mail["Bcc"]) == ("Hurry: X Bcc: a@b", None)
    assert "By A: {link}" in said(mail)
    client.post(url, {"reset": "1"})
    assert not NoticeTemplate.objects.exists()


def test_every_event_can_be_written_in_every_form(world: World, browse: Browse) -> None:
    client = browse(world.admin)
    text = client.get("/notices/templates/").text
    urls = [part.split('"')[0] for part in text.split('href="')[1:] if part.startswith("/notices/templates/")]

    assert len(urls) >= 60
    assert {client.get(url).status_code for url in urls[:8]} == {200}


@pytest.mark.parametrize("name", ["endpoint", "eventchoice", "noticetemplate", "delivery"])
@pytest.mark.req("ADM-01")
def test_administrators_find_it_in_the_administration(world: World, browse: Browse, name: str) -> None:
    Endpoint.objects.create(name="room", kind="wecom", url="https://qyapi.weixin.qq.com/x", secret="geheim")
    NoticeTemplate.objects.create(event="urged", language="en", subject="{summary}", body="{text}")
    tell(world.engineer)
    client = browse(world.admin)

    assert client.get(f"/admin/notifications/{name}/").status_code == 200
    if name != "delivery":
        assert client.get(f"/admin/notifications/{name}/add/").status_code == 200


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("webhook", "http://10.0.0.1/"),
        ("webhook", "https://10.0.0.1/"),
        ("webhook", "https://169.254.169.254/latest/"),
        ("webhook", "https://2130706433/"),
        ("webhook", "https://localhost/"),
        ("webhook", "https://192.88.99.1/"),
        ("webhook", "https://[3fff::1]/"),
        ("webhook", "https://[::ffff:10.0.0.1]/"),
        ("webhook", "https://user:word@example.com/"),
        ("webhook", "https://example.com:22/"),
        ("wecom", "https://example.com/robot"),
        ("feishu", "https://qyapi.weixin.qq.com/robot"),
    ],
)
@pytest.mark.req("SEC-02")
def test_the_administration_refuses_what_would_be_refused_at_every_send(
    world: World, browse: Browse, kind: str, url: str
) -> None:
    sent = {"name": "x", "kind": kind, "url": url, "language": "en", "active": "on", "secret": "geheim"}

    administrator = browse(world.admin)
    User.objects.filter(pk=world.admin.pk).update(language="zh-hans")
    response = administrator.post("/admin/notifications/endpoint/add/", sent)

    assert (response.status_code, Endpoint.objects.exists()) == (200, False)
    with translation.override("zh-hans"):  # what Django says itself is only read now
        [said] = map(str, response.context["adminform"].form.errors["url"])
    assert re.search("[\u4e00-\u9fff]", said)  # in the reader's language


def test_the_administration_takes_robots_where_they_live_and_gateways_that_are_named(
    world: World, browse: Browse, settings: Any
) -> None:
    settings.OUTBOUND_PRIVATE_HOSTS = ["10.0.0.7"]
    for kind, url in (("wecom", "https://qyapi.weixin.qq.com/cgi-bin/x"), ("webhook", "https://10.0.0.7/hook")):
        sent = {"name": kind, "kind": kind, "url": url, "language": "en", "active": "on", "secret": "geheim"}
        assert browse(world.admin).post("/admin/notifications/endpoint/add/", sent).status_code == 302

    assert Endpoint.objects.count() == 2


@pytest.mark.req("API-04")
def test_a_webhook_has_a_secret(world: World, browse: Browse) -> None:
    sent = {"name": "x", "kind": "webhook", "url": "https://example.com/hook", "language": "en", "active": "on"}
    refused = browse(world.admin).post("/admin/notifications/endpoint/add/", sent)
    assert "secret" in refused.context["adminform"].form.errors
    browse(world.admin).post("/admin/notifications/endpoint/add/", sent | {"secret": "geheim"})
    kept = Endpoint.objects.get()

    again = browse(world.admin).post(f"/admin/notifications/endpoint/{kept.pk}/change/", sent | {"no_secret": "on"})

    assert "secret" in again.context["adminform"].form.errors
    kept.refresh_from_db()
    assert kept.secret == "geheim"


# --- Receipts and trouble -------------------------------------------------------------------------------------------


@pytest.mark.req("SLM-06")
def test_receipts_compare_planned_with_actual(world: World, browse: Browse) -> None:
    for number, late in enumerate((0, 1, 2, 10)):
        tell(world.engineer, key=f"k{number}", due_at=clock.now() - timedelta(seconds=late))
    today = timezone.localdate()

    page = browse(world.desk).get(f"/notices/receipts/?since={today - timedelta(days=1)}&until={today}")
    rows = {row["channel"]: row for row in page.context["figures"]}

    portal = rows["portal"]
    assert (portal["all_of_them"], portal["sent"], rows["email"]["waiting"]) == (4, 4, 4)
    assert (float(portal["p50"]), float(portal["longest"])) == (pytest.approx(1.5, abs=0.5), pytest.approx(10, abs=1))
    assert len(page.context["latest"]) >= 3
    assert browse(world.desk).get("/notices/receipts/?since=2026-02-02&until=2026-01-01").status_code == 422
    assert browse(world.requester).get("/notices/receipts/").status_code == 403


@pytest.mark.req("SLM-06")
def test_notices_of_a_period_can_be_proved(world: World, capsys: Any) -> None:
    tell(world.engineer)
    today = str(timezone.localdate())

    call_command("prove_notices", "--from", today, "--to", today)

    said = capsys.readouterr().out
    assert "2 due, 1 delivered, 0 doubled, 0 lost" in said


@pytest.mark.req("NTF-03")
def test_operators_send_again_or_give_up(world: World, browse: Browse) -> None:
    tell(world.engineer)
    row = Delivery.objects.get(channel="email")
    Delivery.objects.filter(pk=row.pk).update(status="dead", error="550 no")
    url = f"/notices/undelivered/{row.pk}/"

    assert browse(world.engineer).post(url, {"resend": "1"}).status_code == 403
    client = browse(world.manager)
    assert "550 no" in client.get("/notices/undelivered/").text
    client.post(url, {"reason": ""})
    row.refresh_from_db()
    assert row.status == "dead"
    client.post(url, {"resend": "1"})
    row.refresh_from_db()
    assert row.status == "pending"
    Delivery.objects.filter(pk=row.pk).update(status="uncertain")
    client.post(url, {"reason": "telephoned"})
    row.refresh_from_db()
    assert row.status == "closed"


def test_registering_for_somebody_confirms_it_in_words(world: World, browse: Browse) -> None:
    ticket = register_incident(world.desk, requester="requester")

    assert f"Registered: {ticket.number}" in browse(world.requester).get("/notices/").text


@pytest.mark.slow
def test_only_what_asks_staff_to_act_presses(world: World, browse: Browse) -> None:
    ticket = register_incident(world.desk, requester="requester", impact="I1", group="host", assignee="engineer")
    act(ticket, "comment", world.desk, text="有进展")

    assert browse(world.requester).get("/notices/pressing/").context["pressing"] is None
    bell, pressing = browse(world.engineer).get("/notices/pressing/"), lines_of(bell_rows(world.engineer).pressing())
    assert bell.context["urgent"] == len(pressing)
    assert ["Assigned" in line.title for line in pressing].count(True) == 1
    assert not any("replied" in line.title for line in pressing)


@pytest.mark.parametrize(
    ("count", "said", "more"),
    [(1, "1 urgent", ""), (7, "7 urgent", "and 6 more"), (103, "100+ urgent", "and 100+ more")],
)
def test_all_that_presses_is_counted_up_to_a_hundred(
    world: World, browse: Browse, count: int, said: str, more: str
) -> None:
    tell(world.engineer, urgent=True)
    first = Delivery.objects.get(channel="portal", recipient=world.engineer)
    notices = [copied(first.notice, key=f"k{number}") for number in range(1, count)]
    Delivery.objects.bulk_create(copied(first, notice_id=one.pk) for one in Notice.objects.bulk_create(notices))

    text = " ".join(browse(world.engineer).get("/notices/pressing/").text.split())

    assert said in text
    assert ("pressing-more" in text, more in text) == (bool(more), True)


def copied(row: Any, **values: Any) -> Any:
    """A row like it, not stored yet."""
    names = [field.attname for field in row._meta.concrete_fields if not field.primary_key]
    return type(row)(**{name: getattr(row, name) for name in names} | values)
