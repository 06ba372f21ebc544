"""The live process as it runs, and a client that reads its streams."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.test import Client

from accounts.models import User
from tests.elsewhere import environment_on

#: Generous: machines may be slow. That it takes less than five seconds is for the bench to show.
PATIENCE = 30.0
HOST = "127.0.0.1"


def free_port() -> int:
    """A port that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def live_process(port: int, base: dict[str, Any], **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """``manage.py live`` on the database that ``base`` describes, until the block ends."""
    address = f"postgresql://{base['USER']}@/{base['NAME']}?host={base['HOST']}"
    environment = os.environ | environment_on(address) | {"ITSM_PROCESS": "live", **more}
    command = [sys.executable, "manage.py", "live", "--port", str(port)]
    process = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment)
    try:
        wait_until(lambda: status_of(port, "/live/health") == 200)
        yield process
    finally:
        process.terminate()
        process.wait(15)


def wait_until(true: Callable[[], bool]) -> None:
    """Wait patiently. Raises AssertionError when it never comes true."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("It never came true.")


def cookie_of(user: User) -> str:
    """The cookie of a new session of ``user``."""
    client = Client()
    client.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def status_of(port: int, path: str, method: str = "GET", **headers: str) -> int:
    """The status of an answer; 0 when nobody answers."""
    try:
        wire = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)
        wire.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        return wire.getresponse().status
    except OSError:
        return 0
    finally:
        wire.close()


class Stream:
    """An open page of ``user``."""

    def __init__(self, port: int, user: User, **look: str) -> None:
        self.port, self.cookie = port, cookie_of(user)
        self.wire = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)
        self.wire.request("GET", f"/live/?{urlencode(look)}", headers={"Cookie": self.cookie})
        self.response = self.wire.getresponse()
        assert self.response.status == 200
        self.hello = self.next()
        self.seen: list[dict[str, Any]] = [self.hello]

    def next(self) -> dict[str, Any]:
        """The next message. Raises TimeoutError when none comes."""
        while line := self.response.readline():
            if line.startswith(b"data: "):
                found: dict[str, Any] = json.loads(line.removeprefix(b"data: "))
                return found
        raise EOFError

    def until(self, wanted: Callable[[dict[str, Any]], Any]) -> Any:
        """What ``wanted`` finds in the first message in which it finds something."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            message = self.next()
            self.seen.append(message)
            if found := wanted(message):
                return found
        raise AssertionError(f"Never told. Told was: {self.seen}")

    def turn(self, **look: str) -> int:
        """Say that the page shows something else."""
        wire = http.client.HTTPConnection(HOST, self.port, timeout=PATIENCE)
        wire.request("POST", "/live/turn", urlencode({"page": self.hello["page"], **look}), {"Cookie": self.cookie})
        status = wire.getresponse().status
        wire.close()
        return status

    def close(self) -> None:
        """Hang up, as a closed tab does."""
        self.response.close()
        self.wire.close()


def line_of(ticket: Any) -> Callable[[dict[str, Any]], Any]:
    """Finds the ticket's line in a message."""
    return lambda message: next((row for row in message.get("rows", ()) if row["number"] == ticket.number), None)
