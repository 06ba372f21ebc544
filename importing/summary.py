"""What an export holds, in numbers, and the report of a check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from importing.findings import FATAL, Finding, Findings
from importing.histories import History
from importing.mentions import Mentions
from tickets.lifecycle import Kind


@dataclass
class Summary:
    """Counts of what can be imported; ``left_out``: rows and tickets that cannot."""

    counts: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    mentions: Mentions = field(default_factory=Mentions)
    earliest: datetime | None = None
    latest: datetime | None = None
    left_out: int = 0

    @property
    def tickets(self) -> int:
        """How many tickets can be imported."""
        return self.counts["tickets"]

    @property
    def events(self) -> int:
        """How many timeline entries they have."""
        return self.counts["events"]

    def take(self, history: History) -> None:
        """Count a ticket, its events and what it names."""
        self.counts["tickets"] += 1
        self.counts["events"] += len(history.events)
        self.counts["relations"] += len(history.relations)
        self.counts["reopened"] += history.reopen_count > 0
        self.counts["reopenings"] += history.reopen_count
        self.states[history.state] += 1
        self.mentions.add(history)
        self.earliest = min(self.earliest or history.created_at, history.created_at)
        self.latest = max(self.latest or history.updated_at, history.updated_at)


def report_lines(summary: Summary, findings: Findings, kind: Kind, zone: ZoneInfo) -> Iterator[str]:
    """The report for a terminal: what is there, then what is damaged. Days are those of ``zone``."""
    yield f"{summary.tickets:,} {kind.slug} with {summary.events:,} events"
    if summary.earliest and summary.latest:
        first, last = summary.earliest.astimezone(zone), summary.latest.astimezone(zone)
        yield f"  from {first:%Y-%m-%d} to {last:%Y-%m-%d} ({zone})"
    yield "  at the end: " + ", ".join(f"{summary.states[s]:,} {s}" for s in kind.states.values if summary.states[s])
    yield f"  reopened: {summary.counts['reopened']:,} {kind.slug}, {summary.counts['reopenings']:,} times"
    named = summary.mentions
    yield f"  people: {len(named.callers | named.staff):,} ({len(named.callers):,} requesters)"
    yield f"  groups: {len(named.groups):,}, categories: {len(named.paths - {()}):,}, items: {len(named.items):,}"
    yield f"  business systems: {len(named.systems):,}"
    yield f"  relations to records of the other product: {summary.counts['relations']:,}"
    yield from _damage(findings)


def _damage(findings: Findings) -> Iterator[str]:
    total = findings.flaws.total()
    yield f"{total:,} damaged values" if total else "No damaged values"
    for flaw, count in findings.flaws.most_common():
        yield f"  {count:>6,}  {'!' if flaw in FATAL else ' '} {flaw}"
    yield from map(_line, findings.first)
    if total > len(findings.first):
        yield f"  … and {total - len(findings.first):,} more; --report FILE lists them all"


def _line(finding: Finding) -> str:
    where = " ".join(filter(None, (finding.number, finding.column)))
    return f"  line {finding.line}: {where} {finding.value[:60]!r}: {finding.flaw}"
