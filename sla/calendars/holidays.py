"""Public holidays of China with their make-up workdays, as a seed for calendars. Administrators review and edit them.

The data come with the package ``chinesecalendar``; only its tables are used: years that are not announced
are unknown, not guessed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from chinese_calendar import constants

from sla.calendars.clock import Interval
from sla.calendars.publishing import Content, Day
from sla.models import CalendarDay

NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
    "Anti-Fascist 70th Day": "抗战胜利纪念日",
}


def announced_years() -> list[int]:
    """The years whose holidays the seed knows."""
    return sorted({day.year for day in constants.holidays})


def with_chinese_days(content: Content, years: Iterable[int]) -> Content:
    """``content`` with holidays closed and make-up workdays open, for the announced ones of ``years``.

    Days that a person entered by hand stay as they are. Make-up workdays have the hours of a Monday.
    """
    wanted = set(years) & set(announced_years())
    found = {day: Day((), NAMES.get(name, name), CalendarDay.Source.IMPORT) for day, name in _of(wanted, "holidays")}
    office: tuple[Interval, ...] = content.week[0]
    for day, name in _of(wanted, "workdays"):
        label = f"{NAMES.get(name, name)}（调休上班）"
        found[day] = Day(office, label, CalendarDay.Source.IMPORT)
    manual = {day: entry for day, entry in content.days.items() if entry.source == CalendarDay.Source.MANUAL}
    kept = {day: entry for day, entry in content.days.items() if day.year not in wanted}
    confirmed = max([content.confirmed_until or date.min, *(date(year, 12, 31) for year in wanted)])
    return replace(content, days={**kept, **found, **manual}, confirmed_until=confirmed)


def _of(years: set[int], table: str) -> list[tuple[date, str]]:
    rows: dict[date, str] = getattr(constants, table)
    return [(day, str(name)) for day, name in rows.items() if day.year in years]
