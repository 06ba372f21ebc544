"""Exports in the API: ask, follow, fetch, cancel. Always a job; the answer says where to look for it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, QueryDict
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ApiToken
from accounts.permissions import Permission
from exporting import services
from exporting.forms import ExportForm
from exporting.models import Export
from exporting.sources import SOURCES, RefusedList
from exporting.views import sent_file
from itsm.api.form_input import checked, unknown
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, READ_ERRORS, Operation
from itsm.api.problems import Problem, problem_of
from itsm.api.views import ApiView
from itsm.documents.sheets import TYPES
from tickets import clock

TAG = _("Exports")
LARGEST = 2**31 - 1
#: The view that leaves nothing out.
EVERYTHING = "all"
PK = {"id": {"type": "integer", "minimum": 1, "maximum": LARGEST}}
INPUT = {
    "application/json": {
        "type": "object",
        "required": ["source", "format"],
        "additionalProperties": False,
        "properties": {
            "source": {"type": "string", "enum": list(SOURCES), "description": "Which list."},
            "format": {"type": "string", "enum": Export.Format.values},
            "query": {
                "type": "string",
                "maxLength": 4000,
                "description": (
                    "What follows the ? in the address of the list, such as kind=incident&state=closed. "
                    "Without view= or saved= it is every ticket, as in the list of the API."
                ),
            },
            "columns": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Codes of columns; the usual ones unless given. all: every column.",
            },
        },
    }
}


class ExportSerializer(serializers.Serializer):
    """An export."""

    id = serializers.IntegerField(source="pk")
    source = serializers.CharField()  # type: ignore[assignment]  # DRF has an attribute of this name
    format = serializers.CharField()
    status = serializers.ChoiceField(choices=Export.State.choices)
    rows_total = serializers.IntegerField(allow_null=True, help_text="Null until they are counted.")
    rows_done = serializers.IntegerField()
    columns = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    url = serializers.SerializerMethodField(help_text="Where to look how far it is.")
    file_url = serializers.SerializerMethodField(help_text="Where the file is; null while there is none.")

    def get_url(self, export: Export) -> str:
        """Its own address."""
        return reverse("api:export", args=[export.pk])

    def get_file_url(self, export: Export) -> str | None:
        """The file's address, once it is ready."""
        return reverse("api:export-file", args=[export.pk]) if export.status == Export.State.READY else None


@problem_of.register
def of_busy_export(error: services.ExportBusyError, request: Request) -> Problem:
    """One at a time."""
    return Problem(409, services.message_busy())


@problem_of.register
def of_refused_list(error: RefusedList, request: Request) -> Problem:
    """What is wrong with the filters."""
    return Problem(400, errors=error.errors)


class ExportApiView(ApiView):
    """Base: only for those who may export."""

    writes = ApiToken.Scope.TICKETS_READ

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse everybody else."""
        super().initial(request, *args, **kwargs)
        if not self.user.may(Permission.EXPORT):
            raise PermissionDenied

    def find(self, pk: int) -> Export:
        """One of the own exports. Raises Http404."""
        found = Export.objects.visible_to(self.user).filter(pk=pk).first() if pk <= LARGEST else None
        if found is None:
            raise Http404
        return found


class ExportsView(ExportApiView):
    """Asking for an export."""

    def post(self, request: Request) -> Response:
        """Begin it."""
        return answer_once(request, lambda: self._begin(request))

    def _begin(self, request: Request) -> Response:
        asked = self._asked(request)
        export = services.plan_export(
            user=self.user,
            source=asked["source"],
            query=asked["query"],
            columns=asked["columns"],
            file_format=asked["format"],
            now=clock.now(),
        )
        body = ExportSerializer(services.queue_export(export)).data
        return Response(body, status=202, headers={"Location": body["url"]})

    def _asked(self, request: Request) -> dict[str, Any]:
        data: dict[str, Any] = request.data  # type: ignore[assignment]  # our parser takes objects only
        wrong = unknown(data, ExportForm.base_fields)
        columns = data.get("columns", [])
        if not (isinstance(columns, list) and all(isinstance(name, str) for name in columns)):
            wrong["columns"] = [_("A list of texts is expected.")]
        wrong |= {
            name: [_("A text is expected.")]
            for name in ("source", "query", "format")
            if not isinstance(data.get(name, ""), str)
        }
        if wrong:
            raise ValidationError(wrong)
        return self._checked(dict(data), columns)

    def _checked(self, data: dict[str, Any], columns: list[str]) -> dict[str, Any]:
        query = QueryDict(mutable=True)
        query.update({name: data[name] for name in ("source", "query", "format") if name in data})
        form = ExportForm(query, user=self.user)
        offered = [str(name) for name, _label in form.fields["columns"].choices]  # type: ignore[attr-defined]
        query.setlist("columns", offered if columns == ["all"] else columns)
        asked = checked(form)
        if asked["source"] == "tickets" and not {"view", "saved"} & set(asked["query"]):
            asked["query"]["view"] = EVERYTHING  # pages start with a queue; programs mean what they say
        return asked

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="exports_create",
            tag=TAG,
            summary=_("Export a list"),
            description=_(
                "Complete, as the person sees it. One at a time for each person; the file is kept for a day."
            ),
            request=INPUT,
            response=ExportSerializer,
            status=202,
            errors=tuple(code for code in CREATE_ERRORS if code != 404),
            parameters=(IDEMPOTENCY_KEY,),
        )


class ExportView(ExportApiView):
    """One export."""

    def get(self, request: Request, pk: int) -> Response:
        """How far it is."""
        return Response(ExportSerializer(self.find(pk)).data)

    def delete(self, request: Request, pk: int) -> Response:
        """Cancel it, unless it is over."""
        services.cancel_export(self.find(pk))
        return Response(status=204)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        if method == "delete":
            return Operation(id="exports_cancel", tag=TAG, summary=_("Cancel an export"), status=204, path=PK)
        return Operation(
            id="exports_read", tag=TAG, summary=_("How far an export is"), response=ExportSerializer, path=PK
        )


class FileView(ExportApiView):
    """The file of an export."""

    def get(self, request: Request, pk: int) -> FileResponse:
        """Send it; 404 while it is not ready, and after it was removed."""
        return sent_file(self.find(pk))

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="exports_file",
            tag=TAG,
            summary=_("Fetch the file of an export"),
            response={"type": "string", "format": "binary"},
            media_type=TYPES["csv"].partition(";")[0],
            other_types=(TYPES["xlsx"],),
            errors=READ_ERRORS,
            path=PK,
        )


routes = [
    path("exports/", ExportsView.as_view(), name="exports"),
    path("exports/<int:pk>/", ExportView.as_view(), name="export"),
    path("exports/<int:pk>/file/", FileView.as_view(), name="export-file"),
]
