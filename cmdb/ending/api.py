"""How long before an end people are told, in the API (CMDB-03)."""

from __future__ import annotations

from typing import Any

from django.urls import path
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ApiToken
from accounts.permissions import Permission
from cmdb.api.shapes import TAG
from cmdb.authority import may_correct
from cmdb.ending.services import USUAL, keep_limit
from cmdb.ending.views import MOST_DAYS, LimitForm
from cmdb.models import EndLimit
from cmdb.models.ending import Ends
from itsm.api.fields import PersonField
from itsm.api.form_input import checked, unknown
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, Operation
from itsm.api.views import ApiView

_DAYS = {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": MOST_DAYS}, "maxItems": 20}
_BODY: dict[str, Any] = {
    "type": "object",
    "properties": {
        "ci_class": {"type": "string", "maxLength": 40, "description": "Empty: every class."},
        "ends": {"type": "string", "enum": Ends.values},
        "days": {**_DAYS, "description": "Days before, each told once; empty: never."},
    },
    "required": ["ends", "days"],
    "additionalProperties": False,
}


class EndLimitVersionSerializer(serializers.Serializer):
    """What held from a moment on."""

    days = serializers.ListField(child=serializers.IntegerField(), source="definition.days")
    at = serializers.DateTimeField()
    by = PersonField(allow_null=True)


class EndLimitSerializer(serializers.Serializer):
    """How many days before an end is told for a class; null: for every class that says nothing else."""

    ci_class = serializers.CharField(source="ci_class_id", allow_null=True)
    ends = serializers.CharField()
    days = serializers.ListField(child=serializers.IntegerField())
    versions = EndLimitVersionSerializer(many=True, help_text="The oldest first.")


class EndLimitsSerializer(serializers.Serializer):
    """The usual days, and what classes say."""

    usual = serializers.ListField(child=serializers.IntegerField())
    limits = EndLimitSerializer(many=True)


class EndLimitsView(ApiView):
    """Limits of warnings; POST sets one."""

    http_method_names: tuple[str, ...] = ("get", "post", "head", "options")
    reads = ApiToken.Scope.DIRECTORY_READ
    writes = ApiToken.Scope.CMDB_WRITE

    def get(self, request: Request) -> Response:
        """All of them, with what held before."""
        if not self.user.may(Permission.CMDB_VIEW):
            raise PermissionDenied
        rows = EndLimit.objects.prefetch_related("versions__by")
        return Response(EndLimitsSerializer({"usual": list(USUAL), "limits": rows}).data)

    def post(self, request: Request) -> Response:
        """The configuration manager's."""
        if not may_correct(self.user):
            raise PermissionDenied
        return answer_once(request, lambda: self._keep(dict(request.data)))

    def _keep(self, body: dict[str, Any]) -> Response:
        errors = unknown(body, _BODY["properties"])
        days = body.get("days")
        if not isinstance(days, list) or any(isinstance(day, bool) or not isinstance(day, int) for day in days):
            errors["days"] = [_("A list of numbers is expected.")]
        if errors:
            raise ValidationError(errors)
        said = checked(LimitForm({**body, "days": ", ".join(map(str, days or []))}))
        row = keep_limit(ci_class=said["ci_class"] or None, ends=said["ends"], days=said["days"], by=self.user)
        return Response(EndLimitSerializer(row).data)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        if method == "get":
            return Operation(
                id="end_limits_read",
                tag=TAG,
                summary=_("Read how long before an end people are told"),
                response=EndLimitsSerializer,
            )
        return Operation(
            id="end_limits_set",
            tag=TAG,
            summary=_("Set how long before an end people are told"),
            request={"application/json": _BODY},
            response=EndLimitSerializer,
            errors=tuple(code for code in CREATE_ERRORS if code != 404),
            parameters=(IDEMPOTENCY_KEY,),
        )


routes = [path("items/ending/limits/", EndLimitsView.as_view(), name="item-end-limits")]
