"""Nobody learns by sorting, filtering, counting or paging what they may not read (ORG-03).

Two sets of data that differ only in what a requester does not see give a requester the same answers, byte for byte,
for every order and every filter there is, in the API, in pages and in exports.
"""

from __future__ import annotations

import base64
import json
import re
from array import array
from datetime import timedelta
from typing import Any

import pytest
from django.http import QueryDict

from accounts.models import Organisation, Role, User
from accounts.permissions import Permission
from exporting.services import plan_export, rows_of
from incidents.models import Incident
from itsm.web.paging import page_of, parse_ordering
from tests.api.client import Api
from tests.factories import (
    MONDAY,
    World,
    incident_in,
    make_item,
    register_incident,
    reload_user,
)
from tickets.lifecycle import kinds
from tickets.models import AffectedItem, SavedView, Ticket, Watcher
from tickets.queues.audience import fields_told, known_to, may_know
from tickets.queues.columns import COLUMNS, chosen_columns, offered_columns
from tickets.queues.filters import FILTERS, SORTS, filters_for, sorts_for
from tickets.queues.listing import rows_of_saved
from tickets.serializers import TicketDetailSerializer

pytestmark = [pytest.mark.django_db, pytest.mark.req("ORG-03")]

#: Values that are tried in a filter for which there is nothing better, and those of filters that want their own.
TRIED = ["true", "1", "none", "2026-11-23T02:00:00Z"]
_STAFF, _TEXTS, _PEOPLE = ["2", "false"], ["X-1", "S-1", "db-01", "liyuan"], ["engineer", "me"]
MORE = {
    **dict.fromkeys(
        ("complexity", "escalated", "duplicate", "dispatched_in_time", "responded_in_time", "completed_in_time"),
        _STAFF,
    ),
    **dict.fromkeys(("parent", "external_number", "item", "q", "supplier"), _TEXTS),
    **dict.fromkeys(("watcher", "assignee", "registered_by"), _PEOPLE),
}
#: Fields of the whole ticket that requesters do not get.
HIDDEN = [name for name, field in TicketDetailSerializer._declared_fields.items() if not field.required]


@pytest.fixture
def tickets(world: World) -> list[Incident]:
    """Four tickets of the requester, in different states."""
    states = ("registered", "in_progress", "resolved", "closed")
    return [incident_in(state, world, now=MONDAY + timedelta(hours=n)) for n, state in enumerate(states)]


def hide(world: World, tickets: list[Incident], *, turned: bool) -> None:
    """Give ``tickets`` hidden values, one after the other growing, or falling when ``turned``."""
    foreign = Ticket.objects.exclude(organisation=tickets[0].organisation)[0]
    item = make_item(f"db-0{1 + turned}")
    for number, ticket in enumerate(reversed(tickets) if turned else tickets):
        Incident.objects.filter(pk=ticket.pk).update(
            complexity=1 + number % 3,
            escalated_at=MONDAY + timedelta(minutes=number) if number else None,
            external_number=f"X-{number}",
            external_system=f"S-{number}{turned}",
            responded_in_time=bool(number % 2),
            completed_in_time=None if number == 3 else number > 1,
            children_total=number,
            children_open=number // 2,
            supplier=Organisation.objects.get(code="liyuan") if number > 1 else None,
            rounds_open=number,
        )
        Ticket.objects.filter(pk=ticket.pk).update(duplicate_of=foreign if number == 1 else None)
        Watcher.objects.filter(ticket=ticket).exclude(user=world.requester).delete()
        AffectedItem.objects.filter(ticket=ticket).delete()
        if number % 2:
            Watcher.objects.create(ticket_id=ticket.pk, user=world.engineer)
            AffectedItem.objects.create(ticket_id=ticket.pk, item=item)


def answers(user: Any) -> dict[str, Any]:
    """What ``user`` is told for every order, walked in pages of three, and for every filter with its count."""
    api, found = Api(user), {}
    addresses = [f"incidents/?ordering={sign}{name}&page_size=3" for name in SORTS for sign in ("", "-")]
    tried = {name: [*TRIED, *MORE.get(name, [])] for name in FILTERS}
    addresses += [f"incidents/?{name}={value}&count=true" for name, values in tried.items() for value in values]
    addresses += [f"search/?q={word}" for word in ("X-1", "S-1", "db-01")]
    for address in addresses:
        pages: list[Any] = []
        following: Any = address
        while following:
            answer = api.get(following)
            body = answer.json()
            following = body.get("next") if answer.status_code == 200 else None
            pages.append((answer.status_code, without_cursors(body)))
        found[address] = pages
    return found


def without_cursors(body: dict[str, Any]) -> str:
    """An answer as text; cursors are sealed anew each time, so only whether there is one counts."""
    body = {name: bool(value) if name in ("next", "previous") else value for name, value in body.items()}
    return re.sub(r"[0-9a-f]{32}", "", json.dumps(body, sort_keys=True))


@pytest.mark.slow
def test_answers_do_not_depend_on_what_is_hidden(world: World, tickets: list[Incident], settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 10_000
    register_incident(world.desk, requester="requester2", now=MONDAY)
    hide(world, tickets, turned=False)
    before = answers(world.requester)
    hide(world, tickets, turned=True)
    after = answers(world.requester)

    different = {address: (before[address], after[address]) for address in before if before[address] != after[address]}
    assert sorted(different) == []
    refused = {address for address, pages in before.items() if pages[0][0] == 400}
    for name in ("escalated_at", "complexity", "external_number", "queue"):
        assert f"incidents/?ordering=-{name}&page_size=3" in refused
    for name in (
        "complexity=1",
        "duplicate=true",
        "parent=true",
        "external_number=X-1",
        "item=db-01",
        "escalated=true",
    ):
        assert f"incidents/?{name}&count=true" in refused
    assert len(before["incidents/?ordering=-created_at&page_size=3"]) == 2
    desk = Api(world.desk)
    assert {desk.get(address).status_code for address in refused if "ordering" in address} == {200}


def test_every_name_is_declared_once(world: World) -> None:
    """Columns, filters and orders of requesters tell about fields that requesters read."""
    public = {name for name, field in TicketDetailSerializer._declared_fields.items() if field.required}
    for name in {*known_to(world.requester, [*COLUMNS, *FILTERS, *SORTS])}:
        assert set(fields_told(name)) <= public, name
    assert set(HIDDEN) & {*sorts_for(world.requester), *filters_for(world.requester)} == set()
    assert {code for code, column in COLUMNS.items() if column.staff} <= {
        code for code in COLUMNS if not may_know(code, world.requester)
    }
    assert list(sorts_for(world.desk)) == list(SORTS)
    assert filters_for(world.desk) == list(FILTERS)


def test_a_cursor_tells_nothing(world: World, tickets: list[Incident]) -> None:
    page = page_of(Ticket.objects.all(), parse_ordering("-number,summary", SORTS), size=1)
    cursor = page.next or ""

    opened = cursor.encode()
    for _layer in range(2):
        opened += base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    for told in (tickets[-1].number, "number", "summary", "主机"):
        assert told.encode() not in opened
    assert page_of(Ticket.objects.all(), parse_ordering("-number,summary", SORTS), cursor=cursor, size=1).rows


def test_what_others_watch_is_not_for_requesters(world: World, tickets: list[Incident]) -> None:
    Watcher.objects.create(ticket_id=tickets[0].pk, user=world.engineer)
    Watcher.objects.get_or_create(ticket_id=tickets[1].pk, user=world.requester)
    api = Api(world.requester)

    for other in ("engineer", "none", "colleague", "nobody-at-all"):
        assert api.get(f"incidents/?watcher={other}").status_code == 400, other
    for own in ("me", "requester"):
        assert [row["number"] for row in api.results(f"incidents/?watcher={own}")] == [tickets[1].number]
    assert [row["number"] for row in Api(world.desk).results("incidents/?watcher=engineer")] == [tickets[0].number]


def test_a_saved_view_of_staff_tells_requesters_nothing(world: World, tickets: list[Incident]) -> None:
    """Whoever wrote the filter down: it narrows by what the reader may read."""
    register_incident(world.desk, requester="requester2", now=MONDAY)
    hide(world, tickets, turned=False)
    view = SavedView(name="x", owner=world.desk, everyone=True, params={"view": ["all"], "complexity": ["1"]})

    assert rows_of_saved(view, world.desk, MONDAY).count() == 2
    assert rows_of_saved(view, world.requester, MONDAY).count() == 0


def test_an_export_loads_only_what_its_owner_sees(world: World, tickets: list[Incident]) -> None:
    """The job's rows are chosen first and loaded later: what was taken from its owner meanwhile is left out."""
    foreign = register_incident(world.desk, requester="requester2", now=MONDAY)
    role = Role.objects.get(code="requester")
    role.permissions = [*role.permissions, Permission.EXPORT.value]
    role.save()
    user = reload_user(world.requester)
    query = QueryDict("view=all")
    export = plan_export(user=user, source="tickets", query=query, columns=["number"], file_format="csv", now=MONDAY)
    export.columns = ["number", "complexity"]  # offered then, and taken away since
    User.objects.filter(pk=user.pk).update(language="en")

    rows = list(rows_of(export, array("q", [foreign.pk, tickets[0].pk])))

    assert rows[1:] == [[tickets[0].number]]


@pytest.mark.parametrize("who", ["requester", "vendor", "engineer"])
def test_a_list_asked_for_columns_that_one_may_not_read_shows_its_usual_ones(world: World, who: str) -> None:
    user = getattr(world, who)
    for kind in (None, *kinds()):
        shown = {column.code for column in chosen_columns(["no_such_column"], user, kind=kind)}
        assert shown
        assert shown <= set(offered_columns(user, kind=kind))
