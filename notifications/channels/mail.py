"""E-mail, step by step: the phase in which SMTP fails decides whether the mail may have arrived."""

from __future__ import annotations

import hashlib
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.storage import default_storage

from notifications.channels import headers
from notifications.channels.letter import page_of
from notifications.channels.outgoing import DEFINITE, PERMANENT, SENT, UNCERTAIN, Outgoing, Result

#: One step waits so long, a mail altogether so long.
STEP_SECONDS, TOTAL_SECONDS = 10, 15
#: A kept connection that rested longer is not trusted.
KEPT_SECONDS = 20
#: Replies to RCPT that will not change by trying again: no such mailbox, moved, not allowed as a name.
UNKNOWN_RECIPIENT = {550, 551, 553}
OK_RCPT = {250, 251}
READY_FOR_TEXT, ACCEPTED = 354, 250

_kept = threading.local()


class Refusal(Exception):  # noqa: N818 - what the server said
    """The server answered and does not take the mail."""

    def __init__(self, code: int, text: bytes, *, permanent: bool = False) -> None:
        super().__init__(f"{code} {text.decode(errors='replace')}"[:300])
        self.permanent = permanent


def message_id(key: str) -> str:
    """The identification of a mail or a thread of mails, at the portal's own host."""
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    return f"<{key}@{host if host.isascii() else host.encode('idna').decode('ascii')}>"


def compose(outgoing: Outgoing) -> bytes:
    """The mail as bytes; the same for every try. Raises BadHeader when the reader's address is none."""
    kept = outgoing.rendered
    language, text = kept.get("language", ""), str(kept["text"])
    lines = [
        headers.address("From", *reversed(headers.parted(settings.DEFAULT_FROM_EMAIL))),
        headers.address("To", outgoing.to),
        headers.header("Subject", kept["subject"]),
        headers.exact("Date", kept["date"]),
        headers.exact("Message-ID", outgoing.message_id),
        *([headers.exact("References", kept["thread"])] if kept.get("thread") else []),
        headers.exact("Auto-Submitted", "auto-generated"),
        headers.exact("X-Auto-Response-Suppress", "All"),
        headers.header("X-ITSM-Instance", settings.SITE_URL),
        *([headers.exact("X-Priority", "1"), headers.exact("Importance", "high")] if kept.get("urgent") else []),
        *([headers.exact("Content-Language", language)] if language else []),
    ]
    page = page_of(kept["subject"], text, language)
    return b"".join([*lines, _body(text, page, key=outgoing.message_id, attached=kept.get("attachment"))])


def _body(text: str, page: str, *, key: str, attached: Mapping[str, str] | None = None) -> bytes:
    """``text`` and ``page`` as two forms of one content, each in base64: nothing of it is read as a header.

    The boundary follows from ``key``, so that every try is the same. ``attached``: name, type and place of a file in
    the store of uploads. Raises OSError when it is not there.
    """
    mail = EmailMessage(policy=SMTP)
    mail.set_content(headers.readable(text), cte="base64")
    mail.add_alternative(headers.readable(page), subtype="html", cte="base64")
    digest = hashlib.sha256(key.encode()).hexdigest()[:32]
    mail.set_boundary(f"part-{digest}")
    if attached:
        with default_storage.open(attached["file"]) as file:
            content = file.read()
        main, _slash, sub = attached["type"].partition(";")[0].partition("/")
        mail.add_attachment(content, maintype=main, subtype=sub, filename=headers.tidy(attached["name"]))
        mail.set_boundary(f"whole-{digest}")
    return mail.as_bytes()


class Watch:
    """Cuts the line when a mail has taken its time: a lease must not end while somebody still sends."""

    def __init__(self) -> None:
        self.server: smtplib.SMTP | None = None
        self.over = False
        self._timer = threading.Timer(TOTAL_SECONDS, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Watch:
        self._timer.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._timer.cancel()

    def check(self) -> None:
        """Raise TimeoutError when there is no time left."""
        if self.over:
            raise TimeoutError(f"no answer within {TOTAL_SECONDS} s")

    def _cut(self) -> None:
        self.over = True
        with suppress(OSError, AttributeError):
            self.server.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]


class Server(smtplib.SMTP):
    """A connection that its watch knows from the first moment on."""

    def __init__(self, watch: Watch) -> None:
        watch.server = self
        super().__init__(settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=STEP_SECONDS)


def send(outgoing: Outgoing) -> Result:
    """Hand the mail over, or give up after ``TOTAL_SECONDS``. Never raises for what network or server do."""
    try:
        to = headers.plain_mailbox(outgoing.to)
    except headers.BadHeader as error:
        return Result(PERMANENT, str(error))
    with Watch() as watch:
        try:
            content = smtplib._fix_eols(compose(outgoing).decode("ascii")).encode("ascii")  # type: ignore[attr-defined]
            server = _ready_connection(to, watch)
            watch.check()
        except Refusal as refusal:
            return Result(PERMANENT if refusal.permanent else DEFINITE, str(refusal))
        except (OSError, smtplib.SMTPException, ssl.SSLError, ValueError) as error:
            _drop()
            return Result(DEFINITE, _said(error))
        return _transmit(server, content)


def _ready_connection(to: str, watch: Watch) -> smtplib.SMTP:
    """A connection on which MAIL and RCPT are accepted. A kept one that died is replaced: nothing was sent on it."""
    server = watch.server = _take_kept()
    if server is not None:
        try:
            _envelope(server, to)
        except (OSError, smtplib.SMTPServerDisconnected):
            _drop()
            watch.check()
        else:
            return server
    server = _connect(watch)
    _keep(server)
    _envelope(server, to)
    return server


def _connect(watch: Watch) -> smtplib.SMTP:
    server = Server(watch)
    try:
        server.ehlo_or_helo_if_needed()
        if settings.EMAIL_USE_TLS:
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        if settings.EMAIL_HOST_USER:
            server.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
    except BaseException:
        server.close()
        raise
    return server


def _envelope(server: smtplib.SMTP, to: str) -> None:
    """MAIL and RCPT. Raises Refusal; after one the connection is ready for another mail."""
    code, text = server.mail(headers.plain_mailbox(headers.parted(settings.DEFAULT_FROM_EMAIL)[1]))
    if code != ACCEPTED:
        _reset(server)
        raise Refusal(code, text)
    code, text = server.rcpt(to)
    if code not in OK_RCPT:
        _reset(server)
        raise Refusal(code, text, permanent=code in UNKNOWN_RECIPIENT)


def _reset(server: smtplib.SMTP) -> None:
    with suppress(OSError, smtplib.SMTPException):
        server.rset()


def _transmit(server: smtplib.SMTP, content: bytes) -> Result:
    """DATA. Up to the final dot every failure is certain; after it, only an answer is."""
    dotted = False
    try:
        code, text = server.docmd("DATA")
        if code != READY_FOR_TEXT:
            _reset(server)
            return Result(DEFINITE, str(Refusal(code, text)))
        server.send(_stuffed(content))
        dotted = True
        server.send(b".\r\n")
        code, text = server.getreply()
    except (OSError, smtplib.SMTPException) as error:
        _drop()
        return Result(UNCERTAIN if dotted else DEFINITE, _said(error))
    return Result(SENT) if code == ACCEPTED else Result(DEFINITE, str(Refusal(code, text)))


def _stuffed(content: bytes) -> bytes:
    """Lines that begin with a dot get a second one; the text ends with a line end."""
    lines = [b"." + line if line.startswith(b".") else line for line in content.split(b"\r\n")]
    text = b"\r\n".join(lines)
    return text if text.endswith(b"\r\n") else text + b"\r\n"


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]


# --- A connection for each thread -----------------------------------------------------------------------------------


def _keep(server: smtplib.SMTP) -> None:
    _kept.server, _kept.address = server, _server_address()
    _kept.at = time.monotonic()


def _take_kept() -> smtplib.SMTP | None:
    server = getattr(_kept, "server", None)
    fresh = server is not None and time.monotonic() - _kept.at < KEPT_SECONDS
    if server is not None and (not fresh or _kept.address != _server_address() or server.sock is None):
        _drop()
        return None
    if server is not None:
        _kept.at = time.monotonic()
    return server


def _server_address() -> tuple[str, int]:
    return settings.EMAIL_HOST, settings.EMAIL_PORT


def _drop() -> None:
    """Forget the thread's connection."""
    server = getattr(_kept, "server", None)
    _kept.server = None
    if server is not None:
        server.close()
