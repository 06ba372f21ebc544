"""What visits do elsewhere."""

from __future__ import annotations

from typing import Any

from tests.second_kind.models import Trip, Visit


def book_trip(*, ticket: Visit, cleaned: dict[str, Any], **context: Any) -> None:
    """Book the trip; a distance of 13 cannot be booked, so that tests see the action undone."""
    if cleaned["distance"] == 13:
        raise ValueError("This trip cannot be booked.")
    Trip.objects.create(visit=ticket, distance=cleaned["distance"])
