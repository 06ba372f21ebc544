"""Imports in the API: send files, follow the work, read what became of it, take it back (CMDB-05).

The checks, grounds and decisions are those of the page.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError as Wrong
from django.http import Http404
from django.urls import path, reverse
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ApiToken
from cmdb.api.shapes import TAG, Conflict
from cmdb.authority import may_correct
from cmdb.jobs.services import queue_job
from cmdb.models import ItemJob
from cmdb.transfer.dates import DateReading
from cmdb.transfer.forms import DATES, ImportForm, column_lines
from cmdb.transfer.outcome import ImportBusy
from cmdb.transfer.undoing import REFUSALS, NotTakenBack, is_large, queue_undo, undo_import
from itsm.api.fields import PersonField
from itsm.api.form_input import checked, unknown
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, Operation
from itsm.api.schema import list_serializer
from itsm.api.views import ApiView

SHOWN = 50
_TEXT = {"type": "string", "maxLength": 20_000}
_FILE = {"type": "string", "format": "binary", "description": "CSV in UTF-8 or Excel, at most 20 MB."}
_LINES = "One a line: heading = field; “heading = -” leaves a column out."
BODY: dict[str, Any] = {
    "type": "object",
    "properties": {
        "items": _FILE,
        "relations": _FILE,
        "source": {"type": "string", "maxLength": 40, "description": "Whose word the file is; import unless given."},
        "mapping": {**_TEXT, "description": "A mapping: shipped, one's own or shared."},
        "columns": {**_TEXT, "description": _LINES},
        "relation_columns": {**_TEXT, "description": _LINES},
        "dates": {**_TEXT, "description": f"One a line: heading = {', '.join(DateReading.values)}."},
        "keep_as": {"type": "string", "maxLength": 80, "description": "Keep the mapping under this name."},
        "keep_shared": {"type": "boolean"},
        "good_rows": {"type": "boolean", "description": "Write the good rows, leave out the others."},
        "dry_run": {"type": "boolean", "description": "Only check."},
        "change": {"type": "string", "maxLength": 60},
        "correction": {"type": "boolean"},
        "reason": {"type": "string", "maxLength": 500},
    },
    "required": ["items"],
    "additionalProperties": False,
}
ONE = {"pk": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}}


class UndecidedSerializer(serializers.Serializer):
    """Columns that nobody decided about: send the files again with what they are."""

    columns = serializers.ListField(child=serializers.CharField())
    relation_columns = serializers.ListField(child=serializers.CharField())
    dates = serializers.ListField(child=serializers.CharField())


class BadRowSerializer(serializers.Serializer):
    """A row that is wrong."""

    file = serializers.CharField(help_text="items or relations.")
    line = serializers.IntegerField()
    reason = serializers.CharField()


class ItemImportSerializer(serializers.Serializer):
    """An import: how far it is, what became of it."""

    id = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    by = PersonField()
    dry_run = serializers.SerializerMethodField()
    state = serializers.ChoiceField(choices=ItemJob.State.choices)
    stage = serializers.CharField(help_text="What it does: read, relations, write, relate.")
    done = serializers.IntegerField(help_text="Rows of the stage that are done.")
    total = serializers.IntegerField(help_text="Rows of the stage.")
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    message = serializers.CharField(source="outcome.message", default="", help_text="Why nothing was written.")
    counts = serializers.DictField(child=serializers.IntegerField())
    bad = BadRowSerializer(
        source="outcome.bad", many=True, default=[], help_text="Of the bad rows the first 500; all are counted."
    )
    undecided = UndecidedSerializer(source="outcome.undecided", default=None, allow_null=True)
    undone_at = serializers.DateTimeField(source="run.undone_at", default=None, allow_null=True)
    undone_by = PersonField(source="run.undone_by", default=None, allow_null=True)
    url = serializers.SerializerMethodField(help_text="Where to look how far it is.")

    def get_dry_run(self, job: ItemJob) -> bool:
        """Whether it only checks."""
        return bool(job.asked.get("dry_run"))

    def get_url(self, job: ItemJob) -> str:
        """Its own address."""
        return reverse("api:item-import", args=[job.pk])


class ItemImportUndoSerializer(serializers.Serializer):
    """The taking back of a large import: how far it is, what became of it."""

    id = serializers.IntegerField(source="pk")
    name = serializers.CharField(help_text="Of the import.")
    by = PersonField()
    state = serializers.ChoiceField(choices=ItemJob.State.choices)
    stage = serializers.CharField(help_text="What it does: relate, write.")
    done = serializers.IntegerField(help_text="Relations, then items, of the stage that are done.")
    total = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    message = serializers.CharField(source="outcome.message", default="", help_text="Why nothing was written.")
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="Items and relations taken back.")


class _ImportApiView(ApiView):
    """The configuration manager's."""

    reads = ApiToken.Scope.DIRECTORY_READ
    writes = ApiToken.Scope.CMDB_WRITE

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse others before anything is read."""
        super().initial(request, *args, **kwargs)
        if not may_correct(self.user):
            raise PermissionDenied

    def find(self, pk: int) -> ItemJob:
        """The import. Raises Http404."""
        rows = ItemJob.objects.filter(kind=ItemJob.Kind.IMPORT).select_related("by", "run")
        found = rows.filter(pk=pk).first()
        if found is None:
            raise Http404
        return found


class ImportsApiView(_ImportApiView):
    """The imports that a worker did or does; POST sends files."""

    http_method_names: tuple[str, ...] = ("get", "post", "head", "options")

    def get_parsers(self) -> list[BaseParser]:
        """Files come in parts."""
        return [MultiPartParser()]

    def get(self, request: Request) -> Response:
        """The latest 50."""
        rows = ItemJob.objects.filter(kind=ItemJob.Kind.IMPORT).select_related("by", "run")[:SHOWN]
        return Response({"results": ItemImportSerializer(rows, many=True).data})

    def post(self, request: Request) -> Response:
        """A worker begins within seconds; the answer says where to look."""
        return answer_once(request, lambda: self._begin(request))

    def _begin(self, request: Request) -> Response:
        sent = request.POST.dict()
        if errors := unknown({**sent, **request.FILES.dict()}, BODY["properties"]):
            raise ValidationError(errors)
        dry_run = sent.pop("dry_run", "").lower() in ("true", "1", "on")
        data = {**sent, **self._dates(sent.pop("dates", ""))}
        form = ImportForm(data, request.FILES, user=self.user)
        said = checked(form)
        files = (said["items"], said["relations"])
        asked = form.asked(said["items"].name, write=not dry_run)
        kind = ItemJob.Kind.IMPORT
        job = queue_job(kind=kind, name=said["items"].name, by=self.user, asked=asked.kept(), files=files)
        body = ItemImportSerializer(job).data
        return Response(body, status=202, headers={"Location": body["url"]})

    @staticmethod
    def _dates(text: str) -> dict[str, Any]:
        """The readings by field of the form. Raises ValidationError."""
        try:
            lines = column_lines(text)
        except Wrong as error:
            raise ValidationError({"dates": error.messages}) from error
        return {DATES + heading: reading for heading, reading in lines.items()}

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        if method == "get":
            return Operation(
                id="item_imports_list",
                tag=TAG,
                summary=_("List imports of configuration items"),
                response=list_serializer(ItemImportSerializer),
            )
        return Operation(
            id="item_imports_create",
            tag=TAG,
            summary=_("Read configuration items in from files"),
            description=_("Checked first, then written in one step, by a worker."),
            request={"multipart/form-data": BODY},
            response=ItemImportSerializer,
            status=202,
            errors=tuple(code for code in CREATE_ERRORS if code != 404),
            parameters=(IDEMPOTENCY_KEY,),
        )


class ImportApiView(_ImportApiView):
    """One import."""

    def get(self, request: Request, pk: int) -> Response:
        """How far it is."""
        return Response(ItemImportSerializer(self.find(pk)).data)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        return Operation(
            id="item_imports_read",
            tag=TAG,
            summary=_("How far an import of items is"),
            response=ItemImportSerializer,
            path=ONE,
        )


class UndoImportApiView(_ImportApiView):
    """Takes an import back; of a large one, how far a worker is with it."""

    http_method_names: tuple[str, ...] = ("get", "post", "head", "options")

    def get(self, request: Request, pk: int) -> Response:
        """How far it is; 404 when no worker was asked to."""
        run = self.find(pk).run
        jobs = ItemJob.objects.filter(kind=ItemJob.Kind.UNDO, run=run).select_related("by") if run else None
        if not jobs:
            raise Http404
        return Response(ItemImportUndoSerializer(jobs[0]).data)

    def post(self, request: Request, pk: int) -> Response:
        """As a correction; 409 with the reason when somebody went on with what it wrote. 202: a worker does it, and
        GET says how far it is.
        """
        return answer_once(request, lambda: self._undo(self.find(pk)))

    def _undo(self, job: ItemJob) -> Response:
        try:
            if job.run is None:
                raise NotTakenBack(_("There is nothing to take back."))
            if is_large(job.run):
                body = ItemImportUndoSerializer(queue_undo(run=job.run, by=self.user)).data
                where = reverse("api:item-import-undo", args=[job.pk])
                return Response(body, status=202, headers={"Location": where})
            undo_import(run=job.run, by=self.user)
        except (*REFUSALS, ImportBusy) as error:
            raise Conflict(str(error)) from error
        return Response(ItemImportSerializer(self.find(job.pk)).data)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        if method == "get":
            return Operation(
                id="item_imports_undo_read",
                tag=TAG,
                summary=_("How far the taking back of an import of items is"),
                response=ItemImportUndoSerializer,
                path=ONE,
            )
        return Operation(
            id="item_imports_undo",
            tag=TAG,
            summary=_("Take an import of items back"),
            response=ItemImportSerializer,
            errors=CREATE_ERRORS,
            path=ONE,
            parameters=(IDEMPOTENCY_KEY,),
        )


routes = [
    path("items/imports/", ImportsApiView.as_view(), name="item-imports"),
    path("items/imports/<int:pk>/", ImportApiView.as_view(), name="item-import"),
    path("items/imports/<int:pk>/undo/", UndoImportApiView.as_view(), name="item-import-undo"),
]
