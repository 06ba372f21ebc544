"""The real process on a real database, with real streams (TKT-07, TKT-08, UX-02)."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection

from accounts.models import User
from live import hub
from live.models import Presence
from tests.factories import World, act, incident_in, last_entry, unclaimed
from tests.live.stream import HOST, Stream, cookie_of, free_port, line_of, live_process, status_of, wait_until

pytestmark = [pytest.mark.req("TKT-08", "UX-02"), pytest.mark.django_db(transaction=True)]

Open = Callable[..., Stream]


@pytest.fixture
def world(transactional_db: None) -> World:
    return World()


@pytest.fixture(scope="module")
def process(django_db_setup: None, django_db_blocker: Any) -> Iterator[int]:
    """The port of a live process on the database of these tests."""
    number = free_port()
    with django_db_blocker.unblock():
        database = connection.settings_dict
    with live_process(number, database):
        yield number


@pytest.fixture
def port(process: int, world: World) -> int:
    """Where the live process answers, in a world with people."""
    return process


@pytest.fixture
def watch(port: int) -> Iterator[Open]:
    """Open the stream of a page as somebody."""
    opened: list[Stream] = []

    def start(user: User, **look: str) -> Stream:
        opened.append(Stream(port, user, lang="en", **look))
        return opened[-1]

    yield start
    for stream in opened:
        stream.close()


def test_a_claim_leaves_the_queue_and_enters_that_of_the_claimer(world: World, watch: Open) -> None:
    ticket = unclaimed(world)
    queue, mine = watch(world.engineer2, view="unassigned"), watch(world.engineer, view="mine")

    act(ticket, "claim", world.engineer)

    assert queue.until(lambda m: (line_of(ticket)(m) or {}).get("gone")) == "Assigned"
    line = mine.until(lambda m: "html" in (line_of(ticket)(m) or {}) and line_of(ticket)(m))
    assert (f'id="{ticket.number}"' in line["html"], line["key"] != "") == (True, True)
    assert mine.seen[-1]["counts"]["views"]["mine"] == "1"
    assert mine.seen[-1]["counts"]["links"]["/queue/"] == "1"


def test_filters_and_kind_of_a_list_are_kept(world: World, watch: Open) -> None:
    tasks, loud = watch(world.desk, view="all", kind="task"), watch(world.desk, view="all", filters="q=loud")
    plain = watch(world.desk, view="all")

    ticket = incident_in("registered", world, summary="a quiet one")
    other = incident_in("registered", world, summary="a loud one")

    assert "html" in loud.until(line_of(other))
    assert "html" in plain.until(line_of(other))
    assert [line_of(ticket)(message) for message in loud.seen if "html" in (line_of(ticket)(message) or {})] == []
    assert "gone" in tasks.until(line_of(other))


@pytest.mark.req("TKT-07")
def test_the_open_ticket_is_told_what_happened(world: World, watch: Open) -> None:
    ticket = incident_in("in_progress", world)
    page = watch(world.lead, ticket=ticket.number)

    act(ticket, "note", world.engineer, text="Looking at the disk")

    entry = last_entry(ticket)
    told = page.until(lambda m: [n for n in m.get("ticket", {}).get("notes", ()) if n["id"] == entry.pk])
    assert told == [{"id": entry.pk, "by": "Engineer", "who": "engineer", "what": "added an internal note"}]


@pytest.mark.req("ORG-03", "TKT-03")
def test_customers_hear_public_news_of_their_own_tickets_only(world: World, watch: Open) -> None:
    ticket, foreign = incident_in("in_progress", world), incident_in("in_progress", world, requester="requester2")
    home, page = watch(world.requester, portal="1"), watch(world.requester, ticket=ticket.number)
    stranger = watch(world.requester2, portal="1", ticket=ticket.number, view="all", have=ticket.number)

    internal = last_entry(act(ticket, "note", world.engineer, text="internal"))
    act(foreign, "comment", world.engineer, text="for somebody else")
    assert stranger.until(lambda message: message.get("home"))
    public = last_entry(act(ticket, "comment", world.engineer, text="for you"))

    told = page.until(
        lambda m: [note["id"] for note in m.get("ticket", {}).get("notes", ()) if note["id"] >= public.pk]
    )
    assert told == [public.pk]
    assert f'"id": {internal.pk}' not in json.dumps(page.seen)
    assert home.until(lambda message: message.get("home"))
    assert "rows" not in str([*home.seen, *page.seen, *stranger.seen])
    assert ticket.number not in str(stranger.seen)


@pytest.mark.req("ORG-03")
def test_a_supplier_hears_of_tickets_handed_to_them_only(world: World, watch: Open) -> None:
    hidden, handed = incident_in("in_progress", world), incident_in("in_progress", world)
    page = watch(world.vendor, view="open", have=hidden.number)
    assert page.hello["rows"] == [{"number": hidden.number, "gone": ""}]

    act(hidden, "note", world.engineer, text="not for the vendor")
    ticket = act(handed, "call_vendor", world.engineer, supplier="liyuan", text="please look")

    assert "html" in page.until(line_of(ticket))
    told = [row for message in page.seen for row in message.get("rows", ())]
    assert {row["number"]: row.get("gone") for row in told} == {hidden.number: "", ticket.number: None}


@pytest.mark.req("ORG-03")
def test_strangers_and_other_sites_are_refused(world: World, port: int) -> None:
    cookie = cookie_of(world.desk)
    own = f"http://{HOST}:{port}"

    assert status_of(port, "/live/") == 401
    assert status_of(port, "/live/", Cookie="sessionid=" + "x" * 32) == 401
    assert status_of(port, "/live/", Cookie=cookie, Origin="http://evil.example") == 403
    assert status_of(port, "/live/", Cookie=cookie, Origin="null") == 403
    assert status_of(port, "/live/", Cookie=cookie, Sec_Fetch_Site="cross-site") == 403
    assert status_of(port, "/live/turn", "POST", Cookie=cookie, Origin=own) == 404
    assert status_of(port, "/elsewhere", Cookie=cookie) == 404


@pytest.mark.req("ORG-03")
def test_a_page_is_turned_by_its_own_session_only(world: World, watch: Open) -> None:
    page = watch(world.desk, view="all")
    other = watch(world.engineer, view="all")
    other.hello["page"] = page.hello["page"]

    assert (other.turn(view="mine"), page.turn(view="mine")) == (404, 204)


def test_a_page_that_shows_another_list_is_told_of_that(world: World, watch: Open) -> None:
    page = watch(world.engineer, view="mine")
    assert page.turn(view="unassigned", lang="en") == 204

    ticket = unclaimed(world)

    assert "html" in page.until(lambda m: "html" in (line_of(ticket)(m) or {}) and line_of(ticket)(m))


@pytest.mark.req("TKT-07")
def test_others_at_a_ticket_appear_write_and_go(world: World, watch: Open) -> None:
    ticket = incident_in("in_progress", world)
    desk = watch(world.desk, view="all")
    lead = watch(world.lead, ticket=ticket.number)
    at = lambda message: message.get("presence", {}).get(ticket.number)  # noqa: E731

    assert desk.until(at) == [{"u": world.lead.pk, "n": "Lead", "i": "L", "w": False}]
    lead.turn(ticket=ticket.number, writes="1")
    assert [person["w"] for person in desk.until(at)] == [True]
    lead.close()
    assert desk.until(lambda message: at(message) == []) is True
    assert not Presence.objects.filter(user=world.lead).exists()


@pytest.mark.req("TKT-07", "ORG-03")
def test_customers_neither_see_nor_show_presence(world: World, watch: Open) -> None:
    ticket = incident_in("in_progress", world)
    desk = watch(world.desk, ticket=ticket.number)
    customer = watch(world.requester, ticket=ticket.number)
    wait_until(Presence.objects.all().exists)

    act(ticket, "comment", world.engineer, text="for you")
    customer.until(lambda message: message.get("ticket"))

    assert not any("presence" in message or "present" in message for message in customer.seen)
    assert [person.user_id for person in Presence.objects.all()] == [world.desk.pk]
    assert str(world.requester.pk) not in [str(p["u"]) for p in desk.hello.get("present", {}).get(ticket.number, [])]


def test_nothing_is_missed_when_the_database_drops_the_line(world: World, watch: Open) -> None:
    page = watch(world.desk, view="all")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE application_name = 'live' AND datname = current_database()"
        )
        assert cursor.fetchone()[0] >= 1

    ticket = incident_in("registered", world)

    assert "html" in page.until(line_of(ticket))


def test_what_came_while_a_page_was_away_is_told_when_it_returns(world: World, watch: Open) -> None:
    cursor = watch(world.desk, view="all").hello["cursor"]

    ticket = incident_in("registered", world)

    assert line_of(ticket)(watch(world.desk, view="all", cursor=str(cursor)).hello)


def test_more_changes_than_can_be_named_make_pages_look_again(world: World, watch: Open) -> None:
    page = watch(world.desk, view="all")
    ticket = incident_in("registered", world)
    page.until(line_of(ticket))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tickets_timelineentry (ticket_id, at, action, via, is_public, state_from, state_to, text,"
            " changes, data) SELECT %s, now(), 'note', 'import', false, '', '', '', '[]', '{}'"
            " FROM generate_series(1, 300)",
            [ticket.pk],
        )

    assert page.until(lambda message: message.get("again")) is True


def test_who_is_signed_out_is_cut(world: World, watch: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process, where a minute can be shorter; see ``hub.PEOPLE_EVERY``."""
    page = watch(world.desk, view="all")
    Session.objects.all().delete()
    assert hub.PEOPLE_EVERY == 60

    assert status_of(page.port, "/live/", Cookie=page.cookie) == 401


def test_health_says_whether_the_database_is_heard(port: int) -> None:
    wire = http.client.HTTPConnection(HOST, port)
    wire.request("GET", "/live/health")

    assert wire.getresponse().status == 200
