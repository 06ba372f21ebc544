"""Configuration items in the API: at any moment, with what hangs on them, and written by the one door."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError as Refused
from django.db.models import QuerySet
from django.http import Http404, QueryDict
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ApiToken
from cmdb.api.shapes import (
    KEY,
    MOMENT_PARAMETERS,
    MOMENTS,
    RELATED,
    TAG,
    ChangedItemSerializer,
    ItemDetailSerializer,
    ItemFactsSerializer,
    ItemHistoryLineSerializer,
    ItemHistorySerializer,
    ItemView,
    moment_of,
)
from cmdb.api.writing import identifier_of, read_body, writing, written
from cmdb.asking.narrowing import narrow, saved_query, understood, with_query
from cmdb.authority import may_edit
from cmdb.definitions import Definitions, as_called
from cmdb.disclosing.facts import Disclosure
from cmdb.disclosing.past import history_for
from cmdb.filters import ItemFilter
from cmdb.inputs import NAMES, Reader
from cmdb.models import ConfigurationItem, Kind
from cmdb.services import create_item, items_at, update_item
from cmdb.versioning.history import AT_ONCE
from cmdb.versioning.moments import NOW, Moment
from cmdb.writing import is_controlled
from itsm.api.idempotency import answer_once
from itsm.api.operations import LIST_ERRORS, Operation
from itsm.api.schema import page_serializer
from itsm.api.views import PAGING, ApiView, ListView, paged
from itsm.web.paging import Column

QUERY = OpenApiParameter(
    "query", {"type": "integer", "minimum": 1}, description=_lazy("A saved query, by its number.")
)

OLDER = OpenApiParameter("cursor", {"type": "string"}, description=_lazy("From the address of the next page."))


class ItemsView(ListView):
    """Items, now or at any moment; POST records a new one."""

    reads = ApiToken.Scope.DIRECTORY_READ
    writes = ApiToken.Scope.CMDB_WRITE
    filters = ItemFilter
    sorts = {"identifier": (Column("identifier"),), "name": (Column("name"),)}
    default_order = "identifier"
    serializer = ItemFactsSerializer

    def known_parameters(self) -> tuple[str, ...]:
        """Filters, paging, the moments, and attributes as ``a.code``."""
        return (*understood(self.request.query_params, self.user), *PAGING, *MOMENTS, "query")

    def get(self, request: Request, **kwargs: Any) -> Response:
        """A page of the list."""
        moment = moment_of(request)
        params: QueryDict = request.query_params
        found: QuerySet[Any] = items_at(moment, self.user).select_related(*RELATED)
        try:
            if "query" in params:
                params = with_query(saved_query(str(params["query"]), self.user), params)
            found = narrow(found, params, self.user, moment)
        except Refused as error:
            raise ValidationError(error.message_dict) from error
        return Response(
            paged(request, found, self.sorts, self.default_order, lambda rows: self._data_of(rows, moment))
        )

    def _data_of(self, rows: list[Any], moment: Moment) -> list[Any]:
        called = as_called(rows, moment)
        return list(ItemFactsSerializer(called, many=True, context={"request": self.request}).data)

    def post(self, request: Request) -> Response:
        """Record a new item."""
        return answer_once(request, lambda: self._create(request))

    def _create(self, request: Request) -> Response:
        if not may_edit(self.user):
            raise PermissionDenied
        given, stamp = read_body(request, self.user, with_identifier=True)
        identifier = identifier_of(given.pop("identifier", ""))
        facts, errors = Reader().facts(given)
        if errors:
            raise ValidationError(errors)
        item = written(lambda: create_item(identifier=identifier, facts=facts, stamp=stamp))
        row = ConfigurationItem.objects.visible_to(self.user).select_related(*RELATED).get(pk=item.pk)
        return Response(ItemFactsSerializer(row, context={"request": request}).data, status=201)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        if method == "get":
            return Operation(
                id="items_list",
                tag=TAG,
                summary=_("List configuration items, now or at any moment"),
                description=_(
                    "Attributes are asked for as `a.code=value`; see the schema of the class. "
                    "`r1.how=carries&r1.ci_class=service` asks what items hang together with; see the guide."
                ),
                response=page_serializer(ItemFactsSerializer),
                errors=LIST_ERRORS,
                parameters=(*MOMENT_PARAMETERS, QUERY),
            )
        return writing("items_create", _("Record a configuration item"), with_identifier=True, status=201)


class ItemDetailView(ItemView):
    """One item; PATCH changes it."""

    def get(self, request: Request, key: str) -> Response:
        """The item at the moment asked for."""
        moment = moment_of(request)
        return Response(self.data_of(self.find(key, moment), moment))

    def patch(self, request: Request, key: str) -> Response:
        """Change what is named."""
        return answer_once(request, lambda: self._change(request, key))

    def _change(self, request: Request, key: str) -> Response:
        item = self.find(key, NOW)
        if not may_edit(self.user):
            raise PermissionDenied
        given, stamp = read_body(request, self.user)
        facts, errors = Reader().facts(given, class_code=item.ci_class_id, complete=False)
        if errors:
            raise ValidationError(errors)
        done = written(lambda: update_item(item=item, facts=facts, stamp=stamp))
        names = sorted({name.removesuffix("_id") if name in NAMES.values() else name for _i, name in done.claimed})
        return Response({**self.data_of(self.find(key, NOW), NOW), "claimed": names})

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        if method == "get":
            return Operation(
                id="items_read",
                tag=TAG,
                summary=_("Read a configuration item at any moment"),
                response=ItemDetailSerializer,
                path={"key": KEY},
                parameters=MOMENT_PARAMETERS,
            )
        return writing("items_change", _("Change a configuration item"), response=ChangedItemSerializer)


class HistoryView(ItemView):
    """What happened to an item."""

    query = (*MOMENTS, "cursor")

    def get(self, request: Request, key: str) -> Response:
        """Every recorded edit, the newest first, 200 at once."""
        item, moment = self.find(key, NOW), moment_of(request)
        lines = history_for(item, self.user, moment)
        left = self._left(request, len(lines))
        start = len(lines) - left  # counted from the oldest: what is written meanwhile moves nothing
        shown = lines[start : start + AT_ONCE]
        older = left - len(shown)
        params = request.query_params.copy()
        params["cursor"] = str(older)
        following = request.build_absolute_uri(f"{request.path}?{params.urlencode()}") if older else None
        return Response({"next": following, "results": ItemHistoryLineSerializer(shown, many=True).data})

    @staticmethod
    def _left(request: Request, count: int) -> int:
        """How many lines are still to be told. Raises ValidationError."""
        text = request.query_params.get("cursor", str(count))
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise ValidationError({"cursor": [_("This cursor is not valid.")]})
        return min(int(text), count)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        return Operation(
            id="items_history",
            tag=TAG,
            summary=_("Read the history of a configuration item"),
            response=ItemHistorySerializer,
            path={"key": KEY},
            parameters=(*MOMENT_PARAMETERS, OLDER),
        )


class ClassSchemaView(ApiView):
    """What the items of a class have: a JSON schema, with an attribute the moment it is defined; or of a moment."""

    reads = ApiToken.Scope.DIRECTORY_READ
    query = MOMENTS

    def get(self, request: Request, key: str) -> Response:
        """The schema of one class."""
        known = Definitions(moment_of(request).defined_at)
        if key not in known.classes:
            raise Http404
        attributes, told = known.of(key), Disclosure(self.user)
        return Response(
            {
                "title": known.classes[key].name,
                "type": "object",
                "properties": {
                    code: _property(row, told, is_controlled(known, key, code)) for code, row in attributes.items()
                },
                "required": [code for code, row in attributes.items() if row.required],
            }
        )

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        return Operation(
            id="items_class_schema",
            tag=TAG,
            summary=_("Read which attributes the items of a class have"),
            response={"type": "object", "additionalProperties": True},
            path={"key": KEY},
            parameters=MOMENT_PARAMETERS,
        )


_TYPES = {Kind.NUMBER: {"type": "number"}, Kind.YES_NO: {"type": "boolean"}}


def _property(row: Any, told: Disclosure, controlled: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"title": row.name, **_TYPES.get(row.kind, {"type": "string"}), "x-holds": row.kind}
    formats = {Kind.DATE: "date", Kind.URL: "uri", Kind.ADDRESS: "ip"}
    extras = {
        "format": formats.get(row.kind),
        "enum": [choice["code"] for choice in row.choices] if row.kind == Kind.CHOICE else None,
        "pattern": row.pattern or None,
        "default": row.default if row.default and told.reads(row.code, row.default) else None,
        "x-unit": row.unit or None,
        "x-unique": row.unique or None,
        "x-controlled": controlled,
        "readOnly": True if row.formula else None,
        "x-computed-by": row.formula or None,
    }
    return found | {name: value for name, value in extras.items() if value is not None}


routes = [
    path("items/", ItemsView.as_view(), name="items"),
    path("items/classes/<key:key>/schema/", ClassSchemaView.as_view(), name="items-class-schema"),
    path("items/<key:key>/", ItemDetailView.as_view(), name="item"),
    path("items/<key:key>/history/", HistoryView.as_view(), name="item-history"),
]
