"""The monthly report of changes in the API."""

from __future__ import annotations

from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from changes.monthly.analysis import Fact
from changes.monthly.papers import report_of
from changes.monthly.queries import Row
from changes.monthly.services import WordsForm, may_read, may_write, write_words
from itsm.api.fields import PersonField
from itsm.api.form_input import checked, read_input
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, LIST_ERRORS, Operation
from itsm.api.views import ApiView
from tickets import clock
from tickets.figures.months import Month

MONTH = OpenApiParameter("month", {"type": "string", "pattern": r"^\d{4}-\d{2}$"}, OpenApiParameter.QUERY)
TAG = _("Changes")


class ReportRowSerializer(serializers.Serializer):
    """A group, a template or a system with its changes."""

    name = serializers.CharField()
    succeeded = serializers.IntegerField(source="good")
    minutes = serializers.IntegerField(help_text="Of interruption; only by system.")
    changes: Any = serializers.SerializerMethodField(help_text="Their numbers.")

    def get_changes(self, row: Row) -> list[str]:
        """Numbers."""
        return [one.number for one in row.changes]


class ReportFactSerializer(serializers.Serializer):
    """A sentence of the analysis."""

    text = serializers.CharField()
    quotes: Any = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    changes: Any = serializers.SerializerMethodField(help_text="The changes that it rests on.")

    def get_changes(self, fact: Fact) -> list[str]:
        """Numbers."""
        return [one.number for one in fact.changes]


class ReportWordsSerializer(serializers.Serializer):
    """What the manager says."""

    text = serializers.CharField()
    written_by = PersonField()
    written_at = serializers.DateTimeField()


class BandSerializer(serializers.Serializer):
    """Changes that were assessed with one risk, and have ended."""

    risk = serializers.CharField()
    total = serializers.IntegerField()
    trouble = serializers.IntegerField(help_text="Failed, backed out, missed what was expected, or interrupted.")


class CalibrationSerializer(serializers.Serializer):
    """Assessments of a year against outcomes."""

    hit_rate = serializers.IntegerField(allow_null=True, help_text="Percent of low and high ones that came true.")
    bands = BandSerializer(many=True)


class ChangeReportSerializer(serializers.Serializer):
    """The report of a month."""

    month = serializers.CharField(source="month.code")
    figures: Any = serializers.SerializerMethodField(help_text="Pairs of label and value, as the page shows them.")
    groups = ReportRowSerializer(many=True)
    templates = ReportRowSerializer(many=True)
    interruptions = ReportRowSerializer(many=True, source="book.interruptions")
    analysis = ReportFactSerializer(many=True, source="facts")
    calibration = CalibrationSerializer()
    words = ReportWordsSerializer(allow_null=True)

    def get_figures(self, report: Any) -> list[list[str]]:
        """Texts."""
        return [[str(label), str(value)] for label, value in report.figures]


class ChangeReportView(ApiView):
    """The monthly report."""

    query = ("month",)

    def get(self, request: Request) -> Response:
        """Figures, success by group and template, interruptions, analysis; this month unless asked."""
        if not may_read(self.user):
            raise PermissionDenied
        month = Month.parse(request.query_params.get("month", ""), clock.now())
        return Response(ChangeReportSerializer(report_of(month, self.user)).data)

    def post(self, request: Request) -> Response:
        """Put the manager's words about a month on record; the newest are what the report says."""
        if not may_write(self.user):
            raise PermissionDenied
        return answer_once(request, lambda: self._write(request))

    def _write(self, request: Request) -> Response:
        data, _files = read_input(WordsForm, request)
        now = clock.now()
        cleaned = checked(WordsForm(data), set(data) - {"month"})
        month = Month.parse(str(data.get("month", "")), now)
        row = write_words(month=month, text=cleaned["text"], user=self.user, now=now)
        return Response(ReportWordsSerializer(row).data, status=201)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        if method == "get":
            return Operation(
                id="change_report",
                tag=TAG,
                summary=_("Read the monthly report of changes"),
                response=ChangeReportSerializer,
                errors=LIST_ERRORS,
                parameters=(MONTH,),
            )
        return Operation(
            id="change_report_write",
            tag=TAG,
            summary=_("Write the manager's analysis of a month"),
            request={"application/json": {"type": "object", "additionalProperties": True}},
            response=ReportWordsSerializer,
            status=201,
            errors=CREATE_ERRORS,
            parameters=(IDEMPOTENCY_KEY,),
        )


routes = [path("change-report/", ChangeReportView.as_view(), name="change-report")]
