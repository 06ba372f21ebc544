"""What problems tell people: raised, and a solution that waits for a decision (PRB-03, PRB-06)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from notifications.events import Event, register_event
from notifications.reactions import NOTICES, Happening, Reaction


def _managers(happening: Happening) -> list[int]:
    return happening.people("problem_manager")


def _deciders(happening: Happening) -> list[int]:
    """Whoever has to agree to a solution: of high level the supervisor too."""
    high = getattr(happening.ticket, "level_id", None) == "high"
    return happening.people("problem_supervisor", "problem_manager") if high else happening.people("problem_manager")


register_event(
    Event(
        code="problem_raised",
        label=_("A problem waits to be assigned"),
        subject=_("Problem raised: {number} {summary}"),
        body=_("{actor}: {text}\n\nPlease check and classify it, and choose its owner."),
        icon="puzzle",
        presses=False,
    ),
    Event(
        code="solution_proposed",
        label=_("The solution of a problem waits for you"),
        subject=_("Decide on the solution: {number} {summary}"),
        body=_("{actor}: {text}"),
        icon="tool",
        presses=False,
    ),
)

NOTICES.update(
    {
        "problem_raised": Reaction("problem_raised", _managers, rooms=False),
        "solution_proposed": Reaction("solution_proposed", _deciders, rooms=False),
    }
)
