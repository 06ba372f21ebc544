"""Which rounds a person sees, and which wait for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Exists, OuterRef, Q

from tickets.models import Ticket

if TYPE_CHECKING:
    from accounts.models import User


class RoundQuerySet(models.QuerySet):
    """Rounds of approval."""

    def visible_to(self, user: User) -> RoundQuerySet:
        """Those of tickets that ``user`` sees as staff, and those that ``user`` was asked in or asked (ORG-03)."""
        from approvals.models import Ask  # models import this module

        asked = Exists(Ask.objects.filter(round=OuterRef("pk"), person=user))
        if user.is_agent:
            return self.filter(Q(ticket__in=Ticket.objects.visible_to(user).values("pk")) | asked)
        return self.filter(asked | Q(asked_by=user))

    def waiting_for(self, user: User) -> RoundQuerySet:
        """Open rounds in which ``user`` is asked and has not decided yet."""
        from approvals.models import Ask  # models import this module

        return self.filter(pk__in=Ask.objects.filter(person=user, waits=True).values("round"), outcome="open")
