"""Page, count, export and API show the same tickets, in every view, for everybody (the tile says 1, the list 8)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import translation

from accounts.models import ApiToken, User
from tests.api.client import Api, numbers
from tests.factories import World, act, add_task, incident_in, make_system, register_incident, resolve, unclaimed, wait
from tests.sampling import sampled
from tests.shipped import SHIPPED
from tickets import clock
from tickets.lifecycle import kind_of
from tickets.models import SavedView, Ticket
from tickets.queues.listing import Listing, rows_of_saved
from tickets.queues.queries import VIEWS, counts_of, queue

pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-08", "API-01")]

#: Addresses of the lists of each kind.
SLUGS = [kind.slug for kind in SHIPPED]
PEOPLE = ["engineer", "desk", "lead", "vendor"]
SAVED = [
    "view=open&priority=P4&priority=P3",
    "view=open&group=mine&assignee=none",
    "view=all&group=host&group=none&state=registered&state=assigned",
    "view=all&category=sw&nature=incident",
    "view=open&requester=requester&registered_by=me",
    "view=all&watcher=me",
    "view=all&item=SRV-1",
    "view=all&organisation=exchange&duplicate=false&reopened=false",
    "view=all&created_after=2020-01-01&due_before=2099-01-01",
    "view=open&business_system=trading&business_system=none",
    "view=all&assignee=engineer&complexity=2",
    "view=waiting&wait_reason=requester",
    "view=all&overdue=true",
]


@pytest.fixture
def tickets(world: World) -> World:
    """A bit of everything."""
    from tests.factories import make_item  # only here
    from tickets.services import affect_items

    system = make_system("trading")
    first = unclaimed(world, category="sw", business_system=system.code)
    act(first, "watch", world.engineer)
    affect_items(ticket=first, items=[make_item("SRV-1")])
    act(unclaimed(world), "claim", world.engineer)
    parent = incident_in("in_progress", world)
    add_task(parent, world.engineer)
    wait(incident_in("in_progress", world), world.engineer)
    resolve(incident_in("in_progress", world), world.engineer)
    register_incident(world.desk, impact="I3")
    act(register_incident(world.requester), "withdraw", world.requester, text="?")
    return world


def numbers_on(client: Client, address: str) -> list[str]:
    """Numbers of the lines on a page, from the first to the last page."""
    found: list[str] = []
    while address:
        page = client.get(address)
        assert page.status_code == 200, address
        text = page.content.decode()
        found += re.findall(r'<input type="checkbox"[^>]*value="([A-Z]+\d+)@', text)
        more = re.search(r'href="([^"]+)" rel="next"', text)
        address = more.group(1).replace("&amp;", "&") if more else ""
    return found


def exported(client: Client, query: str) -> list[str]:
    """Numbers in an export of the list."""
    data = {"source": "tickets", "query": query, "format": "csv", "columns": ["number"]}
    response = client.post("/exports/", data)
    assert response.status_code == 200, response.content
    text = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return [row[0] for row in csv.reader(io.StringIO(text))][1:]


def browse(user: User) -> Client:
    """A browser of somebody who may export."""
    for role in user.roles.all():
        role.permissions = sorted({*role.permissions, "ticket.export"})
        role.save()
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.slow
@pytest.mark.parametrize("person", sampled(PEOPLE, "engineer".__eq__))
def test_every_door_shows_the_same_view(tickets: World, subtests: pytest.Subtests, person: str) -> None:
    user, now = tickets.people[person], clock.now()
    client, api = browse(user), Api(user, scopes=[ApiToken.Scope.TICKETS_READ])
    for view, declared in VIEWS.items():
        with subtests.test(view):
            rows = set(queue(user, declared, now).values_list("number", flat=True))

            assert sorted(numbers_on(client, f"/queue/?view={view}")) == sorted(rows)
            assert sorted(numbers_on(client, f"/queue/?view={view}&layout=table")) == sorted(rows)
            assert counts_of({"n": queue(user, declared, now)})["n"] == len(rows)
            assert exported(client, f"view={view}") == numbers_on(client, f"/queue/?view={view}")
            assert {n for slug in SLUGS for n in numbers(api.get(f"{slug}/?view={view}"))} == rows


#: Views that narrow by what a supplier does not read.
FOR_STAFF = [query for query in SAVED if any(f"&{name}=" in query for name in ("item", "duplicate", "complexity"))]


SAVED_OF = {"engineer": SAVED, "vendor": [query for query in SAVED if query not in FOR_STAFF]}


@pytest.mark.slow
@pytest.mark.parametrize("person", sampled(SAVED_OF, "engineer".__eq__))
def test_every_door_shows_the_same_saved_view(tickets: World, subtests: pytest.Subtests, person: str) -> None:
    user, now = tickets.people[person], clock.now()
    client, api = browse(user), Api(user, scopes=[ApiToken.Scope.TICKETS_READ])
    for query in SAVED_OF[person]:
        with subtests.test(query):
            params = dict(QueryDict(query).lists())
            view = SavedView.objects.create(name="v", owner=user, created_by=user, params=params)
            listed = numbers_on(client, f"/queue/?saved={view.pk}")

            assert listed == numbers_on(client, f"/queue/?{query}")
            assert sorted(rows_of_saved(view, user, now).values_list("number", flat=True)) == sorted(listed)
            assert exported(client, query) == listed
            assert exported(client, f"saved={view.pk}") == listed
            api_rows = [numbers(api.get(f"{slug}/?saved={view.pk}")) for slug in SLUGS]
            assert sorted(number for rows in api_rows for number in rows) == sorted(listed)
            assert counted_on_tab(client, view) == len(listed)
            view.delete()


def counted_on_tab(client: Client, view: SavedView) -> int:
    """The number that stands on the tab of a view of one's own."""
    page = client.get("/queue/").content.decode()
    tab = re.search(rf'data-view="saved-{view.pk}"[^>]*>.*?<span class="n\s*"[^>]*>\s*(\d+)', page, re.DOTALL)
    assert tab is not None
    return int(tab.group(1))


@pytest.mark.req("ORG-03")
@pytest.mark.parametrize("query", FOR_STAFF)
def test_no_door_narrows_by_what_its_reader_may_not_read(tickets: World, query: str) -> None:
    """Whoever wrote the view down: it is refused or finds nothing, never everything."""
    user, now = tickets.people["vendor"], clock.now()
    client, api = browse(user), Api(user, scopes=[ApiToken.Scope.TICKETS_READ])
    view = SavedView.objects.create(name="v", owner=user, created_by=user, params=dict(QueryDict(query).lists()))

    for asked in (query, f"saved={view.pk}"):
        page = client.get(f"/queue/?{asked}")
        assert (page.status_code, b"data-row" in page.content) == (400, False), asked
        data = {"source": "tickets", "query": asked, "format": "csv", "columns": ["number"]}
        assert client.post("/exports/", data).status_code == 422, asked
    assert rows_of_saved(view, user, now).count() == 0
    assert api.get(f"incidents/?{query}").status_code == 400
    assert api.get(f"incidents/?saved={view.pk}").json().get("results", []) == []


def test_some_saved_view_is_not_empty(tickets: World) -> None:
    """The test above compares something."""
    with translation.override("en"):
        sizes = [Listing(QueryDict(query), user=tickets.engineer, now=clock.now()).rows.count() for query in SAVED]
    assert sum(size > 0 for size in sizes) > len(SAVED) // 2


def test_counting_saved_views_runs_no_query_to_check_them(tickets: World, django_assert_num_queries: object) -> None:
    views = [SavedView(name="v", params=dict(QueryDict(query).lists()), created_by=tickets.desk) for query in SAVED]
    now = clock.now()
    tickets.desk.permissions, tickets.desk.group_ids  # noqa: B018 - loaded with the person
    with django_assert_num_queries(1):  # type: ignore[operator]
        counts_of({str(n): rows_of_saved(view, tickets.desk, now) for n, view in enumerate(views)})


def pages_of(client: Client, query: str) -> Iterator[list[str]]:
    """The lines that come page by page while scrolling."""
    address = f"/queue/?{query}&part=rows"
    while address:
        text = client.get(address).content.decode()
        yield re.findall(r'value="([A-Z]+\d+)@', text)
        more = re.search(r'hx-get="([^"]+)"', text)
        address = more.group(1).replace("&amp;", "&") if more else ""


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["cards", "table"])
def test_scrolling_on_shows_every_ticket_once(world: World, layout: str) -> None:
    for number in range(120):
        register_incident(world.desk, summary=f"T{number}")
    client = browse(world.desk)
    pages = list(pages_of(client, f"view=open&layout={layout}"))
    assert [len(page) for page in pages] == [50, 50, 20]
    assert len({number for page in pages for number in page}) == Ticket.objects.count() == 120


def test_kind_pages_and_kind_views_agree(tickets: World) -> None:
    client = browse(tickets.desk)
    view = SavedView.objects.create(
        name="v", owner=tickets.desk, created_by=tickets.desk, kind="task", params={"view": ["all"]}
    )
    rows = Listing(QueryDict(f"saved={view.pk}"), user=tickets.desk, now=clock.now()).rows
    assert set(rows.values_list("kind", flat=True)) == {"task"}
    assert numbers_on(client, f"/queue/?saved={view.pk}") == numbers_on(client, "/tasks/?view=all")
    assert numbers_on(client, f"/tasks/?saved={view.pk}") == numbers_on(client, "/tasks/?view=all")
    assert client.get(f"/incidents/?saved={view.pk}").status_code == 400
    assert kind_of("task").slug == "tasks"
