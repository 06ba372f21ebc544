"""Photos of an audit's checks in the API: taken with the rules of the page (CMDB-07)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError as Wrong
from django.http import HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from cmdb.api.shapes import TAG, Conflict
from cmdb.audits.api import NUMBER, ONE, AuditBaseView
from cmdb.audits.photos import check_photo, keep_photo, remove_photo
from cmdb.audits.serializers import AuditPhotoSerializer
from cmdb.audits.services import AuditClosed
from cmdb.audits.views import LARGE, drawn_photo, find_photo
from cmdb.authority import may_edit
from itsm.api.form_input import checked, unknown
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, Operation

_BODY: dict[str, Any] = {
    "type": "object",
    "properties": {"photo": {"type": "string", "format": "binary", "description": "JPEG, PNG or WebP, 20 MB."}},
    "required": ["photo"],
    "additionalProperties": False,
}


class PhotoInput(forms.Form):
    """The picture."""

    photo = forms.FileField()

    def clean_photo(self) -> Any:
        """As on the page."""
        return check_photo(self.cleaned_data["photo"])


class PhotosApiView(AuditBaseView):
    """A photo of what was found is added to a check."""

    http_method_names: tuple[str, ...] = ("post", "options")

    def get_parsers(self) -> list[BaseParser]:
        """Files come in parts."""
        return [MultiPartParser()]

    def post(self, request: Request, pk: int, check: int) -> Response:
        """Keep it, without where and with what it was taken."""
        self.allow(may_edit(self.user))
        row = self.check_of(pk, check)
        return self.once(request, lambda: self._keep(request, row))

    def _keep(self, request: Request, row: Any) -> Response:
        if errors := unknown({**request.POST.dict(), **request.FILES.dict()}, _BODY["properties"]):
            raise ValidationError(errors)
        said = checked(PhotoInput(request.POST, request.FILES))
        try:
            made = keep_photo(check=row, file=said["photo"], by=self.user, now=timezone.now())
        except Wrong as error:
            raise ValidationError({"photo": error.messages}) from error
        return Response(AuditPhotoSerializer(made).data, status=201)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        return Operation(
            id="audit_photos_create",
            tag=TAG,
            summary=_("Add a photo to a check of an audit"),
            request={"multipart/form-data": _BODY},
            response=AuditPhotoSerializer,
            status=201,
            errors=CREATE_ERRORS,
            path={**ONE, "check": NUMBER},
            parameters=(IDEMPOTENCY_KEY,),
        )


class PhotoApiView(AuditBaseView):
    """A photo."""

    http_method_names: tuple[str, ...] = ("get", "delete", "head", "options")

    def get(self, request: Request, pk: int, check: int, photo: int) -> HttpResponse:
        """The picture, drawn anew as a PNG of at most 1920 by 1440."""
        return drawn_photo(find_photo(pk, check, photo), LARGE)

    def delete(self, request: Request, pk: int, check: int, photo: int) -> Response:
        """Take it away, while the audit is open."""
        self.allow(may_edit(self.user))
        try:
            remove_photo(photo=find_photo(pk, check, photo))
        except AuditClosed as error:
            raise Conflict(str(error)) from error
        return Response(status=204)

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        where = {**ONE, "check": NUMBER, "photo": NUMBER}
        if method == "delete":
            return Operation(
                id="audit_photos_remove",
                tag=TAG,
                summary=_("Take a photo of a check away"),
                status=204,
                errors=CREATE_ERRORS,
                path=where,
            )
        return Operation(
            id="audit_photos_read",
            tag=TAG,
            summary=_("Look at a photo of a check"),
            response={"type": "string", "format": "binary"},
            media_type="image/png",
            path=where,
        )


_CHECK = "items/audits/<int:pk>/checks/<int:check>/photos/"
routes = [
    path(_CHECK, PhotosApiView.as_view(), name="item-audit-photos"),
    path(f"{_CHECK}<int:photo>/", PhotoApiView.as_view(), name="item-audit-photo"),
]
