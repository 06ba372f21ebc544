"""Where searched words stand in a text, and the piece of it that shows them best. Pure: no database."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from tickets.search.words import CHARACTER, WORD, Query, Term, fold

Ranges = list[tuple[int, int]]

WIDTH = 140
BEFORE = 12
_BETWEEN = f"[^{WORD}{CHARACTER}]*"
_fold_one = lru_cache(maxsize=20_000)(fold)


@dataclass(frozen=True)
class Piece:
    """A text, or a part of it, with the ranges of characters that were searched for."""

    text: str
    ranges: Ranges = field(default_factory=list)

    @property
    def html(self) -> SafeString:
        """Escaped, with marks."""
        parts, end = [], 0
        for start, stop in self.ranges:
            parts += [escape(self.text[end:start]), "<mark>", escape(self.text[start:stop]), "</mark>"]
            end = stop
        return mark_safe("".join([*parts, escape(self.text[end:])]))  # noqa: S308 - every part is escaped above


class Marker:
    """Finds the terms of a query in texts."""

    def __init__(self, query: Query) -> None:
        self.patterns = [re.compile(_pattern(term)) for term in query.terms]

    def mark(self, text: str) -> Piece:
        """``text`` with every place that was searched for."""
        return Piece(text, _merged([places for found in self._places(text) for places in found]))

    def count(self, text: str) -> int:
        """How many of the terms occur in ``text``."""
        return sum(1 for found in self._places(text) if found)

    def snippet(self, text: str, width: int = WIDTH) -> Piece:
        """The part of ``text`` that starts shortly before the first place, in one line, with dots where it was cut."""
        text = " ".join(text.split())
        ranges = self.mark(text).ranges
        start = max(0, min(ranges[0][0] - BEFORE, len(text) - width)) if ranges else 0
        piece = text[start : start + width]
        before, after = "…" if start else "", "…" if start + width < len(text) else ""
        shift = len(before) - start
        inside = [(max(a, start) + shift, min(b, start + width) + shift) for a, b in ranges if a < start + width]
        return Piece(f"{before}{piece}{after}", [(a, b) for a, b in inside if a < b])

    def _places(self, text: str) -> list[Ranges]:
        """For each term the ranges in ``text`` as it was written, however folding changed its length."""
        folded, origin = _folded(text)
        return [
            [(origin[found.start()], origin[found.end() - 1] + 1) for found in pattern.finditer(folded)]
            for pattern in self.patterns
        ]


def _folded(text: str) -> tuple[str, list[int]]:
    """``text`` folded, and for each character of that the one it came from."""
    letters, origin = [], []
    for place, character in enumerate(text):
        plain = _fold_one(character)
        letters.append(plain)
        origin += [place] * len(plain)
    return "".join(letters), origin


def _pattern(term: Term) -> str:
    runs = [re.escape(run.text) for run in term.runs]
    start = f"(?<![{WORD}])" if term.runs[0].is_word else ""
    end = f"(?![{WORD}])" if term.runs[-1].is_word and not term.ends_open else ""
    pattern = f"{start}{_BETWEEN.join(runs)}{end}"
    return f"{pattern}|(?<=[0-9]){runs[0]}(?![{WORD}])" if term.is_tail else pattern


def _merged(ranges: Ranges) -> Ranges:
    """Ranges in order, those that touch as one."""
    merged: Ranges = []
    for start, stop in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged
