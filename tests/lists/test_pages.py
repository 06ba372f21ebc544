"""The pages around a queue: filters, looks, kept views (TKT-08)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.api.client import Api
from tests.factories import World, act, register_incident
from tests.lists.browsing import browse
from tickets import clock
from tickets.models import SavedView
from tickets.queues.filters import FILTERS
from tickets.queues.listing import Listing, sorts_of
from tickets.queues.queries import VIEWS
from tickets.queues.saved_view_forms import SavedViewForm

pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-08")]


# --- Filters ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("state=nope", "State"),
        ("ordering=bad", "Order"),
        ("view=nope", "View"),
        ("nonsense=1", "nonsense"),
        ("created_after=yesterday", "Created from"),
        ("category=nope", "Category, with those below"),
        ("saved=99999", "Saved view"),
        ("view=all&ordering=summary", "Order"),
        ("overdue=maybe", "Overdue"),
    ],
)
def test_what_cannot_be_understood_is_said_and_shows_nothing(world: World, query: str, said: str) -> None:
    register_incident(world.desk)
    response = browse(world.desk).get(f"/queue/?view=open&{query}" if "view=" not in query else f"/queue/?{query}")
    assert response.status_code == 400
    error = re.search(r'class="field-error list-error".*?</p>', response.content.decode(), re.DOTALL)
    assert error is not None
    assert said in error.group(0)
    assert b"data-row" not in response.content
    part = browse(world.desk, **{"hx-request": "true"}).get(f"/queue/?view=open&{query}")
    assert (part.status_code, b"list-error" in part.content) == (200, True)


def test_several_values_are_chips_that_go_one_by_one(world: World) -> None:
    page = browse(world.desk).get("/queue/?view=open&priority=P1&priority=P2&assignee=me").content.decode()
    chips = re.findall(r'<li>\s*<a href="([^"]+)" class="pill info">', page)
    assert len(chips) == 3
    assert "priority=P2" in chips[0]
    assert "priority=P1" not in chips[0]
    assert 'name="priority" value="P1"' in page  # the bar keeps what it does not show


def test_form_of_all_filters_has_every_one_and_keeps_what_is_chosen(world: World) -> None:
    page = browse(world.desk).get("/queue/filters/?query=view%3Dall%26priority%3DP1%26created_after%3D2026-01-01")
    text = page.content.decode()
    missing = [name for name in FILTERS if f'name="{name}"' not in text and name not in ("updated_since", "records")]
    assert missing == []
    assert '<option value="P1" selected' in text
    assert "2026-01-01" in text


def test_customers_find_nothing_by_what_only_staff_see(world: World) -> None:
    act(register_incident(world.requester), "urge", world.requester)
    for query in ("complexity=2", "item=x", "supplier=none", "completed_in_time=false"):
        listing = Listing(QueryDict(f"view=all&{query}"), user=world.requester, now=clock.now())
        refused = {query.split("=")[0]: ["There is no such filter."]}
        assert (list(listing.rows), listing.errors) == ([], refused)


CODES = {
    "priority": ["P1", "P4"],
    "state": ["assigned", "closed"],
    "phase": ["open"],
    "group": ["host", "mine", "none"],
}
ONE = {
    "q": ["磁盘 满", "a&b=c", "100%", "+ plus"],
    "assignee": ["me", "none", "engineer"],
    "overdue": ["true", "false"],
    "created_after": ["2026-11-22", "2026-11-22T08:00:00+08:00"],
    "number": ["IM261122000017"],
    "ordering": ["-created_at", "queue"],
}
ADDRESSES = st.fixed_dictionaries(
    {"view": st.sampled_from(["open", "mine", "waiting"])},
    optional={
        **{name: st.lists(st.sampled_from(values), min_size=1, unique=True) for name, values in CODES.items()},
        **{name: st.sampled_from(values) for name, values in ONE.items()},
    },
)


@pytest.mark.slow
@settings(max_examples=60)
@given(chosen=ADDRESSES)
def test_an_address_survives_being_saved(world: World, chosen: dict[str, Any]) -> None:
    query = QueryDict(mutable=True)
    for name, value in chosen.items():
        query.setlist(name, value if isinstance(value, list) else [value])
    now = clock.now()
    form = SavedViewForm({"name": "v", "query": query.urlencode()}, user=world.desk, now=now)
    assert form.is_valid(), form.errors
    view = form.keep()
    kept = SavedView.objects.get(pk=view.pk)
    listing = Listing(QueryDict(f"saved={view.pk}"), user=world.desk, now=now)

    assert dict(kept.query.lists()) == dict(query.lists())
    assert dict(listing.params.lists()) == dict(query.lists())
    assert str(listing.rows.query) == str(Listing(query, user=world.desk, now=now).rows.query)
    view.delete()


def test_everything_is_sorted_by_an_index(world: World) -> None:
    assert list(sorts_of(VIEWS["all"], world.desk)) == ["created_at", "updated_at", "number"]
    assert "summary" in sorts_of(VIEWS["open"], world.desk)


# --- Table -----------------------------------------------------------------------------------------------------------


def test_what_styles_hide_when_it_is_empty_holds_no_white_space(world: World) -> None:
    """On a phone an empty cell is left out, and a panel takes no room before it is opened."""
    ticket = register_incident(world.desk)
    client = browse(world.desk)
    table = client.get("/queue/?view=open&layout=table&columns=summary,parent,assignee").content.decode()
    assert len(re.findall(r'<td data-label="[^"]*"[^>]*></td>', table)) == 2
    page = client.get(ticket.get_absolute_url()).content.decode()
    assert '<div id="action-panel" class="action-panel" data-focus></div>' in page
    form = client.get("/incidents/new/").content.decode()
    assert re.search(r'<div class="field wide hints"[^>]*></div>', form)


def test_table_shows_chosen_columns_and_sorts_by_their_head(world: World) -> None:
    register_incident(world.desk, category="sw")
    client = browse(world.desk)
    page = client.get(
        "/queue/?view=open&layout=table&columns=summary,category,impact&ordering=category"
    ).content.decode()
    head = re.search(r"<thead>.*</thead>", page, re.DOTALL)
    assert head is not None
    assert re.findall(r'<th scope="col"[^>]*>\s*(?:<a[^>]*>)?\s*([^<]+?)\s*<', head.group(0)) == [
        "Summary",
        "Category",
        "Impact",
    ]
    assert 'aria-sort="ascending"' in head.group(0)
    assert "ordering=-category" in head.group(0)
    assert "Software" in page or "软件" in page


def test_looks_are_remembered_and_stand_in_the_address(world: World) -> None:
    register_incident(world.desk)
    client = browse(world.desk)
    data = {"of": "/queue/", "query": "view=open", "layout": "table"}
    assert client.post("/queue/settings/", data)["Location"] == "/queue/?view=open&layout=table"
    client.post(
        "/queue/settings/", {"of": "/queue/", "query": "view=open", "columns": ["summary", "state", "nonsense"]}
    )
    page = client.get("/queue/?view=open").content.decode()
    assert 'data-layout="table"' in page
    assert page.count('<th scope="col"') == 3
    assert 'data-layout="cards"' in client.get("/queue/?view=open&layout=cards").content.decode()


# --- Kept views ------------------------------------------------------------------------------------------------------


def keep(client: Client, name: str, query: str, **more: str) -> Any:
    """Keep a list as a view."""
    return client.post("/views/", {"name": name, "of": "/queue/", "query": query, "audience": "me", **more})


def test_a_kept_view_is_a_tab_with_its_count_filters_and_columns(world: World) -> None:
    register_incident(world.desk, summary="mine to see")
    client = browse(world.desk)
    response = keep(client, "Normal ones", "view=open&priority=P4&layout=table&columns=summary,state")
    view = SavedView.objects.get()
    assert response["Location"] == f"/queue/?saved={view.pk}"
    page = client.get(response["Location"]).content.decode()
    assert re.search(r'aria-current="page">\s*Normal ones\s*<span class="n\s*"[^>]*>\s*1\s*<', page)
    assert 'data-layout="table"' in page
    assert "mine to see" in page


@pytest.mark.parametrize(
    ("who", "audience", "seen_by"),
    [
        ("engineer", "me", {"engineer"}),
        ("lead", "group:host", {"engineer", "engineer2", "lead"}),
        ("desk", "group:network", {"other_engineer"}),
        ("admin", "everybody", {"engineer", "desk", "vendor", "lead"}),
    ],
)
def test_who_sees_a_kept_view(world: World, who: str, audience: str, seen_by: set[str]) -> None:
    keep(browse(world.people[who]), "V", "view=open", audience=audience)
    view = SavedView.objects.get()
    everybody = {"engineer", "engineer2", "other_engineer", "desk", "lead", "vendor"}
    seen = {name for name in everybody if SavedView.objects.visible_to(world.people[name]).exists()}
    assert seen & everybody == (everybody if audience == "everybody" else seen_by)
    for name in ("engineer2", "vendor"):
        status = browse(world.people[name]).get(f"/queue/?saved={view.pk}").status_code
        assert status == (200 if name in seen else 400)


@pytest.mark.parametrize(
    ("who", "audience"), [("engineer", "group:host"), ("lead", "group:network"), ("desk", "everybody")]
)
def test_views_for_others_are_kept_by_those_who_may(world: World, who: str, audience: str) -> None:
    assert keep(browse(world.people[who]), "V", "view=open", audience=audience).status_code == 422
    assert not SavedView.objects.exists()


def test_a_view_that_cannot_be_understood_is_not_kept(world: World) -> None:
    assert keep(browse(world.desk), "V", "view=open&state=nope").status_code == 422
    assert keep(browse(world.desk), "", "view=open").status_code == 422
    assert not SavedView.objects.exists()


def test_kept_views_are_renamed_moved_replaced_and_removed(world: World) -> None:
    client = browse(world.desk)
    for name in "ABC":
        keep(client, name, "view=open")
    first, *_others, last = SavedView.objects.visible_to(world.desk)
    client.post(f"/views/{last.pk}/", {"do": "up"})
    client.post(f"/views/{first.pk}/", {"do": "rename", "name": "Z"})
    assert [view.name for view in SavedView.objects.visible_to(world.desk)] == ["Z", "C", "B"]
    client.post(f"/views/{first.pk}/", {"do": "update", "of": "/queue/", "query": "view=mine&priority=P1"})
    first.refresh_from_db()
    assert first.params == {"view": ["mine"], "priority": ["P1"]}
    client.post(f"/views/{first.pk}/", {"do": "delete"})
    assert SavedView.objects.count() == 2


def test_nobody_changes_the_views_of_others(world: World) -> None:
    keep(browse(world.lead), "V", "view=open", audience="group:host")
    keep(browse(world.desk), "W", "view=open")
    shared, foreign = SavedView.objects.order_by("pk")
    client = browse(world.engineer)
    assert client.post(f"/views/{shared.pk}/", {"do": "delete"}).status_code == 403
    assert client.post(f"/views/{foreign.pk}/", {"do": "delete"}).status_code == 404
    assert SavedView.objects.count() == 2


def test_tabs_are_hidden_and_the_start_is_chosen(world: World) -> None:
    client = browse(world.desk)
    keep(client, "Start here", "view=waiting")
    view = SavedView.objects.get()
    client.post("/views/", {"shown": ["mine", "open"], "start": f"saved:{view.pk}"})
    page = client.get("/queue/").content.decode()
    assert re.findall(r'data-view="([a-z]+)"', page) == ["mine", "open"]
    assert re.search(r'aria-current="page">\s*Start here', page)
    assert re.findall(r'data-view="([a-z_]+)"', client.get("/queue/?view=all").content.decode())[-1] == "all"


@pytest.mark.parametrize(
    ("who", "audience", "reads", "changes"),
    [
        ("engineer", "me", {"engineer"}, {"engineer"}),
        ("lead", "group:host", {"engineer", "lead"}, {"lead"}),
        ("admin", "everybody", {"engineer", "lead", "desk", "admin"}, {"admin"}),
    ],
)
def test_programs_change_a_view_for_those_who_may_alone(
    world: World, who: str, audience: str, reads: set[str], changes: set[str]
) -> None:
    keep(browse(world.people[who]), "V", "view=open", audience=audience)
    address = f"views/{SavedView.objects.get().pk}/"
    for name in ("engineer", "lead", "desk", "admin"):
        api = Api(world.people[name])
        refused = 403 if name in reads else 404
        assert api.get(address).status_code == (200 if name in reads else 404), name
        if name in changes:
            assert api.patch(address, {"name": "W"}).status_code == 200, name
        else:
            assert [api.patch(address, {"name": "X"}).status_code, api.delete(address).status_code] == [refused] * 2, (
                name
            )

    assert SavedView.objects.get().name == "W"
