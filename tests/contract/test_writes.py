"""What an action writes: each row of a ticket at most once, in the table of tickets and in that of its kind."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import User
from tests.contract.subjects import PLACES, sample_input, sees, subject_in_surroundings
from tests.factories import World, act, incident_in, resolve
from tickets import actions
from tickets.actions import available_actions, perform
from tickets.errors import ActionError
from tickets.lifecycle import kinds
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.req("SLM-04", "API-01")]

TABLES = {Ticket._meta.db_table} | {kind.model._meta.db_table for kind in kinds()}
UPDATE = re.compile(r"\s*UPDATE \"?(\w+)\"? SET (.*)\bWHERE\b", re.DOTALL)
#: The portal's own action that only a main ticket leads to.
OF_DUPLICATES = "resolve_with_main"
#: (kind, action, table) that write a row of the table a second time, and why that has to be.
TWICE: dict[tuple[str, str, str], str] = {}


class Writes:
    """Which rows of tickets each action writes. An action that another one leads to has rows of its own.

    What a trigger of the database writes is not seen: it counts open rounds of approval by itself.
    """

    def __init__(self) -> None:
        self._going_on: list[Counter[tuple[str, Any]]] = []
        self._carry_out = actions._carry_out
        #: (kind, action, table): how often a row of the table was written by it, at most.
        self.most: Counter[tuple[str, str, str]] = Counter()

    def carry_out(self, action: Any, ticket: Ticket, *given: Any, **named: Any) -> Any:
        """In place of the one of ``tickets.actions``."""
        rows: Counter[tuple[str, Any]] = Counter()
        self._going_on.append(rows)
        try:
            return self._carry_out(action, ticket, *given, **named)
        finally:
            self._going_on.pop()
            for (table, _row), times in rows.items():
                key = (ticket.kind_info.code, action.name, table)
                self.most[key] = max(self.most[key], times)

    def see(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """Look at a statement on its way to the database."""
        found = UPDATE.match(sql)
        if found and found[1] in TABLES and self._going_on:
            self._going_on[-1][found[1], params[-1]] += 1
        return execute(sql, params, many, context)


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Writes]:
    """What is written while the test goes on."""
    found = Writes()
    monkeypatch.setattr(actions, "_carry_out", found.carry_out)
    with connection.execute_wrapper(found.see):
        yield found


def do_and_undo(ticket: Ticket, name: str, user: User | None) -> None:
    """Whatever it did is undone; a refusal writes nothing."""
    data = sample_input(ticket.kind_info.actions[name], ticket, user)  # type: ignore[arg-type]
    try:
        with transaction.atomic():
            perform(ticket, name, user=user, data=data)
            transaction.set_rollback(True)
    except ActionError:
        pass


def too_often(writes: Writes) -> dict[tuple[str, str, str], int]:
    """What no exemption covers."""
    return {key: times for key, times in writes.most.items() if times > 1 and key not in TWICE}


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "state"), PLACES)
def test_every_action_writes_each_row_once(world: World, writes: Writes, kind: str, state: str) -> None:
    ticket, workers = subject_in_surroundings(kind, state, world)
    done = set()
    for user in workers:
        for item in available_actions(ticket, user):
            if item.enabled and item.action.name not in done and sees(user, ticket):
                do_and_undo(ticket, item.action.name, user)
                done.add(item.action.name)
    for action in ticket.kind_info.actions.values():
        if action.system and not action.creates and action.starts_in(state) and action.name != OF_DUPLICATES:
            do_and_undo(ticket, action.name, None)

    assert (kind, "comment", "tickets_ticket") in writes.most
    assert too_often(writes) == {}


def test_a_duplicate_is_written_once_with_its_main_ticket(world: World, writes: Writes) -> None:
    main = incident_in("in_progress", world)
    act(incident_in("assigned", world), "mark_duplicate", world.desk, main=main.number)
    resolve(main, world.engineer)

    assert writes.most["incident", OF_DUPLICATES, "tickets_ticket"] == 1
    assert too_often(writes) == {}


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.code)
def test_every_new_ticket_is_written_once_more_at_most(world: World, writes: Writes, kind: Any) -> None:
    """Inserted, then updated with what follows from that: its clocks know it by its number."""
    for action in kind.actions.values():
        if action.creates and not action.system:
            do_and_undo(kind.model(), action.name, world.desk)

    assert too_often(writes) == {}
