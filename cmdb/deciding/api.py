"""What waits for a decision, in the API: listed, read, decided as on the page (CMDB-08)."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import path
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ApiToken
from accounts.permissions import Permission
from cmdb.api.shapes import KEY, TAG, Conflict
from cmdb.api.writing import GROUND, STAMPS, stamp_of, written
from cmdb.authority import Stamp, may_correct, may_edit
from cmdb.deciding.filters import SORTS, DifferenceFilter
from cmdb.deciding.lines import Line, lines_of
from cmdb.deciding.services import (
    POSSIBLE,
    Unread,
    decide,
    digest_of,
    identify,
    leave_out,
    otherwise_only,
    take_back,
)
from cmdb.deciding.things import RELATED, find_difference, item_named
from cmdb.models import ConfigurationItem, Difference
from itsm.api.fields import PersonField
from itsm.api.form_input import unknown
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, LIST_ERRORS, READ_ERRORS, Operation
from itsm.api.problems import Problem, problem_of
from itsm.api.schema import page_serializer
from itsm.api.views import ApiView, ListView

#: As programs call the decisions, and as they are kept.
TAKE, KEEP, UNDO = "take", "keep", "undo"
ITEM, OUT = Difference.Decision.ITEM.value, Difference.Decision.OUT.value
NAMES = {Difference.Decision.TAKEN.value: TAKE, Difference.Decision.KEPT.value: KEEP, ITEM: ITEM, OUT: OUT}
_BODY: dict[str, Any] = {
    "type": "object",
    "properties": {
        "decision": {
            "type": "string",
            "enum": [*NAMES.values(), UNDO],
            "description": "take: the seen value; keep: the record is right; item: the thing is `item`; out: none of "
            "ours; undo: let what was decided wait again. `possible` says which.",
        },
        "item": {**KEY, "description": "Identifier of the item that the thing is."},
        "retired": {"type": "boolean", "description": "An item that is retired is meant; nothing of it is written."},
        "digest": {"type": "string", "maxLength": 16, "description": "Which content was read; another is refused."},
        "agreed": {
            "type": "string",
            "maxLength": 32,
            "description": "To overwrite what is recorded of `item` at once: the `mark` of the 409 that says what.",
        },
        **GROUND,
    },
    "required": ["decision"],
    "additionalProperties": False,
}


class DifferenceSerializer(serializers.Serializer):
    """Something that waits for a person, or how it was decided."""

    id = serializers.IntegerField(source="row.pk")
    what = serializers.ChoiceField(source="row.what", choices=Difference.What.choices)
    source = serializers.CharField(source="row.sighting.source")  # type: ignore[assignment]  # a field called so
    key = serializers.CharField(source="row.sighting.key", help_text="What the source calls the thing.")
    item = serializers.CharField(source="row.item.identifier", default=None, allow_null=True, help_text="Identifier.")
    field = serializers.CharField(source="row.field", help_text="Empty: it is about a thing, not about a value.")
    recorded = serializers.JSONField(source="row.recorded_value", allow_null=True)
    seen = serializers.JSONField(
        source="row.seen_value", allow_null=True, help_text="The value; of a thing all its values, by name."
    )
    candidates = serializers.ListField(
        source="row.candidates", child=serializers.CharField(), help_text="Items that it may be."
    )
    proposed_by = serializers.CharField(source="by", help_text="The person who saw it; empty: a source.")
    ticket = serializers.CharField(help_text="While working on which it was seen.")
    found_at = serializers.DateTimeField(source="row.found_at")
    seen_at = serializers.DateTimeField(source="row.sighting.seen_at", help_text="When the source last saw the thing.")
    decision = serializers.CharField(source="row.decision", help_text="Empty: it waits.")
    decided_by = PersonField(source="row.decided_by", allow_null=True)
    decided_at = serializers.DateTimeField(source="row.decided_at", allow_null=True)
    reason = serializers.CharField(source="row.reason")
    reference = serializers.CharField(source="row.reference", help_text="The change under which a value was taken.")
    undone_by = PersonField(source="row.undone_by", allow_null=True)
    undone_at = serializers.DateTimeField(source="row.undone_at", allow_null=True)
    possible = serializers.SerializerMethodField(help_text="What can be decided.")
    digest = serializers.SerializerMethodField(help_text="Which content this is.")

    def get_possible(self, line: Line) -> list[str]:
        """As the request names it."""
        return [] if line.row.decision else possible(line.row)

    def get_digest(self, line: Line) -> str:
        """Sent with a decision, it is refused when the source says something else by then."""
        return digest_of(line.row)


class DecidedSerializer(DifferenceSerializer):
    """How it was decided, and what came of that."""

    waiting = serializers.ListField(
        child=serializers.CharField(), help_text="Fields of the item that differ and wait for a decision now."
    )
    taken = serializers.ListField(child=serializers.CharField(), help_text="Fields that were taken over.")


def possible(row: Difference) -> list[str]:
    """What a request can decide; a new item is recorded first, and then it is that one."""
    return [NAMES[one] for one in POSSIBLE[row.what] if one in NAMES]


class DifferencesView(ListView):
    """What waits for a decision, and what was decided."""

    reads = ApiToken.Scope.DIRECTORY_READ
    filters = DifferenceFilter
    sorts = SORTS
    default_order = "-found_at"
    serializer = DifferenceSerializer

    def rows(self, request: Request) -> QuerySet[Any]:
        """All, for those who keep items."""
        keep_out(self)
        return Difference.objects.select_related(*RELATED)

    def to_data(self, rows: list[Any]) -> list[Any]:
        """Differences as data for the person."""
        return list(self.serializer(lines_of(rows, self.user), many=True, context={"request": self.request}).data)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        return Operation(
            id="items_differences",
            tag=TAG,
            summary=_("List what discovery saw otherwise than it is recorded"),
            response=page_serializer(DifferenceSerializer),
            errors=LIST_ERRORS,
        )


class DifferenceView(ApiView):
    """One of them."""

    reads = ApiToken.Scope.DIRECTORY_READ

    def get(self, request: Request, pk: int) -> Response:
        """As it is now."""
        keep_out(self)
        return Response(_data(self, find_difference(pk), DifferenceSerializer))

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        return Operation(
            id="items_difference",
            tag=TAG,
            summary=_("Read what was seen otherwise"),
            response=DifferenceSerializer,
            errors=READ_ERRORS,
            path={"pk": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}},
        )


class DecideDifferenceView(ApiView):
    """Decides one."""

    http_method_names: tuple[str, ...] = ("post", "options")
    writes = ApiToken.Scope.CMDB_WRITE

    def post(self, request: Request, pk: int) -> Response:
        """Decide it as on its page."""
        if not (self.user.may(Permission.CMDB_VIEW) and may_correct(self.user)):
            raise PermissionDenied
        return answer_once(request, lambda: self._decide(request, pk))

    def _decide(self, request: Request, pk: int) -> Response:
        row, body = find_difference(pk), _read(request)
        stamp = stamp_of({name: body[name] for name in STAMPS if name in body}, self.user)
        done = written(lambda: self._write(row, body, stamp))
        came_of_it = {"taken": getattr(done, "taken", []), "waiting": getattr(done, "waiting", [])}
        shown = done if isinstance(done, Difference) else row
        return Response({**_data(self, find_difference(shown.pk), DifferenceSerializer), **came_of_it})

    def _write(self, row: Difference, body: dict[str, Any], stamp: Stamp) -> Any:
        decision, digest = body["decision"], body.get("digest", "")
        if decision == UNDO:
            return take_back(difference=row, stamp=stamp)
        if not row.decision and decision not in possible(row):
            raise Conflict(otherwise_only(row, possible(row)))
        if decision == OUT:
            return leave_out(difference=row, stamp=stamp, digest=digest)
        if decision == ITEM:
            item, retired = self._item(body.get("item", "")), body.get("retired", False)
            agreed = body.get("agreed", "")
            return identify(difference=row, item=item, stamp=stamp, retired=retired, digest=digest, agreed=agreed)
        return decide(difference=row, taken=decision == TAKE, stamp=stamp, digest=digest)

    def _item(self, identifier: str) -> ConfigurationItem:
        found = item_named(identifier, self.user)
        if found is None:
            raise ValidationError({"item": [_("There is no such item.")]})
        return found

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        return Operation(
            id="items_difference_decide",
            tag=TAG,
            summary=_("Decide about what was seen otherwise"),
            description=_(
                "A thing that is to be a new item is recorded first (`POST items/`), and then it is that item. What "
                "cannot be decided so, or was decided or said otherwise meanwhile, is a 409; so is what would "
                "overwrite values of the item at once (`overwrites`), unless their `mark` is sent as `agreed`."
            ),
            request={"application/json": _BODY},
            response=DecidedSerializer,
            errors=CREATE_ERRORS,
            path={"pk": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}},
            parameters=(IDEMPOTENCY_KEY,),
        )


@problem_of.register
def _of_unread(error: Unread, request: Request) -> Problem:
    """What would be overwritten, and the mark that agrees to it."""
    told = {"overwrites": list(error.preview.follows), "mark": error.preview.mark}
    return Problem(409, str(error), extra=told)


def keep_out(view: ApiView) -> None:
    """Refuse those who keep no items. Raises PermissionDenied."""
    if not (view.user.may(Permission.CMDB_VIEW) and may_edit(view.user)):
        raise PermissionDenied


def _data(view: ApiView, row: Difference, serializer: type[serializers.Serializer]) -> Any:
    [line] = lines_of([row], view.user)
    return serializer(line, context={"request": view.request}).data


def _read(request: Request) -> dict[str, Any]:
    """What a request decides. Raises ValidationError."""
    body = dict(request.data)
    errors = unknown(body, tuple(_BODY["properties"]))
    if body.get("decision") not in (*NAMES.values(), UNDO):
        errors["decision"] = [
            _("One of these is expected: %(names)s.") % {"names": ", ".join((*NAMES.values(), UNDO))}
        ]
    for name in ("item", "digest", "agreed"):
        if not isinstance(body.get(name, ""), str) or "\0" in body.get(name, ""):
            errors[name] = [_("A text is expected.")]
    if not isinstance(body.get("retired", False), bool):
        errors["retired"] = [_("True or false is expected.")]
    if errors:
        raise ValidationError(errors)
    return body


routes = [
    path("items/differences/", DifferencesView.as_view(), name="item-differences"),
    path("items/differences/<int:pk>/", DifferenceView.as_view(), name="item-difference"),
    path("items/differences/<int:pk>/decide/", DecideDifferenceView.as_view(), name="item-difference-decide"),
]
