"""Making, sharing and finding boards of one's own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Role, User
from accounts.permissions import Permission
from reports.figures import DIMENSIONS
from reports.own.models import OwnBoard
from reports.periods import NAMED, USUAL
from sla.boards import may_see_board
from tickets.figures.charts import charts_of
from tickets.figures.measures import Measure, measures_of
from tickets.lifecycle import Kind, kind_of, kinds

#: More of each make no board.
MOST_FIGURES, MOST_CHARTS = 24, 12


@dataclass(frozen=True)
class Shipped:
    """A board to begin from."""

    label: Any
    figures: tuple[str, ...]
    charts: tuple[tuple[str, str], ...]
    period: str = USUAL


SHIPPED = {
    "desk": Shipped(
        gettext_lazy("Service desk"),
        ("desk_total", "desk_resolve_rate", "first_contact", "response_kept", "follow_ups", "satisfied"),
        (("hours", "half"), ("sources", "half"), ("trend", "wide")),
        "week",
    ),
    "incident_manager": Shipped(
        gettext_lazy("Incident manager"),
        ("overdue", "overdue_open", "kept_of_ended", "mean_resolve_time", "handed_on", "repeated"),
        (("trend", "wide"), ("compliance", "half"), ("ageing", "half")),
    ),
    "service_owner": Shipped(
        gettext_lazy("Service owner"),
        ("desk_total", "kept_of_ended", "agreed_kept", "repeated", "satisfied", "backlog"),
        (("compliance", "half"), ("categories", "half"), ("trend", "wide")),
    ),
    "leadership": Shipped(
        gettext_lazy("Leadership"),
        ("desk_total", "closed_ok", "overdue", "mean_resolve_time", "satisfied", "backlog"),
        (("trend", "wide"), ("compliance", "half"), ("categories", "half")),
        "quarter",
    ),
    "people": Shipped(
        gettext_lazy("Use of people"),
        ("person_total", "person_overdue_open", "handed_on", "resolved_second", "resolved_third", "backlog"),
        (("hours", "wide"), ("ageing", "half"), ("sources", "half")),
    ),
}


class BoardForm(forms.ModelForm):
    """Name, share, figures and charts, for page and API. Order is that of the lists."""

    role = forms.ModelChoiceField(
        Role.objects.filter(active=True), to_field_name="code", required=False, label=gettext_lazy("Share with a role")
    )
    figures = forms.MultipleChoiceField(label=gettext_lazy("Figures"), required=False)
    charts = forms.MultipleChoiceField(label=gettext_lazy("Charts"), required=False)
    parameters = forms.CharField(label=gettext_lazy("Period and filters"), required=False, max_length=1000)

    class Meta:
        model = OwnBoard
        fields = ["name", "role"]

    def __init__(self, *args: Any, kind: Kind, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.user = kind, user
        self.fields["figures"].choices = [(m.code, m.label) for m in figures_for(kind, user)]  # type: ignore[attr-defined]
        self.fields["charts"].choices = [  # type: ignore[attr-defined]
            (f"{code}:{size}", f"{code} {size}") for code in parts_of(kind) for size in OwnBoard.Size.values
        ]
        if not user.may(Permission.MANAGE_REPORTS):
            del self.fields["role"]

    def clean(self) -> dict[str, Any]:
        """Something stands on it, and not too much."""
        data = super().clean() or {}
        figures, charts = data.get("figures", []), data.get("charts", [])
        if not self.errors and not figures and not charts:
            raise forms.ValidationError(_("Choose at least one figure or chart."))
        if len(figures) > MOST_FIGURES or len(charts) > MOST_CHARTS:
            raise forms.ValidationError(
                _("At most %(figures)d figures and %(charts)d charts.")
                % {"figures": MOST_FIGURES, "charts": MOST_CHARTS}
            )
        return data

    def clean_charts(self) -> list[str]:
        """Each chart once."""
        return list({pair.split(":")[0]: pair for pair in self.cleaned_data["charts"]}.values())

    def clean_parameters(self) -> str:
        """Only what boards understand is kept."""
        return kept_parameters(QueryDict(self.cleaned_data["parameters"]))


#: Tables that stand on a board like charts: the part of the KPI board that draws each.
TABLES = {"load": gettext_lazy("Load by group and person"), "table": gettext_lazy("Every figure")}


def parts_of(kind: Kind) -> dict[str, Any]:
    """Titles of the charts and tables that a board of ``kind`` can have, by code. Load is counted of incidents."""
    charts = {code: chart.title for code, chart in charts_of(kind.code).items()}
    return charts | {code: title for code, title in TABLES.items() if code != "load" or kind.code == "incident"}


def chosen_parameters(given: QueryDict) -> str:
    """Period and filters as the form of the page sends them: dates count where no period is named."""
    kept = given.copy()
    if kept.get("period"):
        for name in ("from", "to"):
            kept.pop(name, None)
    return kept_parameters(kept)


def kept_parameters(given: QueryDict) -> str:
    """Period and filters among the parameters of an address, as an address."""
    kept = QueryDict(mutable=True)
    for name in ("period", "from", "to", *DIMENSIONS):
        values = [value for value in given.getlist(name) if value]
        if values and (name != "period" or values[0] in NAMED):
            kept.setlist(name, values)
    return kept.urlencode()


def figures_for(kind: Kind, user: User) -> list[Measure]:
    """The figures of ``kind`` that ``user`` may put on a board."""
    return [m for m in measures_of(kind.code, on_demand=True) if not m.internal or user.may(Permission.INTERNAL)]


def boards_for(user: User) -> QuerySet[OwnBoard]:
    """The own ones, and those shared with a role that the person has; none for those who see no boards."""
    if not may_see_board(user):
        return OwnBoard.objects.none()
    roles = user.roles.values("pk")
    return OwnBoard.objects.filter(Q(owner=user) | Q(role__in=roles)).select_related("owner", "role")


def may_edit(board: OwnBoard, user: User) -> bool:
    """Whoever made it."""
    return board.owner_id == user.pk


def save_board(*, form: BoardForm, kind: Kind, user: User, now: datetime) -> OwnBoard:
    """Store what a valid form says, as a new board or in place of its own."""
    board: OwnBoard = form.save(commit=False)
    if board.pk is None:
        board.owner, board.made_at = user, now
    board.kind = kind.code
    board.figures = form.cleaned_data["figures"]
    board.charts = [pair.split(":") for pair in form.cleaned_data["charts"]]
    board.parameters = form.cleaned_data["parameters"]
    board.save()
    return board


def begin_from(code: str) -> OwnBoard:
    """A board that is not stored yet: a shipped one, or an empty one."""
    shipped = SHIPPED.get(code)
    if shipped is None:
        return OwnBoard(kind=boarded_kinds()[0].code, parameters=f"period={USUAL}")
    return OwnBoard(
        name=str(shipped.label),
        kind="incident",
        figures=list(shipped.figures),
        charts=[list(pair) for pair in shipped.charts],
        parameters=f"period={shipped.period}",
    )


def boarded_kinds() -> list[Kind]:
    """Kinds that have figures."""
    return [kind for kind in kinds() if measures_of(kind.code)]


def placed(names: Iterable[str], values: Any) -> list[str]:
    """The names that the form of the page shows, in the order of the places that people typed; equal ones as listed.

    ``values``: what was sent; ``show-<name>`` and ``place-<name>``.
    """

    def place(name: str) -> float:
        try:
            return float(values.get(f"place-{name}", ""))
        except ValueError:
            return float("inf")

    return sorted((name for name in names if values.get(f"show-{name}")), key=place)


def kind_called(code: str) -> Kind:
    """The kind with figures of this code. Raises KeyError."""
    kind = kind_of(code)
    if kind not in boarded_kinds():
        raise KeyError(code)
    return kind
