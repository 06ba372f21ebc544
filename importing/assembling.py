"""Putting the rows of an export together into histories of tickets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from importing.events import events_of, note_order, state_of
from importing.facts import FactReader, Facts
from importing.findings import Flaw
from importing.histories import History
from importing.mapping import Mapping, Rows
from importing.reading import Row
from importing.values import LONGEST_NAME, DamagedError, read_name

LONGEST_SUMMARY = 200
#: What spreadsheets make of long numbers: the last digits are gone, and different tickets look the same.
ROUNDED = re.compile(r"\d+([.,]\d+)?[eE]\+?\d+")


class Assembler:
    """Makes histories from rows that stand together; leaves out what cannot be placed, and notes it."""

    def __init__(self, mapping: Mapping, reader: FactReader) -> None:
        self.mapping = mapping
        self.reader = reader
        self.seen: set[str] = set()
        self.rows_seen: dict[str, dict[str, str]] = {}

    def histories(self, rows: Iterable[Row]) -> Iterator[History]:
        """The history of each ticket, in the order of the file."""
        numbered = ((self._number(row), row) for row in map(self.reader.clean, rows))
        for number, pairs in groupby(numbered, key=lambda pair: pair[0]):
            together = [row for _, row in pairs]
            if number and self.mapping.rows == Rows.TICKETS:
                together = self._one_each(together, number)
            if not together:
                continue
            if number and number in self.seen:
                self._note_all(together, number, Flaw.APART)
            elif number:
                self.seen.add(number)
                yield from self._history(number, together)

    def _number(self, row: Row) -> str:
        """The ticket that the row belongs to; empty for a row that is left out."""
        column = self.mapping.columns["number"]
        if not row.cells:
            self.reader.note(row, "", "", Flaw.QUOTES if row.broken else Flaw.CELLS)
            return ""
        number = self.reader.word(row.cells[column])
        if not number or len(number) > LONGEST_NAME:
            self.reader.note(row, "", column, Flaw.NO_NUMBER)
            return ""
        if ROUNDED.fullmatch(number):
            self.reader.note(row, number, column, Flaw.ROUNDED)
            return ""
        return number

    def _one_each(self, rows: list[Row], number: str) -> list[Row]:
        """Of an export with one row per ticket the first: a second one is no update, it is said and left out.

        Nothing comes back by being listed twice: reopenings come from events only.
        """
        column = self.mapping.columns["number"]
        known = self.rows_seen.get(number)
        first, others = (known, rows) if known is not None else (rows[0].cells, rows[1:])
        for row in others:
            self.reader.note(row, number, column, Flaw.TWICE if row.cells == first else Flaw.SAME_NUMBER)
        if known is not None:
            return []
        self.rows_seen[number] = dict(first)
        return rows[:1]

    def _note_all(self, rows: Iterable[Row], number: str, flaw: Flaw) -> None:
        for row in rows:
            self.reader.note(row, number, self.mapping.columns["number"], flaw)

    def _history(self, number: str, rows: list[Row]) -> Iterator[History]:
        """The history, unless no row tells a time, a state or a priority."""
        facts = self._placed(number, rows)
        if not facts:
            return
        if not state_of(facts[-1]):
            self._note_all(rows, number, Flaw.NO_STATE)
        elif lacking := [name for name in self.mapping.kind.needed if facts[-1][name] is None]:
            self._note_all(rows, number, Flaw.NO_PRIORITY if "priority" in lacking else Flaw.NO_VALUE)
        else:
            items = self._items(facts)
            told = facts[:1] if self.mapping.rows == Rows.ITEMS else facts
            events = events_of(self.mapping, told)
            note_order(self.mapping, self.reader, told, events)
            last = told[-1]
            texts, relations = self._texts(last), self._relations(last)
            systems = {one["item"]: one["business_system"] for one in facts if one["item"] and one["business_system"]}
            yield History(self.mapping.kind, number, events, last, texts, relations, items, systems)

    def _items(self, facts: list[Facts]) -> tuple[str, ...]:
        """What the ticket is about: what its last row names, or of a row for each item every one, each once."""
        if self.mapping.rows != Rows.ITEMS:
            return tuple(filter(None, [facts[-1]["item"]]))
        known: set[str] = set()
        for each in facts:
            if each["item"] in known:
                self.reader.note(each.row, each.number, self.mapping.columns["item"], Flaw.TWICE)
            known.add(each["item"])
        return tuple(dict.fromkeys(filter(None, (each["item"] for each in facts))))

    def _placed(self, number: str, rows: list[Row]) -> list[Facts]:
        """What the rows say, without those that have no time."""
        moment = "event_at" if self.mapping.has_updates else "opened_at"
        placed: list[Facts] = []
        for row in rows:
            facts = self.reader.read(row, number, placed[-1] if placed else None)
            if facts[moment] is None:
                self.reader.note(row, number, self.mapping.columns[moment], Flaw.NO_TIME)
            else:
                placed.append(facts)
        return placed

    def _texts(self, facts: Facts) -> dict[str, str]:
        """The ticket's texts; a summary that is too long is cut and stands whole in the description."""
        texts = {}
        for field, rule in self.mapping.texts.items():
            parts = (self.reader.text(facts.row, column) for column in rule.columns)
            texts[field] = rule.join.join(part for part in parts if part)
        summary = " ".join(texts.get("summary", "").split())
        if len(summary) > LONGEST_SUMMARY:
            self.reader.note(facts.row, facts.number, self.mapping.texts["summary"].columns[0], Flaw.LONG)
            whole = (texts["summary"], texts.get("description", ""))
            texts["description"] = "\n\n".join(part for part in whole if part)
        return texts | {"summary": summary[:LONGEST_SUMMARY] or facts.number}

    def _relations(self, facts: Facts) -> tuple[tuple[str, str, str], ...]:
        """What the last row relates the ticket to, each once."""
        found = []
        for rule in self.mapping.relations:
            try:
                reference = read_name(self.reader.word(facts.row.cells[rule.column]))
            except DamagedError as damaged:
                self.reader.note(facts.row, facts.number, rule.column, damaged.flaw)
                continue
            found.append((rule.meaning, rule.kind, reference))
        return tuple(dict.fromkeys(relation for relation in found if relation[2]))
