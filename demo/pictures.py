"""Files for demo tickets: pictures that look like screenshots, and logs."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw, ImageFont

WIDTH, MARGIN, LINE = 880, 24, 24
BAR = 36
BACKGROUND, TITLE_BAR, TEXT, ALARM = "#10161d", "#2a3441", "#c9d6e2", "#ff8a80"
BUTTONS = ("#ff5f57", "#febc2e", "#28c840")


def make_file(row: dict[str, Any]) -> SimpleUploadedFile:
    """A file of the demo data: ``name`` and ``lines``; a name ending in ``.png`` makes a picture of them."""
    name, lines = row["name"], row["lines"]
    if name.endswith(".png"):
        return SimpleUploadedFile(name, terminal(name, lines), "image/png")
    return SimpleUploadedFile(name, "\n".join([*lines, ""]).encode(), "text/plain")


def terminal(title: str, lines: list[str]) -> bytes:
    """A PNG picture of a terminal window with ``lines``; those that begin with ``!`` stand out."""
    image = Image.new("RGB", (WIDTH, BAR + 2 * MARGIN + LINE * len(lines)), BACKGROUND)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, WIDTH, BAR), fill=TITLE_BAR)
    for number, colour in enumerate(BUTTONS):
        left = 14 + 22 * number
        draw.ellipse((left, 12, left + 13, 25), fill=colour)
    font = ImageFont.load_default(size=16)
    draw.text((WIDTH / 2, BAR / 2), title, fill=TEXT, font=font, anchor="mm")
    _write(draw, lines, font)
    buffer = BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _write(draw: ImageDraw.ImageDraw, lines: Iterable[str], font: Any) -> None:
    for number, line in enumerate(lines):
        colour = ALARM if line.startswith("!") else TEXT
        draw.text((MARGIN, BAR + MARGIN + LINE * number), line.removeprefix("!"), fill=colour, font=font)
