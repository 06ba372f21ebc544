"""Pages of calendars, for administrators: what counts in a year, and publishing another version."""

from __future__ import annotations

from calendar import Calendar as Weeks
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.http import SignedInRequest, SignedInView
from accounts.permissions import may_read_what_governs
from itsm.moments import portal_day
from sla.calendars.following import moved_limits
from sla.calendars.forms import CalendarForm
from sla.calendars.publishing import CalendarRefused, Content, content_of, publish
from sla.calendars.spans import format_hours
from sla.models import Calendar, TrialRun
from sla.promises.trials import ask
from tickets import clock

YEARS = range(2004, 2100)
#: What the columns of a trial count.
TRIAL_VERDICTS = (
    gettext_lazy("met now"),
    gettext_lazy("missed now"),
    gettext_lazy("met then"),
    gettext_lazy("missed then"),
)
#: How much history a draft is tried on.
TRIAL_DAYS = 90


@dataclass(frozen=True)
class Cell:
    """A day of the year as the preview draws it. ``changed``: the edit changes its hours."""

    day: date
    tone: str
    hours: str
    label: str
    changed: bool


class AdministratorsView(SignedInView):
    """Base of pages that administrators edit and managers read: what governs them is no secret."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Refuse everybody else who is signed in; whoever only reads changes nothing."""
        user = request.user
        reads = request.method in ("GET", "HEAD") and user.is_authenticated and may_read_what_governs(user)
        if user.is_authenticated and not (user.is_staff or reads):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


class CalendarsView(AdministratorsView):
    """All calendars."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """With version and how far their holidays are known."""
        rows = Calendar.objects.select_related("current").order_by("position", "code")
        return render(request, "sla/calendars.html", {"calendars": rows})


class CalendarView(AdministratorsView):
    """One calendar: a year of it, its versions, and the form that publishes the next one."""

    def get(self, request: SignedInRequest, code: str) -> HttpResponse:
        """As it is."""
        calendar = _find(code)
        content, year = content_of(calendar.current), _year(request.GET.get("year"))  # type: ignore[arg-type]
        form = CalendarForm(content=content, year=year)
        return self._page(request, calendar, content, year, form=form)

    def post(self, request: SignedInRequest, code: str) -> HttpResponse:
        """Show what the edit would mean, or publish it."""
        calendar = _find(code)
        old, year = content_of(calendar.current), _year(request.POST.get("year"))  # type: ignore[arg-type]
        form = CalendarForm(request.POST, content=old, year=year)
        if not form.is_valid():
            return self._page(request, calendar, old, year, form=form, status=422)
        content = form.content()
        if "publish" not in request.POST:
            return self._preview(request, calendar, content, year, form=form, old=old)
        try:
            version = publish(calendar, content, by=request.user, at=clock.now(), note=form.cleaned_data["note"])
        except CalendarRefused as error:
            form.add_error(None, str(error))
            return self._page(request, calendar, old, year, form=form, status=422)
        messages.success(request, _("Version %(number)s counts from now on.") % {"number": version.number})
        return redirect(f"{reverse('sla:calendar', args=[code])}?year={year}")

    def _preview(
        self,
        request: SignedInRequest,
        calendar: Calendar,
        content: Content,
        year: int,
        *,
        form: CalendarForm,
        old: Content,
    ) -> HttpResponse:
        """What the edit would move, and when asked for: what it would have meant for history."""
        now, trial = clock.now(), None
        if "try" in request.POST:
            since = now - timedelta(days=TRIAL_DAYS)
            run = ask(user=request.user, what="calendar", code=calendar.pk, draft=content, since=since, until=now)
            trial = shown_trial(run)
        moved = moved_limits(calendar, content, now)
        found: dict[str, Any] = {"moved": moved.count, "more_moved": moved.more, "old": old, "trial": trial}
        return self._page(request, calendar, content, year, form=form, **found)

    def _page(
        self,
        request: SignedInRequest,
        calendar: Calendar,
        content: Content,
        year: int,
        *,
        status: int = 200,
        **more: Any,
    ) -> HttpResponse:
        context = {
            "calendar": calendar,
            "content": content,
            "year": year,
            "years": (year - 1, year + 1),
            "days": TRIAL_DAYS,
            "months": year_of(content, more.pop("old", content), year),
            "weekdays": weekday_names(),
            "versions": calendar.versions.select_related("published_by")[:20],
            **more,
        }
        return render(request, "sla/calendar.html", context, status=status)


def shown_trial(run: TrialRun) -> dict[str, Any]:
    """What ``sla/_trial.html`` draws of a trial: how far it is, and the tables of one that is counted."""
    labels = {"metric": _("Limit"), "priority": _("Priority"), "service": _("Service"), "group": _("Group")}
    result = run.result or {}
    return {
        "run": run,
        "days": (run.until - run.since).days,
        "tickets": result.get("tickets", 0),
        "cut": result.get("cut", False),
        "tables": [(label, _cells(run, by)) for by, label in labels.items()] if result else [],
        "flipped": result.get("flipped", []),
        "flips": result.get("flips", 0),
        "silent": result.get("silent", {}),
    }


def _cells(run: TrialRun, by: str) -> list[tuple[str, list[dict[str, Any]]]]:
    """The rows of a table: each count with the address of the tickets behind it, and whether the draft moves it."""
    page = reverse("sla:trial_tickets", args=[run.pk])
    known = "behind" in (run.result or {})
    return [
        (
            name,
            [
                {
                    "count": counts[at],
                    "moved": at > 1 and counts[at] != counts[at - 2],
                    "url": f"{page}?by={by}&row={row}&verdict={at}" if known and counts[at] else "",
                }
                for at in range(len(counts))
            ],
        )
        for row, (name, counts) in enumerate(run.result["tables"][by])
    ]


def behind(run: TrialRun, by: str, row: str, verdict: str) -> dict[str, Any]:
    """What stands behind one count of a trial: its words, how many, the first tickets. Raises LookupError."""
    try:
        at, column = (int(one) if one.isdecimal() else -1 for one in (row, verdict))
        if min(at, column) < 0:
            raise LookupError(by, row, verdict)
        name, counts = run.result["tables"][by][at]
        numbers = run.result["behind"][by][at][column]
        words = TRIAL_VERDICTS[column]
    except TypeError as error:  # a trial of before, or one that is not counted
        raise LookupError(by, row, verdict) from error
    return {"name": name, "verdict": words, "count": counts[column], "numbers": numbers}


def year_of(content: Content, old: Content, year: int) -> list[dict[str, Any]]:
    """The months of ``year`` as weeks of cells; None where a week reaches into another month."""
    weeks = Weeks()
    months = []
    for month in range(1, 13):
        rows = [
            [_cell(content, old, day) if day.month == month else None for day in week]
            for week in weeks.monthdatescalendar(year, month)
        ]
        months.append({"name": date_format(date(year, month, 1), "F"), "weeks": rows})
    return months


def weekday_names() -> list[tuple[str, str]]:
    """Monday first: short for the head of a month, and in full for screen readers."""
    week = [date(2024, 1, number) for number in range(1, 8)]  # one that begins on a Monday
    names = [(date_format(day, "D"), date_format(day, "l")) for day in week]
    return [(short[-1] if short == full else short[:2], full) for short, full in names]


def _cell(content: Content, old: Content, day: date) -> Cell:
    special = content.days.get(day)
    hours = _hours(content, day)
    tone = ("open" if hours else "closed") if special is None else ("extra" if hours else "holiday")
    return Cell(day, tone, hours, special.label if special else "", hours != _hours(old, day))


def _hours(content: Content, day: date) -> str:
    if content.always:
        return "00:00-24:00"
    entry = content.days.get(day)
    return format_hours(entry.intervals if entry else content.week[day.weekday()])


def _find(code: str) -> Calendar:
    return get_object_or_404(Calendar.objects.select_related("current").exclude(current=None), code=code)


def _year(text: str | None) -> int:
    """The year that was asked for, else this one."""
    wanted = int(text) if text and text.isdecimal() and len(text) == 4 else 0
    return wanted if wanted in YEARS else portal_day(clock.now()).year
