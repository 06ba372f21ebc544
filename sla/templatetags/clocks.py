"""Presentation tags of clocks: amounts of time to the second, since what is shown must add up."""

from datetime import timedelta

from django import template
from django.utils.translation import gettext

from sla.spans import format_amount

register = template.Library()


@register.filter
def amount(value: timedelta | None) -> str:
    """An amount of time as hours, minutes, seconds."""
    return "–" if value is None else format_amount(value - timedelta(microseconds=value.microseconds))


@register.filter
def seconds(value: timedelta | None) -> str:
    """An amount of time in seconds, for figures that should be small."""
    return "–" if value is None else gettext("%(n)s s") % {"n": f"{value.total_seconds():.1f}"}
