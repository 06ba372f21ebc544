"""Which priority follows from impact and urgency (INC-04)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tickets.codes import Priority

if TYPE_CHECKING:
    from tickets.codes import ImpactLevel, Urgency

#: From this rank on urgency may move the priority, and never above it: P1 and P2 start the emergency
#: procedure, which only the criteria of the impact levels decide.
FIRST_MOVABLE_RANK = 3


def priority_for(impact: ImpactLevel, urgency: Urgency | None) -> Priority:
    """Return the priority of ``impact``, moved by ``urgency`` within the ranks that it may move."""
    priority = impact.priority
    if urgency is None or not urgency.shift or priority.rank < FIRST_MOVABLE_RANK:
        return priority
    rank = max(FIRST_MOVABLE_RANK, priority.rank + urgency.shift)
    return Priority.objects.filter(rank__lte=rank).order_by("-rank").first() or priority
