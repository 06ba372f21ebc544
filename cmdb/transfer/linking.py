"""Relations of a file: reading its lines, what stands against one, making links of them (CMDB-05)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from django.utils.translation import gettext as _

from cmdb.models import ConfigurationItem, RelationType
from cmdb.relating import Link, Rules
from cmdb.transfer.grounds import RelationsNow
from cmdb.transfer.mappings import Reading
from cmdb.transfer.outcome import ImportRefused

RELATION_COLUMNS = ("source", "relation", "target", "group", "needed")
BATCH = 5000

Rows = Iterable[tuple[int, dict[str, str]]]


def read_relations(rows: Rows, mapping: Reading) -> list[tuple[int, dict[str, str]]]:
    """The lines by field. Raises ImportRefused for headings that nobody decided about."""
    found: list[tuple[int, dict[str, str]]] = []
    names: dict[str, str | None] = {}
    for number, cells in rows:
        if not names:
            names = _headings(cells, mapping)
        texts = {name: mapped(mapping, name, cells[heading]) for heading, name in names.items() if name}
        found.append((number, texts))
    return found


def _headings(cells: Iterable[str], mapping: Reading) -> dict[str, str | None]:
    """What each heading is; None is left out."""
    names = {heading: mapping.columns.get(heading, heading.strip().lower()) for heading in cells}
    lost = [heading or "—" for heading, name in names.items() if name is not None and name not in RELATION_COLUMNS]
    if lost:
        text = _("Nobody said what these columns are: %(names)s.") % {"names": ", ".join(lost)}
        raise ImportRefused(text, lost_relations=lost)
    missing = [name for name in RELATION_COLUMNS[:3] if name not in names.values()]
    if missing:
        raise ImportRefused(_("Relations need a column %(name)s.") % {"name": missing[0]})
    return names


def mapped(mapping: Reading, name: str, value: str) -> str:
    """What a value of the file is called here."""
    return mapping.values.get(name, {}).get(value.strip(), value)


def stored_items(identifiers: Iterable[str]) -> Iterator[ConfigurationItem]:
    """The items of these identifiers that are recorded; a query for some thousands."""
    wanted = sorted({text.strip() for text in identifiers if text.strip()})
    for start in range(0, len(wanted), BATCH):
        yield from ConfigurationItem.objects.filter(identifier__in=wanted[start : start + BATCH])


def is_guarded(
    texts: Mapping[str, str], rules: Rules, items: Mapping[str, ConfigurationItem], stands: RelationsNow
) -> bool:
    """Whether the relation stands on the ground of the import."""
    said = (texts.get("group", "").strip()[:40], int(texts.get("needed") or 1))
    ends = [items[texts[end].strip()] for end in ("source", "target")]
    return stands.needs_ground(rules.types[texts["relation"].strip()], ends[0], ends[1], said)


def refusal_of(texts: Mapping[str, str], rules: Rules, items: Mapping[str, ConfigurationItem]) -> str:
    """Why the line cannot be a relation; empty when it can."""
    ends = {end: texts.get(end, "").strip() for end in ("source", "target")}
    unknown = [name for name in ends.values() if name not in items]
    kind = texts.get("relation", "").strip()
    needed = texts.get("needed", "").strip()
    if unknown:
        return _("There is no configuration item “%(value)s”.") % {"value": unknown[0][:60]}
    if kind not in rules.types:
        return _("“%(value)s” is not known.") % {"value": kind[:60]}
    if needed and not (needed.isascii() and needed.isdigit() and 0 < int(needed) <= 1000):
        return _("“%(value)s” is not a number.") % {"value": needed[:60]}
    source, target = items[ends["source"]], items[ends["target"]]
    retired = [item.identifier for item in (source, target) if item.status_id == "retired"]
    if retired:
        return _("%(item)s is retired.") % {"item": retired[0]}
    return rules.refusal(kind, source, target)


def links_of(raw: Iterable[tuple[int, Mapping[str, str]]]) -> list[Link]:
    """The lines as relations between stored items, in their order."""
    rows = list(raw)
    items = {row.identifier: row for row in stored_items(t[end] for _n, t in rows for end in ("source", "target"))}
    types = RelationType.objects.in_bulk()
    return [
        Link(
            items[texts["source"].strip()],
            types[texts["relation"].strip()],
            items[texts["target"].strip()],
            texts.get("group", "").strip()[:40],
            int(texts.get("needed") or 1),
        )
        for _number, texts in rows
    ]
