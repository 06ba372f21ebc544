"""Changes that a ticket may have to do with: running, planned and recent ones of its items, their neighbours and its
service, and those that were raised from it (INC-16, INC-20)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from changes.collision.redundancy import around
from changes.models import Change
from changes.rules import may_raise
from changes.states import ENDED, States
from tickets.actions import Available
from tickets.models import AffectedItem, Ticket
from tickets.workspace.pages import button_of

TEMPLATE = "changes/_near.html"
#: How far it is looked back from when the ticket came, and ahead from now.
BACK, AHEAD = timedelta(hours=72), timedelta(days=14)
SHOWN = 8
#: In these states a change may still be carried out.
COMING = (States.SUBMITTED, States.ACCEPTED, States.ASSESSED, States.APPROVING, States.SCHEDULED)
TONES = {States.IMPLEMENTING: "soon", States.SCHEDULED: "info", States.BACKED_OUT: "late"}
RAISED, RUNNING, PLANNED, RECENT = WHEN = ("raised", "running", "planned", "recent")


@dataclass(frozen=True)
class Near:
    """A change: when it is (one of the four words above), and why it stands here. ``own``: raised from the ticket."""

    change: Change
    when: str
    why: list[str]

    @property
    def own(self) -> bool:
        """Whether it was raised from the ticket."""
        return self.when == RAISED

    @property
    def tone(self) -> str:
        """The colour of its state."""
        return TONES.get(States(self.change.state), "neutral")

    @property
    def asks(self) -> bool:
        """Whether the ticket's handler has still to say if it helped."""
        return self.own and self.change.state in ENDED and self.change.helped is None


def changes_near(ticket: Ticket, user: User, now: datetime) -> list[Near]:
    """Those that ``user`` sees, the raised ones first, then running, planned, recent. Four queries at most."""
    own = dict(ticket.affected_items.values_list("item_id", "item__identifier"))
    steps = around(own.keys(), user)
    touching = AffectedItem.objects.filter(item__in=list(steps)).values("ticket_id")
    place = Q(raised_from=ticket.pk)
    if steps:
        place |= Q(pk__in=touching) & _in_time(ticket, now)
    if ticket.business_system_id:
        place |= Q(business_system=ticket.business_system_id) & _in_time(ticket, now)
    visible: Any = Change.objects.visible_to(user)
    found = visible.filter(place).exclude(pk=ticket.pk).select_related("change_type", "assignee", "group")
    rows = list(found.order_by("planned_start", "pk")[: 8 * SHOWN])
    items = _items_of([row.pk for row in rows], steps)
    near = [Near(row, _when(row, ticket), _why(row, ticket, own, items[row.pk])) for row in rows]
    return sorted(near, key=lambda one: WHEN.index(one.when))


def _in_time(ticket: Ticket, now: datetime) -> Q:
    """Being carried out, to come soon, or carried out shortly before the ticket came and while it was open."""
    until = ticket.resolved_at or now
    recent = Q(state__in=ENDED, actual_end__gte=ticket.created_at - BACK, actual_start__lte=until)
    if not ticket.is_live:
        return recent
    coming = Q(state__in=COMING, planned_start__lt=now + AHEAD, planned_end__gt=now)
    return recent | coming | Q(state=States.IMPLEMENTING)


def _items_of(keys: list[int], steps: dict[int, int]) -> dict[int, list[tuple[str, int]]]:
    """For each change, the items of the neighbourhood that it touches, with their distance; the nearest first."""
    found: dict[int, list[tuple[str, int]]] = defaultdict(list)
    if keys and steps:
        rows = AffectedItem.objects.filter(ticket__in=keys, item__in=list(steps))
        for change, item, name in rows.values_list("ticket_id", "item_id", "item__identifier"):
            found[change].append((name, steps[item]))
    for touched in found.values():
        touched.sort(key=lambda one: (one[1], one[0]))
    return found


def _when(change: Change, ticket: Ticket) -> str:
    if change.raised_from_id == ticket.pk:
        return RAISED
    if change.state == States.IMPLEMENTING:
        return RUNNING
    return RECENT if change.state in ENDED else PLANNED


def _why(change: Change, ticket: Ticket, own: dict[int, str], items: list[tuple[str, int]]) -> list[str]:
    """In words: the same item, a neighbour with its distance, the same service."""
    why = [name if steps == 0 else _("%(item)s, %(n)d away") % {"item": name, "n": steps} for name, steps in items[:3]]
    if ticket.business_system_id and change.business_system_id == ticket.business_system_id:
        why.append(_("the same business system"))
    return why


def panel_of(ticket: Ticket, available: Iterable[Available], user: User, now: datetime) -> dict[str, Any] | None:
    """The panel beside the ticket; None for those who may not read internal notes, and when it has nothing to say."""
    if not user.may(Permission.INTERNAL):
        return None
    near = changes_near(ticket, user, now)
    raises = may_raise(ticket, user)
    if not near and not raises:
        return None
    enabled = {item.action.name: item.action for item in available if item.enabled}
    judge, order = enabled.get("judge_change"), enabled.get("raise_change")
    return {
        "template": TEMPLATE,
        "groups": [(label, [one for one in near if one.when == when][:SHOWN]) for when, label in labels().items()],
        "judge": button_of(judge, ticket) if judge and any(one.asks for one in near) else None,
        "order": button_of(order, ticket) if order else None,
        "request_url": _request_address(ticket) if raises else "",
    }


def labels() -> dict[str, str]:
    """What each group of changes is called."""
    return {
        RAISED: _("Raised from this"),
        RUNNING: _("Running now"),
        PLANNED: _("Planned"),
        RECENT: _("Carried out shortly before"),
    }


def _request_address(ticket: Ticket) -> str:
    """Where a change that is in no catalogue is requested because of the ticket."""
    return f"{reverse('tickets:register', args=['changes'])}?{urlencode({'from': ticket.number})}"
