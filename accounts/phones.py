"""Telephone numbers in one normal form (E.164), whatever way people, directories and telephone systems write them.

For Chinese numbers, which is what callers have; a number with a country code is taken as it is. Why not a library:
docs/decisions/0023.
"""

from __future__ import annotations

import re
import unicodedata

#: What stands between two numbers in one field.
_BETWEEN = re.compile(r"[;；,，、/|\n]|或|或者|\bor\b")
#: Where an extension begins.
_EXTENSION = re.compile(r"(?:转接?|分机号?|内线|ext(?:ension)?\.?|x|#|;ext=)\s*[:：]?\s*(\d{1,6})\s*$", re.IGNORECASE)
_NOT_DIGITS = re.compile(r"\D")
MOBILE = re.compile(r"1[3-9]\d{9}")
#: Area code and number: 10 and 2x with eight digits, others with seven or eight.
LANDLINE = re.compile(r"0(10\d{8}|2\d\d{8}|[3-9]\d{2}\d{7,8})")
SERVICE = re.compile(r"[48]00\d{7}")
FOREIGN = range(8, 16)


def normal(text: str) -> list[str]:
    """The numbers in ``text``: ``+8613800138000``, with an extension ``+862168881234;ext=8012``.

    Numbers that are no public ones (an extension alone, a number without its area) stay as their digits.
    """
    found = [_one(part) for part in _BETWEEN.split(unicodedata.normalize("NFKC", text).replace(";ext=", "转"))]
    return list(dict.fromkeys(number for number in found if number))


def keys_of(*texts: str) -> list[str]:
    """Every normal form under which somebody with these numbers is found: without the extension, too."""
    numbers = [number for text in texts for number in normal(text)]
    return list(dict.fromkeys(key for number in numbers for key in (number, number.partition(";")[0])))


def dialled(text: str) -> str:
    """What a ``tel:`` link of the first number in ``text`` says; empty when there is none."""
    return next(iter(normal(text)), "")


def calling(text: str) -> str:
    """The address of a link that dials the first number in ``text``; empty when there is none."""
    number = dialled(text)
    return f"tel:{number}" if number else ""


def _one(part: str) -> str:
    extension = _EXTENSION.search(part)
    number = _public(part[: extension.start()] if extension else part)
    return f"{number};ext={extension[1]}" if extension and number else number or (extension[1] if extension else "")


def _public(part: str) -> str:
    """One number without its extension."""
    digits = _NOT_DIGITS.sub("", part)
    if part.strip().startswith(("+", "(+")):
        return f"+{_without_zero(digits)}" if len(digits) in FOREIGN else digits
    if digits.startswith("00") and digits[2:3] != "0" and len(digits) - 2 in FOREIGN:
        return f"+{_without_zero(digits[2:])}"
    return _domestic(digits) or _behind_prefix(digits) or digits


def _domestic(digits: str) -> str:
    if MOBILE.fullmatch(digits) or SERVICE.fullmatch(digits):
        return f"+86{digits}"
    return f"+86{digits[1:]}" if LANDLINE.fullmatch(digits) else ""


def _behind_prefix(digits: str) -> str:
    """Behind the country code without a plus, the zero before a mobile, or the digit for an outside line."""
    if digits.startswith("86"):
        rest = digits[2:]
        return _domestic(rest) or _domestic(f"0{rest}")
    if digits.startswith("01") and MOBILE.fullmatch(digits[1:]):
        return _domestic(digits[1:])
    return _domestic(digits[1:]) if digits[:1] in ("0", "9") else ""


def _without_zero(digits: str) -> str:
    """``+86 (0)21 …``: the zero is for callers at home."""
    return f"86{digits[3:]}" if digits.startswith("860") else digits
