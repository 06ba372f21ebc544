"""What a change collided with when it mattered, kept as it was read then."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tickets.database.triggers import APPEND_ONLY


class CollisionReading(models.Model):
    """What a change collided with at ``at``: submitted, ordered, moved (a standard one), asked about, decided, begun.

    Never changed.

    ``collisions``: of each what ``changes.collision.readings.kept_of`` says, the worst first, no more than so many;
    ``count``: how many there were.
    """

    change = models.ForeignKey("changes.Change", models.CASCADE, related_name="collision_readings")
    occasion = models.CharField(_("occasion"), max_length=20)
    at = models.DateTimeField(_("time"))
    count = models.PositiveIntegerField(_("collisions"))
    collisions = models.JSONField(_("what it collided with"))

    class Meta:
        ordering = ["at", "pk"]
        verbose_name = _("reading of collisions")
        verbose_name_plural = _("readings of collisions")
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.change_id} {self.occasion}"


class GradedBy(models.Model):
    """One row: by what planned changes were last graded beside their own actions (CHG-05).

    ``holidays``, ``workdays``: the trading calendar as it was announced, days as ISO dates; ``graph_born``,
    ``graph_version``: the state of the relations of the CMDB (``cmdb.models.GraphState``).
    """

    holidays: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(default=dict)
    workdays: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    graph_born = models.UUIDField(null=True)
    graph_version = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.graph_version)
