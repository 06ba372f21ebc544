"""A history as the portal's rows: the ticket, its timeline, its relations. Stores nothing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from importing.directory import Directory
from importing.histories import Event, History
from importing.mapping import Mapping
from sla.clocks.history import Course, Pause, replay, undispatched
from sla.clocks.life import Life
from sla.promises.policies import PromiseBook
from sla.services import set_columns
from tickets.meaning import NO_PRIORITY
from tickets.models import AffectedItem, ExternalReference, Ticket, TimelineEntry

#: Where the timeline entry keeps the words of the export, in its ``data``.
KEPT = "export"
COLUMNS = (
    *("priority", "impact", "urgency", "source", "category", "business_system"),
    *("requester", "registered_by", "group", "assignee"),
)
TIMES = (
    "created_at",
    "updated_at",
    "assigned_at",
    "responded_at",
    "resolved_at",
    "closed_at",
    "waiting_since",
    "waited",
)


def build_ticket(history: History, mapping: Mapping, directory: Directory, number: str) -> Ticket:
    """The ticket as it stands after the last update, with ``number``."""
    last, kind = history.last, mapping.kind.kind
    rows = {name: directory.row(name, last[name]) for name in COLUMNS}
    if "registered_by" not in mapping.columns:
        rows["registered_by"] = directory.row("registered_by", history.events[0].actor)
    requester, priority = rows["requester"], rows["priority"]
    ticket = kind.model(
        kind=kind.code,
        number=number,
        state=history.state,
        phase=kind.phase_of(history.state),
        priority_rank=priority.rank if priority else NO_PRIORITY,
        organisation_id=requester.organisation_id if requester else directory.customer.pk,  # type: ignore[union-attr]
        wait_reason=directory.row("wait_reason", history.events[-1].tracked["wait_reason"]),
        reopen_count=history.reopen_count,
        external_system=mapping.system,
        external_number=history.number,
        **rows,
        **history.texts,
        **_own(history, mapping, directory),
    )
    for name in TIMES:
        setattr(ticket, name, getattr(history, name))
    return ticket


def _own(history: History, mapping: Mapping, directory: Directory) -> dict[str, Any]:
    """What its kind has beside the columns of every ticket; what is not known keeps the column's own default."""
    imports = mapping.kind.imports
    values = {name: directory.row(name, history.last[name]) for name in imports.columns}
    held = {name: value for name, value in values.items() if history.is_over or name not in imports.at_end}
    return {name: value for name, value in held.items() if value is not None} | dict(imports.fixed)


def build_clocks(ticket: Ticket, history: History, directory: Directory, book: PromiseBook) -> list[Life]:
    """The clocks of ``ticket`` as its history moved them; sets its planned times.

    Whether it was in time is the export's own verdict if it has one; the clock keeps what was counted.
    """
    lives = [*undispatched(ticket, book), *replay(ticket, _course(ticket, history, directory), book)]
    set_columns(ticket, [life.clock for life in lives])
    verdict = history.last["completed_in_time"]
    if history.is_over and verdict is not None:
        ticket.completed_in_time = verdict
    return lives


def _course(ticket: Ticket, history: History, directory: Directory) -> Course:
    pauses = []
    for since, until, word in history.pauses:
        reason = directory.row("wait_reason", word)
        pauses.append(Pause(since, until, reason.pk if reason else ""))
    times = (ticket.assigned_at, ticket.responded_at, ticket.resolved_at, ticket.closed_at)
    return Course(*times, pauses=tuple(pauses))


def build_entries(history: History, directory: Directory, ticket_id: int) -> Iterator[TimelineEntry]:
    """A timeline entry for each event, at its own time; the first is the registration."""
    for before, event in pairwise([None, *history.events]):
        if event is None:
            continue
        state_from = before.state if before else ""
        yield TimelineEntry(
            ticket_id=ticket_id,
            at=event.at,
            actor=directory.row("assignee", event.actor),
            action="imported" if before else "register",
            via=TimelineEntry.Via.IMPORT,
            is_public=before is None or state_from != event.state,
            version=1,
            state_from=state_from,
            state_to=event.state,
            changes=_changes(before, event, directory) if before else [],
            data=_data(event) if before else _data(event) | _initial(event, directory),
        )


def _changes(before: Event, event: Event, directory: Directory) -> list[dict[str, Any]]:
    """What the update changed, as ``tickets.actions`` writes it."""
    return [
        {"field": name, "old": directory.shown(name, before.tracked[name]), "new": directory.shown(name, value)}
        for name, value in event.tracked.items()
        if before.tracked[name] != value
    ]


def _initial(event: Event, directory: Directory) -> dict[str, Any]:
    """What was known at the registration, as an action keeps what was typed into its form."""
    return {name: directory.shown(name, value) for name, value in event.tracked.items() if value}


def _data(event: Event) -> dict[str, Any]:
    return {"state": event.word, KEPT: event.kept}


def build_relations(
    history: History, mapping: Mapping, directory: Directory, ticket_id: int
) -> tuple[list[ExternalReference], list[AffectedItem]]:
    """What the ticket refers to in the other product, and the items that it is about."""
    references = [
        ExternalReference(ticket_id=ticket_id, system=mapping.system, meaning=meaning, kind=kind, reference=reference)
        for meaning, kind, reference in history.relations
    ]
    items = [directory.row("items", name) for name in history.items]
    return references, [AffectedItem(ticket_id=ticket_id, item=item) for item in items]
