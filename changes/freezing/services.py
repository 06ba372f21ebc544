"""What a freeze window would do before it is saved, and saving it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.permissions import Permission
from changes.collision.regrading import Key, freezes_of, planned_changes, regraded
from changes.freezing.versions import record
from changes.models import Change, FreezeRule
from changes.schedule.freezes import Freeze, Year, key_of, year_of
from itsm.moments import portal_day

SAME, NEW, GONE = "same", "new", "gone"


@dataclass(frozen=True)
class Line:
    """A window of the year; ``mark``: whether it stays, comes, or falls away."""

    freeze: Freeze
    mark: str


@dataclass(frozen=True)
class Preview:
    """What would be in the years that are looked at, and which planned changes come to stand in a freeze, or leave it.

    ``unseen``: so many more that the person does not see.
    """

    years: list[tuple[Year, list[Line]]]
    hits: list[tuple[Change, list[Freeze]]]
    freed: list[Change]
    unseen: int = 0


def may_read(user: User) -> bool:
    """Staff, as the calendar."""
    return user.is_agent


def may_edit(user: User) -> bool:
    """Change managers, administrators."""
    return user.may(Permission.CHANGE_MANAGE) or user.may(Permission.ADMIN)


def preview(rule: FreezeRule, user: User, now: datetime) -> Preview:
    """What the freeze windows would be if ``rule`` stood as it is; nothing is written."""
    before = list(FreezeRule.objects.filter(active=True))
    after = [*(one for one in before if one.code != rule.code), *([rule] if rule.active else [])]
    planned = planned_changes(now)
    stood, stands = freezes_of(planned, before), freezes_of(planned, after)
    moved = [one for one in planned if stood[one.pk].keys() != stands[one.pk].keys()]
    keys = Change.objects.visible_to(user).filter(pk__in=[one.pk for one in moved]).values_list("pk", flat=True)
    seen = set(keys)
    shown = [one for one in moved if one.pk in seen]
    return Preview(
        years=[(year_of(year, after), _lines(year, before, after)) for year in _years(rule, now)],
        hits=[(one, _added(stood[one.pk], stands[one.pk])) for one in shown if stands[one.pk]],
        freed=[one for one in shown if not stands[one.pk]],
        unseen=len(moved) - len(shown),
    )


def _years(rule: FreezeRule, now: datetime) -> list[int]:
    """This year and the next, and those in which a span lies."""
    this = portal_day(now).year
    ends = (rule.starts_at, rule.ends_at) if rule.kind == rule.Kind.SPAN else ()
    return sorted({this, this + 1, *(portal_day(moment).year for moment in ends if moment)})


def _lines(year: int, before: Iterable[FreezeRule], after: Iterable[FreezeRule]) -> list[Line]:
    """The windows of ``year`` in order: those that stay, come, and fall away."""
    was = {key_of(one): one for one in year_of(year, before).freezes}
    now_is = {key_of(one): one for one in year_of(year, after).freezes}
    lines = [Line(one, SAME if key in was else NEW) for key, one in now_is.items()]
    lines += [Line(one, GONE) for key, one in was.items() if key not in now_is]
    return sorted(lines, key=lambda line: (line.freeze.starts_at, line.mark))


def _added(before: dict[Key, Freeze], after: dict[Key, Freeze]) -> list[Freeze]:
    """The windows that come to stand against a change; all that stand when only some fall away."""
    return [one for key, one in after.items() if key not in before] or [*after.values()]


@transaction.atomic
def save_freeze(rule: FreezeRule, *, reason: str, user: User, now: datetime) -> FreezeRule:
    """Store ``rule`` and its version; planned changes are graded anew, and whoever it reaches is told."""
    with regraded(now):
        rule.save()
    record(rule, by=user, reason=reason, now=now)
    return rule
