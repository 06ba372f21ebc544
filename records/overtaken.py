"""Saying that somebody else changed something after it was opened: in one way, whatever it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.timezone import localtime
from django.utils.translation import gettext as _


def changed_by(person: Any, at: datetime) -> str:
    """Who changed it last, and when. ``person``: None for the portal itself."""
    said = {"name": person or _("the portal"), "at": f"{localtime(at):%m-%d %H:%M}"}
    return _("%(name)s changed this at %(at)s, after you opened it.") % said


def replaced_by_saving(person: Any, at: datetime) -> str:
    """As above, where the same form saved again takes the place of that."""
    return " ".join([changed_by(person, at), _("Save again to replace it.")])
