"""Import of items and relations: everything is checked before anything is written; then all, or the good rows only.

Set-based: a hundred thousand rows take as many queries as a hundred, times their number of batches (CMDB-05).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
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
from cmdb.models import ConfigurationItem, ItemImport, ItemJob, Kind, UniqueValue
from cmdb.relating import RelationRefused, Rules, write_relations
from cmdb.sources.claims import sources_at
from cmdb.transfer.dates import DateReading, read_date, survey
from cmdb.transfer.grounds import Ground, RelationsNow, needs_ground
from cmdb.transfer.linking import BATCH, Rows, is_guarded, links_of, mapped, read_relations, refusal_of, stored_items
from cmdb.transfer.mappings import Reading
from cmdb.transfer.outcome import ImportBusy, ImportRefused, Report
from cmdb.values import Known, normalised
from cmdb.versioning.moments import present
from cmdb.writing import Clash, Draft, Written, write_items

#: So many rows are checked, or written, between two words about how far it is.
STEP = 1000
_LOCK = 7_301_515  # one import at a time: an advisory lock that ends with the transaction

Stage = ItemJob.Stage


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
    #: The headings of the file of items, once it was read.
    headings: list[str] = field(default_factory=list, init=False)
    #: Told how far it is: the stage, how many of how many.
    watch: Callable[[str, int, int], None] = lambda stage, done, total: None
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
            raw = read_relations(relations, self.mapping.get("relations", Reading()))
            report.relations = len(raw)
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
                raise ImportBusy(_("Another import is running; try again when it has ended."))

    def _reader(self, known: Definitions) -> Reader:
        people = Known.all()
        people.items = set(ConfigurationItem.objects.values_list("identifier", flat=True))
        return Reader(definitions=known, known=people)

    def _drafts(self, rows: Rows, reader: Reader, report: Report) -> dict[str, tuple[int, Draft]]:
        """What is right of the rows, by identifier. References may name items of the same file."""
        table = list(rows)
        report.rows = len(table)
        self.headings = list(table[0][1]) if table else []
        mapping = self.mapping.get("items", Reading())
        headings = self._headings(table, mapping, reader)
        days = self._dates(table, headings, reader, report)
        keys = {cells.get(headings["identifier"], "").strip() for _n, cells in table}
        stored = {row.identifier: row for row in stored_items(keys)}
        assert reader.known.items is not None  # noqa: S101 - set above
        reader.known.items |= keys
        drafts: dict[str, tuple[int, Draft]] = {}
        for place, (number, cells) in enumerate(table):
            if place % STEP == 0:
                self.watch(Stage.READ, place, len(table))
            given = {name: mapped(mapping, name, cells[heading]) for name, heading in headings.items()}
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
            raise ImportRefused(
                _("Nobody said what these columns are: %(names)s.") % {"names": names},
                lost=lost,
                headings=self.headings,
            )
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
            texts = [mapped(mapping, name, cells[heading]) for _n, cells in table]
            column = survey(heading, texts, self.dates.get(heading, ""))
            if column.used is None and self.dates.get(""):
                column = survey(heading, texts, self.dates[""])
            report.dates.append(column)
        if open_ := [column.heading for column in report.dates if column.used is None]:
            text = _("Dates can be read in more than one way; choose one for: %(names)s.")
            raise ImportRefused(text % {"names": ", ".join(open_)}, report, headings=self.headings)
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
        classes = {row.identifier: row for row in stored_items(ends)}
        for identifier, (_number, draft) in drafts.items():
            if draft.item is None:
                row = ConfigurationItem(identifier=identifier)
                row.ci_class_id = draft.facts["ci_class_id"]
                row.status_id = draft.facts["status_id"]
                classes[identifier] = row
        good, guarded, now = [], set(), present()
        stands = RelationsNow(classes)
        for place, (number, texts) in enumerate(raw):
            if place % STEP == 0:
                self.watch(Stage.RELATIONS, place, len(raw))
            reason = refusal_of(texts, rules, classes)
            if not reason and is_guarded(texts, rules, classes, stands):
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

    @staticmethod
    def _note(report: Report, written: Written) -> None:
        report.made += len(written.made)
        report.changed += len(written.changed)
        report.versions += written.versions
        report.claimed += len(written.claimed)

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
        rows = [(needs_ground(draft, known, source, self.held), draft) for _n, draft in drafts.values()]
        first = Stamp(by=self.by, source=source, trusted=True, batch=report.run)
        try:
            done = 0
            for stamp, on_ground in ((free, False), (grounded, True)):
                for part in _parts([draft for needs, draft in rows if needs is on_ground]):
                    self.watch(Stage.WRITE, done, len(rows))
                    self._note(report, write_items(part, stamp, definitions=known))
                    done += len(part)
            report.same = len(drafts) - report.made - report.changed
            links = [(number in guarded, link) for (number, _t), link in zip(raw, links_of(raw), strict=True)]
            done = 0
            for stamp, on_ground in ((first, False), (grounded, True)):
                for pairs in _parts([link for needs, link in links if needs is on_ground]):
                    self.watch(Stage.RELATE, done, len(links))
                    lost: list[Any] = []
                    report.related += write_relations(pairs, stamp, lost=lost)
                    report.claimed += len(lost)
                    done += len(pairs)
        except (Clash, RelationRefused, NotAllowed) as error:
            raise ImportRefused(str(error), report) from error
        if report.versions or report.related or report.claimed:
            report.run.counts = report.counts()
            report.run.save(update_fields=["counts"])
        else:
            report.run.delete()
            report.run = None


def _parts(rows: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


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
