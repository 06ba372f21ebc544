"""Charts as pictures: drawn by the portal from the same numbers as the table, as SVG; and as PNG from that."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import groupby, pairwise
from typing import Any

from django.utils.html import escape

from itsm.documents.fonts import FONTS, typeset
from reports.charts import Chart, Line

WIDTH, ROW, LEFT, TOP = 860, 26, 190, 74
#: The height of what stands on an axis, and how wide a letter is taken to be.
TALL, LETTER = 260, 7
#: Up to so many points of a line are marked.
MARKED = 40
INK, FAINT = "#1f2a37", "#6b7787"
COLOURS = {"info": "#4a90d9", "ok": "#2f9e5f", "late": "#d64545", "soon": "#d99a1c", "": "#8796a8"}
_PAGE = """#set page(width: auto, height: auto, margin: 0pt)
#set text(font: json(bytes(sys.inputs.fonts)))
#image(bytes(sys.inputs.svg), format: "svg")"""


def svg_of(chart: Chart, under: str) -> str:
    """The chart with its title, unit and legend. ``under``: period and moment, below the title."""
    body, height = DRAWN.get(chart.kind, _columns)(chart)
    shown = [(name, tone) for name, how, tone in chart.series if how not in ("text", "heat")]
    legend, at = "", float(LEFT)
    for name, tone in shown:
        colour = COLOURS.get(tone, COLOURS[""])
        legend += f'<rect x="{at}" y="54" width="10" height="10" fill="{colour}"/>{_text(at + 15, 63, name, FAINT)}'
        at += 40 + _wide(name)
    families = escape(", ".join(f"'{name}'" for name in FONTS))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
        f' font-family="{families}, sans-serif" font-size="12" role="img"><title>{escape(chart.described)}</title>'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
        f"{_text(16, 26, str(chart.title), INK, size=17)}{_text(16, 45, f'{chart.unit} · {under}', FAINT)}"
        f"{legend if len(shown) > 1 else ''}{body}</svg>"
    )


def png_of(chart: Chart, under: str) -> bytes:
    """The same as PNG, twice as fine as screens."""
    inputs = {"svg": svg_of(chart, under), "fonts": json.dumps(FONTS)}
    return typeset(_PAGE.encode(), format="png", ppi=144.0, sys_inputs=inputs)


# --- Ways of drawing: each returns what stands below the head, and the height of the whole ---


def _bars(chart: Chart) -> tuple[str, int]:
    """A bar per line, its number at its end."""
    most = max([line.cells[0].value or 0 for line in chart.lines], default=0) or 1
    room, body = WIDTH - LEFT - 130, ""
    for number, line in enumerate(chart.lines):
        y, cell = TOP + number * ROW, line.cells[0]
        long = room * (cell.value or 0) / most
        note = " · ".join(one.shown for one in line.cells)
        body += _label(line, y) + _box(LEFT, y + 4, long, ROW - 8, "info") + _text(LEFT + long + 6, y + 17, note, INK)
    return body, TOP + len(chart.lines) * ROW + 14


def _shares(chart: Chart) -> tuple[str, int]:
    """Parts of a hundred per line, with the targets as lines over all."""
    room, body = WIDTH - LEFT - 130, ""
    stacked = [n for n, (_name, how, _tone) in enumerate(chart.series) if how == "stack"]
    for number, line in enumerate(chart.lines):
        y, at = TOP + number * ROW, float(LEFT)
        total = sum(line.cells[n].value or 0 for n in stacked) or 1
        for n in stacked:
            long = room * (line.cells[n].value or 0) / total
            body += _box(at, y + 4, long, ROW - 8, chart.series[n][2])
            at += long
        body += _label(line, y) + _text(LEFT + room + 6, y + 17, line.cells[-1].shown, INK)
    bottom = TOP + len(chart.lines) * ROW
    for aim in chart.extra.get("aims", []):
        x = LEFT + room * aim["value"] / 100
        body += _stroke([(x, TOP), (x, bottom)], INK, dashed=True)
    return body + (_text(LEFT, bottom + 16, chart.note, FAINT) if chart.note else ""), bottom + 28


def _heat(chart: Chart) -> tuple[str, int]:
    """A square per cell, the darker the more."""
    most = max((cell.value or 0 for line in chart.lines for cell in line.cells), default=0) or 1
    wide = (WIDTH - 120) / max(len(chart.series), 1)
    body = "".join(_text(110 + n * wide + 4, TOP - 4, name, FAINT) for n, (name, _h, _t) in enumerate(chart.series))
    for number, line in enumerate(chart.lines):
        y = TOP + number * ROW
        body += _text(16, y + 17, line.label, INK)
        for n, cell in enumerate(line.cells):
            share = (cell.value or 0) / most
            x, ink = 110 + n * wide, "#ffffff" if share > 0.55 else INK
            body += (
                f'<rect x="{x:.1f}" y="{y}" width="{wide - 2:.1f}" height="{ROW - 2}" fill="{COLOURS["info"]}"'
                f' fill-opacity="{0.06 + 0.94 * share:.2f}"/>'
            )
            body += _text(x + 4, y + 17, cell.shown, ink) if cell.value else ""
    return body, TOP + len(chart.lines) * ROW + 14


def _columns(chart: Chart) -> tuple[str, int]:
    """Columns side by side, lines over them; labels below as far as they have room."""
    numbers = [n for n, (_name, how, _tone) in enumerate(chart.series) if how != "text"]
    values = [line.cells[n].value or 0 for line in chart.lines for n in numbers]
    most, room = max([*values, *(aim["value"] for aim in chart.extra.get("aims", []))], default=0) or 1, WIDTH - 80
    step = room / max(len(chart.lines), 1)
    bars = [n for n in numbers if chart.series[n][1] == "bar"]

    def height(value: float) -> float:
        return TOP + TALL - TALL * value / most

    body = "".join(
        _stroke([(60, height(most * part)), (60 + room, height(most * part))], "#d8dee6")
        + _text(54 - _wide(f"{most * part:,.0f}"), height(most * part) + 4, f"{most * part:,.0f}", FAINT)
        for part in (0, 0.5, 1)
    )
    for number, line in enumerate(chart.lines):
        for place, n in enumerate(bars):
            wide = step * 0.7 / len(bars)
            x, y = 60 + number * step + step * 0.15 + place * wide, height(line.cells[n].value or 0)
            body += _box(x, y, wide, TOP + TALL - y, chart.series[n][2])
    for n in numbers:
        if n not in bars:
            body += _line(chart, n, step, height)
    for aim in chart.extra.get("aims", []):
        colour = COLOURS.get(aim.get("tone", "-"), INK)
        body += _stroke([(60, height(aim["value"])), (60 + room, height(aim["value"]))], colour, dashed=True)
        body += _text(64, height(aim["value"]) - 4, aim["name"], INK)
    widest = max((_wide(line.label) for line in chart.lines), default=1) + 12
    every = max(1, -(-int(widest) // max(int(step), 1)))
    for number, line in list(enumerate(chart.lines))[::every]:
        body += _text(60 + number * step, TOP + TALL + 18, line.label, FAINT)
    return body, TOP + TALL + 34


def _line(chart: Chart, n: int, step: float, height: Callable[[float], float]) -> str:
    """A line through what is known; where nothing is, it is broken. Few points are marked."""
    _name, how, tone = chart.series[n]
    colour, body = COLOURS.get(tone, COLOURS[""]), ""
    for known, run in groupby(enumerate(chart.lines), key=lambda pair: pair[1].cells[n].value is not None):
        if not known:
            continue
        points = [(60 + (at + 0.5) * step, height(line.cells[n].value or 0)) for at, line in run]
        if how == "step":
            points = [*points[:1], *(p for a, b in pairwise(points) for p in ((b[0], a[1]), b))]
        body += _stroke(points, colour, width=2.5, dashed=how == "step")
        if how == "line" and len(chart.lines) <= MARKED:
            body += "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in points)
    return body


def _label(line: Line, y: float) -> str:
    room = (LEFT - 24) // LETTER
    label = line.label
    while _wide(label) > room * LETTER:
        label = f"{label.removesuffix('…')[:-1]}…"
    return _text(16, y + 17, label, INK)


def _wide(text: str) -> float:
    """About how wide a text is; Chinese characters take twice as much."""
    return sum(LETTER if ord(sign) < 0x2E80 else 12 for sign in str(text))


def _text(x: float, y: float, text: Any, colour: str, size: int = 12) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" font-size="{size}">{escape(str(text))}</text>'


def _box(x: float, y: float, wide: float, tall: float, tone: str) -> str:
    colour = COLOURS.get(tone, COLOURS[""])
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{tall:.1f}" rx="2" fill="{colour}"/>'


def _stroke(points: list[tuple[float, float]], colour: str, width: float = 1, *, dashed: bool = False) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dash = ' stroke-dasharray="6 4"' if dashed else ""
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{dash}/>'


DRAWN = {"bars": _bars, "donut": _bars, "shares": _shares, "heat": _heat}
