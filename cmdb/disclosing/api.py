"""Releases of shared items in the API."""

from __future__ import annotations

from typing import Any

from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import ApiToken
from accounts.permissions import Permission
from cmdb.api.shapes import KEY, TAG, ItemView
from cmdb.authority import may_correct
from cmdb.disclosing.releasing import ReleaseForm, release, take_back
from cmdb.models import ConfigurationItem
from cmdb.versioning.moments import NOW
from itsm.api.fields import CodeField, PersonField
from itsm.api.form_input import unknown
from itsm.api.idempotency import answer_once
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, Operation
from itsm.api.schema import list_serializer

CUSTOMER = {"type": "string", "minLength": 1, "maxLength": 40}
_BODY = {
    "type": "object",
    "properties": {"organisation": CUSTOMER, "reason": {"type": "string", "maxLength": 300}},
    "required": ["organisation"],
    "additionalProperties": False,
}


class ReleaseSerializer(serializers.Serializer):
    """A customer to whom a shared item is, or was, shown."""

    organisation = CodeField()
    reason = serializers.CharField()
    by = PersonField()
    at = serializers.DateTimeField()
    ended_by = PersonField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


RELEASES = list_serializer(ReleaseSerializer)


class ReleasesView(ItemView):
    """To which customers an item is shown; POST releases it, DELETE takes that back."""

    http_method_names = ("get", "post", "delete", "head", "options")
    reads = ApiToken.Scope.DIRECTORY_READ
    writes = ApiToken.Scope.CMDB_WRITE
    query = ("organisation",)

    def _item(self, key: str, *, write: bool = False) -> ConfigurationItem:
        """The item, for those who may know who else sees it. Raises Http404, PermissionDenied."""
        found: ConfigurationItem = self.find(key, NOW)
        if not self.user.may(Permission.CMDB_VIEW) or (write and not may_correct(self.user)):
            raise PermissionDenied
        return found

    def get(self, request: Request, key: str) -> Response:
        """All of them, those taken back too."""
        return self._answer(self._item(key))

    def post(self, request: Request, key: str) -> Response:
        """Release it to one more."""
        item = self._item(key, write=True)
        return answer_once(request, lambda: self._release(request, item))

    def delete(self, request: Request, key: str) -> Response:
        """Hide it again from ``?organisation=``."""
        item, code = self._item(key, write=True), request.query_params.get("organisation", "")
        if not take_back(item=item, code=code, by=self.user, now=timezone.now()):
            raise ValidationError({"organisation": [_("It is not released to this customer.")]})
        return self._answer(item)

    def _release(self, request: Request, item: ConfigurationItem) -> Response:
        body = dict(request.data)
        errors = unknown(body, ("organisation", "reason"))
        errors |= {name: [_("A text is expected.")] for name, value in body.items() if not isinstance(value, str)}
        form = ReleaseForm(body, item=item)
        if not errors and not form.is_valid():
            errors = {name: list(map(str, texts)) for name, texts in form.errors.items()}
        if errors:
            raise ValidationError(errors)
        release(form=form, by=self.user, now=timezone.now())
        return self._answer(item)

    def _answer(self, item: ConfigurationItem) -> Response:
        rows = item.releases.select_related("organisation", "by", "ended_by")
        context = {"request": self.request}
        return Response({"results": ReleaseSerializer(rows, many=True, context=context).data})

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        shared: dict[str, Any] = {"tag": TAG, "response": RELEASES, "path": {"key": KEY}}
        if method == "get":
            return Operation(id="item_releases_list", summary=_("List to which customers an item is shown"), **shared)
        if method == "delete":
            customer = OpenApiParameter(
                "organisation", CUSTOMER, required=True, description=_("Code of the customer.")
            )
            summary = _("Hide a shared item from a customer again")
            return Operation(id="item_releases_end", summary=summary, parameters=(customer,), **shared)
        return Operation(
            id="item_releases_create",
            summary=_("Release a shared item to a customer"),
            request={"application/json": _BODY},
            errors=CREATE_ERRORS,
            parameters=(IDEMPOTENCY_KEY,),
            **shared,
        )


routes = [path("items/<key:key>/releases/", ReleasesView.as_view(), name="item-releases")]
