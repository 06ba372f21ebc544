"""Effects of prepared edits: kept with the change, then written together with it as their ground."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.models import User
from changes.models import Change
from changes.prepared.models import PreparedEdit
from cmdb.definitions import Definitions
from cmdb.inputs import NAMES, Reader
from cmdb.models import Relation
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
    column = NAMES.get(name, name)
    now_is = getattr(item, column) if name in NAMES else item.attributes.get(name)
    was = Names(Definitions()).shown(column, now_is, item.ci_class_id)
    _add(ticket, kind=Kind.VALUE, item=item, given={name: cleaned["value"]}, was=str(was)[:400])
    affect_items(ticket=ticket, items=[item])


def prepare_item(*, ticket: Change, cleaned: dict[str, Any], **context: Any) -> None:
    """Keep what the new item will say."""
    given = {name: getattr(cleaned[name], "pk", cleaned[name]) for name in ("ci_class", "name", "status")}
    _add(ticket, kind=Kind.ITEM, identifier=cleaned["identifier"], given=given)


def prepare_relation(*, ticket: Change, cleaned: dict[str, Any], **context: Any) -> None:
    """Keep which relation begins, ends or gets another redundancy; its item is the change's from now on."""
    kind = Kind.UNRELATE if cleaned["ends"] else Kind.RELATE
    ends = {name: cleaned[name] for name in ("item", "relation_type", "other")}
    standing, group = cleaned["standing"], cleaned.get("group") or ""
    was = redundancy_of(standing.group, standing.needed) if standing is not None else ""
    given = {"group": group, "needed": str(cleaned.get("needed") or 1)} if kind == Kind.RELATE and group else {}
    _add(ticket, kind=kind, given=given, was=was[:400], **ends)
    affect_items(ticket=ticket, items=[cleaned["item"]])


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
    try:
        written = write_items(_drafts(rows), stamp)
        write_relations(_links(rows, Kind.RELATE), stamp)
        for link in _links(rows, Kind.UNRELATE):
            standing = Relation.objects.filter(
                source=link.source, relation_type=link.relation_type, target=link.target, active=True
            )
            end_relations(standing, stamp)
    except (NotAllowed, Clash, Stale, RelationRefused) as error:
        raise ActionConflict(str(error)) from error
    affect_items(ticket=ticket, items=written.made)
    ticket.edits.filter(pk__in=[row.pk for row in rows]).update(applied_at=now, applied_by=user)


def _drafts(rows: list[PreparedEdit]) -> list[Draft]:
    """One for each item, with all that is prepared of it. Raises ActionConflict for what fits no more."""
    reader = Reader()
    drafts: dict[str, Draft] = {}
    classes = {row.subject: row.given["ci_class"] for row in rows if row.item and row.given.get("ci_class")}
    for row in rows:
        if row.kind not in (Kind.VALUE, Kind.ITEM):
            continue
        code = classes.get(row.subject) or (str(row.item.ci_class_id) if row.item else "")
        facts, errors = reader.facts(row.given, class_code=code, complete=row.item is None)
        if errors:
            said = "; ".join(text for texts in errors.values() for text in texts)
            raise ActionConflict(_("%(edit)s: %(errors)s") % {"edit": row, "errors": said})
        drafts.setdefault(row.subject, Draft(row.subject, {}, row.item)).facts.update(facts)
    return list(drafts.values())


def _links(rows: list[PreparedEdit], kind: str) -> list[Link]:
    return [
        Link(row.item, row.relation_type, row.other, row.given.get("group", ""), int(row.given.get("needed", 1)))
        for row in rows
        if row.kind == kind and row.item and row.relation_type and row.other
    ]
