"""Form widgets."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

#: When work begins again: what "tomorrow" and "Monday" mean.
MORNING = time(9)


class PlainSelect(forms.Select):
    """A select without groups, written at once: Django's draws every option with a template of its own."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Draw it; the same HTML as Django's."""
        chosen = str(value or "")
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((key, mark_safe(" selected") if str(key) == chosen else "", label) for key, label in self.choices),
        )
        return format_html("<select{}>{}</select>", flatatt(self.build_attrs({"name": name}, attrs)), options)


class PlainChoiceField(forms.ChoiceField):
    """A choice drawn as a plain select: for filters above lists."""

    widget = PlainSelect


class MomentInput(forms.DateTimeInput):
    """A date and time in the person's zone; ``ahead``: with buttons for the moments that people usually mean."""

    FORMAT = "%Y-%m-%dT%H:%M"

    def __init__(self, *, ahead: bool = False) -> None:
        super().__init__(attrs={"type": "datetime-local"}, format=self.FORMAT)
        self.ahead = ahead

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The field, and below it a button for each usual moment; ``moments.js`` puts its value in."""
        drawn = super().render(name, value, attrs, renderer)
        if not self.ahead:
            return drawn
        buttons = format_html_join(
            "",
            '<button type="button" class="link" data-moment="{}">{}</button>',
            ((f"{moment:{self.FORMAT}}", label) for label, moment in usual_moments(timezone.localtime())),
        )
        return format_html('{}<span class="moments">{}</span>', drawn, buttons)


def usual_moments(now: datetime) -> list[tuple[str, datetime]]:
    """What people mean by "later", with its name: in an hour, in four, tomorrow morning, next Monday morning."""
    tomorrow = datetime.combine(now.date() + timedelta(days=1), MORNING, now.tzinfo)
    monday = datetime.combine(now.date() + timedelta(days=7 - now.weekday()), MORNING, now.tzinfo)
    found = [(_("In 1 hour"), now + timedelta(hours=1)), (_("In 4 hours"), now + timedelta(hours=4))]
    found.append((_("Tomorrow 9:00"), tomorrow))
    return found if monday == tomorrow else [*found, (_("Monday 9:00"), monday)]
