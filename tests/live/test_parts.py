"""What the parts of live updates promise one by one (TKT-07, TKT-08, UX-02)."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest, QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from live import presence
from live.changes import MANY, changed_since, crossed, load
from live.counts import Tally
from live.hub import URLS
from live.looks import Look
from live.news import News
from live.saved import COUNTED_AT_ONCE, SavedCounts
from live.sessions import people_of
from live.wire import Heard, Line
from tests.factories import MONDAY, World, act, incident_in, last_entry, unclaimed
from tests.shipped import SHIPPED
from tickets import clock
from tickets.models import SavedView, Ticket, TimelineEntry
from tickets.queues.listing import Listing, rows_of_saved
from tickets.queues.queries import COUNTED, shown_count, view_counts
from tickets.workspace.context import navigation, waiting_entries

pytestmark = [pytest.mark.req("TKT-08"), pytest.mark.django_db]

PEOPLE = ["desk", "engineer", "engineer2", "lead", "manager", "vendor", "nobody", "admin"]


@pytest.fixture
def tickets(world: World) -> list[Any]:
    """One in every state, some in the queue of a group, some of monitoring, one with a supplier."""
    found = [
        incident_in(state, world, now=MONDAY) for state in ("registered", "assigned", "pending", "resolved", "closed")
    ]
    found += [unclaimed(world, now=MONDAY) for _number in range(2)]
    found += [act(incident_in("in_progress", world), "call_vendor", world.engineer, supplier="liyuan", text="look")]
    return found


@pytest.mark.parametrize("later", [timedelta(0), timedelta(minutes=14), timedelta(days=2)])
def test_counts_for_everybody_are_those_of_the_pages(tickets: list[Any], world: World, later: timedelta) -> None:
    now = MONDAY + later
    tally = Tally(now)

    for name in PEOPLE:
        for kind in ("", *(one.code for one in SHIPPED)):
            counted = tally.views(world.people[name], kind)

            assert counted == view_counts(world.people[name], now, kind or None), (name, kind)
            assert set(counted) == set(COUNTED)


@pytest.mark.parametrize("name", ["desk", "engineer", "lead", "vendor"])
def test_counts_of_the_navigation_are_those_of_the_pages(tickets: list[Any], world: World, name: str) -> None:
    user = world.people[name]
    drawn = {entry["url"]: entry["count"] or "" for group in navigation(user, "/") for entry in group["entries"]}

    found = Tally(clock.now()).navigation(user)

    told = {url: shown_count(count) if count else "" for url, count in found.items()}
    assert {url: drawn[url] for url in told} == told


def test_counting_for_all_costs_seven_statements(
    tickets: list[Any], world: World, django_assert_num_queries: Any
) -> None:
    agents = [world.people[name] for name in PEOPLE if name not in ("vendor", "nobody")]
    with django_assert_num_queries(7):  # one of them for drafts of service reports, which wait in "to decide"
        tally = Tally(MONDAY)
        for user in agents:
            tally.as_json(user, "incident")


def look(**params: Any) -> Look:
    """A look in English, in Shanghai."""
    return Look(language="en", zone="Asia/Shanghai", **params)


def test_lines_for_many_lists_cost_one_query_and_are_drawn_once(
    tickets: list[Any], world: World, django_assert_num_queries: Any
) -> None:
    keys = {ticket.pk for ticket in tickets}
    views = ["unassigned", "mine", "overdue", "open", "all", "waiting", "to_confirm"]
    with django_assert_num_queries(1):
        changed = load(keys, MONDAY)
        news = News(changed, MONDAY)
        told = [
            json.loads(news.parts_for(world.people[name], look(view=view))["rows"])
            for name in ("desk", "engineer", "lead")
            for view in views
        ]
    assert [len(rows) for rows in told] == [len(tickets)] * 21
    assert {len(item._rows) for item in changed} == {1}


FILTERS = ["", "group=host", "assignee=me", "state=pending&kind=incident", "q=no"]


def test_a_list_is_told_what_its_page_shows(tickets: list[Any], world: World, subtests: pytest.Subtests) -> None:
    now = clock.now()
    for name, filters in product(PEOPLE[:-2], FILTERS):
        with subtests.test(f"{name}: {filters}"):
            user = world.people[name]
            shown = Listing(QueryDict(f"view=open&{filters}", mutable=True), user=user, now=now).rows

            news = News(load({ticket.pk for ticket in tickets}, now), now)
            parts = news.parts_for(user, look(view="open", filters=filters))

            drawn = {row["number"] for row in json.loads(parts.get("rows", "[]")) if "html" in row}
            assert drawn == set(shown.values_list("number", flat=True))


def test_a_foreign_list_is_told_to_look_again(tickets: list[Any], world: World) -> None:
    news = News(load({tickets[0].pk}, MONDAY), MONDAY)

    assert news.parts_for(world.desk, look(view="no-such-view")) == {"again": "true"}


@pytest.mark.req("ORG-03")
def test_numbers_that_somebody_makes_up_tell_nothing(tickets: list[Any], world: World) -> None:
    asked = look(view="open", have=(tickets[0].number, "IM000000000000"))

    parts = News(load({tickets[0].pk}, MONDAY), MONDAY).parts_for(world.vendor, asked)

    assert json.loads(parts["rows"]) == [
        {"number": "IM000000000000", "gone": ""},
        {"number": tickets[0].number, "gone": ""},
    ]


def test_every_step_wakes_who_listens(world: World) -> None:
    entries = TimelineEntry.objects.count()

    ticket = incident_in("assigned", world)

    assert TimelineEntry.objects.count() == entries + 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = 'live_tell'")
        [(definition,)] = cursor.fetchall()
    assert "FOR EACH STATEMENT" in definition
    assert ticket.pk in (changed_since(None, clock.now()).tickets or ())


@pytest.mark.django_db(transaction=True)
def test_the_line_names_the_tickets(transactional_db: None) -> None:
    line, heard = Line(), Heard()

    ticket = incident_in("assigned", World())
    while line.wait(5) and ticket.pk not in heard.tickets:
        line.read(heard)
    line.close()

    assert heard == Heard(tickets={ticket.pk})


@pytest.mark.parametrize(
    ("payloads", "heard"),
    [
        (["tickets 1,2", "tickets 2"], Heard(tickets={1, 2})),
        (["many"], Heard(many=True)),
        (["presence"], Heard(presence=True)),
        (["from a newer version"], Heard(many=True)),
    ],
)
def test_payloads_are_understood(payloads: list[str], heard: Heard) -> None:
    found = Heard()
    for payload in payloads:
        found.add(payload)

    assert found == heard
    assert bool(found) is True
    assert bool(Heard()) is False


def test_reading_on_tells_what_is_fresh_again_and_what_is_old_once(world: World) -> None:
    ticket = incident_in("assigned", world, now=MONDAY)
    entry = last_entry(ticket)

    assert changed_since(entry.pk, MONDAY).tickets == set()
    fresh = changed_since(entry.pk - 1, entry.at)
    assert (fresh.tickets, fresh.cursor) == ({ticket.pk}, entry.pk - 1)
    old = changed_since(entry.pk - 1, entry.at + timedelta(minutes=1))
    assert (old.tickets, old.cursor) == ({ticket.pk}, entry.pk)
    assert changed_since(None, entry.at + timedelta(minutes=1)).tickets == set()


def test_too_many_changes_are_not_named(world: World) -> None:
    ticket = incident_in("assigned", world)
    rows = [TimelineEntry(ticket_id=ticket.pk, at=MONDAY, action="note") for _number in range(MANY + 1)]
    TimelineEntry.objects.bulk_create(rows)

    assert changed_since(0, clock.now()).tickets is None


def test_time_alone_brings_tickets_into_views(world: World) -> None:
    ticket = incident_in("assigned", world, now=MONDAY)
    due, soon = ticket.queue_due_at, ticket.due_soon_at
    second = timedelta(seconds=1)

    assert crossed(soon - second, soon + second) == {ticket.pk}
    assert crossed(due - second, due + second) == {ticket.pk}
    assert crossed(soon + second, due - second) == set()
    assert crossed(due + second, due + 9 * second) == set()


@pytest.mark.req("TKT-07")
def test_presence_is_believed_for_a_while(world: World) -> None:
    ticket, now = incident_in("assigned", world), timezone.now()
    presence.stay([presence.Place(ticket.pk, world.lead.pk, writes=True)], now)

    [person] = presence.crowd(now)[ticket.number]
    assert (person.username, person.writes) == ("lead", True)
    [person] = presence.crowd(now + presence.WRITES_FOR)[ticket.number]
    assert person.writes is False
    assert presence.crowd(now + presence.GONE_AFTER) == {}
    assert presence.crowd(now, world.vendor) == {}


@pytest.mark.req("TKT-07")
def test_the_table_of_presence_costs_no_log() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'live_presence'")
        assert cursor.fetchone() == ("u",)


@pytest.mark.req("ORG-03")
@pytest.mark.parametrize("change", ["deactivate", "password", "sign_out", "idle"])
def test_a_session_that_ended_opens_nothing(world: World, change: str) -> None:
    client = Client()
    client.force_login(world.desk)
    key = client.session.session_key or ""
    assert people_of([key, "x" * 32]) == {key: world.desk}

    session = client.session
    if change == "deactivate":
        type(world.desk).objects.filter(pk=world.desk.pk).update(is_active=False)
    elif change == "password":
        type(world.desk).objects.filter(pk=world.desk.pk).update(password="changed")
    elif change == "sign_out":
        client.logout()
    else:
        session["began_at"] = session["seen_at"] = int(timezone.now().timestamp()) - 31 * 60
        session.save()

    assert people_of([key]) == {}


@pytest.mark.req("UX-02")
def test_the_page_gets_the_same_without_the_process(world: World, client: Client) -> None:
    ticket = unclaimed(world)
    client.force_login(world.engineer)

    first = client.get("/updates/", {"view": "unassigned", "lang": "en", "ticket": ticket.number}).json()
    act(ticket, "claim", world.engineer2)
    second = client.get("/updates/", {"view": "unassigned", "lang": "en", "cursor": first["cursor"]}).json()

    assert [row["number"] for row in first["rows"] if "html" in row] == [ticket.number]
    assert second["rows"] == [{"number": ticket.number, "gone": "Assigned"}]
    assert (first["counts"]["views"]["unassigned"], second["counts"]["views"]["unassigned"]) == ("1", "0")
    assert [person["n"] for person in second["present"][ticket.number]] == ["Engineer"]


@pytest.mark.req("ORG-03")
def test_asking_by_itself_does_not_keep_a_session_alive(world: World, client: Client) -> None:
    client.force_login(world.engineer)
    client.get("/updates/")
    session = client.session
    session["seen_at"] = session["seen_at"] - 600
    session.save()

    client.get("/updates/", headers={"X-By-Itself": "1"})
    assert client.session["seen_at"] == session["seen_at"]
    client.get("/updates/")
    assert client.session["seen_at"] > session["seen_at"]


def test_pages_know_where_their_updates_come_from(settings: Any) -> None:
    from live.context import live

    request = HttpRequest()
    request.META = {"HTTP_HOST": "localhost:8000", "wsgi.url_scheme": "http"}

    assert live(request) == {"live_url": "/live/"}
    settings.LIVE_PORT = 8123
    assert live(request) == {"live_url": "http://localhost:8123/live/"}


def test_only_columns_that_are_loaded_are_asked(world: World, django_assert_num_queries: Any) -> None:
    ticket = unclaimed(world)
    [changed] = load([ticket.pk], MONDAY)
    with django_assert_num_queries(0):
        changed.row("zh-hans", "Asia/Shanghai")
        changed.gone("en")
    assert Ticket.objects.count() == 1


@pytest.mark.parametrize("name", PEOPLE)
def test_saved_views_are_counted_for_those_who_have_them(tickets: list[Any], world: World, name: str) -> None:
    group = world.groups["host"]
    views = [{"owner": world.people[one]} for one in PEOPLE] + [{"group": group}, {"everyone": True}]
    for whose in views:
        params = {"view": ["open"], "group": ["host"]}
        SavedView.objects.create(name="v", params=params, created_by=world.admin, **whose)
    user, saved = world.people[name], SavedCounts()

    saved.refresh([(user, ""), (user, "task")], MONDAY)

    visible = list(SavedView.objects.visible_to(user))
    assert saved.of(user, "") == {f"saved-{v.pk}": rows_of_saved(v, user, MONDAY).count() for v in visible}
    assert set(saved.of(user, "task")) == set(saved.of(user, ""))


def test_of_many_saved_views_each_has_its_turn(world: World, django_assert_num_queries: Any) -> None:
    for number in range(COUNTED_AT_ONCE + 5):
        SavedView.objects.create(name=str(number), everyone=True, params={}, created_by=world.admin)
    saved = SavedCounts()

    with django_assert_num_queries(2):
        saved.refresh([(world.desk, "")], MONDAY)
    assert len(saved.of(world.desk, "")) == COUNTED_AT_ONCE
    with django_assert_num_queries(1):
        saved.refresh([(world.desk, "")], MONDAY)
    assert len(saved.of(world.desk, "")) == COUNTED_AT_ONCE + 5


@pytest.mark.parametrize(
    ("who", "what", "status"),
    [("engineer", "own", 200), ("requester", "own", 200), ("requester2", "own", 404), ("vendor", "own", 404)],
)
@pytest.mark.req("ORG-03", "TKT-03")
def test_the_open_ticket_comes_with_later_lines_only(
    world: World, client: Client, who: str, what: str, status: int
) -> None:
    ticket = incident_in("in_progress", world)
    before = last_entry(ticket)
    note = last_entry(act(ticket, "note", world.engineer, text="internal"))
    comment = last_entry(act(ticket, "comment", world.engineer, text="public"))
    client.force_login(world.people[who])

    answer = client.get(f"/tickets/{ticket.number}/news/", {"after": str(before.pk)})

    assert answer.status_code == status
    if status == 200:
        text = answer.content.decode()
        shown = {entry.pk for entry in (before, note, comment) if f'id="entry-{entry.pk}"' in text}
        assert shown == ({note.pk, comment.pk} if who == "engineer" else {comment.pk})


@pytest.mark.req("UX-02")
def test_the_live_process_knows_the_address_of_everything_it_counts() -> None:
    for entry in waiting_entries():
        assert reverse(entry.url_name, urlconf=URLS) == reverse(entry.url_name)
