"""What one run of the bench does, from the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from itsm import env

BASE_DIR = Path(__file__).absolute().parent.parent
CUSTOMERS = 20
REQUESTERS = 5_000
GROUPS = 30
AGENTS = 200
DEFAULT_SIZES = "10000,100000,1000000"


@dataclass(frozen=True)
class Options:
    """``sizes``: numbers of tickets, ascending. ``data_dir``: kept databases, or None for throwaway ones.

    ``against``: the commit that this version is compared with, or nothing.
    """

    sizes: tuple[int, ...]
    data_dir: Path | None
    report_dir: Path
    rounds: int
    seconds: int
    clients: int
    creators: int
    creates: int
    pairs: int
    workspaces: int
    changes: int
    live_seconds: int
    people: int
    mix_seconds: int
    clocks: int
    due_at_once: int
    pace: int
    pace_seconds: int
    idle_passes: int
    lives: int
    mails: int
    items: int
    item_sizes: tuple[int, ...]
    year_of_changes: int
    subjects: tuple[str, ...]
    against: str

    @classmethod
    def from_environment(cls) -> Options:
        """Read ``BENCH_*``; raises ImproperlyConfigured for a value that is no number."""
        sizes = sorted({int(size) for size in env.words("BENCH_SIZES", DEFAULT_SIZES)})
        kept = os.environ.get("ITSM_BENCH_DIR")
        return cls(
            sizes=tuple(sizes),
            data_dir=Path(kept).expanduser().resolve() if kept else None,
            report_dir=env.path("BENCH_REPORT_DIR", BASE_DIR / "var" / "bench"),
            rounds=env.number("BENCH_ROUNDS", 100),
            seconds=env.number("BENCH_SECONDS", 8),
            clients=env.number("BENCH_CLIENTS", 8),
            creators=env.number("BENCH_CREATORS", 10),
            creates=env.number("BENCH_CREATES", 50),
            pairs=env.number("BENCH_PAIRS", 100),
            workspaces=env.number("BENCH_WORKSPACES", 500),
            changes=env.number("BENCH_CHANGES", 4),
            live_seconds=env.number("BENCH_LIVE_SECONDS", 30),
            people=env.number("BENCH_PEOPLE", 10),
            mix_seconds=env.number("BENCH_MIX_SECONDS", 60),
            clocks=env.number("BENCH_CLOCKS", 100_000),
            due_at_once=env.number("BENCH_DUE_AT_ONCE", 1_000),
            pace=env.number("BENCH_PACE", 5),
            pace_seconds=env.number("BENCH_PACE_SECONDS", 30),
            idle_passes=env.number("BENCH_IDLE_PASSES", 50),
            lives=env.number("BENCH_LIVES", 30),
            mails=env.number("BENCH_MAILS", 1_000),
            items=env.number("BENCH_ITEMS", 100_000),
            item_sizes=tuple(int(size) for size in env.words("BENCH_ITEM_SIZES", "1000,10000,100000")),
            year_of_changes=env.number("BENCH_YEAR_OF_CHANGES", 10_000),
            subjects=tuple(env.words("BENCH_SUBJECTS")),
            against=os.environ.get("BENCH_AGAINST", ""),
        )
