"""Ten people at work for a minute: what each kind of request takes while the others are at it too."""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections.abc import Mapping
from typing import Any

from bench.network import HOST, send
from bench.timing import percentile

#: What a person does next, by weight: looks at queues, opens tickets, writes, registers, searches.
WEIGHTS = {"queue_pane": 20, "ticket_pane": 40, "search_some": 8, "filtered": 8, "home": 4, "note": 12, "create": 8}
#: Seconds between two clicks of somebody in a hurry.
PAUSE = (0.4, 1.6)


class Person(threading.Thread):
    """Works until told to stop, and remembers what each click took."""

    def __init__(
        self, number: int, port: int, asked: Mapping[str, list[dict[str, Any]]], credentials: Any, until: float
    ) -> None:
        super().__init__(daemon=True)
        self.random = random.Random(number)  # noqa: S311  (a mix, not a secret)
        self.asked, self.credentials, self.until = asked, credentials, until
        self.connection = http.client.HTTPConnection(HOST, port, timeout=60)
        self.times: list[tuple[str, float]] = []
        self.failures: list[tuple[str, int]] = []

    def run(self) -> None:
        """Click, wait, click."""
        keys = list(self.asked)
        weights = [WEIGHTS[key] for key in keys]
        while time.monotonic() < self.until:
            time.sleep(self.random.uniform(*PAUSE))
            [key] = self.random.choices(keys, weights)
            request = self.random.choice(self.asked[key])
            began = time.perf_counter()
            status = send(self.connection, request, self.credentials[request["who"]])
            self.times.append((key, (time.perf_counter() - began) * 1000))
            if status >= 300:
                self.failures.append((key, status))
        self.connection.close()


def work_together(
    port: int,
    asked: Mapping[str, list[dict[str, Any]]],
    credentials: Mapping[str, dict[str, str]],
    people: int,
    seconds: int,
) -> dict[str, Any]:
    """Let ``people`` work for ``seconds``; return milliseconds by kind of request and over all, and failures."""
    until = time.monotonic() + seconds
    crowd = [Person(number, port, asked, credentials, until) for number in range(people)]
    for person in crowd:
        person.start()
    for person in crowd:
        person.join()
    times = [spent for person in crowd for spent in person.times]
    kinds = sorted({key for key, _ in times})
    return {
        "people": people,
        "seconds": seconds,
        "all": _spread([spent for _, spent in times]),
        "by_kind": {key: _spread([spent for kind, spent in times if kind == key]) for key in kinds},
        "failures": [failure for person in crowd for failure in person.failures],
    }


def _spread(times: list[float]) -> dict[str, float]:
    return {"count": len(times), **{f"p{part}_ms": round(percentile(times, part), 1) for part in (50, 95, 99)}}
