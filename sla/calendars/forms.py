"""Editing a calendar: hours of the week, and the special days of one year, a line each."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sla.calendars.holidays import announced_years, with_chinese_days
from sla.calendars.publishing import Content, Day
from sla.calendars.spans import format_hours, parse_hours

WEEKDAYS = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
CLOSED = "-"
SPAN = r"\d{1,2}:\d{2}\s*[-–~]\s*\d{1,2}:\d{2}"
LINE = re.compile(rf"^(\d{{4}}-\d{{2}}-\d{{2}})\s+(-|{SPAN}(?:[\s,;，；]+{SPAN})*)(?:[\s,;，；]+(.*))?$")


class CalendarForm(forms.Form):
    """What the next version says. ``content()`` is valid after ``is_valid()``."""

    zone = forms.CharField(label=_("Time zone"), max_length=50)
    days = forms.CharField(
        label=_("Special days of the year"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false"}),
        help_text=_("One a line: 2026-02-14 09:00-12:00 13:00-18:00 Name. A dash instead of hours: closed."),
    )
    import_holidays = forms.BooleanField(
        label=_("Add the public holidays and make-up workdays of this year"), required=False
    )
    confirmed = forms.BooleanField(label=_("The public holidays of this year are complete"), required=False)
    note = forms.CharField(label=_("Reason"), max_length=300, required=False)

    def __init__(self, *args: Any, content: Content, year: int, **kwargs: Any) -> None:
        self.base, self.year = content, year
        super().__init__(*args, **kwargs)
        if year not in announced_years():
            del self.fields["import_holidays"]
        for number, name in enumerate(WEEKDAYS):
            self.fields[f"day{number}"] = forms.CharField(label=name, required=False, max_length=100)
            self.initial.setdefault(f"day{number}", format_hours(content.week[number]))
        self.initial.setdefault("zone", content.zone)
        self.initial.setdefault("days", "\n".join(_lines(content, year)))
        self.initial.setdefault("confirmed", bool(content.confirmed_until and content.confirmed_until.year >= year))
        self.order_fields(["zone", *(f"day{n}" for n in range(7)), "days", "import_holidays", "confirmed", "note"])

    def clean_zone(self) -> str:
        """A zone that the system knows."""
        try:
            return ZoneInfo(self.cleaned_data["zone"]).key
        except (ValueError, OSError, ZoneInfoNotFoundError):
            raise forms.ValidationError(_("There is no such time zone.")) from None

    def clean_days(self) -> dict[date, Day]:
        """The special days; those that stay as they were keep their source."""
        found: dict[date, Day] = {}
        for line in filter(None, (text.strip() for text in self.cleaned_data["days"].splitlines())):
            day, entry = self._read(line)
            if day in found:
                raise _refused(line, gettext("the day stands twice"))
            known = self.base.days.get(day)
            same = known and (known.intervals, known.label) == (entry.intervals, entry.label)
            found[day] = known if known and same else entry
        return found

    def _read(self, line: str) -> tuple[date, Day]:
        """A day, ``-`` or its hours, its name, which may begin with anything. Raises ValidationError, saying why."""
        parts = LINE.match(line)
        if parts is None:
            raise _refused(line, gettext("it begins with no date like 2026-10-01, then - or hours like 09:00-12:00"))
        try:
            day = date.fromisoformat(parts[1])
        except ValueError:
            raise _refused(line, gettext("there is no such date")) from None
        if day.year != self.year:
            raise _refused(line, gettext("the day is in another year"))
        try:
            hours = () if parts[2].strip() == CLOSED else parse_hours(parts[2])
        except ValueError:
            reason = gettext("hours go from 00:00 to 24:00, each end lies behind its beginning")
            raise _refused(line, reason) from None
        return day, Day(hours, (parts[3] or "").strip()[:100])

    def clean(self) -> dict[str, Any]:
        """Read the hours of the week."""
        cleaned = super().clean() or {}
        week = []
        for number in range(7):
            try:
                week.append(parse_hours(cleaned.get(f"day{number}", "")))
            except ValueError:
                self.add_error(f"day{number}", _("Write hours as 09:00-12:00 13:00-18:00."))
        cleaned["week"] = tuple(week)
        return cleaned

    def content(self) -> Content:
        """What the calendar would say."""
        cleaned = self.cleaned_data
        others = {day: entry for day, entry in self.base.days.items() if day.year != self.year}
        content = replace(
            self.base,
            zone=cleaned["zone"],
            week=cleaned["week"],
            days={**others, **cleaned["days"]},
            confirmed_until=self._confirmed(cleaned["confirmed"]),
        )
        return with_chinese_days(content, [self.year]) if cleaned.get("import_holidays") else content

    def _confirmed(self, confirmed: bool) -> date | None:
        before = self.base.confirmed_until
        if confirmed:
            return max(before or date.min, date(self.year, 12, 31))
        return date(self.year - 1, 12, 31) if before and before.year >= self.year else before


def _refused(line: str, reason: str) -> forms.ValidationError:
    return forms.ValidationError(gettext("%(line)s: %(reason)s.") % {"line": line, "reason": reason})


def _lines(content: Content, year: int) -> list[str]:
    rows = sorted((item for item in content.days.items() if item[0].year == year), key=lambda item: item[0])
    return [f"{day} {format_hours(entry.intervals) or CLOSED} {entry.label}".strip() for day, entry in rows]
