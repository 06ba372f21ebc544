"""Queues: named views over the tickets that a person sees, with their counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from tickets.lifecycle import Phase, kinds
from tickets.models import Ticket
from tickets.querysets import LIVE, TicketQuerySet

#: Counts stop here: nobody reads more, and a queue of a million costs no more than one of a thousand.
COUNT_CAP = 999

Where = Callable[[User, datetime], Q]


@dataclass(frozen=True)
class View:
    """A queue: the same condition gives the list, its count, the API, exports and live updates (lessons.md)."""

    code: str
    label: Any
    where: Where
    tone: str = ""


_LIVE = Q(phase__in=LIVE)


def _unassigned(user: User, now: datetime) -> Q:
    mine = Q(group__in=user.group_ids)
    if user.may(Permission.DISPATCH):
        mine |= Q(group=None)
    return _LIVE & mine & Q(assignee=None)


def _of_kinds(view: str) -> Q:
    """Tickets of the kinds that name ``view`` among theirs: nobody confirms a change or calls back about a problem."""
    return Q(kind__in=[kind.code for kind in kinds() if kind.views and view in kind.views])


def _to_follow_up(user: User, now: datetime) -> Q:
    """What the desk looks after to its end: whom to call back, what waits for the user, what came back (INC-21)."""
    to_call = Q(phase=Phase.RESOLVED, confirmed_at=None)
    waits = Q(phase=Phase.WAITING, wait_reason="requester")
    came_back = _LIVE & Q(reopen_count__gt=0)
    return _of_kinds("follow_up") & (to_call | waits | came_back)


def _to_confirm(user: User, now: datetime) -> Q:
    return _of_kinds("to_confirm") & Q(phase=Phase.RESOLVED, confirmed_at=None)


def _confirmed(user: User, now: datetime) -> Q:
    return _of_kinds("confirmed") & Q(phase=Phase.RESOLVED, confirmed_at__isnull=False)


VIEWS: dict[str, View] = {
    view.code: view
    for view in (
        View("unassigned", _("My groups, unassigned"), _unassigned),
        View("mine", _("Mine"), lambda user, now: _LIVE & Q(assignee=user.pk)),
        View(
            "due_soon", _("Due soon"), lambda user, now: _LIVE & Q(due_soon_at__lte=now, queue_due_at__gte=now), "soon"
        ),
        View("overdue", _("Overdue"), lambda user, now: _LIVE & Q(queue_due_at__lt=now), "late"),
        View("escalated", _("Escalated"), lambda user, now: _LIVE & Q(escalated_at__isnull=False), "late"),
        View("monitoring", _("Monitoring"), lambda user, now: _LIVE & Q(source="monitoring")),
        View("reopened", _("Reopened"), lambda user, now: _LIVE & Q(reopen_count__gt=0)),
        View("waiting", _("Waiting"), lambda user, now: Q(phase=Phase.WAITING)),
        View("to_confirm", _("To confirm"), _to_confirm),
        View("confirmed", _("Confirmed, to close"), _confirmed),
        View("follow_up", _("Follow-up list"), _to_follow_up),
        View("open", _("All open"), lambda user, now: _LIVE),
        View("all", _("All"), lambda user, now: Q()),
    )
}
#: Counting every ticket there ever was tells nobody anything.
COUNTED = tuple(code for code in VIEWS if code != "all")


def queue(user: User, view: View, now: datetime, kind: str | None = None) -> TicketQuerySet:
    """Tickets of ``view`` that ``user`` sees, of one kind or all."""
    found = Ticket.objects.visible_to(user)
    return (found.filter(kind=kind) if kind else found).filter(view.where(user, now))


def counts_of(querysets: dict[str, TicketQuerySet]) -> dict[str, int]:
    """Count each of ``querysets`` up to ``COUNT_CAP`` + 1, in one query."""
    parts: list[str] = []
    values: list[Any] = []
    for found in querysets.values():
        sql, params = _capped_count(found)
        parts.append(sql)
        values.extend(params)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", values)
        return dict(zip(querysets, cursor.fetchone(), strict=True))


def _capped_count(found: TicketQuerySet) -> tuple[str, tuple[Any, ...]]:
    try:
        sql, params = found.order_by().values("pk")[: COUNT_CAP + 1].query.sql_with_params()
    except EmptyResultSet:  # a person without groups has no queue of groups
        return "0", ()
    return f"(SELECT count(*) FROM ({sql}) counted)", params  # noqa: S608 - SQL made by Django's compiler


def first_keys(querysets: dict[str, TicketQuerySet], number: int) -> dict[str, list[int]]:
    """Keys of the first ``number`` of each of ``querysets``, in its order, in one query."""
    parts: list[str] = []
    values: list[Any] = []
    for found in querysets.values():
        try:
            sql, params = found.values("pk")[:number].query.sql_with_params()
        except EmptyResultSet:
            sql, params = "SELECT 0 WHERE false", ()
        parts.append(f"ARRAY({sql})")
        values.extend(params)
    if not parts:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", values)
        return dict(zip(querysets, cursor.fetchone(), strict=True))


def view_counts(user: User, now: datetime, kind: str | None = None) -> dict[str, int]:
    """How many tickets each counted view has, for tabs."""
    return counts_of({code: queue(user, VIEWS[code], now, kind) for code in COUNTED})


def shown_count(count: int) -> str:
    """A capped count for people."""
    return f"{COUNT_CAP}+" if count > COUNT_CAP else str(count)
