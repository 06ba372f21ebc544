"""What an approved change allows to be written: its own items, from its window on until it is closed (CMDB-06)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.utils.translation import gettext as _

from changes.models import Change
from changes.prepared.models import PreparedEdit
from changes.states import States

#: Its work is going on or done, and its items are brought up to date before it is closed (CHG-08).
WRITING = (States.IMPLEMENTING, States.IMPLEMENTED, States.BACKED_OUT, States.REVIEWED)


def permit(reference: str, identifiers: Collection[str], now: datetime) -> str:
    """What stands against writing to one of ``identifiers`` because of the change ``reference``; empty: nothing.

    Locks the change: an approval that falls meanwhile is noticed. A relation needs the change of one of its ends.
    """
    found = Change.objects.select_for_update(of=("ticket_ptr",), no_key=True).filter(number=reference.strip()[:20])
    change = found.first()
    names = {"number": reference}
    if change is None:
        return _("No change “%(number)s” is known.") % names
    if change.state not in (States.SCHEDULED, *WRITING):
        return _("%(number)s allows nothing: it is not approved, or closed already.") % names
    if change.state == States.SCHEDULED and not is_inside(change, now):
        return _("%(number)s allows writing in its window only, or once it has begun.") % names
    asked = list(identifiers)
    new = change.edits.filter(kind=PreparedEdit.Kind.ITEM, identifier__in=asked)
    if not change.items.filter(identifier__in=asked).exists() and not new.exists():
        items = ", ".join(list(identifiers)[:3])
        return _("%(number)s does not name %(items)s.") % {**names, "items": items}
    return ""


def is_inside(change: Change, moment: datetime) -> bool:
    """Whether ``moment`` lies in the planned window, half open."""
    start, end = change.planned_start, change.planned_end
    return start is not None and end is not None and start <= moment < end
