"""Writing an investigation, and deciding about trends, in the API: as their pages do it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import Permission
from itsm.api.fields import NumberField
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, LIST_ERRORS, Operation
from itsm.api.schema import list_serializer
from itsm.api.views import ApiView
from problems import rules
from problems.investigation import outline
from problems.investigation.outline import OutlineError
from problems.investigation.writing import add_evidence, record_of, write_causes, write_note
from problems.models import Cause, Evidence, Note, Problem, TrendProposal
from problems.navigation import reads_internal
from problems.trends.services import decide, raise_problem
from tickets import clock
from tickets.api.base import NUMBER
from tickets.shared.forms import MAX_TEXT

TAG = _("Problems")
OBJECT: dict[str, Any] = {"type": "object", "additionalProperties": True}
State = TrendProposal.State
STEPS = {"watch": State.WATCHED, "dismiss": State.DISMISSED}


def _text(data: dict[str, Any], name: str) -> str:
    """A text that was sent. Raises ValidationError for anything else, and for one that is too long."""
    value = data.get(name, "")
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise ValidationError({name: [str(_("A text of at most %(most)d characters.") % {"most": MAX_TEXT})]})
    return value.replace("\r\n", "\n").strip()


def _choice(data: dict[str, Any], name: str, known: list[str]) -> str:
    value = data[name]
    if value not in known:
        raise ValidationError({name: [str(_("One of: %(known)s.") % {"known": ", ".join(known)})]})
    return str(value)


class InvestigationView(ApiView):
    """The record of an investigation."""

    def get(self, request: Request, number: str) -> Response:
        """Parts, evidence and trees of causes. For staff who read internal notes."""
        return Response(record_of(self._find(number)))

    def post(self, request: Request, number: str) -> Response:
        """Write one part: a note, a piece of evidence, or a tree of causes."""
        problem = self._find(number)
        if not rules.may_investigate(problem, self.user):
            raise PermissionDenied
        return answer_once(request, lambda: self._write(request, problem))

    def _find(self, number: str) -> Problem:
        problem = Problem.objects.visible_to(self.user).filter(number=number).first()
        if problem is None or not reads_internal(self.user):
            raise Http404
        return problem

    def _write(self, request: Request, problem: Problem) -> Response:
        data: Any = request.data
        writers: dict[str, Callable[[Problem, dict[str, Any]], None]] = {
            "part": self._note,
            "kind": self._evidence,
            "method": self._causes,
        }
        found = [name for name in writers if isinstance(data, dict) and name in data]
        if len(found) != 1:
            raise ValidationError({"non_field_errors": [str(_("Say one of: part, kind, method."))]})
        writers[found[0]](problem, data)
        return Response(record_of(problem))

    def _note(self, problem: Problem, data: dict[str, Any]) -> None:
        part, version = _choice(data, "part", Note.Part.values), data.get("version", 0)
        if not isinstance(version, int):
            raise ValidationError({"version": [str(_("A whole number is expected."))]})
        text, now = _text(data, "text"), clock.now()
        write_note(problem=problem, part=part, text=text, version=version, user=self.user, now=now)

    def _evidence(self, problem: Problem, data: dict[str, Any]) -> None:
        kind, text = _choice(data, "kind", Evidence.Kind.values), _text(data, "text")
        if not text:
            raise ValidationError({"text": [str(_("This field is required."))]})
        add_evidence(problem=problem, kind=kind, text=text, user=self.user, now=clock.now())

    def _causes(self, problem: Problem, data: dict[str, Any]) -> None:
        method, mark = _choice(data, "method", Cause.Method.values), str(data.get("mark", ""))
        try:
            nodes = outline.from_data(data.get("causes"))
        except OutlineError as error:
            raise ValidationError({"causes": [str(_("No tree of causes: see what GET answers."))]}) from error
        write_causes(problem=problem, method=method, nodes=nodes, mark=mark, user=self.user, now=clock.now())

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        if method == "get":
            return Operation(
                id="problems_investigation", tag=TAG, summary=_("Read an investigation"), response=OBJECT, path=NUMBER
            )
        return Operation(
            id="problems_investigation_write",
            tag=TAG,
            summary=_("Write a part of an investigation"),
            description=_(
                "`{part, text, version}`: a note, on the version that was read. `{kind, text}`: evidence or a "
                "hypothesis. `{method, causes, mark}`: a tree, in the place of the one with that mark. 409: somebody "
                "wrote it meanwhile."
            ),
            request={"application/json": OBJECT},
            response=OBJECT,
            errors=CREATE_ERRORS,
            parameters=(IDEMPOTENCY_KEY,),
            path=NUMBER,
        )


class ProposalSerializer(serializers.Serializer):
    """A trend that was found, and what was decided about it."""

    id = serializers.IntegerField(source="pk")
    state = serializers.ChoiceField(choices=State.choices)
    reason = serializers.CharField()
    found_at = serializers.DateTimeField()
    problem = NumberField(allow_null=True)
    finding = serializers.DictField(help_text="As `trends/` has it.")


ProposalList = list_serializer(ProposalSerializer)


class ProposalsView(ApiView):
    """Proposals of the trend analysis."""

    def get(self, request: Request) -> Response:
        """The newest first, decided ones too. For staff."""
        if not reads_internal(self.user):
            raise PermissionDenied
        found = TrendProposal.objects.select_related("problem")
        return Response({"results": ProposalSerializer(found, many=True).data})

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="trend_proposals",
            tag=TAG,
            summary=_("List proposals of the trend analysis"),
            response=ProposalList,
            errors=LIST_ERRORS,
        )


class ProposalStepView(ApiView):
    """Deciding about a proposal."""

    def post(self, request: Request, pk: int, step: str) -> Response:
        """Raise a problem, dismiss it with a reason, or watch it."""
        if not (reads_internal(self.user) and self.user.may(Permission.PROBLEM_RAISE)):
            raise PermissionDenied
        proposal = TrendProposal.objects.filter(pk=pk).first()
        if proposal is None or step not in ("raise", *STEPS):
            raise Http404
        return answer_once(request, lambda: self._decide(request, proposal, step))

    def _decide(self, request: Request, proposal: TrendProposal, step: str) -> Response:
        now, data = clock.now(), request.data if isinstance(request.data, dict) else {}
        if step == "raise":
            raise_problem(proposal=proposal, user=self.user, now=now)
        else:
            reason = _text(data, "reason")
            if step == "dismiss" and not reason:
                raise ValidationError({"reason": [str(_("Say why it is dismissed."))]})
            decide(proposal=proposal, state=STEPS[step], reason=reason, user=self.user, now=now)
        return Response(ProposalSerializer(TrendProposal.objects.select_related("problem").get(pk=proposal.pk)).data)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="trend_proposal_decide",
            tag=TAG,
            summary=_("Decide about a trend"),
            request={"application/json": OBJECT},
            response=ProposalSerializer,
            errors=CREATE_ERRORS,
            parameters=(IDEMPOTENCY_KEY,),
            path={
                "pk": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
                "step": {"type": "string", "enum": ["raise", *STEPS]},
            },
        )
