"""Reviews and baselines in the API."""

from __future__ import annotations

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from itsm.api.fields import PersonField
from itsm.api.form_input import checked, read_input
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, READ_ERRORS, Operation
from itsm.api.schema import list_serializer
from itsm.api.views import ApiView
from reports.own.services import kind_called
from reports.quarters import Half
from reports.reviews import services
from reports.reviews.services import BaselineForm, ReviewForm
from sla.boards import may_see_board
from tickets import clock
from tickets.lifecycle import Kind

TAG = _("Reports")
BODY = {"application/json": {"type": "object", "additionalProperties": True}}
KIND = OpenApiParameter("kind", {"type": "string"}, OpenApiParameter.QUERY)
HALF = OpenApiParameter("half", {"type": "string", "pattern": r"^\d{4}-H[12]$"}, OpenApiParameter.QUERY)


class FigureBaselineSerializer(serializers.Serializer):
    """A baseline: its period, and the figures of then."""

    kind = serializers.CharField()
    start = serializers.DateField()
    end = serializers.DateField()
    reason = serializers.CharField()
    figures = serializers.ListField(child=serializers.DictField())
    set_by = PersonField()
    set_at = serializers.DateTimeField()


class ProcessReviewSerializer(serializers.Serializer):
    """A review of a half-year, with the figures of then and the baseline that held."""

    kind = serializers.CharField()
    half = serializers.DateField(help_text="Its first day.")
    occasion = serializers.CharField()
    efficiency = serializers.CharField()
    tools = serializers.CharField()
    improvements = serializers.CharField()
    figures = serializers.ListField(child=serializers.DictField())
    baseline = FigureBaselineSerializer(allow_null=True)
    written_by = PersonField()
    written_at = serializers.DateTimeField()


class ReviewsView(ApiView):
    """The reviews of a kind's process in a half-year."""

    query = ("kind", "half")

    def get(self, request: Request) -> Response:
        """What they found; about incidents and the last half-year unless asked."""
        if not may_see_board(self.user):
            raise PermissionDenied
        found = services.reviews_of(_kind(request), Half.parse(request.query_params.get("half", ""), clock.now()))
        return Response({"results": ProcessReviewSerializer(found, many=True).data})

    def post(self, request: Request) -> Response:
        """Put one on record, with the figures of this moment. A correction is another one."""
        if not services.may_write(self.user):
            raise PermissionDenied
        return answer_once(request, lambda: self._write(request))

    def _write(self, request: Request) -> Response:
        data, _files = read_input(ReviewForm, request)
        cleaned, now = checked(ReviewForm(data), data), clock.now()
        half = Half.parse(request.query_params.get("half", ""), now)
        row = services.write_review(kind=_kind(request), half=half, cleaned=cleaned, user=self.user, now=now)
        return Response(ProcessReviewSerializer(row).data, status=201)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        if method == "get":
            return Operation(
                id="process_reviews",
                tag=TAG,
                summary=_("Process reviews of a half-year"),
                response=list_serializer(ProcessReviewSerializer),
                errors=READ_ERRORS,
                parameters=(KIND, HALF),
            )
        return Operation(
            id="process_review_write",
            tag=TAG,
            summary=_("Write a process review"),
            request=BODY,
            response=ProcessReviewSerializer,
            status=201,
            errors=CREATE_ERRORS,
            parameters=(KIND, HALF, IDEMPOTENCY_KEY),
        )


class BaselinesView(ApiView):
    """Setting what figures are held against."""

    query = ("kind",)

    def post(self, request: Request) -> Response:
        """Keep the figures of a period as the baseline; the one before stays on record."""
        if not services.may_write(self.user):
            raise PermissionDenied
        return answer_once(request, lambda: self._write(request))

    def _write(self, request: Request) -> Response:
        data, _files = read_input(BaselineForm, request)
        now = clock.now()
        cleaned = checked(BaselineForm(data, now=now), data)
        row = services.set_baseline(kind=_kind(request), cleaned=cleaned, user=self.user, now=now)
        return Response(FigureBaselineSerializer(row).data, status=201)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="baseline_set",
            tag=TAG,
            summary=_("Set the baseline of figures"),
            request=BODY,
            response=FigureBaselineSerializer,
            status=201,
            errors=CREATE_ERRORS,
            parameters=(KIND, IDEMPOTENCY_KEY),
        )


def _kind(request: Request) -> Kind:
    try:
        return kind_called(request.query_params.get("kind") or "incident")
    except KeyError as error:
        raise Http404 from error
