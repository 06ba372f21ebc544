"""Which rosters a person reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from accounts.permissions import Permission

if TYPE_CHECKING:
    from accounts.models import User


class RosterQuerySet(models.QuerySet):
    """Rosters."""

    def visible_to(self, user: User) -> RosterQuerySet:
        """Every one for provider staff, those of the own organisation for a supplier's; none for customers."""
        active = self.filter(group__active=True)
        if user.may(Permission.VIEW):
            return active
        if user.is_agent:
            return active.filter(group__organisation_id=user.organisation_id)
        return active.none()

    def loaded(self) -> RosterQuerySet:
        """With group, members, stand-ins: a fixed number of queries, however many rosters."""
        return self.select_related("group", "group__lead").prefetch_related("places__user", "overrides__user")
