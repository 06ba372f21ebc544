"""Notices in the API: the person's own, reading and acknowledging them; and who was told about a ticket."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.urls import path
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django_filters import FilterSet
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import Permission
from itsm.api.fields import PersonField
from itsm.api.operations import CREATE_ERRORS, LIST_ERRORS, Operation
from itsm.api.schema import list_serializer, page_serializer
from itsm.api.views import ApiView, ListView
from itsm.web.filtering import YesNoFilter
from itsm.web.paging import Column
from notifications import services
from notifications.events import calm_events
from notifications.models import Delivery
from notifications.queries import bell_rows, told_about
from notifications.texts import Texts, line_of
from tickets import clock
from tickets.queues.finding import find_ticket

TAG = _("Notices")
KEY: dict[str, dict[str, Any]] = {"pk": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}}


class NoticeSerializer(serializers.Serializer):
    """A notice to the person."""

    id = serializers.IntegerField()
    event = serializers.CharField(source="notice.event")
    title = serializers.SerializerMethodField(help_text="In the language of the request.")
    ticket = serializers.CharField(source="notice.payload.number", default=None, allow_null=True)
    urgent = serializers.BooleanField()
    due_at = serializers.DateTimeField(source="notice.due_at")
    created_at = serializers.DateTimeField(source="notice.created_at")
    read_at = serializers.DateTimeField(allow_null=True)
    acknowledged_at = serializers.DateTimeField(allow_null=True)

    @cached_property
    def texts(self) -> Texts:
        """Edited templates, read once for a page of rows."""
        return Texts.load()

    def get_title(self, row: Delivery) -> str:
        """The line of the bell."""
        return line_of(row.notice, self.texts)


PRESSING = Q(urgent=True, acknowledged_at=None) & ~Q(notice__event__in=calm_events())


class NoticeFilter(FilterSet):
    """What notices can be found by."""

    unread = YesNoFilter(Q(read_at=None), label=_("Unread"))
    pressing = YesNoFilter(PRESSING, label=_("Urgent and not acknowledged"))


NoticePage = page_serializer(NoticeSerializer)


class NoticesView(ListView):
    """The person's own notices, newest first."""

    serializer = NoticeSerializer
    filters = NoticeFilter
    sorts = {"id": (Column("id"),)}
    default_order = "-id"

    def rows(self, request: Request) -> QuerySet[Any]:
        """The bell's."""
        return bell_rows(self.user).order_by()

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="notices_list", tag=TAG, summary=_("List your notices"), response=NoticePage, errors=LIST_ERRORS
        )


#: step: what it does, in the description
STEPS = {"read": _("Mark a notice as read"), "acknowledge": _("Acknowledge an urgent notice")}


class StepView(ApiView):
    """Reading and acknowledging; doing it again changes nothing."""

    step = ""

    def post(self, request: Request, pk: int) -> Response:
        """Do it."""
        do = services.mark_read if self.step == "read" else services.acknowledge
        do(user=self.user, now=clock.now(), pks=[pk])
        return Response(status=204)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id=f"notices_{self.step}",
            tag=TAG,
            summary=STEPS[self.step],
            description=_("A notice of somebody else is left alone."),
            response=None,
            status=204,
            errors=CREATE_ERRORS,
            path=KEY,
        )


class DeliverySerializer(serializers.Serializer):
    """How one reader was told."""

    channel = serializers.CharField()
    recipient = PersonField(allow_null=True)
    endpoint = serializers.CharField(source="endpoint.name", default=None, allow_null=True)
    status = serializers.ChoiceField(choices=Delivery.Status.choices)
    attempt = serializers.IntegerField(help_text="How often it was tried.")
    sent_at = serializers.DateTimeField(allow_null=True)
    lateness_seconds = serializers.SerializerMethodField(help_text="From due until handed over.")
    possible_duplicate = serializers.BooleanField()
    read_at = serializers.DateTimeField(allow_null=True)
    acknowledged_at = serializers.DateTimeField(allow_null=True)

    def get_lateness_seconds(self, row: Delivery) -> float | None:
        """In seconds."""
        return row.lateness.total_seconds() if row.lateness is not None else None


class ToldSerializer(serializers.Serializer):
    """A notice about a ticket, with its deliveries."""

    event = serializers.CharField(source="notice.event")
    title = serializers.CharField(help_text="In the language of the request.")
    urgent = serializers.BooleanField(source="notice.urgent")
    due_at = serializers.DateTimeField(source="notice.due_at")
    created_at = serializers.DateTimeField(source="notice.created_at")
    deliveries = DeliverySerializer(many=True)


class OfTicketView(ApiView):
    """Who was told what about a ticket."""

    def get(self, request: Request, number: str) -> Response:
        """The newest hundred notices, for staff."""
        ticket = find_ticket(self.user, number)
        if not self.user.may(Permission.INTERNAL):
            raise PermissionDenied
        rows: list[Any] = told_about(ticket)
        return Response({"results": ToldSerializer(rows, many=True).data})

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="tickets_notices",
            tag=TAG,
            summary=_("Who was told what about a ticket, and whether it arrived"),
            response=list_serializer(ToldSerializer),
        )


routes = [
    path("notices/", NoticesView.as_view(), name="notices"),
    *(path(f"notices/<int:pk>/{step}/", StepView.as_view(step=step)) for step in STEPS),
    path("notices/tickets/<str:number>/", OfTicketView.as_view(), name="ticket-notices"),
]
