"""Refusing what stands in the way: hard collisions that nobody has signed for (CHG-05)."""

from __future__ import annotations

from datetime import datetime

from django.utils.timezone import get_current_timezone_name, localtime
from django.utils.translation import gettext as _

from changes.codes import EMERGENCY
from changes.collision.collisions import Collision, blocking
from changes.collision.redundancy import estate
from changes.models import Change
from changes.schedule.slots import Slot, free_slots
from tickets.errors import ActionConflict

#: So many collisions and so many free windows are told in a refusal; the page shows all of them.
SHOWN = 3


def refuse_blocked(change: Change, now: datetime) -> None:
    """Raise ActionConflict with what collides hard, whom to talk to, and the next free windows.

    Leaders decide about emergencies knowing of it.
    """
    if change.change_type_id == EMERGENCY:
        return
    with estate() as known:
        found = blocking(change, known)
        slots = free_slots(change, now, most=SHOWN, known=known) if found else []
    if not found:
        return
    said = [_("Hard collision: %(reasons)s.") % {"reasons": "; ".join(sentence_of(one) for one in found[:SHOWN])}]
    if slots:
        said.append(
            _("The next free windows: %(windows)s.") % {"windows": "; ".join(window_of(slot) for slot in slots)}
        )
    raise ActionConflict(" ".join(said))


def sentence_of(one: Collision) -> str:
    """A collision in words, with whom to talk to about it."""
    about = one.about.number if one.about else ""
    owner = f"({one.owner.display_name})" if one.owner else ""
    parts = (str(one.reason.label), about, owner, ", ".join(one.what))
    return " ".join(part for part in parts if part)


def window_of(slot: Slot) -> str:
    """A window in the reader's time, with its zone."""
    start, end = localtime(slot.start), localtime(slot.end)
    until = end.strftime("%H:%M" if start.date() == end.date() else "%Y-%m-%d %H:%M")
    return f"{start:%Y-%m-%d %H:%M} – {until} ({get_current_timezone_name()})"
