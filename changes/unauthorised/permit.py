"""What an approved change allows to be written: its own items, from its beginning until it is closed (CMDB-06)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import User
from changes import guards
from changes.models import Change
from changes.prepared.models import PreparedEdit
from changes.states import WRITING, States


def permit(reference: str, identifiers: Collection[str], by: User | None, since: datetime | None = None) -> str:
    """What stands against that ``by`` writes to one of ``identifiers`` because of ``reference``; empty: nothing.

    Locks the change: an approval that falls meanwhile is noticed. A relation needs the change of one of its ends;
    of several items each is asked about alone. ``since``: from when what is written is so; a change alters nothing
    that was before its work began.
    """
    found = Change.objects.select_for_update(of=("ticket_ptr",), no_key=True).filter(number=reference.strip()[:20])
    change = found.first()
    names = {"number": reference}
    if change is None:
        return _("No change “%(number)s” is known.") % names
    if change.state == States.SCHEDULED:
        return _("%(number)s allows writing once its work has begun.") % names
    if change.state not in WRITING:
        return _("%(number)s allows nothing: it is not approved, or closed already.") % names
    if reason := guards.decided_nothing(change, by) or guards.signed_nothing(change, by):
        return str(reason)
    if since is not None and (change.began_at is None or since < change.began_at.replace(second=0, microsecond=0)):
        return _("%(number)s allows nothing of before its work began; what was recorded wrongly is corrected.") % names
    asked = list(identifiers)
    new = change.edits.filter(kind=PreparedEdit.Kind.ITEM, identifier__in=asked)
    if not change.items.filter(identifier__in=asked).exists() and not new.exists():
        items = ", ".join(list(identifiers)[:3])
        return _("%(number)s does not name %(items)s.") % {**names, "items": items}
    return ""
