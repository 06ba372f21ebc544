"""Who follows a ticket (TKT-10)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class Watcher(models.Model):
    """A person who wants to be told how a ticket goes on (TKT-10)."""

    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE)
    user = models.ForeignKey(User, models.CASCADE)

    class Meta:
        verbose_name = _("watcher")
        verbose_name_plural = _("watchers")
        constraints = [models.UniqueConstraint(fields=["ticket", "user"], name="watcher_unique")]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.user_id}"
