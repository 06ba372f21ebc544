"""Mentioning colleagues: found, drawn, followed; never somebody who may not read it (TKT-10, TKT-11)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from tests.api.client import Api, problem
from tests.factories import World, act, incident_in, last_entry
from tests.pages.conftest import browse
from tickets.actions import perform
from tickets.errors import ActionInvalid
from tickets.models import TimelineEntry, Watcher
from tickets.shared.mentions import drawn, names_in

__all__ = ["browse"]
pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-10", "TKT-11")]

Browse = Callable[[User | None], Client]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@engineer please look", ["engineer"]),
        ("请@engineer看一下", ["engineer看一下", "engineer"]),
        ("(@a.b, @c-d.)", ["a.b", "c-d"]),
        ("mail to a@b.example", []),
        ("@@x", []),
        ("@ nobody", []),
    ],
)
def test_names_stand_behind_an_at_sign(text: str, names: list[str]) -> None:
    assert names_in(text) == names


def test_a_mention_is_recorded_and_makes_a_watcher(world: World) -> None:
    ticket = incident_in("in_progress", world)
    act(ticket, "note", world.engineer, text="请@lead看一下，@engineer2 也看；@lead again, @nobody-here")

    entry = last_entry(ticket)
    assert [row["id"] for row in entry.data["mentions"]] == ["lead", "engineer2"]
    assert set(Watcher.objects.values_list("user__username", flat=True)) == {"lead", "engineer2"}
    assert entry.changes == []


def test_text_without_a_mention_costs_no_query(world: World, django_assert_max_num_queries: Any) -> None:
    ticket = incident_in("in_progress", world)
    act(ticket, "note", world.engineer, text="a@b.example, nobody")

    assert (last_entry(ticket).data, Watcher.objects.count()) == ({}, 0)


@pytest.mark.parametrize("name", ["comment", "note"])
def test_somebody_who_may_not_see_it_is_not_mentioned(world: World, name: str) -> None:
    ticket = incident_in("in_progress", world)
    before = TimelineEntry.objects.count()

    with pytest.raises(ActionInvalid) as error:
        perform(ticket, name, user=world.engineer, data={"text": "@vendor please"})

    assert "Vendor" in str(error.value.form.errors["text"])
    assert (TimelineEntry.objects.count(), Watcher.objects.count()) == (before, 0)


def test_the_vendor_of_the_ticket_reads_replies_but_no_notes(world: World) -> None:
    ticket = incident_in("in_progress", world)
    type(ticket).objects.filter(pk=ticket.pk).update(supplier=world.organisations["liyuan"])

    act(ticket, "comment", world.engineer, text="@vendor please")
    with pytest.raises(ActionInvalid):
        perform(ticket, "note", user=world.engineer, data={"text": "@vendor secret"})


def test_requesters_mention_nobody(world: World) -> None:
    ticket = incident_in("in_progress", world)
    act(ticket, "comment", world.requester, text="@engineer @vendor")

    assert (last_entry(ticket).data, Watcher.objects.count()) == ({}, 0)


def test_mentions_are_drawn_as_people_and_all_else_is_escaped(world: World, browse: Browse) -> None:
    assert drawn("<b>@lead</b> @leader a@lead", {"lead": "L<i>"}) == (
        '&lt;b&gt;<span class="mention" title="@lead">@L&lt;i&gt;</span>&lt;/b&gt; @leader a@lead'
    )
    ticket = incident_in("in_progress", world)
    act(ticket, "comment", world.engineer, text="@lead <script>")
    for who in (world.engineer, world.requester):
        page = browse(who).get(ticket.get_absolute_url()).content.decode()
        assert '<span class="mention" title="@lead">@Lead</span> &lt;script&gt;' in page


def test_colleagues_are_found_those_of_the_ticket_first(world: World, browse: Browse) -> None:
    ticket = incident_in("in_progress", world)
    client = browse(world.desk)
    rows = client.get("/find/colleagues/", {"ticket": ticket.number, "visibility": "note"}).json()["results"]
    names = [row["value"] for row in rows]
    assert set(names[:3]) == {"engineer", "engineer2", "lead"}
    assert not {"vendor", "requester", "desk"} & set(names)
    found = client.get("/find/colleagues/", {"ticket": ticket.number, "q": "expert"}).json()["results"]
    assert [row["value"] for row in found] == ["expert"]


@pytest.mark.req("API-01")
def test_the_api_mentions_by_text(world: World) -> None:
    ticket = incident_in("in_progress", world)
    api = Api(world.engineer)
    assert api.post(f"incidents/{ticket.number}/comments/", {"text": "@lead look"}).status_code == 201
    assert Watcher.objects.get().user == world.lead
    refused = problem(api.post(f"incidents/{ticket.number}/actions/note/", {"text": "@vendor"}), 400)
    assert "text" in refused["errors"]
