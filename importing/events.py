"""The events of a ticket from its rows: one per update, or the milestones that a single row tells."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

from importing.facts import FactReader, Facts
from importing.findings import Flaw
from importing.histories import Event
from importing.mapping import Mapping
from tickets.lifecycle import Phase

PLAIN = ("priority", "impact", "urgency", "source", "category", "requester", "group", "assignee", "reopen_count")


def events_of(mapping: Mapping, rows: list[Facts]) -> list[Event]:
    """The events that ``rows`` of one ticket tell, in the order of the file."""
    if mapping.has_updates:
        return [_update(mapping, before, facts) for before, facts in pairwise([None, *rows]) if facts]
    return [event for facts in rows for event in _milestones(mapping, facts)]


def state_of(facts: Facts) -> str:
    """The portal's state: some words mean another one once a group has the ticket."""
    rule = facts.state
    if rule is None:
        return ""
    return rule.with_group if rule.with_group and facts["group"] else rule.state


def _update(mapping: Mapping, before: Facts | None, facts: Facts) -> Event:
    known = before.kept if before else {}
    kept = {column: word for column, word in facts.kept.items() if known.get(column, "") != word}
    at, by, word = facts["event_at"], facts["event_by"], facts.state_word
    return Event(facts.row.line, at, by, state_of(facts), word, tracked(mapping, facts), kept)


def tracked(mapping: Mapping, facts: Facts) -> dict[str, Any]:
    """What the timeline shows as changes, by the names of the ticket's columns."""
    values = {name: facts[name] for name in PLAIN}
    return values | {
        "items": facts["item"],
        **{name: facts[name] for name in mapping.kind.kept_in_timeline},
        "wait_reason": facts.state.wait_reason if facts.state else None,
    }


def _milestones(mapping: Mapping, facts: Facts) -> Iterator[Event]:
    """The registration and what the row has times for, as far as its state has come; the last has the row's state."""
    state = state_of(facts)
    reached = _reached(mapping, state)
    first = mapping.kind.imports.registered if reached else state
    steps: list[tuple[datetime, str | None, str]] = [(facts["opened_at"], facts["registered_by"], str(first))]
    for time, led_to, by in reached:
        if facts[time]:
            steps.append((facts[time], facts[by] if by else None, str(led_to)))
    steps[-1] = (*steps[-1][:2], state)
    kept = {column: word for column, word in facts.kept.items() if word}
    for number, (at, actor, came_to) in enumerate(steps):
        word = facts.state_word if came_to == state else ""
        yield Event(facts.row.line, at, actor, came_to, word, tracked(mapping, facts), {} if number else kept)


def _reached(mapping: Mapping, state: str) -> tuple[tuple[str, str, str], ...]:
    """The milestones of a ticket in ``state``: up to that one; all of what is closed in another way."""
    milestones = mapping.kind.imports.milestones
    places = [place for place, (_time, led_to, _by) in enumerate(milestones, 1) if led_to == state]
    if places:
        return milestones[: places[0]]
    return milestones if mapping.kind.kind.phase_of(state) == Phase.CLOSED else ()


def note_order(mapping: Mapping, reader: FactReader, rows: list[Facts], events: list[Event]) -> None:
    """Note what stands out of order: updates, counters, the opening, the end."""
    columns = mapping.columns
    for before, facts in pairwise(rows):
        for column in mapping.rising:
            cells = before.row.cells[column], facts.row.cells[column]
            if cells[0] != cells[1] and _fell(*map(reader.word, cells)):
                reader.note(facts.row, facts.number, column, Flaw.FALLING)
    by_line = {facts.row.line: facts for facts in rows}
    at_column = columns.get("event_at") or columns["opened_at"]
    for early, late in pairwise(events):
        if late.at < early.at:
            reader.note(by_line[late.line].row, rows[0].number, at_column, Flaw.BACKWARDS)
    _note_limits(reader, rows, events, at_column)


def _note_limits(reader: FactReader, rows: list[Facts], events: list[Event], at_column: str) -> None:
    last, columns = rows[-1], reader.mapping.columns
    opened, resolved, closed = (last[name] for name in ("opened_at", "resolved_at", "closed_at"))
    if opened and events[0].at < opened:
        reader.note(rows[0].row, last.number, at_column, Flaw.BEFORE_OPENING)
    if opened and resolved and resolved < opened:
        reader.note(last.row, last.number, columns["resolved_at"], Flaw.END_BEFORE)
    if closed and max(filter(None, (opened, resolved)), default=closed) > closed:
        reader.note(last.row, last.number, columns["closed_at"], Flaw.END_BEFORE)


def _fell(before: str, after: str) -> bool:
    return before.isdecimal() and after.isdecimal() and int(after[:9]) < int(before[:9])
