"""Process meetings in the API."""

from __future__ import annotations

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from itsm.api.form_input import checked, read_input
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, READ_ERRORS, Operation
from itsm.api.schema import list_serializer
from itsm.api.views import ApiView
from problems.meeting.api import MinutesSerializer
from reports.meetings.services import may_write, meetings_of, write_minutes
from reports.own.services import kind_called
from reports.quarters import Quarter
from sla.boards import may_see_board
from tickets import clock
from tickets.lifecycle import Kind
from tickets.shared.minutes import MinutesForm

TAG = _("Reports")


class ProcessMeetingSerializer(MinutesSerializer):
    """What a meeting said, and the figures that it saw: id, version, value, numerator, denominator."""

    kind = serializers.CharField()
    quarter = serializers.DateField(help_text="Its first day.")
    figures = serializers.ListField(child=serializers.DictField())


class ProcessMeetingsView(ApiView):
    """The meetings about a kind's process in a quarter."""

    query = ("kind", "quarter")

    def get(self, request: Request) -> Response:
        """What they saw and decided; about incidents and the last quarter unless asked."""
        if not may_see_board(self.user):
            raise PermissionDenied
        kind, quarter = _asked(request)
        return Response({"results": ProcessMeetingSerializer(meetings_of(kind, quarter), many=True).data})

    def post(self, request: Request) -> Response:
        """Put the minutes of a meeting on record, with the figures of this moment. A correction is another one."""
        if not may_write(self.user):
            raise PermissionDenied
        return answer_once(request, lambda: self._write(request))

    def _write(self, request: Request) -> Response:
        data, _files = read_input(MinutesForm, request)
        kind, quarter = _asked(request)
        cleaned = checked(MinutesForm(data, now=clock.now()), data)
        row = write_minutes(kind=kind, quarter=quarter, cleaned=cleaned, user=self.user, now=clock.now())
        return Response(ProcessMeetingSerializer(row).data, status=201)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        asked = (
            OpenApiParameter("kind", {"type": "string"}, OpenApiParameter.QUERY),
            OpenApiParameter("quarter", {"type": "string", "pattern": r"^\d{4}-Q[1-4]$"}, OpenApiParameter.QUERY),
        )
        if method == "get":
            return Operation(
                id="process_meetings",
                tag=TAG,
                summary=_("Process meetings of a quarter"),
                response=list_serializer(ProcessMeetingSerializer),
                errors=READ_ERRORS,
                parameters=asked,
            )
        return Operation(
            id="process_meeting_write",
            tag=TAG,
            summary=_("Write the minutes of a process meeting"),
            request={"application/json": {"type": "object", "additionalProperties": True}},
            response=ProcessMeetingSerializer,
            status=201,
            errors=CREATE_ERRORS,
            parameters=(*asked, IDEMPOTENCY_KEY),
        )


def _asked(request: Request) -> tuple[Kind, Quarter]:
    try:
        kind = kind_called(request.query_params.get("kind") or "incident")
    except KeyError as error:
        raise Http404 from error
    return kind, Quarter.parse(request.query_params.get("quarter", ""), clock.now())
