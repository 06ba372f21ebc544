"""Figures of the work itself: dispatching, notices, and time that people recorded (INC-22, SLM-06, TKT-11)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import DurationField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.utils.translation import gettext_lazy as _

from accounts.models import SupportGroup
from incidents.figures.complaints import complaints, complaints_beside
from incidents.figures.records import NO_COMPLAINT
from notifications.models import Delivery
from tickets.figures.measures import Measure, Reading, register_measures
from tickets.figures.records import Records, Span, register_records
from tickets.models import TimelineEntry, TimeSpent

#: A notice is sent within so long of its time (SLM-06).
SENT_WITHIN = timedelta(seconds=5)
BY_WORK = _("by the time at which it was worked on")
BY_NOTICE = _("by the time at which the notice was due")


def _set(code: str, label: Any, meaning: Any, where: Any, **more: Any) -> Records:
    return Records(
        code=f"incident.{code}",
        kind="incident",
        label=label,
        meaning=meaning,
        where=lambda span: NO_COMPLAINT & where(span),
        internal=True,
        **more,
    )


def time_spent(span: Span) -> QuerySet[TimeSpent]:
    """What people recorded as work within a period, on all tickets."""
    return TimeSpent.objects.filter(at__gte=span.start, at__lt=span.edge)


def steps(span: Span) -> QuerySet[TimelineEntry]:
    """What members of support groups did within a period, on all tickets."""
    members = SupportGroup.members.through.objects.values("user")
    return TimelineEntry.objects.filter(at__gte=span.start, at__lt=span.edge, actor__in=members).order_by()


def of_ticket(rows: QuerySet[Any]) -> Q:
    """Tickets that have one of ``rows``."""
    return Q(Exists(rows.filter(ticket=OuterRef("pk"))))


def _due(span: Span, **more: Any) -> QuerySet[Delivery]:
    return Delivery.objects.filter(
        notice__ticket=OuterRef("pk"), notice__due_at__gte=span.start, notice__due_at__lt=span.edge, **more
    )


def _notified(span: Span) -> Q:
    return Q(Exists(_due(span).filter(Q(lateness__isnull=False) | Q(status__in=Delivery.FAILED))))


def _late(span: Span) -> Q:
    return Q(Exists(_due(span).filter(Q(lateness__gt=SENT_WITHIN) | Q(status__in=Delivery.FAILED))))


def _spent(span: Span) -> Any:
    """The time recorded on a ticket within the period."""
    mine = time_spent(span).filter(ticket=OuterRef("pk")).order_by().values("ticket")
    minutes = Subquery(mine.annotate(sum=Sum("minutes")).values("sum"))
    return ExpressionWrapper(minutes * Value(timedelta(minutes=1)), output_field=DurationField())


DISPATCH = _set(
    "dispatch_limited",
    _("With a limit of dispatching"),
    _("Registered in the period, and the limit until a group has it is kept or missed. What still runs is neither."),
    lambda span: span.within("created_at") & Q(dispatched_in_time__isnull=False),
    when="created_at",
)
DISPATCHED = _set(
    "dispatched_in_time",
    _("Dispatched in time"),
    _("Registered in the period, and a group had it before the limit of dispatching."),
    lambda span: span.within("created_at") & Q(dispatched_in_time=True),
    when="created_at",
)
NOTIFIED = _set(
    "notified",
    _("Told about"),
    _("A notice about it was due in the period, and was handed over or could not be."),
    _notified,
    when="",
    placed=BY_NOTICE,
)
NOTIFIED_LATE = _set(
    "notified_late",
    _("Told about late"),
    _("A notice about it was due in the period, and was handed over more than 5 seconds later, or not at all."),
    _late,
    when="",
    placed=BY_NOTICE,
)
WORKED_ON = _set(
    "worked_on",
    _("Worked on"),
    _("A member of a support group did something on it in the period, whoever has it."),
    lambda span: of_ticket(steps(span)),
    when="",
    placed=BY_WORK,
    by_person=lambda span, name: of_ticket(steps(span).filter(actor__username=name)),
)
TIMED = _set(
    "time_spent",
    _("With recorded work time"),
    _("Somebody recorded in the period that they worked on it, and for how long."),
    lambda span: of_ticket(time_spent(span)),
    when="",
    placed=BY_WORK,
    by_person=lambda span, name: of_ticket(time_spent(span).filter(person__username=name)),
)


#: Complaints beside the sets that no column places in a period.
COMPLAINTS = {
    NOTIFIED.code: complaints("notified", "", _notified, placed=BY_NOTICE, internal=True),
    TIMED.code: complaints("time_spent", "", lambda span: of_ticket(time_spent(span)), placed=BY_WORK, internal=True),
}


def _measure(code: str, label: Any, meaning: Any, numerator: Records, **more: Any) -> Measure:
    named: dict[str, Any] = {"code": code, "kind": "incident", "label": label, "meaning": meaning}
    counted = more.get("denominator") or numerator
    left_out = (COMPLAINTS[counted.code],) if counted.code in COMPLAINTS else complaints_beside(counted)
    return Measure(**named, numerator=numerator, left_out=left_out, internal=True, **more)


MEASURES = (
    _measure(
        "dispatch_kept",
        _("Dispatched within the limit"),
        _("The share that a group had before the limit of dispatching, of those registered in the period with one."),
        DISPATCHED,
        denominator=DISPATCH,
        reading=Reading.SHARE,
        better="more",
        beside=("response_kept",),
    ),
    _measure(
        "notices_late",
        _("Notices late"),
        _(
            "The share of incidents of which a notice came more than 5 seconds late, or not at all, of those of which "
            "a notice was due in the period."
        ),
        NOTIFIED_LATE,
        denominator=NOTIFIED,
        reading=Reading.SHARE,
        better="less",
    ),
    _measure(
        "work_time",
        _("Work time"),
        _("All that people recorded in the period as time spent on incidents, whenever these were solved."),
        TIMED,
        amount=_spent,
        amount_of_period=True,
        reading=Reading.SUM,
        beside=("work_time_mean",),
    ),
    _measure(
        "work_time_mean",
        _("Work time per incident"),
        _("The mean of what was recorded in the period on an incident, of those on which anything was recorded."),
        TIMED,
        amount=_spent,
        amount_of_period=True,
        reading=Reading.MEAN,
        beside=("work_time",),
    ),
)


def register() -> None:
    """Make them known; called once when the portal starts."""
    register_measures(*MEASURES)
    register_records(WORKED_ON)
