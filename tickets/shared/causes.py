"""Chains of causes: what causes what may not come back to itself."""

from __future__ import annotations

from django.utils.translation import gettext as _

from tickets.errors import ActionConflict
from tickets.models import Ticket, TicketLink

CAUSED_BY = TicketLink.Meaning.CAUSED_BY
#: No chain of causes is longer; what is, was made to be.
DEEPEST = 50


def refuse_loop(*, effect: Ticket, cause: Ticket) -> None:
    """Raise ActionConflict, with the path named, when ``cause`` is itself caused by ``effect``. A query a level."""
    came_from: dict[int, int] = {}
    level = [cause.pk]
    for _depth in range(DEEPEST):
        links = TicketLink.objects.filter(source__in=level, meaning=CAUSED_BY).values_list("source_id", "target_id")
        found = {target: source for source, target in links if target not in came_from and target != cause.pk}
        came_from |= found
        if effect.pk in found:
            raise ActionConflict(
                _("That would be a loop of causes: %(path)s.") % {"path": _path(effect, cause, came_from)}
            )
        if not found:
            return
        level = list(found)


def _path(effect: Ticket, cause: Ticket, came_from: dict[int, int]) -> str:
    """The chain from the effect by its new cause back to itself, by numbers."""
    keys = [effect.pk]
    while keys[-1] != cause.pk:
        keys.append(came_from[keys[-1]])
    numbers = dict(Ticket.objects.filter(pk__in=keys).values_list("pk", "number"))
    chain = [effect.number, *(numbers[key] for key in reversed(keys))]
    return " → ".join(chain)
