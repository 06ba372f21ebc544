"""Sets of problems that figures count: each is one condition, for tile, list, export and API alike (PRB-09)."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from problems.figures.register import EXEMPT, NEEDED, NEEDED_WITHOUT_SOLUTION
from problems.known_errors.models import KnownErrorUse
from problems.states import Outcome
from tickets.figures.records import PLACED_BY, Span, staff_sets
from tickets.models import TicketLink
from tickets.shared.causes import CAUSED_BY

PUBLISHED = "problem__published_at"
PLACED_BY[PUBLISHED] = _("by the publication of the known error")
_set = staff_sets("problem")


def _in_register(span: Span) -> Q:
    """As the register has them: raised in the period, or not closed when it began."""
    open_before = Q(created_at__lt=span.start) & (Q(closed_at=None) | Q(closed_at__gte=span.start))
    return span.within("created_at") | open_before


def _over(span: Span) -> Q:
    return Q(resolved_at__lt=span.edge) | Q(resolved_at=None, closed_at__lt=span.edge)


def _lacks(names: tuple[str, ...]) -> Q:
    found = Q()
    for name in names:
        found |= Q(**{f"problem__{name}": ""})
    return found


def _incomplete(span: Span) -> Q:
    """Closed in the period without what should be on record of one that ended so (``register.missing_of``)."""
    solved = Q(problem__outcome=Outcome.SOLVED)
    exempt = Q(problem__outcome__in=[str(outcome) for outcome in EXEMPT])
    return span.within("closed_at") & (
        (solved & _lacks(NEEDED)) | (~solved & ~exempt & _lacks(NEEDED_WITHOUT_SOLUTION))
    )


def _has_incidents(**more: Any) -> Exists:
    return Exists(TicketLink.objects.filter(target=OuterRef("pk"), meaning=CAUSED_BY, source__kind="incident", **more))


def _has_solved() -> Exists:
    """It caused an incident that is solved, and that lasted some time therefore."""
    return _has_incidents(source__resolved_at__isnull=False)


def _took() -> Exists:
    return Exists(KnownErrorUse.objects.filter(ticket=OuterRef("pk"), dropped_at=None))


def _resolved(span: Span) -> Q:
    return span.within("resolved_at") & ~Q(problem__outcome="")


REGISTERED = _set(
    "registered",
    _("Raised"),
    _("Problems that were raised in the period."),
    "created_at",
    lambda span: span.within("created_at"),
)
IN_REGISTER = _set(
    "in_register",
    _("In the register"),
    _("Problems that were raised in the period, and those that were not closed when it began."),
    "",
    _in_register,
)
RESOLVED_IN_REGISTER = _set(
    "register_resolved",
    _("Resolved"),
    _("Those in the register that were resolved, or ended otherwise, by the end of the period (已解决)."),
    "",
    lambda span: _in_register(span) & _over(span),
)
UNRESOLVED_IN_REGISTER = _set(
    "register_unresolved",
    _("Unresolved"),
    _("Those in the register that were not resolved by the end of the period (未解决)."),
    "",
    lambda span: _in_register(span) & ~_over(span),
)
WITH_CATEGORY = _set(
    "with_category",
    _("With a category"),
    _("Problems raised in the period whose category is known."),
    "created_at",
    lambda span: span.within("created_at") & ~Q(problem__problem_category=None),
)
WITHOUT_CATEGORY = _set(
    "without_category",
    _("Without a category"),
    _("Problems raised in the period that nobody has classified."),
    "created_at",
    lambda span: span.within("created_at") & Q(problem__problem_category=None),
)
#: What became of its incidents changes no problem, so facts do not keep these: no column places them.
WITH_SOLVED = _set(
    "with_solved_incidents",
    _("With solved incidents"),
    _("Problems raised in the period that caused incidents of which one is solved."),
    "",
    lambda span: span.within("created_at") & Q(_has_solved()),
    placed=PLACED_BY["created_at"],
)
WITH_UNSOLVED = _set(
    "with_unsolved_incidents",
    _("With unsolved incidents only"),
    _("Problems raised in the period that caused incidents of which none is solved: no time is over yet."),
    "",
    lambda span: span.within("created_at") & Q(_has_incidents()) & ~Q(_has_solved()),
    placed=PLACED_BY["created_at"],
)
RESOLVED = _set(
    "resolved",
    _("Resolved in the period"),
    _("Problems that were resolved, or whose risk or workaround was accepted for good, in the period."),
    "resolved_at",
    _resolved,
)
JUDGED = _set(
    "judged",
    _("Resolved with a limit"),
    _("Those resolved in the period that had a limit for their solution."),
    "resolved_at",
    lambda span: _resolved(span) & ~Q(completed_in_time=None),
)
IN_TIME = _set(
    "in_time",
    _("Resolved in time"),
    _("Those resolved in the period within the limit of their level."),
    "resolved_at",
    lambda span: _resolved(span) & Q(completed_in_time=True),
)
CAME_BACK = _set(
    "came_back",
    _("Came back"),
    _("Those resolved in the period that had been reopened before, because the cause was not gone."),
    "resolved_at",
    lambda span: _resolved(span) & Q(reopen_count__gt=0),
)
OPEN = _set(
    "open",
    _("Backlog"),
    _("Problems that were neither resolved nor ended otherwise at the end of the period."),
    "",
    lambda span: span.open_at_edge(),
    is_open=True,
)
HELPED = staff_sets("incident")(
    "took_known_error",
    _("With a known error"),
    _("Incidents registered in the period whose workaround was taken from a known error."),
    "created_at",
    lambda span: span.within("created_at") & Q(_took()),
)
KNOWN = _set(
    "published",
    _("Known errors published"),
    _("Problems whose known error was published, or published anew, in the period."),
    PUBLISHED,
    lambda span: span.within(PUBLISHED),
)
CLOSED = _set(
    "closed",
    _("Closed"),
    _("Problems that were closed in the period."),
    "closed_at",
    lambda span: span.within("closed_at"),
)
INCOMPLETE = _set(
    "incomplete",
    _("Closed with something missing"),
    _("Those closed in the period whose record lacks cause, solution, proof, review or minutes."),
    "closed_at",
    _incomplete,
)
