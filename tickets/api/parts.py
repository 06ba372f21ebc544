"""Parts of a ticket: timeline, comments, attachments, relations."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import FileResponse
from django.utils.encoding import force_str
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, Operation
from itsm.api.schema import list_serializer, page_serializer
from itsm.api.views import PAGING, ApiView, paged
from itsm.documents.pictures import secured
from itsm.web.paging import Column
from tickets.api.base import NUMBER, TicketView
from tickets.api.lines import (
    AttachmentSerializer,
    CommentSerializer,
    TimelineEntrySerializer,
    attachment_data,
    comment_data,
    entry_data,
)
from tickets.api.lists import body_schemas
from tickets.forms import ATTACHMENTS_FIELD, AttachmentsField
from tickets.models import Ticket, TimelineEntry
from tickets.shared.forms import CommentForm
from tickets.timeline import Line, attachments_for, entries_for, present
from tickets.views.files import find_attachment

logger = logging.getLogger(__name__)
SORTS = {"at": (Column("at"),)}
COMMENT, NOTE = "comment", "note"
#: The one type of every download: generators of clients know no "any type".
ANY_BYTES = "application/octet-stream"
#: Files of one ticket are bounded by its quota; more than this are not listed.
MAX_FILES_LISTED = 500

TimelinePage = page_serializer(TimelineEntrySerializer)
CommentPage = page_serializer(CommentSerializer)
AttachmentList = list_serializer(AttachmentSerializer)


class TimelineView(TicketView):
    """The activity log of a ticket, oldest first."""

    query = PAGING
    sorts = SORTS

    def get(self, request: Request, number: str) -> Response:
        """A page of the entries that the person may read."""
        ticket = self.find(number)
        entries = entries_for(ticket, self.user)
        return Response(paged(request, entries, SORTS, "at", lambda rows: self._data(ticket, rows)))

    def _data(self, ticket: Ticket, rows: list[TimelineEntry]) -> list[dict[str, Any]]:
        return [entry_data(line) for line in present(rows, self.user, ticket.kind_info, values=True)]

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id=f"{self.kind.slug}_timeline",
            tag=force_str(self.kind.label_plural),
            summary=_("Read the activity log"),
            description=_("Oldest first; `ordering=-at` turns it round. Requesters get its public entries."),
            response=TimelinePage,
            path=NUMBER,
        )


class CommentInput(CommentForm):
    """What is posted to comments."""

    internal = forms.BooleanField(label=_("Only staff read it"), required=False)


class CommentsView(TicketView):
    """Replies and internal notes."""

    query = PAGING
    sorts = SORTS
    input_form = CommentInput

    def known_parameters(self) -> tuple[str, ...]:
        """Paging, for reading only."""
        return PAGING if self.request.method == "GET" else ()

    def get(self, request: Request, number: str) -> Response:
        """A page of what was written, oldest first."""
        ticket = self.find(number)
        written = entries_for(ticket, self.user).filter(action__in=(COMMENT, NOTE))
        return Response(paged(request, written, SORTS, "at", lambda rows: self._data(ticket, rows)))

    def _data(self, ticket: Ticket, rows: list[TimelineEntry]) -> list[dict[str, Any]]:
        return [comment_data(line) for line in present(rows, self.user, ticket.kind_info)]

    def post(self, request: Request, number: str) -> Response:
        """Reply, or write a note."""
        return answer_once(request, lambda: self._write(request, number))

    def _write(self, request: Request, number: str) -> Response:
        line = self.write(self.find(number), *self.read(request))
        return Response(comment_data(line), status=201)

    def write(self, ticket: Ticket, data: Mapping[str, Any], files: Any) -> Line:
        """Write a reply or note with files; return it as it stands in the timeline."""
        internal = forms.CheckboxInput().value_from_datadict(data, files, "internal")
        typed = {name: data[name] for name in data if name != "internal"}
        entry = self.act(ticket, NOTE if internal else COMMENT, typed, files)
        return present(entries_for(ticket, self.user).filter(pk=entry.pk), self.user, ticket.kind_info)[0]

    def operation(self, method: str) -> Operation:
        """How the description shows reading and writing."""
        shared: dict[str, Any] = {"tag": force_str(self.kind.label_plural), "path": NUMBER}
        if method == "get":
            name = f"{self.kind.slug}_comments"
            return Operation(id=name, summary=_("Read replies and notes"), response=CommentPage, **shared)
        return Operation(
            id=f"{self.kind.slug}_comment_create",
            summary=_("Reply, or write an internal note"),
            request=body_schemas(CommentInput),
            response=CommentSerializer,
            status=201,
            errors=CREATE_ERRORS,
            parameters=(IDEMPOTENCY_KEY,),
            **shared,
        )


class AttachmentInput(CommentInput):
    """Files, with a word about them or without."""

    text = forms.CharField(label="Text", required=False)
    attachments = AttachmentsField(help_text=_("At least one file."))


class AttachmentsView(CommentsView):
    """Files of a ticket. New ones come as a reply or a note."""

    input_form = AttachmentInput
    sorts = {}

    def known_parameters(self) -> tuple[str, ...]:
        """The list is short."""
        return ()

    def get(self, request: Request, number: str) -> Response:
        """The files that the person may read."""
        files = attachments_for(self.find(number), self.user)[:MAX_FILES_LISTED]
        return Response({"results": [attachment_data(file) for file in files]})

    def _write(self, request: Request, number: str) -> Response:
        ticket = self.find(number)
        data, files = self.read(request)
        if not files:
            raise ValidationError({ATTACHMENTS_FIELD: [force_str(_("At least one file."))]})
        named = ", ".join(file.name or "" for file in files.values())
        line = self.write(ticket, {**{name: data[name] for name in data}, "text": data.get("text") or named}, files)
        return Response({"results": [attachment_data(file) for file in line.attachments]}, status=201)

    def operation(self, method: str) -> Operation:
        """How the description shows reading and adding."""
        shared: dict[str, Any] = {
            "tag": force_str(self.kind.label_plural),
            "path": NUMBER,
            "response": AttachmentList,
        }
        if method == "get":
            return Operation(id=f"{self.kind.slug}_attachments", summary=_("List files"), **shared)
        bodies = body_schemas(AttachmentInput)
        return Operation(
            id=f"{self.kind.slug}_attachment_create",
            summary=_("Add files"),
            request={"multipart/form-data": bodies["multipart/form-data"] | {"required": ["attachments"]}},
            status=201,
            errors=CREATE_ERRORS,
            parameters=(IDEMPOTENCY_KEY,),
            **shared,
        )


class AttachmentView(ApiView):
    """A file."""

    def get(self, request: Request, pk: int) -> FileResponse:
        """Send it under its own name, never to be shown inside a page."""
        file = find_attachment(request.user, pk)  # type: ignore[arg-type]
        try:
            content = file.file.open("rb")
        except FileNotFoundError as error:  # a restored database without its files
            logger.error("The file of attachment %s is missing: %s", file.pk, file.file.name)
            raise NotFound(_("The file was attached, but its content is missing.")) from error
        response = FileResponse(content, as_attachment=True, filename=file.name, content_type=ANY_BYTES)
        secured(response)  # type: ignore[arg-type]  # it sets headers, whatever the content
        return response

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="attachment_read",
            tag=_("Attachments"),
            summary=_("Download a file"),
            response={"type": "string", "format": "binary"},
            description=_("What it is stands beside it in lists as `content_type`."),
            media_type=ANY_BYTES,
            path={"id": {"type": "integer", "minimum": 1, "maximum": 10**12}},
        )
