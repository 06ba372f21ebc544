"""What the words of a call suggest: what it is about, and which open tickets tell of the same event (INC-02, INC-11).

Explainable and bounded: the newest tickets that the person sees are compared word by word, the rarer a common word the
more it counts. No index, no model: a page shows beside every suggestion from how many tickets, and by which words.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import log
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from cmdb.models import BusinessSystem
from tickets.models import AffectedItem, Category, Ticket

#: So many finished and so many live tickets are compared, the newest.
FINISHED, LIVE = 1500, 600
#: What apps above add beside the form: ``(call, user) -> {template, …}``, None for nothing (known errors, articles).
MORE: list[Callable[[Call, User], dict[str, Any] | None]] = []
SHOWN, ENOUGH = 4, 0.3
#: What a word weighs that no ticket had: most are pairs that span two words.
NEW_WORD = 0.4
Alike = tuple[float, list[str], dict[str, Any]]
_LATIN = re.compile(r"[a-z0-9][a-z0-9._-]+")
_CHINESE = re.compile(r"[\u3400-\u9fff]+")
#: Pairs of characters that say nothing about a fault.
_EMPTY = frozenset(
    "无法 不能 不了 出现 一个 我们 请问 怎么 什么 需要 问题 你好 您好 the and not for with can".split()  # noqa: SIM905
)


def words_of(text: str) -> frozenset[str]:
    """Latin words, and every pair of Chinese characters: those have no gaps between words."""
    lower = text.lower()
    pairs = (run[n : n + 2] for run in _CHINESE.findall(lower) for n in range(len(run) - 1))
    return frozenset({*_LATIN.findall(lower), *pairs} - _EMPTY)


def phrases(common: Iterable[str], text: str) -> list[str]:
    """The ``common`` words as they stand in ``text``: pairs that follow one another read as one. The longest three."""
    words, found = set(common), []
    for run in _CHINESE.findall(text.lower()):
        read = ""
        for n in range(len(run)):
            pair = run[n : n + 2]
            if pair in words:
                read = read + pair[1] if read else pair
            elif read:
                found.append(read)
                read = ""
    found += [word for word in words if _LATIN.fullmatch(word)]
    return sorted(dict.fromkeys(found), key=lambda one: (-len(one), text.lower().find(one)))[:3]


@dataclass(frozen=True)
class Call:
    """What is known of a call so far."""

    summary: str
    requester: str = ""
    business_system: str = ""
    items: tuple[str, ...] = ()

    @property
    def words(self) -> frozenset[str]:
        """Words of the summary."""
        return words_of(self.summary)


@dataclass
class Suggestion:
    """A category or system that fits, with its reasons."""

    column: str
    value: str
    label: str
    count: int
    of: int
    words: list[str] = field(default_factory=list)


def suggest(call: Call, user: User) -> list[Suggestion]:
    """The business system and the category that most of the similar finished tickets had. Three queries at most."""
    similar = most_similar(call.words, _finished(user))
    found = []
    for name, model in (("business_system", BusinessSystem), ("category", Category)):
        votes: defaultdict[Any, float] = defaultdict(float)
        for weight, _words, row in similar:
            if row[name]:
                votes[row[name]] += weight
        if votes:
            found.append(_winner(name, model, votes, similar, call.summary))
    return [one for one in found if one is not None]


def _finished(user: User) -> Iterable[dict[str, Any]]:
    finished = Ticket.objects.visible_to(user).filter(phase__in=["resolved", "closed"], parent=None)
    return finished.order_by("-created_at", "-id").values("summary", "business_system", "category")[:FINISHED]


def most_similar(
    words: frozenset[str], rows: Iterable[dict[str, Any]]
) -> list[tuple[float, list[str], dict[str, Any]]]:
    """(likeness 0 to 1, common words, row) of the rows that share enough with ``words``, the most alike first."""
    if not words:
        return []
    read = [(words_of(row["summary"]), row) for row in rows]
    spread = Counter(word for found, _row in read for word in found & words)
    weights = {word: log(1 + len(read) / spread[word]) if spread[word] else NEW_WORD for word in words}
    whole = sum(weights.values()) or 1
    alike = []
    for found, row in read:
        common = sorted(found & words, key=lambda word: -weights[word])
        likeness = sum(weights[word] for word in common) / whole
        if likeness >= ENOUGH and says_something(common):
            alike.append((likeness, common, row))
    return sorted(alike, key=lambda one: -one[0])[:50]


def says_something(common: list[str]) -> bool:
    """Whether the common words are more than one pair of characters, which any two faults may share."""
    return len(common) > 1 or any(len(word) > len("邮件") for word in common)


def _winner(name: str, model: Any, votes: dict[Any, float], similar: list[Any], text: str) -> Suggestion | None:
    value = max(votes, key=lambda key: votes[key])
    row = model.objects.filter(pk=value, active=True).first()
    if row is None:
        return None
    agree = [(words, one) for _weight, words, one in similar if one[name] == value]
    said = Counter(word for words, _one in agree for word in words)
    return Suggestion(name, row.code, str(row), len(agree), len(similar), phrases(said, text))


def duplicates(call: Call, user: User) -> list[dict[str, Any]]:
    """Open incidents that may be the same event: caller, system, CI, words; each with its reasons (INC-11)."""
    rows = _live(user)
    items = _items_of(rows, call.items)
    words = {row["number"]: (likeness, common) for likeness, common, row in most_similar(call.words, rows)}
    scored: list[tuple[float, dict[str, Any]]] = []
    for row in rows:
        likeness, common = words.get(row["number"], (0.0, []))
        reasons = _reasons(row, call, common, items[row["pk"]])
        score = likeness + 0.25 * len(reasons)
        if reasons and score >= 2 * ENOUGH:
            scored.append((score, {**row, "reasons": reasons}))
    best = sorted(scored, key=lambda one: -one[0])[:SHOWN]
    return [row for _score, row in best]


def _live(user: User) -> list[dict[str, Any]]:
    live = Ticket.objects.visible_to(user).live().filter(parent=None, duplicate_of=None, kind="incident")
    columns = ("pk", "number", "summary", "state", "kind", "created_at", "business_system", "requester__username")
    return list(live.order_by("-created_at", "-id").values(*columns)[:LIVE])


def _items_of(rows: list[dict[str, Any]], wanted: tuple[str, ...]) -> dict[int, list[str]]:
    """Which of the ``wanted`` items each of ``rows`` is about; one query when there are any."""
    found: dict[int, list[str]] = defaultdict(list)
    if wanted:
        visible = [row["pk"] for row in rows]
        affected = AffectedItem.objects.filter(ticket__in=visible, item__identifier__in=wanted)
        for ticket, identifier in affected.values_list("ticket_id", "item__identifier"):
            found[ticket].append(identifier)
    return found


def _reasons(row: dict[str, Any], call: Call, common: list[str], items: list[str]) -> list[str]:
    """Why it may be the same, strongest first."""
    reasons = list(items)
    if call.requester and row["requester__username"] == call.requester:
        reasons.append(_("same caller"))
    if call.business_system and row["business_system"] == call.business_system:
        reasons.append(_("same system"))
    if common:
        reasons.append(_("words: %(words)s") % {"words": " · ".join(phrases(common, row["summary"]))})
    return reasons
