"""What a person chose for their own pages; kept on the server, so that it follows them to another machine."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from accounts.models import User


def store_preferences(user: User, room: str, **values: Any) -> None:
    """Keep ``values`` for ``user`` under ``room``; None forgets a choice. Other rooms and choices stay.

    The row is locked while it is read and written: two pages of one person may store at once.
    """
    with transaction.atomic():
        kept: dict[str, Any] = (
            User.objects.select_for_update(of=("self",), no_key=True)
            .values_list("preferences", flat=True)
            .get(pk=user.pk)
        )
        chosen = {name: value for name, value in {**kept.get(room, {}), **values}.items() if value is not None}
        User.objects.filter(pk=user.pk).update(preferences={**kept, room: chosen})
    user.preferences = {**kept, room: chosen}
