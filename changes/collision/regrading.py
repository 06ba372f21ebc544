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
from django.utils.timezone import get_current_timezone_name, localtime

from accounts.codes import in_both
from changes.collision.collisions import STANDING, Collision, Grade, collisions_of
from changes.models import Change, FreezeRule
from changes.schedule.freezes import Freeze, Key, Years, freezes_between, key_of
from changes.signals import change_news
from tickets.lifecycle import Action
from tickets.models import TimelineEntry
from tickets.services import log_event
from tickets.signals import action_performed

#: Actions after which a change may meet others that it did not meet before.
MOVES = frozenset(
    {"order", "submit", "edit", "choose_implementers", "add_step", "add_items", "add_items_by_query", "report_delay"}
)


@contextmanager
def regraded(now: datetime) -> Iterator[None]:
    """Whatever happens to freezes inside: afterwards those are told whose change stands in others than before."""
    with transaction.atomic():
        planned = planned_changes(now)
        before = freezes_of(planned)
        yield
        after = freezes_of(planned)
        for change in planned:
            if before[change.pk].keys() != after[change.pk].keys():
                _tell(change, before[change.pk], after[change.pk], now)


def planned_changes(now: datetime) -> list[Change]:
    """Changes with a window that has not passed and in which they can collide."""
    lasts = Q(planned_end__gt=now) | Q(expected_end__gt=now)
    found = Change.objects.filter(lasts, state__in=STANDING).exclude(planned_start=None)
    return list(found.order_by("pk"))


def freezes_of(changes: list[Change], rules: Iterable[FreezeRule] | None = None) -> dict[int, dict[Key, Freeze]]:
    """The freezes in which each change stands; of ``rules`` instead of those in use. Years are read once."""
    years = Years(rules)
    found: dict[int, dict[Key, Freeze]] = {}
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
    text = {name: _text(shown, name, stands=bool(freezes)) for name in ("zh", "en")}
    owners = [key for key in (change.requester_id, change.assignee_id) if key is not None]
    change_news.send(
        Change,
        what="freeze_moved",
        change=change,
        readers=list(dict.fromkeys(owners)),
        managers=False,
        text=text,
        key=f"{change.pk}:{now.isoformat()}",
        now=now,
    )


def _text(freezes: list[Freeze], language: str, *, stands: bool) -> str:
    """Which freezes, from when to when; a mark says whether they stand against it or did."""
    lines = []
    for one in freezes:
        begins, until = localtime(one.starts_at), localtime(one.ends_at)
        name, zone = getattr(one.rule, f"name_{language}"), get_current_timezone_name()
        lines.append(f"{name} {begins:%m-%d %H:%M} – {until:%m-%d %H:%M} ({zone})")
    return ("" if stands else "✓ ") + "; ".join(lines)


@receiver(action_performed, sender=Change)
def grade_others(
    sender: Any, ticket: Any, entry: TimelineEntry, action: Action, now: datetime, **context: Any
) -> None:
    """Tell the owners of the changes that this one now meets head on; they did nothing and would not look."""
    change = ticket.specific
    if action.name not in MOVES or change.state not in STANDING or entry.via == TimelineEntry.Via.IMPORT:
        return
    for one in collisions_of(change):
        if one.grade is Grade.HARD and one.other is not None:
            _tell_other(one, change, now)


def _tell_other(one: Collision, change: Change, now: datetime) -> None:
    """Once for the two as they stand now; the timeline of the other says it too."""
    other = one.other
    if other is None or other.requester_id is None:
        return
    what = ", ".join(one.what)
    text = in_both(lambda: " ".join(filter(None, [change.number, str(one.reason.label), what])))
    low, high = sorted((change, other), key=lambda row: row.pk)
    windows = ":".join(f"{row.pk}.{_minutes(row.planned_start)}.{_minutes(row.stands_until)}" for row in (low, high))
    told = change_news.send(
        Change,
        what="collision_found",
        change=other,
        readers=[key for key in {other.requester_id, other.assignee_id} if key is not None],
        managers=False,
        text=text,
        key=f"{one.reason}:{windows}",
        now=now,
    )
    if any(notice is not None for _receiver, notice in told):
        log_event(ticket=other, event="collision_found", user=None, now=now, number=change.number)


def _minutes(moment: datetime | None) -> int:
    """The same for the same moment, whatever zone it is written in."""
    return int(moment.timestamp() // 60) if moment else 0
