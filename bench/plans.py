"""The SQL of a request: how many statements, and how PostgreSQL runs each of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

BIG_TABLE = 10_000  # rows from which on a sequential scan is a fault
MANY_ROWS = 5_000  # rows from which on a single node deserves a look
EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "
EXPLAINED = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")

Execute = Callable[[str, Any, bool, dict[str, Any]], Any]


@dataclass
class Counter:
    """How much SQL ran. BEGIN and COMMIT are not seen here."""

    statements: int = 0
    seconds: float = 0.0


@dataclass
class Plan:
    """A statement with its time and what is suspicious about it."""

    sql: str
    planning_ms: float
    execution_ms: float
    buffers: int
    rows_read: int
    sequential: list[str] = field(default_factory=list)
    indexes: list[str] = field(default_factory=list)
    slowest: list[str] = field(default_factory=list)


@contextmanager
def counting() -> Iterator[Counter]:
    """Count the statements that run meanwhile."""
    counter = Counter()

    def count(execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            counter.statements += 1
            counter.seconds += time.perf_counter() - began

    with connection.execute_wrapper(count):
        yield counter


@contextmanager
def explaining() -> Iterator[list[Plan]]:
    """Explain each statement right before it runs, with its own values; what explaining changed is rolled back."""
    found: list[Plan] = []
    big = big_tables()

    def explain(execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if sql.lstrip().upper().startswith(EXPLAINED):
            found.append(_explained(sql, params, big))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield found


def big_tables() -> set[str]:
    """Tables in which a sequential scan is a fault."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples > %s", [BIG_TABLE])
        return {name for (name,) in cursor.fetchall()}


def _explained(sql: str, params: Any, big: set[str]) -> Plan:
    wrappers, connection.execute_wrappers = connection.execute_wrappers, []
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(EXPLAIN + sql, params)
            answer = cursor.fetchone()[0][0]
            transaction.set_rollback(True)
    finally:
        connection.execute_wrappers = wrappers
    return read_plan(sql, answer, big)


def read_plan(sql: str, answer: dict[str, Any], big: set[str]) -> Plan:
    """Say what matters about the answer of ``EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)``."""
    root = answer["Plan"]
    nodes = list(_walk(root))
    return Plan(
        sql=sql,
        planning_ms=answer["Planning Time"],
        execution_ms=answer["Execution Time"],
        buffers=root.get("Shared Hit Blocks", 0) + root.get("Shared Read Blocks", 0),
        rows_read=max(_rows_read(node) for node in nodes),
        sequential=[
            f"{node['Relation Name']}: {_rows_read(node)} rows"
            for node in nodes
            if "Seq Scan" in node["Node Type"] and node["Relation Name"] in big
        ],
        indexes=sorted({node["Index Name"] for node in nodes if "Index Name" in node}),
        slowest=[describe(node) for node in sorted(nodes, key=_own_ms, reverse=True)[:3]],
    )


def describe(node: dict[str, Any]) -> str:
    """A node of a plan in a line."""
    where = node.get("Index Name") or node.get("Relation Name") or ""
    return f"{node['Node Type']} {where}: {_own_ms(node):.2f} ms, {_rows_read(node)} rows"


def _walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", []):
        yield from _walk(child)


def _rows_read(node: dict[str, Any]) -> int:
    """Rows that came out and rows that were read in vain, over all loops."""
    dropped = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return int((node["Actual Rows"] + dropped) * node["Actual Loops"])


def _own_ms(node: dict[str, Any]) -> float:
    """Time spent in the node itself, without what is below it."""
    below = sum(child["Actual Total Time"] * child["Actual Loops"] for child in node.get("Plans", []))
    return max(0.0, node["Actual Total Time"] * node["Actual Loops"] - below)
