"""One group's roster in the API: turns, stand-ins, absences, swaps; changed by the same rules as on the page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError as Refused
from django.http import Http404
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ApiToken, User
from duty import services, swaps
from duty.api import TurnSerializer
from duty.models import Absence, Roster, SwapProposal
from duty.queries import plans_of, upcoming_absences, upcoming_overrides
from duty.rules import may_keep_roster, may_read_rosters
from itsm.api.fields import CodeField, PersonField
from itsm.api.form_input import checked, read_input, schema_of
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, Operation
from itsm.api.views import ApiView

AHEAD = timedelta(days=56)
CODE: dict[str, dict[str, Any]] = {"code": {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$", "maxLength": 40}}
KEY: dict[str, dict[str, Any]] = {"pk": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}}


class SpanSerializer(serializers.Serializer):
    """Somebody and a span."""

    person = PersonField(source="user")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    note = serializers.CharField()
    made_by = PersonField()


class StandInSerializer(SpanSerializer):
    """Who has the duty for a span, whoever's turn it is."""

    kind = serializers.CharField(help_text="stand_in or swap.")


class AbsenceSerializer(SpanSerializer):
    """Who is away, and who has their turns."""

    deputy = PersonField(allow_null=True)


class SwapSerializer(serializers.Serializer):
    """A proposed swap of two turns."""

    id = serializers.IntegerField()
    proposer = PersonField()
    other = PersonField()
    first = serializers.DateTimeField(help_text="When the proposer's turn begins.")
    second = serializers.DateTimeField(help_text="When the other's turn begins.")
    note = serializers.CharField()
    state = serializers.ChoiceField(choices=SwapProposal.State.choices)


class RosterSerializer(serializers.Serializer):
    """A group's roster from now on."""

    group = CodeField()
    period = serializers.CharField(help_text="day or week.")
    turns = TurnSerializer(many=True, help_text="Of the next eight weeks.")
    stand_ins = StandInSerializer(many=True)
    absences = AbsenceSerializer(many=True)
    proposals = SwapSerializer(many=True, help_text="Swaps that wait for an answer.")


class PersonChoice(forms.ModelChoiceField):
    """A member of the group by user name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(User.objects.active(), to_field_name="username", **kwargs)


class SpanInput(forms.Form):
    """Who, from when until when."""

    person = PersonChoice(label=_("Person"))
    starts_at = forms.DateTimeField(label=_("From"))
    ends_at = forms.DateTimeField(label=_("Until"))
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        """In order."""
        cleaned = super().clean() or {}
        start, end = cleaned.get("starts_at"), cleaned.get("ends_at")
        if start and end and end <= start:
            self.add_error("ends_at", _("The end lies before the beginning."))
        return cleaned


class AbsenceInput(SpanInput):
    """An absence; the deputy has the turns meanwhile."""

    deputy = PersonChoice(label=_("Deputy"), required=False)

    def clean(self) -> dict[str, Any]:
        """A deputy is somebody else."""
        cleaned = super().clean()
        if cleaned.get("deputy") and cleaned["deputy"] == cleaned.get("person"):
            self.add_error("deputy", _("A deputy is somebody else."))
        return cleaned


class SwapInput(forms.Form):
    """When the two turns begin."""

    first = forms.DateTimeField(label=_("My turn"))
    second = forms.DateTimeField(label=_("for this one"))
    note = forms.CharField(label=_("Note"), max_length=200, required=False)


class RosterView(ApiView):
    """A group's roster."""

    http_method_names: tuple[str, ...] = ("get", "head", "options")
    reads = ApiToken.Scope.DIRECTORY_READ
    input_form: ClassVar[type[forms.Form] | None] = None

    def roster(self, code: str) -> Roster:
        """The roster of the group. Raises Http404, PermissionDenied."""
        if not may_read_rosters(self.user):
            raise PermissionDenied
        found = Roster.objects.visible_to(self.user).loaded().filter(group__code=code).first()
        if found is None:
            raise Http404
        return found

    def get(self, request: Request, code: str) -> Response:
        """Turns, stand-ins, absences, open proposals."""
        return self.show(self.roster(code))

    def show(self, roster: Roster, status: int = 200) -> Response:
        """The roster as it stands."""
        now = timezone.now()
        found = Roster.objects.loaded().get(pk=roster.pk)
        plan = plans_of([found], now, now + AHEAD)[found.pk]
        row = {
            "group": found.group,
            "period": found.period,
            "turns": [turn for turn in plan.between(now, now + AHEAD) if turn.user],
            "stand_ins": upcoming_overrides(found, now),
            "absences": upcoming_absences(found, now),
            "proposals": swaps.open_proposals(found, now),
        }
        return Response(RosterSerializer(row).data, status=status)

    def post(self, request: Request, code: str) -> Response:
        """Change it; the answer is the roster."""
        return answer_once(request, lambda: self._change(request, self.roster(code)))

    def _change(self, request: Request, roster: Roster) -> Response:
        assert self.input_form is not None  # noqa: S101 - only addresses with a form take posts
        data, _files = read_input(self.input_form, request)
        asked = checked(self.input_form(data))
        try:
            self.change(roster, asked)
        except Refused as error:
            errors = getattr(error, "message_dict", None) or {"second": list(error.messages)}
            raise ValidationError(errors) from error
        return self.show(roster, 201)

    def change(self, roster: Roster, typed: dict[str, Any]) -> None:
        """What a post does."""
        raise NotImplementedError

    def kept(self, roster: Roster, *people: User | None) -> None:
        """Only its keeper goes on, and only with members of the group."""
        if not may_keep_roster(roster.group, self.user):
            raise PermissionDenied
        members = set(roster.group.members.values_list("pk", flat=True))
        if any(person and person.pk not in members for person in people):
            raise ValidationError({"person": [_("Choose somebody who works in the group.")]})

    def operation(self, method: str) -> Operation:
        """How the description shows reading it."""
        return Operation(
            id="duty_read",
            tag=_("Directory"),
            summary=_("Read a group's duty roster"),
            response=RosterSerializer,
            path=CODE,
        )


class ChangeView(RosterView):
    """An address that takes posts only."""

    http_method_names = ("post", "options")
    name = ""
    summary: Any = ""

    def operation(self, method: str) -> Operation:
        """How the description shows the change."""
        assert self.input_form is not None  # noqa: S101 - as above
        return Operation(
            id=f"duty_{self.name}",
            tag=_("Directory"),
            summary=self.summary,
            request={"application/json": schema_of(self.input_form)},
            response=RosterSerializer,
            status=201,
            errors=CREATE_ERRORS,
            parameters=(IDEMPOTENCY_KEY,),
            path=CODE,
        )


class StandInView(ChangeView):
    """Letting somebody stand in; for the lead."""

    input_form = SpanInput
    name = "stand_in"
    summary = _("Let somebody stand in")

    def change(self, roster: Roster, typed: dict[str, Any]) -> None:
        """Store it."""
        person = typed.pop("person")
        self.kept(roster, person)
        services.stand_in(roster=roster, user=person, by=self.user, now=timezone.now(), **typed)


class AbsenceView(ChangeView):
    """Recording an absence; for the lead."""

    input_form = AbsenceInput
    name = "absence"
    summary = _("Record an absence")

    def change(self, roster: Roster, typed: dict[str, Any]) -> None:
        """Store it."""
        person = typed.pop("person")
        self.kept(roster, person, typed["deputy"])
        services.record_absence(absence=Absence(user=person, **typed), by=self.user, now=timezone.now())


class SwapView(ChangeView):
    """Swapping: the lead does it, everybody else proposes it."""

    input_form = SwapInput
    name = "swap"
    summary = _("Swap two turns, or propose it")

    def change(self, roster: Roster, typed: dict[str, Any]) -> None:
        """Propose the swap of an own turn; a lead swaps others' turns at once."""
        now, moments = timezone.now(), {"first": typed["first"], "second": typed["second"]}
        if may_keep_roster(roster.group, self.user):
            swaps.swap_for_both(roster=roster, by=self.user, now=now, **moments)
        else:
            swaps.propose_swap(roster=roster, by=self.user, now=now, note=typed["note"], **moments)


class SwapAnswerView(RosterView):
    """Answering a proposed swap."""

    http_method_names = ("post", "options")
    answer = ""

    def post(self, request: Request, code: str, pk: int) -> Response:  # type: ignore[override]  # one more key
        """Accept, decline or cancel it; the answer is the roster."""
        roster = self.roster(code)
        found = SwapProposal.objects.filter(roster=roster, pk=pk).first()
        if found is None:
            raise Http404
        try:
            swaps.answer_swap(proposal=found, answer=self.answer, by=self.user, now=timezone.now())
        except Refused as error:
            raise ValidationError({"answer": error.messages}) from error
        return self.show(roster)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id=f"duty_swap_{self.answer}",
            tag=_("Directory"),
            summary=_("Answer a proposed swap: %(answer)s") % {"answer": self.answer},
            response=RosterSerializer,
            errors=CREATE_ERRORS,
            path={**CODE, **KEY},
        )


routes = [
    path("duty/<slug:code>/", RosterView.as_view(), name="duty-roster"),
    path("duty/<slug:code>/stand-ins/", StandInView.as_view()),
    path("duty/<slug:code>/absences/", AbsenceView.as_view()),
    path("duty/<slug:code>/swaps/", SwapView.as_view()),
    *(
        path(f"duty/<slug:code>/swaps/<int:pk>/{answer}/", SwapAnswerView.as_view(answer=answer))
        for answer in swaps.ANSWERS
    ),
]
