"""People who see a ticket that their role alone would not show them, because somebody called them in (MAJ-02)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User

if TYPE_CHECKING:
    from tickets.models import Ticket


class Guest(models.Model):
    """``user`` sees ``ticket`` as long as this row is there. Never customers: ``visible_to`` asks for staff only."""

    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="guests")
    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    since = models.DateTimeField()

    class Meta:
        verbose_name = _("guest")
        verbose_name_plural = _("guests")
        constraints = [models.UniqueConstraint(fields=["user", "ticket"], name="guest_once")]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.user_id}"


def let_in(*, ticket: Ticket, people: Iterable[User], now: datetime) -> None:
    """Let ``people`` see ``ticket``, whatever they see otherwise. Idempotent."""
    rows = [Guest(ticket_id=ticket.pk, user=person, since=now) for person in people]
    Guest.objects.bulk_create(rows, ignore_conflicts=True)


def let_out(*, ticket: Ticket, user: User | None = None) -> None:
    """Let ``user``, or every guest, see ``ticket`` no longer unless their role shows it. Idempotent."""
    found = Guest.objects.filter(ticket_id=ticket.pk)
    (found if user is None else found.filter(user=user)).delete()


def invited_keys(user: User) -> list[int]:
    """Keys of the tickets that ``user`` is a guest of. One query."""
    return list(Guest.objects.filter(user_id=user.pk).values_list("ticket_id", flat=True))
