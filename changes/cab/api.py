"""Meetings of the change advisory board in the API. Votes are decisions: ``POST approvals/{id}/decide/``."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.urls import path
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from changes.cab.forms import STEPS, MeetingForm
from changes.cab.models import Meeting
from changes.cab.queries import Point, find_meeting, points_of
from changes.cab.rules import may_read, may_run
from changes.cab.services import call_meeting
from itsm.api.fields import NumberField, PersonField
from itsm.api.form_input import checked, read_input
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, LIST_ERRORS, Operation
from itsm.api.schema import list_serializer
from itsm.api.views import ApiView
from tickets import clock

TAG = _("Change advisory board")
KEY: dict[str, dict[str, Any]] = {"pk": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}}
BODY: dict[str, Any] = {"type": "object", "additionalProperties": True}
#: So many meetings are listed, the latest first.
MOST = 100


class PointSerializer(serializers.Serializer):
    """A point of the agenda."""

    position = serializers.IntegerField(source="item.position")
    change = NumberField()
    summary = serializers.CharField(source="change.summary")
    round = serializers.IntegerField(source="shown.round.pk", help_text="The approval that is decided.")
    outcome = serializers.CharField(source="shown.round.outcome", help_text="How it stands now.")
    kept = serializers.CharField(source="item.outcome", help_text="How it stood when the meeting was closed.")
    note = serializers.CharField(source="item.note")
    votes = serializers.BooleanField(help_text="Whether you may decide it now.")


class PresenceSerializer(serializers.Serializer):
    """Somebody who was invited."""

    person = PersonField()
    present = serializers.BooleanField(allow_null=True)


class MeetingSerializer(serializers.Serializer):
    """A meeting."""

    id = serializers.IntegerField(source="pk")
    title = serializers.CharField()
    electronic = serializers.BooleanField()
    status = serializers.ChoiceField(choices=Meeting.Status.choices)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    place = serializers.CharField()
    made_by = PersonField()
    minutes = serializers.CharField()
    closed_at = serializers.DateTimeField(allow_null=True)


class WholeMeetingSerializer(MeetingSerializer):
    """A meeting with its agenda and people."""

    agenda: Any = serializers.SerializerMethodField()
    people = PresenceSerializer(many=True)

    def get_agenda(self, meeting: Meeting) -> list[dict[str, Any]]:
        """Points of changes that the reader sees."""
        points: list[Point] = points_of(meeting, self.context["user"], clock.now())
        return PointSerializer(points, many=True).data  # type: ignore[return-value]


class MeetingsView(ApiView):
    """Meetings of the board."""

    def get(self, request: Request) -> Response:
        """The latest first."""
        if not may_read(self.user):
            raise PermissionDenied
        found = Meeting.objects.select_related("made_by")[:MOST]
        return Response({"results": MeetingSerializer(found, many=True).data})

    def post(self, request: Request) -> Response:
        """Call one; its agenda is what waits for the board."""
        if not may_run(self.user):
            raise PermissionDenied
        return answer_once(request, lambda: self._call(request))

    def _call(self, request: Request) -> Response:
        data, _files = read_input(MeetingForm, request)
        meeting = call_meeting(by=self.user, now=clock.now(), **checked(MeetingForm(data), data))
        return Response(WholeMeetingSerializer(meeting, context={"user": self.user}).data, status=201)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        if method == "get":
            return Operation(
                id="cab_list", tag=TAG, summary=_("List meetings"), response=MeetingList, errors=LIST_ERRORS
            )
        return Operation(
            id="cab_call",
            tag=TAG,
            summary=_("Call a meeting"),
            request={"application/json": BODY},
            response=WholeMeetingSerializer,
            status=201,
            errors=CREATE_ERRORS,
            parameters=(IDEMPOTENCY_KEY,),
        )


MeetingList = list_serializer(MeetingSerializer)


class MeetingView(ApiView):
    """One meeting."""

    def get(self, request: Request, pk: int) -> Response:
        """Read it."""
        return self.answer(pk)

    def answer(self, pk: int) -> Response:
        """The meeting as it stands."""
        return Response(WholeMeetingSerializer(find_meeting(self.user, pk), context={"user": self.user}).data)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="cab_read", tag=TAG, summary=_("Read a meeting"), response=WholeMeetingSerializer, path=KEY
        )


class MeetingStepView(MeetingView):
    """A step of a meeting: add, remove, move, note, presence, invite, open, close, cancel."""

    http_method_names = ["post", "options"]

    def post(self, request: Request, pk: int, step: str) -> Response:
        """Do it, as change manager."""
        meeting = find_meeting(self.user, pk)
        if step not in STEPS:
            raise Http404
        if not may_run(self.user):
            raise PermissionDenied
        return answer_once(request, lambda: self._run(request, meeting, step))

    def _run(self, request: Request, meeting: Meeting, step: str) -> Response:
        data, _files = read_input(STEPS[step].form, request)
        asked = checked(STEPS[step].form(data, meeting=meeting, user=self.user), data)
        STEPS[step](meeting, asked, self.user, clock.now())
        return self.answer(meeting.pk)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        steps = {"type": "string", "enum": list(STEPS)}
        return Operation(
            id="cab_step",
            tag=TAG,
            summary=_("Run a meeting"),
            description=_("Change managers only. What each step asks stands in the guide on changes."),
            request={"application/json": BODY},
            response=WholeMeetingSerializer,
            errors=CREATE_ERRORS,
            parameters=(IDEMPOTENCY_KEY,),
            path={**KEY, "step": steps},
        )


routes = [
    path("cab/", MeetingsView.as_view(), name="cab"),
    path("cab/<int:pk>/", MeetingView.as_view(), name="meeting"),
    path("cab/<int:pk>/<slug:step>/", MeetingStepView.as_view(), name="meeting_step"),
]
