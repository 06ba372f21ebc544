"""Published known errors by their words and items, held in memory: found without reading thousands of rows (INC-02).

What is held is what the tables say: one short statement tells whether anything changed since.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import log
from typing import Any

from django.db import connection

from problems.known_errors.glossary import Glossary
from problems.models import KnownError, Term
from tickets.workspace.suggestions import ENOUGH, NEW_WORD, Call, says_something, words_of

#: What each agreement of a call with a known error weighs.
ITEM, SYSTEM = 1.0, 0.3
#: So many of the likeliest are read, for those that are not valid any more to fall out.
CANDIDATES = 30
_STAMP = """
SELECT (SELECT coalesce(sum(hashtextextended(k::text, 0)), 0) FROM problems_knownerror k),
       (SELECT coalesce(sum(hashtextextended(i::text, 0)), 0) FROM problems_knownerror_items i),
       (SELECT coalesce(sum(hashtextextended(t::text, 0)), 0) FROM problems_term t)
"""


@dataclass(frozen=True)
class Likeness:
    """How a known error fits a call: its score, and the words and items that both have.

    ``translated``: the words are those of the call in the other language, by the glossary.
    """

    pk: int
    score: float
    words: list[str]
    items: list[str]
    translated: bool = False


class Shelf:
    """Known errors that are not withdrawn, with an index of their words and of their items."""

    def __init__(
        self,
        rows: Iterable[tuple[int, str, str, str | None]],
        items: Iterable[tuple[int, str]],
        terms: Iterable[tuple[str, str]] = (),
    ) -> None:
        """``rows``: key, title, symptoms, system; ``items``: key, identifier; ``terms``: in Chinese and English."""
        self.glossary = Glossary(terms)
        self.systems: dict[int, str | None] = {}
        self.by_word: defaultdict[str, list[int]] = defaultdict(list)
        self.by_item: defaultdict[str, list[int]] = defaultdict(list)
        for key, title, symptoms, system in rows:
            self.systems[key] = system
            for word in words_of(f"{title} {symptoms}"):
                self.by_word[word].append(key)
        for key, identifier in items:
            if key in self.systems:
                self.by_item[identifier].append(key)

    def likest(self, call: Call) -> list[Likeness]:
        """Those that share enough words with ``call``, or an item; the likeliest first, at most ``CANDIDATES``.

        The words are those of the call, or what the glossary calls them in the other language, whichever fits better.
        """
        best = {one.pk: one for one in self._alike(call, call.words)}
        said = self.glossary.translate(call.summary)
        if said.text:
            words = (call.words - words_of(said.covered)) | words_of(said.text)
            for one in self._alike(call, words):
                if one.pk not in best or one.score > best[one.pk].score:
                    best[one.pk] = replace(one, translated=bool(one.words))
        return sorted(best.values(), key=lambda one: (-one.score, one.pk))[:CANDIDATES]

    def _alike(self, call: Call, words: frozenset[str]) -> list[Likeness]:
        """Those that share enough of ``words``, or an item with ``call``.

        The rarer a common word the more it counts, as between tickets (``suggestions.most_similar``).
        """
        spread = {word: len(self.by_word[word]) for word in words if word in self.by_word}
        many = len(self.systems)
        weights = {word: log(1 + many / spread[word]) if word in spread else NEW_WORD for word in words}
        whole = sum(weights.values()) or 1
        common: defaultdict[int, list[str]] = defaultdict(list)
        for word in sorted(spread, key=lambda one: (-weights[one], one)):
            for key in self.by_word[word]:
                common[key].append(word)
        items: defaultdict[int, list[str]] = defaultdict(list)
        for identifier in call.items:
            for key in self.by_item.get(identifier, ()):
                items[key].append(identifier)
        found = []
        for key in common.keys() | items.keys():
            score = sum(weights[word] for word in common[key]) / whole
            said = common[key] if score >= ENOUGH and says_something(common[key]) else []
            if said or items[key]:
                same = bool(call.business_system) and self.systems[key] == call.business_system
                total = (score if said else 0) + (ITEM if items[key] else 0) + (SYSTEM if same else 0)
                found.append(Likeness(key, total, said, items[key]))
        return found


_remembered: dict[Any, Shelf] = {}


def current_shelf() -> Shelf:
    """The shelf as of now. One short query; it is filled anew only after somebody published or withdrew something."""
    with connection.cursor() as cursor:
        cursor.execute(_STAMP)
        stamp = cursor.fetchone()
    shelf = _remembered.get(stamp)
    if shelf is None:
        known = KnownError.objects.filter(withdrawn_at=None).order_by()
        rows = known.values_list("pk", "title", "symptoms", "business_system_id")
        items = KnownError.items.through.objects.values_list("knownerror_id", "configurationitem__identifier")
        terms = Term.objects.order_by("pk").values_list("zh", "en")
        shelf = Shelf(rows.iterator(), items.order_by("pk").iterator(), terms)
        _remembered.clear()
        _remembered[stamp] = shelf
    return shelf
