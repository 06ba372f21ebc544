"""Merging and splitting items in the API; an identifier that was merged leads to the other item for life (CMDB-01)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from django.http import Http404
from django.urls import path
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import Permission
from cmdb.api.shapes import KEY, TAG, Conflict, ItemView
from cmdb.api.writing import GROUND, identifier_of, stamp_of, written
from cmdb.authority import may_edit
from cmdb.inputs import NAMES
from cmdb.merging.references import rows_of
from cmdb.merging.services import NotOne, facts_of, identity_of, merge, split, take_back
from cmdb.models import ConfigurationItem, IdentityChange
from cmdb.pages import relations_of
from cmdb.relating import RelationRefused
from cmdb.versioning.moments import NOW
from itsm.api.fields import PersonField
from itsm.api.form_input import unknown
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, Operation

_TEXTS = {"type": "array", "items": {"type": "string", "maxLength": 200}}
_GROUND = {name: schema for name, schema in GROUND.items() if name != "since"}
GROUNDS = tuple(_GROUND)


def _body(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    found = {"type": "object", "properties": {**properties, **_GROUND}, "additionalProperties": False}
    return {"application/json": {**found, "required": list(required)} if required else found}


_MERGE = _body({"other": KEY, "take": {**_TEXTS, "description": "Fields of which the other's value holds."}}, "other")
_SPLIT = _body(
    {
        "identifier": KEY,
        "name": {"type": "string", "minLength": 1, "maxLength": 200},
        "goes": {**_TEXTS, "description": "Fields that only the new item has."},
        "both": {**_TEXTS, "description": "Fields that both have."},
        "relations": {"type": "array", "items": {"type": "integer"}, "description": "As `identity` numbers them."},
        "rows": {**_TEXTS, "description": "What refers to it and goes along, as `identity` names it."},
    },
    "identifier",
    "name",
)


class IdentityChangeSerializer(serializers.Serializer):
    """A merge or a split."""

    id = serializers.IntegerField()
    kind = serializers.CharField(help_text="merge: other was merged into item; split: it was split off.")
    item = serializers.CharField(source="item.identifier")
    other = serializers.CharField(source="other.identifier")
    at = serializers.DateTimeField()
    by = PersonField(allow_null=True)
    reason = serializers.CharField()
    undone_at = serializers.DateTimeField(allow_null=True)


class _LineSerializer(serializers.Serializer):
    key = serializers.CharField()
    text = serializers.CharField()


class IdentitySerializer(serializers.Serializer):
    """Merges and splits of an item that stand; its relations and what refers to it, as a split names them."""

    changes = IdentityChangeSerializer(many=True)
    relations = _LineSerializer(many=True)
    rows = _LineSerializer(many=True)


class IdentityView(ItemView):
    """What an item was merged with or split off, and what would follow a split."""

    query = ()

    def get(self, request: Request, key: str) -> Response:
        """For those who see all items."""
        if not self.user.may(Permission.CMDB_VIEW):
            raise PermissionDenied
        item = own_item(self, key)
        found = relations_of(item.pk, self.user, NOW)
        kin = [(row["relation"].pk, f"{one.label} {row['item']}") for one in found for row in one.rows]
        data = {
            "changes": identity_of(item),
            "relations": [{"key": str(pk), "text": text} for pk, text in kin],
            "rows": [{"key": name, "text": text} for rows in rows_of(item.pk).values() for name, text in rows],
        }
        return Response(IdentitySerializer(data, context={"request": request}).data)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        return Operation(
            id="items_identity",
            tag=TAG,
            summary=_("Read what a configuration item was merged with or split off"),
            response=IdentitySerializer,
            path={"key": KEY},
        )


def own_item(view: ItemView, key: str) -> ConfigurationItem:
    """The item of that very identifier, also when it was merged. Raises Http404."""
    found = ConfigurationItem.objects.visible_to(view.user).filter(identifier=key).first()
    if found is None:
        raise Http404
    return found


class _ChangingView(ItemView):
    """Changes the identity of items, once for one key."""

    http_method_names: tuple[str, ...] = ("post", "options")
    query = ()

    def once(self, request: Request, write: Callable[[], IdentityChange]) -> Response:
        """Refuse others; say why things stand against it."""
        if not may_edit(self.user):
            raise PermissionDenied

        def answer() -> Response:
            try:
                row = written(write)
            except (NotOne, RelationRefused) as error:
                raise Conflict(str(error)) from error
            return Response(IdentityChangeSerializer(row, context={"request": request}).data)

        return answer_once(request, answer)

    def read(self, request: Request, *names: str) -> tuple[dict[str, Any], Any]:
        """The body without its ground, and the stamp. Raises ValidationError."""
        body = dict(request.data)
        stamp = stamp_of({name: body.pop(name) for name in GROUNDS if name in body}, self.user)
        errors = unknown(body, names)
        for name, value in body.items():
            if name in ("take", "goes", "both", "rows") and not _are(value, str):
                errors[name] = [_("A list of texts is expected.")]
            if name == "relations" and not _are(value, int):
                errors[name] = [_("A list of numbers is expected.")]
            if name in ("other", "name", "identifier") and not isinstance(value, str):
                errors[name] = [_("A text is expected.")]
        errors |= {name: [_("This is needed.")] for name in names if name in ("other", "name") and not body.get(name)}
        if errors:
            raise ValidationError(errors)
        return body, stamp


def _are(value: Any, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(one, kind) and not isinstance(one, bool) for one in value)


def _fields(body: Mapping[str, Any], name: str, facts: Mapping[str, Any]) -> list[str]:
    """Fields as they are kept. Raises ValidationError for one that neither item has."""
    found = [NAMES.get(text, text) for text in body.get(name, [])]
    if wrong := [text for text in found if text not in facts]:
        raise ValidationError({name: [_("“%(value)s” is not known.") % {"value": wrong[0][:60]}]})
    return found


def _among(body: Mapping[str, Any], name: str, known: Collection[Any]) -> None:
    """Raises ValidationError for one that is none of the item's."""
    if wrong := [str(one) for one in body.get(name, []) if one not in known]:
        raise ValidationError({name: [_("“%(value)s” is not known.") % {"value": wrong[0][:60]}]})


class MergeView(_ChangingView):
    """Merges another item into this one."""

    def post(self, request: Request, key: str) -> Response:
        """Tickets, relations and whatever else refers to it follow."""
        item = own_item(self, key)
        body, stamp = self.read(request, "other", "take")
        other = ConfigurationItem.objects.visible_to(self.user).filter(identifier=body["other"]).first()
        if other is None:
            raise ValidationError({"other": [_("There is no such item.")]})
        taken = _fields(body, "take", {**facts_of(item), **facts_of(other)})
        return self.once(request, lambda: merge(item=item, other=other, taken=taken, stamp=stamp))

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        return _operation("items_merge", _("Merge another configuration item into this one"), _MERGE)


class SplitView(_ChangingView):
    """Splits a new item off."""

    def post(self, request: Request, key: str) -> Response:
        """Values, relations and what refers to it go along as named."""
        item = own_item(self, key)
        body, stamp = self.read(request, "identifier", "name", "goes", "both", "relations", "rows")
        facts = facts_of(item)
        goes, both = (_fields(body, name, facts) for name in ("goes", "both"))
        given = {name: facts[name] for name in ("ci_class_id", "status_id", *goes, *both)} | {"name": body["name"]}
        known = {text for rows in rows_of(item.pk).values() for text, _shown in rows}
        kin = {row["relation"].pk for group in relations_of(item.pk, self.user, NOW) for row in group.rows}
        _among(body, "relations", kin)
        _among(body, "rows", known)
        parts: dict[str, Any] = {
            "identifier": identifier_of(body.get("identifier", "")),
            "kept": dict.fromkeys(goes),
            "given": given,
            "relations": body.get("relations", []),
            "rows": body.get("rows", []),
        }
        return self.once(request, lambda: split(item=item, stamp=stamp, **parts))

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        return _operation("items_split", _("Split a new configuration item off this one"), _SPLIT)


class TakeBackView(_ChangingView):
    """Takes a merge or split back."""

    def post(self, request: Request, key: str, pk: int) -> Response:
        """All is as before, but for what was written since."""
        item = own_item(self, key)
        row = IdentityChange.objects.filter(pk=pk, item=item).select_related("item", "other", "by").first()
        if row is None:
            raise Http404
        _body_given, stamp = self.read(request)

        def back() -> IdentityChange:
            take_back(change=row, stamp=stamp)
            row.refresh_from_db()
            return row

        return self.once(request, back)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        number = {"pk": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}}
        return _operation("items_identity_undo", _("Take a merge or split back"), _body({}), **number)


def _operation(name: str, summary: Any, request: Any, **more: Any) -> Operation:
    return Operation(
        id=name,
        tag=TAG,
        summary=summary,
        request=request,
        response=IdentityChangeSerializer,
        errors=CREATE_ERRORS,
        path={"key": KEY, **more},
        parameters=(IDEMPOTENCY_KEY,),
    )


routes = [
    path("items/<key:key>/identity/", IdentityView.as_view(), name="item-identity"),
    path("items/<key:key>/identity/<int:pk>/undo/", TakeBackView.as_view(), name="item-identity-undo"),
    path("items/<key:key>/merge/", MergeView.as_view(), name="item-merge"),
    path("items/<key:key>/split/", SplitView.as_view(), name="item-split"),
]
