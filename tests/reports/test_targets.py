"""Targets of figures: set by who manages reports, shown by tiles, told of once a month."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Role
from notifications.models import Notice
from reports.targets.models import Target
from reports.targets.services import tell_crossings
from tests.api.client import Api
from tests.factories import World, incident_in, resolve
from tests.reports.conftest import DAY, MARCH
from tickets.figures.measures import measures_of
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.req("RPT-01")]


def owner_of(world: World) -> str:
    """The code of a role that the manager has."""
    return world.manager.roles.order_by("pk").values_list("code", flat=True)[0]


def put(world: World, code: str, person: Any = None, **values: Any) -> Any:
    return Api(person or world.manager).post(f"reports/targets/{code}/", {"owner": owner_of(world)} | values)


def test_target_is_set_replaced_and_removed(world: World) -> None:
    assert put(world, "kept_of_ended", aim=95, alert=90).json()["alert"] == 90
    assert put(world, "kept_of_ended", aim=97).json()["alert"] is None
    assert [row["aim"] for row in Api(world.manager).results("reports/targets/")] == [97]

    assert Api(world.manager).delete("reports/targets/kept_of_ended/").status_code == 204

    assert not Target.objects.exists()


@pytest.mark.parametrize(
    ("code", "values", "field"),
    [
        ("kept_of_ended", {}, "non_field_errors"),
        ("kept_of_ended", {"aim": 101}, "aim"),
        ("kept_of_ended", {"aim": 90, "alert": 95}, "alert"),
        ("overdue", {"aim": 10, "alert": 5}, "alert"),
    ],
)
def test_what_makes_no_sense_is_refused_beside_its_cause(world: World, code: str, values: Any, field: str) -> None:
    response = put(world, code, **values)

    assert response.status_code == 400
    assert field in response.content.decode() or "target" in response.content.decode()
    assert not Target.objects.exists()


@pytest.mark.slow
def test_every_figure_can_have_a_target(world: World, browse: Any) -> None:
    """Of a volume, of which neither more nor less is better, both are upper bounds, and the page says so."""
    api, page = Api(world.manager), browse(world.manager)
    for measure in measures_of(on_demand=True):
        assert put(world, measure.code, aim=5).status_code == 200, measure.code
        assert page.get(f"/boards/targets/{measure.code}/").status_code == 200, measure.code
    assert len(api.results("reports/targets/")) == len(measures_of(on_demand=True))

    form = page.get("/boards/targets/desk_total/").content.decode()
    assert "Neither more nor less is better: both are upper bounds." in form
    assert put(world, "desk_total", aim=10, alert=5).status_code == 400


@pytest.mark.slow
@pytest.mark.parametrize("code", ["desk_total", "by_category", "person_total"])
def test_owner_is_told_when_a_volume_is_beyond(world: World, code: str, month: dict[str, Any]) -> None:
    values = {"edited_by": world.manager, "edited_at": MARCH, "owner": Role.objects.get(code=owner_of(world))}
    target = Target.objects.create(measure=code, alert=100, **values)
    assert tell_crossings(MARCH + 20 * DAY) == 0
    target.alert = 1
    target.save()
    assert tell_crossings(MARCH + 20 * DAY) == 1


def test_others_read_or_do_not_even_that(world: World) -> None:
    assert put(world, "kept_of_ended", world.desk, aim=95).status_code == 403
    assert Api(world.requester).get("reports/targets/").status_code == 403
    assert Api(world.desk).get("reports/targets/").status_code == 200


@pytest.mark.slow
def test_page_sets_it_and_the_tile_says_how_the_figure_stands(
    world: World, browse: Any, month: dict[str, Any]
) -> None:
    page = browse(world.manager)
    kept = page.post("/boards/targets/overdue/", {"aim": "5", "alert": "1", "owner": owner_of(world)})
    assert kept.status_code == 422
    assert 'value="5"' in kept.content.decode()

    page.post("/boards/targets/overdue/", {"aim": "5", "alert": "10", "owner": owner_of(world)})

    assert "≤ 10.0 %" in page.get("/boards/targets/").content.decode()
    tiles = page.get("/boards/incidents/tiles/?from=2024-03-01&to=2024-04-01").content.decode()
    assert "kpi-target soon" in tiles  # 1 of 5: missed, and too few to be beyond the threshold
    assert browse(world.desk).get("/boards/targets/overdue/").status_code == 403


def test_owner_is_told_once_a_month_when_a_figure_is_beyond(world: World) -> None:
    now = MARCH + 20 * DAY
    Target.objects.create(
        measure="overdue_open",
        alert=0,
        owner=Role.objects.get(code=owner_of(world)),
        edited_by=world.manager,
        edited_at=now,
    )
    assert tell_crossings(now) == 0
    late = incident_in("in_progress", world, now=MARCH + DAY)
    Ticket.objects.filter(pk=late.pk).update(planned_completion_at=MARCH + 2 * DAY)

    assert (tell_crossings(now), tell_crossings(now + DAY)) == (1, 0)

    notice = Notice.objects.get(event="target_crossed")
    said = notice.payload["summary"]  # each owner reads it in their language
    assert said["en"].startswith("Overdue and not solved 1")
    assert said["zh"] != said["en"]
    assert world.manager.pk in notice.deliveries.values_list("recipient", flat=True)
    assert tell_crossings(now + 31 * DAY) == 1


def test_share_of_few_records_crosses_nothing(world: World) -> None:
    now = MARCH + 20 * DAY
    role = Role.objects.get(code=owner_of(world))
    values = {"owner": role, "edited_by": world.manager, "edited_at": now}
    Target.objects.create(measure="desk_resolve_rate", alert=99, **values)
    resolve(
        incident_in("in_progress", world, now=MARCH + DAY), world.engineer, now=MARCH + 2 * DAY, close_code="tier1"
    )

    assert tell_crossings(now) == 0
