"""What those affected by a change know, in the API."""

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
from changes.informing.affected import parts_of
from changes.informing.ahead import Work, upkeep_ahead, work_ahead
from changes.informing.models import AffectedNotice
from changes.informing.stages import Stage
from changes.models import Change
from itsm.api.operations import LIST_ERRORS, Operation
from itsm.api.views import ApiView
from tickets import clock
from tickets.api.base import NUMBER, TicketView
from tickets.lifecycle import kind_of_model


class AffectedPartSerializer(serializers.Serializer):
    """Customers that use the same of the affected systems."""

    systems = serializers.ListField(child=serializers.CharField())
    organisations = serializers.ListField(child=serializers.CharField())
    people = serializers.IntegerField()


class AffectedToldSerializer(serializers.Serializer):
    """What they were told, and when."""

    stage = serializers.ChoiceField(choices=Stage.choices)
    at = serializers.DateTimeField()
    planned_start = serializers.DateTimeField(allow_null=True)
    planned_end = serializers.DateTimeField(allow_null=True)
    parts = AffectedPartSerializer(many=True)


class InformingSerializer(serializers.Serializer):
    """Whom a change affects as it stands, what they read, what they were told."""

    notice_zh = serializers.CharField()
    notice_en = serializers.CharField()
    expected_end = serializers.DateTimeField(allow_null=True)
    affected = AffectedPartSerializer(many=True)
    told = AffectedToldSerializer(many=True)


class WorkSerializer(serializers.Serializer):
    """A change that affects the reader's organisation; only its own systems are named."""

    systems: Any = serializers.SerializerMethodField(help_text="Codes.")
    starts_at = serializers.DateTimeField(allow_null=True, help_text="Null: an emergency that begins at once.")
    ends_at = serializers.DateTimeField(
        allow_null=True, help_text="Later than planned when a delay was reported; null while nobody said until when."
    )
    text = serializers.CharField(help_text="In the reader's language.")
    is_running = serializers.BooleanField()
    is_late = serializers.BooleanField()

    def get_systems(self, one: Work) -> list[str]:
        """Codes."""
        return [system.pk for system in one.systems]


class UpkeepSerializer(serializers.Serializer):
    """A maintenance window."""

    system = serializers.CharField(source="system.pk")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    zone = serializers.CharField()


class PlannedWorkSerializer(serializers.Serializer):
    """What is ahead for the reader's organisation."""

    work = WorkSerializer(many=True)
    maintenance = UpkeepSerializer(many=True)


class PlannedWorkApi(ApiView):
    """What customers read of planned work."""

    def get(self, request: Request) -> Response:
        """Changes that affect your organisation, and maintenance windows of its systems in the next 14 days."""
        now = clock.now()
        data = {"work": work_ahead(self.user, now), "maintenance": upkeep_ahead(self.user, now)}
        return Response(PlannedWorkSerializer(data).data)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="planned_work",
            tag=_("Changes"),
            summary=_("Planned work that affects your organisation"),
            response=PlannedWorkSerializer,
            errors=LIST_ERRORS,
        )


class InformingView(TicketView):
    """Who knows what of one change."""

    def get(self, request: Request, number: str) -> Response:
        """For staff: customers read their own part as announcements."""
        if not self.user.may(Permission.INTERNAL):
            raise PermissionDenied
        change: Any = self.find(number).specific
        affected = [
            {
                "systems": [row.pk for row in part.systems],
                "organisations": [row.code for row in part.organisations],
                "people": part.people,
            }
            for part in parts_of(change)
        ]
        data = {
            "notice_zh": change.notice_zh,
            "notice_en": change.notice_en,
            "expected_end": change.expected_end,
            "affected": affected,
            "told": AffectedNotice.objects.filter(change=change.pk),
        }
        return Response(InformingSerializer(data).data)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="changes_informing",
            tag=force_str(self.kind.label_plural),
            summary=_("Who is affected, and what they were told"),
            response=InformingSerializer,
            path=NUMBER,
        )


routes = [
    path("changes/<number:number>/informing/", InformingView.as_view(kind=kind_of_model(Change))),
    path("planned-work/", PlannedWorkApi.as_view(), name="planned-work"),
]
