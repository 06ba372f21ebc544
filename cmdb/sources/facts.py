"""Everything that was ever said, as a plain list of facts; and who holds at a moment. No queries, no writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cmdb.models.items import COLUMNS
from cmdb.sources.ranking import NOBODY, RESTORING, holder_of

EVER = datetime.max.replace(tzinfo=UTC)
Period = tuple[datetime, datetime]
#: Those under whose name relations end with something else, or are only moved: meant as long as it is believed.
_PASSING = RESTORING | {"withdrawal"}


@dataclass
class Fact:
    """``source`` said at ``at`` that ``name`` was ``value`` during ``periods``; their ends do not count.

    ``undone``: it was taken back, and says nothing of the time after that.
    """

    name: str
    value: Any
    source: str
    at: datetime
    periods: list[Period] = field(default_factory=list)
    undone: bool = False

    def holds(self, moment: datetime) -> bool:
        """Whether it is about the moment."""
        return self.period_at(moment) is not None

    def period_at(self, moment: datetime) -> Period | None:
        """During what it was said to be so, when that is about the moment."""
        return next(((low, high) for low, high in self.periods if low <= moment < high), None)


#: What was taken back, as its source and the moment it was said, with when that was.
TakenBack = Mapping[tuple[str, datetime], datetime]


class Facts:
    """What was said about one thing, each word once, however many versions repeat it."""

    def __init__(self, taken_back: TakenBack) -> None:
        self._taken_back = taken_back
        self._found: dict[tuple[str, str, str, datetime], Fact] = {}

    def add(self, name: str, value: Any, source: str, at: datetime, period: Period) -> None:
        """Note a word; the same word of another period is the same fact."""
        undone = self._taken_back.get((source, at))
        low, high = period if undone is None else (period[0], min(period[1], undone))
        if low >= high:
            return
        key = (name, repr(value), source, at)
        fact = self._found.setdefault(key, Fact(name, value, source, at, undone=undone is not None))
        if (low, high) not in fact.periods:
            fact.periods.append((low, high))

    def of(self, name: str) -> list[Fact]:
        """What was said about a field."""
        return [fact for fact in self._found.values() if fact.name == name]

    def names_of(self, source: str) -> set[str]:
        """The fields about which a source said something."""
        return {fact.name for fact in self._found.values() if fact.source == source}

    def all(self) -> list[Fact]:
        """Everything that was said."""
        return list(self._found.values())


def period_of(valid: Any) -> Period:
    """The period of a version, with an end that always lies ahead."""
    low, high = (valid.lower, valid.upper) if hasattr(valid, "lower") else valid
    return low, high or EVER


def facts_of_item(
    versions: Iterable[Any], claims: Iterable[Any], computed: Iterable[str], taken_back: TakenBack
) -> Facts:
    """What was said about an item: in its versions, believed or not any more, and in what sources claim."""
    found, worked_out = Facts(taken_back), set(computed)
    for row in versions:
        values = row.facts
        for name in {*COLUMNS, *values, *row.sources} - {"", *worked_out}:
            given = name in values
            source, at = holder_of(row.sources, name, given=given)
            if source and source != NOBODY:
                found.add(name, values.get(name), source, datetime.fromisoformat(at), period_of(row.valid))
    _add_claims(found, claims)
    return found


def facts_of_relation(versions: Sequence[Any], claims: Iterable[Any], taken_back: TakenBack) -> Facts:
    """What was said about a relation: its group and how many are needed, or None while it did not hold."""
    found = Facts(taken_back)
    for row in versions:
        source, at = holder_of(row.sources, "", given=True)
        found.add("", [row.group, row.needed], source, datetime.fromisoformat(at), period_of(row.valid))
    for low, high, source, when in _ends_of(versions):
        if source != NOBODY:
            found.add("", None, source, when, (low, high))
    _add_claims(found, claims)
    return found


def _ends_of(versions: Sequence[Any]) -> Iterator[tuple[datetime, datetime, str, datetime]]:
    """Words that the relation holds no more: meant for good, whoever said since that it does again."""
    for low, high, source, when in gaps_of(versions):
        if not source or source in _PASSING:
            yield low, high, source, when
    for row in versions:
        source, at = row.sources.get("end") or ("", "")
        if source and source not in _PASSING:
            yield row.valid.upper, EVER, source, datetime.fromisoformat(at)


def gaps_of(versions: Sequence[Any]) -> list[tuple[datetime, datetime, str, datetime]]:
    """When the relation did not hold any more, as believed: from, until, who ended it, when that was recorded."""
    believed = sorted((row for row in versions if row.recorded.upper is None), key=lambda row: row.valid.lower)
    found = []
    for row, following in zip(believed, [*believed[1:], None], strict=False):
        low, high = row.valid.upper, following.valid.lower if following else EVER
        if low is not None and low < high:
            source, at = row.sources.get("end") or ("", row.recorded.lower.isoformat())
            found.append((low, high, source, datetime.fromisoformat(at)))
    return found


def _add_claims(found: Facts, claims: Iterable[Any]) -> None:
    for claim in claims:
        found.add(claim.field, claim.value, claim.source, claim.at, (claim.since, claim.until or EVER))


#: Whether a word counts: not while its source is withdrawn.
Counts = Callable[[Fact], bool]


#: Whether the word that holds stands against one that is said after it.
StandsAgainst = Callable[[Fact, Fact], bool]


def winner(facts: Iterable[Fact], moment: datetime, counts: Counts, stands: StandsAgainst) -> Fact | None:
    """The fact that holds at ``moment``: as they were said, each takes the place of the one before unless that
    ``stands`` against it.
    """
    holds: Fact | None = None
    for fact in sorted((fact for fact in facts if counts(fact) and fact.holds(moment)), key=lambda fact: fact.at):
        if holds is None or not stands(holds, fact):
            holds = fact
    return holds


def outdone(facts: Iterable[Fact], best: Fact, moment: datetime, counts: Counts) -> list[Fact]:
    """The last word of each other source about ``moment`` that was said after ``best``, which stands against it."""
    last: dict[str, Fact] = {}
    for fact in sorted(facts, key=lambda fact: fact.at):
        if fact.source != best.source and fact.at > best.at and counts(fact) and fact.holds(moment):
            last[fact.source] = fact
    return list(last.values())


def cuts_of(facts: Iterable[Fact], within: Period) -> list[datetime]:
    """Where, inside a period, something that was said begins or ends; with both ends of the period."""
    low, high = within
    inside = {end for fact in facts for period in fact.periods for end in period if low < end < high}
    return [low, *sorted(inside), high]


def counting(withdrawn: Mapping[str, datetime]) -> Counts:
    """Facts count unless their source was withdrawn, at the moment given for it or after they were said."""
    return lambda fact: fact.source not in withdrawn or fact.at > withdrawn[fact.source]
