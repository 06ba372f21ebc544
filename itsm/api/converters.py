"""Parts of addresses: narrow, so that what cannot exist never reaches the database."""

from __future__ import annotations

from django.urls import register_converter


class _TextConverter:
    regex: str

    def to_python(self, value: str) -> str:
        """Texts as they are."""
        return value

    def to_url(self, value: str) -> str:
        """Texts as they are."""
        return value


class NumberConverter(_TextConverter):
    """The number of a ticket."""

    regex = "[A-Z]{2,4}[0-9]{6,16}"


class KeyConverter(_TextConverter):
    """A code, a user name or an identifier."""

    regex = r"[^/\x00-\x1f]{1,150}"


register_converter(NumberConverter, "number")
register_converter(KeyConverter, "key")
