"""Discovery: what differs from the record, what waits for a person, what a person decided (CMDB-08).

A thing is the item that it was matched with by weighted keys, or that somebody said it is; ties wait.
Observed values are taken over; controlled ones of items in use wait for a decision. What is gone is marked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q

from accounts.models import User
from cmdb.authority import IN_USE, Stamp
from cmdb.definitions import Definitions
from cmdb.inputs import NAMES, Reader
from cmdb.life import RETIRED
from cmdb.models import ConfigurationItem, Difference, Sighting
from cmdb.sources.claims import sources_at
from cmdb.sources.ranking import holder_of
from cmdb.transfer.matching import candidates, holder_of_serial, holders, identity_of
from cmdb.values import is_empty, normalised
from cmdb.versioning.moments import present
from cmdb.writing import Clash, Draft, is_controlled, write_items

MOST = 1000
#: Sightings of people, who are no source of their own.
PEOPLE = frozenset({"people", "audit"})
_LOCK = 7_301_516


@dataclass
class Answer:
    """What became of one thing: matched, made to wait, kept out, or wrong."""

    key: str
    result: str
    identifier: str = ""
    taken: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    claimed: list[str] = field(default_factory=list)
    errors: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Scan:
    """What is known before things are taken one by one.

    ``found``: candidates by key; ``taken``: how many things each item would be: no item is two that a source tells
    apart; ``decided``: what people said of things, by sighting; ``serials``: whose serial numbers were seen.
    """

    source: str
    name: str
    user: User
    now: datetime
    reader: Reader
    found: dict[str, list[ConfigurationItem]] = field(default_factory=dict)
    taken: Counter[int] = field(default_factory=Counter)
    decided: dict[int, Difference] = field(default_factory=dict)
    serials: dict[str, ConfigurationItem] = field(default_factory=dict)

    def prepare(self, sightings: Sequence[Sighting]) -> None:
        """Look at all of them together."""
        self.decided = decisions_about(sightings)
        self.serials = holders(row.data for row in sightings if row.item_id)
        self.found = {row.key: candidates(row.data) for row in sightings if row.item is None}
        self.taken = Counter(items[0].pk for items in self.found.values() if len(items) == 1)
        self.taken.update(row.item_id for row in sightings if row.item_id)
        if self.name:
            others = Sighting.objects.filter(source=self.source, scan=self.name).exclude(item=None)
            self.taken.update(others.exclude(pk__in=[row.pk for row in sightings]).values_list("item_id", flat=True))


def one_at_a_time() -> None:
    """Wait for whoever decides which item a thing is, a scan or a person; until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


@transaction.atomic
def take_in(
    *, source: str, things: Sequence[Mapping[str, Any]], user: User, complete: bool = False, scan: str = ""
) -> list[Answer]:
    """Take in what ``source`` saw. The same again changes nothing. ``complete``: what is not named is gone.

    ``scan`` names a scan that comes in several requests: what none of them named is gone with the one that is last.
    One at a time: two sources that see one thing decide about it one after the other.
    """
    one_at_a_time()
    found = Scan(source, scan, user, present(), Reader())
    sightings = [_seen(found, thing) for thing in things]
    found.prepare(sightings)
    answers = [_take(row, found) for row in sightings]
    if complete:
        _mark_missing(found, {answer.key for answer in answers})
    return answers


def _seen(scan: Scan, thing: Mapping[str, Any]) -> Sighting:
    values = {str(name): value for name, value in thing["values"].items()}
    seen = {"seen_at": scan.now, "data": values, "scan": scan.name}
    return Sighting.objects.update_or_create(source=scan.source, key=thing["key"], defaults=seen)[0]


def decisions_about(sightings: Sequence[Sighting]) -> dict[int, Difference]:
    """What people said last of which item things are, by sighting, where the source says the same still. One query."""
    rows = Difference.objects.filter(sighting__in=sightings, decision__in=Difference.OF_THINGS, undone_at=None)
    latest = {row.sighting_id: row for row in rows.order_by("decided_at", "pk")}
    identities = {row.pk: identity_of(row.data) for row in sightings}
    return {key: row for key, row in latest.items() if identity_of(row.seen_value) == identities[key]}


def _take(sighting: Sighting, scan: Scan) -> Answer:
    decided = scan.decided.get(sighting.pk)
    if decided and decided.decision == Difference.Decision.OUT:
        settle(sighting)
        return Answer(sighting.key, Difference.Decision.OUT.value)
    if sighting.item is None:
        found = scan.found.get(sighting.key) or candidates(sighting.data, retired=True)
        if len(found) != 1 or scan.taken.get(found[0].pk, 0) > 1 or found[0].status_id == RETIRED:
            return _waits(sighting, found, scan.now)
        sighting.item = found[0]
        sighting.save(update_fields=["item"])
    elif sighting.item.status_id == RETIRED:
        return _retired(sighting, sighting.item, decided, scan.now)
    elif decided is None and (other := _contradicts(sighting, scan)):
        return _waits(sighting, [sighting.item, other], scan.now)
    settle(sighting)
    ConfigurationItem.objects.filter(pk=sighting.item.pk).exclude(missing_since=None).update(missing_since=None)
    return compare(sighting, scan.user, scan.now, scan.reader)


def _contradicts(sighting: Sighting, scan: Scan) -> ConfigurationItem | None:
    """The other item whose serial number a thing has that was known by its key: the key does not outweigh it."""
    holder = holder_of_serial(sighting.data, scan.serials)
    return holder if holder is not None and holder.pk != sighting.item_id else None


def _retired(sighting: Sighting, item: ConfigurationItem, decided: Difference | None, now: datetime) -> Answer:
    """Nothing of it is written; it waits, unless somebody knew already that it is no more."""
    then = item.versions.at(decided.decided_at, None).first() if decided and decided.decided_at else None
    if then is None or then.status_id != RETIRED:
        return _waits(sighting, [item], now)
    settle(sighting)
    return Answer(sighting.key, Difference.What.RETIRED.value, item.identifier)


def settle(sighting: Sighting) -> None:
    """Which item it is waits no longer."""
    waiting = Difference.objects.filter(sighting=sighting, decision="")
    waiting.exclude(what=Difference.What.VALUE).delete()


def _waits(sighting: Sighting, found: Sequence[ConfigurationItem], now: datetime) -> Answer:
    what = Difference.What.SEVERAL if found else Difference.What.UNKNOWN
    if found and found[0].status_id == RETIRED:
        what = Difference.What.RETIRED
    names = [item.identifier for item in found]
    waiting = Difference.objects.filter(sighting=sighting, decision="")
    waiting.exclude(what__in=[what, Difference.What.VALUE]).delete()  # what it was before
    let_wait(sighting, what, "", now, candidates=names, seen_value=sighting.data)
    return Answer(sighting.key, str(what), names[0] if what == Difference.What.RETIRED else "")


def let_wait(sighting: Sighting, what: str, name: str, now: datetime, **said: Any) -> None:
    """Let it wait for a decision; what waits already, word for word, keeps its place."""
    place: dict[str, Any] = {"sighting": sighting, "what": what, "field": name, "decision": ""}
    row = Difference.objects.filter(**place).first()
    if row is None or any(getattr(row, key) != value for key, value in said.items()):
        Difference.objects.update_or_create(**place, defaults={**said, "found_at": now})


def alike(one: Any, other: Any) -> bool:
    """Whether two values say the same: texts without regard to case, width and blanks."""
    texts = isinstance(one, str) and isinstance(other, str)
    return one == other or (texts and normalised(one) == normalised(other))


@dataclass(frozen=True)
class Comparison:
    """What a source says beside what is recorded of an item: its facts and what was, by column or attribute.

    ``taken`` would be written at once, ``waits`` is for a person, of ``lost`` a stronger source holds the value.
    """

    facts: Mapping[str, Any]
    was: Mapping[str, Any]
    errors: dict[str, list[str]]
    taken: Set[str]
    waits: Set[str]
    lost: Set[str]


def compared(
    source: str, values: Mapping[str, Any], item: ConfigurationItem, now: datetime, reader: Reader
) -> Comparison:
    """What would become of ``values`` if the thing were ``item``."""
    known: Definitions = reader.definitions
    facts, errors = reader.facts(values, class_code=item.ci_class_id, complete=False)
    was = {**{column: getattr(item, column) for column in NAMES.values()}, **item.attributes}
    facts = {name: was[name] if alike(value, was.get(name)) else value for name, value in facts.items()}
    differs = {name for name, value in facts.items() if not is_empty(value) and value != was.get(name)}
    held = sources_at([item.pk], now).get(item.pk, {}) if known.rankings else {}
    lost = {name for name in differs if _outranked(known, item, name, was, held, source)}
    used = item.status_id in IN_USE
    waits = {name for name in differs - lost if used and is_controlled(known, item.ci_class_id, name)}
    return Comparison(facts, was, errors, differs - waits - lost, waits, lost)


def compare(sighting: Sighting, user: User, now: datetime, reader: Reader) -> Answer:
    """Take over what is observed of the item that the thing is; let what is controlled wait."""
    item = ConfigurationItem.objects.select_for_update(no_key=True, of=("self",)).get(sightings=sighting)
    known: Definitions = reader.definitions
    found = compared(sighting.source, sighting.data, item, now, reader)
    answer = Answer(sighting.key, "matched", item.identifier, errors=found.errors)
    answer.taken, answer.claimed, wait = sorted(found.taken), sorted(found.lost), found.waits
    said = {name: value for name, value in found.facts.items() if value is not None and name not in wait}
    stamp = Stamp(by=user, source=sighting.source, observed=True)
    try:
        write_items([Draft(item.identifier, said, item)], stamp, definitions=known)
    except Clash as error:
        answer.errors[error.field] = [str(error)]
        answer.taken = []
    for name in sorted(wait):
        _note(sighting, item, name, found.was.get(name), found.facts[name], now)
    stale = Difference.objects.filter(sighting=sighting, what=Difference.What.VALUE, decision="")
    stale.exclude(field__in=wait).delete()
    answer.waiting = sorted(wait)
    return answer


def _outranked(
    known: Definitions,
    item: ConfigurationItem,
    name: str,
    was: Mapping[str, Any],
    held: Mapping[str, Any],
    source: str,
) -> bool:
    """Whether a stronger source holds the value: then this one's word is only kept beside it."""
    holder = holder_of(held, name, given=not is_empty(was.get(name)))[0]
    return known.rankings.outranks(item.ci_class_id, name, holder, source)


def _note(sighting: Sighting, item: ConfigurationItem, name: str, was: Any, seen: Any, now: datetime) -> None:
    """Let a difference wait; one that was decided against stays decided while the source says the same."""
    what, kept = Difference.What.VALUE, Difference.Decision.KEPT
    before = Difference.objects.filter(sighting=sighting, what=what, field=name, decision=kept, undone_at=None)
    if (seen, was) not in [(row.seen_value, row.recorded_value) for row in before]:
        let_wait(sighting, what, name, now, item=item, recorded_value=was, seen_value=seen)


def unseen_since() -> Q:
    """The condition on a difference that its thing was not seen again since it was missed."""
    return Q(what=Difference.What.GONE, undone_at=None, found_at__gte=F("sighting__seen_at"))


def _mark_missing(scan: Scan, seen: set[str]) -> None:
    """What the source saw before and sees no more: marked, never deleted; not where somebody said that it is there."""
    gone = Sighting.objects.filter(source=scan.source).exclude(key__in=seen).exclude(item=None)
    gone = gone.exclude(scan=scan.name) if scan.name else gone
    what = Difference.What.GONE
    Difference.objects.filter(sighting__in=gone, what=what, decision="", item__status=RETIRED).delete()
    there = Difference.objects.filter(unseen_since(), sighting=OuterRef("pk"), decision=Difference.Decision.KEPT)
    missed = list(gone.exclude(item__status=RETIRED).exclude(Exists(there)))
    waiting = set(
        Difference.objects.filter(sighting__in=missed, what=what, decision="").values_list("sighting", flat=True)
    )
    Difference.objects.bulk_create(
        Difference(sighting=row, what=what, item_id=row.item_id, found_at=scan.now)
        for row in missed
        if row.pk not in waiting
    )
    keys = {row.item_id for row in missed if row.item_id}
    ConfigurationItem.objects.filter(pk__in=keys, missing_since=None).update(missing_since=scan.now)


@transaction.atomic
def propose(*, item: ConfigurationItem, name: str, seen: Any, ticket: str, by: User) -> None:
    """Let somebody's remark that a value is wrong wait for the configuration manager (CMDB-06).

    One of each person, field and ticket: who says it again while working on another ticket proposes it anew.
    """
    now = present()
    sighting, _made = Sighting.objects.update_or_create(
        source="people",
        key=f"{by.pk}:{item.pk}:{name}:{ticket}"[:200],
        defaults={"seen_at": now, "item": item, "data": {"ticket": ticket, "by": by.username}},
    )
    differ(sighting, item, name, seen, now)


def differ(sighting: Sighting, item: ConfigurationItem, name: str, seen: Any, now: datetime) -> None:
    """Let a value that somebody saw otherwise wait for a decision."""
    was = {**{column: getattr(item, column) for column in NAMES.values()}, **item.attributes}.get(name)
    let_wait(sighting, Difference.What.VALUE, name, now, item=item, recorded_value=was, seen_value=seen)
