"""Where a program begins: what there is, and who it is."""

from __future__ import annotations

from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import PersonDetailSerializer
from accounts.models import ApiToken
from itsm.api.operations import LIST_ERRORS, Operation
from itsm.api.views import ApiView
from tickets.lifecycle import kinds

TAG = _("Directory")
#: Whoever has a token may know where to begin and who it is.
ANY = ""
#: What a program looks for first, beside the kinds of tickets.
PLACES = ("me", "people", "groups", "organisations", "codes", "duty", "notices", "schema", "docs")


class RootSerializer(serializers.Serializer):
    """Names of places with their addresses."""

    version = serializers.CharField()
    places = serializers.DictField(child=serializers.CharField())


class MeSerializer(PersonDetailSerializer):
    """Who one is, and what one may."""

    permissions = serializers.ListField(child=serializers.CharField(), help_text="What one's roles permit.")
    scopes = serializers.ListField(child=serializers.CharField(), help_text="Of the token; empty with a session.")


class RootView(ApiView):
    """The beginning."""

    reads = ANY

    def get(self, request: Request) -> Response:
        """Where to go on."""
        names = [*(kind.slug for kind in kinds() if kind.slug), *PLACES]
        return Response({"version": "1", "places": {name: f"/api/v1/{name}/" for name in names}})

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="root_read", tag=TAG, summary=_("Where to begin"), response=RootSerializer, errors=LIST_ERRORS
        )


class MeView(ApiView):
    """The person that the token or session belongs to."""

    reads = ANY

    def get(self, request: Request) -> Response:
        """Who, with groups, permissions and scopes."""
        token: Any = request.auth
        scopes = sorted(token.scopes) if isinstance(token, ApiToken) else []
        person = PersonDetailSerializer(self.user).data
        return Response({**person, "permissions": sorted(self.user.permissions), "scopes": scopes})

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(id="me_read", tag=TAG, summary=_("Who one is"), response=MeSerializer, errors=LIST_ERRORS)


routes = [path("", RootView.as_view(), name="root"), path("me/", MeView.as_view(), name="me")]
