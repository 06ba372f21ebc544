"""Incidents during and after a change, in the API."""

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
from changes.afterwards.queries import incidents_after
from changes.models import Change
from itsm.api.fields import PersonField
from itsm.api.operations import Operation
from itsm.api.schema import list_serializer
from tickets import clock
from tickets.api.base import NUMBER, TicketView
from tickets.lifecycle import kind_of_model


class AfterSerializer(serializers.Serializer):
    """An incident that came while the change ran or within the hours after it that its type says."""

    number = serializers.CharField(source="ticket.number")
    summary = serializers.CharField(source="ticket.summary")
    created_at = serializers.DateTimeField(source="ticket.created_at")
    item = serializers.CharField(help_text="The item on which they are most unusual.")
    count = serializers.IntegerField(help_text="Incidents on it in this time.")
    usual = serializers.FloatField(help_text="How many would be usual, by the year before.")
    odds = serializers.FloatField(help_text="How many times the number that is usual in so many hours.")
    hours = serializers.IntegerField()
    caused = serializers.BooleanField(source="verdict.caused", allow_null=True, default=None)
    said_by = PersonField(source="verdict.by", allow_null=True, default=None)


class AfterView(TicketView):
    """What came during and after a change; staff only."""

    def get(self, request: Request, number: str) -> Response:
        """The most unusual first."""
        if not self.user.may(Permission.INTERNAL):
            raise PermissionDenied
        change: Any = self.find(number).specific
        return Response({"results": AfterSerializer(incidents_after(change, self.user, clock.now()), many=True).data})

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="changes_incidents",
            tag=force_str(self.kind.label_plural),
            summary=_("List incidents during and after it"),
            response=list_serializer(AfterSerializer),
            path=NUMBER,
        )


CHANGE = kind_of_model(Change)
routes = [path("changes/<number:number>/incidents/", AfterView.as_view(kind=CHANGE))]
