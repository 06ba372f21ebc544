"""Values as cells that are safe to open in a spreadsheet."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

#: A spreadsheet takes a text that begins so for a formula; full-width forms count in Chinese and Japanese versions.
RISKY = "=+-@\t\r\n＝＋－＠"
#: Spaces and marks without width, which some programs drop before they look for a formula.
_INVISIBLE = re.compile(r"^[\s\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u2064\ufeff]+")
#: Control characters that neither XML nor people can read; tab and ends of lines stay.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


#: What parts cells for readers that do not split at commas, where a quoted cell need not be one to them.
_PARTING = re.compile("([;|\t\r\n\u0085\u2028\u2029])")
_LINE_ENDS = ("\r", "\n", "\u0085", "\u2028", "\u2029")
#: Excel reads ``_x0041_`` in a cell as the character of that number.
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def safe_text(text: str) -> str:
    """``text`` without control characters, with a leading ``'`` when a spreadsheet could take it for a formula."""
    text = _CONTROL.sub("", text)
    return f"'{text}" if _is_risky(text) else text


def csv_text(text: str) -> str:
    """A safe text for a CSV file: what would begin a cell for a reader that splits at semicolons is guarded, too.

    ``;=1`` is two cells for such a reader, and so is a line of its own.
    """
    pieces = _PARTING.split(safe_text(text))
    return "".join(f"'{piece}" if _begins_badly(pieces, at) else piece for at, piece in enumerate(pieces))


def _begins_badly(pieces: list[str], at: int) -> bool:
    """Whether piece ``at`` begins a cell for some reader and is risky; every second piece is what parts the others.

    An empty line and the end of a line begin nothing: texts of several lines stay what they are.
    """
    if at % 2 == 0:
        return at > 0 and _is_guarded(pieces[at])
    if at == 1 or pieces[at - 1] or pieces[at] not in tuple(RISKY):
        return False
    return pieces[at] not in _LINE_ENDS or pieces[at - 2] not in _LINE_ENDS


def exchanged(text: str) -> str:
    """A guarded text of a file that is read in again: ``plain`` gives back ``text``, whatever it is."""
    pieces = _PARTING.split(_CONTROL.sub("", text))
    return "".join(f"'{one}" if at % 2 == 0 and _is_guarded(one) else one for at, one in enumerate(pieces))


def plain(text: str) -> str:
    """What ``exchanged`` was given; a text that nobody guarded stays as it is."""
    return "".join(one[1:] if one.startswith("'") and _is_guarded(one) else one for one in _PARTING.split(text))


def excel_text(text: str) -> str:
    """A safe text for an Excel file: what Excel would read as the number of a character stays what it is."""
    return _ESCAPE.sub("_x005F_", text)


def _is_risky(text: str) -> bool:
    return bool(text) and (text[0] in RISKY or _INVISIBLE.sub("", text)[:1] in tuple(RISKY))


def _is_guarded(piece: str) -> bool:
    """Whether what begins a cell needs a guard, or has some already, behind quotes."""
    return _is_risky(piece.lstrip("\"'"))


def cell(value: Any) -> str | int | float:
    """A value as a cell: numbers as they are, moments in the active time zone, everything else as safe text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, int | float):
        return value
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    return safe_text(str(value))
