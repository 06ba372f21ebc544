"""Duty rosters in the API: read-only."""

from __future__ import annotations

from typing import Any

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ApiToken
from duty.models import Roster
from duty.queries import standings
from duty.rules import may_read_rosters
from itsm.api.fields import CodeField, PersonField
from itsm.api.operations import LIST_ERRORS, Operation
from itsm.api.schema import list_serializer
from itsm.api.views import ApiView


class TurnSerializer(serializers.Serializer):
    """Who has the duty, from when until when."""

    person = PersonField(source="user")
    starts_at = serializers.DateTimeField(source="start")
    ends_at = serializers.DateTimeField(source="end")
    reason = serializers.CharField(help_text="turn, stand_in, swap, deputy or next (in the order of the roster).")


class DutySerializer(serializers.Serializer):
    """A group's duty, now and next."""

    group = CodeField(source="roster.group")
    now = TurnSerializer(allow_null=True)
    next = TurnSerializer(allow_null=True)


class DutyView(ApiView):
    """Who is on duty."""

    reads = ApiToken.Scope.DIRECTORY_READ

    def get(self, request: Request) -> Response:
        """Now and next, for every group with a roster."""
        if not may_read_rosters(self.user):
            raise PermissionDenied
        rosters = Roster.objects.visible_to(self.user).loaded()
        rows: list[Any] = standings(rosters, timezone.now())
        return Response({"results": DutySerializer(rows, many=True).data})

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="duty_list",
            tag=_("Directory"),
            summary=_("Who is on duty now and next"),
            response=list_serializer(DutySerializer),
            errors=LIST_ERRORS,
        )


routes = [path("duty/", DutyView.as_view(), name="duty")]
