"""Steps and logs of records in the API; a family says how one is found and answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, cast

from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from itsm.api.fields import PersonField
from itsm.api.form_input import read_input, schema_of
from itsm.api.idempotency import answer_once
from itsm.api.operations import ACT_ERRORS, IDEMPOTENCY_KEY, IF_MATCH, Operation
from itsm.api.problems import Problem, problem_of
from itsm.api.references import keys_from
from itsm.api.versions import sent_version
from records.actions import perform
from records.errors import RecordChanged
from records.lifecycle import Step, family_of
from records.models import Record, RecordEntry

KEY: dict[str, dict[str, Any]] = {"pk": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}}


class RecordChangeSerializer(serializers.Serializer):
    """What a step changed, as people read it."""

    field = serializers.CharField()
    old = serializers.JSONField(allow_null=True)
    new = serializers.JSONField(allow_null=True)


class RecordEntrySerializer(serializers.Serializer):
    """A line of the log of a record."""

    at = serializers.DateTimeField()
    actor = PersonField(allow_null=True, help_text="Null: the portal itself.")
    step = serializers.CharField()
    via = serializers.ChoiceField(choices=RecordEntry.Via.choices)
    version = serializers.IntegerField()
    state_from = serializers.CharField(allow_blank=True)
    state_to = serializers.CharField()
    changes = RecordChangeSerializer(many=True)


@problem_of.register
def of_changed_record(error: RecordChanged, request: Request) -> Problem:
    """With the version as it stands now and what happened since the one that was sent."""
    sent = sent_version(request) or 0
    lines = error.record.log.filter(version__gt=max(sent, 0)).select_related("actor").order_by("version")
    changes = RecordEntrySerializer(lines, many=True).data if sent > 0 else []
    return Problem(412, error.message, extra={"current_version": error.record.version, "changes": changes})


class TakesSteps:
    """Mixin of an endpoint with ``answer(record, status)``: takes steps of ``model``."""

    model: ClassVar[type[Record]]
    honours_if_match = True

    def take(self: Any, request: Request, record: Record, name: str, status: int = 200) -> Response:
        """Take the step ``name`` with what was sent."""
        action = family_of(self.model).actions[name]
        data, _files = read_input(action.form_class, request)
        entry = perform(
            record,
            name,
            user=self.user,
            now=timezone.now(),
            data=data,
            version=sent_version(request),
            via=RecordEntry.Via.API,
        )
        return cast(Response, self.answer(entry.record, status))  # type: ignore[attr-defined]  # each family's own log


class StepApi(TakesSteps):
    """Mixin of an endpoint with ``find(pk)``, too: an address that takes one step."""

    answers: ClassVar[Any]  # serializer of what a step answers
    tag: ClassVar[Any]
    prefix: ClassVar[str]
    step: Step = None  # type: ignore[assignment]  # each address has its own

    def post(self: Any, request: Request, pk: int) -> Response:
        """Take it; a refusal says why and what is possible."""
        return answer_once(request, lambda: self.take(request, self.find(pk), self.step.name))

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id=f"{self.prefix}_{self.step.name}",
            tag=self.tag,
            summary=self.step.label,
            description=self.step.help,
            request={"application/json": schema_of(self.step.form_class, describe=keys_from)},
            response=self.answers,
            errors=ACT_ERRORS,
            parameters=(IDEMPOTENCY_KEY, IF_MATCH),
            path=KEY,
        )


class LogApi:
    """Mixin of an endpoint with ``find(pk)``: the log of one record, for those who may take a step of it."""

    model: ClassVar[type[Record]]
    tag: ClassVar[Any]
    prefix: ClassVar[str]

    def get(self: Any, request: Request, pk: int) -> Response:
        """Every line, the newest first."""
        record = self.find(pk)
        steps = family_of(self.model).actions.values()
        if not any(step.allow is not None and step.allow(record, self.user) for step in steps):
            raise NotFound
        return Response(RecordEntrySerializer(record.log.select_related("actor"), many=True).data)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id=f"{self.prefix}_log",
            tag=self.tag,
            summary=_("Read the log"),
            response=RecordEntrySerializer(many=True),
            path=KEY,
        )


def step_paths(view: Any, *, beside: Iterable[str] = ()) -> Iterator[URLPattern]:
    """An address for each step that people take, except those ``beside``, which have one of their own."""
    for action in family_of(view.model).actions.values():
        if not (action.creates or action.system or action.name in beside):
            yield path(f"{view.prefix}/<int:pk>/{action.name}/", view.as_view(step=action))
