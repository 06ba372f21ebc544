"""Recurring changes in the API."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.urls import path
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from changes.recurring.dates import preview
from changes.recurring.forms import RecurrenceForm, as_typed
from changes.recurring.models import Recurrence
from changes.recurring.queries import visible_to
from changes.recurring.rules import may_make, may_read, may_steer
from changes.recurring.services import STEPS, edit, make
from itsm.api.fields import NumberField, PersonField
from itsm.api.form_input import checked, read_input
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, LIST_ERRORS, Operation
from itsm.api.schema import list_serializer
from itsm.api.views import ApiView
from tickets import clock
from tickets.api.lists import body_schemas

TAG = _("Recurring changes")
BODY: dict[str, Any] = {"type": "object", "additionalProperties": True}
KEY: dict[str, dict[str, Any]] = {"pk": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}}
NEXT, PAST = 12, 50


class DateSerializer(serializers.Serializer):
    """A date to come."""

    begins = serializers.DateTimeField()
    ends = serializers.DateTimeField()
    freezes = serializers.SerializerMethodField()

    def get_freezes(self, row: dict[str, Any]) -> list[str]:
        """Freeze windows that it would stand in, by code."""
        return [rule.code for rule in row["freezes"]]


class OccurrenceSerializer(serializers.Serializer):
    """What became of a date."""

    begins_at = serializers.DateTimeField()
    change = NumberField(allow_null=True)
    refusal = serializers.CharField(help_text="Why no change was raised; empty when one was.")
    at = serializers.DateTimeField()


class RecurrenceSerializer(serializers.Serializer):
    """A rule by which changes come again."""

    id = serializers.IntegerField(source="pk")
    title = serializers.CharField()
    template = serializers.CharField(source="template.code", allow_null=True, default=None)
    copied = NumberField(allow_null=True)
    owner = PersonField()
    every = serializers.IntegerField()
    unit = serializers.ChoiceField(choices=Recurrence.Unit.choices)
    first_day = serializers.DateField()
    begins_at = serializers.TimeField()
    minutes = serializers.IntegerField()
    zone = serializers.CharField()
    last_day = serializers.DateField(allow_null=True)
    ahead = serializers.IntegerField()
    status = serializers.ChoiceField(choices=Recurrence.Status.choices)


class VersionSerializer(serializers.Serializer):
    """What it said, since when and by whom; by the names of the fields that editing takes."""

    number = serializers.IntegerField()
    content = serializers.DictField()
    made_by = PersonField(allow_null=True)
    made_at = serializers.DateTimeField()


class WholeRecurrenceSerializer(RecurrenceSerializer):
    """With its next dates, those that were, and its versions."""

    dates: Any = serializers.SerializerMethodField()
    occurrences: Any = serializers.SerializerMethodField()

    versions: Any = VersionSerializer(many=True)

    def get_dates(self, made: Recurrence) -> list[dict[str, Any]]:
        """The next ones."""
        return DateSerializer(preview(made, clock.now(), NEXT), many=True).data  # type: ignore[return-value]

    def get_occurrences(self, made: Recurrence) -> list[dict[str, Any]]:
        """The latest first."""
        rows = made.occurrences.select_related("change")[:PAST]
        return OccurrenceSerializer(rows, many=True).data  # type: ignore[return-value]


RecurrenceList = list_serializer(RecurrenceSerializer)


class RecurrencesView(ApiView):
    """All of them."""

    def get(self, request: Request) -> Response:
        """Those that you see."""
        if not may_read(self.user):
            raise PermissionDenied
        return Response({"results": RecurrenceSerializer(visible_to(self.user), many=True).data})

    def post(self, request: Request) -> Response:
        """Make one."""
        if not may_make(self.user):
            raise PermissionDenied
        return answer_once(request, lambda: self._make(request))

    def _make(self, request: Request) -> Response:
        data, _files = read_input(RecurrenceForm, request)
        typed = checked(RecurrenceForm(data, user=self.user), data)
        made = make(owner=self.user, now=clock.now(), **typed)
        return Response(WholeRecurrenceSerializer(made).data, status=201)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        if method == "get":
            summary = _("List recurring changes")
            return Operation(
                id="recurrences_list", tag=TAG, summary=summary, response=RecurrenceList, errors=LIST_ERRORS
            )
        return Operation(
            id="recurrences_make",
            tag=TAG,
            summary=_("Let a change come again"),
            request=body_schemas(RecurrenceForm),
            response=WholeRecurrenceSerializer,
            status=201,
            errors=CREATE_ERRORS,
            parameters=(IDEMPOTENCY_KEY,),
        )


class OneView(ApiView):
    """What finds one of them."""

    def find(self, pk: int) -> Recurrence:
        """It, for those who see it. Raises Http404."""
        found = visible_to(self.user).filter(pk=pk).first()
        if found is None:
            raise Http404
        return found


class RecurrenceView(OneView):
    """One of them."""

    def get(self, request: Request, pk: int) -> Response:
        """With its dates."""
        return Response(WholeRecurrenceSerializer(self.find(pk)).data)

    def post(self, request: Request, pk: int) -> Response:
        """Edit it, as its owner or as change manager; what is left out stays."""
        made = self.find(pk)
        if not may_steer(made, self.user):
            raise PermissionDenied
        return answer_once(request, lambda: self._edit(request, made))

    def _edit(self, request: Request, made: Recurrence) -> Response:
        data, _files = read_input(RecurrenceForm, request)
        form = RecurrenceForm({**as_typed(made), **data}, user=self.user, made=made)
        edit(made, user=self.user, now=clock.now(), **checked(form, data))
        return Response(WholeRecurrenceSerializer(self.find(made.pk)).data)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        if method == "get":
            summary, response = _("Read a recurring change"), WholeRecurrenceSerializer
            return Operation(id="recurrences_read", tag=TAG, summary=summary, response=response, path=KEY)
        return Operation(
            id="recurrences_edit",
            tag=TAG,
            summary=_("Edit a recurring change"),
            description=_("Fields that are left out stay."),
            request={"application/json": BODY},
            response=WholeRecurrenceSerializer,
            path=KEY,
            errors=CREATE_ERRORS,
            parameters=(IDEMPOTENCY_KEY,),
        )


class RecurrenceStepView(OneView):
    """Pausing, resuming, ending, taking over."""

    http_method_names = ["post", "options"]

    def post(self, request: Request, pk: int, step: str) -> Response:
        """Do it, as its owner or as change manager."""
        made = self.find(pk)
        if step not in STEPS:
            raise Http404
        if not may_steer(made, self.user):
            raise PermissionDenied
        STEPS[step](made, self.user, clock.now())
        return Response(WholeRecurrenceSerializer(self.find(pk)).data)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="recurrences_step",
            tag=TAG,
            summary=_("Pause, resume, end or take over a recurring change"),
            response=WholeRecurrenceSerializer,
            path={**KEY, "step": {"type": "string", "enum": list(STEPS)}},
            errors=CREATE_ERRORS,
        )


routes = [
    path("change-recurrences/", RecurrencesView.as_view()),
    path("change-recurrences/<int:pk>/", RecurrenceView.as_view()),
    path("change-recurrences/<int:pk>/<slug:step>/", RecurrenceStepView.as_view()),
]
