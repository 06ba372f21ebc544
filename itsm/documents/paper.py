"""Forms and reports as PDF, set by typst from data: what people typed stays text (TKT-12)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from itsm.documents.fonts import FONTS, typeset
from itsm.moments import moment_for_all, portal_time

TEMPLATE = Path(__file__).parent / "paper.typ"
TYPE = "application/pdf"


def moment(at: datetime | None) -> str:
    """``at`` on paper, which goes from hand to hand: in the portal's time zone; a dash for none."""
    return date_format(portal_time(at), "Y-m-d H:i") if at else "—"


def printed(user: object, now: datetime) -> str:
    """The last line of a paper: when it was printed, which also says of which zone its times are, and by whom."""
    return " · ".join([_("Printed"), moment_for_all(now), str(user)])


@dataclass(frozen=True)
class Part:
    """A part of a paper: pairs of label and text, or a table; ``broad``: places of the columns that take the room.

    ``picture``: a drawing of the portal's own as SVG, over the whole breadth.
    """

    title: str
    lines: Sequence[tuple[str, str]] = ()
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = field(default_factory=list)
    broad: Sequence[int] = ()
    picture: str = ""


def pdf_of(title: str, under: str, parts: Iterable[Part], *, printed: str, wide: bool = False) -> bytes:
    """A paper in the active language. ``under``: what stands below the title; ``wide``: the sheet lies on its side."""
    data = {
        "title": title,
        "under": under,
        "parts": [asdict(part) for part in parts],
        "printed": printed,
        "none": _("None yet."),
        "wide": wide,
        "fonts": FONTS,
        "lang": (get_language() or "zh")[:2],
    }
    text = json.dumps(data, ensure_ascii=False, default=str).replace("\\r", "")
    return typeset(str(TEMPLATE), sys_inputs={"data": text})
