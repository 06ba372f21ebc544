"""Which days the portal knows, and its own wall time.

What lies beyond those days cannot be told in every time zone, nor read back from the database. The zone that is active
is that of whoever asks, UTC for programs: it shows times to this one reader and nothing else. Rules, and whatever
others read, are of the portal's zone.
"""

from __future__ import annotations

from datetime import date, datetime

from django import forms
from django.core.exceptions import ValidationError
from django.utils.timezone import get_default_timezone, localtime
from django.utils.translation import gettext_lazy as _

FIRST_YEAR, LAST_YEAR = 1900, 2199


def within_reach(value: date) -> None:
    """Raise ValidationError for a day or moment that is certainly mistyped."""
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        years = {"first": FIRST_YEAR, "last": LAST_YEAR}
        raise ValidationError(_("Choose a year from %(first)d to %(last)d."), params=years)


def portal_time(moment: datetime) -> datetime:
    """``moment`` by the portal's clocks, whoever asks."""
    return localtime(moment, get_default_timezone())


def portal_day(moment: datetime) -> date:
    """The date of ``moment`` where the portal is."""
    return portal_time(moment).date()


def offset_text(moment: datetime) -> str:
    """How far the portal's clocks are from UTC at ``moment``: ``UTC+08:00``."""
    return f"UTC{portal_time(moment).isoformat()[-6:]}"


def moment_for_all(moment: datetime) -> str:
    """``moment`` for readers in whatever zones: by the portal's clocks, and by how much they differ from UTC."""
    return f"{portal_time(moment):%Y-%m-%d %H:%M} ({offset_text(moment)})"


def guard_forms() -> None:
    """Let every field of days and moments, in whatever form, refuse what lies out of reach. Idempotent."""
    for field in (forms.DateField, forms.DateTimeField):
        if within_reach not in field.default_validators:
            field.default_validators = [*field.default_validators, within_reach]
