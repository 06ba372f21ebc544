"""Importing the history of another product: first a check that writes nothing, then the import in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from django.db import connection, transaction
from django.db.models import Count, Q

from importing.assembling import Assembler
from importing.building import build_clocks, build_entries, build_relations, build_ticket
from importing.copying import copy_rows, next_ids
from importing.directory import Directory
from importing.facts import FactReader
from importing.findings import Findings
from importing.histories import History
from importing.mapping import Mapping
from importing.reading import ExportFile
from importing.summary import Summary
from sla.clocks.life import Life
from sla.clocks.timers import arm_future
from sla.models import Clock, Segment
from sla.promises.policies import PromiseBook
from tickets import clock as database_clock
from tickets.database.numbers import allocate_numbers
from tickets.models import AffectedItem, ExternalReference, Ticket, TimelineEntry
from tickets.search.refreshing import written_once

BATCH = 500
#: Held until a batch is stored, so that two imports never make the same people or groups.
LOCK = 0x1575_0001
#: Filled beside the table of the kind.
SHARED = (Ticket, TimelineEntry, ExternalReference, AffectedItem)

Progress = Callable[[int], None]


class ImportBusyError(Exception):
    """Another import is writing right now."""


@dataclass
class Outcome:
    """What an import did. ``grown``: tickets that were known and have more events in the file than were imported."""

    imported: int = 0
    events: int = 0
    known: int = 0
    grown: list[str] = field(default_factory=list)


def read_histories(file: ExportFile, mapping: Mapping, findings: Findings, now: datetime) -> Iterator[History]:
    """The histories in ``file``, one after the other. Damage goes to ``findings``. Raises InputError."""
    assembler = Assembler(mapping, FactReader(mapping, findings, now))
    return assembler.histories(file.rows(mapping.delimiter, mapping.needed_columns))


def check_histories(histories: Iterable[History], progress: Progress) -> Summary:
    """Count what an import of ``histories`` would bring. Writes nothing."""
    summary = Summary()
    for history in histories:
        summary.take(history)
        progress(summary.tickets)
    return summary


def import_histories(
    histories: Iterable[History], mapping: Mapping, directory: Directory, progress: Progress, batch: int = BATCH
) -> Outcome:
    """Store ``histories`` that are not in the portal yet, ``batch`` tickets in a transaction. Return what was done.

    A ticket comes with all its entries or not at all; known ones are left as they are, so a run that was
    ended goes on where it stopped. No action is performed, no signal sent, nobody is told. Raises
    ImportBusyError.
    """
    outcome, done, remaining = Outcome(), 0, iter(histories)
    while following := list(islice(remaining, batch)):
        with transaction.atomic():
            _take_lock()
            new = _unknown(following, mapping, outcome)
            if new:
                _store(new, mapping, directory, outcome)
        done += len(following)
        progress(done)
    if outcome.imported:
        _renew_statistics(mapping)
    return outcome


def _take_lock() -> None:
    """Keep other imports out until the transaction ends; raise the limit that pages have for a statement."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '5min'")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '5min'")  # rows of its own alone
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise ImportBusyError


def _unknown(histories: list[History], mapping: Mapping, outcome: Outcome) -> list[History]:
    """Those that the portal does not have yet; count the others."""
    numbers = [history.number for history in histories]
    imported = Count("timeline", filter=Q(timeline__via=TimelineEntry.Via.IMPORT))
    tickets = Ticket.objects.filter(external_system=mapping.system, external_number__in=numbers)
    known = dict(tickets.annotate(events=imported).values_list("external_number", "events"))
    outcome.known += len(known)
    outcome.grown += [each.number for each in histories if len(each.events) > known.get(each.number, len(each.events))]
    return [history for history in histories if history.number not in known]


def _store(histories: list[History], mapping: Mapping, directory: Directory, outcome: Outcome) -> None:
    """Insert the rows of ``histories``."""
    directory.make(histories)
    ids = next_ids(Ticket, len(histories))
    numbers = allocate_numbers(mapping.kind.kind.prefix, [history.created_at for history in histories])
    tickets: list[Ticket] = []
    entries: list[TimelineEntry] = []
    references: list[ExternalReference] = []
    items: list[AffectedItem] = []
    lives: list[Life] = []
    book = PromiseBook()
    for history, ticket_id, number in zip(histories, ids, numbers, strict=True):
        ticket = build_ticket(history, mapping, directory, number)
        ticket.pk = ticket.id = ticket_id
        tickets.append(ticket)
        lives += build_clocks(ticket, history, directory, book)
        entries += build_entries(history, directory, ticket_id)
        related = build_relations(history, mapping, directory, ticket_id)
        references += related[0]
        items += related[1]
    with written_once(ids):
        copy_rows(Ticket, tickets)
        copy_rows(mapping.kind.kind.model, tickets)
        for model, rows in ((TimelineEntry, entries), (ExternalReference, references), (AffectedItem, items)):
            copy_rows(model, rows)
    _store_clocks(lives)
    outcome.imported += len(tickets)
    outcome.events += len(entries)


def _store_clocks(lives: list[Life]) -> None:
    """Insert clocks with what they counted. Rules that lie ahead are armed; nobody is told of what is past."""
    clocks = [life.clock for life in lives]
    for clock, key in zip(clocks, next_ids(Clock, len(clocks)), strict=True):
        clock.pk = key
    for clock in clocks:
        clock.ticket_id = clock.ticket.pk
    segments = [segment for life in lives for segment in life.segments]
    for segment in segments:
        segment.clock_id = segment.clock.pk
    copy_rows(Clock, clocks)
    copy_rows(Segment, segments)
    active = [clock.pk for clock in clocks if clock.is_active]
    arm_future(Clock.objects.filter(pk__in=active), database_clock.now())


def _renew_statistics(mapping: Mapping) -> None:
    """Let the planner know at once how much there is now."""
    tables = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in (*SHARED, mapping.kind.kind.model))
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {tables}")
