"""Attachments leave only through these views, which check who asks (reliability.md, section 7)."""

from __future__ import annotations

import io

from django.http import FileResponse, Http404, HttpResponse
from PIL import Image

from accounts.http import SignedInRequest, SignedInView
from accounts.models import User
from accounts.permissions import Permission
from tickets.models import Attachment, Ticket

PREVIEW_SIZE = (640, 480)
LARGE_SIZE = (1920, 1440)


def find_attachment(user: User, pk: int) -> Attachment:
    """The attachment, when ``user`` sees its ticket and the entry that it came with. Raises Http404."""
    found = Attachment.objects.filter(pk=pk, ticket__in=Ticket.objects.visible_to(user))
    if not user.may(Permission.INTERNAL):
        found = found.filter(is_public=True)
    attachment = found.first()
    if attachment is None:
        raise Http404
    return attachment


def secured(response: HttpResponse) -> HttpResponse:
    """Never run, never guessed, never shown inside our pages."""
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


class AttachmentView(SignedInView):
    """The file as a download."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Send it under its own name."""
        attachment = find_attachment(request.user, pk)
        response = FileResponse(
            attachment.file.open("rb"),
            as_attachment=True,
            filename=attachment.name,
            content_type=attachment.content_type,
        )
        return secured(response)  # type: ignore[arg-type]


class PreviewView(SignedInView):
    """A small copy of a picture, drawn anew: what hides in the original stays there."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Send a PNG of at most 640 by 480, for ``?size=large`` of 1920 by 1440."""
        attachment = find_attachment(request.user, pk)
        if not attachment.is_image:
            raise Http404
        with attachment.file.open("rb") as file, Image.open(file) as image:
            image.thumbnail(LARGE_SIZE if request.GET.get("size") == "large" else PREVIEW_SIZE)
            drawn = io.BytesIO()
            image.convert("RGBA").save(drawn, "PNG")
        response = HttpResponse(drawn.getvalue(), content_type="image/png")
        response.headers["Cache-Control"] = "private, max-age=86400"
        return secured(response)
