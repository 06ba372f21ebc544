"""Pages and API are doors to the same ``perform``: every action gets the declared verdict at each of them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import User
from tests.api.client import Api
from tests.contract.subjects import SUBJECTS, expected_verdicts, sample_input
from tests.factories import World, act, incident_in, make_item
from tickets.lifecycle import Action, kind_of
from tickets.models import Ticket, TimelineEntry
from tickets.services import affect_items

pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-06")]


class PageDoor:
    """The form of a page, posted as htmx does."""

    answers = {204: "done", 403: "forbidden", 404: "missing", 409: "conflict", 422: "invalid"}

    def __init__(self, user: User) -> None:
        self.client = Client(headers={"hx-request": "true", "accept-language": "en"})
        self.client.force_login(user)

    def post(self, ticket: Ticket, action: Action, data: dict[str, Any]) -> Any:
        """Do it."""
        return self.client.post(f"/tickets/{ticket.number}/actions/{action.name}/", data)


class ApiDoor:
    """The endpoint, called with a token."""

    answers = {200: "done", 204: "done", 403: "forbidden", 404: "missing", 409: "conflict", 400: "invalid"}

    def __init__(self, user: User) -> None:
        self.api = Api(user)

    def post(self, ticket: Ticket, action: Action, data: dict[str, Any]) -> Any:
        """Do it."""
        return self.api.post(f"{ticket.kind_info.slug}/{ticket.number}/actions/{action.name}/", data)


@pytest.mark.slow
@pytest.mark.req("UX-01")
@pytest.mark.req("API-01")
@pytest.mark.parametrize("kind", SUBJECTS)
def test_every_door_answers_as_declared(world: World, kind: str) -> None:
    """Each action gets each verdict that it can get, once: the state hardly matters to the doors."""
    examples = _one_example_per_verdict(world, kind)
    for door in (PageDoor, ApiDoor):
        doors: dict[str, PageDoor | ApiDoor] = {name: door(user) for name, user in world.people.items()}
        for (name, verdict), (user, ticket) in examples.items():
            action = ticket.kind_info.actions[name]
            data = sample_input(action, ticket, user) if verdict == "possible" else {}
            lines = TimelineEntry.objects.count()
            with transaction.atomic():
                response = doors[user.username].post(ticket, action, data)
                logged = TimelineEntry.objects.count() - lines
                transaction.set_rollback(True)

            found = door.answers.get(response.status_code, response.status_code)
            context = (door.__name__, name, user.username, data)
            assert found in ({"possible": ("done", "invalid")}.get(verdict, (verdict,))), context
            assert (logged > 0) == (found == "done"), context


def _one_example_per_verdict(world: World, kind: str) -> dict[tuple[str, str], tuple[User, Ticket]]:
    """By action and verdict, who gets it and of which ticket."""
    tickets = [_with_surroundings(kind, state, world) for state in kind_of(kind).states.values]
    return {
        example: (user, ticket)
        for ticket in tickets
        for user in world.people.values()
        for example in expected_verdicts(ticket, user).items()
    }


def _with_surroundings(kind: str, state: str, world: World) -> Ticket:
    """A ticket beside another one, to which it is related, and with a configuration item."""
    other = incident_in("registered", world)
    ticket = SUBJECTS[kind](state, world)
    act(ticket, "link", world.desk, meaning="related_to", target=other.number)
    affect_items(ticket=ticket, items=[make_item(f"SRV-{state}")])
    return ticket


@pytest.mark.parametrize("door", [PageDoor, ApiDoor])
def test_input_that_does_not_fit_is_invalid_at_every_door(world: World, door: Any) -> None:
    ticket = incident_in("in_progress", world)
    actions = ticket.kind_info.actions

    response = door(world.engineer).post(ticket, actions["resolve"], {"cause": "?"})

    assert door.answers[response.status_code] == "invalid"
    assert Ticket.objects.get().state == "in_progress"
