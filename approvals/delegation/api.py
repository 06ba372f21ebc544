"""Standing in for one another, in the API: what pages do under "Let somebody stand in"."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from approvals.delegation.delegating import delegate, delegations_of, end_delegation
from approvals.forms import DelegationForm
from approvals.models import Delegation
from approvals.rules import may_end_delegation
from itsm.api.fields import PersonField
from itsm.api.form_input import checked
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, LIST_ERRORS, Operation
from itsm.api.schema import list_serializer
from itsm.api.views import ApiView

TAG = gettext_lazy("Approvals")
KEY: dict[str, dict[str, Any]] = {"pk": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}}
ASKED = {
    "deputy": {"type": "string", "maxLength": 150},
    "starts_at": {"type": "string", "format": "date-time"},
    "ends_at": {"type": "string", "format": "date-time"},
}
BODY = {"type": "object", "required": list(ASKED), "additionalProperties": False, "properties": ASKED}


class DelegationSerializer(serializers.Serializer):
    """``deputy`` decides what ``person`` is asked, for a period."""

    id = serializers.IntegerField(source="pk")
    person = PersonField()
    deputy = PersonField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


DelegationList = list_serializer(DelegationSerializer)


def read(request: Request, user: Any) -> dict[str, Any]:
    """What was sent, by the form of the page. Raises ValidationError by field."""
    data = request.data
    if not isinstance(data, dict):
        raise ValidationError({"non_field_errors": [_("An object is expected.")]})
    wrong: dict[str, Any] = {
        name: [_("A text is expected.") if name in ASKED else _("There is no such field.")]
        for name, value in data.items()
        if name not in ASKED or not isinstance(value, str)
    }
    if wrong:
        raise ValidationError(wrong)
    form = DelegationForm(dict(data), user=user, now=timezone.now())
    return checked(form)


class DelegationsView(ApiView):
    """Who stands in for the person, and for whom the person decides."""

    def get(self, request: Request) -> Response:
        """Those of now, and the person's own to come."""
        rows = delegations_of(self.user, timezone.now())
        return Response({"results": DelegationSerializer(rows, many=True).data})

    def post(self, request: Request) -> Response:
        """Let somebody decide for oneself, and for nobody else."""
        return answer_once(request, lambda: self._delegate(request))

    def _delegate(self, request: Request) -> Response:
        made = delegate(person=self.user, by=self.user, now=timezone.now(), **read(request, self.user))
        return Response(DelegationSerializer(made).data, status=201)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        if method == "get":
            return Operation(
                id="delegations_list",
                tag=TAG,
                summary=gettext_lazy("Who stands in for whom"),
                response=DelegationList,
                errors=LIST_ERRORS,
            )
        return Operation(
            id="delegations_create",
            tag=TAG,
            summary=pgettext_lazy("approval", "Let somebody stand in"),
            request={"application/json": BODY},
            response=DelegationSerializer,
            status=201,
            errors=tuple(code for code in CREATE_ERRORS if code != 404),
            parameters=(IDEMPOTENCY_KEY,),
        )


class EndView(ApiView):
    """Taking decisions back."""

    def post(self, request: Request, pk: int) -> Response:
        """End it now; one to come is dropped."""
        return answer_once(request, lambda: self._end(pk))

    def _end(self, pk: int) -> Response:
        found = Delegation.objects.filter(pk=pk).first()
        if found is None or not may_end_delegation(found, self.user):
            raise Http404
        now = timezone.now()
        end_delegation(delegation=found, now=now)
        rows = delegations_of(self.user, now)
        return Response({"results": DelegationSerializer(rows, many=True).data})

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="delegations_end",
            tag=TAG,
            summary=gettext_lazy("Take decisions back"),
            response=DelegationList,
            errors=CREATE_ERRORS,
            parameters=(IDEMPOTENCY_KEY,),
            path=KEY,
        )


routes = [
    path("approvals/delegations/", DelegationsView.as_view(), name="delegations"),
    path("approvals/delegations/<int:pk>/end/", EndView.as_view(), name="delegation_end"),
]
