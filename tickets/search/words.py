"""What somebody typed into a search as a query of PostgreSQL. Pure: no database, no settings.

Cuts words exactly as ``itsm_fold`` and ``itsm_tokens`` of ``migrations/0001_search.sql`` cut texts.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MAX_LENGTH = 200
TAILS = range(3, 13)  # so many last digits of a number find it
LONGEST_WORD = 60
SHORTEST_PREFIX = 2  # of a word that stands alone

WORD = "0-9a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u1fff"
CHARACTER = (
    "\u3005-\u3007\u3041-\u3096\u30a1-\u30fa\u30fc\u3105-\u312f\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7ff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_RUN = re.compile(f"([{WORD}]+)|([{CHARACTER}]+)")
#: U+1680, a blank of Ogham, is a letter to ``itsm_tokens``.
_QUOTED = re.compile('["“”„«»「『](.*?)["“”«»」』]|((?:\\S|\u1680)+)', re.DOTALL)
_MARKS = re.compile("[\u0300-\u036f]")
_LOWER = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÆÐØÞĐĦŁŊŒŦΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ",
    "abcdefghijklmnopqrstuvwxyzæðøþđħłŋœŧαβγδεζηθικλμνξοπρστυφχψωабвгдежзийклмнопрстуфхцчшщъыьэюя",
)


def fold(text: str) -> str:
    """``text`` in the one spelling that is compared: half-width, without accents, lower case."""
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", text))
    return unicodedata.normalize("NFC", plain).translate(_LOWER)


@dataclass(frozen=True)
class Run:
    """Letters and digits that stand together, or Chinese characters that do."""

    text: str
    is_word: bool


@dataclass(frozen=True)
class Term:
    """Something that must occur: a word, or several that must stand together. ``exact``: it was quoted."""

    runs: tuple[Run, ...]
    exact: bool = False

    @property
    def is_tail(self) -> bool:
        """Whether these may be the last digits of a ticket's number."""
        text = self.runs[0].text
        return len(self.runs) == 1 and text.isascii() and text.isdecimal() and len(text) in TAILS

    @property
    def ends_open(self) -> bool:
        """Whether the last word is only the beginning of what is looked for."""
        last = self.runs[-1]
        return last.is_word and not self.exact and (len(self.runs) > 1 or len(last.text) >= SHORTEST_PREFIX)

    def tsquery(self) -> str:
        """As PostgreSQL writes it: tokens, one right after the other."""
        tokens = [token for run in self.runs for token in _tokens(run, last=run is self.runs[-1])]
        if self.ends_open:
            tokens[-1] += ":*"
        phrase = " <-> ".join(tokens)
        return f"({phrase} | '#{self.runs[0].text}')" if self.is_tail else phrase


def _tokens(run: Run, *, last: bool) -> list[str]:
    """A word itself; of characters the pairs. Where another run follows, the text ends a run there too."""
    text = run.text
    if run.is_word:
        return [f"'{text[:LONGEST_WORD]}'"]
    pairs = [f"'{text[n : n + 2]}'" for n in range(len(text) - 1)]
    if not last:
        return [*pairs, f"'{text[-1]}'"]
    return pairs or [f"'{text}':*"]


@dataclass(frozen=True)
class Query:
    """All terms must occur."""

    terms: tuple[Term, ...]

    def tsquery(self) -> str:
        """The text of a ``tsquery``: letters, digits and characters in quotes, nothing that could mean more."""
        return " & ".join(dict.fromkeys(term.tsquery() for term in self.terms))


def parse(text: str) -> Query | None:
    """What ``text`` asks for; None when it holds nothing that could be found. Never an error."""
    terms = [
        Term(runs, exact=quoted is not None)
        for quoted, plain in _parts(text[:MAX_LENGTH])
        if (runs := _runs(quoted if quoted is not None else plain or ""))
    ]
    return Query(tuple(dict.fromkeys(terms))) if terms else None


def _parts(text: str) -> list[tuple[str | None, str | None]]:
    """(quoted, None) or (None, word), in order."""
    return [(found[1], found[2]) for found in _QUOTED.finditer(text)]


def _runs(text: str) -> tuple[Run, ...]:
    return tuple(Run(found[0], is_word=found[1] is not None) for found in _RUN.finditer(fold(text)))
