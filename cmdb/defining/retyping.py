"""Retyping an attribute: what is stored becomes what it would be if it were typed now, where it can be read (CMDB-01).

What cannot be read stays as it is. Versions of before keep what they say: the past is shown as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from cmdb.authority import Authority, Stamp
from cmdb.definitions import Definitions
from cmdb.models import Attribute, ConfigurationItem, ItemVersion, Kind
from cmdb.values import Known, read, unlike, written
from cmdb.versioning.moments import present
from cmdb.versioning.versions import BATCH, Edit, rewrite
from cmdb.writing import Written, follow, locked_items, signed

#: So many of the values that cannot be read are named.
NAMED = 5


@dataclass
class Conversion:
    """What a new definition makes of stored values: by key of the item, and (identifier, value) of what stays."""

    values: dict[int, Any] = field(default_factory=dict)
    misfits: list[tuple[str, Any]] = field(default_factory=list)

    def sentences(self) -> Iterator[str]:
        """What is to be said before."""
        if self.values:
            yield _("%(count)d values are converted.") % {"count": len(self.values)}
        if self.misfits:
            named = ", ".join(f"{name} ({str(value)[:40]})" for name, value in self.misfits[:NAMED])
            named += " …" if len(self.misfits) > NAMED else ""
            text = _("%(count)d values do not fit; they stay as they are: %(items)s.")
            yield text % {"count": len(self.misfits), "items": named}


def conversion_to(after: Attribute, known: Definitions, most: int | None = None) -> Conversion:
    """What ``after`` makes of the values of its class and of those below; of the first ``most`` at the most."""
    items = ConfigurationItem.objects.filter(attributes__has_key=after.code, merged_into=None)
    if after.ci_class_id:
        items = items.filter(ci_class__in=known.below(after.ci_class_id))
    rows = items.order_by("identifier").values_list("pk", "identifier", f"attributes__{after.code}")[:most]
    names, found = _names_for(after), Conversion()
    for key, identifier, value in rows.iterator(5000):
        try:
            new = read(after, written(value), names)
        except ValidationError:
            found.misfits.append((identifier, value))
            continue
        if type(new) is not type(value) or unlike(new, value):
            found.values[key] = new
    return found


@transaction.atomic
def convert(after: Attribute, by: User) -> None:
    """Write what ``after`` makes of stored values, as a correction of whoever defines it. Raises Clash.

    The source of a value stays who it was: only how it is held is another.
    """
    known = Definitions()
    values = conversion_to(after, known).values
    stamp = Stamp(by=by, source="model", correction=True, reason=_("“%(name)s” retyped") % {"name": after.name})
    keys = sorted(values)
    for start in range(0, len(keys), BATCH):
        _convert_some(after.code, {key: values[key] for key in keys[start : start + BATCH]}, stamp, known)


def _convert_some(code: str, values: dict[int, Any], stamp: Stamp, known: Definitions) -> None:
    locked = locked_items(list(values))
    done = Written(present())
    edits = {item.pk: Edit(_altering(code, values[item.pk], stamp, known)) for item in locked}
    outcome = rewrite(ItemVersion, "item_id", edits, done.now)
    follow(locked, outcome.current, stamp, done, known)


def _altering(code: str, value: Any, stamp: Stamp, known: Definitions) -> Any:
    def alter(version: ItemVersion) -> bool:
        if code not in version.attributes:
            return False
        version.attributes = {**version.attributes, code: value}
        known.work_out(version.ci_class_id, version.attributes)
        for name, said in signed(stamp, Authority.CORRECTION, "").items():
            setattr(version, name, said)
        return True

    return alter


def _names_for(attribute: Attribute) -> Known:
    return Known.all() if attribute.kind in (Kind.PERSON, Kind.ORGANISATION) else Known()


def misfits(after: Attribute, values: Iterable[Any]) -> int:
    """How many of ``values`` are none that anybody could type for ``after``."""
    names = _names_for(after)
    return sum(not _fits(after, value, names) for value in values)


def _fits(attribute: Attribute, value: Any, names: Known) -> bool:
    try:
        read(attribute, value, names)
    except ValidationError:
        return False
    return True
