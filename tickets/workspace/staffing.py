"""Whom a ticket can be given to: who is on duty, who is away, how much each has already (DESK-04)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import SupportGroup, User
from duty.services import away_at, on_duty
from tickets.models import Ticket


def ranked(people: Iterable[User], group: SupportGroup | None, user: User, now: datetime) -> list[dict[str, Any]]:
    """``people`` as choices: those on duty first, then the least loaded; who is away last.

    Two queries and the roster's. ``group``: whose duty counts; None for people of any group. Load is what ``user``
    may see of it.
    """
    people = list(people)
    load = load_of(people, user)
    duty, away = on_duty(group, now) if group else None, away_at(now)

    def place(person: User) -> tuple[Any, ...]:
        return (person != duty, person.pk in away, load[person.pk], person.full_name, person.pk)

    return [
        {
            "value": person.username,
            "text": f"{person.display_name} ({person.username})",
            "detail": " · ".join(
                _marks(person, user, on_duty=person == duty, away=person.pk in away, load=load[person.pk])
            ),
        }
        for person in sorted(people, key=place)
    ]


def load_of(people: Iterable[User], user: User) -> Counter[int]:
    """How many unresolved tickets each has that ``user`` sees. One query."""
    live = Ticket.objects.visible_to(user).live().filter(assignee__in=[person.pk for person in people])
    return Counter(live.values_list("assignee_id", flat=True))


def _marks(person: User, user: User, *, on_duty: bool, away: bool, load: int) -> list[str]:
    marks = [
        *([_("me")] if person == user else []),
        *([_("on duty")] if on_duty else []),
        *([_("away")] if away else []),
    ]
    return [*marks, ngettext("%(count)d open", "%(count)d open", load) % {"count": load} if load else _("free")]
