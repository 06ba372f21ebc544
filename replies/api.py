"""Canned replies and ticket templates in the API: read by staff, written by those who keep them."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters as filters
from django.db import models
from django.db.models import Q, QuerySet
from django.http import Http404
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ApiToken
from itsm.api.directory import TAG
from itsm.api.fields import CodeField, PersonField
from itsm.api.form_input import checked, read_input, schema_of
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, LIST_ERRORS, Operation
from itsm.api.references import keys_from
from itsm.api.schema import page_serializer
from itsm.api.views import ApiView, ListView
from itsm.web.filtering import YesNoFilter
from itsm.web.paging import Column
from replies.forms import FORMS
from replies.models import CannedReply, Shared, TicketTemplate
from replies.rules import may_keep
from replies.services import text_of
from tickets.models import Ticket

KEY: dict[str, dict[str, Any]] = {"pk": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}}


class SharedSerializer(serializers.Serializer):
    """Whose it is, and what it is called."""

    id = serializers.IntegerField()
    code = serializers.CharField()
    name = serializers.CharField(help_text="In the language of the request.")
    name_zh = serializers.CharField()
    name_en = serializers.CharField()
    scope = serializers.CharField(help_text="`own`, `all`, or the code of the group that shares it.")
    owner = PersonField(allow_null=True)
    active = serializers.BooleanField()


class CannedReplySerializer(SharedSerializer):
    """A text that is written again and again. `{number}` and other variables are filled in when it is used."""

    text = serializers.CharField(help_text="In the language of the request, variables as they are.")
    text_zh = serializers.CharField()
    text_en = serializers.CharField()
    fits = serializers.ListField(child=serializers.ChoiceField(choices=CannedReply.Place.choices))
    used_count = serializers.IntegerField()


class TicketTemplateSerializer(SharedSerializer):
    """What the form of a new ticket starts with."""

    kind = serializers.CharField()
    summary = serializers.CharField()
    description = serializers.CharField()
    category = CodeField(allow_null=True)
    business_system = CodeField(allow_null=True)
    nature = CodeField(allow_null=True)
    impact = CodeField(allow_null=True)
    urgency = CodeField(allow_null=True)
    group = CodeField(allow_null=True)


class FilledSerializer(serializers.Serializer):
    """A text with its variables filled in."""

    text = serializers.CharField()


class SharedFilter(filters.FilterSet):
    """What they can be found by."""

    q = filters.CharFilter(method="search", label=_("Words of code, name or text"), max_length=200)
    active = YesNoFilter(Q(active=True), label=_("Active"))
    own = YesNoFilter(Q(owner__isnull=False), label=_("Only the own ones"))

    def search(self, queryset: Any, name: str, value: str) -> Any:
        """Rows in which every word occurs."""
        return queryset.matching(value)


class Endpoint(ApiView):
    """What the endpoints of one of the two share. ``model`` and ``noun`` are set by ``as_view``."""

    reads = ApiToken.Scope.DIRECTORY_READ
    model: ClassVar[Any] = CannedReply
    slug: ClassVar[str] = ""
    noun: ClassVar[Any] = ""

    @property
    def serializes(self) -> type[SharedSerializer]:
        """How a row reads."""
        return SERIALIZERS[self.model]

    def found(self) -> QuerySet[Any]:
        """What the person may use or keeps."""
        related = [field.name for field in self.model._meta.concrete_fields if isinstance(field, models.ForeignKey)]
        return self.model.objects.visible_to(self.user).select_related(*related)

    def find(self, pk: int) -> Shared:
        """One of them. Raises Http404."""
        item = self.found().filter(pk=pk).first()
        if item is None:
            raise Http404
        return item

    def kept(self, pk: int) -> Shared:
        """One that the person keeps. Raises Http404, PermissionDenied."""
        item = self.find(pk)
        if not may_keep(item, self.user):
            raise PermissionDenied
        return item

    def store(self, request: Request, item: Shared | None, status: int) -> Response:
        """Write what was sent; what an edit leaves out stays. Raises ValidationError by field."""
        form_class: Any = FORMS[self.model]
        data, _files = read_input(form_class, request)
        first = form_class(instance=item, user=self.user)
        kept = {name: first.get_initial_for_field(field, name) for name, field in first.fields.items()}
        form = form_class({**kept, **data}, instance=item, user=self.user)
        checked(form, data)
        return Response(self.serializes(self.find(form.save().pk)).data, status=status)

    def body(self, given: tuple[str, ...] | None = None) -> dict[str, Any]:
        """What may be sent. ``given``: for making one, what has a value when it is left out."""
        form_class: Any = FORMS[self.model]
        return {"application/json": schema_of(form_class, describe=keys_from, given=given)}

    def named(self, verb: str) -> str:
        """The id of an operation in the description."""
        return f"{self.slug.replace('-', '_')}_{verb}"


class SharedListView(Endpoint, ListView):
    """``GET``: what the person may use. ``POST``: make one."""

    filters = SharedFilter
    sorts = {"code": (Column("code"),), "name_zh": (Column("name_zh"),)}
    default_order = "code"

    def serializer_class(self) -> Any:
        """How a row reads."""
        return self.serializes

    def rows(self, request: Request) -> QuerySet[Any]:
        """What the person may use or keeps."""
        return self.found()

    def post(self, request: Request) -> Response:
        """Make one; without a scope it is the person's own."""
        if not self.user.may("ticket.internal"):
            raise PermissionDenied
        return answer_once(request, lambda: self.store(request, None, 201))

    def operation(self, method: str) -> Operation:
        """How the description shows list and making."""
        if method == "get":
            summary = _("List %(rows)s") % {"rows": self.noun}
            response = PAGES[self.model]
            return Operation(id=self.named("list"), tag=TAG, summary=summary, response=response, errors=LIST_ERRORS)
        return Operation(
            id=self.named("create"),
            tag=TAG,
            summary=_("Make one of the %(rows)s") % {"rows": self.noun},
            request=self.body(given=("scope",)),
            response=self.serializes,
            status=201,
            errors=tuple(code for code in CREATE_ERRORS if code != 404),
            parameters=(IDEMPOTENCY_KEY,),
        )


class SharedView(Endpoint):
    """One of them."""

    def get(self, request: Request, pk: int) -> Response:
        """Read it."""
        return Response(self.serializes(self.find(pk)).data)

    def post(self, request: Request, pk: int) -> Response:
        """Change what is sent; the rest stays."""
        item = self.kept(pk)
        return answer_once(request, lambda: self.store(request, item, 200))

    def delete(self, request: Request, pk: int) -> Response:
        """Remove it."""
        self.kept(pk).delete()
        return Response(status=204)

    def operation(self, method: str) -> Operation:
        """How the description shows reading, changing and removing."""
        noun = {"rows": self.noun}
        if method == "get":
            summary = _("Read one of the %(rows)s") % noun
            return Operation(id=self.named("read"), tag=TAG, summary=summary, response=self.serializes, path=KEY)
        if method == "delete":
            errors = tuple(code for code in CREATE_ERRORS if code not in (413, 415, 422))
            summary = _("Remove one of the %(rows)s") % noun
            return Operation(id=self.named("delete"), tag=TAG, summary=summary, status=204, path=KEY, errors=errors)
        return Operation(
            id=self.named("edit"),
            tag=TAG,
            summary=_("Change one of the %(rows)s") % noun,
            description=_("What is left out stays as it is."),
            request=self.body(),
            response=self.serializes,
            errors=CREATE_ERRORS,
            parameters=(IDEMPOTENCY_KEY,),
            path=KEY,
        )


class FilledView(Endpoint):
    """A canned reply as it would be written to a ticket."""

    query = ("ticket", "place")

    def get(self, request: Request, pk: int) -> Response:
        """The text, variables filled in, in the language of who reads it. ``ticket``: its number."""
        reply, number = self.find(pk), request.query_params.get("ticket", "")
        place = request.query_params.get("place", CannedReply.Place.REPLY)
        ticket = Ticket.objects.visible_to(self.user).filter(number=number).first()
        if number and ticket is None:
            raise ValidationError({"ticket": [_("There is no such ticket.")]})
        if place not in CannedReply.Place.values:
            raise ValidationError({"place": [_("There is no such choice.")]})
        now, item = timezone.now(), CannedReply.objects.visible_to(self.user).get(pk=reply.pk)
        return Response({"text": text_of(item, user=self.user, place=place, now=now, ticket=ticket)})

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        summary = _("Read a canned reply, filled in for a ticket")
        description = _("`ticket` is its number, `place` what it is for; replies come in the requester's language.")
        more: dict[str, Any] = {"response": FilledSerializer, "path": KEY, "description": description}
        return Operation(id=self.named("text"), tag=TAG, summary=summary, **more)


SERIALIZERS: dict[Any, type[SharedSerializer]] = {
    CannedReply: CannedReplySerializer,
    TicketTemplate: TicketTemplateSerializer,
}
PAGES = {model: page_serializer(serializer) for model, serializer in SERIALIZERS.items()}
_KINDS: list[dict[str, Any]] = [
    {"model": CannedReply, "slug": "canned-replies", "noun": _("canned replies")},
    {"model": TicketTemplate, "slug": "ticket-templates", "noun": _("ticket templates")},
]

routes = [
    *(path(f"{kind['slug']}/", SharedListView.as_view(**kind), name=kind["slug"]) for kind in _KINDS),
    *(path(f"{kind['slug']}/<int:pk>/", SharedView.as_view(**kind)) for kind in _KINDS),
    path("canned-replies/<int:pk>/text/", FilledView.as_view(**_KINDS[0])),
]
