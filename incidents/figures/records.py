"""Sets of incidents that figures count: each is one condition, for tile, chart, list, export and API alike."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from django.db.models import (
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    Subquery,
    TextField,
    Value,
)
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact, GreaterThan
from django.utils.translation import gettext_lazy as _

from tickets.figures.moves import HANDED_OVER, changing
from tickets.figures.records import ENDED, Records, Span
from tickets.models import Ticket, TicketLink

#: Close codes that say that a line of support solved it.
BY_A_LINE = ("desk", "tier1", "tier2", "tier3")
#: There was nothing to solve: out of the figures of time, in the volume.
NOTHING_TO_SOLVE = ("rejected", "false_alarm")
#: The same fault for the same customer within so long after it was solved is a repetition.
REPEATED_WITHIN = timedelta(days=7)
#: More hand-overs than these are too many.
MOST_HAND_OVERS = 2
_CODE = "incident__close_code"


COMPLAINT = "complaint"
#: A complaint is about the service, not a fault of it: it leaves the figures of incidents (INC-03).
NO_COMPLAINT = ~Q(nature=COMPLAINT)


def incident_set(code: str, label: Any, meaning: Any, when: str, where: Any, **more: Any) -> Records:
    """A set of incidents without complaints; ``more``: as ``Records``."""
    return Records(
        code=f"incident.{code}",
        kind="incident",
        label=label,
        meaning=meaning,
        when=when,
        where=lambda span: NO_COMPLAINT & where(span),
        **more,
    )


def with_code(*codes: str) -> Q:
    """It ended with one of these close codes."""
    return Q(**{f"{_CODE}__in": codes})


def is_timed() -> Q:
    """Its time counts: somebody had something to solve, and it is no duplicate of what is counted already."""
    return Q(duplicate_of=None) & (Q(**{_CODE: None}) | ~with_code(*NOTHING_TO_SOLVE))


def is_resolved(span: Span) -> Q:
    """Its last solution lies in the period."""
    return span.within("resolved_at") & Q(phase__in=ENDED)


def is_closed(span: Span) -> Q:
    """It was closed in the period."""
    return span.within("closed_at") & Q(phase="closed")


def has_limit_passed(span: Span) -> Q:
    """Open at the edge and past the limit there. What waits is late only if it was before it began to wait."""
    running = Q(waiting_since=None) | Q(planned_completion_at__lte=F("waiting_since"))
    return span.open_at_edge() & Q(planned_completion_at__lt=span.edge) & running


def _late_open(span: Span) -> Q:
    return has_limit_passed(span) & Q(duplicate_of=None)


def _promised(span: Span) -> Q:
    return is_resolved(span) & is_timed() & Q(completed_in_time__isnull=False)


def _late_ended(span: Span) -> Q:
    return is_resolved(span) & is_timed() & Q(completed_in_time=False)


def _answered(span: Span) -> Q:
    return span.within("responded_at") & is_timed() & Q(responded_in_time__isnull=False)


def _unanswered_late(span: Span) -> Q:
    unanswered = Q(responded_at=None) | Q(responded_at__gte=span.edge)
    return span.open_at_edge() & unanswered & Q(planned_response_at__lt=span.edge, duplicate_of=None)


def _by_line(span: Span) -> Q:
    return is_resolved(span) & Q(duplicate_of=None) & with_code(*BY_A_LINE)


def _same_fault(span: Span) -> Q:
    """One of the same customer, category and business system was solved shortly before it was registered."""
    system = partial(Coalesce, output_field=TextField())
    earlier = Ticket.objects.filter(  # visible: a repetition is one, whoever sees the first
        kind="incident",
        category=OuterRef("category"),
        organisation=OuterRef("organisation"),
        resolved_at__lte=OuterRef("created_at"),
        resolved_at__gt=OuterRef("created_at") - REPEATED_WITHIN,
    )
    same = earlier.alias(system=system("business_system_id", Value(""))).filter(
        system=system(OuterRef("business_system_id"), Value(""))
    )
    return span.within("created_at") & Q(category__isnull=False) & Q(Exists(same))


def same_fault_as(kind: str, rows: list[tuple[Any, ...]]) -> set[int]:
    """Keys of tickets of ``kind`` that repeat one of ``rows``: category, organisation, business system, solved at."""
    found: set[int] = set()
    for category, organisation, system, solved in rows:
        if category and solved:
            later = Ticket.objects.filter(  # visible: as above
                kind=kind,
                category=category,
                organisation=organisation,
                business_system=system,
                created_at__gte=solved,
                created_at__lt=solved + REPEATED_WITHIN,
            )
            found.update(later.order_by().values_list("pk", flat=True))
    return found


def _follow_up() -> Any:
    return TicketLink.objects.filter(source=OuterRef("pk"), meaning=TicketLink.Meaning.FOLLOW_UP)


def _hand_overs() -> Any:
    """How often a group took it over from another one."""
    lines = changing(HANDED_OVER).filter(ticket=OuterRef("pk"))
    return Coalesce(Subquery(lines.order_by().values("ticket").annotate(n=Count("pk")).values("n")), 0)


def _at_once(span: Span) -> Q:
    never = Exact(_hand_overs(), 0)
    return _by_line(span) & with_code("desk") & Q(reopen_count=0) & Q(never)


REGISTERED = incident_set(
    "registered",
    _("Registered"),
    _("Every incident that was registered in the period, whatever became of it; complaints stand apart."),
    "created_at",
    lambda span: span.within("created_at"),
)
WITH_CATEGORY = incident_set(
    "with_category",
    _("Registered, with a category"),
    _("Registered in the period and put into a category."),
    "created_at",
    lambda span: span.within("created_at") & Q(category__isnull=False),
)
WITHOUT_CATEGORY = incident_set(
    "without_category",
    _("Without a category"),
    _("Registered in the period, and nobody said of what category."),
    "created_at",
    lambda span: span.within("created_at") & Q(category=None),
)
RESPONDED = incident_set(
    "responded",
    _("Responded"),
    _("Work on it began in the period; of duplicates only the main ticket counts."),
    "responded_at",
    lambda span: span.within("responded_at") & Q(duplicate_of=None),
)
ANSWERED = incident_set(
    "responded_promised",
    _("Responded, with a promised time"),
    _("Work on it began in the period, and a time for that was promised."),
    "responded_at",
    _answered,
)
ANSWERED_IN_TIME = incident_set(
    "responded_in_time",
    _("Responded in time"),
    _("Work on it began in the period and before its limit."),
    "responded_at",
    lambda span: _answered(span) & Q(responded_in_time=True),
)
UNANSWERED_LATE = incident_set(
    "unanswered_late",
    _("Not responded, past the limit"),
    _("Work on it had not begun at the end of the period, past the limit of the response by then."),
    "",
    _unanswered_late,
)
RESOLVED = incident_set(
    "resolved",
    _("Resolved"),
    _("Solved in the period and not reopened since; the last solution counts."),
    "resolved_at",
    lambda span: is_resolved(span) & is_timed(),
)
NOT_TIMED = incident_set(
    "nothing_to_solve",
    _("Nothing to solve"),
    _("Ended in the period as rejected, false alarm or duplicate: in the volume, out of the figures of time."),
    "closed_at",
    lambda span: is_closed(span) & ~is_timed(),
)
PROMISED = incident_set(
    "resolved_promised",
    _("Resolved, with a promised time"),
    _("Solved in the period, and a time for that was promised."),
    "resolved_at",
    _promised,
)
IN_TIME = incident_set(
    "resolved_in_time",
    _("Resolved in time"),
    _("Solved in the period and before the limit."),
    "resolved_at",
    lambda span: _promised(span) & Q(completed_in_time=True),
)
LATE = incident_set(
    "resolved_late",
    _("Resolved late"),
    _("Solved in the period, after the limit."),
    "resolved_at",
    _late_ended,
)
LATE_OPEN = incident_set(
    "overdue_open",
    _("Overdue and not solved"),
    _("Not solved at the end of the period, and past the limit by then; what waits is late only if it was before."),
    "",
    _late_open,
    is_open=True,
)
OVERDUE = incident_set(
    "overdue",
    _("Overdue"),
    _("Solved late in the period, or not solved at its end and past the limit."),
    "",
    lambda span: _late_ended(span) | _late_open(span),
    parts=(LATE, LATE_OPEN),
)
JUDGED = incident_set(
    "judged",
    _("Ended, or overdue"),
    _("Solved in the period with a promised time, or not solved at its end and past the limit."),
    "",
    lambda span: _promised(span) | _late_open(span),
    parts=(PROMISED, LATE_OPEN),
)
CLOSED = incident_set(
    "closed",
    _("Closed, with something to solve"),
    _("Closed in the period with a close code other than rejected and false alarm; duplicates do not count."),
    "closed_at",
    lambda span: is_closed(span) & is_timed() & Q(**{f"{_CODE}__isnull": False}),
)
CLOSED_OK = incident_set(
    "closed_ok",
    _("Closed successfully"),
    _("Closed in the period as solved by a line of support or recovered by itself; not as unresolved."),
    "closed_at",
    lambda span: is_closed(span) & Q(duplicate_of=None) & with_code(*BY_A_LINE, "recovered"),
)
CLOSED_WITHOUT_CODE = incident_set(
    "closed_without_code",
    _("Closed without a close code"),
    _("Closed in the period, and how it ended was not recorded, as in some imported logs."),
    "closed_at",
    lambda span: is_closed(span) & Q(duplicate_of=None) & Q(**{_CODE: None}),
)
BY_LINE = incident_set(
    "resolved_by_line",
    _("Resolved by a line of support"),
    _("Solved in the period by desk, first, second or third line, as the close code says."),
    "resolved_at",
    _by_line,
)
BY_NONE = incident_set(
    "resolved_by_none",
    _("Solved by nobody"),
    _("Ended in the period as recovered by itself, false alarm, unresolved, rejected or without a close code."),
    "resolved_at",
    lambda span: is_resolved(span) & (Q(**{_CODE: None}) | ~with_code(*BY_A_LINE)),
)
BY_DESK, BY_SECOND, BY_THIRD = (
    incident_set(
        f"resolved_by_{code}",
        label,
        _("Solved in the period, with the close code of this line."),
        "resolved_at",
        lambda span, code=code: _by_line(span) & with_code(code),
    )
    for code, label in (
        ("desk", _("Resolved by the desk")),
        ("tier2", _("Resolved by second line")),
        ("tier3", _("Resolved by third line")),
    )
)
AT_ONCE = incident_set(
    "first_contact",
    _("Resolved at first contact"),
    _("Solved in the period by the desk, never handed to another group and never reopened."),
    "resolved_at",
    _at_once,
)
REPEATED = incident_set(
    "repeated",
    _("Repeated"),
    _("Registered within 7 days after one of the same customer, category and business system was solved."),
    "created_at",
    _same_fault,
)
FOLLOW_UPS = incident_set(
    "follow_ups",
    _("Follow-ups"),
    _("Registered in the period because the incident before it was closed as not solved."),
    "created_at",
    lambda span: span.within("created_at") & Q(Exists(_follow_up())),
)
REOPENED = incident_set(
    "reopened",
    _("Reopened elsewhere"),
    _("Registered in the period and reopened in the system that it was imported from; here a follow-up is opened."),
    "created_at",
    lambda span: span.within("created_at") & Q(reopen_count__gt=0),
)
HANDED_ON = incident_set(
    "handed_on",
    _("Handed over more than twice"),
    _("Solved in the period after more than two hand-overs from group to group."),
    "resolved_at",
    lambda span: is_resolved(span) & is_timed() & Q(GreaterThan(_hand_overs(), MOST_HAND_OVERS)),
    internal=True,
)
OF_PERSON = incident_set(
    "of_person",
    _("Held by a person"),
    _("Registered in the period and assigned to somebody; whoever has it now counts."),
    "created_at",
    lambda span: span.within("created_at") & Q(assignee__isnull=False),
)
WITHOUT_PERSON = incident_set(
    "without_person",
    _("Held by nobody"),
    _("Registered in the period and assigned to nobody."),
    "created_at",
    lambda span: span.within("created_at") & Q(assignee=None),
)
OF_PERSON_LATE = incident_set(
    "of_person_overdue_open",
    _("Overdue, not solved, held by a person"),
    _("Not solved at the end of the period, past the limit, and assigned to somebody."),
    "",
    lambda span: _late_open(span) & Q(assignee__isnull=False),
    is_open=True,
)
OPEN = incident_set(
    "open",
    _("Backlog"),
    _("Registered and not ended at the end of the period."),
    "",
    lambda span: span.open_at_edge(),
    is_open=True,
)
AGREED = incident_set(
    "agreed",
    _("With an agreed time"),
    _("The time agreed with the requester lies in the period."),
    "agreed_at",
    lambda span: span.within("agreed_at"),
)
AGREED_KEPT = incident_set(
    "agreed_kept",
    _("Agreed time kept"),
    _("The agreed time lies in the period, and it was solved by then."),
    "agreed_at",
    lambda span: span.within("agreed_at") & Q(resolved_at__lte=F("agreed_at")),
)
