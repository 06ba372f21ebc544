"""The embedded servers: real PostgreSQL and Redis processes in directories of their own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg2
import pytest
import redis

from itsm import embedded
from itsm.settings import BASE_DIR

pytestmark = [pytest.mark.req("ADM-02"), pytest.mark.slow]


def query(data_dir: Path, sql: str) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(embedded.database_url(data_dir))
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def running(server: embedded.Server) -> psutil.Process:
    process = server.process()
    assert process is not None
    return process


def test_data_survive_a_restart(data_dir: Path) -> None:
    server = embedded.Postgres(data_dir)
    assert server.start() is True
    query(data_dir, "CREATE TABLE kept AS SELECT 7 AS number")
    server.stop()
    assert server.process() is None

    server.start()

    assert query(data_dir, "SELECT number FROM kept") == [(7,)]


def test_start_is_durable_and_closed_to_the_network(data_dir: Path) -> None:
    embedded.Postgres(data_dir).start()

    shown = {
        name: query(data_dir, f"SHOW {name}")[0][0] for name in ("fsync", "synchronous_commit", "listen_addresses")
    }

    assert shown == {"fsync": "on", "synchronous_commit": "on", "listen_addresses": ""}
    assert (embedded.socket_dir(data_dir).stat().st_mode & 0o777) == 0o700


def test_second_start_finds_the_running_server(data_dir: Path) -> None:
    server = embedded.Postgres(data_dir, throwaway=True)
    server.start()
    process = running(server)

    assert embedded.Postgres(data_dir, throwaway=True).start() is False
    assert running(server) == process


def test_two_data_directories_do_not_meet(data_dir: Path) -> None:
    first, second = data_dir / "a", data_dir / "b"
    servers = [embedded.Postgres(path, throwaway=True) for path in (first, second)]
    try:
        for server in servers:
            server.start()
        query(first, "CREATE TABLE only_here (number int)")
        assert query(second, "SELECT count(*) FROM pg_tables WHERE tablename = 'only_here'") == [(0,)]
        servers[0].stop()
        assert query(second, "SELECT 1") == [(1,)]
    finally:
        for server in servers:
            server.stop()


def test_committed_data_survive_kill_9(data_dir: Path) -> None:
    server = embedded.Postgres(data_dir)
    server.start()
    query(data_dir, "CREATE TABLE kept AS SELECT 7 AS number")
    process = running(server)
    children = process.children()
    process.send_signal(signal.SIGKILL)
    process.wait()
    psutil.wait_procs(children, timeout=10)

    assert server.start() is True

    assert query(data_dir, "SELECT number FROM kept") == [(7,)]


def test_pid_file_naming_another_program_is_not_believed(data_dir: Path) -> None:
    server = embedded.Postgres(data_dir, throwaway=True)
    server.start()
    server.stop()
    pid_file = data_dir / "postgres" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{data_dir / 'postgres'}\n0\n5432\n{data_dir}\n\n0 0\nready\n")

    server.stop()  # must not end this very process
    assert server.start() is True

    assert query(data_dir, "SELECT 1") == [(1,)]


def test_locks_naming_another_living_server_are_not_believed(data_dir: Path) -> None:
    other, server = embedded.Postgres(data_dir / "other", throwaway=True), embedded.Postgres(data_dir, throwaway=True)
    try:
        other.start()
        server.start()
        server.stop()
        pid = running(other).pid
        for lock in (data_dir / "postgres" / "postmaster.pid", embedded.socket_dir(data_dir) / ".s.PGSQL.5432.lock"):
            lock.write_text(f"{pid}\n{data_dir / 'postgres'}\n0\n5432\n{data_dir}\n\n0 0\nready\n")

        assert server.start() is True
        assert running(server).pid != pid
        assert other.is_running()
    finally:
        other.stop()


def test_long_path_gets_sockets_elsewhere(data_dir: Path) -> None:
    deep = data_dir / ("long" * 20) / ("path" * 20)
    server = embedded.Postgres(deep, throwaway=True)
    try:
        server.start()
        assert query(deep, "SELECT 1") == [(1,)]
        assert not embedded.socket_dir(deep).is_relative_to(deep)
    finally:
        server.stop()
    assert not embedded.socket_dir(deep).exists()


def test_socket_directory_of_somebody_else_is_refused(data_dir: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    sockets = embedded.socket_dir(data_dir)
    sockets.mkdir()
    os.chown(sockets, 12345, 12345)

    with pytest.raises(embedded.EmbeddedError, match="belongs to somebody else"):
        embedded.Postgres(data_dir, throwaway=True).start()


def test_interrupted_first_start_is_repeated(data_dir: Path) -> None:
    (data_dir / "postgres.new" / "base").mkdir(parents=True)

    assert embedded.Postgres(data_dir, throwaway=True).start() is True
    assert query(data_dir, "SELECT 1") == [(1,)]


def test_redis_keeps_messages_over_a_restart(data_dir: Path) -> None:
    server = embedded.Redis(data_dir)
    server.start()
    redis.Redis.from_url(embedded.redis_url(data_dir)).lpush("queue", "nudge")
    server.stop()
    assert server.process() is None

    server.start()

    client = redis.Redis.from_url(embedded.redis_url(data_dir))
    assert client.lrange("queue", 0, -1) == [b"nudge"]
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


COMMAND = """
import sys
from itsm import embedded
with embedded.database_for_command(["manage.py", "shell"]):
    print(embedded.Postgres(embedded.data_dir()).process().pid, flush=True)
    sys.stdin.readline()
"""


def command(data_dir: Path) -> "subprocess.Popen[str]":
    """Start a command that holds the database until it gets a line."""
    env = os.environ | {"ITSM_DATA_DIR": str(data_dir)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-c", COMMAND], cwd=BASE_DIR, env=env, **pipes)  # type: ignore[call-overload]


def finish(process: "subprocess.Popen[str]") -> None:
    process.communicate("go\n", timeout=30)
    assert process.returncode == 0


def test_command_starts_the_database_and_the_last_one_stops_it(data_dir: Path) -> None:
    first = command(data_dir)
    assert first.stdout is not None
    pid = int(first.stdout.readline())
    second = command(data_dir)
    assert second.stdout is not None
    assert int(second.stdout.readline()) == pid

    finish(first)
    assert embedded.Postgres(data_dir).is_running()
    finish(second)
    assert embedded.Postgres(data_dir).process() is None


def test_command_leaves_the_portals_database_running(data_dir: Path) -> None:
    server = embedded.Postgres(data_dir)
    with embedded.in_use(data_dir):
        server.start()
        finish(command(data_dir))
        assert server.is_running()
