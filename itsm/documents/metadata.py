"""Taking out of pictures what people do not know they send: where and with what they were taken (SEC-02).

The picture itself is not drawn anew. Of the Exif data its orientation stays; in HEIC, whose layout other data point
into, the position alone is blanked, in place.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator

EXIF, XMP = b"Exif\x00\x00", b"http://ns.adobe.com/"
ORIENTATION, GPS = 0x0112, 0x8825
PNG_HEAD, PNG_DROPPED = 8, {b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"}
#: Sizes of the values of Exif by type.
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}


def without_metadata(ending: str, data: bytes) -> bytes:
    """``data`` of a picture without its metadata; anything that is not understood stays as it is."""
    try:
        return _WAYS[ending](data)
    except (KeyError, struct.error, IndexError):
        return data


def _jpeg(data: bytes) -> bytes:
    """Without the segments of Exif, XMP, Photoshop and comments."""
    kept, at = [data[:2]], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        length = struct.unpack(">H", data[at + 2 : at + 4])[0] + 2
        marker, segment = data[at + 1], data[at : at + length]
        if marker == 0xE1 and segment[4:10] == EXIF:
            kept.append(_segment(_orientation(segment[10:])))
        elif marker not in (0xE1, 0xED, 0xFE):
            kept.append(segment)
        at += length
    return b"".join([*kept, data[at:]])


def _segment(turned: int) -> bytes:
    body = EXIF + _small_exif(turned)
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body if turned > 1 else b""


def _small_exif(turned: int) -> bytes:
    """Exif that says how the picture is turned, and nothing else."""
    return b"MM\x00*" + struct.pack(">IHHHIHHI", 8, 1, ORIENTATION, 3, 1, turned, 0, 0)


def _orientation(tiff: bytes) -> int:
    for tag, at, order in _entries(tiff):
        if tag == ORIENTATION:
            return int(struct.unpack(f"{order}H", tiff[at + 8 : at + 10])[0])
    return 1


def _entries(tiff: bytes, begin: int | None = None) -> Iterator[tuple[int, int, str]]:
    """(tag, where, byte order) of the entries of a directory, the first unless ``begin`` says where."""
    order = {b"II": "<", b"MM": ">"}[tiff[:2]]
    at = begin if begin is not None else struct.unpack(f"{order}I", tiff[4:8])[0]
    count = min(struct.unpack(f"{order}H", tiff[at : at + 2])[0], 500)
    for number in range(count):
        place = at + 2 + 12 * number
        yield struct.unpack(f"{order}H", tiff[place : place + 2])[0], place, order


def _png(data: bytes) -> bytes:
    """Without the chunks of texts, times and Exif."""
    kept, at = [data[:PNG_HEAD]], PNG_HEAD
    while at + 12 <= len(data):
        end = at + 12 + struct.unpack(">I", data[at : at + 4])[0]
        kind = data[at + 4 : at + 8]
        if kind == b"eXIf" and (turned := _orientation(data[at + 8 : end - 4])) > 1:
            body = kind + _small_exif(turned)
            kept.append(struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body)))
        elif kind not in PNG_DROPPED:
            kept.append(data[at:end])
        at = end
    return b"".join([*kept, data[at:]])


def _webp(data: bytes) -> bytes:
    """Without the chunks of Exif and XMP, and without the bits that announce them."""
    kept, at = [], 12
    while at + 8 <= len(data):
        size = struct.unpack("<I", data[at + 4 : at + 8])[0]
        end, kind = at + 8 + size + size % 2, data[at : at + 4]
        if kind == b"VP8X":
            kept.append(data[at : at + 8] + bytes([data[at + 8] & ~0x0C]) + data[at + 9 : end])
        elif kind not in (b"EXIF", b"XMP "):
            kept.append(data[at:end])
        at = end
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _gif(data: bytes) -> bytes:
    """Without comments and the extensions of programs, such as XMP; how often it plays stays."""
    at = 13 + (3 * 2 ** ((data[10] & 7) + 1) if data[10] & 0x80 else 0)
    kept = [data[:at]]
    while data[at] != 0x3B:
        begin = at
        if data[at] == 0x2C:  # a picture: its head, its colours, the width of its codes
            at += 10 + (3 * 2 ** ((data[at + 9] & 7) + 1) if data[at + 9] & 0x80 else 0) + 1
            dropped = False
        elif data[at] == 0x21:
            program = data[at + 3 : at + 14] if data[at + 1] == 0xFF else b""
            dropped = data[at + 1] == 0xFE or bool(program and program not in (b"NETSCAPE2.0", b"ANIMEXTS1.0"))
            at += 2
        else:
            return data
        while data[at]:  # blocks, each with its length before it
            at += data[at] + 1
        at += 1
        if not dropped:
            kept.append(data[begin:at])
    return b"".join([*kept, b";"])


def _heic(data: bytes) -> bytes:
    """With every value of the position as zeros; nothing moves."""
    found, blank = data.find(EXIF), bytearray(data)
    while found >= 0:
        base = found + len(EXIF)
        tiff = data[base:]
        if tiff[:2] in (b"II", b"MM"):
            _blank_position(blank, base, tiff)
        found = data.find(EXIF, base)
    return bytes(blank)


def _blank_position(blank: bytearray, base: int, tiff: bytes) -> None:
    for tag, at, order in _entries(tiff):
        if tag != GPS:
            continue
        for _tag, entry, _order in _entries(tiff, struct.unpack(f"{order}I", tiff[at + 8 : at + 12])[0]):
            kind, count, place = struct.unpack(f"{order}HII", tiff[entry + 2 : entry + 12])
            size = SIZES.get(kind, 1) * count
            start = entry + 8 if size <= 4 else place
            size = min(size, len(tiff) - start) if size > 4 else 4
            blank[base + start : base + start + size] = bytes(size)


_WAYS: dict[str, Callable[[bytes], bytes]] = {
    **{"jpg": _jpeg, "jpeg": _jpeg, "png": _png, "webp": _webp, "gif": _gif},
    **{"heic": _heic, "heif": _heic},
}
