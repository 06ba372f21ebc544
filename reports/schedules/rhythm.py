"""When a scheduled report is due: a time of the day that a clock in its zone shows."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reports.comparing import working_time
from reports.schedules.models import Schedule
from tickets.figures.records import midnight

Rhythm = Schedule.Rhythm
WEEKDAYS = [
    (1, gettext_lazy("Monday")),
    (2, gettext_lazy("Tuesday")),
    (3, gettext_lazy("Wednesday")),
    (4, gettext_lazy("Thursday")),
    (5, gettext_lazy("Friday")),
    (6, gettext_lazy("Saturday")),
    (7, gettext_lazy("Sunday")),
]
#: So many next times are shown.
SHOWN = 5


def occurrences(schedule: Schedule, after: datetime) -> Iterator[tuple[date, datetime]]:
    """Day and moment of every time that is due after ``after``, without end.

    A time that the zone's clocks skip is the moment at which they would have shown it; one that they show twice is
    the first of both.
    """
    zone, working = ZoneInfo(schedule.zone), None
    day = after.astimezone(zone).date()
    if schedule.rhythm == Rhythm.WORKDAYS:
        working = working_time()
    while True:
        works = working is None or working.open_between(midnight(day), midnight(day + timedelta(days=1)))
        moment = datetime.combine(day, schedule.at, tzinfo=zone).astimezone(UTC)
        if moment > after and works and is_due_on(schedule, day):
            yield day, moment
        day += timedelta(days=1)


def is_due_on(schedule: Schedule, day: date) -> bool:
    """Whether the rhythm names ``day``; in a month that is too short its last day stands for those it lacks."""
    if schedule.rhythm == Rhythm.WEEKLY:
        return day.isoweekday() == schedule.weekday
    if schedule.rhythm == Rhythm.MONTHLY:
        return day.day == min(schedule.monthday or 1, monthrange(day.year, day.month)[1])
    return True


def next_of(schedule: Schedule, after: datetime) -> datetime:
    """The first time after ``after``."""
    return next(occurrences(schedule, after))[1]


def next_times(schedule: Schedule, now: datetime) -> list[datetime]:
    """The next times, the first that of ``next_at``; none of one that is paused or ended."""
    if schedule.next_at is None:
        return []
    later = islice(occurrences(schedule, max(schedule.next_at, now)), SHOWN - 1)
    return [schedule.next_at, *(moment for _day, moment in later)]


def in_words(schedule: Schedule) -> str:
    """The rhythm for people."""
    words = {"at": f"{schedule.at:%H:%M}", "zone": schedule.zone}
    if schedule.rhythm == Rhythm.WEEKLY:
        return _("Every %(day)s at %(at)s (%(zone)s)") % {"day": dict(WEEKDAYS)[schedule.weekday or 1], **words}
    if schedule.rhythm == Rhythm.MONTHLY:
        return _("On day %(day)d of every month at %(at)s (%(zone)s)") % {"day": schedule.monthday or 1, **words}
    if schedule.rhythm == Rhythm.WORKDAYS:
        return _("Every working day at %(at)s (%(zone)s)") % words
    return _("Every day at %(at)s (%(zone)s)") % words
