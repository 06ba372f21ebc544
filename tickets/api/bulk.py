"""One action on many tickets in the API: everything that can be done is done, each item says what became of it."""

from __future__ import annotations

from typing import Any

from django.utils.encoding import force_str
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from itsm.api.form_input import unknown
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, Operation
from itsm.api.problems import KINDS, problem_of
from itsm.api.views import ApiView
from tickets.models import TimelineEntry
from tickets.workspace.bulk import Outcome, Wanted, perform_bulk

#: All of them are done in the transaction of the idempotency key.
MOST = 100
INPUT = {
    "application/json": {
        "type": "object",
        "required": ["action", "tickets"],
        "additionalProperties": False,
        "properties": {
            "action": {"type": "string", "maxLength": 40, "description": "Name of an action, such as claim."},
            "tickets": {
                "type": "array",
                "minItems": 1,
                "maxItems": MOST,
                "items": {"type": "string", "minLength": 1, "maxLength": 40},
                "description": "Numbers. NUMBER@VERSION is refused when the ticket changed since that version.",
            },
            "data": {"type": "object", "description": "Input of the action, the same for all."},
        },
    }
}


class BulkItemSerializer(serializers.Serializer):
    """What became of one ticket."""

    number = serializers.CharField()
    done = serializers.BooleanField()
    entry = serializers.IntegerField(allow_null=True, help_text="The step in the activity log.")
    version = serializers.IntegerField(allow_null=True, help_text="The ticket's version afterwards.")
    status = serializers.IntegerField(help_text="What the request for this ticket alone would have answered.")
    problem = serializers.CharField(allow_null=True, help_text="Kind of refusal, as in the addresses of problems.")
    detail = serializers.CharField(help_text="Why not; empty when it was done.")


class BulkAnswerSerializer(serializers.Serializer):
    """What became of all of them, in the order in which they were sent."""

    done = serializers.IntegerField()
    refused = serializers.IntegerField()
    results = BulkItemSerializer(many=True)


def _is_plain(value: Any) -> bool:
    """Whether a form can take ``value``."""
    if isinstance(value, list):
        return all(isinstance(item, str) for item in value)
    return value is None or isinstance(value, str | int | float | bool)


class BulkView(ApiView):
    """One action on many tickets."""

    def post(self, request: Request) -> Response:
        """Do all that can be done."""
        return answer_once(request, lambda: self._do(request))

    def _do(self, request: Request) -> Response:
        name, numbers, data = self._checked(dict(request.data))
        wanted = {text: Wanted.parse(text) for text in dict.fromkeys(numbers)}
        in_order = sorted(wanted.values(), key=lambda one: one.number)  # one order of locks for everybody
        via = TimelineEntry.Via.API
        outcomes, _left = perform_bulk(in_order, name, user=self.user, data=data, via=via)
        found = {outcome.number: self._item(outcome) for outcome in outcomes}
        results = [found[one.number] for one in wanted.values()]
        done = sum(item["done"] for item in results)
        return Response({"done": done, "refused": len(results) - done, "results": results})

    def _checked(self, body: dict[str, Any]) -> tuple[str, list[str], dict[str, Any]]:
        """(action, numbers, data). Raises ValidationError."""
        known = ("action", "tickets", "data")
        errors = unknown(body, known)
        name, numbers, data = body.get("action"), body.get("tickets"), body.get("data", {})
        if not isinstance(name, str) or not name:
            errors["action"] = [force_str(_("A text is expected."))]
        texts = isinstance(numbers, list) and all(isinstance(number, str) for number in numbers)
        if not texts or not numbers or len(numbers) > MOST:
            errors["tickets"] = [force_str(_("A list of 1 to %(count)d numbers is expected.")) % {"count": MOST}]
        if not isinstance(data, dict) or not all(map(_is_plain, data.values())):
            errors["data"] = [force_str(_("An object of texts, numbers, truths and lists of texts is expected."))]
        if errors:
            raise ValidationError(errors)
        return name, numbers, data  # type: ignore[return-value]  # checked above

    def _item(self, outcome: Outcome) -> dict[str, Any]:
        entry = outcome.entry
        problem = problem_of(outcome.error, self.request) if outcome.error else None
        return {
            "number": outcome.number,
            "done": outcome.done,
            "entry": entry.pk if entry else None,
            "version": entry.ticket.version if entry else None,
            "status": problem.status if problem else 200,
            "problem": KINDS[problem.status][0] if problem else None,
            "detail": outcome.reason,
        }

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="bulk_act",
            tag=_("Bulk actions"),
            summary=_("Do one action on many tickets"),
            description=_("Everything that can be done is done; the rest says why not, ticket by ticket."),
            request=INPUT,
            response=BulkAnswerSerializer,
            errors=tuple(code for code in CREATE_ERRORS if code != 404),
            parameters=(IDEMPOTENCY_KEY,),
        )
