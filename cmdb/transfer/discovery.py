"""Discovery: which item a seen thing is, what differs, what waits for a person (CMDB-08).

A thing is matched by weighted keys: serial number, address, name; a name alone is never an identity, and ties wait.
Observed values are taken over; controlled ones of items in use wait for a decision. What is gone is marked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from cmdb.authority import IN_USE, Stamp
from cmdb.definitions import Definitions
from cmdb.inputs import NAMES, Reader
from cmdb.models import ConfigurationItem, Difference, Sighting, UniqueValue
from cmdb.sources.claims import sources_at
from cmdb.sources.ranking import holder_of
from cmdb.values import normalised
from cmdb.versioning.moments import present
from cmdb.writing import Clash, Draft, is_controlled, write_items

#: What speaks for an item, and how loudly. Below ENOUGH nothing is matched: a name alone is not enough.
WEIGHTS = {"serial_number": 60, "ip_address": 40, "name": 15}
ENOUGH = 40
MOST = 1000
#: Sightings of people, who are no source of their own.
PEOPLE = frozenset({"people", "audit"})
_LOCK = 7_301_516


@dataclass
class Answer:
    """What became of one thing: matched, made to wait, or wrong."""

    key: str
    result: str
    identifier: str = ""
    taken: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    claimed: list[str] = field(default_factory=list)
    errors: dict[str, list[str]] = field(default_factory=dict)


@transaction.atomic
def take_in(*, source: str, things: Sequence[Mapping[str, Any]], user: User, complete: bool = False) -> list[Answer]:
    """Take in what ``source`` saw. The same again changes nothing. ``complete``: what is not named is gone.

    One at a time: two sources that see one thing decide about it one after the other.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    now, reader = present(), Reader()
    answers = [_take(source, thing, user, now, reader) for thing in things]
    if complete:
        _mark_missing(source, {answer.key for answer in answers}, now)
    return answers


def _take(source: str, thing: Mapping[str, Any], user: User, now: datetime, reader: Reader) -> Answer:
    values = {str(name): value for name, value in thing["values"].items()}
    sighting, _made = Sighting.objects.update_or_create(
        source=source, key=thing["key"], defaults={"seen_at": now, "data": values}
    )
    if sighting.item is None:
        found = candidates(values)
        if len(found) != 1:
            return _waits(sighting, found, now)
        sighting.item = found[0]
        sighting.save(update_fields=["item"])
    Difference.objects.filter(
        sighting=sighting,
        decision="",
        what__in=[Difference.What.UNKNOWN, Difference.What.SEVERAL, Difference.What.GONE],
    ).delete()
    ConfigurationItem.objects.filter(pk=sighting.item.pk).exclude(missing_since=None).update(missing_since=None)
    return _compare(sighting, values, user, now, reader)


def candidates(values: Mapping[str, Any]) -> list[ConfigurationItem]:
    """The items that speak most for being the thing; several: a tie. Empty when nothing speaks loudly enough."""
    scores: Counter[int] = Counter()
    for name, weight in WEIGHTS.items():
        value = values.get(name)
        if value in (None, ""):
            continue
        for key in _with(name, value):
            scores[key] += weight
    best = max(scores.values(), default=0)
    if best < ENOUGH:
        return []
    keys = [key for key, score in scores.items() if score == best]
    return list(ConfigurationItem.objects.filter(pk__in=keys).order_by("pk"))


def _with(name: str, value: Any) -> Iterable[int]:
    live = ConfigurationItem.objects.exclude(status="retired")
    if name == "serial_number":
        return UniqueValue.objects.filter(code=name, value=normalised(value), item__in=live).values_list(
            "item_id", flat=True
        )[:20]
    if name == "name":
        return live.filter(name=str(value)).values_list("pk", flat=True)[:20]
    return live.filter(attributes__contains={name: value}).values_list("pk", flat=True)[:20]


def _waits(sighting: Sighting, found: Sequence[ConfigurationItem], now: datetime) -> Answer:
    what = Difference.What.SEVERAL if found else Difference.What.UNKNOWN
    names = [item.identifier for item in found]
    Difference.objects.update_or_create(
        sighting=sighting, what=what, field="", decision="", defaults={"candidates": names, "found_at": now}
    )
    return Answer(sighting.key, str(what))


def _compare(sighting: Sighting, values: Mapping[str, Any], user: User, now: datetime, reader: Reader) -> Answer:
    item = ConfigurationItem.objects.select_for_update(no_key=True, of=("self",)).get(sightings=sighting)
    known: Definitions = reader.definitions
    facts, errors = reader.facts(values, class_code=item.ci_class_id, complete=False)
    answer = Answer(sighting.key, "matched", item.identifier, errors=errors)
    was = {**{column: getattr(item, column) for column in NAMES.values()}, **item.attributes}
    differs = {name: value for name, value in facts.items() if value is not None and value != was.get(name)}
    used = item.status_id in IN_USE
    held = sources_at([item.pk], now).get(item.pk, {}) if known.rankings else {}
    lost = {name for name in differs if _outranked(known, item, name, was, held, sighting.source)}
    wait = {name for name in differs.keys() - lost if used and is_controlled(known, item.ci_class_id, name)}
    answer.taken, answer.claimed = sorted(differs.keys() - wait - lost), sorted(lost)
    said = {name: value for name, value in facts.items() if value is not None and name not in wait}
    stamp = Stamp(by=user, source=sighting.source, observed=True)
    try:
        write_items([Draft(item.identifier, said, item)], stamp, definitions=known)
    except Clash as error:
        answer.errors[error.field] = [str(error)]
        answer.taken = []
    for name in sorted(wait):
        _note(sighting, item, name, was.get(name), differs[name], now)
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
    holder = holder_of(held, name, given=was.get(name) is not None)[0]
    return known.rankings.outranks(item.ci_class_id, name, holder, source)


def _note(sighting: Sighting, item: ConfigurationItem, name: str, was: Any, seen: Any, now: datetime) -> None:
    """Let a difference wait; one that was decided against stays decided while the source says the same."""
    what = Difference.What.VALUE
    same = Difference.objects.filter(sighting=sighting, what=what, field=name, seen_value=seen, recorded_value=was)
    if same.filter(decision=Difference.Decision.KEPT).exists():
        return
    Difference.objects.update_or_create(
        sighting=sighting,
        what=what,
        field=name,
        decision="",
        defaults={"item": item, "recorded_value": was, "seen_value": seen, "found_at": now},
    )


def _mark_missing(source: str, seen: set[str], now: datetime) -> None:
    """What the source saw before and sees no more: marked, never deleted."""
    gone = Sighting.objects.filter(source=source).exclude(key__in=seen).exclude(item=None)
    for sighting in gone.select_related("item"):
        Difference.objects.get_or_create(
            sighting=sighting, what=Difference.What.GONE, field="", decision="", defaults={"item": sighting.item}
        )
        ConfigurationItem.objects.filter(sightings=sighting, missing_since=None).update(missing_since=now)


@transaction.atomic
def propose(*, item: ConfigurationItem, name: str, seen: Any, ticket: str, by: User) -> None:
    """Let somebody's remark that a value is wrong wait for the configuration manager (CMDB-06)."""
    now = present()
    sighting, _made = Sighting.objects.update_or_create(
        source="people",
        key=f"{by.username}:{item.pk}:{name}"[:200],
        defaults={"seen_at": now, "item": item, "data": {"ticket": ticket, "by": by.username}},
    )
    differ(sighting, item, name, seen, now)


def differ(sighting: Sighting, item: ConfigurationItem, name: str, seen: Any, now: datetime) -> None:
    """Let a value that somebody saw otherwise wait for a decision."""
    was = {**{column: getattr(item, column) for column in NAMES.values()}, **item.attributes}.get(name)
    Difference.objects.update_or_create(
        sighting=sighting,
        what=Difference.What.VALUE,
        field=name,
        decision="",
        defaults={"item": item, "recorded_value": was, "seen_value": seen, "found_at": now},
    )


class Undecidable(Exception):  # noqa: N818 - said to people
    """The decision is not possible."""


@transaction.atomic
def decide(*, difference: Difference, taken: bool, stamp: Stamp) -> None:
    """Take the seen value over under ``stamp``, or keep the record. Raises NotAllowed, Clash, Undecidable."""
    row = Difference.objects.select_for_update().get(pk=difference.pk)
    if row.decision:
        raise Undecidable(_("Somebody decided this already."))
    if taken and row.what == Difference.What.VALUE and row.item:
        source = row.sighting.source if row.sighting.source not in PEOPLE else stamp.source
        draft = Draft(row.item.identifier, {row.field: row.seen_value}, row.item)
        if write_items([draft], replace(stamp, source=source)).claimed:
            raise Undecidable(_("A stronger source holds this value; rank the sources otherwise, or withdraw it."))
    elif taken:
        raise Undecidable(_("Only a value can be taken over."))
    row.decision = Difference.Decision.TAKEN if taken else Difference.Decision.KEPT
    row.decided_by, row.decided_at = stamp.by, present()
    row.save()
