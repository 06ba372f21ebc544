"""Values as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from tickets.figures.measures import Unit

NOTHING = "–"


def shown(value: float | None, unit: Unit) -> str:
    """A value with its unit: a percentage with one place, a duration down to the minute, "–" where there is none."""
    if value is None:
        return NOTHING
    if unit == Unit.PERCENT:
        return _("%(value)s %%") % {"value": f"{value:.1f}"}
    if unit == Unit.SECONDS:
        return duration(value)
    return f"{int(value):,}"


def duration(seconds: float) -> str:
    """Days, hours and minutes: the two largest that are not zero; floored to the minute, as the clocks show."""
    minutes = int(seconds) // 60
    parts = [
        (minutes // 1440, _("%(n)s d")),
        (minutes // 60 % 24, _("%(n)s h")),
        (minutes % 60, _("%(n)s min")),
    ]
    while len(parts) > 1 and not parts[0][0]:
        parts.pop(0)
    return " ".join(text % {"n": count} for count, text in parts[:2] if count or len(parts) == 1) or _("%(n)s min") % {
        "n": 0
    }


def signed(value: float, unit: Unit) -> str:
    """A difference with its sign."""
    sign = "+" if value > 0 else "−" if value < 0 else "±"
    if unit == Unit.PERCENT:
        return _("%(value)s points") % {"value": f"{sign}{abs(value):.1f}"}
    return f"{sign}{shown(abs(value), unit)}"


def unit_name(unit: Unit) -> str:
    """What a value is counted in."""
    return {Unit.RECORDS: _("tickets"), Unit.PERCENT: _("percent"), Unit.SECONDS: _("time")}[unit]


def shares(counts: Sequence[int], places: int = 1) -> list[float | None]:
    """Percentages that add up to 100: the largest remainders are rounded up. None of nothing."""
    total = sum(counts)
    if not total:
        return [None for _count in counts]
    scale = 10**places
    exact: list[tuple[int, int]] = [divmod(count * 100 * scale, total) for count in counts]
    left = 100 * scale - sum(whole for whole, _rest in exact)
    by_rest = sorted(range(len(counts)), key=lambda n: (-exact[n][1], n))
    raised = set(by_rest[:left])
    return [(whole + (n in raised)) / scale for n, (whole, _rest) in enumerate(exact)]


def plain(value: float | None) -> Any:
    """A value for programs: whole numbers as such, others with four places."""
    if value is None or float(value).is_integer():
        return value if value is None else int(value)
    return round(value, 4)
