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


def safe_text(text: str) -> str:
    """``text`` without control characters, with a leading ``'`` when a spreadsheet could take it for a formula."""
    text = _CONTROL.sub("", text)
    seen = _INVISIBLE.sub("", text)
    return f"'{text}" if text[:1] and (text[0] in RISKY or seen[:1] in tuple(RISKY)) else text


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
