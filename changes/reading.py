"""Editing what somebody else saved meanwhile: it is said first, and nothing is overwritten unseen."""

from __future__ import annotations

from typing import Any

from records.overtaken import replaced_by_saving
from tickets.errors import ActionConflict


def refuse_unread(newest: Any, read: int | None) -> None:
    """Raise ActionConflict unless ``newest``, a version with number, maker and time, is the one that was ``read``.

    None: nobody says which was read, or there is none yet.
    """
    if read is None or newest is None or newest.number == read:
        return
    raise ActionConflict(replaced_by_saving(newest.made_by, newest.made_at))
