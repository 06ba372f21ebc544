"""Figures in the API: what each means, and what it is for a period, with the address of the records behind it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, QueryDict
from django.urls import path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from itsm.api.operations import LIST_ERRORS, READ_ERRORS, Operation
from itsm.api.schema import list_serializer
from itsm.api.views import ApiView
from reports.figures import DIMENSIONS, Figure, Scope, figures
from reports.meetings.api import ProcessMeetingsView
from reports.own.api import OwnBoardsView, OwnBoardView
from reports.periods import NAMED, Period, PeriodError, chosen_period
from reports.schedules.api import ScheduleStepView, SchedulesView, ScheduleView
from reports.targets.api import TargetsView, TargetView
from reports.texts import plain
from tickets import clock
from tickets.figures.measures import Measure, measures_of
from tickets.figures.records import PLACED_BY, Records, zone
from tickets.lifecycle import Kind, kinds
from tickets.serializers import reads_internal

TAG = _("Reports")
SUFFIX = "-kpis"


class SetSerializer(serializers.Serializer):
    """A set of records: what is counted, or left out."""

    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field that is called label
    meaning = serializers.CharField()
    placed_by = serializers.SerializerMethodField()

    def get_placed_by(self, records: Records) -> str:
        """Which date places a record in a period."""
        return str(PLACED_BY[records.when])


class DefinitionSerializer(serializers.Serializer):
    """What a figure means. ``version`` rises when the meaning changes."""

    id = serializers.CharField(source="code")
    version = serializers.IntegerField()
    kind = serializers.CharField()
    name = serializers.CharField(source="label")
    meaning = serializers.CharField()
    unit = serializers.ChoiceField(choices=["records", "percent", "seconds"])
    reading = serializers.ChoiceField(choices=["count", "share", "sum", "mean", "median", "p90"])
    numerator = SetSerializer()
    denominator = SetSerializer(allow_null=True)
    left_out = SetSerializer(many=True)


class LeftOutSerializer(serializers.Serializer):
    """Records that do not count, and why."""

    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field that is called label
    count = serializers.IntegerField()
    records = serializers.CharField(help_text="The list of them.")


class ReportedFigureSerializer(serializers.Serializer):
    """A figure of a period. ``value`` is null where there is nothing to divide by."""

    id = serializers.CharField()
    version = serializers.IntegerField()
    name = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    numerator = serializers.IntegerField()
    denominator = serializers.IntegerField(allow_null=True)
    unit = serializers.ChoiceField(choices=["records", "percent", "seconds"])
    as_of = serializers.DateTimeField()
    records = serializers.CharField(help_text="The list of the records that it counts; its count is the numerator.")
    left_out = LeftOutSerializer(many=True)


class ReportSerializer(serializers.Serializer):
    """The figures of a kind for a period: local days of the portal's zone, the end not included."""

    id = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    zone = serializers.CharField()
    as_of = serializers.DateTimeField()
    results = ReportedFigureSerializer(many=True)


class DefinitionsView(ApiView):
    """What every figure means."""

    def get(self, request: Request) -> Response:
        """All of them."""
        refuse_customers(self.user)
        rows: list[Any] = measures_of()
        return Response({"results": DefinitionSerializer(rows, many=True).data})

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="reports_list",
            tag=TAG,
            summary=_("What every figure means"),
            response=list_serializer(DefinitionSerializer),
            errors=LIST_ERRORS,
        )


class FiguresView(ApiView):
    """The figures of a kind for a period."""

    query = ("from", "to", "period", *DIMENSIONS)

    def get(self, request: Request, report: str) -> Response:
        """Each with its records; filters are those of the list of the kind, several values each."""
        refuse_customers(self.user)
        kind = kind_of_report(report)
        period = self._period(request)
        scope = Scope(self.user, kind, narrowing(request.query_params), period.span)
        if scope.errors:
            raise ValidationError(scope.errors)
        found = figures(measures_of(kind.code), scope)
        return Response(ReportSerializer(as_data(report, scope, found)).data)

    def _period(self, request: Request) -> Period:
        try:
            return chosen_period(request.query_params, clock.now())
        except PeriodError as error:
            raise ValidationError({error.parameter: [str(error)]}) from error

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        day = {"type": "string", "format": "date"}
        codes: dict[str, Any] = {"type": "array", "items": {"type": "string"}}
        parameters = (
            OpenApiParameter("from", day, description=_("First local day of the period.")),
            OpenApiParameter("to", day, description=_("The day after its last one.")),
            OpenApiParameter(
                "period", {"type": "string", "enum": list(NAMED)}, description=_("A named period instead.")
            ),
            *(OpenApiParameter(name, codes, explode=True) for name in DIMENSIONS),
        )
        return Operation(
            id="reports_figures",
            tag=TAG,
            summary=_("The figures of a kind for a period"),
            response=ReportSerializer,
            errors=READ_ERRORS,
            parameters=parameters,
            path={"report": {"type": "string", "enum": [f"{kind.code}{SUFFIX}" for kind in reported_kinds()]}},
        )


def refuse_customers(user: User) -> None:
    """Figures tell what staff read; customers get theirs as service reports. Raises PermissionDenied."""
    if not reads_internal(user):
        raise PermissionDenied


def reported_kinds() -> list[Kind]:
    """Kinds that brought figures."""
    return [kind for kind in kinds() if measures_of(kind.code)]


def kind_of_report(report: str) -> Kind:
    """The kind whose figures the address names. Raises Http404."""
    found = {f"{kind.code}{SUFFIX}": kind for kind in reported_kinds()}
    if report not in found:
        raise Http404
    return found[report]


def narrowing(params: QueryDict) -> QueryDict:
    """The filters among parameters."""
    kept = QueryDict(mutable=True)
    for name in DIMENSIONS:
        values = [value for value in params.getlist(name) if value]
        if values:
            kept.setlist(name, values)
    return kept


def as_data(report: str, scope: Scope, found: dict[str, Figure]) -> dict[str, Any]:
    """A report as the serializer takes it."""
    span = scope.span
    return {
        "id": report,
        "starts_at": span.start,
        "ends_at": span.end,
        "zone": str(zone()),
        "as_of": span.at,
        "results": [_row(figure, scope) for figure in found.values()],
    }


def _row(figure: Figure, scope: Scope) -> dict[str, Any]:
    measure: Measure = figure.measure
    return {
        "id": measure.code,
        "version": measure.version,
        "name": measure.label,
        "value": plain(figure.value),
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "unit": measure.unit.value,
        "as_of": scope.span.at,
        "records": scope.api_url(figure.chosen),
        "left_out": [
            {"code": item.code, "label": item.label, "count": count, "records": scope.api_url(scope.records(item))}
            for item, count in figure.left_out
        ],
    }


routes = [
    path("reports/", DefinitionsView.as_view(), name="reports"),
    path("reports/boards/", OwnBoardsView.as_view(), name="own-boards"),
    path("reports/boards/<int:pk>/", OwnBoardView.as_view(), name="own-board"),
    path("reports/meetings/", ProcessMeetingsView.as_view(), name="process-meetings"),
    path("reports/schedules/", SchedulesView.as_view(), name="schedules"),
    path("reports/schedules/<int:pk>/", ScheduleView.as_view(), name="schedule"),
    path("reports/schedules/<int:pk>/<slug:step>/", ScheduleStepView.as_view(), name="schedule-step"),
    path("reports/targets/", TargetsView.as_view(), name="report-targets"),
    path("reports/targets/<slug:code>/", TargetView.as_view(), name="report-target"),
    path("reports/<slug:report>/", FiguresView.as_view(), name="report"),
]
