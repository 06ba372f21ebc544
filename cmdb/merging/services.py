"""Merging two items, splitting one, taking either back; each in one transaction under the guard (CMDB-01, CMDB-06).

Versions of both stay where they are. What was merged is retired, its identifier leads to the other for life.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.dispatch import Signal
from django.utils.translation import gettext as _

from cmdb.authority import IN_USE, Authority, Stamp, authority_for, may_correct
from cmdb.definitions import Definitions
from cmdb.merging.references import move, move_back
from cmdb.models import ConfigurationItem, IdentityChange, ItemVersion, Kind, Relation, RelationVersion
from cmdb.models.items import COLUMNS
from cmdb.relating import Link, end_relations, write_relations
from cmdb.sources.ranking import holder_of
from cmdb.values import unlike
from cmdb.versioning.moments import present
from cmdb.writing import RETIRED, Draft, locked_items, write_items
from itsm.documents.paper import moment

#: Rows name another item than before: ``change``, its ``moved`` and ``dropped`` rows, ``by``, ``now``. Sent inside the
#: transaction; apps above look at what rests on the old name, such as approvals of what was to be changed.
identity_changed = Signal()
MERGE, SPLIT = IdentityChange.Kind.MERGE, IdentityChange.Kind.SPLIT


class NotOne(Exception):  # noqa: N818 - said to people
    """These cannot be merged or split so; the text says why."""


def facts_of(item: ConfigurationItem) -> dict[str, Any]:
    """Every field with its value now."""
    return {**{name: getattr(item, name) for name in COLUMNS}, **item.attributes}


@transaction.atomic
def merge(
    *, item: ConfigurationItem, other: ConfigurationItem, taken: Collection[str] = (), stamp: Stamp
) -> IdentityChange:
    """Merge ``other`` into ``item``, which takes the fields ``taken`` from it. Raises NotOne, NotAllowed, Clash …

    Tickets, relations and whatever else is declared follow; attributes that name the other name the item.
    """
    item, other = _both(item, other)
    if item.merged_into_id or other.merged_into_id:
        gone = item if item.merged_into_id else other
        raise NotOne(_("%(item)s was merged before.") % {"item": gone.identifier})
    if item.status_id == RETIRED:
        raise NotOne(_("%(item)s is retired; merge it into the other instead.") % {"item": item.identifier})
    stamp = _guarded(stamp, item, other)
    before = facts_of(item)
    theirs = facts_of(other)
    row = IdentityChange(kind=MERGE, item=item, other=other, status_before=other.status_id)
    row.facts = {
        name: [before.get(name), theirs.get(name)] for name in taken if unlike(before.get(name), theirs.get(name))
    }
    other.merged_into = item
    other.save(update_fields=["merged_into"])
    row.ended, row.made = _relations_follow(other, item, stamp)
    write_items([Draft(other.identifier, {"status_id": RETIRED}, other)], stamp)
    taken_over = {name: after for name, (_before, after) in row.facts.items()}
    write_items([Draft(item.identifier, taken_over, item, held=held_by(other, taken_over))], stamp)
    row.named = _rename(other.identifier, item.identifier, stamp)
    row.moved, row.dropped = move(other.pk, item.pk)
    return _kept(row, stamp)


def _both(item: ConfigurationItem, other: ConfigurationItem) -> tuple[ConfigurationItem, ConfigurationItem]:
    if item.pk == other.pk:
        raise NotOne(_("An item is not merged with itself."))
    rows = {row.pk: row for row in locked_items([item.pk, other.pk])}
    return rows[item.pk], rows[other.pk]


def _guarded(stamp: Stamp, *items: ConfigurationItem) -> Stamp:
    """The stamp of what is written now, once the guard has passed for each of ``items``. Raises NotAllowed."""
    now = present()
    grants = [
        authority_for(
            stamp,
            used=[item.identifier] if item.status_id in IN_USE else (),
            controlled=["identifier"],
            identifiers=[item.identifier],
            now=now,
        )
        for item in items
    ]
    granted = next((ground for ground in grants if ground[0] != Authority.FREE), grants[0])
    if granted[0] == Authority.FREE and stamp.correction and stamp.by is not None and may_correct(stamp.by):
        granted = (Authority.CORRECTION, "")  # not needed for what is not in use, but said
    return replace(stamp, source="merge", since=None, until=None, granted=granted)


def _relations_follow(
    source: ConfigurationItem, target: ConfigurationItem, stamp: Stamp, keys: Collection[int] | None = None
) -> tuple[list[int], list[int]]:
    """Relations of ``source`` (of ``keys``) end and hold from now on with ``target``; (ended, made)."""
    found = Relation.objects.filter(Q(source=source) | Q(target=source), active=True)
    found = found.filter(pk__in=keys) if keys is not None else found
    rows = list(found.select_related("source", "target", "relation_type"))
    whose = relations_held(rows)
    links = [
        Link(
            target if row.source_id == source.pk else row.source,
            row.relation_type,
            target if row.target_id == source.pk else row.target,
            row.group,
            row.needed,
            whose.get(row.pk),
        )
        for row in rows
    ]
    links = [link for link in links if link.source.pk != link.target.pk]
    end_relations(rows, stamp)
    held = Relation.objects.filter(Q(source=target) | Q(target=target), active=True)
    standing = set(held.values_list("pk", flat=True))
    write_relations([link for link in links if not _stands(link)], stamp)
    made = set(held.all().values_list("pk", flat=True)) - standing
    return [row.pk for row in rows], sorted(made)


def _stands(link: Link) -> bool:
    """Whether the relation holds already: then it stays as it is."""
    source, relation_type, target = link.key
    found = Relation.objects.filter(source=source, relation_type=relation_type, target=target, active=True)
    return found.exists()


def _rename(old: str, new: str, stamp: Stamp, only: Iterable[Any] | None = None) -> list[list[Any]]:
    """Attributes that name one item name the other; [key of the item, field] of each.

    These are other items: the guard asks for each of them whether the ground covers it.
    """
    stamp = replace(stamp, granted=None)
    codes = {row.code for row in Definitions().attributes if row.kind == Kind.ITEM and not row.formula}
    allowed = None if only is None else {(key, name) for key, name in only}
    drafts, named = [], []
    for code in sorted(codes):
        for item in ConfigurationItem.objects.filter(attributes__contains={code: old}, merged_into=None):
            if allowed is None or (item.pk, code) in allowed:
                drafts.append(Draft(item.identifier, {code: new}, item))
                named.append([item.pk, code])
    for draft in drafts:
        write_items([draft], stamp)
    return named


def _kept(row: IdentityChange, stamp: Stamp) -> IdentityChange:
    row.reason, row.reference, row.by, row.at = stamp.reason[:500], stamp.change[:60], stamp.by, present()
    row.save()
    _send(row, stamp, row.at)
    return row


def _send(row: IdentityChange, stamp: Stamp, now: datetime) -> None:
    identity_changed.send(IdentityChange, change=row, moved=row.moved, dropped=row.dropped, by=stamp.by, now=now)


@transaction.atomic
def split(
    *,
    item: ConfigurationItem,
    identifier: str,
    kept: Mapping[str, Any],
    given: Mapping[str, Any],
    relations: Collection[int] = (),
    rows: Collection[str] = (),
    stamp: Stamp,
) -> IdentityChange:
    """Make a new item of a part of ``item``: ``given`` are its facts, ``kept`` what changes of the first.

    ``relations`` (keys) and ``rows`` (``label:key`` of what refers to it) go with the new one. Raises as ``merge``.
    """
    item = locked_items([item.pk])[0]
    if item.merged_into_id:
        raise NotOne(_("%(item)s was merged before.") % {"item": item.identifier})
    stamp = replace(_guarded(stamp, item), source="split")
    before = facts_of(item)
    altered = {name: value for name, value in kept.items() if unlike(value, before.get(name))}
    write_items([Draft(item.identifier, altered, item)], stamp)
    free = replace(stamp, change="")
    made = write_items([Draft(identifier, dict(given))], free).made[0]
    row = IdentityChange(kind=SPLIT, item=item, other=made)
    row.facts = {name: [before.get(name), value] for name, value in altered.items()}
    row.ended, row.made = _relations_follow(item, made, stamp, relations)
    row.moved, row.dropped = move(item.pk, made.pk, rows)
    return _kept(row, stamp)


@transaction.atomic
def take_back(*, change: IdentityChange, stamp: Stamp) -> None:
    """Everything is as it was before the merge or split, but for what was written since. Raises as ``merge``."""
    row = IdentityChange.objects.select_for_update(of=("self",)).get(pk=change.pk)
    if row.undone_at:
        raise NotOne(taken_back(row))
    item, other = _both(row.item, row.other)
    stamp = replace(_guarded(stamp, item, other), source=str(row.kind))
    now = present()
    if row.kind == MERGE:
        _undo_merge(row, item, other, stamp)
    else:
        _undo_split(row, item, other, stamp)
    row.undone_at, row.undone_by = now, stamp.by
    row.save(update_fields=["undone_at", "undone_by"])
    _send(row, stamp, now)


def _undo_merge(row: IdentityChange, item: ConfigurationItem, other: ConfigurationItem, stamp: Stamp) -> None:
    _restore(row, item, stamp)
    other.merged_into = None
    other.save(update_fields=["merged_into"])
    was = held_by(other, ["status_id"], row.at)
    write_items([Draft(other.identifier, {"status_id": row.status_before}, other, held=was)], stamp)
    _relations_return(row, stamp)
    _rename(item.identifier, other.identifier, stamp, row.named)
    move_back(row.moved, row.dropped, item.pk, other.pk)


def _undo_split(row: IdentityChange, item: ConfigurationItem, other: ConfigurationItem, stamp: Stamp) -> None:
    later = other.identity_changes.filter(undone_at=None) | other.identity_changes_of_other.filter(
        undone_at=None, kind=MERGE
    )
    if later.exists() or other.merged_into_id:
        raise NotOne(_("%(item)s was merged or split since; take that back first.") % {"item": other.identifier})
    other.merged_into = item
    other.save(update_fields=["merged_into"])
    _relations_return(row, stamp)
    write_items([Draft(other.identifier, {"status_id": RETIRED}, other)], stamp)
    _restore(row, item, stamp)
    move_back(row.moved, row.dropped, other.pk, item.pk)
    move(other.pk, item.pk)


def _restore(row: IdentityChange, item: ConfigurationItem, stamp: Stamp) -> None:
    """Fields that still say what was written say again what they said before."""
    now = facts_of(item)
    back = {name: before for name, (before, after) in row.facts.items() if not unlike(now.get(name), after)}
    write_items([Draft(item.identifier, back, item, held=held_by(item, back, row.at))], stamp)


def held_by(item: ConfigurationItem, names: Iterable[str], before: datetime | None = None) -> dict[str, list[str]]:
    """Who said ``names`` of the item and when: now, or just before a moment. What is moved stays its source's word."""
    versions = ItemVersion.objects.filter(item=item)
    if before is None:
        found = versions.believed().filter(valid__upper_inf=True).first()
    else:
        then = before - timedelta(microseconds=1)
        found = versions.at(then, then).first()
    held = {name: holder_of(found.sources, name, given=True) for name in names} if found else {}
    return {name: list(said) for name, said in held.items() if said[0]}


def relations_held(rows: Iterable[Relation]) -> dict[int, tuple[str, str]]:
    """Who said relations and when, by key; of those that ended, who said them last."""
    versions = RelationVersion.objects.believed().filter(relation__in=[row.pk for row in rows]).order_by("valid")
    return {row.relation_id: holder_of(row.sources, "", given=True) for row in versions}


def _relations_return(row: IdentityChange, stamp: Stamp) -> None:
    """What was made ends, what was ended holds again; not with what is retired by now, with which it would have ended.

    Raises NotOne when that was merged meanwhile.
    """
    end_relations(Relation.objects.filter(pk__in=row.made, active=True), stamp)
    found = Relation.objects.filter(pk__in=row.ended, active=False)
    rows = list(found.select_related("source", "target", "relation_type"))
    merged = next((end for r in rows for end in (r.source, r.target) if end.merged_into_id), None)
    if merged is not None and row.kind == MERGE:
        raise NotOne(_("%(item)s was merged or split since; take that back first.") % {"item": merged.identifier})
    held = relations_held(rows)
    stand = [r for r in rows if RETIRED not in (r.source.status_id, r.target.status_id)]
    links = [Link(r.source, r.relation_type, r.target, r.group, r.needed, held.get(r.pk)) for r in stand]
    write_relations(links, stamp)


def taken_back(row: IdentityChange) -> str:
    """Who took the merge or split back, and when."""
    told = {"person": row.undone_by.display_name if row.undone_by else "—", "when": moment(row.undone_at)}
    return _("%(person)s took this back already on %(when)s.") % told


def identity_of(item: ConfigurationItem) -> list[IdentityChange]:
    """The merges and splits that concern the item and stand, the latest first."""
    rows = IdentityChange.objects.filter(Q(item=item) | Q(other=item), undone_at=None)
    return list(rows.select_related("item", "other", "by"))


def survivor_of(item: ConfigurationItem) -> ConfigurationItem:
    """The item that this one leads to, over any number of merges; itself when it was never merged."""
    seen = set()
    while item.merged_into_id and item.pk not in seen:
        seen.add(item.pk)
        item = item.merged_into  # type: ignore[assignment]  # it has one
    return item
