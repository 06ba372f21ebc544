"""Baselines and comparisons in the API (CMDB-04)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cmdb.models import RelationType
from cmdb.services import Link, Stamp, update_item, write_relations
from cmdb.versioning.moments import replaying
from tests.api.client import Api, problem
from tests.factories import MONDAY, World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-04")]


def test_two_moments_are_compared_by_day_and_baseline(world: World) -> None:
    free = Stamp(source="test", trusted=True)
    with replaying(MONDAY):
        a, host = make_item("A", attributes={"cpu": "8"}), make_item("HOST")
        make_item("X", ci_class_id="service")
        write_relations([Link(a, RelationType.objects.get(code="runs_on"), host)], free)
    with replaying(MONDAY + timedelta(days=1)):
        update_item(item=host, facts={"cpu": "16"}, stamp=free)
        make_item("NEW")
    api = Api(world.admin)
    made = api.post("items/baselines/", {"name": "before", "at": (MONDAY + timedelta(hours=1)).isoformat()}).json()
    assert [row["name"] for row in Api(world.desk).get("items/baselines/").json()["results"]] == ["before"]

    found = api.get(f"items/compare/?first_baseline={made['id']}&ci_class=server").json()
    assert found["counts"] == {"came": 1, "went": 0, "changed": 1, "same": 1, "related": 0}
    assert [row["identifier"] for row in found["came"]] == ["NEW"]
    assert found["classes"] == [{"ci_class": "server", "first": 2, "second": 3}]
    [changed] = found["changed"]
    assert [(f["name"], f["before"], f["after"]) for f in changed["fields_changed"]] == [("cpu", "", "16")]
    below = api.get(f"items/compare/?first_baseline={made['id']}&beneath=A").json()
    assert below["counts"] == {"came": 0, "went": 0, "changed": 1, "same": 1, "related": 0}

    assert "first_as_of" in problem(api.get("items/compare/?first_as_of=x"), 400)["errors"]
    assert "second_known_at" in problem(api.get("items/compare/?second_known_at=x"), 400)["errors"]
    for number in ("99999", "last", "9" * 30):  # compared with now it would differ in nothing
        unknown = problem(api.get(f"items/compare/?first_baseline={number}"), 400)["errors"]
        assert unknown == {"first_baseline": [f"There is no baseline “{number}”."]}
    problem(api.get("items/compare/?nonsense=1"), 400)
    assert "name" in problem(api.post("items/baselines/", {"name": "before"}), 400)["errors"]
    problem(Api(world.desk).post("items/baselines/", {"name": "y"}), 403)
    problem(Api(world.requester).get("items/compare/"), 403)
    problem(Api(world.requester).get("items/baselines/"), 403)
