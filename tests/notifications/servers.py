"""A real SMTP server and a real HTTP server for tests, which do what a test tells them to."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller


@dataclass
class Mailbox:
    """What the SMTP server took in, and how it behaves.

    ``refuse``: address -> reply to RCPT; ``hang_after_dot``: seconds to wait before answering the final dot, and then
    keep the mail; ``drop_after_dot``: keep the mail and cut the line; ``reply``: the answer to the final dot.
    """

    mails: list[EmailMessage] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    hang_after_dot: float = 0
    reply: str = ""
    port: int = 0

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        """Take or refuse a recipient."""
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Take the mail, late or not at all."""
        if self.reply:
            return self.reply
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        if self.hang_after_dot:
            await asyncio.sleep(self.hang_after_dot)
        return "250 taken"

    @property
    def ids(self) -> list[str]:
        """Identifications of the mails, in order of arrival."""
        return [str(mail["Message-ID"]) for mail in self.mails]


def said(mail: EmailMessage) -> str:
    """The plain text of ``mail``, beside which the HTML says the same."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def smtp_server() -> Iterator[Mailbox]:
    """An SMTP server on a port of its own."""
    box = Mailbox(port=free_port())
    controller = Controller(box, hostname="127.0.0.1", port=box.port, data_size_limit=10_000_000)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


@dataclass
class Posted:
    """A request that arrived."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


@dataclass
class Program:
    """What the HTTP server took in, and what it answers: status, body, after how many seconds."""

    posts: list[Posted] = field(default_factory=list)
    status: int = 200
    answer: str = '{"errcode": 0, "code": 0}'
    wait: float = 0
    port: int = 0
    most_at_once: int = 0
    _running: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook"

    def enter(self) -> None:
        """A request came."""
        with self._lock:
            self._running += 1
            self.most_at_once = max(self.most_at_once, self._running)

    def leave(self) -> None:
        """A request is answered."""
        with self._lock:
            self._running -= 1


def _handler(program: Program) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            program.posts.append(Posted(self.path, headers, body, time.monotonic()))
            program.enter()
            time.sleep(program.wait)
            program.leave()
            self.send_response(program.status)
            if program.status in (301, 302):
                self.send_header("Location", f"http://127.0.0.1:{program.port}/elsewhere")
            self.end_headers()
            self.wfile.write(program.answer.encode())

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def http_server() -> Iterator[Program]:
    """An HTTP server on a port of its own."""
    program = Program()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(program))
    server.daemon_threads = True
    program.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield program
    finally:
        server.shutdown()
        server.server_close()
