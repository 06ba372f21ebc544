"""Servers that notices are sent to, and people who get them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.notifications.servers import Mailbox, Program, http_server, smtp_server
from tests.pages.conftest import browse

__all__ = ["browse"]


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    """The mail server of the portal."""
    with smtp_server() as box:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
        yield box


@pytest.fixture
def program(settings: Any) -> Iterator[Program]:
    """A program outside that takes posts. It lives on this machine, which operators have to allow."""
    settings.OUTBOUND_HTTP = True
    settings.OUTBOUND_PRIVATE_HOSTS = ["127.0.0.1"]
    settings.CHAT_HOSTS = {kind: ["127.0.0.1"] for kind in ("wecom", "dingtalk", "feishu")}
    with http_server() as found:
        yield found
