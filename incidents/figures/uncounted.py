"""What figures of incidents leave out, so that all of it can be opened: of each date, what is not counted and why."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from incidents.figures.records import (
    BY_A_LINE,
    has_limit_passed,
    incident_set,
    is_closed,
    is_resolved,
    is_timed,
    with_code,
)

_DUPLICATE = Q(duplicate_of__isnull=False)

RESPONDED_DUPLICATES = incident_set(
    "responded_duplicates",
    _("Duplicates"),
    _("Work on it began in the period, and it is a duplicate: the main ticket counts."),
    "responded_at",
    lambda span: span.within("responded_at") & _DUPLICATE,
)
RESPONDED_NOTHING = incident_set(
    "responded_nothing_to_solve",
    _("Nothing to solve"),
    _("Work on it began in the period, and it ended as rejected or false alarm."),
    "responded_at",
    lambda span: span.within("responded_at") & ~_DUPLICATE & ~is_timed(),
)
RESPONDED_UNPROMISED = incident_set(
    "responded_unpromised",
    _("Without a promised response"),
    _("Work on it began in the period, and no time for that was promised."),
    "responded_at",
    lambda span: span.within("responded_at") & is_timed() & Q(responded_in_time=None),
)
RESOLVED_UNTIMED = incident_set(
    "resolved_untimed",
    _("Solved, with nothing to solve"),
    _("Solved in the period as rejected, false alarm or duplicate: out of the figures of time."),
    "resolved_at",
    lambda span: is_resolved(span) & ~is_timed(),
)
ENDED_UNSOLVED = incident_set(
    "ended_unsolved",
    _("Ended without a solution"),
    _("Closed in the period as rejected, false alarm or duplicate, without ever being solved."),
    "closed_at",
    lambda span: is_closed(span) & ~is_timed() & Q(resolved_at=None),
)
#: What figures of time leave out: by the date of the solution, else of closing.
UNTIMED = (RESOLVED_UNTIMED, ENDED_UNSOLVED)
RESOLVED_UNPROMISED = incident_set(
    "resolved_unpromised",
    _("Without a promised solution"),
    _("Solved in the period, and no time for that was promised."),
    "resolved_at",
    lambda span: is_resolved(span) & is_timed() & Q(completed_in_time=None),
)
RESOLVED_DUPLICATES = incident_set(
    "resolved_duplicates",
    _("Duplicates"),
    _("Solved in the period by a line of support, and a duplicate: the main ticket counts."),
    "resolved_at",
    lambda span: is_resolved(span) & _DUPLICATE & with_code(*BY_A_LINE),
)
LATE_DUPLICATES = incident_set(
    "overdue_duplicates",
    _("Overdue duplicates"),
    _("Not solved at the end of the period and past its limit, and a duplicate: the main ticket counts."),
    "",
    lambda span: has_limit_passed(span) & _DUPLICATE,
    is_open=True,
)
