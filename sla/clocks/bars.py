"""The clocks of a ticket as bars beside it: who promised what, how much of it is used, what remains."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from sla.calendars.publishing import business_time
from sla.clocks.life import Life
from sla.clocks.limits import soon_before
from sla.models import AgreementKind, Clock, Metric
from sla.promises.wording import metric_label
from tickets.models import Ticket

State = Clock.State
#: A page that stays open knows the calendar for so long.
AHEAD = timedelta(days=2)


@dataclass(frozen=True)
class Bar:
    """What ``components/clock.html`` draws. ``due`` only while it runs; ``soon``: seconds before it that are amber.

    ``within``: the target in seconds; ``calendar``: by which hours, where not every hour counts; ``left``: the
    seconds of working time that remain, negative when past, and ``shut`` when none passes, so that a page can tick.
    """

    label: Any
    tone: str
    text: Any
    due: datetime | None = None
    soon: int = 0
    used_percent: int = 0
    within: float | None = None
    calendar: Any = ""
    left: float | None = None
    shut: str = ""


def bars_of(ticket: Ticket, now: datetime) -> list[Bar]:
    """The newest round of every clock of ``ticket``; response, cause and resolution also before they begin. One query.

    Groups and suppliers that have passed it on are left out: they stand in "how counted".
    """
    related = ("calendar_version__calendar", "group", "supplier")
    found = Clock.objects.filter(ticket_id=ticket.pk).exclude(excuse=Clock.Excuse.TAKEN_BACK).select_related(*related)
    newest = {(c.agreement, c.metric, c.group_id, c.supplier_id): c for c in found.order_by("round", "pk")}
    clocks, kind = sorted(newest.values(), key=_place), ticket.kind
    shown = [_bar(each, kind, now) for each in clocks if _concerns(each, ticket)]
    begun = {each.metric for each in clocks if each.agreement == AgreementKind.SLA}
    limits = ticket.kind_info.timed.limits
    main = [metric for metric in _MAIN if metric in limits and not limits[metric].repeats]
    waiting = [Bar(metric_label(m, kind), "idle", _("not started")) for m in main if m not in begun]
    return [*shown, *waiting]


_MAIN = (Metric.RESPONSE, Metric.CAUSE, Metric.RESOLVE)
_AGREEMENTS = (AgreementKind.SLA, AgreementKind.OLA, AgreementKind.UC)
_METRICS = tuple(Metric)


def _place(clock: Clock) -> tuple[int, int, int]:
    return _AGREEMENTS.index(AgreementKind(clock.agreement)), _METRICS.index(Metric(clock.metric)), clock.pk


def _concerns(clock: Clock, ticket: Ticket) -> bool:
    if clock.state == State.CANCELLED:
        return clock.agreement == AgreementKind.SLA and clock.excuse != Clock.Excuse.NOT_NEEDED
    over = clock.state == State.STOPPED
    return not over or clock.agreement == AgreementKind.SLA or clock.group_id == ticket.group_id


def _bar(clock: Clock, kind: str, now: datetime) -> Bar:
    used = min(100, int(100 * Life(clock).consumed_at(max(now, clock.running_since or now)) / clock.target))
    version = clock.calendar_version
    named: dict[str, Any] = {
        "label": _label(clock, kind),
        "used_percent": used,
        "within": clock.target.total_seconds(),
        "calendar": "" if version.always else version.calendar,
    }
    late = clock.breached_at is not None or clock.met is False
    if clock.state == State.STOPPED:
        return Bar(**named, tone="late" if late else "ok", text=_("missed") if late else _("met"))
    if clock.state == State.CANCELLED:
        return Bar(**named, tone="idle", text=_("excused"))
    if clock.running_since is None or clock.due_at is None:
        return Bar(**named, tone="late" if late else "idle", text=_("Paused"))
    soon_at = _soon_at(clock, clock.running_since)
    tone = "late" if clock.due_at < now else "soon" if soon_at <= now else "ok"
    soon = max(int((clock.due_at - soon_at).total_seconds()), 0)
    if version.always:
        return Bar(**named, tone=tone, text="", due=clock.due_at, soon=soon)
    left = business_time(version).diff(now, clock.due_at).total_seconds()
    shut = _shut(clock, now, clock.due_at)
    return Bar(**named, tone=tone, text="", due=clock.due_at, soon=soon, left=left, shut=shut)


def _shut(clock: Clock, now: datetime, due: datetime) -> str:
    """Between now and the limit, and two days on: when the calendar is closed, as ``from/until`` parted by blanks."""
    start, end = min(now, due), max(now, due) + AHEAD
    opened = business_time(clock.calendar_version).open_between(start, end)
    edges = [start, *(edge for stretch in opened for edge in stretch), end]
    gaps = [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]
    return " ".join(f"{a.isoformat()}/{b.isoformat()}" for a, b in gaps)


def _soon_at(clock: Clock, since: datetime) -> datetime:
    ahead = clock.target - soon_before(clock.target) - clock.consumed
    return business_time(clock.calendar_version).add(since, max(ahead, timedelta()))


def _label(clock: Clock, kind: str) -> str:
    """What is promised; of agreements below the customer's also which, and by whom."""
    metric = str(metric_label(clock.metric, kind))
    if clock.agreement == AgreementKind.SLA:
        return metric
    return f"{clock.agreement.upper()} {metric} · {clock.group or clock.supplier or ''}".rstrip(" ·")
