"""Saved views and bulk actions in the API."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, QueryDict
from django.urls import path, reverse
from django.utils.encoding import force_str
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from itsm.api.form_input import checked, unknown
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, READ_ERRORS, Operation
from itsm.api.schema import list_serializer
from itsm.api.views import ApiView
from tickets import clock
from tickets.lifecycle import Kind, kinds
from tickets.models import SavedView
from tickets.queues.saved_view_forms import EVERYBODY, GROUP, MINE, SavedViewForm, move_view, replace_list

TAG = _("Saved views")
PK = {"id": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}}
_TEXT = {"type": "string"}
FIELDS: dict[str, Any] = {
    "name": {"type": "string", "minLength": 1, "maxLength": 60},
    "query": {
        "type": "string",
        "maxLength": 4000,
        "description": "What follows the ? in the address of a list, such as view=open&priority=P1&layout=table.",
    },
    "kind": {"type": ["string", "null"], "description": "Code of a kind; null for all kinds."},
    "audience": {"type": "string", "description": "me, group:<code>, or everybody; me unless given."},
    "move": {"type": "integer", "minimum": -100, "maximum": 100, "description": "By so many tabs."},
}


def _body(*names: str, required: tuple[str, ...] = ()) -> dict[str, Any]:
    schema = {"type": "object", "additionalProperties": False, "properties": {name: FIELDS[name] for name in names}}
    return {"application/json": schema | ({"required": list(required)} if required else {})}


class SavedViewSerializer(serializers.Serializer):
    """A saved view."""

    id = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    kind = serializers.CharField(allow_null=True)
    audience = serializers.SerializerMethodField(help_text="me, group:<code>, or everybody.")
    query = serializers.SerializerMethodField(help_text="Its filters, as an address has them.")
    layout = serializers.CharField(help_text="cards, table, or empty: as whoever looks chose.")
    columns = serializers.ListField(child=serializers.CharField())
    position = serializers.IntegerField()
    can_change = serializers.SerializerMethodField(help_text="Whether you may rename, move and delete it.")
    url = serializers.SerializerMethodField(help_text="The page that shows it.")

    def get_audience(self, view: SavedView) -> str:
        """For whom it is."""
        if view.everyone:
            return EVERYBODY
        return f"{GROUP}{view.group.code}" if view.group else MINE

    def get_query(self, view: SavedView) -> str:
        """Its filters."""
        return view.query.urlencode()

    def get_can_change(self, view: SavedView) -> bool:
        """For the person who asks."""
        return view.may_change(self.context["user"])

    def get_url(self, view: SavedView) -> str:
        """A page."""
        return f"{reverse('tickets:queue')}?saved={view.pk}"


class SavedViewsApi(ApiView):
    """Base: for those who work on tickets."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Customers have no queues."""
        super().initial(request, *args, **kwargs)
        if not self.user.is_agent:
            raise PermissionDenied

    def body(self, request: Request, *known: str) -> dict[str, Any]:
        """The sent fields. Raises ValidationError for unknown ones and wrong types."""
        data: dict[str, Any] = dict(request.data)
        errors = unknown(data, known)
        for name in set(data) & set(known):
            wanted = int if name == "move" else str
            empty = name == "kind" and data[name] is None
            if not empty and (not isinstance(data[name], wanted) or isinstance(data[name], bool)):
                errors[name] = [force_str(_("A value of another type is expected."))]
        if errors:
            raise ValidationError(errors)
        return data

    def data_of(self, view: SavedView) -> Any:
        """A view as data."""
        return SavedViewSerializer(view, context={"user": self.user}).data

    def kind_of(self, code: Any) -> Kind | None:
        """The kind with ``code``. Raises ValidationError."""
        known = {kind.code: kind for kind in kinds()}
        if code and code not in known:
            raise ValidationError({"kind": [force_str(_("There is no such kind."))]})
        return known.get(code)

    def checked(self, data: dict[str, Any], kind: Kind | None) -> SavedViewForm:
        """The form, valid. Raises ValidationError by field."""
        query = QueryDict(mutable=True)
        query.update({name: data[name] for name in ("name", "audience", "query") if data.get(name)})
        form = SavedViewForm(query, user=self.user, kind=kind, now=clock.now())
        checked(form)
        return form


class SavedViewsView(SavedViewsApi):
    """The views that the person sees as tabs; keeping another one."""

    def get(self, request: Request) -> Response:
        """All of them, in the order of tabs."""
        return Response({"results": [self.data_of(view) for view in SavedView.objects.visible_to(self.user)]})

    def post(self, request: Request) -> Response:
        """Keep a view."""
        return answer_once(request, lambda: self._create(request))

    def _create(self, request: Request) -> Response:
        data = self.body(request, "name", "query", "kind", "audience")
        form = self.checked(data, self.kind_of(data.get("kind")))
        body = self.data_of(form.keep())
        return Response(body, status=201, headers={"Location": reverse("api:view", args=[body["id"]])})

    def operation(self, method: str) -> Operation:
        """How the description shows them."""
        if method == "get":
            return Operation(
                id="views_list",
                tag=TAG,
                summary=_("List the saved views"),
                response=list_serializer(SavedViewSerializer),
                errors=tuple(code for code in READ_ERRORS if code != 404),
            )
        return Operation(
            id="views_create",
            tag=TAG,
            summary=_("Save a view"),
            request=_body("name", "query", "kind", "audience", required=("name",)),
            response=SavedViewSerializer,
            status=201,
            errors=tuple(code for code in CREATE_ERRORS if code != 404),
            parameters=(IDEMPOTENCY_KEY,),
        )


class SavedViewView(SavedViewsApi):
    """One saved view."""

    def find(self, pk: int, *, to_change: bool = False) -> SavedView:
        """The view. Raises Http404 when the person does not see it, PermissionDenied when they may not change it."""
        seen = SavedView.objects.visible_to(self.user)
        view: SavedView | None = seen.filter(pk=pk).first() if pk < 2**31 else None
        if view is None:
            raise Http404
        if to_change and not view.may_change(self.user):
            raise PermissionDenied
        return view

    def get(self, request: Request, pk: int) -> Response:
        """The view."""
        return Response(self.data_of(self.find(pk)))

    def patch(self, request: Request, pk: int) -> Response:
        """Rename it, move it, let it hold another list."""
        view = self.find(pk, to_change=True)
        data = self.body(request, "name", "query", "move")
        if "query" in data or "name" in data:
            given = {"name": view.name, "query": view.query.urlencode(), **data}
            form = self.checked(given, self.kind_of(view.kind))
            SavedView.objects.filter(pk=pk).update(name=form.cleaned_data["name"])
            if "query" in data:
                replace_list(view, form.listing, form.cleaned_data["query"], self.user)
        if "move" in data:
            move_view(view, self.user, data["move"])
        return Response(self.data_of(self.find(pk)))

    def delete(self, request: Request, pk: int) -> Response:
        """Remove it."""
        SavedView.objects.filter(pk=self.find(pk, to_change=True).pk).delete()
        return Response(status=204)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        if method == "delete":
            return Operation(id="views_delete", tag=TAG, summary=_("Remove a saved view"), status=204, path=PK)
        if method == "get":
            summary = _("Read a saved view")
            return Operation(id="views_read", tag=TAG, summary=summary, response=SavedViewSerializer, path=PK)
        return Operation(
            id="views_change",
            tag=TAG,
            summary=_("Change a saved view"),
            request=_body("name", "query", "move"),
            response=SavedViewSerializer,
            errors=CREATE_ERRORS,
            path=PK,
        )


SAVED_ROUTES = [
    path("views/", SavedViewsView.as_view(), name="views"),
    path("views/<int:pk>/", SavedViewView.as_view(), name="view"),
]
