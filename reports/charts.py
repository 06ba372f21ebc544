"""Charts of a board: each is a table of numbers with addresses, drawn by the browser and readable without it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Coalesce, ExtractHour, ExtractIsoWeekDay, Trunc
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from accounts.models import SupportGroup
from itsm.web.filtering import EARLIEST
from reports.figures import DIMENSIONS, Scope
from reports.periods import bucket_of, buckets
from reports.targets.services import level_aims
from reports.texts import shares
from tickets.figures.charts import Ages, Categories, Drawn, Flow, HandOvers, Hours, Parts, charts_of
from tickets.figures.moves import RETURNED, hand_overs
from tickets.figures.records import AGES, ENDED, Records, Span, aged, zone
from tickets.lifecycle import kind_of
from tickets.models import Category
from tickets.queues.filters import NONE

#: So many lines a chart shows; the rest stand together in one.
MOST_LINES = 10


@dataclass(frozen=True)
class Cell:
    """A number with the list behind it; ``text`` where it reads otherwise than the number."""

    value: float | None
    url: str = ""
    text: str = ""

    @property
    def shown(self) -> str:
        """As people read it."""
        return self.text or ("–" if self.value is None else f"{self.value:,g}")


@dataclass(frozen=True)
class Line:
    """A row of the table; ``url`` narrows the board to it. ``key``: what colours it, such as a priority."""

    label: str
    cells: list[Cell]
    url: str = ""
    key: str = ""


@dataclass(frozen=True)
class Chart:
    """A chart and its table. ``kind``: how it is drawn; ``series``: (label, how, tone) of each column."""

    code: str
    title: Any
    unit: Any
    kind: str
    series: list[tuple[str, str, str]]
    lines: list[Line]
    note: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(cell.value for line in self.lines for cell in line.cells)

    @property
    def described(self) -> str:
        """What it shows, in a sentence for people who do not see it."""
        first = max(self.lines, key=lambda line: line.cells[0].value or 0, default=None)
        if first is None or self.is_empty:
            return _("%(title)s: nothing in this period.") % {"title": self.title}
        words = {
            "title": self.title,
            "lines": len(self.lines),
            "label": first.label,
            "value": first.cells[0].shown,
            "series": self.series[0][0],
        }
        return _("%(title)s: %(lines)d lines; the most, %(value)s (%(series)s), at %(label)s.") % words

    @property
    def data(self) -> dict[str, Any]:
        """What the browser draws it from."""
        return {
            "kind": self.kind,
            "title": str(self.title),
            "unit": str(self.unit),
            "description": self.described,
            "labels": [line.label for line in self.lines],
            "keys": [line.key for line in self.lines],
            "series": [
                {
                    "name": str(name),
                    "type": how,
                    "tone": tone,
                    "values": [line.cells[number].value for line in self.lines],
                    "urls": [line.cells[number].url for line in self.lines],
                    "texts": [line.cells[number].shown for line in self.lines],
                }
                for number, (name, how, tone) in enumerate(self.series)
            ],
            **self.extra,
        }

    @property
    def as_json(self) -> str:
        """``data`` as text, for an attribute."""
        return json.dumps(self.data, ensure_ascii=False)


Board = Callable[..., str]


def trend(declared: Flow, scope: Scope, board: Board) -> Chart:
    """Registered and ended per stretch, and what was open at its end: the three agree by arithmetic."""
    registered, resolved, open_ = declared.came, declared.resolved, declared.standing
    stretches = buckets(scope.span)
    came = _per_stretch(scope, scope.counted(scope.records(registered)), "created_at")
    solved = _per_stretch(scope, scope.counted(scope.records(resolved)), "resolved_at")
    ended = _per_stretch(scope, _ended(scope, registered), "ended_at")
    before = Span(scope.span.start, scope.span.start, scope.span.at)
    standing = scope.counted(scope.records(open_, before)).count()
    lines = []
    for stretch in stretches:
        key = stretch.start
        standing += came.get(key, 0) - ended.get(key, 0)
        cells = [
            Cell(came.get(key, 0), scope.list_url(scope.records(registered, stretch))),
            Cell(solved.get(key, 0), scope.list_url(scope.records(resolved, stretch))),
            Cell(standing, scope.list_url(scope.records(open_, stretch))),
        ]
        lines.append(Line(_stretch_label(stretch), cells, board(**_dates(stretch))))
    series = [(registered.label, "bar", "info"), (resolved.label, "line", "ok"), (_("Backlog"), "step", "soon")]
    partial = _("The last stretch is not over.") if scope.span.at < scope.span.end else ""
    aims = level_aims(open_)
    note = " · ".join(text for text in (partial, *(aim["name"] for aim in aims)) if text)
    unit = gettext_lazy("tickets")
    return Chart(declared.code, declared.title, unit, "trend", series, lines, note, {"aims": aims})


def _per_stretch(scope: Scope, rows: QuerySet[Any], column: str) -> dict[Any, int]:
    """How many per stretch, by its beginning; the first begins with the period."""
    cut = Trunc(column, bucket_of(scope.span), tzinfo=zone())
    counts: dict[Any, int] = {}
    for row in rows.values(cut=cut).annotate(n=Count("pk")).order_by():
        start = max(row["cut"], scope.span.start)
        counts[start] = counts.get(start, 0) + row["n"]
    return counts


def _ended(scope: Scope, registered: Records) -> QuerySet[Any]:
    """What left the backlog in the period: solved, or closed without a solution."""
    ever = scope.counted(scope.records(registered, replace(scope.span, start=EARLIEST)))
    ended = scope.span.within("resolved_at") | (Q(resolved_at=None) & scope.span.within("closed_at"))
    return ever.filter(ended, phase__in=ENDED).alias(ended_at=Coalesce("resolved_at", "closed_at"))


def _dates(stretch: Span) -> dict[str, str]:
    start, end = stretch.start.astimezone(zone()), stretch.end.astimezone(zone())
    whole = start.hour == start.minute == end.hour == end.minute == 0
    return {"from": f"{start:%Y-%m-%d}", "to": f"{end:%Y-%m-%d}"} if whole else {}


def _stretch_label(stretch: Span) -> str:
    start = stretch.start.astimezone(zone())
    days = (stretch.end - stretch.start).total_seconds() / 86400
    if days < 1:
        return f"{start:%H:%M}"
    if days < 2:
        return f"{start:%m-%d}"
    return f"{start:%Y-%m}" if days > 20 else f"{start:%m-%d}–{stretch.end.astimezone(zone()):%m-%d}"


def by_part(declared: Parts, scope: Scope, board: Board) -> Chart:
    """A set by what its records have in a column."""
    own = declared.records.kind == scope.kind.code
    scope = scope if own else replace(scope, kind=kind_of(declared.records.kind))
    names = declared.names()
    plain = declared.column in DIMENSIONS and not declared.where
    rows = (scope.counted if plain else scope.found)(scope.records(declared.records))
    rows = rows.filter(declared.where).values(key=F(declared.column))
    found = [
        (row["key"] or NONE, names.get(row["key"], _("Not said")), row["n"], "")
        for row in rows.annotate(n=Count("pk", distinct=True)).order_by("-n", "key")
    ]
    if declared.shape == "columns":
        order = list(names)
        found.sort(key=lambda item: order.index(item[0]) if item[0] in names else len(order))
    lines = _lines(declared.records, scope, board, declared.narrows, found)
    return Chart(declared.code, declared.title, gettext_lazy("tickets"), declared.shape, _counted(), lines)


def by_category(declared: Categories, scope: Scope, board: Board) -> Chart:
    """A set by category, one level below the one that the board is narrowed to."""
    rows = scope.counted(scope.records(declared.records)).values("category").annotate(n=Count("pk")).order_by()
    nodes = {node.pk: node for node in Category.objects.select_related("parent__parent")}
    chosen = [node for node in nodes.values() if node.code in scope.filters.getlist("category")]
    depth = max((node.level for node in chosen), default=0) if len(chosen) < 2 else chosen[0].level - 1
    counts: dict[tuple[str, str, str], int] = {}
    for row in rows:
        key = _category_at(nodes.get(row["category"]), depth)
        counts[key] = counts.get(key, 0) + row["n"]
    found = [(code, label, n, part) for (code, label, part), n in sorted(counts.items(), key=lambda item: -item[1])]
    asked = {node.code: _codes_above(node) for node in chosen}
    lines = _lines(declared.records, scope, board, "category", found, partial(_asked_below, asked))
    return Chart(declared.code, declared.title, gettext_lazy("tickets"), "bars", _counted(), lines)


def _codes_above(node: Category) -> set[str]:
    return {node.parent.code, *_codes_above(node.parent)} if node.parent else set()


def _asked_below(asked: dict[str, set[str]], code: str) -> list[str]:
    """What a line of ``code`` is made of: the chosen categories below it, where the board is not of all of it."""
    below = [one for one, above in asked.items() if code in above]
    return [code] if code in asked or not below else below


def _category_at(node: Category | None, depth: int) -> tuple[str, str, str]:
    """Code, name and slice of the category of ``node`` at ``depth``; what lies above it stands for itself alone."""
    if node is None:
        return NONE, _("Without a category"), ""
    chain = [node]
    while chain[0].parent is not None:
        chain.insert(0, chain[0].parent)
    if len(chain) > depth:
        return chain[depth].code, chain[depth].name, ""
    return node.code, _("%(name)s, not said more exactly") % {"name": node.name}, f"in-{node.pk}"


def days_of_week() -> list[str]:
    """Short names, Monday first."""
    return [_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun")]


def by_hour(declared: Hours, scope: Scope, board: Board) -> Chart:
    """A set by weekday and hour of the portal's zone."""
    registered, when = declared.records, declared.records.when
    day, hour = ExtractIsoWeekDay(when, tzinfo=zone()), ExtractHour(when, tzinfo=zone())
    rows = scope.counted(scope.records(registered)).values(day=day, hour=hour).annotate(n=Count("pk")).order_by()
    counts = {(row["day"], row["hour"]): row["n"] for row in rows}
    lines = [
        Line(
            name,
            [
                Cell(
                    counts.get((day, hour), 0),
                    scope.list_url(scope.records(registered, part=f"hour-{day}-{hour}"))
                    if counts.get((day, hour))
                    else "",
                )
                for hour in range(24)
            ],
        )
        for day, name in enumerate(days_of_week(), start=1)
    ]
    series = [(f"{hour}", "heat", "") for hour in range(24)]
    return Chart(declared.code, declared.title, gettext_lazy("tickets"), "heat", series, lines)


def handed_over(declared: HandOvers, scope: Scope, board: Board) -> Chart:
    """What came back first, then the pairs of groups between which most tickets went, until the moment of counting.

    As on the process page: ways of tickets are followed beyond the period in which these were registered.
    """
    chosen = scope.records(declared.records)
    of_set = hand_overs(scope.span.at).filter(ticket__in=scope.found(chosen).values("pk"))
    rows = of_set.values("gave", "took").annotate(n=Count("ticket", distinct=True))
    pairs = sorted(((row["gave"], row["took"], row["n"]) for row in rows), key=lambda row: (-row[2], row[:2]))
    names = {group.code: str(group) for group in SupportGroup.objects.all()}
    back = scope.records(declared.records, part=RETURNED)
    lines = [Line(pgettext("hand-over", "Came back"), [Cell(scope.found(back).count(), scope.list_url(back))])]
    for gave, took, n in pairs[:MOST_LINES]:
        url = scope.list_url(scope.records(declared.records, part=f"handed-{gave}.{took}"))
        lines.append(Line(f"{names.get(gave, gave)} → {names.get(took, took)}", [Cell(n, url)]))
    note = _("A ticket stands in every line whose way it went until now, in the period or after it.") if pairs else ""
    series = [(_("Tickets"), "bar", "info")]
    return Chart(declared.code, declared.title, gettext_lazy("tickets"), "bars", series, lines, note)


def ageing(declared: Ages, scope: Scope, board: Board) -> Chart:
    """What was open at the end of the period, by how long ago it was registered."""
    open_ = declared.records
    parts = [scope.records(open_, part=f"age-{number}") for number in range(len(AGES) + 1)]
    rows = scope.counted(scope.records(open_))
    ages = {f"n{number}": Count("pk", filter=aged(scope.span.edge, number)) for number in range(len(parts))}
    counts = rows.aggregate(**ages)
    between = [_("%(from)d–%(to)d days") % {"from": a, "to": b} for a, b in pairwise(AGES)]
    names = [_("under 1 day"), *between, _("%(days)d days and more") % {"days": AGES[-1]}]
    found = [counts[f"n{number}"] for number in range(len(parts))]
    percent = [f"{share:.1f} %" if share is not None else "–" for share in shares(found)]
    lines = [
        Line(name, [Cell(n, scope.list_url(part)), Cell(None, "", text)])
        for name, part, n, text in zip(names, parts, found, percent, strict=True)
    ]
    return Chart(declared.code, declared.title, gettext_lazy("tickets"), "columns", _counted(), lines)


def _counted() -> list[tuple[str, str, str]]:
    return [(_("Tickets"), "bar", "info"), (_("Share"), "text", "")]


def _lines(
    counted: Records,
    scope: Scope,
    board: Board,
    name: str,
    found: list[tuple[str, str, int, str]],
    values: Callable[[str], list[str]] = lambda code: [code],
) -> list[Line]:
    """Lines with their shares, which add up to 100; what is beyond the tenth stands together.

    ``values``: what the filter ``name`` has to say for the line of a code.
    """
    shown, rest = found[:MOST_LINES], found[MOST_LINES:]
    counts = [n for _code, _label, n, _part in shown] + ([sum(n for _c, _l, n, _p in rest)] if rest else [])
    percent = [f"{share:.1f} %" if share is not None else "–" for share in shares(counts)]
    lines = []
    for (code, label, n, part), text in zip(shown, percent, strict=False):
        url = scope.list_url(scope.records(counted, part=part), **{name: values(code)})
        narrower = board(**{name: values(code)}) if name in DIMENSIONS and not part else ""
        lines.append(Line(label, [Cell(n, url), Cell(None, "", text)], narrower))
    if rest:
        codes = [value for code, _label, _n, _part in rest for value in values(code)]
        url = scope.list_url(scope.records(counted), **{name: codes})
        exact = len(url) <= LONGEST_URL and not any(part for *_names, part in rest)
        label = _("%(count)d others") % {"count": len(rest)}
        lines.append(Line(label, [Cell(counts[-1], url if exact else ""), Cell(None, "", percent[-1])]))
    return lines


#: No address of a list is longer: the web server and the forms that keep one take no more (4,094 and 4,000).
LONGEST_URL = 4_000

DRAWN: dict[type[Drawn], Callable[[Any, Scope, Board], Chart]] = {
    Flow: trend,
    Parts: by_part,
    Categories: by_category,
    Hours: by_hour,
    HandOvers: handed_over,
    Ages: ageing,
}


def drawn(code: str, scope: Scope, board: Board) -> Chart:
    """The chart of the scope's kind with ``code``. Raises KeyError."""
    declared = charts_of(scope.kind.code)[code]
    return DRAWN[type(declared)](declared, scope, board)
