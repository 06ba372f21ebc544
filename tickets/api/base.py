"""What endpoints of tickets share: finding the ticket, acting on it, answering with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from itsm.api.form_input import read_input, takes_files
from itsm.api.parsers import JsonParser
from itsm.api.versions import etag_of, sent_version
from itsm.api.views import ApiView
from tickets.actions import perform
from tickets.forms import ActionForm
from tickets.lifecycle import Kind
from tickets.models import Ticket, TimelineEntry
from tickets.queues.finding import RARE, with_related
from tickets.rules import is_supplier
from tickets.serializers import detail_serializer, reads_internal, ticket_address

NUMBER = {"number": {"type": "string", "pattern": "^[A-Z]{2,4}[0-9]{6,16}$", "examples": ["IM261122000017"]}}


#: Actions that overwrite nothing: whatever version was read, they never conflict.
BESIDE = frozenset({
    *("comment", "note", "log_time", "urge", "watch", "unwatch", "link", "unlink", "add_items", "remove_items"),
})  # fmt: skip


class TicketView(ApiView):
    """An endpoint of one kind, or of one ticket of it."""

    kind: ClassVar[Kind] = None  # type: ignore[assignment]  # as_view(kind=…) sets it
    input_form: ClassVar[type[ActionForm] | None] = None

    honours_if_match = True

    def tickets(self) -> QuerySet[Ticket]:
        """Tickets of the kind that the person sees."""
        return Ticket.objects.visible_to(self.user).filter(kind=self.kind.code)

    def find(self, number: str) -> Ticket:
        """The ticket, as far as acting on it needs. Raises Http404 for missing and foreign ones alike."""
        return _or_404(self.tickets().filter(number=number).first())

    def find_whole(self, number: str) -> Ticket:
        """The ticket with everything that is shown. Raises Http404."""
        found = _whole(self.kind).visible_to(self.user)  # type: ignore[attr-defined]
        return _or_404(found.filter(number=number).first())

    def get_parsers(self) -> list[BaseParser]:
        """JSON; multipart too where the input form takes files."""
        form = self.form_for_input()
        return [JsonParser(), MultiPartParser()] if form and takes_files(form) else [JsonParser()]

    def form_for_input(self) -> type[ActionForm] | None:
        """The form that checks what is posted here."""
        return self.input_form

    def act(self, ticket: Ticket, name: str, data: Mapping[str, Any], files: Any = None) -> TimelineEntry:
        """Do the action for the person; the version sent as ``If-Match`` counts."""
        version = sent_version(self.request)
        return perform(
            ticket,
            name,
            user=self.user,
            data=data,
            files=files,
            version=version,
            strict=name not in BESIDE,
            via=TimelineEntry.Via.API,
        )

    def read(self, request: Request) -> tuple[Mapping[str, Any], Any]:
        """(data, files) for the input form. Raises ValidationError for values of a wrong type."""
        form = self.form_for_input()
        return read_input(form, request) if form else ({}, None)

    def show(self, kind: Kind, number: str, status: int = 200) -> Response:
        """The ticket as the answer to an action; 204 when the action took it out of the person's sight."""
        found = _whole(kind).visible_to(self.user).filter(number=number).first()  # type: ignore[attr-defined]
        if found is None:
            return Response(status=204)
        response = ticket_response(found, self.user)
        response.status_code = status
        if status == 201:
            response["Location"] = ticket_address(found)
        return response


def context_for(ticket: Ticket, user: User) -> dict[str, Any]:
    """What the serializer has to know of who reads."""
    also = ticket.kind_info.supplier_fields if is_supplier(ticket, user) else ()
    return {"internal": reads_internal(user), "also": also}


def ticket_response(ticket: Ticket, user: User) -> Response:
    """The ticket as ``user`` may read it, with its ETag."""
    serializer = detail_serializer(ticket.kind_info)(ticket, context=context_for(ticket, user))
    return Response(serializer.data, headers={"ETag": etag_of(serializer.data)})


def _whole(kind: Kind) -> QuerySet[Ticket]:
    columns = {field.name for field in kind.model._meta.concrete_fields}
    rare = (columns & RARE) - {"ticket_ptr"}
    return with_related(kind).select_related(*rare).prefetch_related("items")


def _or_404(ticket: Ticket | None) -> Ticket:
    if ticket is None:
        raise Http404
    return ticket
