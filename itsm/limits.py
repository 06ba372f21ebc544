"""How long a connection to PostgreSQL may work, wait and rest: never longer than the promise that rests on it.

A page that hangs must not hold a row that a timer needs: notices go out within five seconds. The engine waits for
nobody (it skips locked rows). What has to take longer lifts its own limit, for itself and for that time alone.
"""

from __future__ import annotations

PAGE = {
    "statement_timeout": "30s",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "15s",
}
ENGINE = {**PAGE, "statement_timeout": "10s", "lock_timeout": "2s"}
#: Programs that fire timers, by the name in ``ITSM_PROCESS``.
ENGINES = ("engine", "worker")
# Queries start from the table that narrows most; letting the planner try every order of their joins took it
# 80 ms for a queue that is read in 1 ms (docs/decisions/0010).
PLANNER = {"join_collapse_limit": "1"}


def limits_of(process: str) -> dict[str, str]:
    """The settings of every session of ``process``."""
    return {**(ENGINE if process in ENGINES else PAGE), **PLANNER}


def as_options(limits: dict[str, str]) -> str:
    """``limits`` as a connection takes them along."""
    return " ".join(f"-c {name}={value}" for name, value in limits.items())
