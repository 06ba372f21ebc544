"""Scheduled reports in the API."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from itsm.api.fields import PersonField
from itsm.api.form_input import checked, unknown
from itsm.api.operations import CREATE_ERRORS, LIST_ERRORS, READ_ERRORS, Operation
from itsm.api.schema import list_serializer
from itsm.api.views import ApiView
from reports.schedules import services
from reports.schedules.models import Schedule, ScheduleRun, Sending
from reports.schedules.rhythm import next_times
from reports.schedules.services import ScheduleForm
from tickets import clock

TAG = _("Reports")
OF = ("view", "board", "kind", "parameters")
KEYS = {*OF, *ScheduleForm.Meta.fields}
STEPS = ("pause", "resume", "end")
BODY = {"application/json": {"type": "object", "additionalProperties": True}}


class SendingSerializer(serializers.Serializer):
    """What one reader got."""

    reader = PersonField()
    state = serializers.ChoiceField(choices=Sending.State.choices)
    reason = serializers.CharField(allow_blank=True, help_text="Why nothing, or only the link, was sent.")
    sent_at = serializers.DateTimeField(allow_null=True)
    rows = serializers.IntegerField(allow_null=True)
    size = serializers.IntegerField(allow_null=True)
    digest = serializers.CharField(allow_blank=True, help_text="SHA-256 of the file.")


class ScheduleRunSerializer(serializers.Serializer):
    """A time at which it was due."""

    due_at = serializers.DateTimeField()
    run_at = serializers.DateTimeField()
    is_late = serializers.BooleanField()
    note = serializers.ChoiceField(choices=ScheduleRun.Note.choices, allow_blank=True)
    sendings = SendingSerializer(source="sendings.all", many=True)


class ScheduleSerializer(serializers.Serializer):
    """A scheduled report, with its next times and the last runs."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    owner = PersonField()
    role = serializers.CharField(source="role.code", allow_null=True, default=None, help_text="For whom else.")
    view = serializers.IntegerField(source="view_id", allow_null=True)
    board = serializers.IntegerField(source="board_id", allow_null=True)
    kind = serializers.CharField(allow_blank=True)
    parameters = serializers.CharField(allow_blank=True)
    rhythm = serializers.ChoiceField(choices=Schedule.Rhythm.choices)
    weekday = serializers.IntegerField(allow_null=True)
    monthday = serializers.IntegerField(allow_null=True)
    at = serializers.TimeField(format="%H:%M")
    zone = serializers.CharField()
    format = serializers.ChoiceField(choices=Schedule.Format.choices)
    state = serializers.CharField(help_text="active, paused or ended.")
    next_times: Any = serializers.SerializerMethodField()
    runs: Any = serializers.SerializerMethodField()

    def get_next_times(self, schedule: Schedule) -> list[str]:
        """The next five."""
        return [moment.isoformat() for moment in next_times(schedule, clock.now())]

    def get_runs(self, schedule: Schedule) -> list[dict[str, Any]]:
        """The last of them."""
        return list(ScheduleRunSerializer(services.runs_of(schedule), many=True).data)


class SchedulesView(ApiView):
    """The scheduled reports that the person made, or may stop."""

    def get(self, request: Request) -> Response:
        """All of them."""
        _check(self.user)
        return Response({"results": ScheduleSerializer(services.schedules_of(self.user), many=True).data})

    def post(self, request: Request) -> Response:
        """Schedule a saved list (view), an own board (board) or the board of a kind with its parameters."""
        _check(self.user)
        data = _data(request)
        try:
            begun = services.begin_with(user=self.user, **{name: str(data.get(name) or "") for name in OF})
        except KeyError as error:
            raise ValidationError({"view": [_("Name a saved list, a board or a kind that you see.")]}) from error
        return Response(ScheduleSerializer(_stored(data, begun, self.user)).data, status=201)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        if method == "get":
            return Operation(
                id="schedules",
                tag=TAG,
                summary=_("Scheduled reports"),
                response=list_serializer(ScheduleSerializer),
                errors=LIST_ERRORS,
            )
        return Operation(
            id="schedule_make",
            tag=TAG,
            summary=_("Schedule a list or board"),
            request=BODY,
            response=ScheduleSerializer,
            status=201,
            errors=CREATE_ERRORS,
        )


class ScheduleView(ApiView):
    """One scheduled report."""

    def get(self, request: Request, pk: int) -> Response:
        """It, with its runs."""
        return Response(ScheduleSerializer(_found(self.user, pk)).data)

    def post(self, request: Request, pk: int) -> Response:
        """Put what is sent in place of what is there; what it sends stays."""
        schedule = _found(self.user, pk)
        if not services.may_change(schedule, self.user):
            raise PermissionDenied
        return Response(ScheduleSerializer(_stored(_data(request), schedule, self.user)).data)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        if method == "get":
            return Operation(
                id="schedule",
                tag=TAG,
                summary=_("A scheduled report"),
                response=ScheduleSerializer,
                errors=READ_ERRORS,
            )
        return Operation(
            id="schedule_replace",
            tag=TAG,
            summary=_("Replace a scheduled report"),
            request=BODY,
            response=ScheduleSerializer,
            errors=CREATE_ERRORS,
        )


class ScheduleStepView(ApiView):
    """Pausing, resuming and ending."""

    def post(self, request: Request, pk: int, step: str) -> Response:
        """Do it."""
        schedule = _found(self.user, pk)
        if step == "resume" and not services.may_change(schedule, self.user):
            raise PermissionDenied
        if step not in STEPS:
            raise Http404
        services.step(schedule=schedule, name=step, now=clock.now())
        return Response(ScheduleSerializer(_found(self.user, pk)).data)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="schedule_step",
            tag=TAG,
            summary=_("Pause, resume or end a scheduled report"),
            response=ScheduleSerializer,
            errors=CREATE_ERRORS,
            path={"step": {"type": "string", "enum": list(STEPS)}},
        )


def _check(user: User) -> None:
    if not user.is_agent:
        raise PermissionDenied


def _found(user: User, pk: int) -> Schedule:
    _check(user)
    schedule: Schedule = get_object_or_404(services.schedules_of(user), pk=pk)
    return schedule


def _data(request: Request) -> dict[str, Any]:
    data: dict[str, Any] = request.data  # type: ignore[assignment]  # our parser takes objects only
    if errors := unknown(data, KEYS):
        raise ValidationError(errors)
    return data


def _stored(data: dict[str, Any], schedule: Schedule, user: User) -> Schedule:
    form = ScheduleForm({"name": schedule.name, **data}, instance=schedule, user=user)
    checked(form)
    return services.save_schedule(form=form, user=user, now=clock.now())
