"""Receipts and what was not delivered in the API; by the same rules as on their pages."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.urls import path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from itsm.api.errors import Overtaken
from itsm.api.form_input import checked, read_input, schema_of
from itsm.api.operations import CREATE_ERRORS, LIST_ERRORS, Operation
from itsm.api.schema import page_serializer
from itsm.api.views import ApiView, ListView
from itsm.web.paging import Column
from notifications import services
from notifications.api.own import KEY, TAG, DeliverySerializer
from notifications.forms import GiveUpForm, PeriodForm
from notifications.models import Delivery
from notifications.queries import figures, latest
from notifications.rules import may_operate, may_read_receipts
from notifications.views.operating import span_of
from tickets import clock


class LedgerSerializer(DeliverySerializer):
    """A delivery with what it tells."""

    id = serializers.IntegerField()
    event = serializers.CharField(source="notice.event")
    ticket = serializers.CharField(source="notice.payload.number", default=None, allow_null=True)
    urgent = serializers.BooleanField()
    due_at = serializers.DateTimeField(source="notice.due_at")
    error = serializers.CharField(allow_blank=True)


class FigureSerializer(serializers.Serializer):
    """One channel; urgent notices apart. Lateness in seconds, null when nothing was handed over."""

    channel = serializers.CharField()
    urgent = serializers.BooleanField()
    due = serializers.IntegerField(source="all_of_them")
    sent = serializers.IntegerField()
    waiting = serializers.IntegerField()
    failed = serializers.IntegerField()
    left_out = serializers.IntegerField()
    maybe_doubled = serializers.IntegerField()
    lateness_p50 = serializers.FloatField(source="p50", allow_null=True)
    lateness_p99 = serializers.FloatField(source="p99", allow_null=True)
    lateness_max = serializers.FloatField(source="longest", allow_null=True)


class ReceiptsSerializer(serializers.Serializer):
    """Receipts of some days."""

    figures = FigureSerializer(many=True)
    latest = LedgerSerializer(many=True, help_text="The fifty that came latest, the worst first.")


class ReceiptsView(ApiView):
    """When notices were due and when they were handed over."""

    query = ("since", "until", "event")

    def get(self, request: Request) -> Response:
        """Figures of the days, in UTC, the last one included."""
        if not may_read_receipts(self.user):
            raise PermissionDenied
        typed = checked(PeriodForm(request.query_params))
        span = span_of(typed["since"], typed["until"])
        row = {"figures": figures(*span, typed["event"]), "latest": latest(*span, typed["event"])}
        return Response(ReceiptsSerializer(row).data)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        day: dict[str, Any] = {"type": "string", "format": "date"}
        return Operation(
            id="notices_receipts",
            tag=TAG,
            summary=_("Receipts: planned against actual"),
            response=ReceiptsSerializer,
            errors=LIST_ERRORS,
            parameters=(
                OpenApiParameter("since", day, required=True),
                OpenApiParameter("until", day, required=True),
                OpenApiParameter("event", str),
            ),
        )


class UndeliveredView(ListView):
    """What nobody tries any more, and what may have arrived although the answer was lost."""

    serializer = LedgerSerializer
    sorts = {"id": (Column("id"),)}
    default_order = "-id"

    def rows(self, request: Request) -> QuerySet[Any]:
        """All of it, for those who operate notices."""
        if not may_operate(self.user):
            raise PermissionDenied
        return Delivery.objects.troubled().select_related("notice", "recipient", "endpoint")

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="notices_undelivered",
            tag=TAG,
            summary=_("List what was not delivered"),
            response=page_serializer(LedgerSerializer),
            errors=LIST_ERRORS,
        )


class ResendView(ApiView):
    """Sending one of them again."""

    def post(self, request: Request, pk: int) -> Response:
        """Do it; written down."""
        return self.said(services.resend(delivery=self.delivery(pk), user=self.user, now=clock.now()))

    def delivery(self, pk: int) -> Delivery:
        """The one that is meant. Raises Http404, PermissionDenied."""
        if not may_operate(self.user):
            raise PermissionDenied
        found = Delivery.objects.filter(pk=pk).first()
        if found is None:
            raise Http404
        return found

    @staticmethod
    def said(done: bool) -> Response:
        """Nothing more to say. Raises Overtaken."""
        if not done:
            raise Overtaken(gettext("Somebody else was faster: nothing was changed."))
        return Response(status=204)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="notices_resend",
            tag=TAG,
            summary=_("Send an undelivered notice again"),
            description=_("The message keeps its identification, so that nobody is told twice."),
            status=204,
            errors=CREATE_ERRORS,
            path=KEY,
        )


class GiveUpView(ResendView):
    """Giving one of them up."""

    def post(self, request: Request, pk: int) -> Response:
        """Do it, with a reason; written down."""
        found = self.delivery(pk)
        typed = checked(GiveUpForm(read_input(GiveUpForm, request)[0]))
        return self.said(services.close_delivery(delivery=found, user=self.user, reason=typed["reason"]))

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="notices_give_up",
            tag=TAG,
            summary=_("Give an undelivered notice up"),
            request={"application/json": schema_of(GiveUpForm)},
            status=204,
            errors=CREATE_ERRORS,
            path=KEY,
        )


routes = [
    path("notices/receipts/", ReceiptsView.as_view(), name="notice-receipts"),
    path("notices/undelivered/", UndeliveredView.as_view(), name="undelivered"),
    path("notices/undelivered/<int:pk>/resend/", ResendView.as_view()),
    path("notices/undelivered/<int:pk>/give-up/", GiveUpView.as_view()),
]
