"""Saved queries in the API: named lists of items, whose rows ``GET /items/?query=…`` gives (CMDB-05)."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ApiToken
from accounts.permissions import Permission
from cmdb.api.shapes import TAG
from cmdb.asking.forms import SaveForm
from cmdb.models import ItemQuery
from itsm.api.fields import PersonField
from itsm.api.form_input import unknown
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, Operation
from itsm.api.schema import list_serializer
from itsm.api.views import ApiView

_BODY = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 120},
        "params": {"type": "string", "description": "What the address of the list says: ci_class=server&a.room=2"},
        "shared": {"type": "boolean"},
    },
    "required": ["name", "params"],
    "additionalProperties": False,
}


class ItemQuerySerializer(serializers.Serializer):
    """A saved query."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    owner = PersonField()
    shared = serializers.BooleanField()
    params = serializers.CharField()


class ItemQueriesView(ApiView):
    """The saved queries that the person finds; POST keeps one."""

    http_method_names: tuple[str, ...] = ("get", "post", "head", "options")
    reads = ApiToken.Scope.DIRECTORY_READ
    writes = ApiToken.Scope.CMDB_WRITE

    def get(self, request: Request) -> Response:
        """All of them."""
        rows = ItemQuery.objects.visible_to(self.user).select_related("owner")
        return Response({"results": ItemQuerySerializer(rows, many=True, context={"request": request}).data})

    def post(self, request: Request) -> Response:
        """Keep one under a name."""
        if not self.user.may(Permission.CMDB_VIEW):
            raise PermissionDenied
        return answer_once(request, lambda: self._keep(request))

    def _keep(self, request: Request) -> Response:
        body = dict(request.data)
        errors = unknown(body, ("name", "params", "shared"))
        for name in ("name", "params"):
            if not isinstance(body.get(name), str):
                errors[name] = [_("A text is expected.")]
        if not isinstance(body.get("shared", False), bool):
            errors["shared"] = [_("True or false is expected.")]
        if errors:
            raise ValidationError(errors)
        form = SaveForm(body, owner=self.user)
        if not form.is_valid():
            raise ValidationError({name: list(map(str, texts)) for name, texts in form.errors.items()})
        return Response(ItemQuerySerializer(form.save(), context={"request": request}).data, status=201)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        if method == "get":
            return Operation(
                id="item_queries_list",
                tag=TAG,
                summary=_("List saved queries of configuration items"),
                response=list_serializer(ItemQuerySerializer),
            )
        return Operation(
            id="item_queries_create",
            tag=TAG,
            summary=_("Keep a query of configuration items"),
            request={"application/json": _BODY},
            response=ItemQuerySerializer,
            status=201,
            errors=CREATE_ERRORS,
            parameters=(IDEMPOTENCY_KEY,),
        )


routes = [path("items/queries/", ItemQueriesView.as_view(), name="item-queries")]
