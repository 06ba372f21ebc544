"""Log lines that cannot be forged, and that give no secret away."""

import logging
import re
import unicodedata
from typing import Any

#: Addresses that open something by themselves: the link of an answer, of a new password, of a page turned by a key.
_BEARER = re.compile(r"(/answer/|/password/reset/key/)[^/\s?\"']+")
_HIDDEN = r"\1…"
#: Control characters, ends of lines and paragraphs, marks that turn or hide what follows.
_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}
#: Lines of a traceback begin so: none of them can look like a line of its own.
_INSET = "  | "


class OneLineFormatter(logging.Formatter):
    """Writes a record as one line: a visitor's text cannot pretend to be a log line, nor speak to a terminal."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (the library's name)
        """Return the record as one line."""
        record.message = plain(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802  (the library's name)
        """Return the traceback, inset: the message of an error may hold a visitor's text."""
        return _inset(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:  # noqa: N802  (the library's name)
        """Return where the record was made, inset like a traceback."""
        return _inset(super().formatStack(stack_info))


def plain(text: str) -> str:
    """``text`` with every control character as its escape, without what opens something by itself."""
    escaped = "".join(_escaped(character) if _is_control(character) else character for character in text)
    return _BEARER.sub(_HIDDEN, escaped)


def _inset(text: str) -> str:
    return "\n".join(f"{_INSET}{plain(line)}" for line in text.split("\n"))


def _is_control(character: str) -> bool:
    return not " " <= character <= "~" and unicodedata.category(character) in _CATEGORIES


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
