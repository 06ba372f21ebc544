"""The KPI board of a kind as an address names it: period, filters, tiles and charts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import Organisation, SupportGroup, User
from cmdb.models import BusinessSystem
from reports.comparing import Change, caution, change, span_before
from reports.course import PREFIX
from reports.facts.keeping import kept
from reports.facts.remembering import recent_figures
from reports.figures import DIMENSIONS, Figure, Scope, figures
from reports.known.scope import KnownScope, NotKept, known_moment
from reports.periods import BUTTONS, NAMED, Period, PeriodError, chosen_period, named_period
from reports.selfcheck import last_result
from reports.targets.models import Target
from reports.targets.services import Judged, judged, targets_of
from reports.texts import shown
from tickets.figures.charts import charts_of
from tickets.figures.measures import Measure, measure_of, measures_of
from tickets.figures.others import Other, others_of
from tickets.figures.records import moment_of, period_text, written
from tickets.lifecycle import Kind, kinds
from tickets.models import Category, Priority, Source
from tickets.queues.filter_forms import label_of

PERIOD = ("period", "from", "to")
#: Tiles of the board, in order; the others stand in the table of every figure.
TILES = ("desk_total", "closed_ok", "overdue", "mean_resolve_time", "desk_resolve_rate", "overdue_open")


@dataclass(frozen=True)
class Tile:
    """A figure as a tile shows it: value, change against the period before, and the figures that keep it honest."""

    figure: Figure
    text: str
    change: Change | None
    caution: str
    beside: list[tuple[Figure, str]]
    explain_url: str
    judged: Judged | None = None

    @property
    def tone(self) -> str:
        """How the change looks: ok, late, or quiet."""
        if self.change is None or self.change.good is None:
            return "quiet"
        return "ok" if self.change.good else "late"

    @property
    def of_all(self) -> str:
        """Numerator and denominator of a share."""
        f = self.figure
        if f.measure.reading != "share" or f.denominator is None:
            return ""
        return _("%(of)s of %(all)s") % {"of": f"{f.numerator:,}", "all": f"{f.denominator:,}"}


class KpiBoard:
    """What a person sees of the figures of a kind with the parameters of an address; ``page`` shows it."""

    page = "board"
    #: The filters that its address takes.
    narrowings: tuple[str, ...] = DIMENSIONS
    #: Whether its figures can be asked as known at a moment of the past, where versions are kept.
    asks_versions = True

    def __init__(self, params: QueryDict, *, user: User, kind: Kind, now: datetime) -> None:
        self.user, self.kind, self.now = user, kind, as_of(params.get("at", ""), now)
        self.errors: dict[str, list[str]] = {}
        self.filters = QueryDict(mutable=True)
        for name in self.narrowings:
            values = [value for value in params.getlist(name) if value]
            if values:
                self.filters.setlist(name, values)
        self.chosen = params.getlist("figure")
        self.known_at = self._known(params.get("known_at", ""), now)
        self.now = min(self.now, self.known_at or self.now)
        self.period = self._period(params)
        self.scope = Scope(user, kind, self.filters, self.period.span)
        if self.known_at:
            self.scope = KnownScope(user, kind, self.filters, self.period.span, self.known_at)
        self.errors |= self.scope.errors

    def _known(self, text: str, now: datetime) -> datetime | None:
        """As of which recorded moment; None for what is known now."""
        if not text:
            return None
        try:
            if not self.asks_versions:
                raise NotKept(_("This page is read from the log as it is now: it cannot be asked as known then."))
            return known_moment(text, user=self.user, kind=self.kind, now=now)
        except NotKept as error:
            self.errors["known_at"] = [str(error)]
            return None

    def _period(self, params: QueryDict) -> Period:
        try:
            found = chosen_period(params, self.now)
        except PeriodError as error:
            self.errors[error.parameter] = [str(error)]
            return named_period("month", self.now)
        return found

    @cached_property
    def measures(self) -> list[Measure]:
        """The figures of the kind that the reader gets."""
        return [measure for measure in measures_of(self.kind.code) if self.scope.may_count(measure)]

    @cached_property
    def askable(self) -> list[Measure]:
        """Those, and what is counted only where it is asked for by name."""
        return [m for m in measures_of(self.kind.code, on_demand=True) if self.scope.may_count(m)]

    @property
    def draws_incidents(self) -> bool:
        """The table of load is made of sets that only incidents have."""
        return self.kind.code == "incident"

    # --- Addresses ---------------------------------------------------------------------------------------------

    def params(self, **changes: Any) -> list[tuple[str, str]]:
        """The parameters of this board, with ``changes``: a value, a list, or None to take it away."""
        kept: dict[str, list[str]] = {name: list(values) for name, values in self.filters.lists()}
        if set(changes) & set(PERIOD):
            given = {name: changes.pop(name) for name in PERIOD if name in changes}
        else:
            first, last = self.period.first_day, self.period.span.end
            given = {"period": self.period.code} if self.period.code else {"from": str(first), "to": _day(last)}
        given |= {"known_at": written(self.known_at)} if self.known_at else {}
        for name, value in {**given, **changes}.items():
            kept[name] = [] if value is None else [value] if isinstance(value, str) else list(value)
        return [(name, value) for name, values in kept.items() for value in values]

    def url(self, **changes: Any) -> str:
        """The address of this board with ``changes``."""
        return f"{self.path}?{urlencode(self.params(**changes))}"

    @property
    def query(self) -> str:
        """The parameters as an address writes them."""
        return urlencode(self.params())

    @property
    def path(self) -> str:
        """The page of this board."""
        return self.path_of(self.kind)

    def path_of(self, kind: Kind) -> str:
        """The page of the same board of another kind."""
        return reverse(f"reports:{self.page}", args=[kind.slug])

    def part_url(self, name: str, *args: Any) -> str:
        """The address of a part of this board, of the same moment."""
        path = reverse(f"reports:{name}", args=[self.kind.slug, *args])
        return f"{path}?{urlencode([*self.params(), ('at', written(self.now))])}"

    # --- What the page shows -----------------------------------------------------------------------------------

    def context(self) -> dict[str, Any]:
        """What ``reports/board.html`` draws before its parts arrive."""
        return {
            **self.frame(),
            "title": _("Indicators"),
            "compared_text": period_text(span_before(self.period)),
            "tiles_url": self.part_url("tiles"),
            "table_url": self.part_url("table"),
            "load_url": self.part_url("load") if self.draws_incidents and not self.known_at else "",
            "charts": [(code, self.part_url("chart", code), "") for code in charts_of(self.kind.code)],
            "waiting": TILES,
            "check": last_result(),
        }

    def frame(self) -> dict[str, Any]:
        """What every page of boards shows at its head: kind, period, filters, what is wrong in the address."""
        return {
            "kind": self.kind,
            "period": self.period,
            "period_text": period_text(self.period.span),
            "buttons": [self._period_entry(code) for code in BUTTONS],
            "more_periods": [self._period_entry(code) for code in NAMED if code not in BUTTONS],
            "from": str(self.period.first_day),
            "to": _day(self.period.span.end),
            "hidden": [(name, value) for name, values in self.filters.lists() for value in values],
            "fields": self.fields(),
            "active": self.active(),
            "reset_url": self.url(**dict.fromkeys(DIMENSIONS)) if self.filters else "",
            "others": [
                {
                    "label": kind.label_plural,
                    "url": self.path_of(kind),
                    "on": kind == self.kind,
                }
                for kind in kinds()
                if measures_of(kind.code)
            ],
            "pages": [
                {
                    "label": label,
                    "url": f"{reverse(f'reports:{page}', args=[self.kind.slug])}?{urlencode(self.params())}",
                    "on": page == self.page,
                }
                for page, label in (("board", _("Indicators")), ("process", _("The process")))
            ]
            + [{"label": label, "url": url, "on": False} for label, url in self._more_pages()],
            "schedule_url": self.schedule_url,
            "keeps_versions": self.asks_versions and self.kind.code in kept(),
            "known_at": self.known_at,
            "known_text": written(self.known_at)[:16] if self.known_at else "",
            "now_url": self.url(known_at=None),
            "keep_url": f"{reverse('reports:own_new')}?{urlencode({'kind': self.kind.code, 'keep': self.query})}",
            "errors": self.shown_errors(),
            "url": self.path,
        }

    @property
    def schedule_url(self) -> str:
        """Where this board, with its period and filters, is sent regularly."""
        asked = {"kind": self.kind.code, "parameters": self.query}
        return f"{reverse('reports:schedule_new')}?{urlencode(asked)}"

    def shown_errors(self) -> list[dict[str, str]]:
        """What in the address cannot be understood, with the address without it."""
        return [
            {"label": label_of(name), "message": " ".join(texts), "remove_url": self.url(**{name: None})}
            for name, texts in self.errors.items()
        ]

    def _more_pages(self) -> list[tuple[str, str]]:
        return [
            (_("Meetings"), reverse("reports:meetings", args=[self.kind.slug])),
            (_("Reviews"), reverse("reports:reviews", args=[self.kind.slug])),
            (_("Own boards"), reverse("reports:own_boards")),
            (_("Targets"), reverse("reports:targets")),
            (_("Scheduled"), reverse("reports:schedules")),
        ]

    def _period_entry(self, code: str) -> dict[str, Any]:
        changes = {"period": code, "from": None, "to": None}
        return {"label": NAMED[code].label, "url": self.url(**changes), "active": self.period.code == code}

    def fields(self) -> list[dict[str, Any]]:
        """The choices of each filter, the chosen ones marked."""
        return [self._field(name, found) for name, found in self._choices.items()]

    @cached_property
    def _choices(self) -> dict[str, list[tuple[str, str]]]:
        """Read once: the form shows them, and the chosen filters have their names from them."""
        return {
            "group": [*((g.code, str(g)) for g in SupportGroup.objects.all()), ("none", _("Not assigned"))],
            "business_system": [(row.code, str(row)) for row in BusinessSystem.objects.all()],
            "organisation": [
                (row.code, str(row)) for row in Organisation.objects.filter(kind=Organisation.Kind.CUSTOMER)
            ],
            "category": [(row.code, str(row)) for row in Category.objects.filter(parent=None)],
            "priority": [(row.code, f"{row.code} {row}") for row in Priority.objects.order_by("rank")],
            "source": [(row.code, str(row)) for row in Source.objects.all()],
        }

    def _field(self, name: str, choices: list[tuple[str, str]]) -> dict[str, Any]:
        chosen = self.filters.getlist(name)
        known = {code for code, _label in choices}
        more = [(code, code) for code in chosen if code not in known]
        return {
            "name": name,
            "label": label_of(name),
            "choices": [(code, label, code in chosen) for code, label in [*choices, *more]],
            "count": len(chosen),
        }

    def active(self) -> list[dict[str, str]]:
        """The chosen filters, each value with the address of the board without it."""
        names = {name: {code: label for code, label, _on in field} for name, field in self._labels().items()}
        return [
            {
                "label": label_of(name),
                "value": names.get(name, {}).get(value, value),
                "remove_url": self.url(**{name: [other for other in values if other != value] or None}),
            }
            for name, values in self.filters.lists()
            for value in values
        ]

    def _labels(self) -> dict[str, Any]:
        fields = {field["name"]: field["choices"] for field in self.fields()}
        chosen = self.filters.getlist("category")
        fields["category"] = [(row.code, str(row), True) for row in Category.objects.filter(code__in=chosen)]
        people = User.objects.filter(username__in=self.filters.getlist("assignee"))
        fields["assignee"] = [(row.username, row.display_name, True) for row in people]
        return fields

    # --- Figures -----------------------------------------------------------------------------------------------

    def tiles(self) -> list[Tile]:
        """The tiles, each against the period before."""
        wanted = self._on_tiles()
        every = {m.code: m for m in wanted} | {code: measure_of(code) for m in wanted for code in m.beside}
        now = recent_figures(every.values(), self.scope)
        before = recent_figures(wanted, self.scope.of(span_before(self.period)))
        targets = targets_of(wanted)
        return [self._tile(measure, now, before, targets.get(measure.code)) for measure in wanted]

    def others(self) -> list[Other]:
        """Numbers beside the tiles that count no tickets; none while filters of tickets or chosen figures narrow."""
        if self.filters or self.chosen or not self.period.span.has_begun:
            return []
        return others_of(self.kind.code, self.user, self.period.span, span_before(self.period))

    def _on_tiles(self) -> list[Measure]:
        """Those that the address names, in its order; else incidents choose theirs, of other kinds the first."""
        if self.chosen:
            known = {measure.code: measure for measure in self.askable}
            return [known[code] for code in dict.fromkeys(self.chosen) if code in known]
        chosen = [measure for measure in self.measures if measure.code in TILES]
        first = [measure for measure in self.measures if measure.sheet == "indicators"]
        return sorted(chosen, key=lambda measure: TILES.index(measure.code)) or first[: len(TILES)]

    def _tile(
        self, measure: Measure, now: dict[str, Figure], before: dict[str, Figure], target: Target | None
    ) -> Tile:
        figure = now[measure.code]
        return Tile(
            figure=figure,
            text=shown(figure.value, measure.unit),
            change=change(figure, before[measure.code]),
            caution=caution(figure),
            beside=[
                (now[code], shown(now[code].value, now[code].measure.unit)) for code in measure.beside if code in now
            ],
            explain_url=self.part_url("explain", measure.code),
            judged=judged(figure, target),
        )

    def table(self, measures: list[Measure] | None = None) -> list[dict[str, Any]]:
        """Every figure, or these, with the period before and a year ago."""
        wanted = self.measures if measures is None else measures
        spans = [self.scope.span, span_before(self.period), span_before(self.period, year=True)]
        now, before, year = (recent_figures(wanted, self.scope.of(span)) for span in spans)
        return [
            {
                "figure": now[code],
                "texts": [shown(found[code].value, now[code].measure.unit) for found in (now, before, year)],
                "urls": [found[code].url for found in (now, before, year)],
                "change": change(now[code], before[code]),
                "explain_url": self.part_url("explain", code),
                "sheet": now[code].measure.sheet,
            }
            for code in (measure.code for measure in wanted)
        ]

    def explanation(self, code: str) -> dict[str, Any]:
        """What a figure counts, with every part openable. Raises KeyError."""
        measure = measure_of(code)
        if measure not in self.askable:
            raise KeyError(code)
        figure = figures([measure], self.scope)[code]
        parts = [(pgettext("figure", "Counted"), measure.numerator, figure.numerator)]
        if measure.denominator:
            parts.append((_("Of"), measure.denominator, figure.denominator or 0))
        parts += [(_("Not counted"), item, count) for item, count in figure.left_out]
        return {
            "figure": figure,
            "text": shown(figure.value, measure.unit),
            "placed_by": measure.numerator.placed_by,
            "caution": caution(figure),
            "with_amount": figure.denominator if measure.amount else None,
            "parts": [
                {"role": role, "records": item, "count": count, "url": self.scope.list_url(self.scope.records(item))}
                for role, item, count in parts
            ],
            "course_url": self.part_url("chart", f"{PREFIX}{code}"),
            "judged": judged(figure, targets_of([measure]).get(code)),
            "period_text": period_text(self.period.span),
            "at": self.now,
        }


def as_of(text: str, now: datetime) -> datetime:
    """The moment that the parts of a page share; now where none is named that was."""
    try:
        return min(moment_of(text), now)
    except ValueError:
        return now


def _day(moment: datetime) -> str:
    return written(moment)[:10]
