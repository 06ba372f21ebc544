"""What an open page shows: the part of the news that it wants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.http import QueryDict

from accounts.models import User
from tickets.lifecycle import kinds

MAX_TEXT = 1500
MAX_NUMBERS = 300


@dataclass(frozen=True)
class Look:
    """A page's list, ticket and language. ``User`` is who looks; rights are always asked of them.

    ``view``: the code of a view; empty when there is no list. ``kind``: of the list, empty for all. ``filters``:
    the other parameters of its address. ``ticket``: number of the open ticket. ``writes``: whether the person types
    on it. ``have``: numbers of the lines on the page, sent by those who do not see every ticket. ``portal``: the
    requester's home.
    """

    language: str
    zone: str
    view: str = ""
    kind: str = ""
    filters: str = ""
    ticket: str = ""
    writes: bool = False
    have: tuple[str, ...] = ()
    portal: bool = False

    @classmethod
    def of(cls, params: Mapping[str, str], user: User) -> Look:
        """Read the parameters of an address, each cut to a sensible length."""
        language, kind = params.get("lang", ""), params.get("kind", "")
        known = dict(settings.LANGUAGES)
        return cls(
            language=language if language in known else user.language or settings.LANGUAGE_CODE,
            zone=user.time_zone or settings.TIME_ZONE,
            view=params.get("view", "")[:60],
            kind=kind if kind in {known.code for known in kinds()} else "",
            filters=params.get("filters", "")[:MAX_TEXT].replace("\0", ""),
            ticket=params.get("ticket", "")[:20].replace("\0", ""),
            writes=params.get("writes") == "1",
            have=tuple(
                number[:20].replace("\0", "") for number in params.get("have", "").split(",")[:MAX_NUMBERS] if number
            ),
            portal=params.get("portal") == "1",
        )

    @property
    def address(self) -> QueryDict:
        """View and filters as the address of the list has them."""
        query = QueryDict(self.filters, mutable=True)
        query["view"] = self.view
        return query
