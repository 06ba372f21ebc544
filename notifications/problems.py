"""What problems tell people: raised (PRB-03). Solutions that wait for a decision are told by their rounds."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from notifications.events import Event, register_event
from notifications.reactions import NOTICES, Happening, Reaction


def _managers(happening: Happening) -> list[int]:
    return happening.people("problem_manager")


register_event(
    Event(
        code="problem_raised",
        label=_("A problem waits to be assigned"),
        subject=_("Problem raised: {number} {summary}"),
        body=_("{actor}: {text}\n\nPlease check and classify it, and choose its owner."),
        icon="puzzle",
        presses=False,
    ),
)

NOTICES.update(
    {
        "problem_raised": Reaction("problem_raised", _managers, rooms=False),
    }
)
