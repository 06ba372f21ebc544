"""Import of items and relations: everything is checked before anything is written; then all, or the good rows only.

Set-based: a hundred thousand rows take as many queries as a hundred, times their number of batches (CMDB-05).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from cmdb.authority import NotAllowed, Stamp
from cmdb.definitions import Definitions
from cmdb.inputs import NAMES, Reader, read_identifier
from cmdb.life import step_refusal
from cmdb.merging.services import survivor_of
from cmdb.models import ConfigurationItem, ItemImport, ItemJob, Kind, RelationType, UniqueValue
from cmdb.relating import RelationRefused, write_relations
from cmdb.relation_rules import Rules
from cmdb.sources.claims import sources_at
from cmdb.transfer.columns import NAMELESS, labels_of
from cmdb.transfer.dates import DateReading, read_date, survey
from cmdb.transfer.grounds import Ground, needs_ground, written_names
from cmdb.transfer.linking import (
    BATCH,
    Ends,
    Line,
    Lines,
    Rows,
    links_of,
    mapped,
    read_relations,
    row_refused,
    stored_items,
)
from cmdb.transfer.mappings import Reading
from cmdb.transfer.outcome import ImportBusy, ImportRefused, Report
from cmdb.values import Known, is_empty, normalised, written
from cmdb.versioning.moments import present
from cmdb.versioning.numbers import numbered_at_the_end
from cmdb.writing import Clash, Draft, Written, differing, write_items

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
    #: The identifiers in the file of items, of refused rows too.
    named: set[str] = field(default_factory=set, init=False)
    #: Told how far it is: the stage, how many of how many.
    watch: Callable[[str, int, int], None] = lambda stage, done, total: None
    #: Who gave what is recorded of the items read, when sources are ranked.
    held: Mapping[int, Mapping[str, Any]] = field(default_factory=dict, init=False)
    #: The moment under which it is recorded, once its rows were read.
    now: datetime = field(init=False)

    def run(self, items: Rows, relations: Rows = ()) -> Report:
        """Check everything, then write everything in one transaction. Raises ImportRefused, TableError."""
        report = Report()
        with transaction.atomic(), numbered_at_the_end():
            alone()
            known = Definitions()
            reader = self._reader(known)
            drafts = self._drafts(items, reader, report)
            raw = read_relations(relations, self.mapping.get("relations", Reading()))
            report.relations = len(raw)
            if not (report.rows or raw):
                raise ImportRefused(_("There is nothing to read in: the file has a heading and no rows."), report)
            self._check_grounds(drafts, known, report)
            stands_on = self._check_relations(raw, drafts, known, report)
            if self.dry_run or (report.bad and not self.good_rows):
                self._foresee(drafts, known, report)
            if report.bad and not self.good_rows and not self.dry_run:
                text = _("%(count)d rows are wrong; nothing was written.") % {"count": len(report.bad)}
                raise ImportRefused(text, report)
            if not self.dry_run:
                self._write(drafts, raw, stands_on, known, report)
        return report

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
        self.named = keys
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
        _check_references(drafts, keys - stored.keys(), reader.definitions, report)
        return drafts

    def _headings(self, table: list[tuple[int, dict[str, str]]], mapping: Reading, reader: Reader) -> dict[str, str]:
        """Where each field stands. Raises ImportRefused for headings that nobody decided about."""
        known = {**{name: name for name in ("identifier", *NAMES)}, **labels_of(reader.definitions)}
        computed = {row.code for row in reader.definitions.attributes if row.formula}
        names = {"identifier", *NAMES, *(row.code for row in reader.definitions.attributes)}
        found: dict[str, str] = {}
        lost: list[str] = []
        for heading in table[0][1] if table else {"identifier": ""}:
            field_name = mapping.columns.get(heading or NAMELESS, known.get(heading.strip().lower(), ""))
            if field_name in computed:
                continue  # worked out again from the others
            if field_name == "":
                lost.append(heading or NAMELESS)
            elif field_name in found:
                columns = {"one": found[field_name], "other": heading}
                raise ImportRefused(_("“%(one)s” and “%(other)s” cannot both be read into one field.") % columns)
            elif field_name:
                found[field_name] = heading
            if field_name and field_name not in names:
                text = _("There is no field “%(name)s” to read a column into.")
                raise ImportRefused(text % {"name": field_name[:60]})
        if lost:
            raise ImportRefused(
                _("Nobody said what these columns are: %(names)s.") % {"names": ", ".join(lost)},
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
            return ": ".join((_("Identifier"), *error.messages)), None
        item = stored.get(identifier)
        if item is not None and item.merged_into_id and len(_unchanged(item, given, reader)) < len(given):
            names = {"item": identifier, "other": survivor_of(item).identifier}
            return _("%(item)s was merged into %(other)s; change that one.") % names, None
        if item is None:
            given = {name: value for name, value in given.items() if value.strip() or name in ("name", "ci_class")}
            given.setdefault("status", "planned")
        same = _unchanged(item, given, reader) if item is not None else {}
        class_code = item.ci_class_id if item else ""
        given = {name: value for name, value in given.items() if name not in same}
        facts, errors = reader.facts(given, class_code=class_code, complete=item is None)
        if errors:
            labels = [f"{reader.definitions.label(NAMES.get(n, n))}: {' '.join(texts)}" for n, texts in errors.items()]
            return "; ".join(labels), None
        facts |= {NAMES.get(name, name): value for name, value in same.items() if not is_empty(value)}
        return "", Draft(identifier, facts, item)

    def _check_relations(
        self,
        raw: list[Line],
        drafts: Mapping[str, tuple[int, Draft]],
        known: Definitions,
        report: Report,
    ) -> dict[int, str]:
        """Drop what cannot be, saying why; return what those stand on that can (``Lines.stands_on``)."""
        if not raw:
            return {}
        names = {name for line in raw for name in line.ends}
        said = [draft for identifier, (_n, draft) in drafts.items() if identifier in names]
        lines = Lines(Rules(known), Ends(names, said, self.named - drafts.keys()), self.ground, self.now)
        good = []
        for place, line in enumerate(raw):
            if place % STEP == 0:
                self.watch(Stage.RELATIONS, place, len(raw))
            if reason := lines.refusal(line):
                report.bad.append(("relations", line.number, reason))
            else:
                good.append(line)
        raw[:] = good
        return lines.stands_on

    def _check_grounds(self, drafts: dict[str, tuple[int, Draft]], known: Definitions, report: Report) -> None:
        """Drop what no step of a life allows, and what change control refuses, saying why."""
        self.now, source = present(), self.ground.source
        stored = [draft.item.pk for _n, draft in drafts.values() if draft.item is not None]
        self.held = sources_at(stored, self.now) if known.rankings else {}
        for identifier, (number, draft) in list(drafts.items()):
            if draft.item is None:
                continue
            written = written_names(draft, known, source, self.held)
            reason = step_refusal(draft.item, draft.facts["status_id"]) if "status_id" in written else ""
            if not reason and needs_ground(draft, known, source, self.held):
                reason = self.ground.refusal([identifier], [identifier], self.now)
            if reason:
                report.bad.append(("items", number, reason))
                del drafts[identifier]

    def _relate(
        self, raw: list[Line], stands_on: Mapping[int, str], stamps: tuple[tuple[Stamp, str], ...], report: Report
    ) -> None:
        """Write the relations, each under the stamp of what it stands on; the guard asks again for each."""
        done, types = 0, RelationType.objects.in_bulk()
        for stamp, name in stamps:
            for links in links_of([line for line in raw if stands_on.get(line.number, "") == name], types):
                self.watch(Stage.RELATE, done, len(raw))
                lost: list[Any] = []
                report.related += write_relations(links, stamp, lost=lost)
                report.claimed += len(lost)
                done += len(links)

    def _foresee(self, drafts: Mapping[str, tuple[int, Draft]], known: Definitions, report: Report) -> None:
        """Count what the right rows would do; the numbers of a check are those that writing would give."""
        for _n, draft in drafts.values():
            names = written_names(draft, known, self.ground.source, self.held)
            report.made += draft.item is None
            report.changed += bool(names)
            report.claimed += len(differing(draft.item, draft.facts)) - len(names) if draft.item else 0
        report.same = len(drafts) - report.made - report.changed

    @staticmethod
    def _note(report: Report, written: Written) -> None:
        report.made += len(written.made)
        report.changed += len(written.changed)
        report.versions += written.versions
        report.claimed += len(written.claimed)

    def _write(
        self,
        drafts: Mapping[str, tuple[int, Draft]],
        raw: list[Line],
        stands_on: Mapping[int, str],
        known: Definitions,
        report: Report,
    ) -> None:
        print_ = hashlib.sha256(repr((sorted(drafts), raw[:1], len(raw))).encode()).hexdigest()
        source, name = self.ground.source, self.name[:200] or "import"
        said = {"source": source, "by": self.by, "at": self.now}
        report.run = ItemImport.objects.create(name=name, fingerprint=print_, **said)
        free = Stamp(by=self.by, source=source, batch=report.run)
        grounded = self.ground.stamp(report.run)
        drawn = [draft for _n, draft in drafts.values() if not (draft.item and draft.item.merged_into_id)]
        rows = [(needs_ground(draft, known, source, self.held), draft) for draft in drawn]
        first = Stamp(by=self.by, source=source, trusted=True, batch=report.run)
        try:
            done = 0
            for stamp, on_ground in ((free, False), (grounded, True)):
                for part in _parts([draft for needs, draft in rows if needs is on_ground]):
                    self.watch(Stage.WRITE, done, len(rows))
                    self._note(report, write_items(part, stamp, definitions=known))
                    done += len(part)
            report.same = len(drafts) - report.made - report.changed
            self._relate(raw, stands_on, ((first, "first"), (grounded, "guarded"), (free, "")), report)
        except (Clash, RelationRefused, NotAllowed) as error:
            raise ImportRefused(str(error), report) from error
        if report.versions or report.related or report.claimed:
            report.run.counts = report.counts()
            report.run.save(update_fields=["counts"])
        else:
            report.run.delete()
            report.run = None


def alone() -> None:
    """One at a time, and without the limits of pages: checking a large file takes longer than they allow.

    Reading in and taking back alike, until the transaction ends. Raises ImportBusy.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0")
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            raise ImportBusy(_("Another import is running; try again when it has ended."))


def _parts(rows: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def _unchanged(item: ConfigurationItem, given: Mapping[str, str], reader: Reader) -> dict[str, Any]:
    """Those of ``given`` that say what is recorded, as an export writes it, with what that is.

    They are not read against the model of today: what was right when it was recorded is no error, however attributes,
    choices and classes were defined since.
    """
    found: dict[str, Any] = {}
    for name, text in given.items():
        column = NAMES.get(name)
        value = getattr(item, column) if column else item.attributes.get(name)
        if column and text.strip() in reader.keys.get(name, {}):
            same = reader.keys[name][text.strip()] == value
        else:
            same = written(value) == text.strip()
        if same:
            found[name] = value
    return found


def _check_references(
    drafts: dict[str, tuple[int, Draft]], new: Collection[str], known: Definitions, report: Report
) -> None:
    """Drop rows that name an item which only a refused row of the file would have made, and who names those."""
    codes = {row.code for row in known.attributes if row.kind == Kind.ITEM and not row.formula}
    named: dict[str, list[Any]] = {
        name: [draft.facts.get(code) for code in codes] for name, (_n, draft) in drafts.items()
    }
    while lost := {name: value for name in drafts for value in named[name] if value in new and value not in drafts}:
        for name, missing in lost.items():
            report.bad.append(("items", drafts.pop(name)[0], row_refused(missing)))


def _check_unique(drafts: dict[str, tuple[int, Draft]], known: Definitions, report: Report) -> None:
    """Drop rows whose unique value another row or item has."""
    codes = {row.code for row in known.attributes if row.unique}
    taken: dict[tuple[str, str], str] = {}
    for code in codes:
        for value, identifier in UniqueValue.objects.filter(code=code).values_list("value", "item__identifier"):
            taken[code, value] = identifier
    for identifier, (number, draft) in list(drafts.items()):
        for code in codes & draft.facts.keys():
            value = "" if is_empty(draft.facts[code]) else normalised(draft.facts[code])
            holder = taken.setdefault((code, value), identifier) if value else identifier
            if holder != identifier:
                reason = _("%(label)s: the same value is already recorded for %(items)s.")
                report.bad.append(("items", number, reason % {"label": known.label(code), "items": holder}))
                drafts.pop(identifier, None)
