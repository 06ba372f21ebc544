"""The run sheet in the API: reporting is an action like others."""

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
from changes.models import Change, PlanStep
from itsm.api.fields import PersonField
from itsm.api.operations import Operation
from itsm.api.schema import list_serializer
from tickets.api.base import NUMBER, TicketView
from tickets.lifecycle import kind_of_model


class PlanStepSerializer(serializers.Serializer):
    """A step of the plan, and how it went."""

    step = serializers.IntegerField(source="position", help_text="Its number, as the actions name it.")
    what = serializers.CharField()
    person = PersonField(allow_null=True)
    planned_from = serializers.DateTimeField(allow_null=True)
    planned_to = serializers.DateTimeField(allow_null=True)
    check = serializers.CharField(source="check_text")
    back_out = serializers.CharField()
    no_return = serializers.BooleanField(help_text="From here on nothing is backed out.")
    status = serializers.ChoiceField(choices=PlanStep.Status.values)
    started_at = serializers.DateTimeField(allow_null=True, help_text="When it happened, not when that came in.")
    ended_at = serializers.DateTimeField(allow_null=True)
    note = serializers.CharField()
    reported_by = PersonField(allow_null=True)
    received_at = serializers.DateTimeField(allow_null=True, help_text="When its newest report came in.")
    seen = serializers.CharField(source="read", help_text="Sent back as `seen` when the step is edited or removed.")


class StepsView(TicketView):
    """The steps of one change; staff only."""

    def get(self, request: Request, number: str) -> Response:
        """In their order."""
        if not self.user.may(Permission.INTERNAL):
            raise PermissionDenied
        change: Any = self.find(number).specific
        steps = change.steps.select_related("person", "reported_by")
        return Response({"results": PlanStepSerializer(steps, many=True).data})

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="changes_steps",
            tag=force_str(self.kind.label_plural),
            summary=_("List the steps of its plan"),
            response=list_serializer(PlanStepSerializer),
            path=NUMBER,
        )


CHANGE = kind_of_model(Change)
routes = [path("changes/<number:number>/steps/", StepsView.as_view(kind=CHANGE))]
