"""At the end of a month its register is looked through, and who answers for the process is told (PRB-08, PRB-09)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.codes import in_both
from accounts.models import User
from problems.figures.register import effect_of, figures_of, lines_of, report_rows
from problems.models import Problem
from problems.signals import month_over
from tickets.figures.months import Month

#: The owner of the process, and the service management group (服务管理小组).
READERS = ("problem_manager", "service_owner")
#: So many problems with something missing are named.
NAMED = 20


@transaction.atomic
def look_through(now: datetime) -> None:
    """Tell of the month before, unless it had no problem. Told once, however often this runs."""
    month = Month.parse("", Month.parse("", now).start - timedelta(days=1))
    readers = User.objects.active().filter(roles__code__in=READERS, roles__active=True).distinct()
    reader = readers.with_access().order_by("pk").first()
    if reader is None or not lines_of(month, reader):
        return
    text = in_both(lambda: _report(month, reader, now))
    keys = sorted(readers.values_list("pk", flat=True))
    month_over.send(Problem, month=month.code, readers=keys, text=text, now=now)


def _report(month: Month, reader: User, now: datetime) -> str:
    """The monthly report in words: its figures, then what is missing of which problem."""
    lines = lines_of(month, reader)
    said = [f"{label}: {value}" for label, value in report_rows(lines, effect_of(lines, month, reader, now))]
    lacking = [line for line in lines if line.missing]
    if figures_of(lines)["incomplete"]:
        said += ["", _("Closed with something missing") + ":"]
        said += [f"{line.problem.number} {', '.join(map(str, line.missing))}" for line in lacking[:NAMED]]
    return "\n".join(said)
