"""What is believed of one thing when a source counts no more, or counts again: its versions written anew.

Only what that source had given changes, or what it gives again; all else stays as it is, word for word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from typing import Any

from cmdb.definitions import Definitions
from cmdb.models.items import COLUMNS
from cmdb.sources.facts import EVER, Counts, Fact, Facts, TakenBack, cuts_of, gaps_of, outdone, period_of, winner
from cmdb.sources.ranking import NOBODY, PastRankings, holder_of, relation_field
from cmdb.values import is_empty, unlike
from cmdb.versioning.versions import copy_of

#: An item is always called something, of some class, somewhere in its life.
KEPT = frozenset({"name", "ci_class_id", "status_id"})


@dataclass(frozen=True)
class Question:
    """Whose words are asked about: ``back`` when they count again; which words count, and until when."""

    source: str
    back: bool
    counts: Counts
    now: datetime
    known: Definitions
    taken_back: TakenBack

    @cached_property
    def rankings(self) -> PastRankings:
        """Which source won, at any moment."""
        return PastRankings(self.known.above)


@dataclass
class Answer:
    """What takes the place of the believed versions of one thing; ``fields``: those that differ now.

    ``outdone``: words of others that held and that a source believed again stands against; they are kept as claims.
    """

    gone: list[Any] = field(default_factory=list)
    new: list[Any] = field(default_factory=list)
    fields: set[str] = field(default_factory=set)
    outdone: list[Fact] = field(default_factory=list)


def rewritten_item(versions: Sequence[Any], facts: Facts, asked: Question, *, alone: bool) -> Answer:
    """``alone``: nobody else ever spoke of the item, so that without the source it is no more."""
    answer = Answer()
    names = facts.names_of(asked.source)
    for row in versions:
        if row.recorded.upper is not None:
            continue
        about = [fact for name in names for fact in facts.of(name)]
        pieces = []
        low, high = period_of(row.valid)
        cuts = cuts_of(about, (low, high))
        for begins, ends in pairwise(cuts):
            piece = copy_of(row, asked.now)
            piece.valid = (begins, None if ends == EVER else ends)
            changed = _change_piece(piece, begins, names, facts, asked, alone=alone)
            piece.carried = not changed
            answer.fields |= changed
            if begins <= asked.now < ends:
                answer.outdone += _outdone(piece.sources, row.sources, facts, asked)
            pieces.append(piece)
        # Also when another had said the same: whoever speaks next is measured against who holds the value now.
        if any(not piece.carried or piece.sources != row.sources for piece in pieces):
            answer.gone.append(row)
            answer.new += _joined(pieces)
    return answer


def _change_piece(
    piece: Any, moment: datetime, names: set[str], facts: Facts, asked: Question, *, alone: bool
) -> set[str]:
    changed, values = set(), piece.facts
    sources = dict(piece.sources)
    for name in names:
        given = name in values
        held = holder_of(sources, name, given=given and not is_empty(values[name]))
        fact = _instead(name, moment, held, facts, asked, (piece.ci_class_id, name))
        if fact is None:
            continue
        if fact.value is None and name in KEPT:
            continue
        sources[name] = [fact.source, fact.at.isoformat()]
        if unlike(fact.value, values.get(name)):
            changed.add(name)
        _set(piece, name, fact.value)
        if fact.source == NOBODY and name not in COLUMNS:
            sources.pop(name)
    if alone and not asked.back and piece.status_id != "retired":
        piece.status_id, sources["status_id"] = "retired", [NOBODY, asked.now.isoformat()]
        changed.add("status_id")
    piece.sources = sources
    changed |= set(asked.known.work_out(piece.ci_class_id, piece.attributes) if changed else [])
    return changed


def _outdone(now: Mapping[str, Any], before: Mapping[str, Any], facts: Facts, asked: Question) -> list[Fact]:
    """What others said of the fields that are the word of the source that is believed again."""
    if not asked.back:
        return []
    again = {name: word for name, word in now.items() if word != before.get(name)}
    best = [f for name, word in again.items() for f in facts.of(name) if [f.source, f.at.isoformat()] == word]
    return [lost for fact in best for lost in outdone(facts.of(fact.name), fact, asked.now, asked.counts)]


def _set(piece: Any, name: str, value: Any) -> None:
    if name in COLUMNS:
        setattr(piece, name, value)
        return
    attributes = dict(piece.attributes)
    attributes.pop(name, None)
    if not is_empty(value):
        attributes[name] = value
    piece.attributes = attributes


def best_of(facts: Sequence[Fact], moment: datetime, asked: Question, ranked: tuple[str, str]) -> Fact | None:
    """Which of ``facts`` is believed of the moment.

    ``ranked``: the class and the field, or type of relations, whose ranking counts: that of when each was said, for a
    ranking changes nothing that is recorded.
    """

    def stands(before: Fact, said: Fact) -> bool:
        return asked.rankings.at(said.at).outranks(*ranked, before.source, said.source)

    return winner(facts, moment, asked.counts, stands)


def _instead(
    name: str, moment: datetime, held: tuple[str, str], facts: Facts, asked: Question, ranked: tuple[str, str]
) -> Fact | None:
    """Who holds the field now; None when that stays. A withdrawn source makes room, one put back takes its place.

    ``ranked``: as with ``best_of``.
    """
    best = best_of(facts.of(name), moment, asked, ranked)
    if not asked.back:
        if held[0] != asked.source:
            return None
        return best or Fact(name, None, NOBODY, asked.now)
    if best is None or best.source != asked.source or [best.source, best.at.isoformat()] == list(held):
        return None
    return best


def _joined(pieces: Sequence[Any]) -> list[Any]:
    """Pieces that say the same one after the other are one version."""
    found: list[Any] = []
    for piece in pieces:
        last = found[-1] if found else None
        if last is not None and (last.facts, last.sources) == (piece.facts, piece.sources):
            last.valid = (last.valid[0], piece.valid[1])
            last.carried = last.carried and piece.carried
        else:
            found.append(piece)
    return found


def rewritten_relation(versions: Sequence[Any], facts: Facts, asked: Question, class_code: str) -> Answer:
    """As with items; a relation that nobody else speaks of did not hold. ``class_code``: of the item it begins at."""
    ranked = (class_code, relation_field(versions[-1].relation_type_id))
    believed = [row for row in versions if row.recorded.upper is None]
    gaps = gaps_of(versions)
    every = facts.of("")
    cuts = cuts_of(every, (min(low for fact in every for low, _high in fact.periods), EVER))
    spans, lost, changed = [], [], False
    for begins, ends in pairwise(cuts):
        row = next((r for r in believed if (p := period_of(r.valid)) and p[0] <= begins < p[1]), None)
        held, value = held_relation(row, begins, gaps)
        fact = _instead("", begins, held, facts, asked, ranked)
        if fact is not None:
            changed = changed or (fact.value, (fact.source, fact.at.isoformat())) != (value, held)
            held, value = (fact.source, fact.at.isoformat()), fact.value
            if asked.back and begins <= asked.now < ends:
                lost = outdone(every, fact, asked.now, asked.counts)
        spans.append((begins, ends, value, held, row))
    if not changed:
        return Answer()
    return Answer(believed, _relation_rows(spans, versions[-1], asked.now), {""}, lost)


def held_relation(row: Any, moment: datetime, gaps: Sequence[Any]) -> tuple[tuple[str, str], Any]:
    """Who says of a relation at the moment what is believed, and what that is; ``row``: the version that holds."""
    if row is not None:
        return holder_of(row.sources, "", given=True), [row.group, row.needed]
    ended = next((gap for gap in gaps if gap[0] <= moment < gap[1]), None)
    return ((ended[2], ended[3].isoformat()) if ended else (NOBODY, "")), None


def _relation_rows(spans: Sequence[Any], pattern: Any, now: datetime) -> list[Any]:
    found: list[Any] = []
    last_value, last_held = None, ("", "")
    for begins, ends, value, held, row in spans:
        if value is None:
            if found and last_value is not None and held[1]:
                found[-1].sources["end"] = list(held)
        elif (value, held) == (last_value, last_held) and found:
            found[-1].valid = (found[-1].valid[0], None if ends == EVER else ends)
        else:
            made = copy_of(row or pattern, now)
            made.group, made.needed = value
            made.valid, made.sources = (begins, None if ends == EVER else ends), {"": list(held)}
            made.carried = row is not None and [row.group, row.needed] == value
            found.append(made)
        last_value, last_held = value, held
    return found
