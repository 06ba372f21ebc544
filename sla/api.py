"""How clocks were counted, calendars and rules of clocks in the API. Read only."""

from __future__ import annotations

from typing import Any, TypedDict

from django.http import Http404
from django.urls import path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ApiToken
from itsm.api.fields import PersonField
from itsm.api.operations import LIST_ERRORS, Operation
from itsm.api.schema import list_serializer
from itsm.api.views import ApiView
from sla.calendars.publishing import content_of
from sla.calendars.spans import format_hours
from sla.clocks.explaining import Explanation, explain, named_conditions
from sla.clocks.rearming import Rule, holds_for, name_of, scopes_of
from sla.models import Calendar, CalendarVersion, Clock, Command, EscalationRule, Metric, NoticeRule, RuleEdit
from tickets import clock
from tickets.models import Ticket

TAG = _("Service levels")
NUMBER = {"number": {"type": "string", "pattern": "^[A-Z]{2}[0-9]{12}$"}}


@extend_schema_field({"type": "number"})
class SecondsField(serializers.Field):
    """An amount of time in seconds, exact to the microsecond."""

    def to_representation(self, value: Any) -> float:
        """Seconds."""
        return float(value.total_seconds())


class StretchSerializer(serializers.Serializer):
    """A stretch of a clock's life. ``counted_seconds`` of all stretches add up to the clock's."""

    kind = serializers.ChoiceField(choices=["run", "pause"])
    started = serializers.DateTimeField()
    ended = serializers.DateTimeField(help_text="Of a stretch that goes on: now.")
    running = serializers.BooleanField()
    reason = serializers.CharField(help_text="Of a pause: what the ticket waited for.")
    calendar = serializers.CharField(source="calendar.calendar_id")
    calendar_version = serializers.IntegerField(source="calendar.number")
    passed_seconds = SecondsField(source="passed")
    counted_seconds = SecondsField(source="counted")


class ConditionDict(TypedDict):
    """What a target was chosen by."""

    field: str
    code: str
    name: str


class MomentDict(TypedDict):
    """A moment in the life of a ticket."""

    code: str
    name: str


class SpanDict(TypedDict):
    """From when to when a limit counts."""

    starts: MomentDict
    stops: MomentDict


class ClockSerializer(serializers.Serializer):
    """A promised time of a ticket, with what was counted until now and by which policy and calendar."""

    agreement = serializers.ChoiceField(choices=["sla", "ola", "uc"], source="clock.agreement")
    metric = serializers.ChoiceField(choices=list(Metric.values), source="clock.metric")
    round = serializers.IntegerField(source="clock.round")
    state = serializers.ChoiceField(choices=["running", "paused", "stopped", "cancelled"], source="clock.state")
    policy = serializers.CharField(source="clock.policy_version.policy_id")
    policy_version = serializers.IntegerField(source="clock.policy_version.number")
    counts = serializers.SerializerMethodField(
        help_text="From which moment to which the policy lets it count; null where it has no choice (OLA, UC, others)."
    )
    conditions = serializers.SerializerMethodField(help_text="For whom the target was chosen.")
    calendar = serializers.CharField(source="clock.calendar_version.calendar_id")
    calendar_version = serializers.IntegerField(source="clock.calendar_version.number")
    target_seconds = SecondsField(source="clock.target")
    counted_seconds = SecondsField(source="consumed")
    remaining_seconds = SecondsField(source="remaining")
    started_at = serializers.DateTimeField(source="clock.started_at")
    due_at = serializers.DateTimeField(source="clock.due_at", allow_null=True)
    stopped_at = serializers.DateTimeField(source="clock.stopped_at", allow_null=True)
    breached_at = serializers.DateTimeField(source="clock.breached_at", allow_null=True)
    met = serializers.BooleanField(source="clock.met", allow_null=True, help_text="Null until it has stopped.")
    excuse = serializers.ChoiceField(
        choices=["", *Clock.Excuse.values],
        source="clock.excuse",
        help_text="Why it has no verdict; empty: it may have one.",
    )
    excused_by = PersonField(source="clock.excused_by", allow_null=True)
    excuse_text = serializers.CharField(source="clock.excuse_text")
    provisional = serializers.BooleanField(
        source="clock.provisional", help_text="Whether public holidays up to the due time are still unknown."
    )
    stretches = StretchSerializer(many=True)

    def get_counts(self, shown: Any) -> SpanDict | None:
        """Both moments by code and name."""
        if shown.span is None:
            return None
        (starts, first), (stops, last) = shown.span
        return {"starts": {"code": starts, "name": first}, "stops": {"code": stops, "name": last}}

    def get_conditions(self, shown: Any) -> list[ConditionDict]:
        """Each by the name of what it is about, its code and its name."""
        return named_conditions(shown.clock.rule)  # type: ignore[return-value]  # the same keys


class CommandSerializer(serializers.Serializer):
    """Something that the portal will do, or did, to the ticket by itself."""

    kind = serializers.ChoiceField(choices=Command.Kind.choices)
    limit = serializers.SerializerMethodField(help_text="Of an escalation: whose time was over, as agreement.metric.")
    due_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=Command.State.choices)
    outcome = serializers.CharField(help_text="What came of it; empty until it is done.")
    reason = serializers.CharField(help_text="Why it was refused, or the last error.")
    done_at = serializers.DateTimeField(allow_null=True)

    def get_limit(self, command: Command) -> str:
        """Empty for what is no escalation."""
        return str(command.payload.get("limit", ""))


class DaySerializer(serializers.Serializer):
    """A date whose hours differ from the week's."""

    date = serializers.DateField()
    hours = serializers.CharField(help_text="09:00-12:00 13:00-18:00; empty: closed.")
    label = serializers.CharField()  # type: ignore[assignment]  # DRF has an attribute of this name
    source = serializers.CharField()  # type: ignore[assignment]  # DRF has an attribute of this name


class CalendarSerializer(serializers.Serializer):
    """A calendar as it counts now."""

    code = serializers.CharField()
    name = serializers.CharField()
    version = serializers.IntegerField()
    zone = serializers.CharField()
    always = serializers.BooleanField()
    week = serializers.ListField(child=serializers.CharField(), help_text="Hours from Monday on.")
    confirmed_until = serializers.DateField(allow_null=True)
    days = DaySerializer(many=True, help_text="Of the last year and what is to come.")


class RuleSerializer(serializers.Serializer):
    """A rule of clocks. ``on`` and ``minutes`` are of notice rules, ``percent`` of escalation rules."""

    rule = serializers.CharField(help_text="notice or escalate, a colon and its number.")
    active = serializers.BooleanField()
    priority = serializers.CharField(allow_null=True)
    agreement = serializers.CharField(allow_null=True)
    metric = serializers.CharField(allow_null=True)
    on = serializers.CharField(allow_null=True)
    minutes = serializers.IntegerField(allow_null=True)
    percent = serializers.IntegerField(allow_null=True)
    roles = serializers.ListField(child=serializers.CharField())
    open_clocks = serializers.IntegerField(help_text="For how many open clocks that it has not told of it holds.")
    behind = serializers.IntegerField(help_text="For how many of those its time lies behind.")
    at_least = serializers.BooleanField(help_text="Whether there were too many clocks to count them all.")
    followed = serializers.BooleanField(help_text="Whether open clocks follow its last edit already.")


ClockList = list_serializer(ClockSerializer)
CommandList = list_serializer(CommandSerializer)
CalendarList = list_serializer(CalendarSerializer)
RuleList = list_serializer(RuleSerializer)


class TicketClocksView(ApiView):
    """How the clocks of a ticket were counted."""

    def get(self, request: Request, number: str) -> Response:
        """Every clock, counted until now. For staff."""
        ticket = Ticket.objects.visible_to(self.user).filter(number=number).first()
        if ticket is None or not self.user.is_agent:
            raise Http404
        found: list[Explanation] = explain(ticket, clock.now())
        return Response({"results": ClockSerializer(found, many=True).data})

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="ticket_clocks", tag=TAG, summary=_("How the clocks were counted"), response=ClockList, path=NUMBER
        )


class TicketPlansView(ApiView):
    """What the portal does to a ticket by itself: escalation, closing, notices of agreed times."""

    def get(self, request: Request, number: str) -> Response:
        """What is planned, what was done, what was refused and why. For staff."""
        ticket = Ticket.objects.visible_to(self.user).filter(number=number).first()
        if ticket is None or not self.user.is_agent:
            raise Http404
        return Response({"results": CommandSerializer(ticket.commands.all(), many=True).data})

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="ticket_plans", tag=TAG, summary=_("What the portal does by itself"), response=CommandList, path=NUMBER
        )


class CalendarsView(ApiView):
    """The calendars that clocks count by."""

    reads = ApiToken.Scope.DIRECTORY_READ

    def get(self, request: Request) -> Response:
        """All in use, each as it counts now."""
        rows = Calendar.objects.active().select_related("current").exclude(current=None)
        found = [_calendar(row, row.current) for row in rows if row.current]
        return Response({"results": CalendarSerializer(found, many=True).data})

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(id="calendars", tag=TAG, summary=_("List calendars"), response=CalendarList)


def _calendar(calendar: Calendar, version: CalendarVersion) -> dict[str, Any]:
    content = content_of(version)
    first = clock.now().year - 1
    days = [
        {"date": day, "hours": format_hours(entry.intervals), "label": entry.label, "source": entry.source}
        for day, entry in sorted(content.days.items())
        if day.year >= first
    ]
    return {
        "code": calendar.code,
        "name": calendar.name,
        "version": version.number,
        "zone": content.zone,
        "always": content.always,
        "week": [format_hours(intervals) for intervals in content.week],
        "confirmed_until": content.confirmed_until,
        "days": days,
    }


class ClockRulesView(ApiView):
    """The rules of clocks, for administrators."""

    def get(self, request: Request) -> Response:
        """All, also those that are switched off."""
        if not self.user.is_staff:
            raise PermissionDenied
        behind = set(RuleEdit.objects.filter(done_at=None).values_list("rule", flat=True))
        found: list[Rule] = [*NoticeRule.objects.select_related("priority")]
        found += EscalationRule.objects.select_related("priority")
        rows = [_rule(rule, behind) for rule in found]
        return Response({"results": RuleSerializer(rows, many=True).data})

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="clock_rules",
            tag=TAG,
            summary=_("Rules of clocks, and for how many open ones they hold"),
            response=RuleList,
            errors=LIST_ERRORS,
        )


def _rule(rule: Rule, behind: set[str]) -> dict[str, Any]:
    scope, holds = next(iter(scopes_of(rule)), None), holds_for(rule)
    return {
        "rule": name_of(rule),
        "active": rule.active,
        "priority": rule.priority_id,
        "agreement": scope and scope[0],
        "metric": scope and scope[1],
        "on": rule.on if isinstance(rule, NoticeRule) else None,
        "minutes": rule.after_minutes if isinstance(rule, NoticeRule) else None,
        "percent": rule.percent if isinstance(rule, EscalationRule) else None,
        "roles": rule.roles,
        "open_clocks": holds.count,
        "behind": holds.passed,
        "at_least": holds.more,
        "followed": name_of(rule) not in behind,
    }


routes = [
    path("tickets/<str:number>/clocks/", TicketClocksView.as_view(), name="ticket-clocks"),
    path("tickets/<str:number>/plans/", TicketPlansView.as_view(), name="ticket-plans"),
    path("calendars/", CalendarsView.as_view(), name="calendars"),
    path("clock-rules/", ClockRulesView.as_view(), name="clock-rules"),
]
