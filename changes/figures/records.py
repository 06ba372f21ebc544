"""Sets of changes that figures count: each is one condition, for tile, list, export and API alike (CHG-10)."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from changes.codes import EMERGENCY, MAJOR, SIMPLE, STANDARD
from changes.schedule.freeze_models import CollisionOverride
from changes.states import ENDED, Result, States
from tickets.figures.records import PLACED_BY, Span, staff_sets
from tickets.models import Ticket

PLANNED_END, STARTED, REVIEWED = "change__planned_end", "change__actual_start", "change__reviewed_at"
_OK = (Result.AS_PLANNED, Result.DEVIATED)
PLACED_BY.update(
    {
        PLANNED_END: _("by the planned end"),
        STARTED: _("by the actual start"),
        REVIEWED: _("by the date of the review"),
    }
)
_set = staff_sets("change")


def _of_type(code: str) -> Any:
    return lambda span: span.within("created_at") & Q(change__change_type=code)


def _ended(span: Span) -> Q:
    return span.within("resolved_at") & Q(state__in=ENDED)


def _major_due(span: Span) -> Q:
    """Major changes that were begun and should have ended in the period, ended or not."""
    begun = (States.IMPLEMENTING, *ENDED)
    return span.within(PLANNED_END) & Q(change__change_type=MAJOR, state__in=begun)


_BACKED_OUT = Q(change__result=Result.BACKED_OUT)
_IN_TIME = Q(change__actual_end__lte=F("change__planned_end"))
_UNTIMED = Q(change__actual_end=None, state__in=ENDED)


def _in_planned_time(span: Span) -> Q:
    return _major_due(span) & _IN_TIME & ~_BACKED_OUT


def _late_majors(span: Span) -> Q:
    """Those that ended late, and those that still run."""
    late = Q(change__actual_end__gt=F("change__planned_end")) | Q(state=States.IMPLEMENTING)
    return _major_due(span) & late & ~_BACKED_OUT


def _cancelled_majors(span: Span) -> Q:
    return span.within(PLANNED_END) & Q(change__change_type=MAJOR, state=States.CANCELLED)


def _late_record(span: Span) -> Q:
    """Emergencies whose clock of the record passed its limit in the period."""
    late = Ticket.objects.filter(
        pk=OuterRef("pk"),
        clocks__metric="record",
        clocks__breached_at__gte=span.start,
        clocks__breached_at__lt=span.edge,
    )
    return Q(Exists(late))


def _overridden(span: Span) -> Q:
    signed = CollisionOverride.objects.filter(change=OuterRef("pk"), at__gte=span.start, at__lt=span.edge)
    return Q(Exists(signed))


REGISTERED = _set(
    "registered",
    _("Requested"),
    _("Changes that were requested or ordered in the period."),
    "created_at",
    lambda span: span.within("created_at"),
)
STANDARD_ONES, SIMPLE_ONES, MAJOR_ONES, EMERGENCIES = (
    _set(
        f"type_{code}",
        label,
        _("Changes of this type that were requested or ordered in the period."),
        "created_at",
        _of_type(code),
    )
    for code, label in (
        (STANDARD, _("Standard changes")),
        (SIMPLE, _("Simple changes")),
        (MAJOR, _("Major changes")),
        (EMERGENCY, _("Emergency changes")),
    )
)
CARRIED_OUT = _set(
    "carried_out",
    _("Carried out"),
    _("Changes that were implemented or backed out in the period."),
    "resolved_at",
    _ended,
)
SUCCEEDED = _set(
    "succeeded",
    _("Succeeded"),
    _("Those of them that went as planned, or with deviations; neither failed nor backed out."),
    "resolved_at",
    lambda span: _ended(span) & Q(change__result__in=_OK),
)
MAJOR_DUE = _set(
    "major_due",
    _("Major changes that should have ended"),
    _("Major changes that were begun and whose planned end lies in the period; cancelled ones are none of them."),
    PLANNED_END,
    _major_due,
)
MAJOR_IN_TIME = _set(
    "major_in_time",
    _("Major changes finished in planned time"),
    _("Those of them that really ended by the planned end. What was backed out, or has no actual end, missed it."),
    PLANNED_END,
    _in_planned_time,
)
#: What the share of majors in planned time is made of besides; the last is no part of it (trap: which denominator).
MAJOR_LATE = _set(
    "major_late",
    _("Major changes past their planned end"),
    _("Those of them that ended later, or still run. What was backed out is counted apart."),
    PLANNED_END,
    _late_majors,
)
MAJOR_BACKED_OUT = _set(
    "major_backed_out",
    _("Major changes backed out"),
    _("Those of them that were backed out, in time or not."),
    PLANNED_END,
    lambda span: _major_due(span) & _BACKED_OUT,
)
MAJOR_UNTIMED = _set(
    "major_untimed",
    _("Major changes without an actual end"),
    _("Those of them of which nobody knows when they ended, as in imported records."),
    PLANNED_END,
    lambda span: _major_due(span) & _UNTIMED & ~_BACKED_OUT,
)
MAJOR_CANCELLED = _set(
    "major_cancelled",
    _("Major changes cancelled"),
    _("Major changes that were cancelled and whose planned end lies in the period; no share counts them."),
    PLANNED_END,
    _cancelled_majors,
)
MISSED = _set(
    "missed",
    _("Missed the expected result"),
    _("Changes whose review in the period says that the expected result was not reached."),
    REVIEWED,
    lambda span: span.within(REVIEWED) & Q(change__expected_reached=False),
)
JUDGED = _set(
    "reviewed",
    _("Reviewed in the period"),
    _("Changes that were reviewed in the period."),
    REVIEWED,
    lambda span: span.within(REVIEWED),
)
INTERRUPTING = _set(
    "interrupting",
    _("With an interruption"),
    _("Changes whose review in the period names minutes of interruption."),
    REVIEWED,
    lambda span: span.within(REVIEWED) & Q(change__interruption_minutes__gt=0),
)
OPEN = _set(
    "open",
    _("Backlog"),
    _("Changes that were neither carried out nor ended otherwise at the end of the period."),
    "",
    lambda span: span.open_at_edge(),
    is_open=True,
)
BEGUN = _set(
    "begun",
    _("Begun"),
    _("Changes whose work began in the period."),
    STARTED,
    lambda span: span.within(STARTED),
)
OVERRIDDEN = _set(
    "overridden",
    _("Hard collisions signed for"),
    _("Changes for which somebody signed in the period that they go on in spite of a hard collision."),
    "",
    _overridden,
)
LATE_RECORDS = _set(
    "late_records",
    _("Records of emergencies overdue"),
    _("Emergencies whose record was not completed by the limit of its policy, which lies in the period."),
    "",
    _late_record,
)
