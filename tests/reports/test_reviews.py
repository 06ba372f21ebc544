"""Half-yearly reviews against a baseline (RPT-03)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import InternalError, transaction

from reports.reviews.models import FigureBaseline, ProcessReview
from tests.api.client import Api
from tests.factories import World
from tests.reports.conftest import MARCH
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.req("RPT-03")]
BASELINE = {"start": "2024-01-01", "end": "2024-07-01", "reason": "第一个完整的半年"}
FOUND = {"occasion": "half_year", "efficiency": "快了", "tools": "够用", "improvements": "自动分派"}


@pytest.mark.slow
def test_review_keeps_its_figures_and_the_baseline_of_then(world: World, month: dict[str, Any]) -> None:
    manager = Api(world.manager)
    first = manager.post("reports/baselines/", BASELINE).json()
    total = next(row for row in first["figures"] if row["id"] == "desk_total")["value"]

    made = manager.post("reports/reviews/?kind=incident&half=2024-H1", FOUND)

    assert made.status_code == 201
    Ticket.objects.filter(pk=month["slow"].pk).update(priority="P1")
    manager.post("reports/baselines/", BASELINE | {"end": "2024-04-01", "reason": "业务变化"})
    [kept] = manager.results("reports/reviews/?kind=incident&half=2024-H1")
    assert kept["baseline"]["end"] == "2024-07-01"
    assert next(row for row in kept["figures"] if row["id"] == "desk_total")["value"] == total
    assert ProcessReview.objects.get().known_at is not None
    for model in (ProcessReview, FigureBaseline):
        with pytest.raises(InternalError), transaction.atomic():
            model.objects.update(figures=[])


@pytest.mark.slow
def test_page_shows_figures_against_baseline_and_half_before(world: World, browse: Any, month: dict[str, Any]) -> None:
    page, url = browse(world.manager), "/boards/incidents/reviews/?half=2024-H1"
    assert "No baseline is set yet." in page.get(url).content.decode()
    kept = page.post(url, {"efficiency": "typed before"})
    assert (kept.status_code, "typed before" in kept.content.decode()) == (422, True)
    refused = page.post(url, BASELINE | {"end": "2199-01-01", "baseline": "1"})
    assert refused.status_code == 422

    page.post(url, {"start": "2024-03-01", "end": "2024-04-01", "reason": "March", "baseline": "1"})
    page.post(url, FOUND)

    text = page.get(url).content.decode()
    assert "自动分派" in text
    assert "2024-03-01 – 2024-04-01" in text
    lines = page.get(url).context["lines"]
    counts = {line.measure.code: line for line in lines}
    half, baseline = int(counts["desk_total"].text), int(counts["desk_total"].baseline)
    assert baseline > half  # a month stands for as much time as half a year
    assert MARCH.year == 2024


def test_others_read_or_not_even_that(world: World, browse: Any) -> None:
    assert Api(world.desk).post("reports/reviews/", FOUND).status_code == 403
    assert Api(world.desk).post("reports/baselines/", BASELINE).status_code == 403
    assert Api(world.desk).get("reports/reviews/").status_code == 200
    assert Api(world.requester).get("reports/reviews/").status_code == 403
    assert browse(world.desk).post("/boards/incidents/reviews/", FOUND).status_code == 403
    assert browse(world.vendor).get("/boards/incidents/reviews/").status_code == 403
