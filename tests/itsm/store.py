"""A small store that speaks enough S3 over real HTTP for uploads: one bucket, objects in memory."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

BUCKET = "itsm-uploads"


class Store(ThreadingHTTPServer):
    """``objects``: content and moment by name; ``asked``: method and name of every request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.objects: dict[str, tuple[bytes, datetime]] = {}
        self.asked: list[tuple[str, str]] = []

    @property
    def address(self) -> str:
        """Its endpoint."""
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """PUT, GET, HEAD and DELETE of objects; GET of the bucket lists them by folder."""

    protocol_version = "HTTP/1.1"
    server: Store

    def do_PUT(self) -> None:
        """Keep an object."""
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.server.objects[self._name()] = body, datetime.now(UTC)
        self._answer(200, headers={"ETag": f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'})

    def do_DELETE(self) -> None:
        """Forget an object, as often as asked."""
        self.server.objects.pop(self._name(), None)
        self._answer(204)

    def do_HEAD(self) -> None:
        """What GET says, without the object."""
        self.do_GET()

    def do_GET(self) -> None:
        """Send an object, or list the bucket."""
        name = self._name()
        if not name:
            self._answer(200, self._listing(), {"Content-Type": "application/xml"})
            return
        if name not in self.server.objects:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>", {"Content-Type": "application/xml"})
            return
        body, at = self.server.objects[name]
        self._answer(200, body, {"Last-Modified": format_datetime(at, usegmt=True), "ETag": '"x"'})

    def _name(self) -> str:
        name = unquote(urlsplit(self.path).path).removeprefix(f"/{BUCKET}").lstrip("/")
        self.server.asked.append((self.command, name))
        return name

    def _listing(self) -> bytes:
        asked = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
        prefix = asked.get("prefix", "")
        below = [name.removeprefix(prefix) for name in sorted(self.server.objects) if name.startswith(prefix)]
        folders = dict.fromkeys(name.split("/")[0] + "/" for name in below if "/" in name)
        rows = "".join(f"<CommonPrefixes><Prefix>{escape(prefix + one)}</Prefix></CommonPrefixes>" for one in folders)
        files = "".join(f"<Contents><Key>{escape(prefix + one)}</Key></Contents>" for one in below if "/" not in one)
        return (
            f'<?xml version="1.0"?><ListBucketResult><Name>{BUCKET}</Name><Prefix>{escape(prefix)}</Prefix>'
            f"<IsTruncated>false</IsTruncated>{files}{rows}</ListBucketResult>"
        ).encode()

    def _answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def running_store() -> Iterator[Store]:
    """A store that answers until the end."""
    store = Store()
    threading.Thread(target=store.serve_forever, daemon=True).start()
    try:
        yield store
    finally:
        store.shutdown()
        store.server_close()
