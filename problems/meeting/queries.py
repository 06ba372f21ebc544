"""The monthly review list: what came again, what a workaround solved, what still runs (INC-17)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from accounts.models import User
from problems.models import KnownErrorUse, Problem, Telling
from problems.prefills import MOST
from tickets.figures.months import Month
from tickets.figures.records import Span, records_of
from tickets.lifecycle import kind_of
from tickets.models import Ticket, TicketLink
from tickets.shared.causes import CAUSED_BY

#: So many groups of each sort, and so many running incidents, the weightiest first.
SHOWN = 50
REPEATED = "incident.repeated"
#: What makes two incidents the same fault, as the figure "repeated" has it.
KEY = ("organisation_id", "category_id", "business_system_id")


@dataclass
class Group:
    """Incidents that belong together, and the problems that there are about some of them."""

    names: list[str]
    tickets: list[Ticket]
    problems: list[Problem] = field(default_factory=list)

    @property
    def raise_url(self) -> str:
        """The form of a new problem, filled in from them."""
        numbers = ",".join(ticket.number for ticket in self.tickets[:MOST])
        return f"{reverse('tickets:register', args=[kind_of('problem')])}?{urlencode({'from': numbers})}"


def repeated_in(month: Month, user: User) -> list[Group]:
    """Incidents of the month that came again within days of a solution, with all of their key; three queries.

    One key is one customer, category and business system; what none of them repeats is left out.
    """
    span = Span(month.start, month.end)
    incidents = Ticket.objects.visible_to(user).filter(kind="incident")
    keys = set(incidents.filter(records_of(REPEATED).where(span)).values_list(*KEY))
    if not keys:
        return []
    alike = incidents.filter(span.within("created_at"), category__in={category for _one, category, _two in keys})
    names = ("organisation", "category", "business_system")
    by_key: defaultdict[tuple[Any, ...], list[Ticket]] = defaultdict(list)
    for ticket in alike.select_related(*names).order_by("created_at", "pk"):
        by_key[tuple(getattr(ticket, name) for name in KEY)].append(ticket)
    found = [
        Group([str(row) for name in names if (row := getattr(tickets[0], name)) is not None], tickets)
        for key, tickets in by_key.items()
        if key in keys
    ]
    return _with_problems(sorted(found, key=lambda group: -len(group.tickets))[:SHOWN])


def by_workaround_in(month: Month, user: User) -> list[Group]:
    """Incidents that were solved in the month by the workaround of a known error, by known error; three queries."""
    solved = Ticket.objects.visible_to(user).filter(kind="incident")
    solved = solved.filter(resolved_at__gte=month.start, resolved_at__lt=month.end)
    by_error: defaultdict[tuple[int, str], dict[int, Ticket]] = defaultdict(dict)
    for uses in (KnownErrorUse.objects.filter(dropped_at=None), Telling.objects.all()):
        rows = uses.filter(ticket__in=solved.values("pk")).select_related("known_error", "ticket")
        for row in rows.order_by("ticket_id"):
            by_error[row.known_error_id, row.known_error.title][row.ticket_id] = row.ticket
    found = [Group([title], list(tickets.values())) for (_key, title), tickets in by_error.items()]
    return _with_problems(sorted(found, key=lambda group: -len(group.tickets))[:SHOWN])


def running_in(month: Month, user: User) -> list[Ticket]:
    """Incidents of the month, or older ones, that are not solved now: priority first, then the oldest. One query."""
    found = Ticket.objects.visible_to(user).live().filter(kind="incident", parent=None, created_at__lt=month.end)
    return list(found.for_rows().order_by("priority_rank", "created_at", "pk")[:SHOWN])


def _with_problems(groups: Iterable[Group]) -> list[Group]:
    """Each group with the problems that cause some of its incidents."""
    found = list(groups)
    keys = [ticket.pk for group in found for ticket in group.tickets]
    links = TicketLink.objects.filter(source__in=keys, meaning=CAUSED_BY, target__kind="problem")
    pairs = list(links.values_list("source_id", "target_id"))
    problems = Problem.objects.in_bulk({target for _source, target in pairs})
    for group in found:
        own = {ticket.pk for ticket in group.tickets}
        group.problems = [problems[key] for key in sorted({target for source, target in pairs if source in own})]
    return found
