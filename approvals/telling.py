"""Handing news of rounds to whoever listens (``notifications.telling.approvals``)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from accounts.models import User
from approvals.models import ApprovalRound
from approvals.signals import approval_news


def tell(
    what: str,
    made: ApprovalRound,
    readers: Iterable[int],
    *,
    now: datetime,
    user: User | None = None,
    text: Any = "",
    key: str = "",
) -> None:
    """Tell ``readers`` (keys) but not ``user``, who did it; ``text`` plain or {zh, en}; ``key`` keeps it to once."""
    found = [reader for reader in readers if user is None or reader != user.pk]
    if found:
        approval_news.send(ApprovalRound, what=what, round=made, readers=found, user=user, text=text, key=key, now=now)
