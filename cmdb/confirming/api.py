"""Confirming one's own items in the API: what waits, saying that it stands (CMDB-07)."""

from __future__ import annotations

from typing import Any

from django.urls import path
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ApiToken
from cmdb.api.shapes import TAG
from cmdb.confirming.services import confirm, to_confirm, with_last
from cmdb.disclosing.facts import Disclosure
from itsm.api.form_input import unknown
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, Operation
from itsm.api.views import ApiView

SHOWN = 200
_BODY: dict[str, Any] = {
    "type": "object",
    "properties": {
        "shown_at": {
            "type": "string",
            "format": "date-time",
            "description": "As it was read with the list; what was written since is not confirmed.",
        },
        "items": {
            "type": "array",
            "items": {"type": "string", "maxLength": 100},
            "description": "Identifiers; all that wait unless given.",
        },
    },
    "required": ["shown_at"],
    "additionalProperties": False,
}


class WaitingItemSerializer(serializers.Serializer):
    """An item that waits for its owner's word."""

    identifier = serializers.CharField()
    name = serializers.CharField()
    ci_class = serializers.CharField(source="ci_class_id")
    status = serializers.CharField(source="status_id")
    attributes = serializers.DictField()
    confirmed_at = serializers.DateTimeField(allow_null=True, help_text="The last time; empty: never yet.")


class WaitingItemsSerializer(serializers.Serializer):
    """What waits, at most 200, as it was at ``shown_at``."""

    shown_at = serializers.DateTimeField()
    count = serializers.IntegerField()
    results = WaitingItemSerializer(many=True)


class ConfirmedItemsSerializer(serializers.Serializer):
    """What was confirmed. What is missing was written since it was read, is confirmed already, or is not one's own."""

    confirmed = serializers.ListField(child=serializers.CharField())


class ConfirmationsView(ApiView):
    """One's own items that wait; POST says that they stand."""

    http_method_names: tuple[str, ...] = ("get", "post", "head", "options")
    reads = ApiToken.Scope.DIRECTORY_READ
    writes = ApiToken.Scope.CMDB_WRITE

    def get(self, request: Request) -> Response:
        """By identifier."""
        now, told = timezone.now(), Disclosure(self.user)
        found = to_confirm(self.user, now)
        rows = list(with_last(found)[:SHOWN])
        for row in rows:
            row.attributes = told.of(row.attributes)
        data = {"shown_at": now, "count": found.count(), "results": rows}
        return Response(WaitingItemsSerializer(data).data)

    def post(self, request: Request) -> Response:
        """Confirm them."""
        return answer_once(request, lambda: self._confirm(request))

    def _confirm(self, request: Request) -> Response:
        body: dict[str, Any] = dict(request.data)
        errors, names, shown_at = unknown(body, _BODY["properties"]), body.get("items"), _moment(body.get("shown_at"))
        if shown_at is None:
            errors["shown_at"] = [_("A time with its zone is expected, such as 2026-11-22T08:00:00Z.")]
        if names is not None and not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
            errors["items"] = [_("A list of texts is expected.")]
        if errors or shown_at is None:
            raise ValidationError(errors)
        waiting = dict(to_confirm(self.user, shown_at).values_list("pk", "identifier"))
        keys = [key for key, name in waiting.items() if names is None or name in names]
        taken = confirm(by=self.user, shown_at=shown_at, now=timezone.now(), keys=keys)
        return Response(ConfirmedItemsSerializer({"confirmed": [waiting[key] for key in taken]}).data)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        if method == "get":
            return Operation(
                id="confirmations_list",
                tag=TAG,
                summary=_("List one's own items that wait to be confirmed"),
                response=WaitingItemsSerializer,
            )
        return Operation(
            id="confirmations_create",
            tag=TAG,
            summary=_("Confirm what is recorded of one's own items"),
            request={"application/json": _BODY},
            response=ConfirmedItemsSerializer,
            errors=CREATE_ERRORS,
            parameters=(IDEMPOTENCY_KEY,),
        )


def _moment(text: Any) -> Any:
    """The moment, never later than now; None where it is none."""
    try:
        found = parse_datetime(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return None if found is None or found.tzinfo is None else min(found, timezone.now())


routes = [path("items/confirmations/", ConfirmationsView.as_view(), name="item-confirmations")]
