"""Every change of a freeze grades all planned changes anew and tells each owner once (CHG-05)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction
from django.utils.timezone import localtime

from changes.collisions import STANDING
from changes.freezes import Freeze, freezes_between
from changes.models import Change
from changes.signals import change_news
from tickets.services import log_event

Key = tuple[str, datetime, datetime]


@contextmanager
def regraded(now: datetime) -> Iterator[None]:
    """Whatever happens to freezes inside: afterwards those are told whose change stands in others than before."""
    with transaction.atomic():
        planned = list(
            Change.objects.filter(state__in=STANDING, planned_end__gt=now).exclude(planned_start=None).order_by("pk")
        )
        before = _freezes_of(planned)
        yield
        after = _freezes_of(planned)
        for change in planned:
            if before[change.pk].keys() != after[change.pk].keys():
                _tell(change, before[change.pk], after[change.pk], now)


def _freezes_of(changes: list[Change]) -> dict[int, dict[Key, Freeze]]:
    """The freezes in which each change stands. Years are read once."""
    years: dict[int, object] = {}
    found: dict[int, dict[Key, Freeze]] = {}
    for change in changes:
        start, end = change.planned_start, change.planned_end
        rows = freezes_between(start, end, years) if start and end else []
        found[change.pk] = {(one.rule.code, one.starts_at, one.ends_at): one for one in rows}
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
        lines.append(f"{getattr(one.rule, f'name_{language}')} {begins:%m-%d %H:%M} – {until:%m-%d %H:%M}")
    return ("" if stands else "✓ ") + "; ".join(lines)
