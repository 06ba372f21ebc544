"""Collisions of changes in the API."""

from __future__ import annotations

from typing import Any

from django.urls import path
from django.utils.encoding import force_str
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import Permission
from changes.afterwards.api import routes as after_routes
from changes.cab.api import routes as cab_routes
from changes.catalogue.api import routes as template_routes
from changes.collision.collisions import Collision, Grade, Reason, collisions_of
from changes.collision.folding import sort_of
from changes.collision.signing import key_of
from changes.freezing.api import routes as freeze_routes
from changes.models import Change
from changes.monthly.api import routes as report_routes
from changes.origins.near import WHEN, changes_near
from changes.prepared.api import routes as edit_routes
from changes.proof.api import routes as proof_routes
from changes.recurring.api import routes as recurrence_routes
from changes.reviewing.api import routes as interruption_routes
from changes.running.api import routes as run_routes
from itsm.api.fields import NumberField, PersonField
from itsm.api.operations import Operation
from itsm.api.schema import list_serializer
from tickets import clock
from tickets.api.base import NUMBER, TicketView
from tickets.lifecycle import kind_of_model, kinds


class CollisionSerializer(serializers.Serializer):
    """What a change collides with, and why."""

    key = serializers.SerializerMethodField(help_text="What is signed for with it (override_collisions).")
    grade = serializers.ChoiceField(choices=Grade.choices)
    reason = serializers.ChoiceField(choices=Reason.choices)
    text = serializers.CharField(source="reason.label")
    change = NumberField(source="other", allow_null=True, help_text="The other change; null for a freeze.")
    incident = NumberField(allow_null=True, help_text="An open major incident.")
    owner = PersonField(allow_null=True, default=None)
    freeze = serializers.CharField(source="freeze.rule.code", allow_null=True, default=None)
    folds_under = serializers.SerializerMethodField(
        help_text="What the other change is, when the page shows it in one line with others of its template or type."
    )
    what = serializers.ListField(source="names", child=serializers.CharField(), help_text="Names of what they share.")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()

    def get_key(self, one: Collision) -> str:
        """As a signature keeps it."""
        return key_of(one)

    def get_folds_under(self, one: Collision) -> str | None:
        """Hard ones, and what is no change, stand alone."""
        return sort_of(one.other) if one.other is not None and one.grade is not Grade.HARD else None


class CollisionsView(TicketView):
    """The collisions of one change."""

    def get(self, request: Request, number: str) -> Response:
        """The worst first."""
        if not self.user.may(Permission.INTERNAL):
            raise PermissionDenied
        ticket: Any = self.find(number)
        return Response({"results": CollisionSerializer(collisions_of(ticket.specific, clock.now()), many=True).data})

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="changes_collisions",
            tag=force_str(self.kind.label_plural),
            summary=_("List its collisions"),
            response=list_serializer(CollisionSerializer),
            path=NUMBER,
        )


class NearSerializer(serializers.Serializer):
    """A change that a ticket may have to do with."""

    number = serializers.CharField(source="change.number")
    summary = serializers.CharField(source="change.summary")
    state = serializers.CharField(source="change.state")
    when = serializers.ChoiceField(choices=list(WHEN), help_text="Raised from the ticket, or when it is.")
    total = serializers.IntegerField(help_text="How many there are of the same “when”; at most 64 of each are listed.")
    why = serializers.ListField(child=serializers.CharField(), help_text="Items and service that they share.")
    planned_start = serializers.DateTimeField(source="change.planned_start", allow_null=True)
    planned_end = serializers.DateTimeField(source="change.planned_end", allow_null=True)
    actual_start = serializers.DateTimeField(source="change.actual_start", allow_null=True)
    actual_end = serializers.DateTimeField(source="change.actual_end", allow_null=True)
    helped = serializers.BooleanField(source="change.helped", allow_null=True)


#: Programs read so many of each kind.
MOST_NEAR = 64
NEAR_LIST = list_serializer(NearSerializer)


class NearView(TicketView):
    """The changes that a ticket may have to do with."""

    def get(self, request: Request, number: str) -> Response:
        """Those raised from it, then running, planned, recent ones."""
        if not self.user.may(Permission.INTERNAL):
            raise PermissionDenied
        near = changes_near(self.find(number), self.user, clock.now(), most=MOST_NEAR)
        return Response({"results": NearSerializer(near, many=True).data})

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id=f"{self.kind.slug}_changes",
            tag=force_str(self.kind.label_plural),
            summary=_("List changes near it"),
            description=_("Running, planned and recent changes of its items, their neighbours and its service."),
            response=NEAR_LIST,
            path=NUMBER,
        )


CHANGE = kind_of_model(Change)
routes = [
    *cab_routes,
    *edit_routes,
    *after_routes,
    *proof_routes,
    *report_routes,
    *interruption_routes,
    *run_routes,
    *recurrence_routes,
    *template_routes,
    path("changes/<number:number>/collisions/", CollisionsView.as_view(kind=CHANGE)),
    *freeze_routes,
    *(
        path(f"{kind.slug}/<number:number>/changes/", NearView.as_view(kind=kind))
        for kind in kinds()
        if "raise_change" in kind.actions
    ),
]
