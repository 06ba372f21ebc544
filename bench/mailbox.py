"""A real SMTP server for measurements: it takes every mail and remembers what it took."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any

from aiosmtpd.controller import Controller

from itsm.run.supervisor import free_port

HOST = "127.0.0.1"


@dataclass
class Taken:
    """The identifications of the messages that the server took, in order of arrival."""

    port: int
    ids: list[str] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Take it."""
        self.ids.append(str(message_from_bytes(envelope.content)["Message-ID"]))
        return "250 taken"

    @property
    def environment(self) -> dict[str, str]:
        """What a portal needs to send its mails here."""
        return {"EMAIL_HOST": HOST, "EMAIL_PORT": str(self.port)}

    @property
    def doubled(self) -> int:
        """How many messages came once more."""
        return len(self.ids) - len(set(self.ids))


@contextmanager
def mail_server() -> Iterator[Taken]:
    """An SMTP server on a port of its own."""
    taken = Taken(free_port(HOST))
    controller = Controller(taken, hostname=HOST, port=taken.port)
    controller.start()
    try:
        yield taken
    finally:
        controller.stop()
