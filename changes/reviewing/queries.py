"""Interruptions of a change: recorded, corrected, and what counts."""

from __future__ import annotations

from dataclasses import dataclass, field

from changes.informing.affected import systems_of
from changes.models import Change, Interruption
from cmdb.models import BusinessSystem

#: What the review asks: minutes by the code of each system, or together where it touches none.
PREFIX, TOTAL = "interruption_", "interruption_minutes"


@dataclass(frozen=True)
class Line:
    """One system of a change. ``recorded``: minutes of the review, None: it named none; ``corrections`` in order."""

    system: BusinessSystem | None
    recorded: int | None
    corrections: list[Interruption] = field(default_factory=list)

    @property
    def minutes(self) -> int:
        """What counts: the newest."""
        return self.corrections[-1].minutes if self.corrections else self.recorded or 0


def lines_of(change: Change) -> list[Line]:
    """Its systems in order of their codes. One query.

    What came by import has no rows until somebody corrects it: one line without a system.
    """
    lines: dict[str, Line] = {}
    for row in Interruption.objects.filter(change=change.pk).select_related("system", "by"):
        line = lines.setdefault(row.system_id or "", Line(row.system, None if row.reason else row.minutes))
        if row.reason:
            line.corrections.append(row)
    if not lines and change.interruption_minutes is not None:
        return [Line(None, change.interruption_minutes)]
    return [line for _code, line in sorted(lines.items())]


def systems_to_correct(change: Change) -> list[BusinessSystem]:
    """Systems whose minutes can be corrected; none when it is not told by system."""
    named = {line.system.pk: line.system for line in lines_of(change) if line.system}
    if not named:
        return []
    return [row for _code, row in sorted((named | {row.pk: row for row in systems_of(change)}).items())]
