"""Refusing what stands in the way: hard collisions that nobody has signed for (CHG-05)."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.timezone import get_current_timezone_name, localtime
from django.utils.translation import gettext as _

from changes.codes import EMERGENCY
from changes.collision.redundancy import estate
from changes.collision.signing import SHOWN, blocking, sentence_of
from changes.models import Change
from changes.schedule.slots import Slot, free_slots
from tickets.errors import ActionConflict


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


def refuse_blocked(change: Change, now: datetime, *, is_new: bool = False, is_moved: bool = False) -> None:
    """Raise Blocked with what collides hard, whom to talk to, and the next free windows.

    Leaders decide about emergencies knowing of it, and whoever begins one signs for what nobody signed for.
    ``is_new``, ``is_moved``: it is only being ordered, or moved there: nothing stands there yet that could be signed.
    """
    if change.change_type_id == EMERGENCY:
        return
    with estate() as known:
        found = blocking(change, now, known)
        slots = free_slots(change, now, most=SHOWN, known=known) if found else []
    if not found:
        return
    said = _("Hard collision that nobody has signed for: %(reasons)s.")
    said %= {"reasons": "; ".join(sentence_of(one) for one in found[:SHOWN])}
    if is_new or is_moved:
        unsigned = _("Nobody signs for a standard change there: take another window, or request a simple change.")
        said = f"{said} {unsigned}"
    raise Blocked(said, change, slots, is_new=is_new)


def refuse_beside(change: Change, now: datetime) -> None:
    """Raise ActionConflict beside the window that was approved; an emergency was decided to go at once."""
    if change.change_type_id == EMERGENCY:
        return
    if change.planned_start is None or change.planned_end is None:
        raise ActionConflict(_("It has no window: say when it takes place, so that somebody looks at it."))
    if now < change.planned_start:
        begins = localtime(change.planned_start).strftime("%Y-%m-%d %H:%M")
        raise ActionConflict(
            _("The approved window only begins on %(at)s: move it first, so that somebody looks at the new time.")
            % {"at": begins}
        )
    if change.planned_end <= now:
        raise ActionConflict(_("Its window is over: move it first, so that somebody looks at the new time."))


def window_of(slot: Slot) -> str:
    """A window in the reader's time, with its zone."""
    start, end = localtime(slot.start), localtime(slot.end)
    until = end.strftime("%H:%M" if start.date() == end.date() else "%Y-%m-%d %H:%M")
    return f"{start:%Y-%m-%d %H:%M} – {until} ({get_current_timezone_name()})"
