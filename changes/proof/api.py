"""The proof pack in the API."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import path
from django.utils.encoding import force_str
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from accounts.permissions import Permission
from changes.models import Change
from changes.proof.pack import pack_of
from changes.proof.register_views import routes as register_routes
from itsm.api.operations import Operation
from tickets.api.base import NUMBER, TicketView
from tickets.lifecycle import kind_of_model

ZIP = "application/zip"


class PackView(TicketView):
    """The proof pack of one change."""

    def get(self, request: Request, number: str) -> HttpResponse:
        """Download it."""
        if not self.user.may(Permission.INTERNAL):
            raise PermissionDenied
        change: Change = self.find(number).specific  # type: ignore[assignment]  # of this kind
        headers = {"Content-Disposition": f'attachment; filename="{change.number}-proof.zip"'}
        return HttpResponse(pack_of(change, self.user), content_type=ZIP, headers=headers)

    def operation(self, method: str) -> Operation:
        """How the description shows it."""
        return Operation(
            id="changes_proof",
            tag=force_str(self.kind.label_plural),
            summary=_("Download its proof pack"),
            description=_("Contents, decisions with digests, collisions, steps, differences, review, in one archive."),
            response={"type": "string", "format": "binary"},
            media_type=ZIP,
            path=NUMBER,
        )


routes = [*register_routes, path("changes/<number:number>/proof/", PackView.as_view(kind=kind_of_model(Change)))]
