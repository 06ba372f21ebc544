"""Rules are judged by what was asked for: real people and tickets against the tables of ``rights`` (TKT-06)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from announcements.models import Announcement
from records.lifecycle import families
from records.verdicts import available_actions as available_steps
from tests.changes.making import staffed
from tests.contract.rights import ANNOUNCEMENT, EMERGENCY, RIGHTS, SUPPLIER, Rights
from tests.contract.subjects import SUBJECTS
from tests.factories import MONDAY, World, act, incident_in, make_user
from tests.shipped import SHIPPED
from tickets.actions import available_actions
from tickets.lifecycle import kind_of, kinds
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-06")]

DAY = timedelta(days=1)
Verdicts = dict[tuple[str, str], list[str]]
#: Who is needed beside those whom every world has.
MORE = {"pm": "problem_manager", "ps": "problem_supervisor", "config": "config_manager", "operator": "config_operator"}


@pytest.fixture
def everybody(world: World) -> World:
    """People in every role."""
    staffed(world)
    world.people |= {name: make_user(name, role) for name, role in MORE.items()}
    return world


def asked_for(rights: Rights) -> Verdicts:
    """Who may, by action and state, as the table says."""
    declared: list[Any] = [*kinds(), *families()]
    rows = rights.rows(next(one for one in declared if one.code == rights.kind).states.values)
    return {(action, state): sorted(may) for action, state, may in rows}


def offered(tickets: Iterable[Ticket], people: dict[str, User], names: Iterable[str]) -> Verdicts:
    """The same as the product says: who sees the ticket and is offered the action in the state that it is in."""
    found: Verdicts = {}
    for ticket in tickets:
        actions = ticket.kind_info.actions.values()
        here = {one.name for one in actions if one.starts_in(ticket.state) and not (one.system or one.creates)}
        found |= {(name, ticket.state): [] for name in here}
        for name in sorted(names):
            if Ticket.objects.visible_to(people[name]).filter(pk=ticket.pk).exists():
                for item in available_actions(ticket, people[name]):
                    found[item.action.name, ticket.state].append(name)
    return found


def differences(expected: Verdicts, found: Verdicts) -> dict[tuple[str, str], str]:
    """What is asked for and what is, where they differ; an action in a state that one of them does not have, too."""
    keys = sorted(expected.keys() | found.keys())
    return {key: f"{expected.get(key)} != {found.get(key)}" for key in keys if expected.get(key) != found.get(key)}


def test_every_kind_has_a_table() -> None:
    assert sorted(rights.kind for rights in RIGHTS) == sorted(kind.code for kind in SHIPPED)


@pytest.mark.slow
@pytest.mark.parametrize("rights", RIGHTS, ids=lambda rights: rights.kind)
def test_those_may_who_were_meant_and_nobody_else(everybody: World, rights: Rights) -> None:
    """Every action in every state, but what the portal does itself: an action without a row is missing here."""
    states = kind_of(rights.kind).states.values
    tickets = [SUBJECTS[rights.kind](state, everybody) for state in states]
    found = offered(tickets, everybody.people, rights.columns.values())

    assert differences(asked_for(rights), found) == {}


def held_to(rights: Rights, ticket: Any, world: World) -> None:
    """Compare the rows of a table that names some actions only."""
    found, expected = offered([ticket], world.people, rights.columns.values()), asked_for(rights)

    assert differences(expected, {key: found[key] for key in expected}) == {}


@pytest.mark.slow
@pytest.mark.req("MAJ-01", "MAJ-02")
def test_in_an_emergency_those_may_who_were_meant(everybody: World) -> None:
    ticket: Any = incident_in("in_progress", everybody, impact="I1")
    ticket = act(ticket, "call_in", everybody.manager, people=["expert"], text="数据库专家")

    held_to(EMERGENCY, ticket, everybody)


@pytest.mark.slow
@pytest.mark.req("INC-14")
def test_people_of_the_supplier_record_their_part_and_do_nothing_else(everybody: World) -> None:
    ticket: Any = incident_in("in_progress", everybody)
    ticket = act(ticket, "call_vendor", everybody.engineer, supplier="liyuan", text="look")

    held_to(SUPPLIER, ticket, everybody)


@pytest.mark.slow
@pytest.mark.req("MAJ-03")
@pytest.mark.parametrize("state", ["draft", "published", "ended"])
def test_those_announce_who_may(everybody: World, state: str) -> None:
    row: Any = Announcement(state=state, starts_at=MONDAY, ends_at=MONDAY + DAY, shown_until=MONDAY + DAY)
    found: Verdicts = {}
    for name in ANNOUNCEMENT.columns.values():
        for item in available_steps(row, everybody.people[name]):
            found.setdefault((item.action.name, state), []).append(name)

    expected = {key: may for key, may in asked_for(ANNOUNCEMENT).items() if key[1] == state}
    assert differences(expected, {key: sorted(may) for key, may in found.items()}) == {}
