"""What ends soon is told once at each limit to owner and keeper; spare parts that run low, too (CMDB-03, CMDB-10)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from cmdb.ending.services import keep_limit
from cmdb.models import SparePart
from cmdb.spares.services import move
from notifications.models import Delivery, Notice
from notifications.telling.items import tell_endings
from sla.engine import endings as engine
from sla.models import EngineState
from tests.api.client import Api, problem
from tests.cmdb.test_pages import signed_in
from tests.factories import MONDAY, World, make_item, register_incident

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-03")]

DAY = timedelta(days=1)


def told(event: str = "item_ends") -> list[tuple[str, str]]:
    rows = Delivery.objects.filter(notice__event=event, channel="portal").order_by("pk")
    return [(row.recipient.username, row.notice.key) for row in rows if row.recipient]


def test_each_limit_is_told_once_to_owner_and_keeper(world: World) -> None:
    today = timezone.localdate(MONDAY)
    end = {"warranty_end": (today + 40 * DAY).isoformat()}
    item = make_item("A", attributes={**end, "keeper": "engineer", "owner": "desk"})
    make_item("B", attributes={"licence_end": (today + 200 * DAY).isoformat()})
    make_item("C", attributes=end, status_id="planned")

    assert tell_endings(MONDAY) == 1, "the tightest limit that is passed, not each"
    assert tell_endings(MONDAY + DAY) == 0
    key = f"item_ends:{item.pk}:warranty_end:{end['warranty_end']}"
    assert told() == [("desk", f"{key}:90"), ("engineer", f"{key}:90")]
    assert tell_endings(MONDAY + 10 * DAY) == 1
    assert tell_endings(MONDAY + 20 * DAY) == 0
    assert [name for name, _key in told()] == ["desk", "engineer"] * 2


def test_the_nearest_class_says_when_and_managers_hear_of_what_nobody_owns(world: World) -> None:
    today = timezone.localdate(MONDAY)
    make_item("A", attributes={"contract_end": (today + 5 * DAY).isoformat()})
    keep_limit(ci_class=None, ends="contract_end", days=[], by=world.admin)
    assert tell_endings(MONDAY) == 0
    keep_limit(ci_class="server", ends="contract_end", days=[5, 1], by=world.admin)
    assert tell_endings(MONDAY) == 1
    assert [name for name, _key in told()] == ["admin"]


def test_the_engine_looks_once_an_hour(world: World) -> None:
    make_item("A", attributes={"contract_end": timezone.localdate().isoformat()})
    EngineState.objects.get_or_create(pk=1)
    engine.keep()
    assert Notice.objects.filter(event="item_ends").count() == 1
    state = EngineState.objects.get()
    assert state.endings_at is not None
    assert not engine.is_due(state, state.endings_at + timedelta(minutes=59))
    assert engine.is_due(state, state.endings_at + timedelta(hours=1))


@pytest.mark.req("CMDB-10")
def test_a_part_that_runs_low_is_told_each_time_it_falls_below_its_minimum(world: World) -> None:
    number = register_incident(world.desk).number
    part = SparePart.objects.create(name="SSD", minimum=2)
    assert tell_endings(MONDAY) == 1, "never any in stock"
    move(part=part, kind="received", count=3, by=world.admin)
    assert tell_endings(MONDAY) == 0
    move(part=part, kind="taken", count=2, reference=number, by=world.desk)
    assert (tell_endings(MONDAY), tell_endings(MONDAY + DAY)) == (1, 0)
    move(part=part, kind="taken", count=1, reference=number, by=world.desk)
    assert tell_endings(MONDAY) == 0, "still the same shortage"
    move(part=part, kind="received", count=5, by=world.admin)
    move(part=part, kind="counted", count=1, by=world.admin)
    assert tell_endings(MONDAY) == 1
    assert {name for name, _key in told("spares_low")} == {"admin"}


def test_the_page_shows_what_ends_and_sets_limits(world: World) -> None:
    make_item("A", attributes={"licence_end": (timezone.localdate() + 3 * DAY).isoformat()})
    page = signed_in(world.admin)
    [line] = page.get("/items/ending/").context["rows"]
    assert (line["row"].item.identifier, line["row"].left, line["row"].limit) == ("A", 3, 7)
    assert page.post("/items/ending/", {"ends": "licence_end", "days": "x"}).status_code == 422
    assert page.post("/items/ending/", {"ends": "licence_end", "days": ""}).status_code == 302
    assert page.get("/items/ending/").context["rows"] == []
    assert signed_in(world.desk).post("/items/ending/", {"ends": "licence_end", "days": ""}).status_code == 403


@pytest.mark.req("CMDB-10")
def test_spare_parts_in_the_api(world: World) -> None:
    number = register_incident(world.desk).number
    manager, desk = Api(world.admin), Api(world.desk)
    made = manager.post("spares/", {"name": "Fan", "minimum": 1, "ci_class": "server"}).json()
    assert (made["stock"], made["low"]) == (0, True)
    assert "name" in problem(manager.post("spares/", {"minimum": 1}), 400)["errors"]
    url = f"spares/{made['id']}/movements/"
    manager.post(url, {"kind": "received", "count": 2})
    problem(manager.post(url, {"kind": "taken", "count": 3, "reference": number}), 409)
    after = manager.post(url, {"kind": "taken", "count": 1, "reference": number}).json()
    assert (after["stock"], [row["count"] for row in after["movements"]]) == (1, [-1, 2])
    assert [row["name"] for row in desk.get("spares/").json()["results"]] == ["Fan"]
    problem(desk.post("spares/", {"name": "x"}), 403)
    problem(Api(world.requester).get("spares/"), 403)
    problem(Api(world.requester).get(f"spares/{made['id']}/"), 403)


def test_limits_are_set_in_the_api_and_what_held_before_is_told(world: World) -> None:
    api, url = Api(world.admin), "items/ending/limits/"
    body = {"ci_class": "server", "ends": "contract_end", "days": [30, 5]}
    problem(Api(world.engineer).post(url, body), 403)
    problem(Api(world.requester).get(url), 403)
    for wrong in ({"days": [-1]}, {"days": "5"}, {"ends": "other"}, {"ci_class": "nothing"}):
        assert next(iter(wrong)) in problem(api.post(url, {**body, **wrong}), 400)["errors"]
    assert api.post(url, body).json()["days"] == [30, 5]
    assert api.post(url, {**body, "days": []}).json()["days"] == []
    [row] = Api(world.engineer).get(url).json()["limits"]
    assert [(line["days"], line["by"]["username"]) for line in row["versions"]] == [([30, 5], "admin"), ([], "admin")]
