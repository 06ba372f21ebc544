"""How headings and values of a file read here: mappings that are shipped as files, and those that people keep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from django.utils.translation import gettext as _

from accounts.models import User
from cmdb.models import ItemMapping
from cmdb.transfer.outcome import ImportRefused

MAPPINGS = Path(__file__).parents[1] / "mappings"


@dataclass(frozen=True)
class Reading:
    """How headings and values of a file read here."""

    columns: Mapping[str, str | None] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def shipped() -> list[str]:
    """The names of shipped mappings."""
    return sorted(path.stem for path in MAPPINGS.glob("*.yaml"))


def read_mapping(name: str, user: User | None = None) -> tuple[dict[str, Reading], dict[str, str]]:
    """The mapping ``name``, with its readings of dates: a shipped one, else the person's own, else a shared one.

    Raises ImportRefused where there is none, or several people share one of that name.
    """
    if name in shipped():
        data = yaml.safe_load((MAPPINGS / f"{name}.yaml").read_text(encoding="utf-8"))
        return {part: Reading(said.get("columns", {}), said.get("values", {})) for part, said in data.items()}, {}
    rows = list(ItemMapping.objects.usable_by(user).filter(name=name))
    found = [row for row in rows if user and row.owner_id == user.pk] or rows
    if not found:
        raise ImportRefused(_("There is no mapping “%(name)s”.") % {"name": name[:60]})
    if len(found) > 1:
        raise ImportRefused(_("Several people share a mapping “%(name)s”.") % {"name": name[:60]})
    row = found[0]
    relations = Reading(row.relation_columns, row.relation_values)
    return {"items": Reading(row.columns, row.values), "relations": relations}, row.dates


def kept_for(headings: Iterable[str], user: User) -> ItemMapping | None:
    """A mapping that was kept for a file with the same columns, in whatever order; one's own before others'."""
    rows = [row for row in ItemMapping.objects.usable_by(user) if set(row.headings) == set(headings)]
    return min(rows, key=lambda row: row.owner_id != user.pk, default=None)


def keep_mapping(
    *,
    name: str,
    shared: bool,
    owner: User,
    headings: Iterable[str],
    items: Reading,
    relations: Reading,
    dates: Mapping[str, str],
) -> None:
    """Keep it under its name, in place of the person's own one of that name."""
    said = {"shared": shared, "headings": sorted(headings), "dates": dict(dates)}
    for prefix, part in (("", items), ("relation_", relations)):
        said[f"{prefix}columns"] = dict(part.columns)
        said[f"{prefix}values"] = {column: dict(values) for column, values in part.values.items()}
    ItemMapping.objects.update_or_create(owner=owner, name=name, defaults=said)
