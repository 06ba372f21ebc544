"""Whom announcements are for, and which are shown now."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Case, Q, When

from accounts.permissions import Permission

if TYPE_CHECKING:
    from accounts.models import User

#: What hurts stands first.
_URGENCY = Case(When(kind="unplanned", then=0), When(kind="planned", then=1), default=2)


class AnnouncementQuerySet(models.QuerySet):
    """Announcements."""

    def kept(self) -> AnnouncementQuerySet:
        """All but the drafts that were put away for good."""
        return self.exclude(state="discarded")

    def visible_to(self, user: User) -> AnnouncementQuerySet:
        """Published ones for the person's organisation or for all; every one for staff who answer calls (ORG-03)."""
        published = self.filter(published_at__isnull=False)
        if user.may(Permission.VIEW):
            return published
        return published.filter(Q(organisations=user.organisation_id) | Q(organisations=None))

    def shown(self, now: datetime) -> AnnouncementQuerySet:
        """Those that are read at ``now``; what hurts first."""
        published = self.filter(published_at__isnull=False, ended_at=None)
        found = published.filter(shown_from__lte=now, shown_until__gt=now)
        return found.order_by(_URGENCY, "starts_at", "-id")

    def not_dismissed_by(self, user: User) -> AnnouncementQuerySet:
        """Without those that the person put away and that did not change since."""
        put_away = Q(dismissals__user=user.pk, dismissals__at__gte=models.F("updated_at"))
        return self.exclude(pk__in=self.model._default_manager.filter(put_away).values("pk"))
