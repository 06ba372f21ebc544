"""Photos of what audits find, in the API: taken with the rules of the page (CMDB-07)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

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
from cmdb.audits.forms import OnePhotoForm
from cmdb.audits.photos import keep_photo, remove_photo
from cmdb.audits.serializers import AuditPhotoSerializer
from cmdb.audits.services import AuditClosed
from cmdb.audits.views import LARGE, drawn_photo, find_extra, find_photo
from cmdb.authority import may_edit
from cmdb.models import AuditCheck, AuditExtra, AuditPhoto
from itsm.api.form_input import checked, unknown
from itsm.api.operations import CREATE_ERRORS, IDEMPOTENCY_KEY, Operation

_BODY: dict[str, Any] = {
    "type": "object",
    "properties": {"photo": {"type": "string", "format": "binary", "description": "JPEG, PNG or WebP, 20 MB."}},
    "required": ["photo"],
    "additionalProperties": False,
}


class PhotosApiView(AuditBaseView):
    """A photo of what was found is added to a check."""

    http_method_names: tuple[str, ...] = ("post", "options")

    def get_parsers(self) -> list[BaseParser]:
        """Files come in parts."""
        return [MultiPartParser()]

    def found(self, pk: int, **of: int) -> AuditCheck | AuditExtra:
        """What the photo is of. Raises Http404."""
        return self.check_of(pk, of["check"])

    def post(self, request: Request, pk: int, **of: int) -> Response:
        """Keep it, without where and with what it was taken."""
        self.allow(may_edit(self.user))
        row = self.found(pk, **of)
        return self.once(request, lambda: self._keep(request, row))

    def _keep(self, request: Request, row: AuditCheck | AuditExtra) -> Response:
        if errors := unknown({**request.POST.dict(), **request.FILES.dict()}, _BODY["properties"]):
            raise ValidationError(errors)
        said = checked(OnePhotoForm(request.POST, request.FILES))
        try:
            made = keep_photo(of=row, file=said["photo"], by=self.user, now=timezone.now())
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


class ExtraPhotosApiView(PhotosApiView):
    """A photo is added to something that stands there and is not recorded."""

    def found(self, pk: int, **of: int) -> AuditCheck | AuditExtra:
        """What the photo is of. Raises Http404."""
        return find_extra(pk, of["extra"])

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        said = super().operation(method)
        assert said is not None  # noqa: S101 - it has one
        summary = _("Add a photo to something that is not recorded")
        return replace(said, id="audit_extra_photos_create", summary=summary, path={**ONE, "extra": NUMBER})


class PhotoApiView(AuditBaseView):
    """A photo of a check."""

    http_method_names: tuple[str, ...] = ("get", "delete", "head", "options")

    def found(self, pk: int, photo: int, **of: int) -> AuditPhoto:
        """The photo. Raises Http404."""
        return find_photo(pk, photo, audit_check=of["check"])

    def get(self, request: Request, pk: int, photo: int, **of: int) -> HttpResponse:
        """The picture, drawn anew as a PNG of at most 1920 by 1440."""
        return drawn_photo(self.found(pk, photo, **of), LARGE)

    def delete(self, request: Request, pk: int, photo: int, **of: int) -> Response:
        """Take it away, while the audit is open."""
        self.allow(may_edit(self.user))
        try:
            remove_photo(photo=self.found(pk, photo, **of))
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


class ExtraPhotoApiView(PhotoApiView):
    """A photo of something that is not recorded."""

    def found(self, pk: int, photo: int, **of: int) -> AuditPhoto:
        """The photo. Raises Http404."""
        return find_photo(pk, photo, extra=of["extra"])

    def operation(self, method: str) -> Operation | None:
        """How the description shows it."""
        said = super().operation(method)
        assert said is not None  # noqa: S101 - it has one
        where = {**ONE, "extra": NUMBER, "photo": NUMBER}
        if method == "delete":
            summary = _("Take a photo of something that is not recorded away")
            return replace(said, id="audit_extra_photos_remove", summary=summary, path=where)
        summary = _("Look at a photo of something that is not recorded")
        return replace(said, id="audit_extra_photos_read", summary=summary, path=where)


_CHECK = "items/audits/<int:pk>/checks/<int:check>/photos/"
_EXTRA = "items/audits/<int:pk>/extras/<int:extra>/photos/"
routes = [
    path(_CHECK, PhotosApiView.as_view(), name="item-audit-photos"),
    path(f"{_CHECK}<int:photo>/", PhotoApiView.as_view(), name="item-audit-photo"),
    path(_EXTRA, ExtraPhotosApiView.as_view(), name="item-audit-extra-photos"),
    path(f"{_EXTRA}<int:photo>/", ExtraPhotoApiView.as_view(), name="item-audit-extra-photo"),
]
