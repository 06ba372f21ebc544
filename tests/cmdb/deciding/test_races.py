"""Two people who decide one thing, and a scan that comes meanwhile: one after the other (CMDB-08)."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread
from time import sleep
from typing import Any

import pytest
from django.db import connection, transaction

from cmdb.authority import NotAllowed, Stamp
from cmdb.deciding.services import decide, identify, leave_out, record_new
from cmdb.models import ConfigurationItem, Difference, Sighting
from cmdb.transfer.discovery import take_in
from tests.factories import World, make_item

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("CMDB-08")]
TIE = {"ip_address": "10.0.0.1", "room": "R2"}


def scan(world: World, values: dict[str, Any]) -> str:
    """What became of one thing."""
    [answer] = take_in(source="scan", things=[{"key": "k", "values": values}], user=world.engineer)
    return answer.result


def tied(world: World) -> Difference:
    """Two items of one address, and a thing that has it."""
    for name in ("A", "B"):
        make_item(name, attributes={"ip_address": "10.0.0.1"})
    assert scan(world, TIE) == "several"
    return Difference.objects.get()


def at_once(*works: Callable[[], Any]) -> list[str]:
    """Do them at the same time; what was refused."""
    start, refused = Barrier(len(works)), list[str]()

    def work(do: Callable[[], Any]) -> None:
        start.wait(10)
        try:
            do()
        except NotAllowed as error:
            refused.append(type(error).__name__)
        finally:
            connection.close()

    hands = [Thread(target=work, args=(do,)) for do in works]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    return refused


def test_of_two_who_decide_one_thing_the_second_is_told(world: World) -> None:
    row, stamp = tied(world), Stamp(by=world.admin, reason="label")
    a, b = ConfigurationItem.objects.order_by("identifier")
    facts = {"name": "n", "ci_class_id": "server", "status_id": "planned"}
    refused = at_once(
        lambda: identify(difference=row, item=a, stamp=stamp),
        lambda: identify(difference=row, item=b, stamp=stamp),
        lambda: leave_out(difference=row, stamp=stamp),
        lambda: record_new(difference=row, identifier="C", facts=facts, stamp=stamp),
    )
    assert refused == ["Undecidable"] * 3
    row.refresh_from_db()
    assert Sighting.objects.get().item == row.item
    assert ConfigurationItem.objects.count() == (3 if row.decision == "new" else 2)
    assert Difference.objects.filter(what="several").count() == 1


def waiting_for_its_turn() -> bool:
    """Whether somebody waits for whoever decides."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return cursor.fetchone()[0] > 0


def during(world: World, values: dict[str, Any], decision: Callable[[], Any]) -> str:
    """What becomes of a scan that comes before ``decision`` is written."""
    results: list[str] = []

    def work() -> None:
        results.append(scan(world, values))
        connection.close()

    thread = Thread(target=work)
    with transaction.atomic():
        decision()
        thread.start()
        for _n in range(1000):
            if waiting_for_its_turn():
                break
            sleep(0.01)
        assert waiting_for_its_turn()
    thread.join()
    return results[0]


def test_a_scan_waits_for_whoever_decides_which_item_it_is(world: World) -> None:
    row, stamp = tied(world), Stamp(by=world.admin, reason="a guest")
    assert during(world, TIE, lambda: leave_out(difference=row, stamp=stamp)) == "out"
    assert not Difference.objects.filter(decision="").exists()


def test_a_scan_waits_for_whoever_keeps_a_value(world: World) -> None:
    make_item("A", attributes={"serial_number": "S-A"})
    seen = {"serial_number": "S-A", "room": "R2"}
    scan(world, seen)
    row = Difference.objects.get()
    kept = during(world, seen, lambda: decide(difference=row, taken=False, stamp=Stamp(by=world.admin)))
    assert kept == "matched"
    assert not Difference.objects.filter(decision="").exists()
