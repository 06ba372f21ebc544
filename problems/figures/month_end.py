"""At the end of a month its register is looked through, and who answers for the process is told (PRB-08, PRB-09)."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from problems.figures.register import effect_of, figures_of, lines_of, report_rows
from tickets.figures.month_end import tell_months_before
from tickets.figures.months import Month

#: The owner of the process, and the service management group (服务管理小组).
READERS = ("problem_manager", "service_owner")
#: So many problems with something missing are named.
NAMED = 20


def look_through(now: datetime) -> None:
    """Tell of each month that is over and not told, unless it had no problem; each once."""
    tell_months_before(
        now,
        kind="problem",
        roles=READERS,
        worth_telling=lines_of,
        words=lambda month, reader: _report(month, reader, now),
        page=reverse("problems:register_table"),
    )


def _report(month: Month, reader: User, now: datetime) -> str:
    """The monthly report in words: its figures, then what is missing of which problem."""
    lines = lines_of(month, reader)
    said = [f"{label}: {value}" for label, value in report_rows(lines, effect_of(lines, month, reader, now))]
    lacking = [line for line in lines if line.missing]
    if figures_of(lines)["incomplete"]:
        said += ["", _("Closed with something missing") + ":"]
        said += [f"{line.problem.number} {', '.join(map(str, line.missing))}" for line in lacking[:NAMED]]
    return "\n".join(said)
