"""Known errors beside the form while a call is taken (INC-02): each with a reason that is true when checked."""

from __future__ import annotations

from typing import Any

from django.db.models.functions import Now

from accounts.models import User
from accounts.permissions import Permission
from problems.known_errors.publishing import fitting
from tickets.workspace.suggestions import MORE, Call


def offer(call: Call, user: User) -> dict[str, Any] | None:
    """The three that fit best, for staff; None when none does."""
    if not user.may(Permission.INTERNAL) or not (call.words or call.items):
        return None
    fits = fitting(call, Now())
    takes = user.may(Permission.DISPATCH)
    return {"template": "problems/_offered.html", "fits": fits, "takes": takes} if fits else None


MORE.append(offer)
