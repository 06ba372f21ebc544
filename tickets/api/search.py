"""Searching tickets, people and configuration items at once, with the words marked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ApiToken
from itsm.api.fields import CodeField, ReadOnly
from itsm.api.form_input import checked
from itsm.api.operations import LIST_ERRORS, Operation
from itsm.api.schema import list_serializer
from itsm.api.views import ApiView
from itsm.web.paging import page_of, parse_ordering
from tickets.models import Ticket
from tickets.queues.filters import NEWEST_FIRST, SORTS
from tickets.search.marking import Piece
from tickets.search.matching import matching
from tickets.search.results import Hit, TicketHit, items, people, ticket_hits
from tickets.search.words import MAX_LENGTH, Query, parse
from tickets.serializers import PhaseField, StateField, ticket_address

MOST = 50
USUAL = 10


class Among(TextChoices):
    """What is searched."""

    TICKETS = "tickets", _("Tickets")
    PEOPLE = "people", _("People")
    ITEMS = "items", _("Configuration items")


class RangeSerializer(serializers.Serializer):
    """A part of a text."""

    start = serializers.IntegerField(help_text="Unicode characters before it.")
    end = serializers.IntegerField(help_text="Unicode characters up to its end.")


class PieceSerializer(serializers.Serializer):
    """A text and where the words stand in it."""

    text = serializers.CharField()
    marks = RangeSerializer(many=True)


@extend_schema_field(PieceSerializer)
class PieceField(ReadOnly):
    """A text with its marks."""

    def to_representation(self, value: Piece) -> dict[str, Any]:
        """Plain text: whoever shows it escapes it."""
        return {"text": value.text, "marks": [{"start": start, "end": end} for start, end in value.ranges]}


class HitSerializer(serializers.Serializer):
    """Something that was found."""

    among = serializers.ChoiceField(choices=Among.choices, help_text="What kind of thing it is.")
    key = serializers.CharField(help_text="Number, user name or identifier.")
    url = serializers.CharField(help_text="Where the API serves it.")
    title = PieceField()
    source = serializers.CharField(  # type: ignore[assignment]  # DRF has an attribute of this name
        help_text="Which text of a ticket the snippet is from."
    )
    snippet = PieceField(allow_null=True, help_text="The best piece of a text that the searcher may read.")
    kind = serializers.CharField(allow_null=True, help_text="Of tickets.")
    state = StateField(allow_null=True, help_text="Of tickets.")
    phase = PhaseField(allow_null=True, help_text="Of tickets.")
    priority = CodeField(allow_null=True, help_text="Of tickets.")
    created_at = serializers.DateTimeField(allow_null=True, help_text="Of tickets.")


HitList = list_serializer(HitSerializer)
_WORDS = {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH, "pattern": r"\S"}
_AMONG = {"type": "array", "items": {"type": "string", "enum": Among.values}}
_LIMIT = {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}


class SearchForm(forms.Form):
    """What may be asked."""

    q = forms.CharField(max_length=MAX_LENGTH)
    kinds = forms.MultipleChoiceField(choices=Among.choices, required=False)
    limit = forms.IntegerField(min_value=1, max_value=MOST, required=False)


class SearchView(ApiView):
    """``GET``: the newest tickets, and the people and items, in which every word occurs."""

    query = ("q", "kinds", "limit")

    def get(self, request: Request) -> Response:
        """Hits of each kind, at most ``limit``."""
        form = SearchForm(request.query_params)
        checked(form)
        asked, limit = form.cleaned_data["kinds"], form.cleaned_data["limit"] or USUAL
        self._check_scope(asked)
        text = form.cleaned_data["q"]
        query, wanted = parse(text), asked or self._readable()
        hits = [hit for kind in wanted for hit in self._found(kind, text, query, limit)] if query else []
        return Response({"results": HitSerializer(hits, many=True).data})

    def _readable(self) -> list[str]:
        """Without the scope of the directory a token searches tickets."""
        return [kind for kind in Among.values if kind == Among.TICKETS or self._reads_directory()]

    def _reads_directory(self) -> bool:
        token = self.request.auth
        return not isinstance(token, ApiToken) or ApiToken.Scope.DIRECTORY_READ in token.scopes

    def _check_scope(self, asked: list[str]) -> None:
        if set(asked) - {Among.TICKETS} and not self._reads_directory():
            scope = ApiToken.Scope.DIRECTORY_READ.value
            raise PermissionDenied(_("This token lacks the scope “%(scope)s”.") % {"scope": scope})

    def _found(self, kind: str, text: str, query: Query, limit: int) -> Iterable[dict[str, Any]]:
        if kind == Among.PEOPLE:
            return [_other(kind, hit) for hit in people(text, query, self.user, limit)]
        if kind == Among.ITEMS:
            return [_other(kind, hit) for hit in items(text, query, self.user, limit)]
        found = matching(Ticket.objects.visible_to(self.user), text, self.user).for_rows()
        rows = page_of(found, parse_ordering(NEWEST_FIRST, SORTS), size=limit).rows
        return [_ticket(hit) for hit in ticket_hits(rows, query, self.user)]

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="search",
            tag=_("Search"),
            summary=_("Search everything"),
            description=_(
                "Tickets by number, last digits of the number and words of every text that you may read, newest"
                " first; people and configuration items with the scope `directory:read`. Every word must occur;"
                " quotes keep words together. Lists of tickets take the same `q`, with filters, order and pages."
            ),
            response=HitList,
            errors=LIST_ERRORS,
            parameters=(
                OpenApiParameter("q", _WORDS, required=True, description=_("Words, or a number.")),
                OpenApiParameter("kinds", _AMONG, description=_("What to search."), style="form", explode=True),
                OpenApiParameter("limit", _LIMIT, description=_("Most hits of each kind.")),
            ),
        )


def _ticket(hit: TicketHit) -> dict[str, Any]:
    ticket = hit.ticket
    return {
        "among": Among.TICKETS,
        "key": ticket.number,
        "url": ticket_address(ticket),
        "title": hit.summary,
        "source": hit.source,
        "snippet": hit.snippet,
        "kind": ticket.kind,
        "state": ticket,
        "phase": ticket.phase,
        "priority": ticket.priority,
        "created_at": ticket.created_at,
    }


def _other(kind: str, hit: Hit) -> dict[str, Any]:
    nothing: dict[str, Any] = dict.fromkeys(("kind", "state", "phase", "priority", "created_at"))
    return {
        "among": kind,
        "key": hit.key,
        "url": hit.api_url,
        "title": hit.title,
        "source": "",
        "snippet": hit.detail,
        **nothing,
    }
