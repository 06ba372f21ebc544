"""Relations of an item in the API: at any moment in both directions; made and ended by the one door (CMDB-02)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db.models import Q
from django.http import Http404
from django.urls import path
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.permissions import Permission
from cmdb.api.shapes import KEY, MOMENT_PARAMETERS, MOMENTS, TAG, ItemView, moment_of
from cmdb.api.writing import GROUND, STAMPS, stamp_of, written
from cmdb.authority import may_edit
from cmdb.definitions import Definitions, as_called
from cmdb.forms import LinkForm
from cmdb.models import ConfigurationItem, Relation, RelationVersion
from cmdb.pages import seen_items
from cmdb.relating import Link, RelationRefused, existing_relations
from cmdb.services import end_relations, items_at, relation_versions_at, write_relations
from cmdb.versioning.moments import NOW, Moment
from itsm.api.fields import CodeField
from itsm.api.form_input import read_input, unknown
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, Operation
from itsm.api.schema import page_serializer
from itsm.api.views import PAGING, paged
from itsm.web.paging import Column

_RELATE = {
    "type": "object",
    "properties": {
        "relation": {"type": "string", "minLength": 1, "maxLength": 40, "description": "Code of the type."},
        "direction": {
            "type": "string",
            "enum": ["out", "in"],
            "description": "out, unless given: read from this item to the other; in: the other way round.",
        },
        "other": {**KEY, "description": "Identifier of the other item."},
        "group": {"type": "string", "maxLength": 40, "description": "Items of one group stand in for one another."},
        "needed": {
            "type": "integer",
            "minimum": 1,
            "maximum": 1000,
            "description": "How many of the group are enough.",
        },
        **GROUND,
    },
    "required": ["relation", "other"],
    "additionalProperties": False,
}
_END = {"type": "object", "properties": GROUND, "additionalProperties": False}


class RelatedItemSerializer(serializers.Serializer):
    """The item at the other end."""

    identifier = serializers.CharField()
    name = serializers.CharField()
    ci_class = CodeField()
    status = CodeField()


class ItemRelationSerializer(serializers.Serializer):
    """A relation, read from the item that was asked about. Customers are told what hangs together, and no more."""

    id = serializers.IntegerField(help_text="As it is ended by.")
    relation = serializers.CharField(help_text="Code of the type.")
    name = serializers.CharField(help_text="The type's name, read in this direction.")
    direction = serializers.CharField(
        help_text="out: from the item asked about to the other; in: the other way round."
    )
    other = RelatedItemSerializer()
    group = serializers.CharField(required=False, help_text="Items of one group stand in for one another.")
    needed = serializers.IntegerField(required=False, help_text="How many of the group are enough.")
    valid_from = serializers.DateTimeField(required=False, allow_null=True)
    valid_to = serializers.DateTimeField(required=False, allow_null=True, help_text="Null: it goes on.")
    recorded_at = serializers.DateTimeField(required=False)
    source = serializers.CharField(required=False, help_text="Who said it: page, api, or the name of a source.")  # type: ignore[assignment]  # a field called so

    def get_fields(self) -> dict[str, Any]:
        """Of customers only what is theirs: a group tells of items that they do not see, a time of other owners."""
        fields = super().get_fields()
        if not self.context.get("for_customer"):
            return fields
        return {name: field for name, field in fields.items() if field.required}


class WrittenRelationSerializer(ItemRelationSerializer):
    """A relation after it was made, changed or ended."""

    claimed = serializers.BooleanField(
        help_text="A stronger source says otherwise: what was said is kept beside the record."
    )


def lines_of(item: int, rows: Iterable[RelationVersion], user: User, moment: Moment) -> list[dict[str, Any]]:
    """``rows`` as read from the item of the key ``item``, with the others as they are at the moment. One query."""
    known = None if moment.is_now else Definitions(moment.defined_at)
    rows = as_called(rows, moment, known)
    others = seen_items({end for row in rows for end in (row.source_id, row.target_id)}, user, moment, known)
    return [_line(row, row.source_id == item, others) for row in rows]


def _line(row: RelationVersion, outward: bool, others: Mapping[int, Any]) -> dict[str, Any]:
    return {
        "id": row.relation_id,
        "relation": row.relation_type_id,
        "name": row.relation_type.name if outward else row.relation_type.inverse,
        "direction": "out" if outward else "in",
        "other": others[row.target_id if outward else row.source_id],
        "group": row.group,
        "needed": row.needed,
        "valid_from": row.valid.lower,
        "valid_to": row.valid.upper,
        "recorded_at": row.known,
        "source": (row.sources.get("") or [""])[0],
    }


class RelationsView(ItemView):
    """The relations of an item; POST makes one."""

    http_method_names: tuple[str, ...] = ("get", "post", "head", "options")
    query = (*MOMENTS, *PAGING)
    sorts = {"relation": (Column("relation_type__position"), Column("relation_type_id"))}

    def get(self, request: Request, key: str) -> Response:
        """A page of those whose both ends the person sees."""
        moment = moment_of(request)
        item = self.key(key, moment)
        seen = items_at(moment, self.user).values("pk" if moment.is_now else "item_id")
        found = relation_versions_at(moment).filter(Q(source=item) | Q(target=item), source__in=seen, target__in=seen)

        def to_data(rows: list[RelationVersion]) -> Any:
            lines = lines_of(item, rows, self.user, moment)
            context = {"for_customer": not self.user.may(Permission.CMDB_VIEW)}
            return ItemRelationSerializer(lines, many=True, context=context).data

        return Response(paged(request, found.select_related("relation_type"), self.sorts, "relation", to_data))

    def post(self, request: Request, key: str) -> Response:
        """Relate it to another item, or say anew how many of a group are enough."""
        return answer_once(request, lambda: self._relate(request, key))

    def _relate(self, request: Request, key: str) -> Response:
        item = editable(self, key)
        link, lost = read_link(request, item, self.user), list[Relation]()
        stamp = stamp_of(dict(request.data), self.user)
        related(lambda: write_relations([link], stamp, lost=lost))
        row = existing_relations([link.key])[link.key]
        return answer(self.user, item, row, claimed=bool(lost), status=201)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        if method == "get":
            return Operation(
                id="items_relations",
                tag=TAG,
                summary=_("List the relations of a configuration item, now or at any moment"),
                response=page_serializer(ItemRelationSerializer),
                path={"key": KEY},
                parameters=MOMENT_PARAMETERS,
            )
        return writing_relations("items_relate", _("Relate a configuration item to another one"), _RELATE, status=201)


class EndRelationView(ItemView):
    """Ends a relation."""

    http_method_names: tuple[str, ...] = ("post", "options")
    query = ()

    def post(self, request: Request, key: str, pk: int) -> Response:
        """From now on, or since it is so."""
        return answer_once(request, lambda: self._end(request, key, pk))

    def _end(self, request: Request, key: str, pk: int) -> Response:
        item = editable(self, key)
        row = Relation.objects.filter(Q(source=item) | Q(target=item), pk=pk, active=True).first()
        if row is None:
            raise Http404
        if errors := unknown(request.data, STAMPS):
            raise ValidationError(errors)
        stamp, lost = stamp_of(dict(request.data), self.user), list[Relation]()
        related(lambda: end_relations([row], stamp, lost=lost))
        return answer(self.user, item, row, claimed=bool(lost))

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        key = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
        return writing_relations("items_end_relation", _("End a relation of a configuration item"), _END, pk=key)


def editable(view: ItemView, key: str) -> ConfigurationItem:
    """The item, for those who relate items on its page. Raises Http404, PermissionDenied."""
    found: ConfigurationItem = view.find(key, NOW)
    if not (view.user.may(Permission.CMDB_VIEW) and may_edit(view.user)):
        raise PermissionDenied
    return found


def read_link(request: Request, item: ConfigurationItem, user: User) -> Link:
    """The relation of ``item`` that a request names. Raises ValidationError."""
    data, _files = read_input(LinkForm, request)
    kind, direction = data.get("relation"), data.get("direction", "out")
    form = LinkForm({**data, "relation": f"{kind}:{'in' if direction == 'in' else 'out'}" if kind else ""})
    errors = unknown(data, (*form.fields, "direction", *STAMPS))
    if direction not in ("out", "in"):
        errors["direction"] = [_("out or in is expected.")]
    link = form.link(item, user)
    if link is None or errors:
        raise ValidationError(errors | {name: list(map(str, texts)) for name, texts in form.errors.items()})
    return link


def related(write: Callable[[], int]) -> None:
    """Do it. Raises ValidationError naming what does not fit, Conflict."""
    try:
        written(write)
    except RelationRefused as error:
        raise ValidationError({error.field: [str(error)]}) from error


def answer(user: User, item: ConfigurationItem, relation: Relation, *, claimed: bool, status: int = 200) -> Response:
    """The relation as it is believed now."""
    versions = RelationVersion.objects.believed().filter(relation=relation).select_related("relation_type")
    latest = versions.order_by("-valid__startswith")[:1]
    lines = [{**line, "claimed": claimed} for line in lines_of(item.pk, latest, user, NOW)]
    return Response(WrittenRelationSerializer(lines[0]).data, status=status)


def writing_relations(
    name: str, summary: Any, body: dict[str, Any], *, status: int = 200, **parts: dict[str, Any]
) -> Operation:
    """How the description shows what writes a relation."""
    return Operation(
        id=name,
        tag=TAG,
        summary=summary,
        request={"application/json": body},
        response=WrittenRelationSerializer,
        status=status,
        errors=CREATE_ERRORS,
        path={"key": KEY, **parts},
        parameters=(IDEMPOTENCY_KEY,),
    )


routes = [
    path("items/<key:key>/relations/", RelationsView.as_view(), name="item-relations"),
    path("items/<key:key>/relations/<int:pk>/end/", EndRelationView.as_view(), name="item-relation-end"),
]
