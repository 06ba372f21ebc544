"""Presentation tags: icons, moments, durations and form widgets.

They format what they are given and decide nothing. ``static/js/relative_time.js`` and
``static/js/countdown.js`` write the same texts in the browser: change both together.
"""

from datetime import datetime
from functools import lru_cache
from typing import Any

from django import forms, template
from django.forms import BoundField
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from accounts.phones import calling
from tickets.shared.mentions import drawn

register = template.Library()

MINUTE, DAY = 60, 86400
SECONDS_ARE_SHOWN_BELOW = 10 * MINUTE
WIDGET_CLASSES = {"checkbox": "form-check-input"}


def _now() -> datetime:
    # Pages show how long ago things were; this is the one place that reads the clock for it.
    return timezone.now()


@register.simple_tag
@lru_cache(maxsize=512)
def icon(name: str, css: str = "") -> SafeString:
    """Draw an icon of the sprite; decorative, so a text must stand beside it."""
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        f"icon {css}".strip(),
        static("icons.svg"),
        name,
    )


def exact_text(value: datetime) -> str:
    """Return the full local date and time with the zone's offset."""
    local = timezone.localtime(value)
    offset = f"{local:%z}"
    return f"{local:%Y-%m-%d %H:%M:%S} GMT{offset[:3]}:{offset[3:]}"


def relative_text(value: datetime, now: datetime) -> str:
    """Return how long ago (or until) ``value`` is within a day, else the date and time."""
    seconds = (value - now).total_seconds()
    if abs(seconds) < MINUTE:
        return gettext("just now")
    if abs(seconds) < DAY:
        time = _parts(seconds)[0]
        return gettext("in %(time)s") % {"time": time} if seconds > 0 else gettext("%(time)s ago") % {"time": time}
    local = timezone.localtime(value)
    return local.strftime("%m-%d %H:%M" if local.year == timezone.localtime(now).year else "%Y-%m-%d")


def _parts(seconds: float, *, working: bool = False) -> list[str]:
    """Return days, hours and minutes of a duration, from the largest that is not zero; no days of working time."""
    minutes = int(abs(seconds)) // MINUTE
    days = 0 if working else minutes // 1440
    hours, minutes = (minutes - days * 1440) // 60, minutes % 60
    units = [
        (days, gettext("%(n)s d")),
        (hours, gettext("%(n)s h")),
        (minutes, gettext("%(n)s min")),
    ]
    return [text % {"n": count} for count, text in units if count] or [units[-1][1] % {"n": 0}]


def duration_text(seconds: float, *, working: bool = False) -> str:
    """Return the two largest units of a duration given in seconds, never below a minute.

    Of ``working`` time hours are the largest: a day of it has as many as the calendar says, and 40 hours of 5×8 are
    not "1 d 16 h".
    """
    parts = _parts(seconds, working=working)[:2]
    return gettext("%(large)s %(small)s") % {"large": parts[0], "small": parts[1]} if parts[1:] else parts[0]


def remaining_text(seconds: float, *, working: bool = False) -> str:
    """Return the text of a running limit: minutes and seconds when short, "over …" when past."""
    left = int(abs(seconds))
    short = left < SECONDS_ARE_SHOWN_BELOW
    text = f"{left // MINUTE}:{left % MINUTE:02}" if short else duration_text(left, working=working)
    return gettext("over %(time)s") % {"time": text} if seconds < 0 else text


@register.simple_tag
def when(value: datetime | None, css: str = "") -> SafeString | str:
    """Show a moment: relative up to a day, then the date; exact with zone on hover."""
    if value is None:
        return ""
    return format_html(
        '<time class="when {}" datetime="{}" title="{}">{}</time>',
        css,
        value.isoformat(timespec="seconds"),
        exact_text(value),
        relative_text(value, _now()),
    )


@register.simple_tag
def moment(value: datetime | None) -> SafeString | str:
    """Show a date and time that one plans with; a word would not do: "in 2 h" is soon wrong on paper."""
    if value is None:
        return ""
    local, today = timezone.localtime(value), timezone.localtime(_now())
    pattern = "%H:%M" if local.date() == today.date() else "%m-%d %H:%M"
    text = local.strftime(pattern if local.year == today.year else "%Y-%m-%d %H:%M")
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', value.isoformat(timespec="seconds"), exact_text(value), text
    )


@register.simple_tag
def span_end(start: datetime, end: datetime) -> SafeString | str:
    """Show the end of a span that begins at ``start``: the time alone when it is on the same day."""
    local = timezone.localtime(end)
    if local.date() != timezone.localtime(start).date():
        return moment(end)
    iso = end.isoformat(timespec="seconds")
    return format_html('<time datetime="{}" title="{}">{}</time>', iso, exact_text(end), f"{local:%H:%M}")


@register.simple_tag
def exact(value: datetime | None) -> str:
    """Show the exact local time with its zone, for titles and tables."""
    return exact_text(value) if value else ""


@register.simple_tag
def duration(seconds: float | None, working: object = False) -> str:
    """Show a duration given in seconds; of working time when ``working`` is something, as the name of a calendar."""
    return "" if seconds is None else duration_text(seconds, working=bool(working))


@register.simple_tag
def remaining(due: datetime) -> str:
    """Show what remains until ``due``, or how long it is over."""
    return remaining_text((due - _now()).total_seconds())


register.filter("calling", calling)


@register.filter
def time_left(seconds: float) -> str:
    """Show seconds of working time that remain of a limit, or by how much it is over."""
    return remaining_text(seconds, working=True)


@register.simple_tag
def widget(field: BoundField) -> SafeString:
    """Render the widget of a form field with the classes of the design."""
    select = isinstance(field.field.widget, forms.Select)
    css = "form-select" if select else WIDGET_CLASSES.get(field.widget_type, "form-control")
    if field.errors:
        css += " is-invalid"
    given = field.field.widget.attrs.get("class", "")
    return field.as_widget(attrs={"class": f"{css} {given}".strip()})


@register.filter
def mentioning(text: str, people: dict[str, str]) -> SafeString:
    """Escape a text and show the names of the ``people`` (by user name) whom it mentions."""
    return drawn(text, people or {})


@register.simple_tag
def choice_cards(field: BoundField) -> list[dict[str, Any]]:
    """Return the choices of radio buttons or checkboxes for drawing them one by one.

    The form may say more about a choice in ``self.fields[name].cards = {value: {"hint": str,
    "criteria": [str], "tone": str}}``.
    """
    said = getattr(field.field, "cards", {})
    options = []
    for option in field:
        more = said.get(str(option.data["value"]), {})
        option.data["attrs"]["class"] = "form-check-input"
        if more.get("criteria"):
            option.data["attrs"]["aria-describedby"] = f"{option.id_for_label}_criteria"
        options.append({"input": option.tag(), "id": option.id_for_label, "label": option.choice_label, **more})
    return options
