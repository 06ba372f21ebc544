"""The change calendar: a month, week or day of changes and freezes, as squares, as lanes and as a list (CHG-05)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import SupportGroup, User
from changes.codes import ChangeType
from changes.collision.collisions import stands_between
from changes.freezing.versions import freezes_known
from changes.models import Change
from changes.rules import may_plan
from changes.schedule.freezes import Freeze, Year, Years, freezes_between, year_of
from changes.schedule.trading import is_announced, is_trading_day
from changes.schedule.windows import began_by
from changes.states import PLANNED, States
from cmdb.models import BusinessSystem
from tickets.shared.forms import moment_field

DAY = timedelta(days=1)
#: So many changes stand on a page of the list.
LISTED = 200
#: A day is drawn in so many parts of half an hour.
PARTS = 48
TONES = {
    States.SCHEDULED: "info",
    States.IMPLEMENTING: "soon",
    States.IMPLEMENTED: "ok",
    States.REVIEWED: "ok",
    States.CLOSED: "ok",
    States.BACKED_OUT: "late",
}
#: Long texts that neither calendar nor feed shows.
UNREAD = (
    *("description", "reason", "assessment", "plan", "back_out", "back_out_tested", "resources"),
    *("notice_zh", "notice_en", "result_text", "lessons", "improvement"),
)
MONTH, WEEK, ONE_DAY = "month", "week", "day"
#: So many changes are drawn in the square of a day; the others are counted, and its day shows all.
DRAWN = {MONTH: 4, WEEK: 40, ONE_DAY: 0}
VIEWS = [(MONTH, gettext_lazy("Month")), (WEEK, gettext_lazy("Week")), (ONE_DAY, gettext_lazy("Day"))]
LANES = [
    ("", gettext_lazy("Together")),
    ("service", gettext_lazy("By business system")),
    ("group", gettext_lazy("By group")),
]


class CalendarForm(forms.Form):
    """What the address asks for: every part of it may be missing."""

    view = forms.ChoiceField(label=gettext_lazy("Shows"), choices=VIEWS, required=False)
    on = forms.DateField(
        label=gettext_lazy("Day"),
        required=False,
        input_formats=["%Y-%m-%d", "%Y-%m"],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    by = forms.ChoiceField(label=gettext_lazy("Lanes"), choices=LANES, required=False)
    group = forms.ModelChoiceField(
        SupportGroup.objects.none(),
        label=gettext_lazy("Implemented by"),
        to_field_name="code",
        required=False,
        empty_label=gettext_lazy("All groups"),
    )
    system = forms.ModelChoiceField(
        BusinessSystem.objects.active(),
        label=gettext_lazy("Business system"),
        to_field_name="code",
        required=False,
        empty_label=gettext_lazy("All business systems"),
    )
    type = forms.ModelChoiceField(
        ChangeType.objects.active(),
        label=gettext_lazy("Type of change"),
        to_field_name="code",
        required=False,
        empty_label=gettext_lazy("All types"),
    )
    known_at = moment_field(gettext_lazy("Freezes as known on"), required=False)

    def __init__(self, data: Mapping[str, Any], *, user: User, today: date) -> None:
        super().__init__({"view": MONTH, "on": today, **{name: value for name, value in data.items() if value}})
        found = SupportGroup.objects.visible_to(user).filter(active=True)
        self.fields["group"].queryset = found  # type: ignore[attr-defined]
        self.label_suffix = ""
        self.today = today
        self.is_valid()

    @property
    def shown(self) -> str:
        """The span that is shown."""
        return self.cleaned_data.get("view") or MONTH

    @property
    def day(self) -> date:
        """The day that the span lies around; today when the address names none that there is."""
        day: date | None = self.cleaned_data.get("on")
        return day if day is not None and 2000 <= day.year <= 2100 else self.today

    @property
    def lanes(self) -> str:
        """What lanes are made of; empty: everything together."""
        return self.cleaned_data.get("by") or ""

    @property
    def shown_as_known(self) -> datetime | None:
        """The moment as known at which freezes are shown; None now."""
        return self.cleaned_data.get("known_at")

    @property
    def page(self) -> int:
        """The page of the list; the first one when the address names none that can be."""
        typed = str(self.data.get("page") or "")
        return max(int(typed), 1) if typed.isascii() and typed.isdigit() and len(typed) < 6 else 1

    def conditions(self) -> dict[str, Any]:
        """What the changes are narrowed by, as arguments of ``filter``."""
        columns = {"group": "group", "system": "business_system", "type": "change_type"}
        chosen = {columns[name]: self.cleaned_data.get(name) for name in columns}
        return {name: value for name, value in chosen.items() if value is not None}

    def address(self, **other: Any) -> str:
        """The query of the same page with other values; defaults are left out."""
        said = {name: str(self.data.get(name) or "") for name in self.fields if name not in self.errors}
        said |= {"on": self.day.isoformat(), **{name: str(value) for name, value in other.items()}}
        if said.get("view") == MONTH:
            said["view"] = ""
        return f"?{urlencode({name: value for name, value in said.items() if value})}"


@dataclass(frozen=True)
class Planned:
    """A change on a day. ``tone`` of its state; ``moves``: where the person moves it, empty when they may not.

    ``start``, ``end``: when it is planned, runs or was carried out; ``open``: it runs, and nobody said until when.
    ``goes_on``: it began on an earlier day, ``ends``: it ends on this one.
    """

    change: Change
    start: datetime
    end: datetime
    tone: str
    moves: str = ""
    open: bool = False
    goes_on: bool = False
    ends: bool = True

    @property
    def until(self) -> datetime | None:
        """The end that people read."""
        return None if self.open else self.end


@dataclass(frozen=True)
class Day:
    """A square of the calendar. ``changes``: all of the day, of which ``drawn`` stand in it."""

    day: date
    in_month: bool
    is_today: bool
    trades: bool
    address: str
    freezes: list[Freeze] = field(default_factory=list)
    changes: list[Planned] = field(default_factory=list)
    drawn: list[Planned] = field(default_factory=list)

    @property
    def more(self) -> int:
        """How many of its changes are only counted."""
        return len(self.changes) - len(self.drawn)


@dataclass(frozen=True)
class Bar:
    """A change in a day: so many half hours before it, in it, after it."""

    row: Planned
    before: int
    length: int
    after: int


@dataclass(frozen=True)
class Lane:
    """A service or group: its changes on each day, and as bars when one day is shown.

    ``code`` names it to the page on which a change that is dropped here is moved; empty for none.
    """

    name: str
    code: str
    days: list[tuple[Day, list[Planned]]]
    bars: list[Bar]


@dataclass(frozen=True)
class Calendar:
    """What the page shows. ``year``: the freezes of the whole year, previewed.

    ``complete``: False while the year's holidays are not announced. ``total``: how many changes the span has, of which
    ``rows`` are a page, from number ``since`` on.
    """

    form: CalendarForm
    first: date
    last: date
    weeks: list[list[Day]]
    lanes: list[Lane]
    rows: list[Planned]
    freezes: list[Freeze]
    year: Year
    previous: str
    following: str
    complete: bool
    total: int
    since: int

    @property
    def until(self) -> int:
        """The number of the last change of the page."""
        return self.since + len(self.rows) - 1

    @property
    def previous_page(self) -> str:
        """The query of the page before; empty for the first."""
        return self._page(-1) if self.since > 1 else ""

    @property
    def next_page(self) -> str:
        """The query of the page behind; empty for the last."""
        return self._page(1) if self.until < self.total else ""

    def _page(self, step: int) -> str:
        return f"{self.form.address(page=(self.since - 1) // LISTED + 1 + step)}#list"


def calendar_of(form: CalendarForm, user: User, now: datetime) -> Calendar:
    """The span that ``form`` asks for: all changes of it that ``user`` sees. Two queries, and those of the freezes."""
    begin, end, first, after = span_of(form.shown, form.day)
    start, until = midnight(begin), midnight(end)
    rows = [_planned(*one, user, now) for one in changes_between(user, start, until, now, form.conditions())]
    page = min(form.page, max(-(-len(rows) // LISTED), 1))
    known = None if form.shown_as_known is None else freezes_known(form.shown_as_known)
    freezes = freezes_between(start, until, Years(known))
    days = [begin + number * DAY for number in range((end - begin).days)]
    squares = [_day(day, form, first, now, rows, freezes) for day in days]
    in_span = [square for square in squares if first <= square.day < after]
    return Calendar(
        form=form,
        first=first,
        last=after - DAY,
        weeks=[squares[place : place + 7] for place in range(0, len(squares), 7)],
        lanes=_lanes(form, in_span),
        rows=rows[(page - 1) * LISTED : page * LISTED],
        freezes=freezes,
        year=year_of(first.year, known),
        previous=form.address(on=(first - DAY).isoformat()),
        following=form.address(on=after.isoformat()),
        complete=is_announced(first.year) and is_announced((after - DAY).year),
        total=len(rows),
        since=(page - 1) * LISTED + 1,
    )


def _planned(change: Change, start: datetime, end: datetime, user: User, now: datetime) -> Planned:
    tone = TONES.get(States(change.state), "neutral")
    runs_on = change.state == States.IMPLEMENTING and (change.stands_until is None or change.stands_until <= now)
    return Planned(change, start, end, tone, _moves(change, user), open=runs_on and end > now)


def _moves(change: Change, user: User) -> str:
    """Where ``user`` moves it: those who plan it may, until it begins."""
    may = change.state in PLANNED and may_plan(change, user)
    return reverse("changes:move", args=[change.number]) if may else ""


def span_of(view: str, day: date) -> tuple[date, date, date, date]:
    """(first day drawn, day after the last one drawn, first day meant, day after the last one meant)."""
    if view == ONE_DAY:
        return day, day + DAY, day, day + DAY
    if view == WEEK:
        first = day - timedelta(days=day.weekday())
        return first, first + 7 * DAY, first, first + 7 * DAY
    first = day.replace(day=1)
    after = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    return first - timedelta(days=first.weekday()), after + timedelta(days=(7 - after.weekday()) % 7), first, after


def changes_between(
    user: User, start: datetime, until: datetime, now: datetime, conditions: Mapping[str, Any]
) -> list[tuple[Change, datetime, datetime]]:
    """Changes that ``user`` sees and that were not given up, each with the span in which it stands (``span_at``).

    All of those whose span overlaps the one that is asked for, in order: one query, however many.
    """
    went = Q(actual_end__gte=start) & began_by(until)
    found: Any = Change.objects.visible_to(user).filter(
        Q(actual_end=None) & stands_between(start, until, now) | went, **conditions
    )
    found = found.exclude(state__in=(States.CANCELLED, States.REJECTED)).defer(*UNREAD)
    spans = (
        (one, *one.span_at(now)) for one in found.select_related("change_type", "group", "assignee", "business_system")
    )
    rows = [row for row in spans if row[1] and row[2] and _stands_in(row[1], row[2], start, until)]
    return sorted(rows, key=lambda row: (row[1], row[0].pk))


def _stands_in(begin: datetime, end: datetime, start: datetime, until: datetime) -> bool:
    """Whether what lasts from ``begin`` to ``end`` stands in the span; a mere moment stands in what begins with it."""
    return begin < until and (end > start or begin >= start)


def _day(day: date, form: CalendarForm, first: date, now: datetime, rows: list[Planned], freezes: list[Freeze]) -> Day:
    start, until = midnight(day), midnight(day + DAY)
    changes = [
        replace(row, goes_on=row.start < start, ends=row.end <= until)
        for row in rows
        if _stands_in(row.start, row.end, start, until)
    ]
    return Day(
        day=day,
        in_month=form.shown != MONTH or day.month == first.month,
        is_today=day == timezone.localtime(now).date(),
        trades=is_trading_day(day),
        address=form.address(view=ONE_DAY, on=day.isoformat()),
        freezes=[one for one in freezes if one.starts_at < until and one.ends_at > start],
        changes=changes,
        drawn=changes[: DRAWN[form.shown]],
    )


def _lanes(form: CalendarForm, squares: list[Day]) -> list[Lane]:
    """Lanes of what ``by`` names, those without a name last; of one day also when nothing is named."""
    one_day = form.shown == ONE_DAY
    if not form.lanes and not one_day:
        return []
    names = sorted(
        {_lane(form, row) for square in squares for row in square.changes}, key=lambda lane: (not lane[0], lane)
    )
    lanes = []
    for name, code in names:
        days = [(square, [row for row in square.changes if _lane(form, row)[1] == code]) for square in squares]
        bars = [_bar(row, squares[0].day) for row in days[0][1]] if one_day else []
        lanes.append(Lane(name or _("None named") if form.lanes else "", code, days, bars))
    return lanes


def _lane(form: CalendarForm, row: Planned) -> tuple[str, str]:
    """(name, code) of the lane in which a change stands; both empty when it names none."""
    found: Any = {"service": row.change.business_system, "group": row.change.group}.get(form.lanes)
    return (str(found), found.code) if found is not None else ("", "")


def _bar(row: Planned, day: date) -> Bar:
    """Where it stands in ``day``, in half hours; never shorter than one."""
    start, length = midnight(day), midnight(day + DAY) - midnight(day)
    begin = max(int((row.start - start) / length * PARTS), 0)
    end = min(-int(-((row.end - start) / length * PARTS) // 1), PARTS)
    begin = min(begin, PARTS - 1)
    end = max(end, begin + 1)
    return Bar(row, begin, end - begin, PARTS - end)


def midnight(day: date) -> datetime:
    """The beginning of ``day`` in the person's zone."""
    return timezone.make_aware(datetime.combine(day, time()))


def hours() -> Iterable[int]:
    """The hours that stand above a day, every third."""
    return range(0, 24, 3)
