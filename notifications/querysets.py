"""Sets of deliveries: those of a person's bell, those due, those in trouble."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models

from notifications.events import calm_events

if TYPE_CHECKING:
    from accounts.models import User


class EndpointQuerySet(models.QuerySet):
    """Outside addresses."""

    def active(self) -> EndpointQuerySet:
        """Those in use."""
        return self.filter(active=True)


class DeliveryQuerySet(models.QuerySet):
    """Deliveries."""

    def visible_to(self, user: User) -> DeliveryQuerySet:
        """What the person's own bell shows: notices to them, in the portal."""
        return self.filter(recipient_id=user.pk, channel="portal")

    def unread(self) -> DeliveryQuerySet:
        """What the reader has not looked at."""
        return self.filter(read_at=None)

    def pressing(self) -> DeliveryQuerySet:
        """Urgent notices that wait for the reader's word."""
        waiting = self.filter(urgent=True, acknowledged_at=None, status="sent")
        return waiting.exclude(notice__event__in=calm_events())

    def due(self, now: datetime) -> DeliveryQuerySet:
        """Those to be tried, and those whose try was lost."""
        return self.filter(status__in=("pending", "sending"), next_try_at__lte=now)

    def troubled(self) -> DeliveryQuerySet:
        """Those that a person has to look at."""
        return self.filter(status__in=("dead", "uncertain"))
