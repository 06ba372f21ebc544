"""The figures of a run: a table on the terminal, a JSON file, and what is wrong with them."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.plans import MANY_ROWS
from bench.subjects import BY_KEY
from bench.timing import FLOOR, Figures, percentile, ratio

WEIGHT_LIMIT = 100 * 1000  # bytes
RATIO_AIM = 1.5


@dataclass
class Report:
    """Everything that one run found out."""

    figures: list[Figures] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    plans: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    throughput: dict[str, dict[str, Any]] = field(default_factory=dict)
    mix: dict[str, Any] = field(default_factory=dict)
    workspaces: dict[int, dict[str, Any]] = field(default_factory=dict)
    clocks: dict[str, Any] = field(default_factory=dict)
    problems: dict[str, Any] = field(default_factory=dict)
    collisions: dict[str, Any] = field(default_factory=dict)
    changes: dict[int, dict[str, Any]] = field(default_factory=dict)
    items: dict[int, dict[str, Any]] = field(default_factory=dict)
    item_versions: dict[str, Any] = field(default_factory=dict)
    memory: dict[str, dict[str, float]] = field(default_factory=dict)
    creators: dict[str, Any] = field(default_factory=dict)
    claimers: dict[str, Any] = field(default_factory=dict)
    loaded: dict[int, float] = field(default_factory=dict)

    def faults(self) -> list[str]:
        """What must not be, whatever the machine: too many statements, scans, weight, lost races. Never a time."""
        return [*self._statement_faults(), *self._plan_faults(), *self._race_faults()]

    def _statement_faults(self) -> list[str]:
        found = [f"{BY_KEY[key].title}: {reason}" for key, reason in self.missing.items()]
        for item in self.figures:
            subject = BY_KEY[item.key]
            if subject.limit and item.statements > subject.limit:
                found.append(
                    f"{subject.title} at {item.size:,}: {item.statements} statements, at most {subject.limit}"
                )
            if subject.weighed and item.weight > WEIGHT_LIMIT:
                found.append(f"{subject.title}: {item.weight:,} bytes, at most {WEIGHT_LIMIT:,}")
        return found

    def _plan_faults(self) -> list[str]:
        return [
            f"{BY_KEY[key].title}: sequential scan of {where}: {plan['sql'][:300]}"
            for key, plans in self.plans.items()
            if not BY_KEY[key].scans
            for plan in plans
            for where in plan["sequential"]
        ]

    def _race_faults(self) -> list[str]:
        found = []
        if self.creators and self.creators["created"] != self.creators["distinct"]:
            found.append("Two tickets got the same number.")
        if self.claimers and self.claimers["one_winner"] != self.claimers["pairs"]:
            found.append("A ticket was claimed by both or by nobody.")
        if self.claimers and self.claimers["loser_told_who"] != self.claimers["pairs"]:
            found.append("A loser was not told who claimed the ticket.")
        for name in ("paced", "at_once"):
            if self.clocks and self.clocks[name]["missing"]:
                found.append(f"{self.clocks[name]['missing']} limits passed and nobody was told.")
        mails = self.clocks.get("mails", {})
        if mails and (mails["missing"] or mails["doubled"]):
            found.append(f"Of the mails {mails['missing']} were not handed over, {mails['doubled']} came twice.")
        for size, item in self.workspaces.items():
            if item["failed"] or item["missed"]:
                found.append(f"Open workspaces at {size:,} tickets were refused, or not told of a change.")
        return (
            found
            + [
                f"{key}: {item['failures']} failed answers"
                for key, item in self.throughput.items()
                if item["failures"]
            ]
            + [f"{key} while people work: answer {status}" for key, status in self.mix.get("failures", [])]
        )

    def as_json(self) -> dict[str, Any]:
        """All of it, for comparing runs."""
        floors = {item.size: item for item in self.figures if item.key == FLOOR}
        keys = list(dict.fromkeys(item.key for item in self.figures))
        return {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()},
            "requests": [item.as_json(floors.get(item.size)) for item in self.figures],
            "ratios": {key: round(value, 2) for key in keys if (value := ratio(self.figures, key)) is not None},
            "missing": self.missing,
            "throughput": self.throughput,
            "mix": self.mix,
            "workspaces": self.workspaces,
            "clocks": self.clocks,
            "problems": self.problems,
            "collisions": self.collisions,
            "changes": self.changes,
            "items": self.items,
            "item_versions": self.item_versions,
            "memory": self.memory,
            "creators": self.creators,
            "claimers": self.claimers,
            "plans": self.plans,
            "load_seconds": self.loaded,
            "faults": self.faults(),
        }


def write(report: Report, folder: Path) -> Path:
    """Write the JSON file of this run and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
    path.write_text(json.dumps(report.as_json(), ensure_ascii=False, indent=1), encoding="utf-8")
    return path


def show(report: Report) -> None:
    """Print everything a person wants to see first."""
    found = report.as_json()
    _show_requests(found)
    _show_plans(report)
    for key, item in report.throughput.items():
        print(
            f"{item['clients']} clients, {BY_KEY[key].title}: {item['per_second']}/s,"
            f" median {item['median_ms']} ms, p95 {item['p95_ms']} ms"
        )
    _show_mix(report.mix)
    for size, item in report.workspaces.items():
        _show_workspaces(size, item)
    _show_growth(list(report.workspaces.values()))
    _show_clocks(report.clocks)
    for name, item in report.memory.items():
        print(f"memory of {name}: PSS {item['pss_mib']} MiB, RSS {item['rss_mib']} MiB, {item['processes']} processes")
    _show_problems(report.problems)
    _show_items(report.items, report.item_versions)
    _show_collisions(report.collisions)
    _show_changes(report.changes)
    print(f"creating: {report.creators}\nclaiming: {report.claimers}")
    for fault in report.faults():
        print(f"FAULT  {fault}")


def _show_growth(items: list[dict[str, Any]]) -> None:
    """What live updates cost and take at the largest size as part of the smallest."""
    if len(items) > 1 and items[0]["live_percent"] and items[0].get("p50_s"):
        cost, time = (items[-1][key] / items[0][key] for key in ("live_percent", "p50_s"))
        print(f"live updates, largest : smallest: cost {cost:.2f}, told after {time:.2f}")


def _show_clocks(found: dict[str, Any]) -> None:
    """An idle pass, how late notices were, and what clocks and notices add to actions."""
    if not found:
        return
    growth = found["idle_ms"] / found["idle_ms_without"]
    print(f"{found['clocks']:,} clocks: an idle pass {found['idle_ms']} ms, {growth:.2f} of one without them")
    for name, title in (("paced", "one after the other"), ("at_once", "in the same second")):
        for late, whose in ((found[name]["late"], "all"), (found[name]["urgent"], "P1 and P2")):
            if late:
                p50, p99 = percentile(late, 50), percentile(late, 99)
                print(
                    f"{len(late)} limits {title}, {whose}: seen after p50 {p50} s, p99 {p99} s, at most {max(late)} s"
                )
    _show_mails(found.get("mails", {}))
    for how, title in (("request", "by the API"), ("door", "perform alone")):
        for name, (added, own) in found["actions"][how].items():
            more = 100 * (added / own - 1)
            print(f"{name}, {title}: {added} ms with clocks and notices, {own} ms without, {more:+.0f} %")


def _show_problems(found: dict[str, Any]) -> None:
    """How often the right known error was offered, and how trends were found."""
    if not found:
        return
    offers, trends = found["offers"], found["trends"]
    hits = ", ".join(f"{language} {offers[language]['hit']} of {offers[language]['of']}" for language in ("zh", "en"))
    print(f"{offers['known_errors']:,} known errors: the right one among the first three: {hits}")
    across = ", ".join(f"{way} {row['hit']} of {row['of']}" for way, row in offers.get("across", {}).items())
    print(f"told in the other language: {across}")
    print(
        f"trends in {trends['tickets']:,} tickets: {trends['seconds']} s, {trends['without']} proposals;"
        f" with {trends['planted']} planted: {trends['proposals']} proposals,"
        f" precision {trends['precision']}, recall {trends['recall']}"
    )
    for name, titles in (("missed", trends["missed"]), ("wrong", trends["wrong"])):
        print(f"  {name}: {'; '.join(titles) or 'none'}")


def _show_collisions(found: dict[str, Any]) -> None:
    """A check of one change among a year of others; the aim is 300 ms."""
    if found:
        print(
            f"{found['changes']:,} changes over {found['items']:,} items and {found['relations']:,} relations: a check"
            f" p50 {found['p50_ms']} ms, p95 {found['p95_ms']} ms, at most {found['max_ms']} ms,"
            f" {found['statements']} statements; the first, which reads the graph, {found['first_ms']} ms;"
            f" one of {found['many_items']:,} items {found['many_ms']} ms,"
            f" its free windows {found['many_windows_ms']} ms"
        )


def _show_changes(found: dict[int, dict[str, Any]]) -> None:
    """Pages of changes in bare pages, among few and many others."""
    counts = sorted(found)
    for name in found[counts[0]] if counts else ():
        rows = [found[count][name] for count in counts]
        told = ", ".join(
            f"among {count:,} {row['ms']} ms ({row.get('floors', 1)} bare pages)"
            for count, row in zip(counts, rows, strict=True)
        )
        print(f"changes, {name}: {told}; {rows[-1].get('statements', '-')} statements")


def _show_items(found: dict[int, dict[str, Any]], versions: dict[str, Any]) -> None:
    """Pages of configuration items at each size, and how much the largest takes more than the smallest."""
    sizes = sorted(found)
    for name in found[sizes[0]] if sizes else ():
        if name == "prepared":
            continue
        times = [found[size][name]["ms"] for size in sizes]
        told = ", ".join(f"{size:,} items {ms} ms" for size, ms in zip(sizes, times, strict=True))
        statements = found[sizes[-1]][name].get("statements", "-")
        print(f"{name}: {told}; ratio {times[-1] / times[0]:.2f}; {statements} statements")
    if versions:
        print(
            f"{versions['versions']:,} versions ({versions['MiB']:,} MiB): a write of an item"
            f" {versions['after_ms']} ms, before {versions['before_ms']} ms"
        )


def _show_mails(found: dict[str, Any]) -> None:
    """Mails that fell due in the same second: when they were handed over, and how they were combined."""
    lanes = (("urgent", "urgent_messages", "P1 and P2"), ("late", "messages", "the rest"))
    for name, messages, whose in lanes if found else ():
        late, sent = found[name], found[messages]
        if late:
            p50, p99, each = percentile(late, 50), percentile(late, 99), len(late) / sent
            print(
                f"{len(late)} mails in the same second, {whose}: handed over after p50 {p50} s, p99 {p99} s,"
                f" at most {max(late)} s; {sent} messages, {each:.1f} mails in one"
            )


def _show_workspaces(size: int, item: dict[str, Any]) -> None:
    print(
        f"{size:,} tickets: {item['pages']} open workspaces of {item['people']} people,"
        f" {item['changes_per_second']} changes/s:"
        f" live process {item['live_percent']} % of a core, its backends {item['database_percent']} %"
        f" (idle {item['idle_percent']:.1f} % together); {item['messages_per_second']} messages/s,"
        f" {item['kB_per_second']} kB/s; told after p50 {item.get('p50_s')} s, p95 {item.get('p95_s')} s,"
        f" at most {item.get('max_s')} s; memory {item['memory_mib']} MiB"
    )


def _show_requests(found: dict[str, Any]) -> None:
    print(
        f"\n{'request':<22}{'tickets':>10}{'median ms':>11}{'p95 ms':>9}{'floors':>8}{'SQL':>5}{'SQL ms':>8}{'kB':>7}"
        f"{'largest : smallest':>20}"
    )
    for item in sorted(found["requests"], key=lambda item: (list(BY_KEY).index(item["subject"]), item["size"])):
        growth = found["ratios"].get(item["subject"])
        last = item["size"] == max(other["size"] for other in found["requests"])
        print(
            f"{BY_KEY[item['subject']].title:<22}{item['size']:>10,}{item['median_ms']:>11.1f}{item['p95_ms']:>9.1f}"
            f"{item['floors'] or 0:>8.1f}{item['statements']:>5}{item['sql_ms']:>8.1f}{item['bytes'] / 1000:>7.1f}"
            + (f"{growth:>15.2f} {'ok' if growth <= RATIO_AIM else 'HIGH'}" if last and growth else "")
        )


def _show_mix(found: dict[str, Any]) -> None:
    """Ten people at work: all requests together, then each kind."""
    for key, item in {"all": found["all"], **found["by_kind"]}.items() if found else ():
        title = "everything" if key == "all" else BY_KEY[key].title
        print(
            f"{found['people']} people at work, {title}: {item['count']} in {found['seconds']} s,"
            f" p50 {item['p50_ms']} ms, p95 {item['p95_ms']} ms, p99 {item['p99_ms']} ms"
        )


def _show_plans(report: Report) -> None:
    """For each request the statement that takes longest, and every one that reads many rows."""
    for key, plans in report.plans.items():
        planning, execution = (sum(plan[name] for plan in plans) for name in ("planning_ms", "execution_ms"))
        print(f"\n{BY_KEY[key].title}: {len(plans)} plans, planning {planning:.1f} ms, execution {execution:.1f} ms")
        slowest = max(plans, key=lambda plan: plan["planning_ms"] + plan["execution_ms"])
        for plan in plans:
            if plan is slowest or plan["rows_read"] > MANY_ROWS:
                print(f"  {plan['sql'][:150]}")
                print(
                    f"  planning {plan['planning_ms']:.1f} ms, execution {plan['execution_ms']:.1f} ms,"
                    f" {plan['rows_read']:,} rows read, {plan['buffers']:,} buffers; {'; '.join(plan['slowest'])}"
                )
    print()
