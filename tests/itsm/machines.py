"""Two machines as the administrator's guide has them: its programs, its commands, its proxy."""

from __future__ import annotations

import http.client
import os
import re
import shlex
import shutil
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from django.conf import settings

from itsm.embedded.redis import _redis_program
from tests.notifications.servers import free_port

HOST = "itsm.example.com"
GUIDE = settings.BASE_DIR / "docs" / "administration.md"
#: A row of the guide's table of programs: the command, and the name of its process where it has one.
PROGRAM = re.compile(r"^\| `([^`]+)`(?: with `ITSM_PROCESS=(\w+)`)? \| (.+?) \|", re.MULTILINE)
#: Nothing of a server that is killed answers for longer.
UNTIL_READY, UNTIL_ENDED = 400, 20


def programs() -> list[tuple[list[str], str, str]]:
    """What the guide has run: command, name of the process, how many."""
    section = GUIDE.read_text().split("| program |")[1]
    found = [(shlex.split(command), name, many) for command, name, many in PROGRAM.findall(section.split("\n\n")[0])]
    assert [many for _command, _name, many in found].count("one per machine") == 2, found
    return found


def run_command(given: dict[str, str], words: str) -> subprocess.Popen[str]:
    """A command of the guide, begun."""
    assert f"    manage.py {words.split(' --')[0]}" in GUIDE.read_text()
    command = [sys.executable, "manage.py", *words.split()]
    streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(command, cwd=settings.BASE_DIR, env=given, **streams)


class Machine:
    """One machine: it runs ``commands``, each a process of its own."""

    def __init__(self, given: dict[str, str], logs: Path) -> None:
        self.port, self.live_port, self.logs = free_port(), free_port(), logs
        self.given = given | {"PORT": str(self.port), "WEB_WORKERS": "1"}
        self.processes: list[subprocess.Popen[bytes]] = []
        logs.mkdir()

    def start(self, command: list[str], name: str) -> None:
        """Begin one of the guide's programs."""
        words = [self._port(word) for word in command]
        words += [f"--schedule={self.logs / 'schedule'}"] * (words[-1] == "beat")  # else it lies where it was started
        words = [sys.executable, *words] if words[0].endswith(".py") else [sys.executable, "-m", *words]
        with (self.logs / f"{len(self.processes)}.log").open("wb") as log:
            env = self.given | ({"ITSM_PROCESS": name} if name else {})
            streams: dict[str, Any] = {"stdout": log, "stderr": subprocess.STDOUT, "start_new_session": True}
            self.processes.append(subprocess.Popen(words, cwd=settings.BASE_DIR, env=env, **streams))

    def _port(self, word: str) -> str:
        return str(self.live_port) if word == "8001" else word

    def kill(self) -> None:
        """Everything on it is gone at once, as when power fails."""
        for process in self.processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process.wait(UNTIL_ENDED)

    def said(self) -> str:
        """The ends of its logs."""
        return "\n".join(log.read_text()[-2000:] for log in sorted(self.logs.glob("*.log")))


def answer(port: int, path: str, **headers: str) -> int:
    """What a web server says without the proxy. 0: nothing."""
    with suppress(OSError):
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": HOST, **headers})
        try:
            return int(urllib.request.urlopen(request, timeout=10).status)  # noqa: S310 - our own address
        except urllib.error.HTTPError as error:
            return error.code
    return 0


def wait_until(is_so: Callable[[], bool], otherwise: Callable[[], str]) -> None:
    """Wait for what has to become true. Raises AssertionError."""
    until = time.monotonic() + UNTIL_READY
    while not is_so():
        assert time.monotonic() < until, otherwise()
        time.sleep(0.5)


@contextmanager
def redis_by_password(folder: Path) -> Iterator[str]:
    """The address of a Redis over TCP with a password: the distribution's where there is one."""
    path = os.pathsep.join(one for one in os.environ["PATH"].split(os.pathsep) if ".venv" not in one)
    program, port = shutil.which("redis-server", path=path) or _redis_program(), free_port()
    words = ("--port", str(port), "--bind", "127.0.0.1", "--requirepass", "secret-redis", "--dir", str(folder))
    with subprocess.Popen([program, *words], stdout=subprocess.DEVNULL) as server:
        yield f"redis://:secret-redis@127.0.0.1:{port}/0"
        server.terminate()


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of its own for ``HOST``, and its key."""
    made, key = folder / "itsm.crt", folder / "itsm.key"
    words = ("-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}", "-out", str(made))
    subprocess.run(["openssl", "req", *words, "-keyout", str(key)], check=True, capture_output=True)  # noqa: S607
    return made, key


@contextmanager
def proxy(machines: list[Machine], folder: Path) -> Iterator[int]:
    """The guide's server block in nginx; where there is none, a small proxy that does what it says. The port."""
    program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    with (nginx if program else small)(machines, folder, program or "") as port:
        yield port


def nginx_block(machines: list[Machine], port: int, made: Path, key: Path) -> str:
    """The block as it stands in the guide, with the addresses of this machine."""
    block = GUIDE.read_text().split("### The proxy")[1].split("### ")[0]
    block = "\n".join(line[4:] for line in block.splitlines() if line.startswith("    "))
    for number, machine in enumerate(machines, 1):
        for theirs, ours in ((8000, machine.port), (8001, machine.live_port)):
            assert f"10.0.0.{number}:{theirs}" in block
            block = block.replace(f"10.0.0.{number}:{theirs}", f"127.0.0.1:{ours}")
    block = block.replace("/etc/ssl/itsm.crt", str(made)).replace("/etc/ssl/itsm.key", str(key))
    return block.replace("listen 443 ", f"listen 127.0.0.1:{port} ")


@contextmanager
def nginx(machines: list[Machine], folder: Path, program: str) -> Iterator[int]:
    """nginx with the guide's block and nothing else."""
    port = free_port()
    places = "".join(
        f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;\nevents {{}}\n"
        f"http {{ access_log off; {places}{nginx_block(machines, port, *certificate(folder))} }}\n"
    )
    with subprocess.Popen([program, "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL) as server:
        yield port
        server.terminate()


class Small(ThreadingHTTPServer):
    """Takes turns between machines; what one that is gone did not answer, the next does."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, ports: list[int]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.ports, self.turn = ports, 0


class Handler(BaseHTTPRequestHandler):
    """One connection, one request."""

    server: Small

    def do_GET(self) -> None:
        """Hand it on."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        named = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7", "Connection": "close"}
        self.server.turn += 1
        turn = self.server.turn
        for port in [*self.server.ports[turn % 2 :], *self.server.ports[: turn % 2]]:
            with suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
                connection.request(self.command, self.path, body or None, {**dict(self.headers.items()), **named})
                found = connection.getresponse()
                self._answer(found, found.read())
                return
        self.send_error(502)

    do_POST = do_GET  # noqa: N815 - the library's own way of naming

    def _answer(self, found: http.client.HTTPResponse, body: bytes) -> None:
        self.send_response(found.status)
        for name, value in found.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def small(machines: list[Machine], folder: Path, program: str) -> Iterator[int]:
    """A proxy with https for machines without nginx."""
    server = Small([machine.port for machine in machines])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(folder))
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
