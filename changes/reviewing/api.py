"""Interruptions of a change in the API."""

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
from changes.models import Change
from changes.reviewing.queries import lines_of
from itsm.api.operations import Operation
from tickets.api.base import NUMBER, TicketView
from tickets.lifecycle import kind_of_model


class CorrectionSerializer(serializers.Serializer):
    """One correction."""

    minutes = serializers.IntegerField()
    reason = serializers.CharField()
    by = serializers.CharField(source="by.username")
    at = serializers.DateTimeField()


class InterruptionSerializer(serializers.Serializer):
    """One system: what counts, what was recorded, what corrected it."""

    system = serializers.CharField(source="system.pk", default=None, allow_null=True)
    minutes = serializers.IntegerField()
    recorded = serializers.IntegerField(allow_null=True)
    corrections = CorrectionSerializer(many=True)


class InterruptionsSerializer(serializers.Serializer):
    """All of one change."""

    minutes = serializers.IntegerField(allow_null=True)
    systems = InterruptionSerializer(many=True)


class InterruptionsView(TicketView):
    """How long one change interrupted what."""

    def get(self, request: Request, number: str) -> Response:
        """For staff."""
        if not self.user.may(Permission.INTERNAL):
            raise PermissionDenied
        change: Any = self.find(number).specific
        data = {"minutes": change.interruption_minutes, "systems": lines_of(change)}
        return Response(InterruptionsSerializer(data).data)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="changes_interruptions",
            tag=force_str(self.kind.label_plural),
            summary=_("Minutes of interruption by business system: recorded, and corrected"),
            response=InterruptionsSerializer,
            path=NUMBER,
        )


routes = [path("changes/<number:number>/interruptions/", InterruptionsView.as_view(kind=kind_of_model(Change)))]
