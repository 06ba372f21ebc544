"""By which channels a person is told of an event: what administrators allow, what the person chose, when not to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.conf import settings

from notifications.events import CHOSEN, Channel, event_of
from notifications.models import Endpoint, EventChoice

if TYPE_CHECKING:
    from accounts.models import User
    from tickets.models import Ticket

#: The room of ``User.preferences`` that holds the choices.
ROOM = "notices"


@dataclass(frozen=True)
class Quiet:
    """Hours of a person's day in which only urgent notices go out; may run over midnight."""

    start: time
    end: time
    zone: str

    def ends_after(self, at: datetime) -> datetime | None:
        """When the quiet hours that run at ``at`` end; None when none run."""
        local = at.astimezone(ZoneInfo(self.zone))
        for days in (0, -1):
            begin = datetime.combine(local.date() + timedelta(days=days), self.start, local.tzinfo)
            end = datetime.combine(begin.date(), self.end, local.tzinfo)
            if self.end <= self.start:
                end = datetime.combine(begin.date() + timedelta(days=1), self.end, local.tzinfo)
            if begin <= local < end:
                return end.astimezone(at.tzinfo)
        return None


def quiet_of(user: User) -> Quiet | None:
    """The quiet hours that ``user`` chose."""
    kept = user.preferences.get(ROOM, {}).get("quiet") or {}
    try:
        start, end = time.fromisoformat(kept["from"]), time.fromisoformat(kept["until"])
    except (KeyError, ValueError):
        return None
    return Quiet(start, end, user.time_zone or settings.TIME_ZONE) if start != end else None


def channels_for(user: User, choice: EventChoice) -> list[str]:
    """The channels beside the portal by which ``user`` is told: chosen among those allowed, and the fixed ones."""
    if event_of(choice.event).personal:
        return [name for name in event_of(choice.event).channels if reachable(user, name)]
    kept: dict[str, Any] = user.preferences.get(ROOM, {}).get("channels") or {}
    wanted = kept.get(choice.event)
    chosen = choice.default if wanted is None else [name for name in wanted if name in choice.allowed]
    return [name for name in CHOSEN if (name in chosen or name in choice.fixed) and reachable(user, name)]


def reachable(user: User, channel: str) -> bool:
    """Whether the person has an address for ``channel``, and the portal a mail server."""
    if channel == Channel.EMAIL:
        return bool(user.email and settings.EMAIL_HOST)
    return bool(user.mobile) if channel == Channel.SMS else True


def rooms_for(
    endpoints: Iterable[Endpoint], event: str, ticket: Ticket | None, *, urgent: bool, internal: bool
) -> list[Endpoint]:
    """The chat rooms and programs that are told of ``event``; a customer's own never learn what is internal."""
    wanting = [endpoint for endpoint in endpoints if endpoint.wants(event, ticket, urgent=urgent)]
    return [endpoint for endpoint in wanting if not (internal and endpoint.organisation_id)]


def gateway(endpoints: Iterable[Endpoint]) -> Endpoint | None:
    """The SMS gateway in use; None when there is none."""
    return next((endpoint for endpoint in endpoints if endpoint.kind == Channel.SMS), None)
