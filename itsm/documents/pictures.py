"""Pictures that people send: whether one opens and is of bearable size, and drawing it anew in small (TKT-05)."""

from __future__ import annotations

import hashlib
import io

from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError

#: Pixels of a picture. JPEG is read in small at once; of others every pixel is held in memory.
MAX_PIXELS, MAX_PIXELS_JPEG = 64_000_000, 150_000_000


def picture_errors(file: UploadedFile, name: str) -> list[str]:
    """A picture must open, and be of bearable size; a decompression bomb does not."""
    try:
        with Image.open(file) as image:
            most = MAX_PIXELS_JPEG if image.format == "JPEG" else MAX_PIXELS
            if image.width * image.height <= most:
                return []
            return [_("%(name)s has more than %(count)d million pixels.") % {"name": name, "count": most // 10**6}]
    except Image.DecompressionBombError:
        return [_("%(name)s has more than %(count)d million pixels.") % {"name": name, "count": MAX_PIXELS // 10**6}]
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return [_("%(name)s: the picture is damaged.") % {"name": name}]
    finally:
        file.seek(0)


def digest_of(file: File) -> str:
    """SHA-256 of the file, in hexadecimal digits."""
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def small_copy(stored: File, size: tuple[int, int]) -> bytes:
    """A PNG of at most ``size`` of a picture, drawn anew and the right way up. Raises what opening it raises."""
    with stored.open("rb") as file, Image.open(file) as image:
        image.draft("RGB", size)  # a large JPEG is read in small at once
        turned = ImageOps.exif_transpose(image)
        turned.thumbnail(size)
        drawn = io.BytesIO()
        turned.convert("RGBA").save(drawn, "PNG")
    return drawn.getvalue()


def secured(response: HttpResponse) -> HttpResponse:
    """Never run, never guessed, never shown inside our pages."""
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
