"""What was printed of a figure, for the same period and filters: reports that were sent, meetings that saw it.

What was sent to the reader, or to the customer: drafts are no prints, and what others schedule is theirs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from dateutil.relativedelta import relativedelta
from django.urls import reverse
from django.utils.translation import gettext as _

from reports.figures import Figure, Scope
from reports.known.differences import Difference, differences
from reports.known.scope import KnownScope, NotKept, known_moment
from reports.meetings.models import ProcessMeeting
from reports.models import ServiceReport
from reports.schedules.models import Sending
from reports.texts import plain, shown
from tickets.figures.records import written, zone

#: So many things that were printed are compared.
MOST = 3


@dataclass(frozen=True)
class Printed:
    """A value that was printed, where and when; ``known_at``: None where it is not kept what it was counted from."""

    label: str
    url: str
    at: datetime
    value: Any
    known_at: datetime | None


@dataclass(frozen=True)
class Compared:
    """What was printed beside what it is now, and by which records both differ. ``known_url``: the board of then."""

    printed: Printed
    text: str
    differs: bool
    records: list[Difference]
    count: int
    known_url: str
    why_not: str


def compared(figure: Figure, now: datetime) -> list[Compared]:
    """The figure beside what was printed of it last, the newest first."""
    found = sorted(_printed(figure), key=lambda one: one.at, reverse=True)[:MOST]
    return [_compare(figure, one, now) for one in found]


def _compare(figure: Figure, one: Printed, now: datetime) -> Compared:
    differs = one.value != plain(figure.value)
    records: list[Difference] = []
    count, why_not, known_url = 0, "", ""
    if one.known_at is not None:
        text = written(one.known_at)
        scope = figure.scope
        try:
            known = known_moment(text, user=scope.user, kind=scope.kind, now=max(now, one.known_at))
            span = replace(scope.span, at=min(scope.span.at, one.at))
            then = KnownScope(scope.user, scope.kind, scope.filters, span, known)
            records, count = differences(figure, then) if differs else ([], 0)
            board = [("from", written(span.start)[:10]), ("to", written(span.end)[:10]), ("known_at", text)]
            filters = [(name, value) for name, values in scope.filters.lists() for value in values]
            known_url = f"{reverse('reports:board', args=[scope.kind.slug])}?{urlencode([*board, *filters])}"
        except NotKept as error:
            why_not = str(error)
    elif differs:
        why_not = _("It is not kept what this was counted from.")
    return Compared(one, shown(one.value, figure.measure.unit), differs, records, count, known_url, why_not)


def _printed(figure: Figure) -> list[Printed]:
    found = [*_sent(figure), *_meetings(figure), *_service_reports(figure)]
    return [one for one in found if one is not None]


def _sent(figure: Figure) -> list[Printed | None]:
    rows = Sending.objects.filter(state=Sending.State.SENT, query=query_of(figure.scope), reader=figure.scope.user)
    rows = rows.select_related("run__schedule").order_by("-sent_at")[:MOST]
    return [
        _one(
            figure,
            row.values,
            label=_("Scheduled report “%(name)s”") % {"name": row.run.schedule.name},
            url="",
            at=row.sent_at,
            known_at=row.known_at,
        )
        for row in rows
        if row.sent_at
    ]


def _meetings(figure: Figure) -> list[Printed | None]:
    scope = figure.scope
    start, end = (moment.astimezone(zone()).date() for moment in (scope.span.start, scope.span.end))
    if scope.filters or start + relativedelta(months=3) != end:
        return []
    rows = ProcessMeeting.objects.filter(kind=scope.kind.code, quarter=start).order_by("-written_at")[:MOST]
    url = f"{reverse('reports:meetings', args=[scope.kind.slug])}?quarter={start.year}-Q{(start.month + 2) // 3}"
    return [
        _one(
            figure,
            {line["id"]: line for line in row.figures},
            label=_("Process meeting"),
            url=url,
            at=row.written_at,
            known_at=row.known_at,
        )
        for row in rows
    ]


def _service_reports(figure: Figure) -> list[Printed | None]:
    scope = figure.scope
    start, end = (moment.astimezone(zone()).date() for moment in (scope.span.start, scope.span.end))
    customers = scope.filters.getlist("organisation")
    others = [name for name in scope.filters if name != "organisation"]
    if scope.kind.code != "incident" or others or len(customers) != 1 or start + relativedelta(months=1) != end:
        return []
    sent = ServiceReport.objects.filter(state=ServiceReport.State.SENT)
    rows = sent.filter(month=start, organisation__code=customers[0]).order_by("-made_at")[:MOST]
    return [
        _one(
            figure,
            row.content.get("values", {}),
            label=_("Service report, version %(version)d") % {"version": row.version},
            url=reverse("reports:service_report", args=[row.pk]),
            at=row.made_at,
            known_at=_moment(row.content.get("known_at")),
        )
        for row in rows
    ]


def _moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _one(figure: Figure, values: dict[str, Any], **where: Any) -> Printed | None:
    """What was printed of ``figure`` by the same definition; None where it was not, or meant something else."""
    row = values.get(figure.measure.code)
    if row is None or row["version"] != figure.measure.version:
        return None
    return Printed(value=row["value"], **where)


def query_of(scope: Scope) -> str:
    """Period and filters of a scope, always written the same way."""
    days = [("from", written(scope.span.start)[:10]), ("to", written(scope.span.end)[:10])]
    chosen = [(name, value) for name, values in scope.filters.lists() for value in values]
    return urlencode(sorted([("kind", scope.kind.code), *days, *chosen]))
