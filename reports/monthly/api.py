"""Contacts and language of service reports in the API."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Organisation
from itsm.api.fields import PersonField
from itsm.api.form_input import checked, read_input, schema_of
from itsm.api.operations import CREATE_ERRORS, LIST_ERRORS, Operation
from itsm.api.schema import list_serializer
from itsm.api.views import ApiView
from reports.monthly.contacts import (
    LOST,
    ContactsForm,
    contacts_of,
    customers,
    keep_contacts,
    language_of,
    may_keep_contacts,
)
from sla.boards import may_see_board

TAG = _("Reports")


class ReportReaderSerializer(serializers.Serializer):
    """Somebody to whom reports go."""

    person = PersonField()
    lost = serializers.ChoiceField(
        choices=list(LOST), allow_blank=True, help_text="Why this one gets no report any more."
    )


class ReportContactsSerializer(serializers.Serializer):
    """A customer, with who gets its service reports, and in which language."""

    organisation = serializers.CharField(source="code")
    language: Any = serializers.SerializerMethodField()
    contacts: Any = serializers.SerializerMethodField()

    def get_language(self, customer: Organisation) -> str:
        """The chosen one, or the portal's."""
        return language_of(customer)

    def get_contacts(self, customer: Organisation) -> list[dict[str, Any]]:
        """All that are named."""
        return list(ReportReaderSerializer(contacts_of(customer), many=True).data)


class ReportContactsView(ApiView):
    """All customers."""

    def get(self, request: Request) -> Response:
        """Each with its contacts."""
        if not may_see_board(self.user):
            raise PermissionDenied
        return Response({"results": ReportContactsSerializer(customers(), many=True).data})

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="report_contacts",
            tag=TAG,
            summary=_("Contacts of service reports"),
            response=list_serializer(ReportContactsSerializer),
            errors=LIST_ERRORS,
        )


class ReportContactView(ApiView):
    """One customer."""

    def post(self, request: Request, code: str) -> Response:
        """Put language and contacts in place of what is there."""
        if not may_keep_contacts(self.user):
            raise PermissionDenied
        customer = get_object_or_404(customers(), code=code)
        data, _files = read_input(ContactsForm, request)
        cleaned = checked(ContactsForm(data, customer=customer), data)
        keep_contacts(customer=customer, cleaned=cleaned, user=self.user)
        return Response(ReportContactsSerializer(get_object_or_404(customers(), code=code)).data)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="report_contacts_set",
            tag=TAG,
            summary=_("Set the contacts of a customer's service reports"),
            request={"application/json": schema_of(ContactsForm)},
            response=ReportContactsSerializer,
            errors=CREATE_ERRORS,
        )
