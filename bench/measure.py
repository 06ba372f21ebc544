"""One process per database: sends requests through Django, times them, counts and explains their SQL."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from bench import plans
from bench.subjects import BY_KEY
from bench.timing import WARM_UP
from bench.world import World


class Measurer:
    """Answers the parent's questions about one database."""

    def __init__(self) -> None:
        self.world = World()

    def handlers(self) -> dict[str, Callable[..., Any]]:
        """What the parent may ask."""
        return {
            "check": self.check,
            "once": self.once,
            "explain": self.explain,
            "requests": self.requests,
            "credentials": self.world.credentials,
        }

    def check(self, key: str, warm_up: int = WARM_UP) -> dict[str, Any]:
        """Warm up, then say what one request answers and how many statements it takes."""
        subject = BY_KEY[key]
        response = self.world.send(subject.request(self.world))
        if response.status_code not in subject.statuses:
            return {"status": response.status_code, "text": response.content[:300].decode(errors="replace")}
        for _ in range(warm_up):
            self.world.send(subject.request(self.world))
        request = subject.request(self.world)
        with plans.counting() as counter:
            response = self.world.send(request)
        gc.collect()
        return {
            "status": response.status_code,
            "statements": counter.statements,
            "sql_ms": counter.seconds * 1000,
            "bytes": len(response.content),
        }

    def once(self, key: str) -> float:
        """Return the milliseconds of one request; what prepares it is not counted."""
        request = BY_KEY[key].request(self.world)
        began = time.perf_counter()
        response = self.world.send(request)
        spent = time.perf_counter() - began
        if response.status_code not in BY_KEY[key].statuses:
            raise RuntimeError(f"{request.path} answered {response.status_code}.")
        return spent * 1000

    def explain(self, key: str) -> list[dict[str, Any]]:
        """Explain every statement of one request while it runs."""
        request = BY_KEY[key].request(self.world)
        with plans.explaining() as found:
            self.world.send(request)
        return [asdict(plan) for plan in found]

    def requests(self, key: str, count: int) -> list[dict[str, Any]]:
        """Requests for clients on the network."""
        return [asdict(BY_KEY[key].request(self.world)) for _ in range(count)]


def handlers() -> dict[str, Callable[..., Any]]:
    """What the parent asks: see ``bench.child``."""
    return Measurer().handlers()
