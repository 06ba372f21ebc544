"""How headings and values of a file read here: mappings that are shipped as files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from django.utils.translation import gettext as _

from cmdb.transfer.outcome import ImportRefused

MAPPINGS = Path(__file__).parents[1] / "mappings"


@dataclass(frozen=True)
class Reading:
    """How headings and values of a file read here."""

    columns: Mapping[str, str | None] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def read_mapping(name: str) -> dict[str, Reading]:
    """The shipped mapping ``name``, for items and relations. Raises ImportRefused."""
    path = MAPPINGS / f"{name}.yaml"
    if not name.isidentifier() or not path.exists():
        raise ImportRefused(_("There is no mapping “%(name)s”.") % {"name": name})
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {part: Reading(said.get("columns", {}), said.get("values", {})) for part, said in data.items()}
