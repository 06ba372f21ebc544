"""The visit and the trip that is booked for it."""

from __future__ import annotations

from django.db import models

from accounts.models import User
from accounts.permissions import Permission
from tests.second_kind.lifecycle import PHASES, States, visit_actions
from tickets.lifecycle import Kind, register_kind
from tickets.meaning import NO_CLOCKS, Audience, Grade
from tickets.models import ImpactLevel, Ticket


@register_kind(
    Kind(
        code="visit",
        prefix="VS",
        slug="visits",
        label="Visit",
        label_plural="Visits",
        icon="map-pin",
        states=States,
        phases=PHASES,
        steps=(States.PLANNED, States.UNDER_WAY, States.DONE),
        audience=Audience.STAFF,
        registering=Permission.WORK,
        managing=Permission.DISPATCH,
        clocks=NO_CLOCKS,
        grade=Grade.NONE,
        can_be_major=False,
        views=("unassigned", "mine", "open", "all"),
        tiles=(),
        tells={"comment": ()},
    )
)
class Visit(Ticket):
    """Somebody goes to a customer."""

    lifecycle = visit_actions

    distance = models.PositiveIntegerField(null=True)

    class Meta:
        verbose_name = "visit"
        verbose_name_plural = "visits"

    def plan_for(self, user: User, *, summary: str, impact: ImpactLevel | None) -> None:
        """Fill in what every ticket must have; a priority need not be among it."""
        self.summary, self.impact, self.priority = summary, impact, impact.priority if impact else None
        self.registered_by = self.requester = user
        self.organisation_id = user.organisation_id


class Trip(models.Model):
    """What the visit's effect writes elsewhere."""

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="trips")
    distance = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.visit_id}: {self.distance}"
