"""What hundreds of open workspaces cost while tickets change: CPU of the live process and of its database backends."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import psutil
import psycopg2

from bench.child import Child
from bench.timing import percentile

HOST = "127.0.0.1"
PEOPLE = 50
#: What their pages show: lists in the proportions of a working day, every second one with a ticket beside it.
LOOKS: list[dict[str, str]] = [
    {"view": "unassigned"},
    {"view": "mine"},
    {"view": "unassigned", "kind": "incident"},
    {"view": "open"},
    {"view": "overdue"},
    {"view": "unassigned"},
    {"view": "due_soon"},
    {"view": "open", "kind": "incident"},
    {"view": "mine"},
    {"view": "open", "filters": "group=mine"},
]
SETTLE_SECONDS = 4
AT_ONCE = 20


@dataclass
class Seen:
    """What arrived: by number of the ticket, when each page was first told."""

    pages: int = 0
    messages: int = 0
    bytes: int = 0
    first: dict[str, list[float]] = field(default_factory=dict)
    failed: int = 0


def measure_workspaces(
    port: int, database_url: str, environment: Mapping[str, str], *, pages: int, per_second: int, seconds: int
) -> dict[str, Any]:
    """Hold ``pages`` open, change ``per_second`` tickets for ``seconds``; return the cost and the delays.

    ``live_percent`` and ``database_percent``: of one core.
    """
    with Child("bench.changing.handlers", environment) as child:
        prepared = child.ask("prepare", people=PEOPLE, tickets=2 * per_second * seconds)
        return asyncio.run(_measure(port, database_url, child, prepared, pages, per_second, seconds))


async def _measure(
    port: int, database_url: str, child: Child, prepared: dict[str, Any], pages: int, per_second: int, seconds: int
) -> dict[str, Any]:
    seen, process = Seen(), _listener(port)
    began = time.monotonic()
    gate = asyncio.Semaphore(AT_ONCE)
    opened = [asyncio.Event() for _page in range(pages)]
    numbers = itertools.cycle(prepared["open"])
    tasks = [
        asyncio.create_task(_page(port, prepared["cookies"][n % PEOPLE], _look(n, numbers), seen, gate, opened[n]))
        for n in range(pages)
    ]
    await asyncio.gather(*(event.wait() for event in opened))
    opening = time.monotonic() - began
    await asyncio.sleep(SETTLE_SECONDS)
    idle = await _cost_of(process, database_url, asyncio.sleep(SETTLE_SECONDS))
    seen.messages = seen.bytes = 0
    work = asyncio.to_thread(child.ask, "work", per_second=per_second, seconds=seconds)
    busy = await _cost_of(process, database_url, work)
    await asyncio.sleep(SETTLE_SECONDS)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return {
        "pages": seen.pages,
        "people": PEOPLE,
        "changes_per_second": round(len(busy["result"]) / busy["seconds"], 1),
        "opening_seconds": round(opening, 1),
        "idle_percent": idle["live"] + idle["database"],
        "live_percent": busy["live"],
        "database_percent": busy["database"],
        "messages_per_second": round(seen.messages / busy["seconds"]),
        "kB_per_second": round(seen.bytes / busy["seconds"] / 1000),
        "failed": seen.failed,
        "memory_mib": round(process.memory_full_info().pss / 2**20, 1),
        **_delays(busy["result"], seen),
    }


def _look(number: int, numbers: Any) -> dict[str, str]:
    look = LOOKS[number % len(LOOKS)]
    return {**look, "ticket": next(numbers)} if number % 2 else look


async def _page(
    port: int, cookie: str, look: dict[str, str], seen: Seen, gate: asyncio.Semaphore, opened: asyncio.Event
) -> None:
    """One open page, which reads its stream."""
    async with gate:
        reader, writer = await asyncio.open_connection(HOST, port, limit=2**22)
        query = urlencode({**look, "lang": "zh-hans"})
        writer.write(f"GET /live/?{query} HTTP/1.1\r\nHost: {HOST}\r\nCookie: {cookie}\r\n\r\n".encode())
        status = await reader.readline()
        seen.pages += b"200" in status
        seen.failed += b"200" not in status
        while not (await reader.readline()).startswith(b"data: "):
            pass
    opened.set()
    while line := await reader.readline():
        if line.startswith(b"data: ") and len(line) > 12:
            seen.messages += 1
            seen.bytes += len(line)
            _note(line, seen)


def _note(line: bytes, seen: Seen) -> None:
    """Remember when the tickets in a message were told."""
    now = time.monotonic()
    for part in line.split(b'"number": "')[1:]:
        seen.first.setdefault(part[:20].split(b'"')[0].decode(), []).append(now)


async def _cost_of(process: psutil.Process, database_url: str, work: Any) -> dict[str, Any]:
    """Wait for ``work``; return how much of one core the process and its backends used meanwhile."""
    backends = [psutil.Process(pid) for pid in _backends(database_url)]
    before, began = [_used(process), sum(map(_used, backends))], time.monotonic()
    result = await work
    seconds = time.monotonic() - began
    after = [_used(process), sum(map(_used, backends))]
    live, database = (round(100 * (end - start) / seconds, 1) for start, end in zip(before, after, strict=True))
    return {"result": result, "seconds": seconds, "live": live, "database": database}


def _used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _listener(port: int) -> psutil.Process:
    """The process that listens on ``port``."""
    found = next(
        c
        for c in psutil.net_connections("tcp")
        if c.status == psutil.CONN_LISTEN and getattr(c.laddr, "port", 0) == port
    )
    return psutil.Process(found.pid)


def _backends(database_url: str) -> list[int]:
    connection = psycopg2.connect(database_url)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'live' AND datname = current_database()"
        )
        found = [row[0] for row in cursor.fetchall()]
    connection.close()
    return found


def _delays(changes: list[list[Any]], seen: Seen) -> dict[str, Any]:
    """From the commit until a page was told, over all pages that were told of a change."""
    times = [
        told - committed for number, committed in changes for told in seen.first.get(number, []) if told >= committed
    ]
    missed = sum(number not in seen.first for number, _committed in changes)
    if not times:
        return {"missed": missed}
    found = {
        name: round(percentile(times, share), 2) for name, share in (("p50_s", 50), ("p95_s", 95), ("max_s", 100))
    }
    return {**found, "missed": missed}
