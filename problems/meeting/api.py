"""The monthly review of incidents in the API: its list, its minutes (INC-17)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from itsm.api.fields import NumberField, PersonField
from itsm.api.form_input import checked, read_input
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, LIST_ERRORS, Operation
from itsm.api.views import ApiView
from problems.meeting.queries import Group, by_workaround_in, repeated_in, running_in
from problems.meeting.services import may_write, meetings_of, write_minutes
from problems.navigation import reads_internal
from tickets import clock
from tickets.figures.months import Month
from tickets.shared.minutes import MinutesForm

TAG = _("Problems")


class ReviewGroupSerializer(serializers.Serializer):
    """Incidents that belong together."""

    names = serializers.ListField(child=serializers.CharField(), help_text="Customer, category, system; or the title.")
    incidents: Any = serializers.SerializerMethodField(help_text="Their numbers.")
    problems: Any = serializers.SerializerMethodField(help_text="Problems that cause some of them.")

    def get_incidents(self, group: Group) -> list[str]:
        """Numbers of the incidents."""
        return [ticket.number for ticket in group.tickets]

    def get_problems(self, group: Group) -> list[str]:
        """Numbers of the problems."""
        return [problem.number for problem in group.problems]


class MinutesSerializer(serializers.Serializer):
    """What a meeting said."""

    held_at = serializers.DateTimeField()
    attendance = serializers.CharField()
    minutes = serializers.CharField()
    decisions = serializers.CharField()
    written_by = PersonField()
    written_at = serializers.DateTimeField()


class ReviewSerializer(serializers.Serializer):
    """The review of a month."""

    month = serializers.CharField(help_text="Such as 2026-11.")
    repeated = ReviewGroupSerializer(many=True)
    by_workaround = ReviewGroupSerializer(many=True)
    running = serializers.ListField(child=NumberField(), help_text="Incidents that are not solved now.")
    meetings = MinutesSerializer(many=True)


class IncidentMeetingView(ApiView):
    """The monthly review."""

    query = ("month",)

    def get(self, request: Request) -> Response:
        """What came again, what a workaround solved, what runs, and what was decided; this month unless asked."""
        if not reads_internal(self.user):
            raise PermissionDenied
        month = Month.parse(request.query_params.get("month", ""), clock.now())
        said = {
            "month": month.code,
            "repeated": repeated_in(month, self.user),
            "by_workaround": by_workaround_in(month, self.user),
            "running": running_in(month, self.user),
            "meetings": meetings_of(month),
        }
        return Response(ReviewSerializer(said).data)

    def post(self, request: Request) -> Response:
        """Put the minutes of a meeting on record. They never change: a correction is another one."""
        if not (reads_internal(self.user) and may_write(self.user)):
            raise PermissionDenied
        return answer_once(request, lambda: self._write(request))

    def _write(self, request: Request) -> Response:
        data, _files = read_input(MinutesForm, request)
        now = clock.now()
        cleaned = checked(MinutesForm(data, now=now), set(data) - {"month"})
        month = Month.parse(str(data.get("month", "")), now)
        row = write_minutes(month=month, cleaned=cleaned, user=self.user, now=now)
        return Response(MinutesSerializer(row).data, status=201)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        month = OpenApiParameter("month", {"type": "string", "pattern": r"^\d{4}-\d{2}$"}, OpenApiParameter.QUERY)
        if method == "get":
            return Operation(
                id="incident_meeting",
                tag=TAG,
                summary=_("Read the monthly review of incidents"),
                response=ReviewSerializer,
                errors=LIST_ERRORS,
                parameters=(month,),
            )
        return Operation(
            id="incident_meeting_write",
            tag=TAG,
            summary=_("Write the minutes of the incident meeting"),
            request={"application/json": {"type": "object", "additionalProperties": True}},
            response=MinutesSerializer,
            status=201,
            errors=CREATE_ERRORS,
            parameters=(IDEMPOTENCY_KEY,),
        )
