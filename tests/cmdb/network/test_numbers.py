"""Who writes waits for no large import, and who remembers the graph misses nothing of either (CMDB-02, CMDB-07)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection, transaction

from cmdb.models import Affects, ConfigurationItem, GraphBatch, Relation, RelationType
from cmdb.network.keeping import changed_since
from cmdb.network.reading import _known, build, graph_at
from cmdb.services import Stamp, update_item
from cmdb.versioning.numbers import numbered_at_the_end
from tests.cmdb.isolation.estates import relate
from tests.factories import World, make_item

FREE = Stamp(source="test", trusted=True)
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.req("CMDB-02", "CMDB-07")]


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """Other tests ran in databases of the same name."""
    _known.clear()
    yield
    _known.clear()


@contextmanager
def writing_long(write: Callable[[], Any]) -> Iterator[None]:
    """Another program that has written and is not through yet; it ends with the block."""
    written, over = Event(), Event()

    def work() -> None:
        try:
            with transaction.atomic(), numbered_at_the_end():
                write()
                written.set()
                over.wait(30)
        finally:
            written.set()
            connection.close()

    thread = Thread(target=work)
    thread.start()
    assert written.wait(30)
    try:
        yield
    finally:
        over.set()
        thread.join(30)


def told() -> tuple[set[Any], set[str]]:
    """The relations of the remembered graph, and what is down in it; those of one that is read anew are the same."""
    graph, anew = graph_at(), build()
    names = dict(ConfigurationItem.objects.values_list("pk", "identifier"))
    down = [{names[key] for key in one.keys[one.away].tolist() if key in names} for one in (graph, anew)]
    edges = [
        {(names[edge.dependent], names[edge.provider]) for key in one.keys.tolist() for edge in one.needs(key)}
        for one in (graph, anew)
    ]
    assert (edges[0], down[0]) == (edges[1], down[1])
    return edges[0], down[0]


def test_who_writes_meanwhile_waits_for_nobody_and_both_are_known(world: World) -> None:
    service, host, disk = (make_item(name) for name in ("SVC", "H", "D"))
    relate("runs_on", (service, host))
    assert told() == ({("SVC", "H")}, set())
    before = GraphBatch.objects.count()

    with writing_long(lambda: relate("runs_on", (host, disk))):
        with connection.cursor() as cursor, transaction.atomic():
            cursor.execute("SET LOCAL lock_timeout = '1s'")
            update_item(item=disk, facts={"status_id": "in_maintenance"}, stamp=FREE)
        assert told() == ({("SVC", "H")}, {"D"})

    assert told() == ({("SVC", "H"), ("H", "D")}, {"D"})
    assert GraphBatch.objects.count() == before + 1
    number = GraphBatch.objects.latest("pk").version
    assert number is not None
    assert changed_since(number - 1) == {host.pk, disk.pk}
    assert changed_since(number) == set()


def _write_and_fail() -> None:
    with transaction.atomic(), numbered_at_the_end():
        relate("runs_on", (make_item("SVC"), ConfigurationItem.objects.get(identifier="H")))
        raise ZeroDivisionError


def test_what_was_refused_leaves_nothing_and_what_alters_nothing_no_number(world: World) -> None:
    make_item("H")
    told()
    with transaction.atomic(), numbered_at_the_end():
        pass
    with pytest.raises(ZeroDivisionError):
        _write_and_fail()
    assert not GraphBatch.objects.exclude(version=None).exists()
    assert told() == (set(), set())
    relate("runs_on", (make_item("SVC"), ConfigurationItem.objects.get(identifier="H")))
    assert told()[0] == {("SVC", "H")}


def test_an_import_reads_what_it_wrote_itself(world: World) -> None:
    """Whoever asks within the same transaction has a graph of its own, which nobody else remembers."""
    service, host = make_item("SVC"), make_item("H")
    assert told() == (set(), set())
    with transaction.atomic():
        with numbered_at_the_end():
            relate("runs_on", (service, host))
            assert [edge.provider for edge in graph_at().needs(service.pk)] == [host.pk]
        transaction.set_rollback(True)
    assert not Relation.objects.exists()
    assert told() == (set(), set())


def test_a_type_that_carries_failures_the_other_way_is_known_at_once(world: World) -> None:
    service, host = make_item("SVC"), make_item("H")
    relate("runs_on", (service, host))
    assert told()[0] == {("SVC", "H")}
    kind = RelationType.objects.get(pk="runs_on")
    kind.affects = Affects.TARGET
    kind.save()
    assert told()[0] == {("H", "SVC")}
