"""Refusing what stands in the way: hard collisions that nobody has signed for (CHG-05)."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse
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


class Blocked(ActionConflict):
    """Something stands in the way: ``reason``; ``slots``: the next windows in which nothing does."""

    def __init__(self, reason: str, change: Change, slots: list[Slot], *, is_new: bool) -> None:
        told = [reason]
        if slots:
            windows = "; ".join(window_of(slot) for slot in slots)
            told.append(_("The next free windows: %(windows)s.") % {"windows": windows})
        super().__init__(" ".join(told))
        self.reason, self.slots = reason, slots
        if slots and not is_new:  # what is being ordered does not stay: it has no page
            self.brief = " ".join([reason, _("Take one of the next free windows:")])
            self.ways = [(window_of(slot), _address(change, slot)) for slot in slots]


def _address(change: Change, slot: Slot) -> str:
    """The page on which it is moved there."""
    start = urlencode({"start": f"{localtime(slot.start):%Y-%m-%dT%H:%M}"})
    return f"{reverse('changes:move', args=[change.number])}?{start}"


def refuse_blocked(change: Change, now: datetime, *, is_new: bool = False) -> None:
    """Raise Blocked with what collides hard, whom to talk to, and the next free windows.

    Leaders decide about emergencies knowing of it. ``is_new``: it is only being ordered.
    """
    if change.change_type_id == EMERGENCY:
        return
    with estate() as known:
        found = blocking(change, known)
        slots = free_slots(change, now, most=SHOWN, known=known) if found else []
    if not found:
        return
    said = _("Hard collision: %(reasons)s.") % {"reasons": "; ".join(sentence_of(one) for one in found[:SHOWN])}
    raise Blocked(said, change, slots, is_new=is_new)


def sentence_of(one: Collision) -> str:
    """A collision in words, with whom to talk to about it; a person who is in two places is named once."""
    about = one.about.number if one.about else ""
    owner = f"({one.owner.display_name})" if one.owner and one.owner.display_name not in one.what else ""
    parts = (str(one.reason.label), about, owner, ", ".join(one.what))
    return " ".join(part for part in parts if part)


def window_of(slot: Slot) -> str:
    """A window in the reader's time, with its zone."""
    start, end = localtime(slot.start), localtime(slot.end)
    until = end.strftime("%H:%M" if start.date() == end.date() else "%Y-%m-%d %H:%M")
    return f"{start:%Y-%m-%d %H:%M} – {until} ({get_current_timezone_name()})"
