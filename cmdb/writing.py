"""Writing items, one or a hundred thousand: locks, guard, versions, unique values, the row of today. Set-based."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from cmdb import relating
from cmdb.authority import AWAY, IN_USE, Authority, NotAllowed, Stamp, authority_for
from cmdb.definitions import Definitions
from cmdb.life import step_refusal
from cmdb.models import ConfigurationItem, ItemVersion, UniqueValue
from cmdb.models.items import COLUMNS, ItemFacts
from cmdb.sources.claims import AGREE, CLAIM, CONFIRM, NOTHING, WRITE, Statements, sources_at
from cmdb.sources.ranking import RESTORING, asserts, holder_of
from cmdb.values import is_empty, normalised, unlike
from cmdb.versioning.moments import present
from cmdb.versioning.numbers import next_version, renumber
from cmdb.versioning.versions import BATCH, Edit, rewrite

RETIRED = "retired"
#: Columns that nobody needs a change for.
OBSERVED_COLUMNS = frozenset({"default_group_id"})


class Clash(Exception):  # noqa: N818 - said to people
    """A value that may occur once only is another item's: ``items``, first the one that has it.

    ``said``: the same beside the ``field`` itself, which has its label already.
    """

    def __init__(self, name: str, label: str, items: Sequence[str]) -> None:
        text = _("%(label)s: the same value is already recorded for %(items)s.")
        super().__init__(text % {"label": label, "items": ", ".join(items)})
        self.field, self.items = name, list(items)
        self.said = _("The same value is already recorded for %(item)s.") % {"item": items[0]} if items else str(self)


class Stale(Exception):  # noqa: N818 - said to people
    """Somebody else changed the item since it was read."""

    def __init__(self) -> None:
        super().__init__(_("Somebody changed this item meanwhile. Look at it again; what you typed is kept."))


@dataclass
class Draft:
    """What to write of one item: ``facts`` by column or attribute, checked already; an empty value removes.

    ``item`` is None for a new one. ``seen``: the version that was read; another one now refuses the write. ``held``:
    who said a field and when, [source, moment], where that is not who writes it now; empty: nobody. The word is given
    to them also where the value stays.
    """

    identifier: str
    facts: dict[str, Any]
    item: ConfigurationItem | None = None
    seen: int | None = None
    held: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass
class Written:
    """What became of the drafts."""

    now: datetime
    made: list[ConfigurationItem] = field(default_factory=list)
    changed: set[int] = field(default_factory=set)
    versions: int = 0
    #: (identifier, field) of what a stronger source holds: kept as a claim, not written.
    claimed: list[tuple[str, str]] = field(default_factory=list)


@transaction.atomic
def write_items(drafts: Iterable[Draft], stamp: Stamp, *, definitions: Definitions | None = None) -> Written:
    """Write ``drafts`` in one transaction under one stamp. Raises NotAllowed, Clash, Stale."""
    known = definitions or Definitions()
    rows = list(drafts)
    written = Written(present())
    stamp.check_since(written.now)
    fresh = [draft for draft in rows if draft.item is None]
    _make(fresh, stamp, written, known)
    _change([draft for draft in rows if draft.item is not None], stamp, written, known)
    return written


def _make(drafts: list[Draft], stamp: Stamp, written: Written, known: Definitions) -> None:
    if not drafts:
        return
    items = [_filled(ConfigurationItem(identifier=draft.identifier), draft.facts) for draft in drafts]
    for item in items:
        known.work_out(item.ci_class_id, item.attributes)
    renumber([item for item in items if item.status_id in AWAY])
    try:
        with transaction.atomic():
            ConfigurationItem.objects.bulk_create(items, batch_size=BATCH)
    except IntegrityError as error:
        raise _taken([draft.identifier for draft in drafts]) from error
    authority = Authority.CHANGE if stamp.change else Authority.FIRST
    if stamp.change:
        for draft in drafts:
            authority_for(stamp, used=(), controlled=["name"], identifiers=[draft.identifier], now=written.now)
    since = stamp.since or written.now
    versions = [_first_version(item, stamp, authority, since, written.now) for item in items]
    ItemVersion.objects.bulk_create(versions, batch_size=BATCH)
    written.made += items
    written.versions += len(versions)
    keep_unique(items, known)


def _taken(identifiers: list[str]) -> Clash:
    found = ConfigurationItem.objects.filter(identifier__in=identifiers).values_list("identifier", flat=True)[:3]
    return Clash("identifier", _("Identifier"), list(found) or identifiers[:3])


def _first_version(
    item: ConfigurationItem, stamp: Stamp, authority: str, since: datetime, now: datetime
) -> ItemVersion:
    columns = {name: getattr(item, name) for name in COLUMNS}
    return ItemVersion(
        item=item,
        identifier=item.identifier,
        attributes=dict(item.attributes),
        **columns,
        valid=(since, None),
        recorded=(now, None),
        sources={"": [stamp.source, now.isoformat()]},
        **signed(stamp, authority, stamp.change),
    )


def signed(stamp: Stamp, authority: str, reference: str) -> dict[str, Any]:
    """What a version keeps of the stamp under which it was written."""
    return {
        "authority": authority,
        "reference": reference,
        "reason": stamp.reason[:500],
        "by": stamp.by,
        "batch": stamp.batch,
    }


def _filled(row: Any, facts: Mapping[str, Any]) -> Any:
    """``row`` with ``facts`` set: columns as columns, the rest among its attributes."""
    attributes = dict(row.attributes or {})
    for name, value in facts.items():
        if name in COLUMNS:
            setattr(row, name, value)
        elif is_empty(value):
            attributes.pop(name, None)
        else:
            attributes[name] = value
    row.attributes = attributes
    return row


def _change(drafts: list[Draft], stamp: Stamp, written: Written, known: Definitions) -> None:
    if not drafts:
        return
    by_key = {draft.item.pk: draft for draft in drafts if draft.item is not None}
    locked = locked_items(list(by_key))
    _check_seen(by_key)
    _check_not_merged(locked, stamp)
    said = Statements(stamp)
    held = sources_at(by_key, written.now) if known.rankings or asserts(stamp.source) else {}
    touched = _touched(by_key, stamp)
    edits: dict[int, Edit] = {}
    for item in locked:
        asked = _asked(item, by_key[item.pk], said, held.get(item.pk, {}), known)
        if asked:
            _check_step(item, asked, stamp)
            ground = _ground(item, touched.get(item.pk, [item]), asked, stamp, written.now, known)
            edits[item.pk] = _edit(by_key[item.pk], asked, said, ground, written.now, known)
    outcome = rewrite(ItemVersion, "item_id", edits, written.now)
    if outcome.differs("status_id"):
        next_version()  # also when only the past is another: graphs of the past are remembered, too
    said.keep(written.now)
    written.claimed += [(by_key[key].identifier, name) for key, name in sorted(said.lost)]
    written.now = outcome.now
    written.versions += outcome.written
    written.changed |= set(outcome.changed)
    follow(locked, outcome.current, stamp, written, known)


def locked_items(keys: list[int]) -> list[ConfigurationItem]:
    """The items, held until the transaction ends."""
    found: list[ConfigurationItem] = []
    keys.sort()
    for start in range(0, len(keys), BATCH):
        part = ConfigurationItem.objects.filter(pk__in=keys[start : start + BATCH]).order_by("pk")
        found += part.select_for_update(no_key=True)
    return found


def _check_step(item: ConfigurationItem, facts: Mapping[str, Any], stamp: Stamp) -> None:
    """Another state is reached by a declared step only; not where only a past is corrected. Raises NotAllowed."""
    if stamp.until is None and stamp.source not in RESTORING and (no := step_refusal(item, facts.get("status_id"))):
        raise NotAllowed(no)


def _check_not_merged(items: Iterable[ConfigurationItem], stamp: Stamp) -> None:
    """What was merged into another item is only history: the other is written. Raises NotAllowed."""
    merged = next((item for item in items if item.merged_into_id), None)
    if merged is not None and stamp.source not in ("merge", "split"):
        names = {"item": merged.identifier, "other": merged.merged_into.identifier}  # type: ignore[union-attr]
        raise NotAllowed(_("%(item)s was merged into %(other)s; change that one.") % names)


def _check_seen(by_key: Mapping[int, Draft]) -> None:
    seen = {key: draft.seen for key, draft in by_key.items() if draft.seen is not None}
    if not seen:
        return
    latest = ItemVersion.objects.filter(item__in=seen).order_by("item_id", "-pk").distinct("item_id")
    if any(seen[row.item_id] != row.pk for row in latest.only("pk", "item_id")):
        raise Stale


def differing(item: ItemFacts, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Those of ``facts`` that say something else than the item does: now, or in a version of it."""
    now = {**{name: getattr(item, name) for name in COLUMNS}, **item.attributes}
    return {name: value for name, value in facts.items() if unlike(value, now.get(name))}


def _asked(
    item: ConfigurationItem, draft: Draft, said: Statements, held: Mapping[str, Any], known: Definitions
) -> dict[str, Any]:
    """Those of its facts that are to be written; what is only claimed, or said already by another, is noted."""
    facts = draft.facts
    given_back = {name: facts[name] for name in draft.held if name in facts}
    if said.stamp.since or not held:
        return facts if said.stamp.since else differing(item, facts) | given_back
    now = {**{name: getattr(item, name) for name in COLUMNS}, **item.attributes}
    verdicts = {name: _verdict(item.ci_class_id, name, value, now, held, said, known) for name, value in facts.items()}
    said.note(item.pk, facts, verdicts, held)
    return {name: facts[name] for name, verdict in verdicts.items() if verdict in (WRITE, CONFIRM)} | given_back


def _verdict(
    class_code: str,
    name: str,
    value: Any,
    now: Mapping[str, Any],
    held: Mapping[str, Any],
    said: Statements,
    known: Definitions,
) -> str:
    """What becomes of a value: written, confirmed by a stronger source, claimed against one, or said again."""
    source, was = said.stamp.source, now.get(name)
    holder = holder_of(held, name, given=not is_empty(was))[0]
    differs = unlike(value, was)
    if known.rankings.outranks(class_code, name, holder, source):
        return CLAIM if differs else (AGREE if asserts(source) else NOTHING)
    if differs:
        return WRITE
    if holder in ("", source) or not asserts(source):
        return NOTHING
    return CONFIRM if known.rankings.outranks(class_code, name, source, holder) else AGREE


def is_controlled(known: Definitions, class_code: str, name: str) -> bool:
    """Whether the field needs an authority on an item in use."""
    if name in COLUMNS:
        return name not in OBSERVED_COLUMNS
    attribute = known.of(class_code, retired=True).get(name)
    if attribute is None or attribute.formula:
        return attribute is None
    said = known.control_of(class_code, name)
    return attribute.controlled if said is None else said


def _touched(keys: Collection[int], stamp: Stamp) -> dict[int, list[ItemVersion]]:
    """Of an edit that begins in the past: what is believed of each item since then."""
    found: defaultdict[int, list[ItemVersion]] = defaultdict(list)
    if stamp.since is not None:
        for row in ItemVersion.objects.during(stamp.since, stamp.until).filter(item__in=list(keys)).order_by("pk"):
            found[row.item_id].append(row)
    return found


def _ground(
    item: ConfigurationItem,
    states: Sequence[ItemFacts],
    facts: dict[str, Any],
    stamp: Stamp,
    now: datetime,
    known: Definitions,
) -> tuple[str, str]:
    """On what ground ``facts`` are written: asked for each of ``states`` in which one differs. Raises NotAllowed."""
    asked = [
        (state, [name for name in differing(state, facts) if is_controlled(known, state.ci_class_id, name)])
        for state in states
    ]
    state, controlled = next(((row, names) for row, names in asked if names and row.status_id in IN_USE), asked[0])
    names = [item.identifier]
    used = names if state.status_id in IN_USE else ()
    return authority_for(stamp, used=used, controlled=controlled, identifiers=names, now=now)


def _edit(
    draft: Draft,
    facts: dict[str, Any],
    said: Statements,
    ground: tuple[str, str],
    now: datetime,
    known: Definitions,
) -> Edit:
    stamp, key = said.stamp, draft.item.pk  # type: ignore[union-attr]  # chosen by the caller

    def alter(version: ItemVersion) -> bool:
        was = version.facts
        verdicts = {
            name: _verdict(version.ci_class_id, name, value, was, version.sources, said, known)
            for name, value in facts.items()
        }
        said.note(key, facts, verdicts, version.sources)
        changed = [name for name, verdict in verdicts.items() if verdict == WRITE]
        confirmed = [name for name, verdict in verdicts.items() if verdict == CONFIRM or name in draft.held]
        _filled(version, {name: facts[name] for name in changed})
        changed += known.work_out(version.ci_class_id, version.attributes) if changed else []
        mine = {name: list(draft.held.get(name, [stamp.source, now.isoformat()])) for name in changed + confirmed}
        version.sources = {name: word for name, word in {**version.sources, **mine}.items() if word}
        for name, value in signed(stamp, *ground).items():
            setattr(version, name, value)
        return bool(mine)

    return Edit(alter, stamp.since, stamp.until)


def follow(
    locked: list[ConfigurationItem],
    current: Mapping[int, ItemVersion | None],
    stamp: Stamp,
    written: Written,
    known: Definitions,
) -> None:
    """Bring the rows of today up to what is believed now, and what hangs on them."""
    touched = [item for item in locked if current.get(item.pk) is not None]
    moved: list[ConfigurationItem] = []
    for item in touched:
        version = current[item.pk]
        assert version is not None  # noqa: S101 - chosen above
        if item.status_id != version.status_id:
            moved.append(item)
        for name in (*COLUMNS, "attributes"):
            setattr(item, name, getattr(version, name))
    renumber(moved)
    ConfigurationItem.objects.bulk_update(touched, [*COLUMNS, "attributes", "graph_version"], batch_size=500)
    keep_unique(touched, known)
    retired = [item for item in moved if item.status_id == RETIRED]
    if retired:
        relating.end_relations_of(retired, stamp, written.now)


def unique_values(items: Sequence[ConfigurationItem], known: Definitions) -> list[UniqueValue]:
    """What ``items`` claim for themselves, normalised."""
    return [
        UniqueValue(code=code, item=item, value=normalised(item.attributes[code])[:400])
        for item in items
        if not item.merged_into_id  # what it claimed is the other's now
        for code, attribute in known.of(item.ci_class_id).items()
        if attribute.unique and not is_empty(item.attributes.get(code))
    ]


def keep_unique(items: Sequence[ConfigurationItem], known: Definitions) -> None:
    """Claim the unique values of ``items``; the database refuses what another item has. Raises Clash."""
    if not items or not any(row.unique for row in known.attributes):
        return
    rows = unique_values(items, known)
    for start in range(0, len(items), BATCH):
        part = [item.pk for item in items[start : start + BATCH]]
        UniqueValue.objects.filter(item__in=part).delete()
    try:
        with transaction.atomic():
            UniqueValue.objects.bulk_create(rows, batch_size=BATCH)
    except IntegrityError as error:
        raise _clash(rows, known) from error


def _clash(rows: Sequence[UniqueValue], known: Definitions) -> Clash:
    seen: dict[tuple[str, str], str] = {}
    for row in rows:
        place = (row.code, row.value)
        other = UniqueValue.objects.filter(code=row.code, value=row.value).exclude(item=row.item_id)
        holder = seen.get(place) or next(iter(other.values_list("item__identifier", flat=True)[:1]), None)
        if holder:
            return Clash(row.code, known.label(row.code), [holder, row.item.identifier])
        seen[place] = row.item.identifier
    return Clash("", _("Unique value"), [])
