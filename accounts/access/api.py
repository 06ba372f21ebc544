"""The log of access in the API, for administrators, to read only (SEC-03)."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from accounts.models import AccessEvent, ApiToken
from accounts.permissions import Permission
from itsm.api.directory import TAG
from itsm.api.fields import PersonField
from itsm.api.operations import LIST_ERRORS, Operation
from itsm.api.schema import page_serializer
from itsm.api.views import ListView
from itsm.web.filtering import ChoicesFilter, MomentFilter
from itsm.web.paging import Column


class AccessEventSerializer(serializers.Serializer):
    """Something about access that happened."""

    at = serializers.DateTimeField()
    kind = serializers.ChoiceField(choices=AccessEvent.Kind.choices)
    kind_name = serializers.CharField(source="get_kind_display", help_text="In the language of the request.")
    person = PersonField(allow_null=True, help_text="Null for a user name that nobody has.")
    name = serializers.CharField(help_text="What was typed as user name.")
    address = serializers.CharField(allow_null=True)
    browser = serializers.CharField()
    detail = serializers.CharField()


class AccessFilter(filters.FilterSet):
    """What the log can be searched by."""

    q = filters.CharFilter(method="search", label=_("Words of name, address, program or details"), max_length=200)
    kind = ChoicesFilter(choices=AccessEvent.Kind.choices, label=pgettext_lazy("access", "Event"))
    person = filters.CharFilter(field_name="person__username", label=_("User name"), max_length=150)
    at_after = MomentFilter(field_name="at", lookup_expr="gte", label=_("From"))
    at_before = MomentFilter(field_name="at", lookup_expr="lt", label=_("Before"))

    def search(self, queryset: QuerySet[AccessEvent], name: str, value: str) -> QuerySet[AccessEvent]:
        """Lines in which every word occurs."""
        for word in value.split():
            found = Q(name__icontains=word) | Q(browser__icontains=word) | Q(detail__icontains=word)
            queryset = queryset.filter(found | Q(address__icontains=word))
        return queryset


class AccessEventsView(ListView):
    """Sign-ins, failures, lockouts, ended sessions, passwords and tokens, newest first."""

    reads = ApiToken.Scope.DIRECTORY_READ
    filters = AccessFilter
    serializer = AccessEventSerializer
    sorts = {"at": (Column("at"),)}
    default_order = "-at"

    def rows(self, request: Request) -> QuerySet[Any]:
        """The whole log, for administrators. Raises PermissionDenied."""
        if not self.user.may(Permission.ADMIN):
            raise PermissionDenied
        return AccessEvent.objects.select_related("person")

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="access_events_list",
            tag=TAG,
            summary=_("Read the log of access"),
            description=_("For administrators. Nobody changes it, and nothing is removed from it."),
            response=page_serializer(AccessEventSerializer),
            errors=LIST_ERRORS,
        )


routes = [path("access-events/", AccessEventsView.as_view(), name="access-events")]
