"""Handovers in the API: those of an item, a new one, signing for one (CMDB-03)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404
from django.urls import path
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ApiToken
from accounts.permissions import Permission
from cmdb.api.shapes import KEY, TAG, Conflict, ItemView
from cmdb.custody.services import NotHandedOver, end_handover, hand_over, may_see
from cmdb.custody.views import HandOverForm
from cmdb.models import Handover
from cmdb.versioning.moments import NOW
from itsm.api.fields import PersonField
from itsm.api.form_input import unknown
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, Operation
from itsm.api.schema import list_serializer
from itsm.api.views import ApiView

_GIVE = {
    "type": "object",
    "properties": {
        "receiver": {
            "type": "string",
            "minLength": 1,
            "maxLength": 150,
            "description": "User name of the new keeper.",
        },
        "condition": {"type": "string", "maxLength": 500},
    },
    "required": ["receiver"],
    "additionalProperties": False,
}
_END = {
    "type": "object",
    "properties": {
        "state": {"type": "string", "enum": ["taken", "refused", "withdrawn"]},
        "words": {"type": "string", "maxLength": 500, "description": "Needed to refuse it."},
    },
    "required": ["state"],
    "additionalProperties": False,
}


class HandoverSerializer(serializers.Serializer):
    """An item handed over to a new keeper."""

    id = serializers.IntegerField()
    item = serializers.CharField(source="item.identifier")
    keeper_before = serializers.CharField()
    giver = PersonField()
    receiver = PersonField()
    condition = serializers.CharField()
    given_at = serializers.DateTimeField()
    state = serializers.CharField(help_text="open, taken, refused or withdrawn.")
    ended_at = serializers.DateTimeField(allow_null=True, help_text="When it was signed, refused or taken back.")
    words = serializers.CharField()


def answered(write: Callable[[], Handover], status: int = 200) -> Response:
    """What ``write`` made. Raises Conflict with the reason when it cannot be."""
    try:
        return Response(HandoverSerializer(write()).data, status=status)
    except NotHandedOver as error:
        raise Conflict(str(error)) from error


class HandoversView(ItemView):
    """The handovers of an item; POST hands it over."""

    http_method_names: tuple[str, ...] = ("get", "post", "head", "options")
    query = ()

    def get(self, request: Request, key: str) -> Response:
        """The latest first."""
        rows = self._item(key).handovers.select_related("item", "giver", "receiver")
        return Response({"results": HandoverSerializer(rows, many=True).data})

    def post(self, request: Request, key: str) -> Response:
        """The receiver is told, and signs for it."""
        item = self._item(key)
        body = dict(request.data)
        form = HandOverForm(body, item=item)
        errors = unknown(body, ("receiver", "condition"))
        if errors or not form.is_valid():
            raise ValidationError(errors | {name: list(map(str, texts)) for name, texts in form.errors.items()})
        give = lambda: hand_over(item=item, by=self.user, **form.cleaned_data)  # noqa: E731 - called once, below
        return answer_once(request, lambda: answered(give, 201))

    def _item(self, key: str) -> Any:
        if not self.user.may(Permission.CMDB_VIEW):
            raise PermissionDenied
        return self.find(key, NOW)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        if method == "get":
            return Operation(
                id="items_handovers",
                tag=TAG,
                summary=_("List the handovers of a configuration item"),
                response=list_serializer(HandoverSerializer),
                path={"key": KEY},
            )
        return Operation(
            id="items_hand_over",
            tag=TAG,
            summary=_("Hand a configuration item over to a new keeper"),
            request={"application/json": _GIVE},
            response=HandoverSerializer,
            status=201,
            errors=CREATE_ERRORS,
            path={"key": KEY},
            parameters=(IDEMPOTENCY_KEY,),
        )


class EndHandoverView(ApiView):
    """Signs for an item, refuses it, or takes the handover back."""

    http_method_names: tuple[str, ...] = ("post", "options")
    writes = ApiToken.Scope.CMDB_WRITE

    def post(self, request: Request, pk: int) -> Response:
        """The receiver signs or refuses; the giver takes back."""
        row = Handover.objects.filter(pk=pk).first()
        if row is None or not may_see(row, self.user):
            raise Http404
        body = dict(request.data)
        errors = unknown(body, ("state", "words"))
        state, words = body.get("state"), body.get("words", "")
        if state not in ("taken", "refused", "withdrawn"):
            errors["state"] = [_("“%(value)s” is not known.") % {"value": str(state)[:60]}]
        if not isinstance(words, str):
            errors["words"] = [_("A text is expected.")]
        if errors:
            raise ValidationError(errors)
        end = lambda: end_handover(handover=row, state=str(state), words=words, by=self.user)  # noqa: E731 - as above
        return answer_once(request, lambda: answered(end))

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        return Operation(
            id="handovers_end",
            tag=TAG,
            summary=_("Sign for a configuration item, refuse it, or take its handover back"),
            request={"application/json": _END},
            response=HandoverSerializer,
            errors=CREATE_ERRORS,
            path={"pk": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}},
            parameters=(IDEMPOTENCY_KEY,),
        )


routes = [
    path("items/handovers/<int:pk>/end/", EndHandoverView.as_view(), name="handover-end"),
    path("items/<key:key>/handovers/", HandoversView.as_view(), name="item-handovers"),
]
