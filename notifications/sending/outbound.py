"""The one HTTP client with which the portal posts to addresses that people typed in (reliability.md, section 7).

Resolves once, checks every address, connects to a checked one under the name's certificate, follows no redirect,
reads little, and is over after a fixed time whatever the other side does.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext_noop

CONNECT_SECONDS = 3
TOTAL_SECONDS = 10
ANSWER_LIMIT = 64 * 1024
PORTS = {"https": 443, "http": 80}
#: Addresses that Python 3.11 calls global and that lead inside or nowhere: translated, tunnelled and documented ones.
_HIDDEN = [
    ipaddress.ip_network(text)
    for text in (*("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"), "3fff::/20", "192.88.99.0/24")
]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Refused(Exception):  # noqa: N818 - what happened, not an error of ours
    """The address must not be called; nothing was sent."""


class NotSent(Exception):  # noqa: N818
    """Nothing that could count as the request reached the other side."""


class Unanswered(Exception):  # noqa: N818
    """The request went out; whether it arrived is unknown."""


@dataclass(frozen=True)
class Answer:
    """Status, and the start of the body as JSON where it is an object; people are shown the status alone."""

    status: int
    body: Mapping[str, object]


def post_json(url: str, payload: object, headers: Mapping[str, str] | None = None) -> Answer:
    """Post ``payload`` to ``url``. Raises Refused, NotSent, Unanswered."""
    return post(url, json.dumps(payload, ensure_ascii=False).encode(), headers or {})


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Post ``body``, which is JSON already, to ``url``. Raises Refused, NotSent, Unanswered."""
    parts = checked(url)
    address = resolve(parts)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    sent = {"Host": host_header(parts), "Content-Type": "application/json", "User-Agent": "itsm", **headers}
    connection = http.client.HTTPConnection(address[0], address[1], timeout=CONNECT_SECONDS)
    watch = threading.Timer(TOTAL_SECONDS, _cut, [connection])
    watch.daemon = True
    watch.start()
    try:
        _connect(connection, parts)
        return _exchange(connection, path, body, sent)
    finally:
        watch.cancel()
        connection.close()


def checked(url: str) -> SplitResult:
    """The parts of an address that may be called. Raises Refused."""
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        raise Refused(gettext_noop("The address cannot be read.")) from None
    if parts.scheme != "https" and not (parts.scheme == "http" and settings.OUTBOUND_HTTP):
        raise Refused(gettext_noop("Only https addresses are called."))
    if not parts.hostname or parts.username or parts.password:
        raise Refused(gettext_noop("The address must name a host, and no user."))
    if port not in settings.OUTBOUND_PORTS and not _is_exempt(parts.hostname):
        raise Refused(gettext_noop("This port is not called."))
    return parts


def refuse_unsafe(url: str, kind: str) -> None:
    """Say at once, when somebody types an address, what would be refused at every send. Raises Refused.

    Names are not looked up here: what they lead to may change, and is looked at whenever something is sent.
    """
    parts = checked(url)
    if kind in settings.CHAT_HOSTS:
        named_hosts(settings.CHAT_HOSTS[kind], url)
    host = parts.hostname or ""
    inside = host == "localhost" or host.endswith(".localhost")
    with suppress(OSError):  # a name
        rows = socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
        inside = not all(is_public(ipaddress.ip_address(str(row[4][0]).partition("%")[0])) for row in rows)
    if inside and not _is_exempt(host):
        raise Refused(gettext_noop("The host has an address inside a private network."))


def resolve(parts: SplitResult) -> tuple[str, int]:
    """Address and port of the host: looked up once, each one checked. Raises Refused, NotSent."""
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    try:
        found = {str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except OSError as error:
        raise NotSent(f"The host is not found: {error}") from error
    addresses = [ipaddress.ip_address(text.partition("%")[0]) for text in sorted(found)]
    if not _is_exempt(host) and not all(is_public(address) for address in addresses):
        raise Refused(gettext_noop("The host has an address inside a private network."))
    if not addresses:
        raise NotSent("The host has no address.")
    return str(sorted(addresses, key=lambda address: address.version)[0]), port


def is_public(address: Address) -> bool:
    """Whether ``address`` lies outside: not private, not this machine, no group, no tunnel to one of those."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address.is_site_local:
            return False
    if any(address in network for network in _HIDDEN):
        return False
    return (
        address.is_global and not address.is_multicast and not address.is_reserved and address not in own_addresses()
    )


@cache
def own_addresses() -> frozenset[Address]:
    """Addresses of this machine."""
    with suppress(OSError):
        rows = socket.getaddrinfo(socket.gethostname(), None)
        return frozenset(ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in rows)
    return frozenset()


def _is_exempt(host: str) -> bool:
    """Named by the operators as a gateway inside the own network."""
    return host in settings.OUTBOUND_PRIVATE_HOSTS


def host_header(parts: SplitResult) -> str:
    """The name as it was typed, with its port."""
    name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return f"{name}:{parts.port}" if parts.port else name


def _connect(connection: http.client.HTTPConnection, parts: SplitResult) -> None:
    """Connect to the checked address; the certificate must be the name's. Raises NotSent."""
    try:
        connection.connect()
        if parts.scheme == "https":
            context, plain = ssl.create_default_context(), connection.sock
            secure = context.wrap_socket(plain, server_hostname=parts.hostname, do_handshake_on_connect=False)
            connection.sock = secure
            secure.do_handshake()
        connection.sock.settimeout(TOTAL_SECONDS)
    except (OSError, ssl.SSLError) as error:
        raise NotSent(f"No connection: {error}") from error


def _exchange(connection: http.client.HTTPConnection, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    try:
        connection.request("POST", path, body, dict(headers))
    except (OSError, http.client.HTTPException) as error:
        raise Unanswered(f"The connection broke: {error}") from error
    try:
        response = connection.getresponse()
        text = response.read(ANSWER_LIMIT)
    except (OSError, http.client.HTTPException) as error:
        raise Unanswered(f"No answer: {error or type(error).__name__}") from error
    return Answer(response.status, _object(text))


def _object(text: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _cut(connection: http.client.HTTPConnection) -> None:
    """Time is over: whoever reads from the socket gets its end."""
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)


def named_hosts(hosts: Iterable[str], url: str) -> None:
    """Raise Refused unless ``url`` leads to one of ``hosts``: chat robots live at known places."""
    if (urlsplit(url).hostname or "") not in set(hosts):
        raise Refused(gettext_noop("A robot of this kind does not live at this host."))
