"""``make run`` as a whole: real processes on a free port with data of their own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest
from django.conf import settings

from itsm.embedded import Redis
from itsm.run import supervisor
from itsm.run.programs import PROGRAMS, REVIVED
from tests import migrated

pytestmark = [pytest.mark.req("ADM-02"), pytest.mark.slow]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def portal(data_dir: Path, port: int, *, anew: bool = False) -> Iterator["subprocess.Popen[str]"]:
    """Start a portal without demo data; whatever the test does, nothing of it stays.

    ``anew``: with no database yet, as a newcomer does; else with a migrated one, which is faster.
    """
    if not anew and not (data_dir / "postgres").exists():
        migrated.provide(data_dir)
    env = os.environ | {"ITSM_DATA_DIR": str(data_dir), "PORT": str(port), "SECRET_KEY": "k" * 50, "ITSM_HTTPS": "0"}
    env |= {"ITSM_DEMO": "0", "DJANGO_SETTINGS_MODULE": "itsm.settings"}
    process = subprocess.Popen(
        [sys.executable, "manage.py", "run"],
        cwd=settings.BASE_DIR,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)


def read_until(process: "subprocess.Popen[str]", words: str) -> str:
    text = ""
    assert process.stdout is not None
    for line in process.stdout:
        text += line
        if words in line:
            return text
    raise AssertionError(f"{words!r} never came:\n{text}")


def processes_of(data_dir: Path, process: "subprocess.Popen[str]") -> list[psutil.Process]:
    pids = [int((data_dir / name).read_text().split()[0]) for name in ("postgres/postmaster.pid", "redis/redis.pid")]
    return [*psutil.Process(process.pid).children(recursive=True), *map(psutil.Process, pids)]


def test_portal_serves_and_ends_completely(data_dir: Path) -> None:
    port = free_port()
    with portal(data_dir, port, anew=True) as process:
        read_until(process, "Ready after")
        assert urlopen(f"http://127.0.0.1:{port}/healthz/ready").status == 200
        everything = processes_of(data_dir, process)
        assert len(everything) >= 6  # web and a worker of it, worker, beat, PostgreSQL, Redis

        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)

        assert process.returncode == 0
        assert [left for left in everything if left.is_running() and left.status() != psutil.STATUS_ZOMBIE] == []


def test_death_of_a_program_ends_the_portal_with_its_name(data_dir: Path) -> None:
    with portal(data_dir, free_port()) as process:
        read_until(process, "Ready after")
        programs(process)["web"].kill()

        text, _ = process.communicate(timeout=60)

        assert process.returncode == 1
        assert "web has ended by itself (code -9)" in text


@pytest.mark.req("SLM-06")
def test_redis_comes_back_and_nothing_else_notices(data_dir: Path) -> None:
    port = free_port()
    with portal(data_dir, port) as process:
        read_until(process, "Ready after")
        before = {name: program.pid for name, program in programs(process).items()}
        killed = psutil.Process(int((data_dir / "redis/redis.pid").read_text()))
        killed.kill()
        read_until(process, "redis has ended by itself; starting it again")

        assert urlopen(f"http://127.0.0.1:{port}/healthz/ready").status == 200
        until = time.monotonic() + 30
        while not Redis(data_dir).is_running() and time.monotonic() < until:
            time.sleep(0.1)
        assert Redis(data_dir).is_running()
        assert {name: program.pid for name, program in programs(process).items()} == before
        assert process.poll() is None


@pytest.mark.req("SLM-06")
def test_everything_else_comes_back(data_dir: Path) -> None:
    with portal(data_dir, free_port()) as process:
        read_until(process, "Ready after")
        before = programs(process)
        assert set(before) == set(PROGRAMS)
        for name in REVIVED:
            before[name].kill()
            before[name].wait(10)

        until = time.monotonic() + 60
        while set(now := programs(process)) != set(before) and time.monotonic() < until:
            time.sleep(0.2)

        same = {name for name, program in now.items() if program.pid == before[name].pid}
        assert (set(now), same) == (set(before), {"web"})
        assert process.poll() is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_death_of_what_started_the_programs_leaves_none_behind(data_dir: Path, number: signal.Signals) -> None:
    with portal(data_dir, free_port()) as process:
        read_until(process, "Ready after")
        [parent] = psutil.Process(process.pid).children()
        everything = [parent, *parent.children(recursive=True)]

        parent.send_signal(number)

        text, _ = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "The programs have ended by themselves" in text
        _gone, left = psutil.wait_procs(everything, timeout=20)
        assert left == []


def test_programs_share_what_they_load(data_dir: Path) -> None:
    with portal(data_dir, free_port()) as process:
        read_until(process, "Ready after")
        for program in programs(process).values():
            memory = program.memory_full_info()
            assert memory.pss < memory.rss / 2, program.name()


def programs(process: "subprocess.Popen[str]") -> dict[str, psutil.Process]:
    [parent] = psutil.Process(process.pid).children()
    return {child.name().removeprefix("itsm-"): child for child in parent.children()}


def test_taken_port_is_refused_before_anything_starts(data_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with portal(data_dir, port, anew=True) as process:
            text, _ = process.communicate(timeout=60)

    assert process.returncode == 1
    assert f"Choose another one:  make run PORT={port + 1}" in text
    assert list(data_dir.iterdir()) == []


def test_second_portal_on_the_same_data_is_refused(data_dir: Path) -> None:
    with supervisor._only_portal(data_dir), portal(data_dir, free_port()) as process:
        text, _ = process.communicate(timeout=60)

    assert process.returncode == 1
    assert "runs already" in text
