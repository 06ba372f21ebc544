"""The same rules at every door: steps of life, moments, the tree under two hands, what history tells and to whom."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from cmdb.defining.changes import Looped, keep_class
from cmdb.models import Baseline, CIClass, ConfigurationItem, Relation, RelationType, RelationVersion
from cmdb.services import Link, RelationRefused, Stamp, end_relations, update_item, write_relations
from cmdb.versioning.moments import replaying
from tests.api.client import Api, problem
from tests.cmdb.test_pages import signed_in
from tests.factories import MONDAY, World, make_item

FREE = Stamp(source="test", trusted=True)
HOUR = timedelta(hours=1)


@pytest.mark.django_db
@pytest.mark.req("CMDB-03")
@pytest.mark.parametrize(
    ("before", "after", "works"),
    [
        *(("retired", "in_use", False), ("in_stock", "in_maintenance", False), ("in_use", "planned", False)),
        *(("planned", "in_use", True), ("in_stock", "retired", True), ("planned", "planned", True)),
    ],
)
def test_a_state_is_reached_by_a_declared_step_also_in_the_api(
    world: World, before: str, after: str, works: bool
) -> None:
    make_item("A", status_id=before)
    answer = Api(world.admin).patch("items/A/", {"status": after, "correction": True, "reason": "so it is"})
    assert answer.status_code == (200 if works else 409), answer.content
    assert ConfigurationItem.objects.get().status_id == (after if works else before)


@pytest.mark.django_db
@pytest.mark.req("CMDB-04")
def test_a_baseline_lies_never_in_the_future(world: World) -> None:
    later = (timezone.now() + HOUR).isoformat()
    problem(Api(world.admin).post("items/baselines/", {"name": "x", "at": later}), 400)
    local = timezone.localtime(timezone.now() + HOUR).strftime("%Y-%m-%dT%H:%M")
    assert signed_in(world.admin).post("/items/baselines/", {"name": "x", "at": local}).status_code == 422
    assert not Baseline.objects.exists()
    earlier = (timezone.now() - HOUR).isoformat()
    assert Api(world.admin).post("items/baselines/", {"name": "x", "at": earlier}).status_code == 201


@pytest.mark.django_db
@pytest.mark.req("CMDB-02")
def test_a_relation_never_ends_before_it_began(world: World) -> None:
    """Nor before it began again; one edited meanwhile began with its first edit."""
    kind = RelationType.objects.get(code="uses")
    with replaying(MONDAY):
        a, b = make_item("A"), make_item("B")
    with replaying(MONDAY + 2 * HOUR):
        write_relations([Link(a, kind, b)], FREE)
    with replaying(MONDAY + 3 * HOUR):
        write_relations([Link(a, kind, b, "g", 2)], FREE)
    with replaying(MONDAY + 9 * HOUR):
        for hour in (1, 2):
            with pytest.raises(RelationRefused, match=r"A.*B"):
                end_relations(Relation.objects.all(), Stamp(trusted=True, since=MONDAY + hour * HOUR))
        assert Relation.objects.get().active
        end_relations(Relation.objects.all(), Stamp(trusted=True, since=MONDAY + 2.5 * HOUR))
    held = RelationVersion.objects.believed().get()
    assert (held.valid.lower, held.valid.upper) == (MONDAY + 2 * HOUR, MONDAY + 2.5 * HOUR)
    with replaying(MONDAY + 10 * HOUR):
        write_relations([Link(a, kind, b)], FREE)
    with replaying(MONDAY + 11 * HOUR), pytest.raises(RelationRefused):
        end_relations(Relation.objects.all(), Stamp(trusted=True, since=MONDAY + 4 * HOUR))


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("CMDB-01")
def test_two_hands_that_move_classes_at_once_make_no_loop(world: World) -> None:
    for code in ("x", "y"):
        CIClass.objects.create(code=code, name_zh=code, name_en=code)
    start, refused = Barrier(2), []

    def move(code: str, below: str) -> None:
        row = CIClass.objects.get(pk=code)
        row.parent_id = below
        start.wait(10)
        try:
            keep_class(row, world.admin)
        except Looped:
            refused.append(code)
        connection.close()

    hands = [Thread(target=move, args=pair) for pair in (("x", "y"), ("y", "x"))]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert len(refused) == 1
    assert sorted(filter(None, CIClass.objects.filter(pk__in=["x", "y"]).values_list("parent_id", flat=True))) in (
        ["x"],
        ["y"],
    )


def written_often(world: World, times: int, organisation: Any = None) -> ConfigurationItem:
    with replaying(MONDAY):
        item = make_item("A", organisation)
    for number in range(times):
        with replaying(MONDAY + number * HOUR + HOUR):
            update_item(item=item, facts={"name": f"n{number}"}, stamp=FREE)
    return item


@pytest.mark.django_db
@pytest.mark.req("CMDB-04")
def test_history_has_pages_and_loses_nothing(world: World) -> None:
    item = written_often(world, 230)
    api = Api(world.desk)
    first = api.get("items/A/history/").json()
    assert len(first["results"]) == 200
    with replaying(MONDAY + 500 * HOUR):
        update_item(item=item, facts={"name": "while somebody reads"}, stamp=FREE)
    second = api.get(first["next"]).json()
    assert second["next"] is None
    lines = [*first["results"], *second["results"]]
    assert (len(lines), len({line["at"] for line in lines}), lines[-1]["at"][:13]) == (231, 231, "2026-11-23T01")
    problem(api.get("items/A/history/?cursor=x"), 400)
    page = signed_in(world.desk)
    shown = page.get(f"/items/{item.pk}/")
    assert len(shown.context["lines"]) == 30
    assert f"lines={30 + 200}" in shown.content.decode()
    everything = page.get(f"/items/{item.pk}/?lines=5000")
    assert len(everything.context["lines"]) == 232
    assert everything.context["older_url"] == ""


@pytest.mark.django_db
@pytest.mark.req("ORG-03")
def test_customers_learn_nothing_of_sources_and_grounds_from_history(world: World) -> None:
    written_often(world, 2, world.requester.organisation)
    lines = Api(world.requester).results("items/A/history/")
    assert len(lines) == 3
    told = {(line["source"], line["authority"], line["reference"], line["reason"], line["by"]) for line in lines}
    assert told == {("", "", "", "", None)}
