"""The score of a change: answers and facts, each with its points and its reason (CHG-02).

The score is the share of the points that were possible, weighted, from 0 to 100. What nobody answered counts like
the worst answer: silence makes no change safer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from accounts.codes import in_both
from changes.assessing.effect import effect_of
from changes.assessing.models import MOST_POINTS, Effect
from changes.models import Change
from changes.schedule.trading import is_announced, is_trading_day
from changes.states import ENDED, Result, Risk
from itsm.moments import portal_time

#: Hours in which the exchange trades, as wall time of the portal's zone.
OPENS, CLOSES = time(9, 0), time(15, 30)
#: Similar changes are looked for so far back; fewer say little.
BACK, FEW = timedelta(days=365), 3
LABELS = {
    "services": gettext_lazy("Services and customers behind it"),
    "redundancy": gettext_lazy("Redundancy"),
    "trading": gettext_lazy("Trading calendar"),
    "similar": gettext_lazy("How similar ones went"),
}


@dataclass(frozen=True)
class Point:
    """A line of the score: what was asked, points of so many possible, weight, and why, in both languages."""

    code: str
    zh: str
    en: str
    points: int
    most: int
    weight: int
    why_zh: str
    why_en: str


@dataclass(frozen=True)
class Scored:
    """The score with its lines; ``band``: the risk it stands for."""

    score: int
    band: str
    points: list[Point]

    def as_data(self) -> list[dict[str, Any]]:
        """The lines as they are stored."""
        return [asdict(point) for point in self.points]


def score(change: Change, content: dict[str, Any], answers: dict[str, int], now: datetime) -> Scored:
    """The score of ``change`` by a version of the questionnaire; ``answers``: points by code of the question."""
    points = [*_answered(content, answers), *_facts(change, content["facts"], now)]
    possible = sum(one.weight * one.most for one in points)
    reached = sum(one.weight * one.points for one in points)
    total = round(100 * reached / possible) if possible else 0
    return Scored(total, band_of(total, content), points)


def band_of(total: int, content: dict[str, Any]) -> str:
    """The risk that a score stands for."""
    if total >= content["high_from"]:
        return Risk.HIGH
    return Risk.MEDIUM if total >= content["medium_from"] else Risk.LOW


def _answered(content: dict[str, Any], answers: dict[str, int]) -> Iterator[Point]:
    for question in content["questions"]:
        most = max(answer["points"] for answer in question["answers"])
        given = answers.get(question["code"])
        why = next((answer for answer in question["answers"] if answer["points"] == given), None)
        said = why or {"points": most, **in_both(lambda: _("not answered: counts like the worst answer"))}
        yield Point(
            code=question["code"],
            zh=question["zh"],
            en=question["en"],
            points=said["points"],
            most=most,
            weight=question["weight"],
            why_zh=said["zh"],
            why_en=said["en"],
        )


def _facts(change: Change, weights: dict[str, int], now: datetime) -> Iterator[Point]:
    effect = effect_of(change, now)
    found = {
        "services": _services(effect),
        "redundancy": _redundancy(effect),
        "trading": _trading(change),
        "similar": _similar(change, now),
    }
    for code, (points, why) in found.items():
        label, said = in_both(partial(LABELS.__getitem__, code)), in_both(why)
        yield Point(code, label["zh"], label["en"], points, MOST_POINTS, weights[code], said["zh"], said["en"])


def _services(effect: Effect) -> tuple[int, Any]:
    down = sum(one["state"] == "down" for one in effect.services)
    if not effect.items and not effect.services:
        return 2, lambda: _("no configuration item is named: not known")
    points = 3 if down and len(effect.customers) > 1 else 2 if down else 1 if effect.services else 0
    return points, partial(_reach, len(effect.services), down, len(effect.customers))


def _reach(systems: int, down: int, customers: int) -> str:
    """Systems, those of them that go down, and whom it concerns."""
    said = [ngettext("%(count)d business system", "%(count)d business systems", systems) % {"count": systems}]
    if down:
        said.append(_("%(count)d of them down") % {"count": down})
    said.append(
        ngettext("%(count)d customer affected", "%(count)d customers affected", customers) % {"count": customers}
    )
    return ", ".join(said)


def _redundancy(effect: Effect) -> tuple[int, Any]:
    if not effect.items:
        return 2, lambda: _("no configuration item is named: not known")
    if effect.alone:
        return 3, lambda: _("another node is down or in maintenance already: nothing carries it")
    numbers = {"down": effect.down, "degraded": effect.degraded}
    if effect.down:
        return (
            2,
            lambda: (
                ngettext(
                    "%(down)d item goes down with it, no redundancy carries it",
                    "%(down)d items go down with it, no redundancy carries them",
                    effect.down,
                )
                % numbers
            ),
        )
    if not effect.degraded:
        return 0, lambda: _("no other item goes down or is degraded with it")
    return (
        0,
        lambda: (
            ngettext(
                "redundancy carries it: %(degraded)d item is degraded, none goes down",
                "redundancy carries it: %(degraded)d items are degraded, none goes down",
                effect.degraded,
            )
            % numbers
        ),
    )


def _trading(change: Change) -> tuple[int, Any]:
    if change.planned_start is None or change.planned_end is None:
        return 2, lambda: _("it has no window yet")
    start, end = portal_time(change.planned_start), portal_time(change.planned_end)
    days = [start.date() + timedelta(days=n) for n in range((end.date() - start.date()).days + 1)]
    zone = start.tzinfo
    trading = [day for day in days if is_trading_day(day)]
    hit = any(
        start < datetime.combine(day, CLOSES, tzinfo=zone) and end > datetime.combine(day, OPENS, tzinfo=zone)
        for day in trading
    )
    known = all(is_announced(day.year) for day in days)
    hint = "" if known else " · "
    if hit:
        return 3, lambda: _("lies in trading hours") + (hint and hint + _("holidays are not announced"))
    if trading:
        return 1, lambda: _("trading day, outside trading hours") + (hint and hint + _("holidays are not announced"))
    return 0, lambda: _("no trading day") + (hint and hint + _("holidays are not announced"))


def _similar(change: Change, now: datetime) -> tuple[int, Any]:
    """How changes of its template, else of its type and system, else of its type and group went."""
    ended = Change.objects.filter(state__in=ENDED, resolved_at__gte=now - BACK).exclude(pk=change.pk)
    if change.template_version_id:
        same = ended.filter(template_version__template__versions=change.template_version_id)
    elif change.business_system_id:
        same = ended.filter(change_type=change.change_type_id, business_system=change.business_system_id)
    else:
        same = ended.filter(change_type=change.change_type_id, group=change.group_id)
    results = list(same.values_list("result", flat=True))
    bad = sum(result in (Result.FAILED, Result.BACKED_OUT) for result in results)
    numbers = {"bad": bad, "all": len(results)}
    if len(results) < FEW:
        few = ngettext_lazy(
            "%(all)d similar one in a year: too few to tell", "%(all)d similar ones in a year: too few to tell", "all"
        )
        return 1, lambda: str(few % numbers)
    share = bad / len(results)
    points = 0 if not bad else 1 if share <= 0.1 else 2 if share <= 0.25 else 3
    return points, lambda: _("%(bad)d of %(all)d similar ones in a year failed or were backed out") % numbers
