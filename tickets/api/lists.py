"""The list of a kind, registering, and one ticket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils.encoding import force_str
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from itsm.api.form_input import schema_of, takes_files
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, IF_NONE_MATCH, LIST_ERRORS, Operation
from itsm.api.references import keys_from
from itsm.api.schema import page_serializer
from itsm.api.versions import is_unchanged
from itsm.api.views import PAGING, ListView
from itsm.web.paging import Ordering
from tickets import clock
from tickets.api.base import NUMBER, TicketView, ticket_response
from tickets.clock import NO_LIMIT
from tickets.forms import ActionForm
from tickets.models import SavedView, Ticket
from tickets.queues.filters import NEWEST_FIRST, SORTS, TicketFilter, filters_for, sorts_for
from tickets.queues.listing import rows_of_saved
from tickets.queues.queries import VIEWS
from tickets.serializers import EXPANDABLE, ROW_RELATIONS, RowSerializer, detail_serializer, reads_internal

#: The next ``updated_since`` of whoever asks what changed.
CHANGES_UNTIL = "Changes-Until"
TicketPage = page_serializer(RowSerializer)
VIEW = OpenApiParameter(
    "view",
    {"type": "string", "enum": list(VIEWS)},
    description=_l("One of the queues that the pages show as tabs; filters narrow it."),
)
SAVED = OpenApiParameter(
    "saved",
    {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
    description=_l("A saved view, by its id; filters narrow it. Its order counts in pages only."),
)
EXPAND = OpenApiParameter(
    "expand",
    {"type": "array", "items": {"type": "string", "enum": list(EXPANDABLE)}},
    description=_l("Also show these of each ticket."),
    style="form",
    explode=True,
)
SHARED = (VIEW, SAVED, EXPAND)


class TicketRows(ListView, TicketView):
    """A list of tickets."""

    filters = TicketFilter
    sorts = SORTS
    default_order = NEWEST_FIRST

    def known_parameters(self) -> tuple[str, ...]:
        """The filters that the person may use, those of paging, and the views that the pages show as tabs."""
        return (*filters_for(self.user), *PAGING, *(parameter.name for parameter in SHARED))

    def sorts_for_reader(self) -> Mapping[str, Ordering]:
        """What the person may read."""
        return sorts_for(self.user)

    def most_counted(self, request: Request) -> int | None:
        """The records behind a figure are counted to the last: their number is the figure."""
        return None if "records" in request.query_params else super().most_counted(request)

    def get(self, request: Request, **kwargs: Any) -> Response:
        """A page of the list; who asks what changed is told from where to go on, so that nothing is missed."""
        until = clock.complete_until() if "updated_since" in request.query_params else None  # before the rows are read
        response = super().get(request, **kwargs)
        if until is not None:
            response.headers[CHANGES_UNTIL] = until.isoformat()
        return response

    def rows(self, request: Request) -> QuerySet[Ticket]:
        """Tickets that the person sees, of the view that is asked for."""
        params = request.query_params
        now = clock.now() if {"view", "saved"} & set(params) else NO_LIMIT  # a query, only where it counts
        found: QuerySet[Ticket] = self.tickets()
        if "saved" in params:
            found = rows_of_saved(self._saved(params["saved"]), self.user, now, self.kind)
        if "view" in params:
            if params["view"] not in VIEWS:
                raise ValidationError({"view": [_("There is no such view, or it is not meant for you.")]})
            found = found.filter(VIEWS[params["view"]].where(self.user, now))
        return self.rows_of(found)

    def _saved(self, text: str) -> SavedView:
        """The saved view with this id. Raises ValidationError."""
        known = text.isascii() and text.isdecimal() and len(text) < 10
        seen = SavedView.objects.visible_to(self.user)
        view: SavedView | None = seen.filter(pk=text, kind__in=["", self.kind.code]).first() if known else None
        if view is None:
            raise ValidationError({"saved": [_("There is no such view, or it is not meant for you.")]})
        return view

    def rows_of(self, found: QuerySet[Ticket]) -> QuerySet[Ticket]:
        """Load what a row shows, in one query."""
        expand = self.expanded()
        heavy = ("description", "satisfaction_comment")
        deferred = [*(name for name in heavy if name not in expand), *(f"parent__{name}" for name in heavy)]
        related = [name for name in expand if Ticket._meta.get_field(name).many_to_one]
        found = found.select_related(*ROW_RELATIONS, *related).defer(*deferred)
        return found.prefetch_related("items") if "items" in expand else found

    def expanded(self) -> list[str]:
        """What rows show beside what they show anyway. Raises ValidationError."""
        wanted = self.request.query_params.getlist("expand")
        if unknown := sorted(set(wanted) - set(EXPANDABLE)):
            message = _("“%(name)s” is nothing that a row can show; possible: %(names)s.")
            raise ValidationError({"expand": [message % {"name": unknown[0][:50], "names": ", ".join(EXPANDABLE)}]})
        return list(dict.fromkeys(wanted))

    def to_data(self, rows: list[Any]) -> list[Any]:
        """Rows as this audience may read them."""
        context = {"internal": reads_internal(self.user), "expand": self.expanded()}
        return RowSerializer(rows, many=True, context=context).data  # type: ignore[return-value]


class TicketsView(TicketRows):
    """``GET``: the tickets of a kind. ``POST``: register one.

    ``creating``: another of the kind's actions by which people make one; empty: the one that registers.
    """

    creating = ""

    @property
    def begins(self) -> str:
        """The action that makes one; empty where people make none of this kind."""
        return self.creating or self.kind.registers

    def form_for_input(self) -> type[ActionForm] | None:
        """The form of registering, where people register this kind."""
        return self.kind.actions[self.begins].form_class if self.begins else None

    def post(self, request: Request) -> Response:
        """Register a ticket."""
        return answer_once(request, lambda: self._register(request))

    def _register(self, request: Request) -> Response:
        data, files = self.read(request)
        entry = self.act(self.kind.model(), self.begins, data, files)
        return self.show(self.kind, entry.ticket.number, status=201)

    def operation(self, method: str) -> Operation | None:
        """How the description shows list and registering."""
        plural = force_str(self.kind.label_plural)
        if method == "get":
            return Operation(
                id=f"{self.kind.slug}_list",
                tag=plural,
                summary=_("List %(rows)s") % {"rows": plural.lower()},
                description=_(
                    "Newest first. `ordering=queue` gives the order of queues, `updated_since` what changed."
                ),
                response=TicketPage,
                errors=LIST_ERRORS,
                parameters=SHARED,
            )
        action, form = self.kind.actions[self.begins], self.form_for_input()
        return Operation(
            id=f"{self.kind.slug}_{self.creating or 'create'}",
            tag=plural,
            summary=force_str(action.label),
            description=_(action.help),
            request=body_schemas(form),
            response=detail_serializer(self.kind),
            status=201,
            errors=tuple(code for code in CREATE_ERRORS if code != 404),
            parameters=(IDEMPOTENCY_KEY,),
            etag=True,
            also=(204,),
        )


class TicketDetailView(TicketView):
    """One ticket."""

    def get(self, request: Request, number: str) -> Response:
        """The ticket; 304 when it is what the client has already."""
        response = ticket_response(self.find_whole(number), self.user)
        if is_unchanged(request, response["ETag"]):
            return Response(status=304, headers={"ETag": response["ETag"]})
        return response

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id=f"{self.kind.slug}_read",
            tag=force_str(self.kind.label_plural),
            summary=_("Read one of the %(rows)s") % {"rows": force_str(self.kind.label_plural).lower()},
            response=detail_serializer(self.kind),
            path=NUMBER,
            parameters=(IF_NONE_MATCH,),
            etag=True,
            unchanged=True,
        )


def body_schemas(form: Any) -> dict[str, Any]:
    """What may be sent: JSON; multipart too where the form takes files."""
    found = {"application/json": schema_of(form, describe=keys_from)}
    if takes_files(form):
        found["multipart/form-data"] = schema_of(form, multipart=True, describe=keys_from)
    return found
