"""Attachments leave only through these views, which check who asks (reliability.md, section 7)."""

from __future__ import annotations

import logging

from django.http import FileResponse, Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from PIL import Image

from accounts.http import SignedInRequest, SignedInView
from accounts.models import User
from accounts.permissions import Permission
from itsm.documents.pictures import secured, small_copy
from tickets.files.kinds import accepted
from tickets.models import Attachment, Ticket
from tickets.timeline import attachments_for

logger = logging.getLogger(__name__)
PREVIEW_SIZE = (640, 480)
LARGE_SIZE = (1920, 1440)


def find_attachment(user: User, pk: int) -> Attachment:
    """The attachment, when ``user`` sees its ticket and the entry that it came with. Raises Http404."""
    found = Attachment.objects.filter(pk=pk, ticket__in=Ticket.objects.visible_to(user))
    attachment = found.select_related("ticket").first()
    if attachment is not None and not user.may(Permission.INTERNAL):
        attachment = attachments_for(attachment.ticket, user).filter(pk=pk).first()
    if attachment is None:
        raise Http404
    return attachment


class AttachmentView(SignedInView):
    """The file as a download."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Send it under its own name."""
        attachment = find_attachment(request.user, pk)
        try:
            content = attachment.file.open("rb")
        except FileNotFoundError:
            return missing(request, attachment)
        response = FileResponse(
            content, as_attachment=True, filename=attachment.name, content_type=attachment.content_type
        )
        return secured(response)  # type: ignore[arg-type]


def missing(request: SignedInRequest, attachment: Attachment) -> HttpResponse:
    """The row is there and its file is not: say so, to the reader and in the log."""
    logger.error("The file of attachment %s is missing: %s", attachment.pk, attachment.file.name)
    return render(request, "tickets/file_missing.html", {"attachment": attachment}, status=404)


class PreviewView(SignedInView):
    """A small copy of a picture, drawn anew: what hides in the original stays there."""

    def get(self, request: SignedInRequest, pk: int) -> HttpResponse:
        """Send a PNG of at most 640 by 480, for ``?size=large`` of 1920 by 1440. Raises Http404."""
        attachment = find_attachment(request.user, pk)
        if not attachment.is_image:
            raise Http404
        size = LARGE_SIZE if request.GET.get("size") == "large" else PREVIEW_SIZE
        try:
            drawn = small_copy(attachment.file, size)
        except FileNotFoundError:
            return missing(request, attachment)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise Http404 from error  # damaged or cut: there is nothing to look at, the download is still there
        response = HttpResponse(drawn, content_type="image/png")
        response.headers["Cache-Control"] = "private, max-age=86400"
        return secured(response)


class FileKindsView(SignedInView):
    """Which kinds of files are accepted, for the page that takes them."""

    def get(self, request: SignedInRequest) -> HttpResponse:
        """The endings."""
        return JsonResponse({"kinds": list(accepted())})
