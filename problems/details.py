"""What the properties column shows of a problem, for staff."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from problems.models import Problem


def details_of(problem: Problem) -> list[tuple[str, Any]]:
    """(label, value) pairs beyond those of every ticket; empty values are left out by the page."""
    return [
        (_("Raised from"), problem.problem_source),
        (_("Category of the problem"), problem.problem_category),
        (_("Level"), problem.level),
        (_("Analysis team"), ", ".join(person.display_name for person in problem.team.all())),
        (_("Vendor"), problem.supplier),
        (_("Change"), problem.change_reference),
        (_("Outcome"), problem.get_outcome_display()),
        (_("Recurrence watched until"), problem.watch_until),
    ]
