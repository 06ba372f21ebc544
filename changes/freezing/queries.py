"""Freeze windows as they are, as they were known at a moment, and what each version altered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime, parse_time
from django.utils.translation import gettext as _

from changes.freezing.versions import freezes_known
from changes.models import FreezeRule, FreezeVersion
from changes.schedule.freezes import Year, year_of
from cmdb.versioning.moments import MomentError, read_moment

#: So many versions are shown, the newest first.
SHOWN = 50


@dataclass(frozen=True)
class Step:
    """A version with what it altered: (label, before, after); the first one alters nothing."""

    version: FreezeVersion
    altered: list[tuple[str, str, str]]


def asked_moment(params: Mapping[str, str]) -> datetime | None:
    """The moment as known at which an address asks; None now, and for what is no moment."""
    try:
        return read_moment(params).known_at
    except MomentError:
        return None


def year_known(year: int, known_at: datetime | None) -> Year:
    """The freezes of ``year``, as known at a moment; now when it is None."""
    return year_of(year, None if known_at is None else freezes_known(known_at))


def history(rule: FreezeRule | None = None) -> list[Step]:
    """The newest versions of one rule, or of all. Two queries."""
    found = FreezeVersion.objects.select_related("rule", "made_by")
    if rule is not None:
        found = found.filter(rule=rule)
    shown = list(found[:SHOWN])
    earlier = {
        (one.rule_id, one.number): one.content
        for one in FreezeVersion.objects.filter(rule__in={one.rule_id for one in shown})
    }
    return [Step(one, _altered(earlier.get((one.rule_id, one.number - 1)), one.content)) for one in shown]


def _altered(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    if before is None:
        return []
    return [
        (_label(name), _word(name, before.get(name)), _word(name, value))
        for name, value in after.items()
        if before.get(name) != value
    ]


def _label(name: str) -> str:
    found: Any = FreezeRule._meta.get_field(name)
    return str(found.verbose_name)


def _word(name: str, value: Any) -> str:
    """The value as people read it."""
    if value in (None, ""):
        return "—"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name == "kind":
        return str(FreezeRule.Kind(value).label)
    if name in ("starts_at", "ends_at") and (moment := parse_datetime(value)):
        return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"
    if name in ("begins_at", "closes_at") and (at := parse_time(value)):
        return f"{at:%H:%M}"
    return str(value)
