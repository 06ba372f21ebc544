"""The portal as ``make run`` starts it, asked by several clients at once; and the memory its processes take."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from bench.options import BASE_DIR
from bench.timing import percentile
from itsm.run.supervisor import LEAN, free_port

READY_SECONDS = 60
STOP_SECONDS = 20
HOST = "127.0.0.1"


class Portal:
    """Web server, worker, beat, engine and live updates of one database."""

    def __init__(self, port: int, live_port: int, process: psutil.Process) -> None:
        self.port, self.live_port = port, live_port
        self._process = process

    @property
    def programs(self) -> dict[str, psutil.Process]:
        """The processes of the programs, by name."""
        return {child.name().removeprefix("itsm-"): child for child in self._process.children()}

    def memory(self) -> dict[str, dict[str, float]]:
        """MiB of each program with its child processes: RSS counts shared pages for each, PSS shares them out."""
        found = {name: memory_of([each, *each.children(recursive=True)]) for name, each in self.programs.items()}
        return found | {"their parent": memory_of([self._process])}


@contextmanager
def running_portal(environment: Mapping[str, str], log_dir: Path) -> Iterator[Portal]:
    """Start the portal's programs as ``make run`` does; end them afterwards."""
    port, live_port = free_port(HOST), free_port(HOST)
    log_dir.mkdir(parents=True, exist_ok=True)
    mine = {"PORT": str(port), "BIND": HOST, "LIVE_PORT": str(live_port)}
    process = subprocess.Popen(
        [sys.executable, "-m", "itsm.run.programs", str(log_dir)],
        cwd=BASE_DIR,
        env={**environment, **mine, **LEAN},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_until_ready(port)
        yield Portal(port, live_port, psutil.Process(process.pid))
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        if process.poll() is None:
            process.kill()


def throughput(
    port: int, requests: list[dict[str, Any]], credentials: Mapping[str, dict[str, str]], clients: int, seconds: int
) -> dict[str, Any]:
    """Let ``clients`` send ``requests`` in turn for ``seconds``; return how many were answered and how fast."""
    queue = itertools.cycle(requests)
    times: list[float] = []
    failures: list[int] = []
    until = time.monotonic() + seconds
    lock = threading.Lock()

    def work() -> None:
        connection = http.client.HTTPConnection(HOST, port, timeout=60)
        while time.monotonic() < until:
            with lock:
                request = next(queue)
            began = time.perf_counter()
            status = send(connection, request, credentials[request["who"]])
            times.append((time.perf_counter() - began) * 1000)
            if status >= 300:
                failures.append(status)
        connection.close()

    began = time.monotonic()
    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {
        "per_second": round(len(times) / (time.monotonic() - began), 1),
        "median_ms": round(percentile(times, 50), 1),
        "p95_ms": round(percentile(times, 95), 1),
        "clients": clients,
        "failures": len(failures),
    }


def send(connection: http.client.HTTPConnection, request: dict[str, Any], credentials: Mapping[str, str]) -> int:
    """Send one request and read its answer; return its status."""
    body = json.dumps(request["body"]) if request["body"] is not None else None
    headers = {**credentials, "Content-Type": "application/json"} if body else dict(credentials)
    if request["fragment"]:
        headers["HX-Request"] = "true"
    connection.request(request["method"], request["path"], body, headers)
    response = connection.getresponse()
    response.read()
    return response.status


def memory_of(family: Sequence[psutil.Process]) -> dict[str, float]:
    """MiB of the processes ``family`` together."""
    rss = pss = 0
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            rss += member.memory_info().rss
            pss += getattr(member.memory_full_info(), "pss", 0)
    return {"processes": len(family), "rss_mib": round(rss / 2**20, 1), "pss_mib": round(pss / 2**20, 1)}


def _wait_until_ready(port: int) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(f"http://{HOST}:{port}/healthz/ready", timeout=10).close()
            return
        time.sleep(0.2)
    raise RuntimeError("The portal did not become ready; its logs are in the bench's data directory.")
