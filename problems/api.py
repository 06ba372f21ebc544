"""Trends, known errors and the investigation in the API."""

from __future__ import annotations

from typing import Any

from django.urls import path
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from itsm.api.fields import CodeField, NumberField, PersonField
from itsm.api.operations import LIST_ERRORS, Operation
from itsm.api.schema import list_serializer
from itsm.api.views import ApiView
from problems.meeting.api import IncidentMeetingView
from problems.models import KnownError, Term
from problems.navigation import reads_internal
from problems.trends.analysis import ZONE, find, whole_weeks
from problems.trends.services import as_data
from problems.writing.api import InvestigationView, ProposalStepView, ProposalsView
from tickets import clock

TAG = _("Problems")
#: Nobody looks further back at once.
MOST_WEEKS = 260


class NamesSerializer(serializers.Serializer):
    """A name in both languages."""

    zh = serializers.CharField()
    en = serializers.CharField()


class TrendSerializer(serializers.Serializer):
    """A burst, or something that keeps coming."""

    kind = serializers.ChoiceField(choices=["burst", "keeps_coming"])
    dimension = serializers.CharField(help_text="What the incidents have in common.")
    key = serializers.ListField(child=serializers.CharField())
    name = NamesSerializer(source="label")
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    seen = serializers.IntegerField()
    expected = serializers.FloatField()
    chance = serializers.FloatField(help_text="How unlikely so many were.")
    weeks = serializers.ListField(child=serializers.DateField(), help_text="Beginnings of the weeks.")
    counts = serializers.ListField(child=serializers.IntegerField(), help_text="Incidents in each week.")
    also = NamesSerializer(many=True, help_text="Other keys under which the same shows.")


TrendList = list_serializer(TrendSerializer)


def _day(name: str) -> OpenApiParameter:
    return OpenApiParameter(name, {"type": "string", "format": "date"}, OpenApiParameter.QUERY)


class TrendsView(ApiView):
    """Trends of the whole weeks between two days."""

    query = ("from", "to")

    def get(self, request: Request) -> Response:
        """What stands out, the most unlikely first. Without days: the last twelve whole weeks."""
        if not reads_internal(self.user):
            raise PermissionDenied
        start, end = (self._moment(name) for name in self.query)
        weeks = whole_weeks(start, end or clock.now())
        if len(weeks) > MOST_WEEKS:
            raise ValidationError({"from": [str(_("At most five years at once."))]})
        return Response({"results": TrendSerializer([as_data(one) for one in find(weeks)], many=True).data})

    def _moment(self, name: str) -> Any:
        """The local beginning of the day. Raises ValidationError for what is none."""
        text = self.request.query_params.get(name, "")
        if not text:
            return None
        try:
            day = parse_date(text)
        except ValueError:
            day = None
        if day is None or not 1990 <= day.year <= 2200:
            raise ValidationError({name: [str(_("Write a day as 2026-11-23."))]})
        return (
            clock.now()
            .astimezone(ZONE)
            .replace(year=day.year, month=day.month, day=day.day, hour=0, minute=0, second=0, microsecond=0)
        )

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="trends",
            tag=TAG,
            summary=_("Find trends"),
            description=_("Whole weeks only; false findings are held to five in a hundred. For staff."),
            response=TrendList,
            errors=(*LIST_ERRORS, 404),
            parameters=(_day("from"), _day("to")),
        )


class KnownErrorSerializer(serializers.Serializer):
    """A known error with its workaround."""

    problem = NumberField()
    title = serializers.CharField()
    symptoms = serializers.CharField()
    cause = serializers.CharField()
    steps = serializers.CharField()
    business_system = CodeField(allow_null=True)
    items: Any = serializers.SerializerMethodField(help_text="Identifiers.")
    published_at = serializers.DateTimeField()
    published_by = PersonField()
    valid_until = serializers.DateTimeField(allow_null=True)

    def get_items(self, row: KnownError) -> list[str]:
        """Identifiers of the configuration items."""
        return [item.identifier for item in row.items.all()]


KnownErrorList = list_serializer(KnownErrorSerializer)


class KnownErrorsView(ApiView):
    """Known errors that are offered."""

    def get(self, request: Request) -> Response:
        """All of them, the newest first. For staff; publishing and withdrawing are actions of the problem."""
        if not reads_internal(self.user):
            raise PermissionDenied
        found = KnownError.objects.valid(clock.now()).select_related("problem", "business_system", "published_by")
        return Response({"results": KnownErrorSerializer(found.prefetch_related("items"), many=True).data})

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="known_errors", tag=TAG, summary=_("List known errors"), response=KnownErrorList, errors=LIST_ERRORS
        )


class TermSerializer(serializers.Serializer):
    """A term in both languages."""

    zh = serializers.CharField()
    en = serializers.CharField()


TermList = list_serializer(TermSerializer)


class GlossaryView(ApiView):
    """The terms by which a report in one language finds known errors in the other."""

    def get(self, request: Request) -> Response:
        """All of them, by their English names."""
        if not reads_internal(self.user):
            raise PermissionDenied
        return Response({"results": TermSerializer(Term.objects.all(), many=True).data})

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="known_error_terms", tag=TAG, summary=_("List the glossary"), response=TermList, errors=LIST_ERRORS
        )


routes = [
    path("incident-meeting/", IncidentMeetingView.as_view(), name="incident-meeting"),
    path("trends/", TrendsView.as_view(), name="trends"),
    path("trends/proposals/", ProposalsView.as_view(), name="trend-proposals"),
    path("trends/proposals/<int:pk>/<slug:step>/", ProposalStepView.as_view(), name="trend-proposal"),
    path("known-errors/terms/", GlossaryView.as_view(), name="known-error-terms"),
    path("known-errors/", KnownErrorsView.as_view(), name="known-errors"),
    path("problems/<number:number>/investigation/", InvestigationView.as_view(), name="investigation"),
]
