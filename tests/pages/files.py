"""Files for tests of pages."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.datastructures import MultiValueDict
from PIL import Image

from accounts.models import User
from tickets.actions import perform
from tickets.models import Attachment


def picture(name: str = "screenshot.png") -> SimpleUploadedFile:
    """A real picture, as pasted from a screenshot."""
    drawn = BytesIO()
    Image.new("RGB", (900, 600), "navy").save(drawn, "PNG")
    return SimpleUploadedFile(name, drawn.getvalue(), "image/png")


def attach(ticket: Any, user: User, action: str = "comment", file: SimpleUploadedFile | None = None) -> Attachment:
    """A file that came with a public reply, or with an internal note."""
    files = MultiValueDict({"attachments": [file or picture()]})
    entry = perform(ticket, action, user=user, data={"text": "see the picture"}, files=files)
    return entry.attachments.get()
