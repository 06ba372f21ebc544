"""Import of items and relations: everything is checked before anything is written; then all, or the good rows only.

Set-based: a hundred thousand rows take as many queries as a hundred, times their number of batches (CMDB-05).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from cmdb.authority import NotAllowed, Stamp
from cmdb.definitions import Definitions
from cmdb.inputs import NAMES, Reader, read_identifier
from cmdb.merging.services import survivor_of
from cmdb.models import ConfigurationItem, ItemImport, Kind, RelationType, UniqueValue
from cmdb.relating import Link, RelationRefused, Rules, write_relations
from cmdb.sources.claims import sources_at
from cmdb.transfer.dates import DateReading, read_date, survey
from cmdb.transfer.grounds import Ground, RelationsNow, needs_ground
from cmdb.transfer.mappings import Reading
from cmdb.transfer.outcome import ImportRefused, Report
from cmdb.values import Known, normalised
from cmdb.versioning.moments import present
from cmdb.writing import Clash, Draft, write_items

RELATION_COLUMNS = ("source", "relation", "target", "group", "needed")
BATCH = 5000
_LOCK = 7_301_515  # one import at a time: an advisory lock that ends with the transaction

Rows = Iterable[tuple[int, dict[str, str]]]


@dataclass
class Importer:
    """One import. ``good_rows``: write what is right and leave out what is not; else one bad row stops all.

    ``dates``: readings of columns of dates by heading, with that of all others under an empty one.
    """

    by: User | None = None
    mapping: Mapping[str, Reading] = field(default_factory=dict)
    dates: Mapping[str, str] = field(default_factory=dict)
    ground: Ground = field(default_factory=Ground)
    good_rows: bool = False
    dry_run: bool = False
    name: str = ""
    say: Callable[[str], None] = lambda text: None
    #: Who gave what is recorded of the items read, when sources are ranked.
    held: Mapping[int, Mapping[str, Any]] = field(default_factory=dict, init=False)

    def run(self, items: Rows, relations: Rows = ()) -> Report:
        """Check everything, then write everything in one transaction. Raises ImportRefused, TableError."""
        report = Report()
        with transaction.atomic():
            self._alone()
            known = Definitions()
            reader = self._reader(known)
            drafts = self._drafts(items, reader, report)
            raw = self._relations(relations, report)
            self._check_grounds(drafts, known, report)
            guarded = self._check_relations(raw, drafts, known, report)
            if report.bad and not self.good_rows and not self.dry_run:
                text = _("%(count)d rows are wrong; nothing was written.") % {"count": len(report.bad)}
                raise ImportRefused(text, report)
            if not self.dry_run:
                self._write(drafts, raw, guarded, known, report)
        return report

    @staticmethod
    def _alone() -> None:
        """One at a time, and without the limits of pages: checking a large file takes longer than they allow."""
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0")
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            if not cursor.fetchone()[0]:
                raise ImportRefused(_("Another import is running; try again when it has ended."))

    def _reader(self, known: Definitions) -> Reader:
        people = Known.all()
        people.items = set(ConfigurationItem.objects.values_list("identifier", flat=True))
        return Reader(definitions=known, known=people)

    def _drafts(self, rows: Rows, reader: Reader, report: Report) -> dict[str, tuple[int, Draft]]:
        """What is right of the rows, by identifier. References may name items of the same file."""
        table = list(rows)
        report.rows = len(table)
        mapping = self.mapping.get("items", Reading())
        headings = self._headings(table, mapping, reader)
        days = self._dates(table, headings, reader, report)
        stored = {row.identifier: row for row in _stored(cells.get(headings["identifier"], "") for _n, cells in table)}
        assert reader.known.items is not None  # noqa: S101 - set above
        reader.known.items |= {cells.get(headings["identifier"], "").strip() for _n, cells in table}
        drafts: dict[str, tuple[int, Draft]] = {}
        for number, cells in table:
            given = {name: _mapped(mapping, name, cells[heading]) for name, heading in headings.items()}
            given |= {name: read_date(given[name], reading) or given[name] for name, reading in days.items()}
            reason, draft = self._draft(given, stored, reader)
            if draft is not None and draft.identifier in drafts:
                reason, draft = _("The identifier occurs twice in the file."), None
            if draft is None:
                report.bad.append(("items", number, reason))
            else:
                drafts[draft.identifier] = (number, draft)
        _check_unique(drafts, reader.definitions, report)
        return drafts

    def _headings(self, table: list[tuple[int, dict[str, str]]], mapping: Reading, reader: Reader) -> dict[str, str]:
        """Where each field stands. Raises ImportRefused for headings that nobody decided about."""
        known = {**{name: name for name in ("identifier", *NAMES)}, **_labels(reader.definitions)}
        computed = {row.code for row in reader.definitions.attributes if row.formula}
        found: dict[str, str] = {}
        lost: list[str] = []
        for heading in table[0][1] if table else {"identifier": ""}:
            field_name = mapping.columns.get(heading, known.get(heading.strip().lower(), ""))
            if field_name in computed:
                continue  # worked out again from the others
            if field_name == "":
                lost.append(heading or "—")
            elif field_name:
                found[field_name] = heading
        if lost:
            names = ", ".join(lost)
            raise ImportRefused(_("Nobody said what these columns are: %(names)s.") % {"names": names}, lost=lost)
        if "identifier" not in found:
            raise ImportRefused(_("A column with the identifier is needed."))
        return found

    def _dates(
        self, table: list[tuple[int, dict[str, str]]], headings: Mapping[str, str], reader: Reader, report: Report
    ) -> dict[str, DateReading]:
        """How each column of dates reads. Raises ImportRefused where nobody chose among several readings."""
        kinds: dict[str, set[str]] = {}
        for row in reader.definitions.attributes:
            kinds.setdefault(row.code, set()).add(row.kind)
        named = {name: heading for name, heading in headings.items() if kinds.get(name) == {Kind.DATE}}
        if unknown := [heading for heading in self.dates if heading and heading not in named.values()]:
            raise ImportRefused(_("“%(name)s” is no column of dates.") % {"name": unknown[0][:60]}, report)
        mapping = self.mapping.get("items", Reading())
        for name, heading in named.items():
            texts = [_mapped(mapping, name, cells[heading]) for _n, cells in table]
            column = survey(heading, texts, self.dates.get(heading, ""))
            if column.used is None and self.dates.get(""):
                column = survey(heading, texts, self.dates[""])
            report.dates.append(column)
        if open_ := [column.heading for column in report.dates if column.used is None]:
            text = _("Dates can be read in more than one way; choose one for: %(names)s.")
            raise ImportRefused(text % {"names": ", ".join(open_)}, report)
        return {name: column.used for name, column in zip(named, report.dates, strict=True) if column.used}

    def _draft(
        self, given: dict[str, str], stored: Mapping[str, ConfigurationItem], reader: Reader
    ) -> tuple[str, Draft | None]:
        try:
            identifier = read_identifier(given.pop("identifier"))
        except ValidationError as error:
            return " ".join(error.messages), None
        item = stored.get(identifier)
        if item is not None and item.merged_into_id:
            names = {"item": identifier, "other": survivor_of(item).identifier}
            return _("%(item)s was merged into %(other)s; change that one.") % names, None
        if item is None:
            given = {name: value for name, value in given.items() if value.strip() or name in ("name", "ci_class")}
            given.setdefault("status", "planned")
        class_code = item.ci_class_id if item else ""
        facts, errors = reader.facts(given, class_code=class_code, complete=item is None)
        if errors:
            labels = [f"{reader.definitions.label(NAMES.get(n, n))}: {' '.join(texts)}" for n, texts in errors.items()]
            return "; ".join(labels), None
        return "", Draft(identifier, facts, item)

    def _relations(self, rows: Rows, report: Report) -> list[tuple[int, dict[str, str]]]:
        mapping = self.mapping.get("relations", Reading())
        found = []
        for number, cells in rows:
            named = {mapping.columns.get(heading, heading.strip().lower()): value for heading, value in cells.items()}
            lost = [str(name) for name in named if name is not None and name not in RELATION_COLUMNS]
            if lost:
                raise ImportRefused(_("Nobody said what these columns are: %(names)s.") % {"names": ", ".join(lost)})
            texts = {str(name): _mapped(mapping, str(name), value) for name, value in named.items() if name}
            found.append((number, texts))
        report.relations = len(found)
        return found

    def _check_relations(
        self,
        raw: list[tuple[int, dict[str, str]]],
        drafts: Mapping[str, tuple[int, Draft]],
        known: Definitions,
        report: Report,
    ) -> set[int]:
        """Drop what cannot be, saying why; return the lines of those that stand on the import's ground."""
        if not raw:
            return set()
        rules = Rules(known)
        ends = {texts.get(end, "").strip() for _n, texts in raw for end in ("source", "target")}
        classes = {row.identifier: row for row in _stored(ends)}
        for identifier, (_number, draft) in drafts.items():
            if draft.item is None:
                row = ConfigurationItem(identifier=identifier)
                row.ci_class_id = draft.facts["ci_class_id"]
                row.status_id = draft.facts["status_id"]
                classes[identifier] = row
        good, guarded, now = [], set(), present()
        stands = RelationsNow(classes)
        for number, texts in raw:
            reason = _relation_reason(texts, rules, classes)
            if not reason and _is_guarded(texts, rules, classes, stands):
                guarded.add(number)
                pair = [texts["source"].strip(), texts["target"].strip()]
                reason = self.ground.refusal("in_use", pair, now)
            if reason:
                report.bad.append(("relations", number, reason))
            else:
                good.append((number, texts))
        raw[:] = good
        return guarded

    def _check_grounds(self, drafts: dict[str, tuple[int, Draft]], known: Definitions, report: Report) -> None:
        """Drop what change control refuses, saying why."""
        now, source = present(), self.ground.source
        stored = [draft.item.pk for _n, draft in drafts.values() if draft.item is not None]
        self.held = sources_at(stored, now) if known.rankings else {}
        for identifier, (number, draft) in list(drafts.items()):
            if needs_ground(draft, known, source, self.held):
                assert draft.item is not None  # noqa: S101 - else it needs none
                reason = self.ground.refusal(draft.item.status_id, [identifier], now)
                if reason:
                    report.bad.append(("items", number, reason))
                    del drafts[identifier]

    def _write(
        self,
        drafts: Mapping[str, tuple[int, Draft]],
        raw: list[tuple[int, dict[str, str]]],
        guarded: set[int],
        known: Definitions,
        report: Report,
    ) -> None:
        print_ = hashlib.sha256(repr((sorted(drafts), raw[:1], len(raw))).encode()).hexdigest()
        source, name = self.ground.source, self.name[:200] or "import"
        report.run = ItemImport.objects.create(name=name, fingerprint=print_, by=self.by, source=source)
        free = Stamp(by=self.by, source=source, batch=report.run)
        grounded = self.ground.stamp(report.run)
        self.say(_("Writing %(count)d items …") % {"count": len(drafts)})
        rows = [(needs_ground(draft, known, source, self.held), draft) for _n, draft in drafts.values()]
        first = Stamp(by=self.by, source=source, trusted=True, batch=report.run)
        try:
            for stamp, on_ground in ((free, False), (grounded, True)):
                part = [draft for needs, draft in rows if needs is on_ground]
                if not part:
                    continue
                written = write_items(part, stamp, definitions=known)
                report.made += len(written.made)
                report.changed += len(written.changed)
                report.versions += written.versions
                report.claimed += len(written.claimed)
            report.same = len(drafts) - report.made - report.changed
            self.say(_("Writing %(count)d relations …") % {"count": len(raw)})
            links = [(number in guarded, link) for (number, _t), link in zip(raw, _links(raw), strict=True)]
            for stamp, on_ground in ((first, False), (grounded, True)):
                report.related += write_relations([link for needs, link in links if needs is on_ground], stamp)
        except (Clash, RelationRefused, NotAllowed) as error:
            raise ImportRefused(str(error), report) from error
        if report.versions or report.related or report.claimed:
            report.run.counts = report.counts()
            report.run.save(update_fields=["counts"])
        else:
            report.run.delete()
            report.run = None


def _is_guarded(
    texts: Mapping[str, str], rules: Rules, items: Mapping[str, ConfigurationItem], stands: RelationsNow
) -> bool:
    said = (texts.get("group", "").strip()[:40], int(texts.get("needed") or 1))
    ends = [items[texts[end].strip()] for end in ("source", "target")]
    return stands.needs_ground(rules.types[texts["relation"].strip()], ends[0], ends[1], said)


def _labels(known: Definitions) -> dict[str, str]:
    """Attributes by code and by both of their names, in small letters."""
    labels = {
        "标识": "identifier",
        "类": "ci_class",
        "名称": "name",
        "状态": "status",
        "业务系统": "business_system",
        "单位": "organisation",
    }
    for row in known.attributes:
        if row.active:
            labels |= {row.code: row.code, row.name_zh.lower(): row.code, row.name_en.lower(): row.code}
    return labels


def _mapped(mapping: Reading, name: str, value: str) -> str:
    return mapping.values.get(name, {}).get(value.strip(), value)


def _stored(identifiers: Iterable[str]) -> Iterator[ConfigurationItem]:
    wanted = sorted({text.strip() for text in identifiers if text.strip()})
    for start in range(0, len(wanted), BATCH):
        yield from ConfigurationItem.objects.filter(identifier__in=wanted[start : start + BATCH])


def _check_unique(drafts: dict[str, tuple[int, Draft]], known: Definitions, report: Report) -> None:
    """Drop rows whose unique value another row or item has."""
    codes = {row.code for row in known.attributes if row.unique}
    taken: dict[tuple[str, str], str] = {}
    for code in codes:
        for value, identifier in UniqueValue.objects.filter(code=code).values_list("value", "item__identifier"):
            taken[code, value] = identifier
    for identifier, (number, draft) in list(drafts.items()):
        for code in codes & draft.facts.keys():
            value = normalised(draft.facts[code] or "")
            holder = taken.setdefault((code, value), identifier) if value else identifier
            if holder != identifier:
                reason = _("%(label)s: the same value is already recorded for %(items)s.")
                report.bad.append(("items", number, reason % {"label": known.label(code), "items": holder}))
                drafts.pop(identifier, None)


def _relation_reason(texts: Mapping[str, str], rules: Rules, items: Mapping[str, ConfigurationItem]) -> str:
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


def _links(raw: Iterable[tuple[int, Mapping[str, str]]]) -> list[Link]:
    rows = list(raw)
    items = {row.identifier: row for row in _stored(t[end] for _n, t in rows for end in ("source", "target"))}
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
