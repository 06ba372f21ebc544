"""Whatever moves grades anew, from both sides: freezes all planned changes, a change those that it meets (CHG-05).

Each owner is told once of each collision.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.dispatch import receiver

from accounts.codes import in_both
from changes.collision.collisions import STANDING, Collision, Grade, collisions_of
from changes.collision.readings import KEPT_AT, keep
from changes.models import Change, FreezeRule
from changes.notices import tell_of_change
from changes.schedule.freezes import Freeze, Key, Years, freezes_between, key_of
from changes.schedule.trading import ANNOUNCED, TradingDays
from changes.states import States
from itsm.moments import moment_for_all
from tickets.lifecycle import Action
from tickets.models import TimelineEntry
from tickets.services import log_event
from tickets.signals import action_performed

#: Actions that may alter what collisions read of a change: its time, people, items. Also those that take something
#: off: what fails together is another set then.
MOVES = frozenset(
    {
        *("order", "submit", "edit", "start", "report_delay"),
        *("choose_implementers", "hand_on", "add_step", "edit_step", "remove_step", "report_step"),
        *("add_items", "add_items_by_query", "remove_items", "remove_items_by_query"),
        *("prepare_value", "prepare_relation", "apply_edits"),
    }
)
#: By key of a change the freezes in which it stands.
Standing = dict[int, dict[Key, Freeze]]


@contextmanager
def regraded(now: datetime) -> Iterator[None]:
    """Whatever happens to freezes inside: afterwards those are told whose change stands in others than before."""
    with transaction.atomic():
        planned = planned_changes(now)
        before = freezes_of(planned)
        yield
        tell_moved(planned, before, freezes_of(planned), now)


def tell_moved(planned: list[Change], before: Standing, after: Standing, now: datetime) -> None:
    """Those of ``planned`` that stand in other freezes than before say so; their owners are told."""
    for change in planned:
        if before[change.pk].keys() != after[change.pk].keys():
            _tell(change, before[change.pk], after[change.pk], now)


def planned_changes(now: datetime) -> list[Change]:
    """Changes with a window that has not passed and in which they can collide."""
    lasts = Q(planned_end__gt=now) | Q(expected_end__gt=now) | Q(state=States.IMPLEMENTING)
    found = Change.objects.filter(lasts, state__in=STANDING).exclude(planned_start=None)
    return list(found.order_by("pk"))


def freezes_of(
    changes: list[Change], rules: Iterable[FreezeRule] | None = None, days: TradingDays = ANNOUNCED
) -> Standing:
    """The freezes in which each change stands; of ``rules`` instead of those in use. Years are read once."""
    years = Years(rules, days)
    found: Standing = {}
    for change in changes:
        start, end = change.planned_start, change.stands_until
        rows = freezes_between(start, end, years) if start and end else []
        found[change.pk] = {key_of(one): one for one in rows}
    return found


def _tell(change: Change, before: dict[Key, Freeze], after: dict[Key, Freeze], now: datetime) -> None:
    """The timeline says what stands against it now; whoever asked for it and whoever carries it out learn of it."""
    freezes = [*after.values()]
    event = "freeze_stands" if freezes else "freeze_gone"
    shown = freezes or [*before.values()]
    names = ", ".join(one.rule.code for one in shown)
    log_event(ticket=change, event=event, user=None, now=now, freezes=names)
    text = in_both(lambda: _text(shown, stands=bool(freezes)))
    owners = [key for key in (change.requester_id, change.assignee_id) if key is not None]
    tell_of_change(
        what="freeze_moved",
        change=change,
        readers=list(dict.fromkeys(owners)),
        text=text,
        key=f"{change.pk}:{now.isoformat()}",
        now=now,
    )


def _text(freezes: list[Freeze], *, stands: bool) -> str:
    """Which freezes, from when to when; a mark says whether they stand against it or did."""
    lines = [f"{one.rule.name} {moment_for_all(one.starts_at)} – {moment_for_all(one.ends_at)}" for one in freezes]
    return ("" if stands else "✓ ") + "; ".join(lines)


@receiver(action_performed, sender=Change)
def grade_others(
    sender: Any, ticket: Any, entry: TimelineEntry, action: Action, now: datetime, **context: Any
) -> None:
    """Tell the owners of the changes that this one now meets head on; they did nothing and would not look.

    What it meets when that counts is kept: the same answer, asked once. Of a standard change that is moved nobody is
    asked again before its work begins: the move counts like its order.
    """
    change = ticket.specific
    counts = action.name in MOVES | KEPT_AT and change.state in STANDING
    if not counts or entry.via == TimelineEntry.Via.IMPORT:
        return
    found = collisions_of(change, now)
    if action.name in KEPT_AT or (change.is_standard and _moves(entry)):
        keep(change=change, found=found, occasion=action.name, now=now)
    for one in found:
        if one.grade is Grade.HARD and one.other is not None:
            tell_other(one, change, now)


def _moves(entry: TimelineEntry) -> bool:
    """Whether the action altered the window."""
    return any(one["field"] in ("planned_start", "planned_end") for one in entry.changes)


def tell_other(one: Collision, change: Change, now: datetime) -> bool:
    """The other side, once for the two as they stand now; its timeline says it too. Whether it was not told before."""
    other = one.other
    if other is None or other.requester_id is None:
        return False
    if not tell_owners(other, words_of(one, change.number), pair_key(one), now):
        return False
    log_event(ticket=other, event="collision_found", user=None, now=now, number=change.number)
    return True


def words_of(one: Collision, number: str = "") -> dict[str, str]:
    """The number of the other side, the reason, and what it is about, in both languages."""
    return in_both(lambda: " ".join(filter(None, [number, str(one.reason.label), ", ".join(one.names)])))


def pair_key(one: Collision) -> str:
    """The same for both sides as they stand now."""
    rows = sorted(filter(None, (one.change, one.other)), key=lambda row: row.pk)
    windows = ":".join(f"{row.pk}.{_minutes(row.planned_start)}.{_minutes(row.stands_until)}" for row in rows)
    return f"{one.reason}:{windows}"


def tell_owners(change: Change, text: Any, key: str, now: datetime) -> bool:
    """Whoever asked for ``change`` and whoever carries it out learn what it collides with; False when they know."""
    told = tell_of_change(
        what="collision_found",
        change=change,
        readers=[person for person in {change.requester_id, change.assignee_id} if person is not None],
        text=text,
        key=key,
        now=now,
    )
    return told is not None


def _minutes(moment: datetime | None) -> int:
    """The same for the same moment, whatever zone it is written in."""
    return int(moment.timestamp() // 60) if moment else 0
