"""Which drafts a person sees: their own, nobody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from accounts.models import User


class DraftQuerySet(models.QuerySet):
    """Drafts."""

    def of(self, user: User) -> DraftQuerySet:
        """Those of ``user``: there is no other way to any draft."""
        return self.filter(user=user)

    def about(self, place: str) -> DraftQuerySet:
        """Those of forms of one place, such as the ticket of this number."""
        return self.filter(key__startswith=f"{place}/")

    def in_form(self, form: str) -> DraftQuerySet:
        """Those that were typed into the form of this name, in whichever tab; the newest first."""
        return self.filter(Q(key=form) | Q(key__startswith=f"{form}#")).order_by("-updated_at", "-pk")
