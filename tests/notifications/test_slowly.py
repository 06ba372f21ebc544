"""Servers that answer a little at a time: a try is over after a fixed time, whatever the other side does."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from notifications.channels import mail
from notifications.channels.outgoing import DEFINITE, Outgoing
from notifications.sending import outbound

pytestmark = pytest.mark.req("NTF-03")

MAIL = Outgoing(
    "1", "email", "a@example.com", "<1@x>", {"subject": "?", "text": "?", "date": "Mon, 1 Jan 2026 00:00:00 +0000"}
)


@contextmanager
def server(speak: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that says to whoever calls what ``speak`` says; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                line, _peer = listening.accept()
                with line:
                    speak(line)

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]


def slow_smtp(heard: list[bytes]) -> Callable[[socket.socket], None]:
    """Answers every step of SMTP, each after a while; notes what it was told."""

    def speak(line: socket.socket) -> None:
        line.sendall(b"220 hello\r\n")
        while said := line.recv(10_000):
            heard.append(said)
            time.sleep(0.4)
            line.sendall(b"354 go on\r\n" if said.startswith(b"DATA") else b"250 ok\r\n")

    return speak


def drip(line: socket.socket) -> None:
    """Begins the answer of TLS and goes on with a byte now and then, for as long as anybody listens."""
    line.recv(10_000)
    line.sendall(b"\x16\x03\x03\x40\x00")
    while True:
        time.sleep(0.1)
        line.sendall(b"\x00")


@pytest.mark.slow
def test_a_mail_server_that_takes_its_time_gets_no_more_than_a_try_may_take(settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(mail, "TOTAL_SECONDS", 1)
    settings.EMAIL_HOST = "127.0.0.1"
    heard: list[bytes] = []
    with server(slow_smtp(heard)) as settings.EMAIL_PORT:
        result = mail.send(MAIL)

    assert (result.kind, heard != []) == (DEFINITE, True)
    assert not any(said.startswith(b"DATA") for said in heard)


@pytest.mark.slow
@pytest.mark.req("ADM-03")
def test_a_handshake_that_never_ends_is_cut(settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(outbound, "TOTAL_SECONDS", 1)
    with server(drip) as port:
        settings.OUTBOUND_PRIVATE_HOSTS = ["127.0.0.1"]
        with pytest.raises(outbound.NotSent):
            outbound.post(f"https://127.0.0.1:{port}/", b"{}", {})


def test_addresses_of_a_site_are_not_public() -> None:
    assert not outbound.is_public(ipaddress.ip_address("fec0::1"))
