"""Writing iCalendar text (RFC 5545): just what a list of events needs, with text that stays text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

#: Octets in a line, without its end.
LINE = 75
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An event of a feed. ``uid`` never changes; ``sequence`` grows with it."""

    uid: str
    stamp: datetime
    start: datetime
    end: datetime
    summary: str
    description: str = ""
    location: str = ""
    url: str = ""
    status: str = "CONFIRMED"
    sequence: int = 0
    category: str = ""


def calendar_text(name: str, entries: Iterable[Entry]) -> str:
    """The whole feed."""
    lines = [
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//IT service management portal//Changes//EN"),
        *(
            "CALSCALE:GREGORIAN",
            "METHOD:PUBLISH",
            f"X-WR-CALNAME:{escaped(name)}",
            "REFRESH-INTERVAL;VALUE=DURATION:PT15M",
        ),
    ]
    for entry in entries:
        lines += _event(entry)
    return "".join(f"{folded(line)}\r\n" for line in [*lines, "END:VCALENDAR"])


def _event(entry: Entry) -> list[str]:
    said = {
        "SUMMARY": escaped(entry.summary),
        "DESCRIPTION": escaped(entry.description),
        "LOCATION": escaped(entry.location),
        "CATEGORIES": escaped(entry.category),
        "URL": _CONTROL.sub("", entry.url).replace("\n", ""),
    }
    return [
        "BEGIN:VEVENT",
        f"UID:{escaped(entry.uid)}",
        f"DTSTAMP:{_moment(entry.stamp)}",
        f"DTSTART:{_moment(entry.start)}",
        f"DTEND:{_moment(entry.end)}",
        *(f"{name}:{value}" for name, value in said.items() if value),
        f"STATUS:{entry.status}",
        f"SEQUENCE:{entry.sequence}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def escaped(text: str) -> str:
    """``text`` as a value: nothing in it ends the line or begins another property."""
    plain = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    plain = plain.replace("\u2028", "\n").replace("\u2029", "\n").replace("\x85", "\n")
    for char, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        plain = plain.replace(char, written)
    return plain


def folded(line: str) -> str:
    """The line in parts of at most 75 octets, cut between characters; each further one begins with a blank."""
    if len(line.encode()) <= LINE:
        return line
    parts, part, size = [], "", 0
    for char in line:
        width = len(char.encode())
        if size + width > LINE:
            parts.append(part)
            part, size = " ", 1
        part += char
        size += width
    return "\r\n".join([*parts, part])
