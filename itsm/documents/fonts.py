"""Setting papers and pictures by typst, in fonts that come with the portal: the same everywhere (RPT-02, TKT-12)."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import typst

#: Latin and simplified Chinese in every weight (OFL), from a package; then the one that comes with typst.
FONTS = ["Noto Sans SC", "Libertinus Serif"]
_FOLDERS = [str(files("justmytype_intl_cjk") / "fonts" / "ofl" / "notosanssc")]


def typeset(source: str | bytes, **wanted: Any) -> bytes:
    """Set ``source`` (path of a template, or its text) as PDF, or as ``format``, without the fonts of the server.

    All content comes as ``sys_inputs``. Raises typst.TypstError for a template that cannot be set.
    """
    made: bytes = typst.compile(source, font_paths=_FOLDERS, ignore_system_fonts=True, **wanted)
    return made
