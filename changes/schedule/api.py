"""When changes can be made, in the API: maintenance windows of business systems, free windows of a change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.urls import path
from django.utils.encoding import force_str
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import Permission
from changes.freezing.api import KNOWN, moment_asked
from changes.freezing.versions import maintenance_known
from changes.models import Change, MaintenanceWindow
from changes.schedule.maintenance import occurrences
from changes.schedule.slots import free_slots
from cmdb.models import BusinessSystem
from itsm.api.operations import LIST_ERRORS, Operation
from itsm.api.schema import list_serializer
from itsm.api.views import ApiView
from tickets import clock
from tickets.api.base import NUMBER, TicketView
from tickets.lifecycle import kind_of_model

#: So far ahead the next occurrences are named.
AHEAD = timedelta(days=14)
SYSTEM = OpenApiParameter(
    "system", {"type": "string", "maxLength": 40}, description=_("Code of a business system: only its windows.")
)


class SpanSerializer(serializers.Serializer):
    """From when until when, half open."""

    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class MaintenanceSerializer(serializers.Serializer):
    """A weekly window in which a business system may be worked on."""

    business_system = serializers.CharField(source="business_system_id")
    weekday = serializers.IntegerField(help_text="0 is Monday.")
    begins_at = serializers.TimeField(format="%H:%M", help_text="Wall time in the zone.")
    minutes = serializers.IntegerField()
    zone = serializers.CharField()
    next = serializers.SerializerMethodField(help_text="When it is in the next 14 days.")

    def get_next(self, window: MaintenanceWindow) -> list[dict[str, Any]]:
        """Its occurrences; summer time moves none of them."""
        now = self.context["now"]
        spans = occurrences([window], now, now + AHEAD)
        return list(SpanSerializer([{"starts_at": begin, "ends_at": end} for begin, end in spans], many=True).data)


class FreeSerializer(serializers.Serializer):
    """A window in which nothing hard or soft collides."""

    planned_start = serializers.DateTimeField(source="start")
    planned_end = serializers.DateTimeField(source="end")
    notes = serializers.IntegerField(help_text="So many changes of the same business system run then.")


class MaintenanceView(ApiView):
    """Maintenance windows."""

    query = ("system", "known_at")

    def get(self, request: Request) -> Response:
        """Those in use, by business system; suppliers read of the systems that they were handed."""
        if not self.user.is_agent:
            raise PermissionDenied
        known_at = moment_asked(request)
        system = request.query_params.get("system", "")
        windows = maintenance_known(known_at) if known_at else MaintenanceWindow.objects.filter(active=True)
        visible = BusinessSystem.objects.visible_to(self.user).filter(active=True)
        codes = set((visible.filter(pk=system) if system else visible).values_list("pk", flat=True))
        found = [one for one in windows if one.business_system_id in codes]
        data = MaintenanceSerializer(found, many=True, context={"now": clock.now()}).data
        return Response({"results": data})

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="maintenance_windows_list",
            tag=_("Changes"),
            summary=_("List maintenance windows"),
            response=list_serializer(MaintenanceSerializer),
            errors=LIST_ERRORS,
            parameters=(SYSTEM, KNOWN),
        )


class FreeView(TicketView):
    """Free windows of one change."""

    def get(self, request: Request, number: str) -> Response:
        """The next ones as long as its own; none without one."""
        if not self.user.may(Permission.INTERNAL):
            raise PermissionDenied
        change: Any = self.find(number).specific
        return Response({"results": FreeSerializer(free_slots(change, clock.now()), many=True).data})

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="changes_free_windows",
            tag=force_str(self.kind.label_plural),
            summary=_("List its next free windows"),
            description=_("As long as its planned window, in the next 14 days; nothing hard or soft collides then."),
            response=list_serializer(FreeSerializer),
            path=NUMBER,
        )


routes = [
    path("changes/<number:number>/windows/", FreeView.as_view(kind=kind_of_model(Change))),
    path("maintenance-windows/", MaintenanceView.as_view(), name="maintenance_windows"),
]
