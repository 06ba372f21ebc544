"""Targets of figures in the API."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from itsm.api.fields import PersonField
from itsm.api.form_input import checked, read_input
from itsm.api.operations import CREATE_ERRORS, LIST_ERRORS, Operation
from itsm.api.schema import list_serializer
from itsm.api.views import ApiView
from reports.targets.models import Target
from reports.targets.services import TargetForm, may_set_targets, remove_target, set_target, targets_of, with_targets
from reports.targets.views import measure_for
from sla.boards import may_see_board
from tickets import clock

TAG = _("Reports")


class TargetSerializer(serializers.Serializer):
    """Target and threshold of a figure, in its unit: records, percent, or hours for times."""

    measure = serializers.CharField(help_text="The id of the figure.")
    aim = serializers.FloatField(allow_null=True)
    alert = serializers.FloatField(allow_null=True, help_text="The owner is told when the figure is worse than this.")
    owner = serializers.CharField(source="owner.code", help_text="Code of the role that is told.")
    edited_by = PersonField()
    edited_at = serializers.DateTimeField()


class TargetsView(ApiView):
    """All targets."""

    def get(self, request: Request) -> Response:
        """Those of figures that the person may count."""
        if not may_see_board(self.user):
            raise PermissionDenied
        rows: list[Any] = list(targets_of(with_targets(self.user)).values())
        return Response({"results": TargetSerializer(rows, many=True).data})

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="report_targets",
            tag=TAG,
            summary=_("Targets of figures"),
            response=list_serializer(TargetSerializer),
            errors=LIST_ERRORS,
        )


class TargetView(ApiView):
    """The target of one figure."""

    def post(self, request: Request, code: str) -> Response:
        """Set it in place of what was there."""
        self._check()
        measure = measure_for(self.user, code)
        data, _files = read_input(TargetForm, request)
        cleaned = checked(TargetForm(data, measure=measure), data)
        target: Target = set_target(measure=measure, cleaned=cleaned, user=self.user, now=clock.now())
        return Response(TargetSerializer(target).data)

    def delete(self, request: Request, code: str) -> Response:
        """Judge the figure no longer."""
        self._check()
        remove_target(measure=measure_for(self.user, code))
        return Response(status=204)

    def _check(self) -> None:
        if not may_set_targets(self.user):
            raise PermissionDenied

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        if method == "delete":
            return Operation(
                id="report_target_remove",
                tag=TAG,
                summary=_("Remove the target of a figure"),
                status=204,
                errors=CREATE_ERRORS,
            )
        return Operation(
            id="report_target_set",
            tag=TAG,
            summary=_("Set the target of a figure"),
            request={"application/json": {"type": "object", "additionalProperties": True}},
            response=TargetSerializer,
            errors=CREATE_ERRORS,
        )
