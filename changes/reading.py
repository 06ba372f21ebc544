"""Editing what somebody else saved meanwhile: it is said first, and nothing is overwritten unseen."""

from __future__ import annotations

from typing import Any

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from tickets.errors import ActionConflict


def refuse_unread(newest: Any, read: int | None) -> None:
    """Raise ActionConflict unless ``newest``, a version with number, maker and time, is the one that was ``read``.

    None: nobody says which was read, or there is none yet.
    """
    if read is None or newest is None or newest.number == read:
        return
    said = {"name": newest.made_by or _("the portal"), "at": f"{localtime(newest.made_at):%m-%d %H:%M}"}
    raise ActionConflict(_("%(name)s changed this at %(at)s, after you opened it. Save again to replace it.") % said)
