"""Which days the portal knows: what lies beyond cannot be told in every time zone, nor read back from the database."""

from __future__ import annotations

from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

FIRST_YEAR, LAST_YEAR = 1900, 2199


def within_reach(value: date) -> None:
    """Raise ValidationError for a day or moment that is certainly mistyped."""
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        years = {"first": FIRST_YEAR, "last": LAST_YEAR}
        raise ValidationError(_("Choose a year from %(first)d to %(last)d."), params=years)


def guard_forms() -> None:
    """Let every field of days and moments, in whatever form, refuse what lies out of reach. Idempotent."""
    for field in (forms.DateField, forms.DateTimeField):
        if within_reach not in field.default_validators:
            field.default_validators = [*field.default_validators, within_reach]
