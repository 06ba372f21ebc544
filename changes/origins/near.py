"""Changes that a ticket may have to do with: running, planned and recent ones of its items, their neighbours and its
service, and those that were raised from it (INC-16, INC-20)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, Count, F, Q, Value, When, Window
from django.db.models.functions import Coalesce, RowNumber
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from changes.collision.redundancy import MOST_ITEMS, around
from changes.models import Change
from changes.rules import may_raise
from changes.schedule.windows import began_by
from changes.states import ENDED, States
from cmdb.models import ConfigurationItem
from tickets.actions import Available
from tickets.models import AffectedItem, Ticket
from tickets.workspace.pages import button_of

#: How far it is looked back from when the ticket came, and ahead from now.
BACK, AHEAD = timedelta(hours=72), timedelta(days=14)
SHOWN = 8
#: In these states a change may still be carried out.
COMING = (States.SUBMITTED, States.ACCEPTED, States.ASSESSED, States.APPROVING, States.SCHEDULED)
TONES = {States.IMPLEMENTING: "soon", States.SCHEDULED: "info", States.BACKED_OUT: "late"}
RAISED, RUNNING, PLANNED, RECENT = WHEN = ("raised", "running", "planned", "recent")


@dataclass(frozen=True)
class Near:
    """A change: when it is (one of the four words above), and why it stands here. ``own``: raised from the ticket.

    ``total``: how many there are of that word.
    """

    change: Change
    when: str
    why: list[str]
    total: int

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


def changes_near(ticket: Ticket, user: User, now: datetime, *, most: int = SHOWN) -> list[Near]:
    """Those that ``user`` sees, the raised ones first, then running, planned, recent; ``most`` of each. Four queries.

    Of those to come the soonest, of all others the newest stand first: many recent ones hide none that runs.
    """
    own = dict(ticket.affected_items.values_list("item_id", "item__identifier"))
    steps = around(own.keys() or _items_of_system(ticket, user), user)
    touching = AffectedItem.objects.filter(item__in=list(steps)).values("ticket_id")
    place = Q(raised_from=ticket.pk)
    if steps:
        place |= Q(pk__in=touching) & _in_time(ticket, now)
    if ticket.business_system_id:
        place |= Q(business_system=ticket.business_system_id) & _in_time(ticket, now)
    visible: Any = Change.objects.visible_to(user)
    found = _grouped(visible.filter(place).exclude(pk=ticket.pk), ticket).filter(place_in_group__lte=most)
    rows = list(found.select_related("change_type", "assignee", "group"))
    items = _items_of([row.pk for row in rows], steps)
    near = [Near(row, row.when, _why(row, ticket, own, items[row.pk]), row.in_group) for row in rows]
    return sorted(near, key=lambda one: (WHEN.index(one.when), one.change.place_in_group))  # type: ignore[attr-defined]


def _items_of_system(ticket: Ticket, user: User) -> list[int]:
    """Where a ticket names no item: those of its business system that ``user`` sees, as many as are looked at."""
    if ticket.business_system_id is None:
        return []
    found = ConfigurationItem.objects.visible_to(user).filter(business_system=ticket.business_system_id)
    return list(found.order_by("pk").values_list("pk", flat=True)[:MOST_ITEMS])


def _grouped(found: Any, ticket: Ticket) -> Any:
    """``found`` with the word that says ``when`` each is, its place among those of it, and how many these are."""
    when = Case(
        When(raised_from=ticket.pk, then=Value(RAISED)),
        When(state=States.IMPLEMENTING, then=Value(RUNNING)),
        When(state__in=ENDED, then=Value(RECENT)),
        default=Value(PLANNED),
    )
    soonest = Case(When(when=PLANNED, then=F("planned_start"))).asc(nulls_last=True)
    newest = Coalesce("actual_end", "actual_start", "planned_start", "created_at").desc()
    return found.annotate(when=when).annotate(
        place_in_group=Window(RowNumber(), order_by=[soonest, newest, F("pk").desc()], partition_by=F("when")),
        in_group=Window(Count("pk"), partition_by=F("when")),
    )


def _in_time(ticket: Ticket, now: datetime) -> Q:
    """Being carried out, to come soon, or carried out shortly before the ticket came and while it was open."""
    until = ticket.resolved_at or now
    recent = Q(state__in=ENDED, actual_end__gte=ticket.created_at - BACK) & began_by(until)
    if not ticket.is_live:
        return recent
    soon = Q(planned_start__lt=now + AHEAD, planned_end__gt=now) | Q(planned_end=None)  # an emergency goes at once
    coming = Q(state__in=COMING) & soon
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
        "groups": [_group(label, [one for one in near if one.when == when]) for when, label in labels().items()],
        "judge": button_of(judge, ticket) if judge and any(one.asks for one in near) else None,
        "order": button_of(order, ticket) if order else None,
        "request_url": _request_address(ticket) if raises else "",
    }


def _group(label: str, rows: list[Near]) -> tuple[str, list[Near], int]:
    """(what it is called, what is shown of it, how many more there are)."""
    return label, rows, rows[0].total - len(rows) if rows else 0


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
