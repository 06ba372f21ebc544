"""The engine's drivers as processes of their own, ended by their number whatever a test does."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from tests.elsewhere import environment_on

CELERY = [sys.executable, "-m", "celery"]
WORKER = [*CELERY, "--app=itsm.celery", "worker", "--queues=engine", "--pool=solo", "--hostname=test@%h",
          "--without-mingle", "--without-gossip", "--loglevel=WARNING"]  # fmt: skip
BEAT = [*CELERY, "--app=itsm.celery", "beat", "--loglevel=WARNING", "--pidfile="]
ENGINE = [sys.executable, "manage.py", "engine"]


def database_url(name: str = "", sockets: Path | None = None) -> str:
    """The address of this test's database, or of another server's."""
    given = connection.settings_dict
    host = str(sockets or given["HOST"] or given["OPTIONS"].get("host", ""))
    return f"postgresql://{given['USER'] or 'postgres'}@/{name or given['NAME']}?host={quote(host)}"


@contextmanager
def program(command: list[str], **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``command`` on this test's database, or on that of ``environment``."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    given = environment_on(database_url()) | {"CELERY_SKIP_CHECKS": "1"}
    quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=settings.BASE_DIR, env=inherited | given | environment, **quiet)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until(true: Callable[[], Any], what: str, seconds: float = 60) -> None:
    """Wait until ``true``. Fails with ``what`` after ``seconds``."""
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, what
        time.sleep(0.1)
