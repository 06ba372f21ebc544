"""People who see a ticket that their role alone would not show them, because somebody called them in (MAJ-02)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission

if TYPE_CHECKING:
    from tickets.models import Ticket


class Guest(models.Model):
    """``user`` sees ``ticket`` as long as this row is there.

    Staff because they were called in or asked to decide; customers only because they were asked to decide something
    of their own organisation (``visible_to`` asks for that).
    """

    class Because(models.TextChoices):
        CALLED = "called", _("called in")
        ASKED = "asked", _("asked to decide")

    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="guests")
    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    since = models.DateTimeField()
    because = models.CharField(max_length=6, choices=Because, default=Because.CALLED)

    class Meta:
        verbose_name = _("guest")
        verbose_name_plural = _("guests")
        constraints = [models.UniqueConstraint(fields=["user", "ticket", "because"], name="guest_once")]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.user_id}"


def let_in(
    *, ticket: Ticket, people: Iterable[User | int], now: datetime, because: str = Guest.Because.CALLED
) -> None:
    """Let ``people`` (or their keys) see ``ticket``, whatever they see otherwise. Idempotent."""
    keys = [person if isinstance(person, int) else person.pk for person in people]
    rows = [Guest(ticket_id=ticket.pk, user_id=key, since=now, because=because) for key in keys]
    Guest.objects.bulk_create(rows, ignore_conflicts=True)


def let_out(
    *,
    ticket: Ticket,
    user: User | None = None,
    people: Iterable[int] | None = None,
    because: str = Guest.Because.CALLED,
) -> None:
    """Let ``user``, or those with the keys ``people``, else every guest, see ``ticket`` only if their role shows it.

    ``because``: no guests but those who came in that way. Idempotent.

    Who was asked to decide goes on seeing what they decided.
    """
    found = Guest.objects.filter(ticket_id=ticket.pk, because=because)
    if user is not None:
        found = found.filter(user=user)
    if people is not None:
        found = found.filter(user__in=list(people))
    found.delete()


def only_reads(ticket: Ticket, user: User) -> bool:
    """Whether ``user`` sees ``ticket`` only because they were asked to decide about it. No query for most people."""
    if ticket.pk is None or user.may(Permission.VIEW) or user.pk in (ticket.requester_id, ticket.registered_by_id):
        return False
    if user.organisation_id == ticket.organisation_id and user.may(Permission.VIEW_ORGANISATION):
        return False
    because = Guest.objects.filter(ticket_id=ticket.pk, user_id=user.pk).values_list("because", flat=True)
    return set(because) == {Guest.Because.ASKED}


def invited_keys(user: User) -> list[int]:
    """Keys of the tickets that ``user`` is a guest of, for whatever reason. One query."""
    return list(Guest.objects.filter(user_id=user.pk).values_list("ticket_id", flat=True).distinct())
