"""Two versions of the portal in one run: every request to both, one right after the other, so that noise hits both.

The other version is checked out beside this one and works with a database and servers of its own, filled by its own
``bench.load``. What counts is the ratio of each pair of times, ours by theirs: its median, and between which values
that median lies with 95 % confidence, whatever the distribution (order statistics, the sign test turned round).
"""

from __future__ import annotations

import json
import math
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.child import Child
from bench.options import BASE_DIR, Options
from bench.servers import Servers, running_servers
from bench.subjects import BY_KEY
from bench.timing import ORDER

#: How much slower a request may be before the comparison fails: the house's limit.
ALLOWED = 1.05
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Comparison:
    """One request in both versions: milliseconds of each round, statements of one request."""

    key: str
    ours: list[float]
    theirs: list[float]
    statements: tuple[int, int]

    @property
    def ratios(self) -> list[float]:
        """Ours by theirs, round by round, ascending."""
        return sorted(ours / theirs for ours, theirs in zip(self.ours, self.theirs, strict=True))

    @property
    def ratio(self) -> float:
        """How much of their time ours takes: below 1 is faster."""
        return statistics.median(self.ratios)

    @property
    def spread(self) -> tuple[float, float]:
        """Between which values the median lies, with 95 % confidence; all of them when they are too few for that."""
        ratios = self.ratios
        outside = outside_of_median(len(ratios))
        return ratios[outside], ratios[-1 - outside]

    @property
    def is_slower(self) -> bool:
        """Whether it is slower by more than what is allowed, and no noise explains it."""
        return self.spread[0] > ALLOWED

    def as_json(self) -> dict[str, Any]:
        """The figures, for comparing runs."""
        return {
            "subject": self.key,
            "theirs_ms": round(statistics.median(self.theirs), 2),
            "ours_ms": round(statistics.median(self.ours), 2),
            "ratio": round(self.ratio, 3),
            "spread": [round(value, 3) for value in self.spread],
            "statements": {"theirs": self.statements[0], "ours": self.statements[1]},
            "slower": self.is_slower,
        }


def outside_of_median(count: int) -> int:
    """How many of ``count`` ordered values may be cut off at each end so that the rest holds the median for sure.

    The largest number k for which k heads or fewer in ``count`` throws of a coin have a chance of at most 2.5 %.
    """
    chance = 1 / 2**count
    outside = 0
    while chance + math.comb(count, outside + 1) / 2**count <= (1 - CONFIDENCE) / 2:
        outside += 1
        chance += math.comb(count, outside) / 2**count
    return outside


def compare(options: Options, keys: list[str]) -> int:
    """Compare this version with ``options.against`` at the largest size; return 1 when a request is slower."""
    size = options.sizes[-1]
    with ExitStack() as stack:
        code = stack.enter_context(checked_out(options.against))
        versions = {}
        for name, folder in (("theirs", code), ("ours", BASE_DIR)):
            servers = stack.enter_context(running_servers(None))
            print(f"loading {size:,} tickets into {name}", flush=True)
            load(servers, size, folder)
            versions[name] = stack.enter_context(Child("bench.measure.handlers", servers.environment(size), folder))
        print(f"comparing, {options.rounds} rounds", flush=True)
        known = known_to(code)
        found, missing = measure(versions, [key for key in keys if key in known], options.rounds)
    missing |= {key: "new" for key in keys if key not in known}
    show(found, missing, options.against)
    write(found, missing, options)
    return 1 if any(item.is_slower for item in found) else 0


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """A directory with the code of ``commit``, removed afterwards. Raises CalledProcessError for an unknown one."""
    with tempfile.TemporaryDirectory(prefix="itsm-against-") as parent:
        folder = Path(parent) / "code"
        _git("worktree", "add", "--detach", "--quiet", str(folder), commit)
        (folder / "node_modules").symlink_to(BASE_DIR / "node_modules")
        try:
            yield folder
        finally:
            _git("worktree", "remove", "--force", str(folder))


def _git(*words: str) -> None:
    subprocess.run(["git", *words], cwd=BASE_DIR, check=True)  # noqa: S607  (whichever git the developer has)


def load(servers: Servers, size: int, code: Path) -> None:
    """Fill a new database with ``size`` tickets, as the version at ``code`` does it."""
    servers.renew_database(size)
    with Child("bench.load.handlers", servers.environment(size), code) as child:
        child.ask("build")
        child.ask("load", size=size)


def measure(versions: Mapping[str, Child], keys: list[str], rounds: int) -> tuple[list[Comparison], dict[str, str]]:
    """Ask both versions for everything in turn; return what was found, and what one of them does not answer."""
    statements: dict[str, tuple[int, int]] = {}
    missing: dict[str, str] = {}
    for key in keys:
        theirs, ours = (versions[name].ask("check", key=key) for name in ("theirs", "ours"))
        if "statements" in theirs and "statements" in ours:
            statements[key] = (theirs["statements"], ours["statements"])
        else:
            missing[key] = f"before {theirs['status']}, now {ours['status']}"
    times: dict[tuple[str, str], list[float]] = {(key, name): [] for key in statements for name in versions}
    for _ in range(rounds):
        for key in ORDER.sample(sorted(statements), len(statements)):
            for name in ORDER.sample(sorted(versions), len(versions)):
                times[key, name].append(versions[name].ask("once", key=key))
    found = [Comparison(key, times[key, "ours"], times[key, "theirs"], pair) for key, pair in statements.items()]
    return found, missing


def known_to(code: Path) -> set[str]:
    """The keys of the requests that the version at ``code`` measures."""
    script = "import json; from bench.subjects import BY_KEY; print(json.dumps(list(BY_KEY)))"
    done = subprocess.run([sys.executable, "-c", script], cwd=code, check=True, capture_output=True, text=True)
    return set(json.loads(done.stdout))


def show(found: list[Comparison], missing: dict[str, str], commit: str) -> None:
    """A table on the terminal: what takes longest compared with before comes first."""
    print(f"\n{'request':44} {'before':>9} {'now':>9} {'ratio':>6}  {'95 %':13} statements")
    for item in sorted(found, key=lambda item: -item.ratio):
        figures, (low, high) = item.as_json(), item.spread
        before, now = item.statements
        print(
            f"{BY_KEY[item.key].title[:44]:44} {figures['theirs_ms']:9.2f} {figures['ours_ms']:9.2f} {item.ratio:6.2f}"
            f"  {low:.2f} to {high:.2f}  {before if before == now else f'{before} → {now}'}"
            f"{'  SLOWER' if item.is_slower else ''}"
        )
    for key, why in missing.items():
        print(f"{BY_KEY[key].title}: not compared ({why})")
    print(f"against {commit}; slower: beyond {ALLOWED} with all of the interval")


def write(found: list[Comparison], missing: dict[str, str], options: Options) -> Path:
    """Write the JSON file of this comparison and return its path."""
    options.report_dir.mkdir(parents=True, exist_ok=True)
    path = options.report_dir / f"against-{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
    content = {"against": options.against, "requests": [item.as_json() for item in found], "missing": missing}
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    return path
