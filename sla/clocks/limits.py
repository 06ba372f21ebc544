"""When a limit is "soon". Pure."""

from __future__ import annotations

from datetime import timedelta

#: A limit is "soon" in its last fifth, and at the latest this long before it (ui.md, SLA chip).
SOON = timedelta(minutes=10)
SOON_SHARE = 5


def soon_before(target: timedelta) -> timedelta:
    """How much business time before the end of ``target`` the amber zone begins, but never before the start.

    Under 20 % of the target or 10 minutes, whichever is more.
    """
    return min(max(target / SOON_SHARE, SOON), target)
