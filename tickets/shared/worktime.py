"""Time spent on tickets, per step and person (TKT-11): the ground of reports on the use of people."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, Sum
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User

if TYPE_CHECKING:
    from tickets.models import Ticket, TimelineEntry

#: Nobody works more than a day on one day.
MOST_MINUTES = 24 * 60
_CLOCK = re.compile(r"(\d{1,2})[:：](\d{2})")
_UNITS = re.compile(r"(?:(\d+(?:\.\d+)?)\s*(?:h|小时|时))?\s*(?:(\d+)\s*(?:m|min|分|分钟)?)?", re.IGNORECASE)


class TimeSpent(models.Model):
    """Minutes that a person worked on a ticket while it was in ``state``. Written by ``log_time`` alone."""

    ticket = models.ForeignKey("tickets.Ticket", models.CASCADE, related_name="time_spent")
    entry = models.OneToOneField("tickets.TimelineEntry", models.CASCADE, related_name="time_spent")
    person = models.ForeignKey(User, models.PROTECT, verbose_name=_("person"))
    state = models.CharField(_("state"), max_length=20)
    minutes = models.PositiveSmallIntegerField(_("minutes"))
    at = models.DateTimeField(_("recorded"))

    class Meta:
        verbose_name = _("time spent")
        verbose_name_plural = _("time spent")
        indexes = [models.Index(fields=["person", "at"], name="time_of_person")]
        constraints = [
            models.CheckConstraint(condition=Q(minutes__gte=1, minutes__lte=MOST_MINUTES), name="time_within_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.person_id} {self.minutes} min"


class MinutesField(forms.CharField):
    """A duration as people write it: ``45``, ``1:30``, ``1h 30m``, ``1.5h``, ``1小时30分``. Gives whole minutes."""

    #: Programs send minutes as a number.
    takes_numbers = True

    def shown(self, value: int) -> str:
        """The minutes as people read them."""
        if value < 60:
            return gettext("%(n)s min") % {"n": value}
        return gettext("%(n)s h") % {"n": f"{value // 60}:{value % 60:02}"}

    def clean(self, value: Any) -> int | None:
        """Return the minutes, 1 to 1440. Raises ValidationError for what is no duration."""
        text = super().clean(value)
        if not text:
            return None
        minutes = minutes_in(text)
        if minutes is None:
            raise ValidationError(_("Write a duration such as 45, 1:30 or 1.5h."), code="invalid")
        if not 1 <= minutes <= MOST_MINUTES:
            raise ValidationError(_("Between one minute and 24 hours."), code="invalid")
        return minutes


def minutes_in(text: str) -> int | None:
    """Minutes that ``text`` means; None when it means none."""
    clock = _CLOCK.fullmatch(text.strip())
    if clock:
        return int(clock[1]) * 60 + int(clock[2]) if int(clock[2]) < 60 else None
    units = _UNITS.fullmatch(text.strip())
    if not units or units[0] == "":
        return None
    return round(float(units[1] or 0) * 60) + int(units[2] or 0)


def record_time(
    *, ticket: Ticket, entry: TimelineEntry, user: User, now: datetime, cleaned: dict[str, Any], **context: Any
) -> None:
    """Store the time that came with ``entry``. An effect of ``log_time``."""
    TimeSpent.objects.create(
        ticket_id=ticket.pk, entry=entry, person=user, state=ticket.state, minutes=cleaned["minutes"], at=now
    )


@dataclass(frozen=True)
class Spent:
    """What one person spent on a ticket, in minutes."""

    person: User
    minutes: int

    @property
    def seconds(self) -> int:
        """The same for the tag ``duration``."""
        return self.minutes * 60


def time_by_person(ticket: Ticket) -> list[Spent]:
    """Who spent how long on ``ticket``, the most first. Two queries."""
    sums = ticket.time_spent.values("person").annotate(total=Sum("minutes")).order_by("-total")
    totals = {row["person"]: row["total"] for row in sums}
    people = User.objects.in_bulk(totals)
    return [Spent(people[key], total) for key, total in totals.items()]
