"""What the words of a call suggest: what it is about, and which open tickets tell of the same event (INC-02, INC-11).

What the sentence names comes first: business systems and configuration items by name, alias, identifier. Then history.
Explainable and bounded: the newest tickets that the person sees are compared word by word, the rarer a common word the
more it counts. No index, no model: a page shows beside every suggestion from how many tickets, and by which words.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import log
from typing import Any

from django.db.models import F, TextField, Value
from django.db.models.functions import Length
from django.utils.translation import gettext as _

from accounts.models import User
from cmdb.models import BusinessSystem, ConfigurationItem
from tickets.models import AffectedItem, Category, Ticket

#: So many finished and so many live tickets are compared, the newest.
FINISHED, LIVE = 1500, 600
#: What apps above add beside the form: ``(call, user) -> {template, …}``, None for nothing (known errors, articles).
MORE: list[Callable[[Call, User], dict[str, Any] | None]] = []
SHOWN, ENOUGH, SHOWN_NAMED = 4, 0.3, 2
#: What a word weighs that no ticket had: most are pairs that span two words.
NEW_WORD = 0.4
Alike = tuple[float, list[str], dict[str, Any]]
_LATIN = re.compile(r"[a-z0-9][a-z0-9._-]+")
_CHINESE = re.compile(r"[\u3400-\u9fff]+")
#: Pairs of characters that say nothing about a fault.
_EMPTY = frozenset(
    [
        *re.findall(
            "..",
            "无法不能不了出现一个我们请问怎么什么需要问题你好您好系统全部所有故障异常报错错误失败今天现在早上上午",
        ),
        *re.findall("..", "下午突然一直还是已经可以没有用户客户反映反馈电话帮忙处理谢谢麻烦不行情况公司同事部门"),
        *["the", "and", "not", "for", "with", "can", "is", "are", "was", "has", "have", "it", "its", "this", "that"],
        *["our", "all", "any", "please", "help", "error", "problem", "issue"],
    ]
)
#: So many similar tickets must agree, and such a share of all similar ones: 1 of 1 is no evidence.
AGREEING, SHARE = 2, 0.4
#: A shorter name may stand in any sentence by chance.
SHORTEST_NAME = 2


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
    named: bool = False


def suggest(call: Call, user: User) -> list[Suggestion]:
    """What the sentence names, then the business system and category of similar tickets. Four queries at most."""
    systems_known = list(BusinessSystem.objects.active().order_by("position", "code"))
    named = named_in(call.summary, systems_known, user)
    similar = most_similar(call.words, _finished(user))
    systems = [one.value for one in named if one.column == "business_system"]
    if systems:  # of what it is about says more what the same system had
        similar = [one for one in similar if one[2]["business_system"] in systems]
    found: list[Suggestion | None] = [*named]
    for name, rows in (("business_system", systems_known), ("category", None)):
        if name == "business_system" and systems:
            continue
        votes: defaultdict[Any, float] = defaultdict(float)
        for weight, _words, row in similar:
            if row[name]:
                votes[row[name]] += weight
        if votes:
            found.append(_winner(name, rows, votes, similar, call.summary))
    if systems and not any(one and one.column == "category" for one in found):
        found += _categories_of([one for one in systems_known if one.pk in systems], named)
    return [one for one in found if one is not None]


def named_in(text: str, known: list[BusinessSystem], user: User) -> list[Suggestion]:
    """Of the ``known`` systems and of the configuration items those that ``text`` names, the longest names first.

    The items are those that ``user`` sees; the system of a named item is named, too. One query, for a sentence with
    Latin letters or digits: identifiers have some.
    """
    if not _flat(text):
        return []
    systems: dict[str, tuple[int, BusinessSystem, str]] = {}
    for system in known:
        if name := max((one for one in _names_of(system) if _names(one, text)), key=len, default=""):
            systems[system.code] = (len(name), system, name)
    items = _items_in(text, user)
    for item in items:
        its = item.business_system
        if its is not None and its.active:
            systems.setdefault(its.code, (len(item.identifier), its, item.identifier))
    best = sorted(systems.values(), key=lambda one: -one[0])[:SHOWN_NAMED]
    longest = [one for one in best if not any(one[2] != other[2] and one[2] in other[2] for other in best)]
    found = [Suggestion("business_system", one.code, str(one), 0, 0, [name], named=True) for _n, one, name in longest]
    return found + [Suggestion("items", one.identifier, str(one), 0, 0, [one.identifier], named=True) for one in items]


def _categories_of(systems: list[BusinessSystem], named: list[Suggestion]) -> list[Suggestion]:
    """The category that bears the name of a named system, where the portal has one. One query."""
    rows = Category.objects.active().filter(name_zh__in=[system.name_zh for system in systems])
    words = named[0].words
    return [Suggestion("category", row.code, str(row), 0, 0, words, named=True) for row in rows.order_by("code")[:1]]


def _names_of(system: BusinessSystem) -> list[str]:
    """Its names, aliases, and the names without the word "system", flat."""
    names = [_flat(name) for name in (system.name_zh, system.name_en, system.code, *system.aliases)]
    return names + [name.removesuffix(word) for name in names for word in ("系统", "system") if name.endswith(word)]


def _flat(text: str) -> str:
    return re.sub(r"[\s\-_./]+", "", text).casefold()


def _names(name: str, text: str) -> bool:
    """Whether ``text`` holds the flat ``name``; a Latin one as words of its own, so that "mail" is not in "email"."""
    if not name.isascii():
        return len(name) >= SHORTEST_NAME and name in _flat(text)
    spaced = r"[\s\-_./]*".join(map(re.escape, name))
    return len(name) >= SHORTEST_NAME and re.search(rf"(?<![a-z0-9]){spaced}(?![a-z0-9])", text.casefold()) is not None


def _items_in(text: str, user: User) -> Sequence[ConfigurationItem]:
    if not _LATIN.search(text.lower()):
        return []
    seen = ConfigurationItem.objects.visible_to(user).select_related("business_system")
    sentence = Value(text, output_field=TextField())
    named = seen.annotate(sentence=sentence, letters=Length("identifier")).filter(letters__gt=3)
    found = list(
        named.filter(sentence__icontains=F("identifier")).order_by("-letters", "identifier")[: 3 * SHOWN_NAMED]
    )
    whole = [one for one in found if re.search(rf"(?<![\w-]){re.escape(one.identifier)}(?![\w-])", text, re.I | re.A)]
    return whole[:SHOWN_NAMED]


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


def _winner(
    name: str, rows: list[Any] | None, votes: dict[Any, float], similar: list[Any], text: str
) -> Suggestion | None:
    """What most of the ``similar`` had, when enough of them agree. ``rows``: what it can be, None: categories."""
    value = max(votes, key=lambda key: votes[key])
    agree = [(words, one) for _weight, words, one in similar if one[name] == value]
    if len(agree) < AGREEING or len(agree) < SHARE * len(similar):
        return None
    known = rows if rows is not None else Category.objects.filter(pk=value, active=True)
    row = next((one for one in known if one.pk == value), None)
    if row is None:
        return None
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
