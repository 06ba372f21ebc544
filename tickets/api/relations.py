"""Relations of a ticket to others, read from both sides; made and removed through actions."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils.encoding import force_str
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from itsm.api.fields import CodeSerializer
from itsm.api.idempotency import answer_once
from itsm.api.operations import ACT_ERRORS, CREATE_ERRORS, IDEMPOTENCY_KEY, Operation
from itsm.api.schema import list_serializer
from tickets.api.base import NUMBER, TicketView
from tickets.api.lists import body_schemas
from tickets.errors import ActionInvalid
from tickets.models import Ticket, TicketLink
from tickets.serializers import RelatedTicketSerializer, RelationSerializer, reads_internal
from tickets.shared.forms import LinkForm

RelationList = list_serializer(RelationSerializer)
#: A storm's main ticket has thousands of duplicates: ``?parent=`` and filters find those.
MAX_LISTED = 500


class RelationsView(TicketView):
    """Relations of a ticket, in both directions."""

    input_form = LinkForm

    def get(self, request: Request, number: str) -> Response:
        """Those to tickets that the person sees; records of other systems for staff."""
        return Response({"results": relations_of(self.find(number), self)})

    def post(self, request: Request, number: str) -> Response:
        """Relate this ticket to another one."""
        return answer_once(request, lambda: self._link(request, number))

    def _link(self, request: Request, number: str) -> Response:
        data, files = self.read(request)
        entry = self.act(self.find(number), "link", data, files)
        links = self.links().filter(source_id=entry.ticket_id, meaning=data["meaning"], target__number=data["target"])
        return Response(_relation("outgoing", links.select_related("target").get()), status=201)

    def links(self) -> QuerySet[TicketLink]:
        """Relations between tickets that the person sees."""
        seen = Ticket.objects.visible_to(self.user)
        return TicketLink.objects.filter(source__in=seen, target__in=seen)

    def operation(self, method: str) -> Operation:
        """How the description shows reading and making."""
        shared: dict[str, Any] = {"tag": force_str(self.kind.label_plural), "path": NUMBER}
        if method == "get":
            return Operation(
                id=f"{self.kind.slug}_relations", summary=_("List relations"), response=RelationList, **shared
            )
        return Operation(
            id=f"{self.kind.slug}_relation_create",
            summary=_("Relate to another ticket"),
            request=body_schemas(LinkForm),
            response=RelationSerializer,
            status=201,
            errors=CREATE_ERRORS,
            parameters=(IDEMPOTENCY_KEY,),
            **shared,
        )


class RelationView(TicketView):
    """One relation, read as ``this ticket <meaning> target``."""

    def delete(self, request: Request, number: str, meaning: str, target: str) -> Response:
        """Remove it. A relation that is not there is not found."""
        try:
            self.act(self.find(number), "unlink", {"meaning": meaning, "target": target})
        except ActionInvalid as error:
            raise Http404 from error
        return Response(status=204)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id=f"{self.kind.slug}_relation_delete",
            tag=force_str(self.kind.label_plural),
            summary=_("Remove a relation"),
            status=204,
            path={
                **NUMBER,
                "meaning": {"type": "string", "enum": TicketLink.Meaning.values},
                "target": NUMBER["number"],
            },
            errors=tuple(code for code in ACT_ERRORS if code not in (412, 413, 415, 422)),
        )


def relations_of(ticket: Ticket, view: TicketView) -> list[dict[str, Any]]:
    """Relations as data, the ticket's own first."""
    seen = Ticket.objects.visible_to(view.user)
    own = ticket.links_out.filter(target__in=seen).select_related("target").order_by("pk")[:MAX_LISTED]
    others = ticket.links_in.filter(source__in=seen).select_related("source").order_by("pk")[:MAX_LISTED]
    external = ticket.external_references.order_by("pk")[:MAX_LISTED] if reads_internal(view.user) else []
    return [
        *(_relation("outgoing", link) for link in own),
        *(_relation("incoming", link) for link in others),
        *(_relation("external", row) for row in external),
    ]


def _relation(direction: str, row: Any) -> dict[str, Any]:
    """A relation, or a reference to a record of another system, as data."""
    other = {"outgoing": "target", "incoming": "source"}.get(direction)
    meaning = {"code": row.meaning, "name": force_str(row.get_meaning_display())}
    return {
        "direction": direction,
        "meaning": CodeSerializer(meaning).data,
        "ticket": RelatedTicketSerializer(getattr(row, other)).data if other else None,
        "external": None if other else {"system": row.system, "kind": row.kind, "number": row.reference},
    }
