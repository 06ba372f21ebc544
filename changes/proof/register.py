"""The register of configuration changes (配置变更记录表) of a month: each write with its ground (CMDB-06, TKT-12)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import User
from accounts.permissions import Permission
from cmdb.authority import Authority
from cmdb.definitions import Definitions
from cmdb.models import ConfigurationItem, ItemVersion, RelationVersion
from cmdb.versioning.history import Names
from itsm.documents.paper import Part, moment, pdf_of, printed
from itsm.documents.sheets import Book
from tickets.figures.months import Month

#: What change control lets write to items in use, and what it did not.
GROUNDS = (Authority.CHANGE, Authority.CORRECTION, Authority.UNAUTHORISED)
#: So many writes of each sort are read; more are said to be left out.
MOST = 5000


@dataclass(frozen=True)
class Entry:
    """A write. ``what``: fields with their values before and after, or the relation."""

    at: datetime
    item: ConfigurationItem
    what: list[str]
    ground: str
    change: str
    by: str
    reason: str


@dataclass(frozen=True)
class Register:
    """The entries of a month, the oldest first; ``cut``: whether there are more than are read."""

    month: Month
    entries: list[Entry]
    cut: bool


def may_read(user: User) -> bool:
    """Whoever sees configuration items of every customer."""
    return user.may(Permission.CMDB_VIEW)


def register_of(month: Month, user: User) -> Register:
    """The register of ``month``. Four queries, and those of names."""
    items = _written(ItemVersion.objects.visible_to(user).filter(carried=False), month, "item")
    seen = ConfigurationItem.objects.visible_to(user).values("pk")
    news = Q(carried=False) | Q(valid__upper_inf=False)
    relations = _written(
        RelationVersion.objects.filter(news, source__in=seen, target__in=seen),
        month,
        *("source", "target", "relation_type"),
    )
    before, names = believed_before(items), Names(Definitions())
    entries = [*(_of_item(one, before, names) for one in items), *map(_of_relation, relations)]
    return Register(month, sorted(entries, key=lambda one: one.at), MOST in (len(items), len(relations)))


def _written(found: Any, month: Month, *related: str) -> list[Any]:
    """Those of ``found`` that change control is about and that were recorded in the month."""
    found = found.annotate(written_at=F("recorded__startswith"))
    within = found.filter(written_at__gte=month.start, written_at__lt=month.end, authority__in=GROUNDS)
    return list(within.select_related("by", *related).order_by("written_at", "pk")[:MOST])


def believed_before(versions: Iterable[ItemVersion]) -> dict[tuple[int, datetime], ItemVersion]:
    """What was believed of each item until a version was recorded, by item and moment. One query."""
    rows = list(versions)
    moments = {one.recorded.lower for one in rows}
    found = ItemVersion.objects.filter(item__in={one.item_id for one in rows}, recorded__endswith__in=moments)
    return {(one.item_id, one.recorded.upper): one for one in found.order_by("pk") if one.recorded.upper}


def _of_item(version: Any, before: dict[tuple[int, datetime], ItemVersion], names: Names) -> Entry:
    fields = names.differences(before.get((version.item_id, version.recorded.lower)), version)
    what = [f"{field.label}: {field.before or '—'} → {field.after or '—'}" for field in fields]
    return _entry(version, version.item, what)


def _of_relation(version: Any) -> Entry:
    text = f"{version.source.identifier} {version.relation_type.name} {version.target.identifier}"
    if version.group:
        text += " · " + _("group %(group)s, %(needed)s needed") % {"group": version.group, "needed": version.needed}
    ended = " (" + pgettext("relation", "ended") + ")" if version.valid.upper else ""
    return _entry(version, version.source, [text + ended])


def _entry(version: Any, item: ConfigurationItem, what: list[str]) -> Entry:
    by = version.by.display_name if version.by else "—"
    ground = str(Authority(version.authority).label)
    return Entry(version.recorded.lower, item, what, ground, version.reference, by, version.reason)


def heads() -> list[str]:
    """The columns of sheet and paper."""
    return [_("When"), _("Configuration item"), _("What"), _("Ground"), _("Change"), _("By"), _("Reason")]


def _cells(one: Entry) -> list[str]:
    item = f"{one.item.identifier} {one.item.name}"
    return [moment(one.at), item, "\n".join(one.what), one.ground, one.change, one.by, one.reason]


def register_xlsx(register: Register) -> bytes:
    """The register as a sheet."""
    book = Book()
    title = _("Register of configuration changes")
    book.add(title, heads(), [_cells(one) for one in register.entries], widths=(18, 36, 60, 16, 18, 18, 40))
    return book.as_bytes()


def register_pdf(register: Register, user: User, now: datetime) -> bytes:
    """The register as a paper that lies on its side."""
    part = Part("", head=heads(), rows=[_cells(one) for one in register.entries], broad=[1, 2, 6])
    title = _("Register of configuration changes")
    return pdf_of(title, register.month.code, [part], printed=printed(user, now), wide=True)
