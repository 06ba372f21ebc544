"""What is written after a change has ended owes the notice as well: noticed by time, whatever door it came by."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from changes.models import Change
from changes.updating.lifecycle import AFTER
from changes.updating.written import owes_notice
from tickets.actions import perform

#: No notice is owed as far as its record says: none ever was, or the last one was sent.
SILENT = Q(notice_since=None) | Q(noticed_at__isnull=False)


def owe_notices(now: datetime) -> int:
    """Let each ended change owe its notice to whose items something was written since; how many. Idempotent."""
    found = Change.objects.filter(SILENT, state__in=AFTER, affected_items__isnull=False).distinct()
    return sum(_owe(change.pk, now) for change in found if owes_notice(change))


@transaction.atomic
def _owe(pk: int, now: datetime) -> bool:
    """One of them, unless somebody was faster."""
    locked = Change.objects.select_for_update(of=("ticket_ptr",), no_key=True)
    change = locked.filter(SILENT, pk=pk, state__in=AFTER).first()
    if change is None:
        return False
    perform(change, "owe_notice", user=None, now=now)
    return True
