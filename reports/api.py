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
from itsm.api.schema import list_serializer, page_serializer
from itsm.api.views import PAGING, ApiView, paged
from reports.facts.models import FactVersion
from reports.figures import DIMENSIONS, Figure, Scope, figures
from reports.known.scope import PROMISES, KnownScope, NotKept, known_moment
from reports.known.views import ASKED, ORDER, SORTS, KnownBoard, as_row, known_records, with_tickets
from reports.meetings.api import ProcessMeetingsView
from reports.monthly.api import ReportContactsView, ReportContactView
from reports.monthly.api_reports import routes as service_report_routes
from reports.own.api import OwnBoardsView, OwnBoardView
from reports.periods import NAMED, PeriodError, chosen_period
from reports.reviews.api import BaselinesView, ReviewsView
from reports.schedules.api import ScheduleStepView, SchedulesView, ScheduleView
from reports.targets.api import TargetsView, TargetView
from reports.texts import plain
from sla.boards import may_see_board
from tickets import clock
from tickets.figures.measures import Measure, measures_of
from tickets.figures.records import Records, zone
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
        return str(records.placed_by)


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
    on_demand = serializers.BooleanField(help_text="Counted only where it is asked for as ``figure``.")


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


class KnownRecordSerializer(serializers.Serializer):
    """What figures knew of a ticket then: codes, and the moments that place it in periods."""

    number = serializers.CharField(allow_null=True, help_text="Null: it was removed since.")
    known_from = serializers.DateTimeField()
    known_until = serializers.DateTimeField(allow_null=True, help_text="Null: it is still known so.")
    priority = serializers.CharField(allow_null=True)
    group = serializers.CharField(allow_null=True)
    category = serializers.CharField(allow_null=True)
    organisation = serializers.CharField(allow_null=True)
    phase = serializers.CharField()
    created_at = serializers.DateTimeField()
    resolved_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)


KnownRecordPage = page_serializer(KnownRecordSerializer)
KNOWN_AT = OpenApiParameter(
    "known_at",
    {"type": "string"},
    description=_("As known at this moment of the portal's zone, such as 2026-04-01T08:00."),
)


class DefinitionsView(ApiView):
    """What every figure means."""

    def get(self, request: Request) -> Response:
        """All of them."""
        refuse_customers(self.user)
        rows: list[Any] = measures_of(on_demand=True)
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

    query = ("from", "to", "period", "known_at", "figure", *DIMENSIONS)

    def get(self, request: Request, report: str) -> Response:
        """Each with its records, or those that are named as ``figure``.

        Filters are those of the list of the kind, several values each.
        """
        refuse_customers(self.user)
        scope = scope_of(request, self.user, kind_of_report(report))
        found = figures(_asked(request.query_params.getlist("figure"), scope), scope)
        return Response(ReportSerializer(as_data(report, scope, found)).data)

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
            KNOWN_AT,
            OpenApiParameter(
                "figure",
                codes,
                explode=True,
                description=_("These figures alone, in this order; those with ``on_demand`` are given only so."),
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


class KnownRecordsView(ApiView):
    """The records behind a figure as known then."""

    query = (*ASKED, *PAGING)
    sorts = SORTS

    def get(self, request: Request, report: str) -> Response:
        """Number of each ticket, with what figures knew of it. The count is of all: it is the figure."""
        if not may_see_board(self.user):
            raise PermissionDenied
        kind = kind_of_report(report)
        board = KnownBoard(request.query_params, user=self.user, kind=kind, now=clock.now())
        if board.errors:
            raise ValidationError(board.errors)
        _chosen, found = known_records(board, request.query_params.get("records", ""))
        return Response(paged(request, found, SORTS, ORDER, self._data, cap=None))

    def _data(self, versions: list[FactVersion]) -> Any:
        rows = [as_row(version, ticket) for version, ticket in with_tickets(versions)]
        return KnownRecordSerializer(rows, many=True).data

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        codes: dict[str, Any] = {"type": "array", "items": {"type": "string"}}
        return Operation(
            id="reports_known_records",
            tag=TAG,
            summary=_("The records behind a figure as known then"),
            response=KnownRecordPage,
            errors=READ_ERRORS,
            parameters=(
                OpenApiParameter("records", {"type": "string"}, description=_("The set, as a figure names it.")),
                KNOWN_AT,
                *(OpenApiParameter(name, codes, explode=True) for name in DIMENSIONS),
                *(OpenApiParameter(name, {"type": "boolean"}) for name in PROMISES),
            ),
            path={"report": {"type": "string", "enum": [f"{kind.code}{SUFFIX}" for kind in reported_kinds()]}},
        )


def scope_of(request: Request, user: User, kind: Kind) -> Scope:
    """Period, filters and moment that the address names. Raises ValidationError."""
    params, now = request.query_params, clock.now()
    known_at = params.get("known_at", "")
    try:
        known = known_moment(known_at, user=user, kind=kind, now=now) if known_at else None
        span = chosen_period(params, known or now).span
    except PeriodError as error:
        raise ValidationError({error.parameter: [str(error)]}) from error
    except NotKept as error:
        raise ValidationError({"known_at": [str(error)]}) from error
    filters = narrowing(params)
    scope = KnownScope(user, kind, filters, span, known) if known else Scope(user, kind, filters, span)
    if scope.errors:
        raise ValidationError(scope.errors)
    return scope


def _asked(codes: list[str], scope: Scope) -> list[Measure]:
    """The figures that an address names, else all that are counted unasked. Raises ValidationError."""
    if not codes:
        return measures_of(scope.kind.code)
    known = {measure.code: measure for measure in measures_of(scope.kind.code, on_demand=True)}
    unknown = [code for code in codes if code not in known]
    if unknown:
        raise ValidationError({"figure": [_("There is no figure “%(code)s”.") % {"code": unknown[0]}]})
    if not all(scope.may_count(known[code]) for code in codes):  # who asks is staff: it is not kept of the past
        raise ValidationError({"figure": [_("Of this it is not kept what was known then.")]})
    return [known[code] for code in dict.fromkeys(codes)]


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
    path("reports/contacts/", ReportContactsView.as_view(), name="report-contacts"),
    path("reports/contacts/<slug:code>/", ReportContactView.as_view(), name="report-contact"),
    path("reports/meetings/", ProcessMeetingsView.as_view(), name="process-meetings"),
    path("reports/reviews/", ReviewsView.as_view(), name="process-reviews"),
    path("reports/baselines/", BaselinesView.as_view(), name="figure-baselines"),
    path("reports/schedules/", SchedulesView.as_view(), name="schedules"),
    path("reports/schedules/<int:pk>/", ScheduleView.as_view(), name="schedule"),
    path("reports/schedules/<int:pk>/<slug:step>/", ScheduleStepView.as_view(), name="schedule-step"),
    path("reports/targets/", TargetsView.as_view(), name="report-targets"),
    path("reports/targets/<slug:code>/", TargetView.as_view(), name="report-target"),
    path("reports/<slug:report>/records/", KnownRecordsView.as_view(), name="report-records"),
    path("reports/<slug:report>/", FiguresView.as_view(), name="report"),
    *service_report_routes,
]
