"""Presentation tags: icons, moments, durations and form widgets.

They format what they are given and decide nothing. ``static/js/relative_time.js`` and
``static/js/countdown.js`` write the same texts in the browser: change both together.
"""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.dates import format_datetime, format_timedelta
from babel.units import format_unit
from django import template
from django.forms import BoundField
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, to_locale

register = template.Library()

MINUTE, HOUR, DAY = 60, 3600, 86400
SECONDS_ARE_SHOWN_BELOW = 10 * MINUTE
UNITS = (("day", DAY), ("hour", HOUR), ("minute", MINUTE))
WIDGET_CLASSES = {
    "select": "form-select",
    "selectmultiple": "form-select",
    "nullbooleanselect": "form-select",
    "checkbox": "form-check-input",
}


@lru_cache(maxsize=8)
def _parse_locale(code: str) -> Locale:
    return Locale.parse(to_locale(code))


def _locale() -> Locale:
    return _parse_locale(get_language() or "en")


def _now() -> datetime:
    # Pages show how long ago things were; this is the one place that reads the clock for it.
    return timezone.now()


@register.simple_tag
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
    return format_datetime(timezone.localtime(value), "yyyy-MM-dd HH:mm:ss OOOO", locale=_locale())


def relative_text(value: datetime, now: datetime) -> str:
    """Return how long ago (or until) ``value`` is within a day, else the date and time."""
    distance = value - now
    seconds = abs(distance.total_seconds())
    if seconds < MINUTE:
        return gettext("just now")
    if seconds < DAY:
        unit, size = ("hour", HOUR) if seconds >= HOUR else ("minute", MINUTE)
        whole = timedelta(seconds=seconds // size * size)
        return format_timedelta(
            whole if distance > timedelta(0) else -whole,
            granularity=unit,
            threshold=99,
            add_direction=True,
            locale=_locale(),
        )
    local = timezone.localtime(value)
    pattern = "MM-dd HH:mm" if local.year == timezone.localtime(now).year else "yyyy-MM-dd"
    return format_datetime(local, pattern, locale=_locale())


def duration_text(seconds: float) -> str:
    """Return the two largest units of a duration given in seconds, never below a minute."""
    left = int(abs(seconds))
    parts: list[str] = []
    for unit, size in UNITS:
        count, left = divmod(left, size)
        if count or (unit == "minute" and not parts):
            parts.append(format_unit(count, unit, length="narrow", locale=_locale()))
    return " ".join(parts[:2]) if get_language() == "en" else "".join(parts[:2])


def remaining_text(seconds: float) -> str:
    """Return the text of a running limit: minutes and seconds when short, "over …" when past."""
    left = int(abs(seconds))
    if left < SECONDS_ARE_SHOWN_BELOW:
        text = f"{left // MINUTE}:{left % MINUTE:02}"
    else:
        text = duration_text(left)
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
def exact(value: datetime | None) -> str:
    """Show the exact local time with its zone, for titles and tables."""
    return exact_text(value) if value else ""


@register.simple_tag
def duration(seconds: float | None) -> str:
    """Show a duration given in seconds."""
    return "" if seconds is None else duration_text(seconds)


@register.simple_tag
def remaining(due: datetime) -> str:
    """Show what remains until ``due``, or how long it is over."""
    return remaining_text((due - _now()).total_seconds())


@register.simple_tag
def widget(field: BoundField) -> SafeString:
    """Render the widget of a form field with the classes of the design."""
    css = WIDGET_CLASSES.get(field.widget_type, "form-control")
    if field.errors:
        css += " is-invalid"
    given = field.field.widget.attrs.get("class", "")
    return field.as_widget(attrs={"class": f"{css} {given}".strip()})


@register.simple_tag
def choice_cards(field: BoundField) -> list[dict[str, Any]]:
    """Return a radio field's choices for drawing them as cards.

    The form may say more about a choice in ``self.fields[name].cards = {value: {"hint": str,
    "criteria": [str], "tone": str}}``.
    """
    said = getattr(field.field, "cards", {})
    options = []
    for option in field:
        option.data["attrs"]["class"] = "form-check-input"
        more = said.get(str(option.data["value"]), {})
        options.append({"input": option.tag(), "id": option.id_for_label, "label": option.choice_label, **more})
    return options
