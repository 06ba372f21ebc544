"""Baselines and comparisons in the API: of a list, a saved query, an item with all beneath it (CMDB-04)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError as Refused
from django.http import QueryDict
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ApiToken
from accounts.permissions import Permission
from cmdb.api.shapes import TAG, ItemFieldSerializer, ItemView
from cmdb.asking.comparing import SIDES, moments_in
from cmdb.asking.differences import SHOWN, beneath, between
from cmdb.asking.forms import BaselineForm
from cmdb.asking.narrowing import narrow, relation_parameters, saved_query, with_query
from cmdb.authority import may_correct
from cmdb.filters import ItemFilter, attribute_parameters
from cmdb.models import Baseline
from cmdb.services import items_at
from cmdb.versioning.moments import NOW, Moment
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
        "at": {"type": "string", "format": "date-time", "description": "Now unless given."},
        "note": {"type": "string", "maxLength": 300},
    },
    "required": ["name"],
    "additionalProperties": False,
}
ENDS = tuple(f"{side}_{name}" for side in SIDES for name in ("as_of", "known_at", "baseline"))


class BaselineSerializer(serializers.Serializer):
    """A moment under a name, as it was known then."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    at = serializers.DateTimeField()
    note = serializers.CharField()
    by = PersonField(allow_null=True)


class _ComparedItemSerializer(serializers.Serializer):
    identifier = serializers.CharField(source="item.identifier")
    name = serializers.CharField(source="item.name")
    fields_changed = ItemFieldSerializer(many=True, source="fields")


class ClassCountSerializer(serializers.Serializer):
    """How many items of a class there are at each moment."""

    ci_class = serializers.CharField(source="code")
    first = serializers.IntegerField()
    second = serializers.IntegerField()


class ComparisonSerializer(serializers.Serializer):
    """What the second moment has more, less and otherwise; at most 200 lines of each, the counts are of all."""

    counts = serializers.DictField(child=serializers.IntegerField(), help_text="came, went, changed, same, related.")
    classes = ClassCountSerializer(many=True, help_text="Those that changed most first.")
    came = _ComparedItemSerializer(many=True)
    went = _ComparedItemSerializer(many=True)
    changed = _ComparedItemSerializer(many=True)
    related = serializers.ListField(
        child=serializers.DictField(), help_text="Relations that came or went: came, source, relation, target."
    )


class BaselinesView(ApiView):
    """Baselines; POST names one."""

    http_method_names: tuple[str, ...] = ("get", "post", "head", "options")
    reads = ApiToken.Scope.DIRECTORY_READ
    writes = ApiToken.Scope.CMDB_WRITE

    def get(self, request: Request) -> Response:
        """The latest first; at most 200."""
        if not self.user.may(Permission.CMDB_VIEW):
            raise PermissionDenied
        rows = Baseline.objects.select_related("by")[:200]
        return Response({"results": BaselineSerializer(rows, many=True).data})

    def post(self, request: Request) -> Response:
        """Name a moment."""
        if not may_correct(self.user):
            raise PermissionDenied
        return answer_once(request, lambda: self._keep(request))

    def _keep(self, request: Request) -> Response:
        body = dict(request.data)
        errors = unknown(body, ("name", "at", "note"))
        form = BaselineForm(body)
        if errors or not form.is_valid():
            raise ValidationError(errors | {name: list(map(str, texts)) for name, texts in form.errors.items()})
        made = form.save(commit=False)
        made.at, made.by = made.at or timezone.now(), self.user
        made.save()
        return Response(BaselineSerializer(made).data, status=201)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        if method == "get":
            return Operation(
                id="baselines_list", tag=TAG, summary=_("List baselines"), response=list_serializer(BaselineSerializer)
            )
        return Operation(
            id="baselines_create",
            tag=TAG,
            summary=_("Name a moment as a baseline"),
            request={"application/json": _BODY},
            response=BaselineSerializer,
            status=201,
            errors=CREATE_ERRORS,
            parameters=(IDEMPOTENCY_KEY,),
        )


class ComparisonView(ItemView):
    """In what two moments differ."""

    def known_parameters(self) -> tuple[str, ...]:
        """Both moments, what of all items, or beneath which one."""
        params = self.request.query_params
        asked = (*attribute_parameters(params), *relation_parameters(params))
        return (*ENDS, "query", "beneath", *ItemFilter.base_filters, *asked)

    def get(self, request: Request) -> Response:
        """For those who see all items."""
        if not self.user.may(Permission.CMDB_VIEW):
            raise PermissionDenied
        moments, errors = moments_in(request.query_params)
        if errors:
            raise ValidationError({name: [text] for name, text in errors.items()})
        try:
            first, second = (self._keys(request.query_params, moment) for moment in moments)
        except Refused as error:
            raise ValidationError(error.message_dict) from error
        found = between(first, second, moments, self.user)
        groups = {name: getattr(found, name) for name in ("came", "went", "changed")}
        lines = [
            {"came": came, "source": source, "relation": relation, "target": target}
            for came, source, relation, target in found.related[:SHOWN]
        ]
        counts = {name: len(rows) for name, rows in groups.items()}
        data: dict[str, Any] = {name: rows[:SHOWN] for name, rows in groups.items()}
        data |= {"related": lines, "counts": {**counts, "same": found.same, "related": len(found.related)}}
        data["classes"] = found.classes
        return Response(ComparisonSerializer(data).data)

    def _keys(self, params: QueryDict, moment: Moment) -> set[int]:
        if name := params.get("beneath"):
            return beneath(self.key(name, NOW), moment, self.user)
        asked = params.copy()
        for end in ENDS:
            asked.pop(end, None)
        if "query" in asked:
            asked = with_query(saved_query(str(asked["query"]), self.user), asked)
        rows = narrow(items_at(moment, self.user), asked, self.user, moment)
        return set(rows.values_list("pk" if moment.is_now else "item_id", flat=True))

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        moment = {"type": "string", "format": "date-time"}
        text = {"type": "string", "minLength": 1}
        number = {"type": "integer", "minimum": 1}
        kinds: dict[str, dict[str, Any]] = {name: number if name.endswith("baseline") else moment for name in ENDS} | {
            "query": number,
            "beneath": text,
        }
        return Operation(
            id="items_compare",
            tag=TAG,
            summary=_("Compare configuration items at two moments"),
            description=_(
                "Of all items, a saved query, any filter of the list, or `beneath` an item with all it rests on. "
                "A baseline stands for its moment, as it was known then."
            ),
            response=ComparisonSerializer,
            parameters=tuple(OpenApiParameter(name, kind) for name, kind in kinds.items()),
        )


routes = [
    path("items/baselines/", BaselinesView.as_view(), name="item-baselines"),
    path("items/compare/", ComparisonView.as_view(), name="items-compare"),
]
