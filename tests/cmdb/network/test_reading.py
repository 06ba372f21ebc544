"""The graph of a process: remembered, brought up to date, waited for no longer than promised (CMDB-02, CMDB-04)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import psycopg2
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from cmdb.models import Relation, RelationType
from cmdb.network import impact
from cmdb.network.answers import impact_of
from cmdb.network.reading import _known, build, graph_at
from cmdb.services import Link, Stamp, end_relations, update_item, write_relations
from cmdb.versioning.moments import Moment, replaying
from tests.api.client import Api
from tests.cmdb.isolation.estates import relate
from tests.factories import MONDAY, World, make_item

FREE = Stamp(source="test", trusted=True)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """Other tests ran in databases of the same name."""
    _known.clear()
    yield
    _known.clear()


def edges_of(graph: Any) -> set[Any]:
    """All that the graph has."""
    return {edge for key in graph.keys.tolist() for edge in (*graph.needs(key), *graph.loose(key))}


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("CMDB-02")
def test_what_is_written_is_taken_into_the_remembered_graph(world: World) -> None:
    host, disk, backup = (make_item(name) for name in ("H", "D", "B"))
    relate("runs_on", (make_item("SVC"), host))
    first = graph_at()
    assert graph_at() is first, "nothing changed"

    relate("runs_on", (host, disk), group="disks")
    relate("contains", (make_item("RACK"), host))
    relate("backs_up", (backup, disk))
    end_relations(Relation.objects.filter(target=host, relation_type="runs_on"), FREE)
    update_item(item=disk, facts={"status_id": "in_maintenance"}, stamp=FREE)

    second, anew = graph_at(), build()
    assert edges_of(second) == edges_of(anew) != edges_of(first)
    assert len(edges_of(second)) == 3
    assert impact.by_key(second, impact.baseline(second)) == impact.by_key(anew, impact.baseline(anew)) != {}


@contextmanager
def held_up(table: str) -> Iterator[None]:
    """Let nobody read a table: as if reading it took long."""
    with psycopg2.connect(**connection.get_connection_params()) as other, other.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield
        other.rollback()
    other.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("CMDB-02")
def test_a_question_waits_no_longer_than_its_budget_and_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("answers", "standing", "drawing"):
        monkeypatch.setattr(f"cmdb.network.{module}.BUDGET_SECONDS", 0.1)
    monkeypatch.setattr("cmdb.network.impact.BUDGET_SECONDS", 0.1)
    service, host = make_item("SVC", ci_class_id="service"), make_item("H")
    relate("runs_on", (service, host))
    page = Client(headers={"Accept-Language": "en"})
    page.force_login(world.desk)
    said = "Time ran out while the relations were read"

    with held_up("cmdb_relationtypeversion, cmdb_relation"):
        answer = impact_of([host.pk], world.desk)
        assert (answer.total, answer.partial, answer.cut) == (0, True, True)
        found = Api(world.desk).get("items/H/impact/").json()
        assert (found["items"], found["partial"], found["cut"]) == ([], True, True)
        path = Api(world.desk).get("items/path/?from=SVC&to=H").json()
        assert (path["found"], path["cut"]) == (False, True)
        for address in (f"/items/{host.pk}/impact/", "/items/path/?from=SVC&to=H"):
            assert said in page.get(address).content.decode()

    assert [row.code for row in graph_answer(world, host.pk)] == ["SVC"], "the reading went on"
    assert Api(world.desk).get("items/path/?from=SVC&to=H").json() | {"steps": []} == {
        "found": True,
        "steps": [],
        "cut": False,
    }


def graph_answer(world: World, key: int) -> Any:
    """What fails with an item, once the graph is read."""
    graph_at()
    return impact_of([key], world.desk).items


@pytest.mark.django_db
@pytest.mark.req("CMDB-02", "CMDB-04")
def test_how_sure_the_past_is_follows_from_what_was_confirmed_then(world: World) -> None:
    """Recorded on a Monday and confirmed again a hundred days later, sure for thirty days."""
    kind = RelationType.objects.get(pk="runs_on")

    def after(days: int) -> datetime:
        return MONDAY + timedelta(days=days)

    with replaying(after(-200)):
        kind.sure_for_days = 30
        kind.save()
        app, host = make_item("APP"), make_item("H")
        link = Link(app, kind, host)
        write_relations([link], FREE)
    with replaying(after(-100)):
        write_relations([link], FREE)

    def sure(moment: Moment) -> bool:
        return app.pk in impact.failure_of(graph_at(moment), {host.pk}).certain

    assert timezone.now() > after(-70)
    assert not sure(Moment()), "nobody confirmed it lately"
    assert sure(Moment(known_at=after(-190)))
    assert not sure(Moment(known_at=after(-150))), "that it was confirmed later was not known"
    assert sure(Moment(as_of=after(-150))), "now it is"
    assert sure(Moment(known_at=after(-90)))
