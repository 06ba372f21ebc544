"""Effects of prepared edits: kept with the change, then written together with it as their ground."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.models import User
from changes.models import Change
from changes.prepared.models import PreparedEdit
from changes.prepared.reading import Meant, clashes_in, meant_by, taken_identifiers
from cmdb.definitions import Definitions
from cmdb.inputs import NAMES, Reader
from cmdb.models import ConfigurationItem, Relation
from cmdb.services import (
    Clash,
    Draft,
    Link,
    NotAllowed,
    RelationRefused,
    Stale,
    Stamp,
    end_relations,
    write_items,
    write_relations,
)
from cmdb.versioning.history import Names
from tickets.errors import ActionConflict
from tickets.services import affect_items

Kind = PreparedEdit.Kind


def prepare_value(*, ticket: Change, cleaned: dict[str, Any], **context: Any) -> None:
    """Keep it with what the item says now; the item is the change's from now on."""
    item, name = cleaned["item"], cleaned["attribute"]
    was = _value_of(item, name) if item.pk else ""
    _add(ticket, kind=Kind.VALUE, **_subject(item), given={name: cleaned["value"]}, was=was[:400])
    affect_items(ticket=ticket, items=[item] if item.pk else [])


def _value_of(item: ConfigurationItem, name: str) -> str:
    """What the item says now, as people read it."""
    column = NAMES.get(name, name)
    now_is = getattr(item, column) if name in NAMES else item.attributes.get(name)
    return str(Names(Definitions()).shown(column, now_is, item.ci_class_id))


def _subject(item: ConfigurationItem) -> dict[str, Any]:
    """The columns that name an item, which may come with the change only."""
    return {"item": item} if item.pk else {"identifier": item.identifier}


def prepare_item(*, ticket: Change, cleaned: dict[str, Any], **context: Any) -> None:
    """Keep what the new item will say."""
    given = {name: getattr(cleaned[name], "pk", cleaned[name]) for name in ("ci_class", "name", "status")}
    _add(ticket, kind=Kind.ITEM, identifier=cleaned["identifier"], given=given)


def prepare_relation(*, ticket: Change, cleaned: dict[str, Any], **context: Any) -> None:
    """Keep which relation begins, ends or gets another redundancy; its item is the change's from now on."""
    kind = Kind.UNRELATE if cleaned["ends"] else Kind.RELATE
    item, other = cleaned["item"], cleaned["other"]
    ends = {"other": other} if other.pk else {"other_identifier": other.identifier}
    standing, group = cleaned["standing"], cleaned.get("group") or ""
    was = redundancy_of(standing.group, standing.needed) if standing is not None else ""
    given = {"group": group, "needed": str(cleaned.get("needed") or 1)} if kind == Kind.RELATE and group else {}
    said = {"given": given, "was": was[:400], "relation_type": cleaned["relation_type"]}
    _add(ticket, kind=kind, **said, **_subject(item), **ends)
    affect_items(ticket=ticket, items=[item] if item.pk else [])


def redundancy_of(group: str, needed: int) -> str:
    """The redundancy of a relation in words; empty without a group."""
    return _("group %(group)s, %(needed)s needed") % {"group": group, "needed": needed} if group else ""


def _add(ticket: Change, **values: Any) -> None:
    last = ticket.edits.aggregate(last=Max("position"))["last"] or 0
    PreparedEdit.objects.create(change=ticket, position=last + 1, **values)


def drop_edit(*, ticket: Change, cleaned: dict[str, Any], **context: Any) -> None:
    """Take it out; those behind it keep their numbers."""
    ticket.edits.filter(pk=cleaned["edit"].pk).delete()


def apply_edits(*, ticket: Change, user: User, now: datetime, **context: Any) -> None:
    """Write all that wait through the guard of the configuration database, or nothing. Raises ActionConflict."""
    rows = list(ticket.edits.filter(applied_at=None).select_related("item", "other", "relation_type"))
    stamp = Stamp(by=user, change=ticket.number, source="change")
    reader = Reader()
    drafts = _drafts(meant_by(rows, reader), reader)
    try:
        written = write_items(drafts, stamp)
        affect_items(ticket=ticket, items=written.made)  # what it brought is its own, also for its relations
        made = {item.identifier: item for item in written.made}
        # What ends makes room: of many types an item may have one relation only.
        for link in _links(rows, Kind.UNRELATE, made):
            standing = Relation.objects.filter(
                source=link.source, relation_type=link.relation_type, target=link.target, active=True
            )
            end_relations(standing, stamp)
        write_relations(_links(rows, Kind.RELATE, made), stamp)
    except (NotAllowed, Clash, Stale, RelationRefused) as error:
        raise ActionConflict(str(error)) from error
    ticket.edits.filter(pk__in=[row.pk for row in rows]).update(applied_at=now, applied_by=user)


def refuse_unwritable(change: Change) -> None:
    """Nobody approves what can never be written: a new item that lacks what its class needs, what another has.

    Raises ActionConflict.
    """
    rows = list(change.edits.filter(applied_at=None).select_related("item"))
    if not rows:
        return
    reader = Reader()
    meant = meant_by(rows, reader)
    _drafts(meant, reader)
    if taken := taken_identifiers(meant):
        raise ActionConflict(_("There is such an item by now: %(items)s.") % {"items": ", ".join(taken)})
    if clashes := [str(one) for one in clashes_in(meant, reader.definitions)]:
        raise ActionConflict("; ".join(clashes))


def _drafts(meant: list[Meant], reader: Reader) -> list[Draft]:
    """What is to be written of each. Raises ActionConflict for what fits no more."""
    return [_draft(one, reader) for one in meant]


def _draft(one: Meant, reader: Reader) -> Draft:
    if one.errors:
        label = reader.definitions.label
        found = "; ".join(f"{label(NAMES.get(name, name))}: {' '.join(texts)}" for name, texts in one.errors.items())
        raise ActionConflict(_("%(item)s: %(errors)s") % {"item": one.identifier, "errors": found})
    return Draft(one.identifier, one.facts, one.item)


def _links(rows: list[PreparedEdit], kind: str, made: dict[str, ConfigurationItem]) -> list[Link]:
    """Relations that begin or end; of two edits of one relation the later holds. ``made``: what came with them."""
    last = {(row.subject, row.relation_type_id, row.partner): row for row in rows if row.relation_type}
    return [
        Link(
            row.item or made[row.identifier],
            row.relation_type,
            row.other or made[row.other_identifier],
            row.given.get("group", ""),
            int(row.given.get("needed", 1)),
        )
        for row in last.values()
        if row.kind == kind and row.relation_type
    ]
