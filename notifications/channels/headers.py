"""Headers of mails: the one place where a value becomes a line (NTF-01).

Values are text and stay text: nothing here reads a value as a header would be read. What is not plain and short is
written in encoded words as RFC 2047 has them, base64 of whole characters, so that every program that decodes them
gets the same text back. Python's own ``EmailMessage`` decodes encoded words in what it is given, line ends among
them, which let a ticket's summary write headers.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterator, Sequence

#: A line of a header with encoded words, and an encoded word in it, may have so many characters (RFC 2047).
LINE, WORD = 76, 75
_OPEN, _SHUT = "=?utf-8?b?", "?="
#: What stands as it is: printable ASCII with single blanks inside, nothing that could be an encoded word.
_PLAIN = re.compile(r"(?!.*=\?)[\x21-\x7e]+(?: [\x21-\x7e]+)*")
#: Names that need no quotation marks beside an address.
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+\-/^_`{|}~]+(?: [A-Za-z0-9!#$%&'*+\-/^_`{|}~]+)*")
_MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
#: Control characters, marks that order or part lines and paragraphs, halves of pairs: no text of a line.
_CATEGORIES = {"Cc", "Cs", "Zl", "Zp"}
_TURNING = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


class BadHeader(ValueError):  # noqa: N818 - what is wrong with it
    """The value cannot stand in a header of this kind."""


def tidy(text: str) -> str:
    """``text`` on one line: every control character, line end and turning mark is a blank; no blanks at the ends."""
    return "".join(
        " " if unicodedata.category(character) in _CATEGORIES or character in _TURNING else character
        for character in text
    ).strip(" ")


def readable(text: str) -> str:
    """``text`` of several lines without control characters, each line end a plain one."""
    whole = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        character if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cs") else " "
        for character in whole
    )


def header(name: str, text: str) -> bytes:
    """A header whose value is free text, such as a subject. Raises BadHeader for a bad ``name``."""
    return _line(name, _pieces(name, tidy(text)))


def exact(name: str, value: str) -> bytes:
    """A header that programs read: dates, identifications, addresses of the portal. Raises BadHeader."""
    if not re.fullmatch(r"[\x21-\x7e]+(?: [\x21-\x7e]+)*", value) or "=?" in value:
        raise BadHeader(f"{name} cannot have this value.")
    return _line(name, [value])


def address(name: str, mailbox: str, called: str = "") -> bytes:
    """A header with one address, and the name beside it. Raises BadHeader when ``mailbox`` is none."""
    mailbox, called = plain_mailbox(mailbox), tidy(called)
    if not called:
        return _line(name, [mailbox])
    words = [called] if _ATOMS.fullmatch(called) and len(called) < WORD // 2 else list(_encoded(name, called))
    return _line(name, [*words, f"<{mailbox}>"])


def plain_mailbox(mailbox: str) -> str:
    """``mailbox`` as SMTP and headers take it: ASCII, no comments, no quotes, the domain in its ASCII form.

    Raises BadHeader for everything else: it is no address that a mail could be sent to.
    """
    local, at, domain = mailbox.strip(" ").rpartition("@")
    try:
        found = f"{local}{at}{domain if domain.isascii() else domain.encode('idna').decode('ascii')}"
    except UnicodeError as error:
        raise BadHeader("This is no mail address.") from error
    if not _MAILBOX.fullmatch(found) or ".." in found or local.startswith(".") or local.endswith("."):
        raise BadHeader("This is no mail address.")
    return found


def parted(sender: str) -> tuple[str, str]:
    """Name and mailbox of an address that operators wrote as ``Name <mailbox>`` or as the mailbox alone."""
    called, bracket, rest = sender.rpartition("<")
    if not bracket:
        return "", sender.strip()
    return called.strip().strip('"').strip(), rest.strip().removesuffix(">").strip()


def _pieces(name: str, text: str) -> list[str]:
    if not text:
        return [""]
    if _PLAIN.fullmatch(text) and len(name) + 2 + len(text) <= LINE:
        return [text]
    return list(_encoded(name, text))


def _encoded(name: str, text: str) -> Iterator[str]:
    """``text`` in encoded words, each of whole characters; the first leaves room for the header's name."""
    room, part = _bytes_in(LINE - len(name) - 2), b""
    for character in text:
        added = character.encode()
        if len(part) + len(added) > room:
            yield _word(part)
            room, part = _bytes_in(WORD), b""
        part += added
    yield _word(part)


def _bytes_in(characters: int) -> int:
    """How many bytes an encoded word of so many characters can carry."""
    return (min(characters, WORD) - len(_OPEN) - len(_SHUT)) // 4 * 3


def _word(part: bytes) -> str:
    return f"{_OPEN}{base64.b64encode(part).decode('ascii')}{_SHUT}"


def _line(name: str, pieces: Sequence[str]) -> bytes:
    if not _NAME.fullmatch(name):
        raise BadHeader("A header's name is letters, digits and hyphens.")
    line = " ".join([f"{name}:", *pieces])
    folded = line if len(line) <= LINE else f"{name}: " + "\r\n ".join(pieces)
    return f"{folded}\r\n".encode("ascii")
