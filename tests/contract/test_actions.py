"""Every action of every kind, in every state, for every person: the declaration, ``available_actions`` and the one
door agree, and a refusal changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from tests.contract.subjects import (
    PLACES,
    SUBJECTS,
    expected_verdicts,
    sample_input,
    sees,
    subject_in_surroundings,
)
from tests.factories import World
from tickets.actions import available_actions, perform
from tickets.errors import ActionConflict, ActionError, ActionForbidden, ActionInvalid, ActionNotFound
from tickets.lifecycle import Action
from tickets.models import Ticket, TimelineEntry

pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-06")]

VERDICTS: dict[type[ActionError], str] = {
    ActionNotFound: "missing",
    ActionForbidden: "forbidden",
    ActionConflict: "conflict",
}


def verdict_of(ticket: Ticket, name: str, user: Any, data: dict[str, Any]) -> str:
    """What ``perform`` answers; whatever it did is undone."""
    try:
        with transaction.atomic():
            perform(ticket, name, user=user, data=data)
            transaction.set_rollback(True)
    except ActionInvalid:
        return "possible"
    except ActionError as refused:
        return VERDICTS[type(refused)]
    return "possible"


def everything_about(ticket: Ticket) -> list[Any]:
    """The ticket's row, its kind's row and its whole timeline."""
    own = type(ticket)._default_manager.filter(pk=ticket.pk).values().get()
    return [own, *TimelineEntry.objects.filter(ticket=ticket.pk).values()]


@pytest.mark.parametrize(("kind", "state"), PLACES)
def test_perform_answers_as_declared(world: World, kind: str, state: str) -> None:
    ticket = SUBJECTS[kind](state, world)
    actions = ticket.kind_info.actions
    before = everything_about(ticket)
    tried: set[tuple[str, str]] = set()
    for user in world.people.values():
        expected = expected_verdicts(ticket, user).items() - tried  # one of those who get an answer stands for all
        found = {name: verdict_of(ticket, name, user, {}) for name, _verdict in expected}
        assert found == dict(expected), user.username
        tried |= expected

    assert ticket.state == state
    assert {name for name, _verdict in tried} == set(actions)
    assert {"missing", "forbidden", "conflict", "possible"} == {verdict for _name, verdict in tried}
    assert everything_about(ticket) == before


@pytest.mark.parametrize(("kind", "state"), PLACES)
def test_available_actions_are_those_that_can_be_done(world: World, kind: str, state: str) -> None:
    ticket = SUBJECTS[kind](state, world)
    for user in world.people.values():
        if not sees(user, ticket):
            continue  # nobody asks what can be done with a ticket that they do not see
        actions = [action for action in ticket.kind_info.actions.values() if action.starts_in(state)]

        offered = {item.action.name: item.enabled for item in available_actions(ticket, user)}

        expected = expected_verdicts(ticket, user)
        verdicts = {action.name: expected[action.name] for action in actions}
        hidden = {action.name for action in actions if any(guard(ticket, user) for guard in action.hidden_by)}
        shown = {name: found for name, found in verdicts.items() if name not in hidden}
        enabled = {name: found == "possible" for name, found in shown.items() if found in ("possible", "conflict")}
        assert offered == enabled, user.username


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "state"), PLACES)
def test_possible_actions_succeed_with_input_that_fits(world: World, kind: str, state: str) -> None:
    ticket, workers = subject_in_surroundings(kind, state, world)
    done = set()
    for user in workers:
        for item in available_actions(ticket, user):
            if (
                item.enabled and item.action.name not in done and sees(user, ticket)
            ):  # the first of them stands for all
                data = sample_input(item.action, ticket, user)
                _do_and_undo(ticket, item.action, user, data)
                done.add(item.action.name)

    assert {"comment", "note"} <= done


def _do_and_undo(ticket: Ticket, action: Action, user: User, data: dict[str, Any]) -> None:
    with transaction.atomic():
        entry = perform(ticket, action.name, user=user, data=data)
        transaction.set_rollback(True)

    assert (entry.action, entry.actor) == (action.name, user)
    assert entry.state_from == ticket.state
    assert entry.state_to in (action.targets or (ticket.state,))


@pytest.mark.parametrize(("kind", "state"), PLACES)
def test_conflict_says_why_and_what_is_possible(world: World, kind: str, state: str) -> None:
    ticket, user = SUBJECTS[kind](state, world), world.engineer
    for name, verdict in expected_verdicts(ticket, user).items():
        if verdict != "conflict":
            continue
        with pytest.raises(ActionConflict) as refused:
            perform(ticket, name, user=user)

        assert str(refused.value.message)
        assert refused.value.possible == [i.action.name for i in available_actions(ticket, user) if i.enabled]


@pytest.mark.parametrize(("kind", "state"), PLACES)
def test_system_actions_are_refused_to_people_and_people_s_to_the_system(world: World, kind: str, state: str) -> None:
    ticket = SUBJECTS[kind](state, world)
    for name, action in ticket.kind_info.actions.items():
        if action.creates:
            continue
        user = world.admin if action.system else None
        with pytest.raises(ActionForbidden):
            perform(ticket, name, user=user)
