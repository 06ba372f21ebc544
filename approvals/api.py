"""Approvals in the API: what waits, what was asked and decided, and deciding."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import Http404
from django.urls import path
from django.utils import timezone
from django.utils.encoding import force_str
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from approvals.decisions.deciding import decide, decide_many
from approvals.delegation.api import routes as delegation_routes
from approvals.forms import DecisionForm
from approvals.models import ApprovalRound
from approvals.queries import concerns_of, full, rounds_of, rounds_to_decide, show, show_all
from approvals.questions import questions_of
from itsm.api.fields import PersonField
from itsm.api.form_input import checked, unknown
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, LIST_ERRORS, Operation
from itsm.api.schema import list_serializer, page_serializer
from itsm.api.views import PAGING, ApiView, paged
from itsm.web.paging import Column
from tickets.api.base import NUMBER, TicketView
from tickets.lifecycle import Kind
from tickets.models import TimelineEntry

TAG = _("Approvals")
KEY: dict[str, dict[str, Any]] = {"pk": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}}
SORTS = {
    "pressing": (Column("urgent", descending=True), Column("ticket__priority_rank"), Column("asked_at")),
    "asked_at": (Column("asked_at"),),
}
VERDICTS = ("approve", "return", "refuse")


class DecisionSerializer(serializers.Serializer):
    """What was decided."""

    person = PersonField()
    for_person = PersonField(allow_null=True)
    verdict = serializers.ChoiceField(choices=VERDICTS)
    reason = serializers.CharField()
    at = serializers.DateTimeField()
    via = serializers.CharField()
    digest = serializers.CharField()


class PlaceSerializer(serializers.Serializer):
    """A place of a step."""

    name = serializers.CharField()
    asked = serializers.SerializerMethodField()
    is_off = serializers.BooleanField(help_text="Whoever was asked is switched off: nobody can decide here.")
    decision = DecisionSerializer(allow_null=True)

    def get_asked(self, place: Any) -> list[str]:
        """User names of those who were asked."""
        return [ask.person.username for ask in place.asked]


class StepSerializer(serializers.Serializer):
    """A step of a round."""

    position = serializers.IntegerField(source="step.position")
    rule = serializers.CharField(source="step.rule")
    needed = serializers.IntegerField(source="step.needed")
    outcome = serializers.CharField(source="step.outcome")
    due_at = serializers.DateTimeField(source="step.due_at", allow_null=True)
    places = PlaceSerializer(many=True)


class LineSerializer(serializers.Serializer):
    """A field of substance."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name
    value = serializers.CharField()


class ChangedLineSerializer(serializers.Serializer):
    """A field of substance that differs from the round before."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name
    old = serializers.CharField()
    new = serializers.CharField()


class RoundSerializer(serializers.Serializer):
    """A round: what is asked, of whom, what was decided."""

    id = serializers.IntegerField(source="round.pk")
    ticket = serializers.CharField(source="round.ticket.number")
    purpose = serializers.CharField(source="round.purpose")
    number = serializers.IntegerField(source="round.number")
    outcome = serializers.CharField(source="round.outcome")
    text = serializers.CharField(source="round.text")
    urgent = serializers.BooleanField(source="round.urgent")
    asked_by = PersonField(source="round.asked_by", allow_null=True)
    asked_at = serializers.DateTimeField(source="round.asked_at")
    ended_at = serializers.DateTimeField(source="round.ended_at", allow_null=True)
    digest = serializers.CharField(source="round.digest")
    policy = serializers.CharField()
    content = LineSerializer(source="lines", many=True)
    changed = ChangedLineSerializer(many=True, help_text="Since the round before about the same question.")
    steps = StepSerializer(many=True)


class ConcernSerializer(serializers.Serializer):
    """What stands against it now."""

    key = serializers.CharField(help_text="Sent back as `seen` by who read it.")
    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name
    text = serializers.CharField()


class RoundInFullSerializer(RoundSerializer):
    """One round, with what stands against it now."""

    concerns = ConcernSerializer(many=True)


RoundList = list_serializer(RoundSerializer)
RoundPage = page_serializer(RoundSerializer)


class RefusedSerializer(serializers.Serializer):
    """A round that was not decided, and why."""

    id = serializers.IntegerField(source="pk")
    ticket = serializers.CharField(source="number")
    reason = serializers.CharField()


class ManySerializer(serializers.Serializer):
    """What was decided of many, and what was not."""

    decided = serializers.ListField(child=serializers.IntegerField())
    refused = RefusedSerializer(many=True)


BODY = {
    "type": "object",
    "required": ["verdict"],
    "additionalProperties": False,
    "properties": {
        "verdict": {"type": "string", "enum": list(VERDICTS)},
        "reason": {"type": "string", "maxLength": 20000},
        "digest": {"type": "string", "maxLength": 64},
        "seen": {
            "type": "string",
            "maxLength": 20000,
            "description": "Keys of the concerns that were read, with spaces between them.",
        },
    },
}
MANY = {
    "type": "object",
    "required": ["rounds", "verdict"],
    "additionalProperties": False,
    "properties": {
        "rounds": {"type": "array", "maxItems": 200, "minItems": 1, "items": KEY["pk"]},
        "verdict": {"type": "string", "enum": list(VERDICTS)},
        "reason": {"type": "string", "maxLength": 20000},
    },
}


def read(request: Request, schema: dict[str, Any]) -> dict[str, Any]:
    """The decision that was sent. Raises ValidationError by field."""
    data = request.data
    if not isinstance(data, dict):
        raise ValidationError({"non_field_errors": [_("An object is expected.")]})
    data = dict(data)
    wrong: dict[str, Any] = {
        name: [_("A text is expected.")]
        for name in ("verdict", "reason", "digest", "seen")
        if name in data and not isinstance(data[name], str)
    }
    rounds = data.get("rounds", [])
    if "rounds" in schema["required"] and not _are_keys(rounds):
        wrong["rounds"] = [_("A list of up to 200 numbers is expected.")]
    if wrong := unknown(data, schema["properties"]) | wrong:
        raise ValidationError(wrong)
    return {**checked(DecisionForm(data)), "rounds": rounds}


def _are_keys(value: Any) -> bool:
    if not isinstance(value, list) or not 1 <= len(value) <= 200:
        return False
    return all(isinstance(one, int) and not isinstance(one, bool) and 0 < one < 2**31 for one in value)


class WaitingView(ApiView):
    """What waits for the person to decide."""

    query = PAGING
    sorts = SORTS

    def get(self, request: Request) -> Response:
        """A page of the open rounds in which the person is asked."""
        return Response(paged(request, rounds_to_decide(self.user), SORTS, "pressing", self._data))

    def _data(self, rows: list[ApprovalRound]) -> Any:
        return RoundSerializer(show_all(rows, timezone.now()), many=True).data

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="approvals_list",
            tag=TAG,
            summary=_("What waits for your decision"),
            description=_("The most pressing first."),
            response=RoundPage,
            errors=LIST_ERRORS,
        )


class RoundView(ApiView):
    """One round: for those who see its ticket or were asked."""

    def get(self, request: Request, pk: int) -> Response:
        """Read it."""
        return self.answer(pk)

    def answer(self, pk: int) -> Response:
        """The round as it stands."""
        made = full(ApprovalRound.objects.visible_to(self.user)).filter(pk=pk).first()
        if made is None:
            raise Http404
        concerns = ConcernSerializer(concerns_of(made, self.user, timezone.now()), many=True).data
        return Response({**RoundSerializer(show(made, timezone.now())).data, "concerns": concerns})

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="approvals_read", tag=TAG, summary=_("Read an approval"), response=RoundInFullSerializer, path=KEY
        )


class DecideView(RoundView):
    """Deciding a round."""

    http_method_names = ["post", "options"]

    def post(self, request: Request, pk: int) -> Response:
        """Decide, once, as yourself."""
        return answer_once(request, lambda: self._decide(request, pk))

    def _decide(self, request: Request, pk: int) -> Response:
        sent = read(request, BODY)
        sent.pop("rounds")
        with transaction.atomic():
            decide(pk=pk, user=self.user, via=TimelineEntry.Via.API, **sent)
        return self.answer(pk)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="approvals_decide",
            tag=TAG,
            summary=_("Decide"),
            description=_("As yourself, or as the recorded delegate of who was asked. Send the digest that you read."),
            request={"application/json": BODY},
            response=RoundInFullSerializer,
            errors=CREATE_ERRORS,
            parameters=(IDEMPOTENCY_KEY,),
            path=KEY,
        )


class ManyView(ApiView):
    """Deciding many at once."""

    def post(self, request: Request) -> Response:
        """Do what may be done; the rest comes back with reasons."""
        return answer_once(request, lambda: self._decide(request))

    def _decide(self, request: Request) -> Response:
        sent = read(request, MANY)
        done, refused = decide_many(
            pks=sent["rounds"],
            user=self.user,
            verdict=sent["verdict"],
            reason=sent["reason"],
            via=TimelineEntry.Via.API,
        )
        data: Any = {"decided": [decision.round_id for decision in done], "refused": refused}
        return Response(ManySerializer(data).data)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="approvals_decide_many",
            tag=TAG,
            summary=_("Decide many"),
            request={"application/json": MANY},
            response=ManySerializer,
            errors=tuple(code for code in CREATE_ERRORS if code != 404),
            parameters=(IDEMPOTENCY_KEY,),
        )


class TicketRoundsView(TicketView):
    """The rounds of one ticket."""

    def get(self, request: Request, number: str) -> Response:
        """Every round that the person may read, the newest first."""
        ticket, now = self.find(number), timezone.now()
        seen = set(ApprovalRound.objects.visible_to(self.user).filter(ticket=ticket).values_list("pk", flat=True))
        rows = show_all([made for made in rounds_of(ticket) if made.pk in seen], now)
        return Response({"results": RoundSerializer(rows, many=True).data})

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id=f"{self.kind.slug}_approvals",
            tag=force_str(self.kind.label_plural),
            summary=_("List its approvals"),
            response=RoundList,
            path=NUMBER,
        )


def routes(kind: Kind) -> list[Any]:
    """Where the rounds of a kind's tickets are read; nowhere when nothing can be asked about them."""
    if not any(questions_of(kind.code)):
        return []
    return [path(f"{kind.slug}/<number:number>/approvals/", TicketRoundsView.as_view(kind=kind))]


shared_routes = [
    *delegation_routes,
    path("approvals/", WaitingView.as_view(), name="approvals"),
    path("approvals/decide/", ManyView.as_view(), name="approvals_decide_many"),
    path("approvals/<int:pk>/", RoundView.as_view(), name="approval"),
    path("approvals/<int:pk>/decide/", DecideView.as_view(), name="approval_decide"),
]
