"""Reading bodies strictly: what a database or a form could stumble over is refused here, with a reason."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import IO, Any, NoReturn

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from itsm.api.errors import PayloadTooLarge

LARGEST_NUMBER = 2**31 - 1
#: Bytes. As much as a proxy lets through (docs/administration.md); whoever sends more is cut off.
MOST_DISCARDED = 256 * 1024 * 1024


class JsonParser(BaseParser):
    """A JSON object in UTF-8 (RFC 8259), without zero characters, broken Unicode, NaN or huge numbers."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the object. Raises ParseError, PayloadTooLarge."""
        body = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            _discard(stream)
            raise PayloadTooLarge(_("At most %(count)d bytes.") % {"count": settings.DATA_UPLOAD_MAX_MEMORY_SIZE})
        try:
            data = json.loads(body.decode(), parse_constant=_refuse_constant, object_pairs_hook=_without_doubles)
        except DoubledKeyError as doubled:
            raise ParseError(
                _("The name “%(name)s” stands twice in one object.") % {"name": doubled.name}
            ) from doubled
        except (ValueError, RecursionError) as error:
            raise ParseError(_("This is not JSON in UTF-8.")) from error
        if not isinstance(data, dict):
            raise ParseError(_("A JSON object is expected."))
        check_values(data)
        return data


def _discard(stream: IO[Any]) -> None:
    """Read what is still being sent: a refusal in the middle of it would reach nobody, and end the connection."""
    left = MOST_DISCARDED
    while left > 0 and (read := stream.read(min(left, 65_536))):
        left -= len(read)


def check_values(data: Any) -> None:
    """Refuse texts and numbers that cannot be stored. Raises ParseError."""
    for value in _leaves(data):
        if isinstance(value, str) and not is_storable(value):
            raise ParseError(_("NUL characters and broken Unicode are not accepted."))
        if isinstance(value, int | float) and abs(value) > LARGEST_NUMBER:
            raise ParseError(_("Numbers go up to %(limit)d.") % {"limit": LARGEST_NUMBER})


def is_storable(text: str) -> bool:
    """Whether PostgreSQL takes ``text``."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _leaves(data: Any) -> Iterator[Any]:
    """Every text and number in ``data``, keys included; no recursion, so depth does not matter."""
    open_ = [data]
    while open_:
        value = open_.pop()
        if isinstance(value, dict):
            open_.extend(value)
            open_.extend(value.values())
        elif isinstance(value, list):
            open_.extend(value)
        else:
            yield value


class DoubledKeyError(ValueError):
    """A name that stands twice in one object: of two values nobody knows which is meant."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise DoubledKeyError(name[:40])
        found[name] = value
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
