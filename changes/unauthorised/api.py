"""Writes that no change allowed, in the API (CHG-09)."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.urls import path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import Permission
from changes.unauthorised.forms import VerdictForm
from changes.unauthorised.queries import MOST, STATES, figures, find_write, span_asked, writes
from changes.unauthorised.services import judge, may_judge
from itsm.api.fields import NumberField, PersonField
from itsm.api.form_input import checked, read_input, schema_of
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, LIST_ERRORS, Operation
from itsm.api.views import ApiView
from tickets import clock
from tickets.figures.months import Month
from tickets.models import TimelineEntry

TAG = _("Changes")
SHOWN = 200
INPUT: Any = VerdictForm
STATE = OpenApiParameter(
    "state", {"type": "string", "enum": list(STATES)}, description=_("What became of them; all unless given.")
)
FROM, TO = (
    OpenApiParameter(name, {"type": "string"}, description=_("Date or time in the portal's zone; both, or neither."))
    for name in ("from", "to")
)
KEY: dict[str, dict[str, Any]] = {"key": {"type": "string", "maxLength": 20}}


class AlteredSerializer(serializers.Serializer):
    """A field as people call it, with both values."""

    name = serializers.CharField(help_text="As programs call it.")
    called = serializers.CharField(source="label", help_text="As people call it.")
    before = serializers.CharField()
    after = serializers.CharField()


class WriteSerializer(serializers.Serializer):
    """A write to items in use that no change allowed."""

    key = serializers.CharField()
    items = serializers.SerializerMethodField()
    what = serializers.CharField(help_text="Fields that were written, or the relation.")
    altered = AlteredSerializer(
        many=True, help_text="What was believed before and what was written; none for a relation."
    )
    at = serializers.DateTimeField()
    by = PersonField(source="version.by", allow_null=True)
    note = serializers.CharField(source="version.reason", help_text="Why, as far as it was said.")
    state = serializers.ChoiceField(choices=list(STATES))
    reason = serializers.CharField(source="verdict.reason", default=None, allow_null=True)
    change = NumberField(source="verdict.change", default=None, allow_null=True)
    decided_by = PersonField(source="verdict.by", default=None, allow_null=True)

    def get_items(self, write: Any) -> list[str]:
        """Identifiers."""
        return [item.identifier for item in write.items]


class UnauthorisedFiguresSerializer(serializers.Serializer):
    """How many were written this month, and what became of them."""

    all = serializers.IntegerField()
    open = serializers.IntegerField()
    justified = serializers.IntegerField()
    ticket = serializers.IntegerField()


class UnauthorisedSerializer(serializers.Serializer):
    """The newest, with the figures of the month."""

    month = UnauthorisedFiguresSerializer()
    results = WriteSerializer(many=True)


class UnauthorisedApi(ApiView):
    """The list."""

    query = ("state", "from", "to")

    def get(self, request: Request) -> Response:
        """The newest first."""
        if not self.user.may(Permission.CMDB_VIEW):
            raise PermissionDenied
        state = request.query_params.get("state", "")
        if state and state not in STATES:
            raise ValidationError({"state": [_("One of: %(states)s.") % {"states": ", ".join(STATES)}]})
        between = span_asked(request.query_params)
        if between is None and {"from", "to"} & set(request.query_params):
            raise ValidationError({"from": [_("From and to are expected, each a date or a time such as 2026-11-22.")]})
        month = Month.parse("", clock.now())
        data = {
            "month": figures(self.user, month.start, month.end),
            "results": writes(self.user, state, MOST if between else SHOWN, between),
        }
        return Response(UnauthorisedSerializer(data).data)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="unauthorised_changes_list",
            tag=TAG,
            summary=_("List writes that no change allowed"),
            response=UnauthorisedSerializer,
            errors=LIST_ERRORS,
            parameters=(STATE, FROM, TO),
        )


class JudgeApi(ApiView):
    """What becomes of one."""

    def post(self, request: Request, key: str) -> Response:
        """Say it, once."""
        if not self.user.may(Permission.CMDB_VIEW) or not may_judge(self.user):
            raise PermissionDenied
        write = find_write(self.user, key)
        if write is None:
            raise Http404
        return answer_once(request, lambda: self._judge(request, write))

    def _judge(self, request: Request, write: Any) -> Response:
        data, _files = read_input(INPUT, request)
        form = VerdictForm(data)
        via = TimelineEntry.Via.API
        judge(write=write, **checked(form, data), user=self.user, via=via, now=clock.now())
        return Response(WriteSerializer(find_write(self.user, write.key)).data)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="unauthorised_changes_decide",
            tag=TAG,
            summary=_("Say what becomes of a write that no change allowed"),
            request={"application/json": schema_of(INPUT)},
            response=WriteSerializer,
            errors=CREATE_ERRORS,
            parameters=(IDEMPOTENCY_KEY,),
            path=KEY,
        )


routes = [
    path("unauthorised-changes/", UnauthorisedApi.as_view(), name="unauthorised_changes"),
    path("unauthorised-changes/<str:key>/decide/", JudgeApi.as_view(), name="unauthorised_change_decide"),
]
