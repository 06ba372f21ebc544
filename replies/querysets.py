"""Which canned replies and templates a person may use, and which ones keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from accounts.permissions import Permission

if TYPE_CHECKING:
    from accounts.models import User

FOR_ALL = Q(owner=None, team=None)


class SharedQuerySet(models.QuerySet):
    """Rows that belong to a person, to a group, or to all."""

    def visible_to(self, user: User) -> SharedQuerySet:
        """The person's own, those of their groups, those for all; staff only."""
        if not user.may(Permission.INTERNAL):
            return self.none()
        return self.filter(FOR_ALL | Q(owner=user.pk) | Q(team__in=user.group_ids) | Q(team__lead=user.pk))

    def usable_by(self, user: User) -> SharedQuerySet:
        """Visible ones that are switched on, the person's own first, then what is used most."""
        return self.visible_to(user).filter(active=True)

    def matching(self, words: str) -> SharedQuerySet:
        """Rows in whose code, names or texts every word occurs."""
        found = self
        for word in words.split():
            places = Q()
            for column in self.model.SEARCHED:  # type: ignore[attr-defined]  # every Shared has it
                places |= Q(**{f"{column}__icontains": word})
            found = found.filter(places)
        return found
