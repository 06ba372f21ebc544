"""Prepared edits of configuration items, and what differs from them, in the API."""

from __future__ import annotations

from typing import Any

from django.urls import path
from django.utils.encoding import force_str
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import Permission
from changes.models import Change
from changes.prepared.difference import differences
from changes.prepared.models import PreparedEdit
from itsm.api.operations import Operation
from itsm.api.schema import list_serializer
from tickets.api.base import NUMBER, TicketView
from tickets.lifecycle import kind_of_model


class EditedRelationSerializer(serializers.Serializer):
    """The relation that begins or ends, read from the item."""

    type = serializers.CharField()
    other = serializers.CharField()
    group = serializers.CharField(help_text="Redundancy group; empty for none.")
    needed = serializers.IntegerField(help_text="So many of the group are enough.")


class EditSerializer(serializers.Serializer):
    """An edit that the change has prepared."""

    position = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=PreparedEdit.Kind.choices)
    item = serializers.CharField(source="subject")
    given = serializers.DictField(child=serializers.CharField(allow_blank=True), help_text="New values by name.")
    was = serializers.CharField(help_text="As people read it when it was prepared.")
    relation = serializers.SerializerMethodField()
    applied_at = serializers.DateTimeField(allow_null=True)

    def get_relation(self, edit: PreparedEdit) -> dict[str, Any] | None:
        """None for values and new items."""
        if edit.relation_type is None:
            return None
        redundancy = {"group": edit.given.get("group", ""), "needed": int(edit.given.get("needed", 1))}
        row = {"type": edit.relation_type.code, "other": edit.partner, **redundancy}
        return dict(EditedRelationSerializer(row).data)


class DiffersSerializer(serializers.Serializer):
    """Planned and not written, or written and not planned."""

    planned = serializers.BooleanField()
    text = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True)


class EditsView(TicketView):
    """The prepared edits of a change, or what differs from them; staff only."""

    what = "edits"

    def get(self, request: Request, number: str) -> Response:
        """All of them."""
        if not self.user.may(Permission.INTERNAL):
            raise PermissionDenied
        change: Any = self.find(number).specific
        if self.what == "differences":
            return Response({"results": DiffersSerializer(differences(change), many=True).data})
        rows = change.edits.select_related("item", "other", "relation_type")
        return Response({"results": EditSerializer(rows, many=True).data})

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        named = {
            "edits": (_("List its prepared edits"), EditSerializer),
            "differences": (_("List what differs from its prepared edits"), DiffersSerializer),
        }
        summary, serializer = named[self.what]
        return Operation(
            id=f"changes_{self.what}",
            tag=force_str(self.kind.label_plural),
            summary=summary,
            response=list_serializer(serializer),
            path=NUMBER,
        )


CHANGE = kind_of_model(Change)
routes = [
    path("changes/<number:number>/edits/", EditsView.as_view(kind=CHANGE)),
    path("changes/<number:number>/edits/differences/", EditsView.as_view(kind=CHANGE, what="differences")),
]
