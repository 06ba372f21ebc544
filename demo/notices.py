"""The demo's notices and rosters: what lies behind is read, what is over presses nobody."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.db.models import F
from django.utils import timezone

from accounts.models import SupportGroup
from duty.models import Roster
from duty.services import save_roster
from notifications.models import Delivery
from tickets.models import Ticket
from tickets.querysets import LIVE

#: Older notices of the demo were looked at, as they would have been.
FRESH = timedelta(hours=4)


def settle_notices(now: datetime) -> None:
    """Read what is old, acknowledge what is over; nothing of the past is sent.

    Keys are read first: within the loading's transaction the planner knows nothing of the rows it made.
    """
    told = Delivery.objects.filter(channel="portal")
    rows = list(told.values_list("pk", "notice__created_at", "notice__ticket_id"))
    live = set(Ticket.objects.filter(phase__in=LIVE).values_list("pk", flat=True))
    old = [pk for pk, created_at, _ticket in rows if created_at < now - FRESH]
    over = [pk for pk, _created_at, ticket in rows if ticket not in live]
    Delivery.objects.filter(pk__in=old).update(read_at=F("sent_at"), acknowledged_at=F("sent_at"))
    Delivery.objects.filter(pk__in=over, acknowledged_at=None).update(acknowledged_at=F("sent_at"))
    Delivery.objects.filter(status=Delivery.Status.PENDING).update(status=Delivery.Status.OBSOLETE)


def load_rosters(now: datetime) -> None:
    """A week each for everybody in the groups of the provider; the desk changes daily."""
    monday = timezone.localtime(now).date() - timedelta(days=timezone.localtime(now).weekday())
    for group in SupportGroup.objects.filter(active=True, organisation__kind="provider").prefetch_related("members"):
        members = sorted((user for user in group.members.all() if user.is_active), key=lambda user: user.username)
        if members:
            period = Roster.Period.DAY if group.tier == "desk" else Roster.Period.WEEK
            roster = Roster(group=group, period=period, starts_on=monday - timedelta(days=70), handover=time(9))
            save_roster(roster=roster, members=members)
