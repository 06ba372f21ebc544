"""Who looks at which ticket right now."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from tickets.models import Ticket


class Presence(models.Model):
    """A person has a ticket open. Believed for ``live.presence.GONE_AFTER`` after it was last seen.

    ``editing_at``: when they last typed on it. The table is unlogged: it costs no write-ahead log, and is empty
    after a crash, as it should be.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="+", db_index=False)
    seen_at = models.DateTimeField()
    editing_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("presence")
        verbose_name_plural = _("presence")
        constraints = [models.UniqueConstraint(fields=["user", "ticket"], name="presence_unique")]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.ticket_id}"
