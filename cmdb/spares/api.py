"""Spare parts in the API: what lies in stock, what came and went, moving some (CMDB-10)."""

from __future__ import annotations

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
from cmdb.api.shapes import TAG, Conflict
from cmdb.authority import may_correct, may_edit
from cmdb.models import SparePart
from cmdb.spares.services import NotInStock, move
from cmdb.spares.views import MovementForm, PartForm
from itsm.api.fields import PersonField
from itsm.api.form_input import unknown
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, Operation
from itsm.api.schema import list_serializer
from itsm.api.views import ApiView

NUMBER = {"pk": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}}
_TEXT = {"type": "string", "maxLength": 300}
_PART = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 120},
        **dict.fromkeys(("ci_class", "part_number", "place", "unit"), _TEXT),
        "minimum": {"type": "integer", "minimum": 0, "maximum": 2**31 - 1},
    },
    "required": ["name"],
    "additionalProperties": False,
}
_MOVEMENT = {
    "type": "object",
    "properties": {
        "kind": {"type": "string", "enum": ["received", "taken", "returned", "counted"]},
        "count": {"type": "integer", "minimum": 0, "maximum": 100_000, "description": "counted: how many lie there."},
        "reference": {"type": "string", "maxLength": 30, "description": "The ticket; taken and returned need it."},
        "note": _TEXT,
    },
    "required": ["kind", "count"],
    "additionalProperties": False,
}


class SpareMovementSerializer(serializers.Serializer):
    """Something that came or went."""

    kind = serializers.CharField()
    count = serializers.IntegerField(help_text="Negative for what left.")
    reference = serializers.CharField()
    note = serializers.CharField()
    by = PersonField(allow_null=True)
    at = serializers.DateTimeField()


class SparePartSerializer(serializers.Serializer):
    """A spare part with what lies in stock."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    ci_class = serializers.CharField(source="ci_class_id", allow_null=True)
    part_number = serializers.CharField()
    place = serializers.CharField()
    unit = serializers.CharField()
    minimum = serializers.IntegerField()
    stock = serializers.IntegerField()
    low = serializers.SerializerMethodField(help_text="Less than the minimum lies there.")

    def get_low(self, part: SparePart) -> bool:
        """By the sum of its movements."""
        return part.stock < part.minimum


class SparePartDetailSerializer(SparePartSerializer):
    """A spare part with its movements, the latest first; at most 200."""

    movements = SpareMovementSerializer(many=True)


class SparesView(ApiView):
    """Every spare part; POST adds one."""

    http_method_names: tuple[str, ...] = ("get", "post", "head", "options")
    reads = ApiToken.Scope.DIRECTORY_READ
    writes = ApiToken.Scope.CMDB_WRITE

    def get(self, request: Request) -> Response:
        """Those in use."""
        if not self.user.may(Permission.CMDB_VIEW):
            raise PermissionDenied
        rows = SparePart.objects.with_stock().filter(active=True)
        return Response({"results": SparePartSerializer(rows, many=True).data})

    def post(self, request: Request) -> Response:
        """Add one."""
        if not may_correct(self.user):
            raise PermissionDenied
        return answer_once(request, lambda: self._add(request))

    def _add(self, request: Request) -> Response:
        body = dict(request.data)
        errors = unknown(body, _PART["properties"])  # type: ignore[arg-type]
        form = PartForm({"minimum": 0, **body, "active": True})
        if errors or not form.is_valid():
            raise ValidationError(errors | said_of(form))
        made = form.save()
        return Response(SparePartSerializer(SparePart.objects.with_stock().get(pk=made.pk)).data, status=201)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        if method == "get":
            return Operation(
                id="spares_list",
                tag=TAG,
                summary=_("List spare parts with their stock"),
                response=list_serializer(SparePartSerializer),
            )
        return Operation(
            id="spares_create",
            tag=TAG,
            summary=_("Add a spare part"),
            request={"application/json": _PART},
            response=SparePartSerializer,
            status=201,
            errors=CREATE_ERRORS,
            parameters=(IDEMPOTENCY_KEY,),
        )


def said_of(form: Any) -> dict[str, list[str]]:
    """The errors of a form, by field."""
    return {name: list(map(str, texts)) for name, texts in form.errors.items()}


class SpareView(ApiView):
    """One spare part."""

    reads = ApiToken.Scope.DIRECTORY_READ

    def get(self, request: Request, pk: int) -> Response:
        """With what came and went."""
        return Response(detail_of(found_part(self.user, pk)))

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        return Operation(
            id="spares_read",
            tag=TAG,
            summary=_("Read a spare part with what came and went"),
            response=SparePartDetailSerializer,
            path=NUMBER,
        )


def found_part(user: Any, pk: int) -> SparePart:
    """The part. Raises PermissionDenied, Http404."""
    if not user.may(Permission.CMDB_VIEW):
        raise PermissionDenied
    found = SparePart.objects.with_stock().filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def detail_of(part: SparePart) -> Any:
    """The part as data."""
    movements = part.movements.select_related("by")[:200]
    return {**SparePartSerializer(part).data, "movements": SpareMovementSerializer(movements, many=True).data}


class SpareMovementsView(ApiView):
    """Moves some of a part."""

    http_method_names: tuple[str, ...] = ("post", "options")
    writes = ApiToken.Scope.CMDB_WRITE

    def post(self, request: Request, pk: int) -> Response:
        """Receive, take out for a ticket, return, count."""
        part = found_part(self.user, pk)
        if not may_edit(self.user):
            raise PermissionDenied
        return answer_once(request, lambda: self._move(request, part))

    def _move(self, request: Request, part: SparePart) -> Response:
        body = dict(request.data)
        errors = unknown(body, _MOVEMENT["properties"])  # type: ignore[arg-type]
        form = MovementForm(body)
        if errors or not form.is_valid():
            raise ValidationError(errors | said_of(form))
        try:
            move(part=part, by=self.user, **form.cleaned_data)
        except NotInStock as error:
            raise Conflict(str(error)) from error
        return Response(detail_of(found_part(self.user, part.pk)))

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        return Operation(
            id="spares_move",
            tag=TAG,
            summary=_("Receive, take out, return or count spare parts"),
            request={"application/json": _MOVEMENT},
            response=SparePartDetailSerializer,
            errors=CREATE_ERRORS,
            path=NUMBER,
            parameters=(IDEMPOTENCY_KEY,),
        )


routes = [
    path("spares/", SparesView.as_view(), name="spares"),
    path("spares/<int:pk>/", SpareView.as_view(), name="spare"),
    path("spares/<int:pk>/movements/", SpareMovementsView.as_view(), name="spare-movements"),
]
