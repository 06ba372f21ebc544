"""Using a canned reply."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import F
from django.utils import translation

from accounts.models import User
from replies.models import CannedReply
from replies.variables import fill_in
from tickets.models import Ticket

Place = CannedReply.Place
#: Fields of forms that ask for a solution; every other long field asks for a reason or remark.
SOLUTION_FIELDS = frozenset({"cause", "handling", "result", "solution", "workaround"})


def place_of(form: str, field: str, visibility: str) -> str:
    """Which texts fit the ``field`` of the form whose draft has the key ``form``."""
    name = form.partition("#")[0].partition("/")[2]
    if name == "composer":
        return Place.NOTE if visibility == "note" else Place.REPLY
    if name.startswith("new"):
        return Place.DESCRIPTION
    return Place.SOLUTION if field in SOLUTION_FIELDS else Place.REASON


def zone_for(place: str, ticket: Ticket | None) -> ZoneInfo | None:
    """The requester's zone for what they read; None, the portal's, for what many read."""
    reader = ticket.requester if ticket is not None and place == Place.REPLY else None
    return ZoneInfo(reader.time_zone) if reader is not None and reader.time_zone else None


def language_for(place: str, ticket: Ticket | None, user: User) -> str:
    """The requester's language for what they read, else the writer's."""
    reader = ticket.requester if ticket is not None and place == Place.REPLY else user
    return (reader.language if reader else "") or (settings.LANGUAGE_CODE if reader is not user else "")


def text_of(reply: CannedReply, *, user: User, place: str, now: datetime, ticket: Ticket | None = None) -> str:
    """The text of ``reply`` with its variables filled in, in the reader's language and time zone."""
    with translation.override(language_for(place, ticket, user) or translation.get_language()):
        return fill_in(reply.text, user=user, now=now, ticket=ticket, zone=zone_for(place, ticket))


def use_reply(reply: CannedReply, *, user: User, place: str, now: datetime, ticket: Ticket | None = None) -> str:
    """``text_of`` the reply; the use is counted."""
    CannedReply.objects.filter(pk=reply.pk).update(used_count=F("used_count") + 1)
    return text_of(reply, user=user, place=place, now=now, ticket=ticket)
