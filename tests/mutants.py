"""``make mutants``: forty one-line faults, planted one after another; tests that do not notice one are told.

Each fault is put into a copy of the committed code, never into the working tree, and the tests that should notice it
run there. Outside CI: it takes about half an hour.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BASE_DIR = Path(__file__).absolute().parent.parent
#: What a copy needs beside the committed files.
LINKED = ("node_modules", "var/test-databases")


@dataclass(frozen=True)
class Mutant:
    """A fault: in ``path`` the text ``before``, which stands there once, becomes ``after``.

    ``tests``: the files and folders of which a test should notice it.
    """

    path: str
    before: str
    after: str
    tests: str


VISIBILITY = "tests/tickets/test_visibility.py"
MUTANTS = (
    # Tickets, who sees them, what is done with them
    Mutant("tickets/actions.py", "and version != ticket.version", "and version > ticket.version", "tests/tickets"),
    Mutant("tickets/querysets.py", "own &= Q(requester_id=user.pk)", "own |= Q(requester_id=user.pk)", VISIBILITY),
    Mutant("tickets/querysets.py", "Q(supplier_id=user.organisation_id) |", "Q() |", VISIBILITY),
    Mutant(
        "tickets/models.py", "self.resolved_at <= self.agreed_at", "self.resolved_at < self.agreed_at", "tests/sla"
    ),
    Mutant("tickets/files/kinds.py", " if code not in NEVER}", "}", "tests/itsm/test_uploads.py tests/tickets"),
    Mutant("tickets/api/saved.py", "not view.may_change(self.user)", "view.may_change(self.user)", "tests/lists"),
    Mutant(
        "tickets/workspace/undo.py",
        "later[-1].version == ticket.version",
        "later[-1].version",
        "tests/emergencies/test_raising_taken_back.py",
    ),
    Mutant("drafts/services.py", "any(part in name.lower() for part in SECRET)", "name in SECRET", "tests/drafts"),
    Mutant("incidents/rules.py", "or (own and user.is_agent)", "or own", "tests/incidents tests/contract"),
    Mutant("accounts/limits.py", "if hits <= limit", "if hits < limit", "tests/api/test_access.py"),
    # Clocks
    Mutant("sla/calendars/clock.py", "if wanted > self.total:", "if wanted >= self.total:", "tests/sla/test_clock.py"),
    Mutant("sla/clocks/timers.py", "timer.threshold <= clock.consumed", "timer.threshold < 0", "tests/problems"),
    Mutant("sla/clocks/timers.py", "timer.fire_at < at and", "timer.fire_at > at and", "tests/sla"),
    Mutant("sla/clocks/keeping.py", "self.at < ticket.wait_until", "self.at > ticket.wait_until", "tests/sla"),
    Mutant("sla/clocks/firing.py", "tier not in rule.tiers", "tier in rule.tiers", "tests/sla"),
    Mutant("sla/engine/health.py", "latest < now - SILENT", "latest > now", "tests/itsm/test_health.py tests/sla"),
    # Notices
    Mutant("notifications/links.py", " and link.user.is_active else", " else", "tests/notifications"),
    Mutant("notifications/links.py", "link.used_at is None and now", "now", "tests/notifications"),
    Mutant("notifications/reactions.py", "happening.staff_only(people) if", "people if", "tests/notifications"),
    Mutant("notifications/reactions.py", "hidden = happening.private", "hidden = False", "tests/notifications"),
    Mutant(
        "notifications/choices.py", "(name in chosen or name in choice.fixed)", "name in chosen", "tests/notifications"
    ),
    # Rosters and approvals
    Mutant("duty/swaps.py", " or one != by or", " or", "tests/duty"),
    Mutant("duty/services.py", "[group.lead] if group and group.lead else _group", "_group", "tests/duty tests/sla"),
    Mutant("approvals/decisions/deciding.py", ".count() < step.needed", ".count() < 1", "tests/approvals"),
    Mutant("approvals/decisions/deciding.py", "return min(allowed,", "return max(allowed,", "tests/approvals"),
    Mutant("approvals/decisions/falling.py", "in new and _differs", "in new and not _differs", "tests/approvals"),
    # Changes
    Mutant("changes/collision/collisions.py", "busy and start < until", "busy and start <= until", "tests/changes"),
    Mutant(
        "changes/schedule/freeze_models.py",
        'any(one["key"] == key for one in self.collisions)',
        "bool(self.collisions)",
        "tests/changes",
    ),
    Mutant("changes/unauthorised/queries.py", "actual_end__gt=", "actual_end__gte=", "tests/changes"),
    Mutant("changes/guards.py", " or change.record_completed_at is not None:", ":", "tests/changes"),
    Mutant("changes/schedule/feeds.py", " or not found.owner.is_agent:", ":", "tests/changes"),
    Mutant(
        "changes/collision/collisions.py",
        "start < now + STILL",
        "start > now + STILL",
        "tests/changes/test_real_time.py",
    ),
    # The configuration management database
    Mutant("cmdb/network/graph.py", "rows.confirmed >= limits", "rows.confirmed <= limits", "tests/cmdb"),
    Mutant("cmdb/versioning/versions.py", "low is None or low < start", "low is None", "tests/cmdb"),
    Mutant("cmdb/versioning/history.py", "visible is not None and other.pk not in visible", "False", "tests/cmdb"),
    Mutant("cmdb/audits/services.py", "Random(seed)", "Random()", "tests/cmdb/audits"),
    Mutant("cmdb/inputs.py", ' or "/" in text:', ":", "tests/cmdb/test_api.py"),
    # Problems, announcements, reports
    Mutant("problems/watching.py", " or entry.via == TimelineEntry.Via.IMPORT", "", "tests/problems tests/importing"),
    Mutant("announcements/models.py", "now >= self.shown_until", "now > self.shown_until", "tests/announcements"),
    Mutant("reports/comparing.py", "before.value >= SMALL", "before.value > 0", "tests/reports"),
    Mutant("reports/comparing.py", "used > working.diff", "used < working.diff", "tests/reports"),
)


def main() -> int:
    """Plant each fault, run its tests, list those that nobody noticed; 1 when there is one."""
    survivors = []
    with copy() as folder:
        for number, mutant in enumerate(MUTANTS, 1):
            noticed = is_noticed(folder, mutant)
            told = (
                f"{number:2} {'noticed ' if noticed else 'SURVIVED'} {mutant.path}: {mutant.before} → {mutant.after}"
            )
            print(told, flush=True)
            survivors += [] if noticed else [mutant]
    print(f"{len(MUTANTS) - len(survivors)} of {len(MUTANTS)} noticed")
    return 1 if survivors else 0


@contextmanager
def copy() -> Iterator[Path]:
    """The committed code in a directory of its own, removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="itsm-mutants-") as parent:
        folder = Path(parent) / "code"
        _git("worktree", "add", "--detach", "--quiet", str(folder), "HEAD")
        for name in LINKED:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).symlink_to(BASE_DIR / name)
        try:
            yield folder
        finally:
            _git("worktree", "remove", "--force", str(folder))


def _git(*words: str) -> None:
    subprocess.run(["git", *words], cwd=BASE_DIR, check=True)  # noqa: S607  (whichever git the developer has)


def is_noticed(folder: Path, mutant: Mutant) -> bool:
    """Whether a test fails with the fault in place. Raises RuntimeError when the tests could not run at all."""
    path = folder / mutant.path
    sound = path.read_text(encoding="utf-8")
    path.write_text(planted(sound, mutant), encoding="utf-8")
    try:
        words = ["-m", "not journey", "-x", "-q", "-n", "0", *mutant.tests.split()]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *words], cwd=folder, capture_output=True, text=True, check=False
        )
    finally:
        path.write_text(sound, encoding="utf-8")
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    return done.returncode == 1


def planted(sound: str, mutant: Mutant) -> str:
    """The text with the fault in it. Raises ValueError when it cannot be planted in one place."""
    if sound.count(mutant.before) != 1:
        raise ValueError(f"{mutant.path}: {mutant.before!r} stands there {sound.count(mutant.before)} times")
    return sound.replace(mutant.before, mutant.after)


if __name__ == "__main__":
    sys.exit(main())
