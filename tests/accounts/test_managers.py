"""Managers see reasons, what governs them, what they can take, and one line a ticket in the bell (DESK-04, NTF-01)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from notifications.models import Delivery
from notifications.queries import bell_rows, grouped, lines_of
from tests.factories import MONDAY, World, act, incident_in, register_incident, unclaimed
from tickets import clock
from tickets.workspace.my import MyPage, to_claim

pytestmark = pytest.mark.django_db


def browser(user: User) -> Client:
    """Theirs, in English."""
    User.objects.filter(pk=user.pk).update(language="en")
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, url: str) -> str:
    """A page that must be there."""
    response = client.get(url)
    assert response.status_code == 200, url
    return response.content.decode()


GOVERNING = [
    "/policies/",
    "/policies/priorities/",
    "/calendars/",
    "/calendars/5x8/",
    "/notices/templates/",
    "/notices/templates/assigned/en/email/",
]


@pytest.mark.req("SLM-03", "NTF-01")
@pytest.mark.parametrize("url", GOVERNING)
def test_what_governs_them_can_be_read_by_managers_and_changed_by_administrators(world: World, url: str) -> None:
    text = page(browser(world.manager), url)
    assert 'name="publish"' not in text
    assert "/admin/" not in text
    assert "data-guard" not in text  # nothing to type
    assert browser(world.manager).post(url, {"publish": "1", "reset": "1"}).status_code in (403, 405)
    assert browser(world.engineer).get(url).status_code == 403
    assert browser(world.admin).get(url).status_code == 200


@pytest.mark.req("SLM-03", "SLM-04")
def test_a_policy_shows_what_counts_for_all_its_promises(world: World) -> None:
    text = page(browser(world.manager), "/policies/priorities/")

    for label, said in (("Response counts from", "Dispatch"), ("Resolution counts until", "Resolution")):
        assert re.search(rf"<dt>{label}</dt><dd>{said}", text), label
    assert "<dt>Waiting that pauses the clocks</dt><dd>" in text


@pytest.mark.req("SLM-03")
def test_a_policy_shows_the_targets_in_force(world: World) -> None:
    text = page(browser(world.manager), "/policies/priorities/")
    table = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text[text.index("In force now") :]))
    for shown in ("Response", "P1", "5 min", "P5", "4 h", "Round the clock"):
        assert shown in table, shown


@pytest.mark.req("INC-04")
def test_whoever_decides_a_priority_reads_why_it_was_proposed(world: World) -> None:
    ticket = incident_in("in_progress", world)
    act(ticket, "propose_priority", world.engineer, impact="I3", text="三个席位全停")
    assert "三个席位全停" in page(browser(world.manager), "/my/?tab=decide")
    head = page(browser(world.manager), ticket.get_absolute_url())
    assert "三个席位全停" in head[head.index('data-live-part="request"') : head.index('data-live-part="banner"')]


@pytest.mark.req("DESK-02")
def test_to_claim_lists_what_one_can_claim(world: World) -> None:
    ours = unclaimed(world)
    nobodys = register_incident(world.desk)
    now = clock.now()
    assert [row.pk for row in to_claim(world.engineer, now)] == [ours.pk]
    assert [row.pk for row in to_claim(world.desk, now)] == [nobodys.pk]
    assert list(to_claim(world.manager, now)) == []
    for user in (world.engineer, world.desk):
        assert all(card["main"] for card in MyPage(user, "claim", now).cards())


@pytest.mark.req("NTF-01")
def test_the_bell_has_one_line_a_ticket(world: World) -> None:
    first, second = (incident_in("assigned", world, summary=name) for name in ("one", "two"))
    for text in ("a", "b"):
        act(first, "comment", world.requester, text=text)
    lines = grouped(lines_of(bell_rows(world.engineer)))
    assert [(line.ticket_id, line.more, line.unread) for line in lines] == [(first.pk, 2, True), (second.pk, 0, True)]
    client = browser(world.engineer)
    for url in ("/notices/", "/notices/latest/"):
        text = page(client, url)
        assert (text.count("told-go"), "2 more about it" in text) == (2, True), url
    client.post(f"/notices/{lines[0].pk}/")  # looking at the ticket reads what was told of it
    unread: Any = Delivery.objects.visible_to(world.engineer).unread()
    assert {row.notice.ticket_id for row in unread.select_related("notice")} == {second.pk}


@pytest.mark.req("NTF-01")
def test_notices_of_no_ticket_stand_alone(world: World) -> None:
    incident_in("assigned", world, now=MONDAY - timedelta(days=1))
    rows = list(bell_rows(world.engineer))
    lines = lines_of(rows)
    loose = [type(line)(**{**vars(line), "ticket_id": None, "pk": pk}) for line in lines for pk in (1, 2)]
    assert len(grouped(loose)) == 2
