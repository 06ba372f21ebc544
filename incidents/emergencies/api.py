"""The emergency procedure of an incident in the API. Its steps are actions, like every other."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.urls import path
from django.utils.encoding import force_str
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import Permission
from incidents.emergencies.pages import state_of
from incidents.models import CallIn, Incident
from itsm.api.fields import CodeField, PersonField
from itsm.api.operations import Operation
from tickets import clock
from tickets.api.base import NUMBER, TicketView
from tickets.lifecycle import kind_of_model
from tickets.serializers import STAFF


class CallSerializer(serializers.Serializer):
    """Somebody who was called in."""

    person = PersonField(source="call.person")
    group = CodeField(source="call.group", allow_null=True, help_text="When they were called as its duty.")
    reason = serializers.CharField(source="call.reason")
    called_by = PersonField(source="call.called_by")
    called_at = serializers.DateTimeField(source="call.called_at")
    answer = serializers.ChoiceField(
        source="call.answer", choices=[("", ""), *CallIn.Answer.choices], help_text="Empty while there is none."
    )
    answered_at = serializers.DateTimeField(source="call.answered_at", allow_null=True)
    answer_text = serializers.CharField(source="call.answer_text")
    joined_at = serializers.DateTimeField(source="call.joined_at", allow_null=True)
    waited_minutes = serializers.IntegerField(
        source="waited", allow_null=True, help_text="Without an answer, so long."
    )


class WordsSerializer(serializers.Serializer):
    """An entry of the communication log."""

    at = serializers.DateTimeField(source="entry.at", help_text="When it was logged.")
    said_at = serializers.DateTimeField(allow_null=True, help_text="Typed by hand; moves no clock.")
    person = PersonField(source="entry.actor", allow_null=True)
    audience = serializers.CharField(source="entry.data.audience")
    channel = serializers.CharField(source="entry.data.channel")
    text = serializers.CharField(source="entry.text")


class FirstTaskSerializer(serializers.Serializer):
    """A task that the procedure began with."""

    number = serializers.CharField()
    summary = serializers.CharField()
    state = serializers.CharField(help_text="In the language of the request.")


class EmergencySerializer(serializers.Serializer):
    """The emergency procedure of an incident."""

    runs = serializers.BooleanField()
    since = serializers.DateTimeField(allow_null=True, help_text="Null: people were called in without an emergency.")
    over_at = serializers.DateTimeField(allow_null=True)
    commander = PersonField(allow_null=True)
    calls = CallSerializer(many=True)
    words = WordsSerializer(many=True, help_text="The newest fifty entries of the communication log, newest first.")
    tasks = FirstTaskSerializer(many=True)


class EmergencyView(TicketView):
    """Who commands, who was called in and answered, what was said to whom."""

    def get(self, request: Request, number: str) -> Response:
        """The procedure as it stands, for staff. 404 for an incident that never had one."""
        ticket: Any = self.find_whole(number)
        if not self.user.may(Permission.INTERNAL):
            raise PermissionDenied
        if ticket.emergency_since is None and ticket.called_in_at is None:
            raise Http404
        return Response(EmergencySerializer(state_of(ticket, clock.now())).data)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="incidents_emergency",
            tag=force_str(self.kind.label_plural),
            summary=_("Read the emergency procedure"),
            description=_(
                "Its steps are actions: call_in, answer_coming, join_call, escalate_to_leadership and others."
            ),
            response=EmergencySerializer,
            path=NUMBER,
        )


_KIND = kind_of_model(Incident)
routes = [path(f"{_KIND.slug}/<number:number>/emergency/", EmergencyView.as_view(kind=_KIND), name="emergency")]


def answers() -> dict[str, Any]:
    """Fields of an incident beyond its columns: the priority that is proposed and waits for a decision (INC-04)."""
    return {
        "requested_priority": CodeField(allow_null=True, **STAFF),
        "priority_requested_by": PersonField(allow_null=True, **STAFF),
    }
