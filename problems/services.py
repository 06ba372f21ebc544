"""What problems do to other records. Effects of actions: they run in the action's transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from cmdb.models import ConfigurationItem
from problems.models import Problem
from tickets.actions import perform
from tickets.errors import ActionConflict
from tickets.models import Ticket, TicketLink, TimelineEntry
from tickets.services import affect_items, log_event, relate
from tickets.shared.causes import CAUSED_BY, refuse_loop

#: Why an incident waits, by the code of the reason.
WAITS_FOR_PROBLEM = "problem"
#: An incident that waits for a problem is looked at again after so long.
LOOK_AGAIN = timedelta(days=30)


def complete_registration(
    *, ticket: Problem, user: User, now: datetime, cleaned: dict[str, Any], **context: Any
) -> None:
    """Join the incidents that it was raised from, with their configuration items."""
    incidents = list(cleaned.get("incidents") or [])
    affect_items(ticket=ticket, items=cleaned.get("items") or [])
    for incident in incidents:
        join(incident=incident, problem=ticket, user=user, now=now)


def join(*, incident: Ticket, problem: Ticket, user: User | None, now: datetime) -> None:
    """Say that ``problem`` causes ``incident``; both timelines say so, once. Closed incidents keep their own state.

    Raises ActionConflict for a loop of causes.
    """
    refuse_loop(effect=incident, cause=problem)
    if TicketLink.objects.filter(source_id=incident.pk, target_id=problem.pk, meaning=CAUSED_BY).exists():
        return
    relate(source=incident, target=problem, meaning=CAUSED_BY, user=user, now=now)
    affect_items(ticket=problem, items=incident.items.all())
    meaning = CAUSED_BY.value
    log_event(ticket=incident, event="caused", user=user, now=now, number=problem.number, meaning=meaning)
    log_event(ticket=problem, event="linked", user=user, now=now, number=incident.number, meaning=meaning)


def raise_from_incident(
    *, ticket: Ticket, entry: TimelineEntry, user: User, now: datetime, cleaned: dict[str, Any], **context: Any
) -> Problem:
    """Raise a problem in the words of the incident, joined to it, about the same system, category and items."""
    data: dict[str, Any] = {
        "summary": cleaned["summary"],
        "description": cleaned["description"] or ticket.description,
        "problem_source": "incident",
        "incidents": [ticket.number],
    }
    for name in ("problem_category", "level", "business_system", "category"):
        value = cleaned.get(name) or getattr(ticket, name, None)
        data[name] = value.code if value is not None else ""
    data["items"] = list(
        ConfigurationItem.objects.visible_to(user).filter(tickets=ticket.pk).values_list("identifier", flat=True)
    )
    return perform(Problem(), "register", user=user, data=data, via=entry.via, now=now).ticket  # type: ignore[return-value]


def attach_incident(
    *, ticket: Ticket, entry: TimelineEntry, user: User, now: datetime, cleaned: dict[str, Any], **context: Any
) -> None:
    """Join the incident to a problem that is there; let it wait when asked. Raises ActionConflict, ActionForbidden."""
    problem = cleaned["problem"]
    if cleaned.get("waits"):
        _hold(problem)
    join(incident=ticket, problem=problem, user=user, now=now)
    if cleaned.get("waits"):
        until = (now + LOOK_AGAIN).isoformat()
        data = {"wait_reason": WAITS_FOR_PROBLEM, "wait_until": until, "text": problem.number}
        entry.ticket = perform(ticket, "wait", user=user, data=data, via=entry.via, now=now).ticket


def _hold(problem: Ticket) -> None:
    """Keep the problem from being solved until the incident waits; never wait for it, which could dead-lock."""
    try:
        with transaction.atomic():
            held = list(
                Ticket.objects.live().filter(pk=problem.pk).select_for_update(nowait=True, no_key=True).values("pk")
            )
    except OperationalError:
        raise ActionConflict(_("Somebody is changing the problem right now. Try again.")) from None
    if not held:
        raise ActionConflict(_("This problem is over: there is nothing to wait for."))


def set_team(*, ticket: Problem, cleaned: dict[str, Any], **context: Any) -> None:
    """The analysis team; whoever left it keeps what they wrote."""
    ticket.team.set(cleaned.get("team") or [])
    ticket.__dict__.pop("team_ids", None)


def caused(problem: Ticket) -> Any:
    """The incidents that ``problem`` causes."""
    keys = TicketLink.objects.filter(target_id=problem.pk, meaning=CAUSED_BY).values("source_id")
    return Ticket.objects.filter(pk__in=keys, kind="incident")


def free_waiting_incidents(*, ticket: Problem, now: datetime, **context: Any) -> None:
    """Incidents that wait for it go on with their assignee, in order of their ids. Nothing else is touched.

    What is resolved or closed keeps its state, its moments and its clocks.
    """
    waiting = caused(ticket).filter(phase="waiting", wait_reason=WAITS_FOR_PROBLEM).order_by("pk")
    for incident in waiting:
        perform(incident, "problem_over", user=None, now=now)


def fold_into(
    *, ticket: Problem, user: User, now: datetime, cleaned: dict[str, Any], entry: TimelineEntry, **context: Any
) -> None:
    """Its incidents belong to the problem that stays, too. Raises ActionConflict when that one is over by now."""
    main = cleaned["main"]
    _hold(main)
    relate(source=ticket, target=main, meaning=TicketLink.Meaning.DUPLICATE, user=user, now=now)
    log_event(ticket=main, event="linked", user=user, now=now, number=ticket.number, meaning="duplicate_of")
    for incident in caused(ticket).order_by("pk"):
        join(incident=incident, problem=main, user=user, now=now)


def link_recurrence(*, ticket: Problem, cleaned: dict[str, Any], now: datetime, **context: Any) -> None:
    """The incident that showed it belongs to the problem."""
    join(incident=cleaned["incident"], problem=ticket, user=None, now=now)
