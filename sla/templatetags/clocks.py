"""Presentation tags of clocks: amounts of time to the second, since what is shown must add up."""

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from notifications.events import Channel
from sla.calendars.spans import format_amount
from sla.clocks.bars import Bar, bars_of
from tickets.models import Ticket

register = template.Library()

#: Below it amounts are told in seconds and tenths.
SMALL = timedelta(minutes=2)


@register.filter
def amount(value: timedelta | None) -> str:
    """An amount of time as hours, minutes, seconds."""
    return "–" if value is None else format_amount(value - timedelta(microseconds=value.microseconds))


@register.filter
def seconds(value: timedelta | None) -> str:
    """An amount of time that should be small: in seconds below two minutes, then in hours, minutes, seconds."""
    if value is None:
        return "–"
    if value >= SMALL:
        return format_amount(value - timedelta(microseconds=value.microseconds))
    return gettext("%(n)s s") % {"n": f"{value.total_seconds():.1f}"}


@register.simple_tag
def clock_bars(ticket: Ticket, now: datetime) -> list[Bar]:
    """The clocks of ``ticket`` as bars, as they stand at ``now``. One query."""
    return bars_of(ticket, now)


@register.simple_tag
def stamp(value: datetime | None) -> SafeString | str:
    """A moment to the second, for tables whose rows must add up."""
    if value is None:
        return ""
    local = timezone.localtime(value)
    text = f"{local:%Y-%m-%d %H:%M:%S}"
    return format_html('<time datetime="{}" title="{} GMT{}">{}</time>', value.isoformat(), text, f"{local:%z}", text)


@register.filter
def channel(code: str) -> str:
    """The name of a channel."""
    return str(dict(Channel.choices).get(code, code))
