"""Kinds of files (TKT-05): which are accepted is a list that administrators edit; how each begins is known here.

Files are only ever sent as downloads that a browser does not run, so a kind that is added does no harm to readers;
what a system runs by a double click is not taken, whatever the list says.
"""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.codes import CodeTable

#: Run by a double click, or by a browser as a page.
NEVER = frozenset({
    "apk", "app", "bat", "chm", "cmd", "com", "cpl", "dll", "dmg", "exe", "gadget", "hta", "htm", "html",
    "iso", "jar", "js", "jse", "lnk", "msc", "msi", "msp", "mjs", "pif", "ps1", "reg", "scr", "sh", "svg",
    "svgz", "swf", "url", "vb", "vbe", "vbs", "wsf", "wsh", "xht", "xhtml",
})  # fmt: skip
PICTURES = frozenset({"png", "jpg", "jpeg", "gif", "webp"})
TEXTS = frozenset({"txt", "log", "csv", "json", "xml", "eml", "yaml", "yml", "ini", "conf", "md"})

Signature = tuple[int, bytes]
_ZIP: tuple[Signature, ...] = ((0, b"PK\x03\x04"), (0, b"PK\x05\x06"))
_OLE: tuple[Signature, ...] = ((0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),)
_MEDIA: tuple[Signature, ...] = ((4, b"ftyp"),)
_PCAP: tuple[Signature, ...] = tuple(
    (0, head) for head in (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x0a\x0d\x0d\x0a", b"\x4d\x3c\xb2\xa1")
)
#: Where and how the content begins. An Office file with a password is a container of the old kind: both fit.
SIGNATURES: dict[str, tuple[Signature, ...]] = {
    "png": ((0, b"\x89PNG\r\n\x1a\n"),),
    "jpg": ((0, b"\xff\xd8\xff"),),
    "jpeg": ((0, b"\xff\xd8\xff"),),
    "gif": ((0, b"GIF87a"), (0, b"GIF89a")),
    "webp": ((0, b"RIFF"),),
    "heic": _MEDIA,
    "heif": _MEDIA,
    "mp4": _MEDIA,
    "mov": (*_MEDIA, (4, b"moov"), (4, b"wide"), (4, b"mdat")),
    "pdf": ((0, b"%PDF-"),),
    **dict.fromkeys(("docx", "xlsx", "pptx"), (*_ZIP, *_OLE)),
    **dict.fromkeys(("doc", "xls", "ppt", "wps", "et", "dps"), (*_OLE, *_ZIP)),
    "msg": _OLE,
    "ofd": _ZIP,
    "zip": _ZIP,
    "gz": ((0, b"\x1f\x8b"),),
    "7z": ((0, b"7z\xbc\xaf\x27\x1c"),),
    "rar": ((0, b"Rar!\x1a\x07"),),
    "pcap": _PCAP,
    "pcapng": _PCAP,
}


class FileKind(CodeTable):
    """A kind of file that may be attached. The code is the ending of the file's name."""

    content_type = models.CharField(
        _("content type"),
        max_length=100,
        default="application/octet-stream",
        validators=[RegexValidator(r"^[a-z]+/[a-z0-9][a-z0-9.+-]*$")],
    )

    class Meta(CodeTable.Meta):
        verbose_name = _("kind of file")
        verbose_name_plural = _("kinds of files")

    def clean(self) -> None:
        """Raise ValidationError for what is never accepted."""
        if self.code != self.code.lower() or self.code in NEVER:
            raise ValidationError(
                {"code": _("Files of this kind can be run by a double click; they are never accepted.")}
            )


def accepted() -> dict[str, str]:
    """The endings that are accepted, each with its content type. One query."""
    rows = FileKind.objects.active().values_list("code", "content_type")
    return {code: content_type for code, content_type in rows if code not in NEVER}


def fits(ending: str, head: bytes) -> bool:
    """Whether a file that begins with ``head`` can be of the kind ``ending``; of an unknown kind anything can."""
    if ending in TEXTS:
        return is_text(head)
    known = SIGNATURES.get(ending)
    return known is None or any(head[at : at + len(mark)] == mark for at, mark in known)


def is_text(head: bytes) -> bool:
    """Whether ``head`` is the beginning of a text: in one byte a letter, or as Windows writes it, in two."""
    if b"\x00" not in head:
        return True
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _has_no_zero_letter(head[2:])
    halves = head[0::2], head[1::2]
    return len(head) > 1 and any(
        not any(one) and all(9 <= byte < 127 for byte in other) for one, other in (halves, halves[::-1])
    )


def _has_no_zero_letter(data: bytes) -> bool:
    return all(data[at : at + 2] != b"\x00\x00" for at in range(0, len(data) - 1, 2))
