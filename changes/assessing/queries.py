"""Reading assessments: the newest of a change, and whether the bands told the truth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from accounts.codes import in_language
from changes.assessing.models import Effect, RiskAssessment
from changes.assessing.outdated import altered_since
from changes.models import Change
from changes.states import PLANNED, Result, Risk


def panel_of(change: Change) -> dict[str, Any]:
    """What the page of a change shows: the newest assessment with its lines, and the effect.

    ``altered``: what became another since then, while it is planned.
    """
    newest = change.assessments.select_related("by", "version").first()
    effect = Effect.objects.filter(change=change).first()
    return {
        "assessed": newest,
        "altered": altered_since(change) if newest is not None and change.state in PLANNED else [],
        "lines": [_line(one) for one in newest.points] if newest else [],
        "effect": effect,
        "services": [_named(one) for one in effect.services] if effect else [],
        "customers": [_named(one) for one in effect.customers] if effect else [],
    }


def _line(one: dict[str, Any]) -> dict[str, Any]:
    label = in_language(one["zh"], one["en"])
    return {**one, "label": label, "why": in_language(one["why_zh"], one["why_en"])}


def _named(one: dict[str, str]) -> dict[str, str]:
    return {"name": in_language(one["zh"], one["en"]), "state": one["state"]}


@dataclass(frozen=True)
class Band:
    """Changes of one band that have ended: how many, how many of them went wrong."""

    risk: str
    total: int
    trouble: int

    @property
    def label(self) -> str:
        """The risk in words."""
        return str(Risk(self.risk).label)

    @property
    def share(self) -> int | None:
        """Percent that went wrong; None of none."""
        return round(100 * self.trouble / self.total) if self.total else None


@dataclass(frozen=True)
class Calibration:
    """Bands against outcomes. ``hits``: of low ones those that went well, of high ones those that did not."""

    bands: list[Band]
    hits: int
    judged: int

    @property
    def hit_rate(self) -> int | None:
        """Percent of the low and high ones that the score told right; None of none."""
        return round(100 * self.hits / self.judged) if self.judged else None

    @property
    def total(self) -> int:
        """All that were assessed and have ended."""
        return sum(band.total for band in self.bands)


#: It went wrong: failed, backed out, missed what was expected, or interrupted something.
TROUBLE = Q(result__in=(Result.FAILED, Result.BACKED_OUT)) | Q(expected_reached=False) | Q(interruption_minutes__gt=0)


def calibrate(ended: QuerySet[Change]) -> Calibration:
    """The bands of the newest assessment of each of ``ended``, against how they went. One query."""
    newest = RiskAssessment.objects.filter(change=OuterRef("pk")).order_by("-at", "-pk").values("band")[:1]
    bad = set(ended.filter(TROUBLE).values_list("pk", flat=True))
    rows = ended.annotate(band=Subquery(newest)).exclude(band=None).values_list("pk", "band")
    return summed((band, key in bad) for key, band in rows)


def summed(rows: Iterable[tuple[str, bool]]) -> Calibration:
    """From (band, whether it went wrong) of each change."""
    found = list(rows)
    bands = [
        Band(risk, sum(band == risk for band, _bad in found), sum(bad for band, bad in found if band == risk))
        for risk in Risk.values
    ]
    low, _medium, high = bands
    return Calibration(bands, low.total - low.trouble + high.trouble, low.total + high.total)
