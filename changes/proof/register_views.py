"""The register of configuration changes as a page, as Excel and as PDF; and for programs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied as ApiDenied
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.http import SignedInRequest, SignedInView
from accounts.permissions import Permission
from changes.proof.register import may_read, register_of, register_pdf, register_xlsx
from itsm.api.operations import LIST_ERRORS, Operation
from itsm.api.views import ApiView
from itsm.documents.paper import TYPE as PDF
from itsm.documents.sheets import TYPES
from tickets import clock
from tickets.figures.months import Month

MONTH = OpenApiParameter("month", {"type": "string", "pattern": r"^\d{4}-\d{2}$"}, OpenApiParameter.QUERY)


class RegisterView(SignedInView):
    """Every write of a month to items in use, with its ground."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """Show it; with ``format=xlsx`` or ``pdf`` as a file, for those who may export."""
        if not may_read(request.user):
            raise PermissionDenied
        now = clock.now()
        month = Month.parse(request.GET.get("month", ""), now)
        register, kind = register_of(month, request.user), request.GET.get("format")
        may_export = request.user.may(Permission.EXPORT)
        if kind in ("xlsx", "pdf"):
            if not may_export:
                raise PermissionDenied
            data = register_xlsx(register) if kind == "xlsx" else register_pdf(register, request.user, now)
            answer = HttpResponse(data, content_type=TYPES["xlsx"] if kind == "xlsx" else PDF)
            answer["Content-Disposition"] = f'attachment; filename="configuration-register-{month.code}.{kind}"'
            return answer
        turn = {"before": f"{month.start - timedelta(days=1):%Y-%m}", "after": f"{month.end:%Y-%m}"}
        context = {"register": register, "month": month, "may_export": may_export, **turn}
        return render(request, "changes/proof/register.html", context)


class RegisterEntrySerializer(serializers.Serializer):
    """A write to an item in use, or to a relation of it."""

    at = serializers.DateTimeField()
    item = serializers.CharField(source="item.identifier")
    what = serializers.ListField(child=serializers.CharField())
    ground = serializers.CharField()
    change = serializers.CharField(help_text="Number of the change; empty without one.")
    by = serializers.CharField()
    reason = serializers.CharField()


class ConfigurationRegisterSerializer(serializers.Serializer):
    """The register of a month, the oldest first."""

    month = serializers.CharField(source="month.code")
    cut = serializers.BooleanField(help_text="Whether there are more than are listed.")
    results = RegisterEntrySerializer(many=True, source="entries")


class RegisterApi(ApiView):
    """The register of configuration changes."""

    query = ("month",)

    def get(self, request: Request) -> Response:
        """Of this month unless asked."""
        if not may_read(self.user):
            raise ApiDenied
        month = Month.parse(request.query_params.get("month", ""), clock.now())
        return Response(ConfigurationRegisterSerializer(register_of(month, self.user)).data)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        named: dict[str, Any] = {"id": "configuration_register", "tag": _("Changes"), "errors": LIST_ERRORS}
        summary = _("Read the register of configuration changes of a month")
        return Operation(**named, summary=summary, response=ConfigurationRegisterSerializer, parameters=(MONTH,))


routes = [path("configuration-register/", RegisterApi.as_view(), name="configuration-register")]
