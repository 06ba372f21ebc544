"""What discovery could not match is decided by the person it waits for, and stays decided (CMDB-08)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from cmdb.audits.services import open_audit, take_from_discovery
from cmdb.models import ConfigurationItem, Difference, ItemVersion, Sighting
from cmdb.services import Stamp, update_item
from cmdb.versioning.moments import replaying
from tests.api.client import Api
from tests.factories import World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-08")]

_MINUTES = count(1)
TIE = {"ip_address": "10.0.0.1", "cpu": "64", "room": "R2"}


def signed_in(user: User) -> Client:
    """A browser of that person, in English."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def later() -> AbstractContextManager[None]:
    """Inside, what is written is written a minute after all that was written before."""
    return replaying(timezone.now() + timedelta(minutes=next(_MINUTES)))


def retire(item: ConfigurationItem) -> None:
    """It is no more."""
    with later():
        item.refresh_from_db()
        update_item(item=item, facts={"status_id": "retired"}, stamp=Stamp(trusted=True))


def scan(world: World, things: Mapping[str, Mapping[str, object]], **more: object) -> dict[str, str]:
    """What became of things by key."""
    rows = [{"key": key, "values": values} for key, values in things.items()]
    with later():
        answer = Api(world.engineer).post("items/discovered/", {"source": "scan", "items": rows, **more})
    assert answer.status_code == 200, answer.content
    return {row["key"]: row["result"] for row in answer.json()["results"]}


def tied(world: World) -> Difference:
    """Two items of one address, and a thing that has it."""
    for name in ("A", "B"):
        make_item(name, attributes={"ip_address": "10.0.0.1", "serial_number": f"S-{name}", "cpu": "32"})
    assert scan(world, {"k": TIE}) == {"k": "several"}
    return Difference.objects.get(what="several")


def decide(world: World, row: Difference, status: int = 302, **said: Any) -> str:
    """Decide on the page, which sends what was shown on it; what it says."""
    url, shown = (
        reverse("cmdb:decide", args=[row.pk]),
        re.findall(r'name="(read-\d+)" value="(\w+)"', page_of(world, row)),
    )
    with later():
        answer = signed_in(world.admin).post(url, {**dict(shown), **said}, follow=status == 302)
    assert (answer.redirect_chain[0][1] if status == 302 else answer.status_code) == status, answer.content
    return answer.content.decode()


def page_of(world: World, row: Difference) -> str:
    """The page on which it is decided."""
    return signed_in(world.admin).get(reverse("cmdb:decide", args=[row.pk])).content.decode()


def standing() -> tuple[int, list[Any], list[Any]]:
    """All that a scan may change."""
    rows = Difference.objects.order_by("pk").values_list("pk", "what", "field", "decision", "item__identifier")
    return ItemVersion.objects.count(), list(rows), list(Sighting.objects.order_by("pk").values_list("key", "item"))


def test_a_tie_offers_its_items_with_what_speaks_for_each_and_what_was_seen(world: World) -> None:
    row = tied(world)
    page = page_of(world, row)
    for key in ConfigurationItem.objects.values_list("pk", flat=True):
        assert f'name="choice" value="{key}"' in page
    assert page.count("IP address") >= 3  # speaks for both, and is a line of the table
    assert "R2" in page
    assert "S-A" not in page  # nobody saw a serial number


def test_it_is_this_one_takes_what_is_observed_and_lets_the_rest_wait(world: World) -> None:
    row = tied(world)
    b = ConfigurationItem.objects.get(identifier="B")
    decide(world, row, item="1", choice=str(b.pk), reason="label on the case")
    b.refresh_from_db()
    assert (b.attributes["cpu"], b.attributes.get("room")) == ("64", None)
    row.refresh_from_db()
    assert (row.decision, row.item, row.decided_by, row.reason) == ("item", b, world.admin, "label on the case")
    assert row.decided_at is not None
    waiting = Difference.objects.get(decision="")
    assert (waiting.item, waiting.field, waiting.seen_value) == (b, "room", "R2")
    before = standing()
    assert [scan(world, {"k": TIE}), scan(world, {"k": TIE})] == [{"k": "matched"}] * 2
    assert standing() == before


def test_any_other_item_is_chosen_by_its_identifier(world: World) -> None:
    row = tied(world)
    c = make_item("C")
    assert "There is no such item" in decide(world, row, 422, item="1", choice="other", other="D")
    assert "Choose" in decide(world, row, 422, item="1")
    decide(world, row, item="1", choice="other", other="C")
    assert Sighting.objects.get().item == c
    assert scan(world, {"k": TIE}) == {"k": "matched"}
    assert not Difference.objects.filter(what="several", decision="").exists()


@pytest.mark.parametrize("what", ["several", "unknown", "retired"])
def test_what_is_kept_out_stays_out_while_the_source_says_the_same(world: World, what: str) -> None:
    seen: dict[str, object] = {"serial_number": "S-9", "ip_address": "10.0.0.1", "cpu": "4"}
    if what == "several":
        for name in ("A", "B"):
            make_item(name, attributes={"ip_address": "10.0.0.1"})
    if what == "retired":
        item = make_item("A", attributes={"serial_number": "S-9"})
        retire(item)
    assert scan(world, {"k": seen}) == {"k": what}
    row = Difference.objects.get()
    decide(world, row, 422, out="1")  # it needs a reason
    decide(world, row, out="1", reason="belongs to the landlord")
    before = standing()
    assert scan(world, {"k": {**seen, "serial_number": " ｓ-9", "cpu": "8"}}, complete=True) == {"k": "out"}
    assert standing() == before
    assert scan(world, {"k": {**seen, "serial_number": "S-10", "ip_address": "10.0.0.7"}}) == {"k": "unknown"}
    assert Difference.objects.get(decision="").what == "unknown"


def test_an_unknown_thing_is_recorded_anew_with_what_was_seen(world: World) -> None:
    seen = {"name": "web-9", "serial_number": "S-9", "cpu": "8", "colour": "grey", "ip_address": "10.0.0.9"}
    assert scan(world, {"k": seen}) == {"k": "unknown"}
    row, client = Difference.objects.get(), signed_in(world.admin)
    new = f"{reverse('cmdb:new')}?seen={row.pk}"
    assert new in page_of(world, row)
    assert f"ci_class=server&amp;seen={row.pk}" in client.get(new).content.decode()
    url = f"{new}&ci_class=server"
    form = client.get(url).content.decode()
    for value in ("web-9", "S-9", "10.0.0.9", "grey"):
        assert value in form
    said = {"identifier": "W9", "name": "web-9", "status": "in_use", "serial_number": "S-9", "ip_address": "10.0.0.9"}
    assert client.post(url, {**said, "identifier": ""}).status_code == 422
    assert Difference.objects.filter(decision="").count() == 1
    assert client.post(url, {**said, "cpu": "8"}).status_code == 302
    row.refresh_from_db()
    assert (row.decision, row.item and row.item.identifier, row.decided_by) == ("new", "W9", world.admin)
    assert not Difference.objects.filter(decision="").exists()
    before = standing()
    assert scan(world, {"k": seen}) == {"k": "matched"}
    assert standing() == before
    again = client.post(url, {**said, "identifier": "W10", "serial_number": "S-10"})
    assert again.status_code == 422
    assert not ConfigurationItem.objects.filter(identifier="W10").exists()


def test_only_who_decides_records_a_seen_thing_anew(world: World) -> None:
    scan(world, {"k": {"name": "x"}})
    url = f"{reverse('cmdb:new')}?seen={Difference.objects.get().pk}"
    assert signed_in(world.engineer).get(url).status_code == 403
    assert signed_in(world.admin).get(f"{reverse('cmdb:new')}?seen=0").status_code == 404
    assert signed_in(world.admin).get(f"{reverse('cmdb:new')}?seen=x").status_code == 404


def test_a_retired_one_is_that_one_and_nothing_of_it_is_written(world: World) -> None:
    item = make_item("A", attributes={"serial_number": "S-A", "cpu": "8"})
    retire(item)
    seen = {"k": {"serial_number": "S-A", "cpu": "64"}}
    assert scan(world, seen) == {"k": "retired"}
    row = Difference.objects.get()
    decide(world, row, item="1", choice=str(item.pk))
    before = standing()
    assert scan(world, seen) == {"k": "retired"}
    assert standing() == before
    item.refresh_from_db()
    assert item.attributes["cpu"] == "8"
    assert scan(world, {"k": {"serial_number": "S-B"}}) == {"k": "retired"}
    assert Difference.objects.filter(decision="", what="retired").count() == 1


def test_a_retired_item_is_chosen_only_when_that_is_said(world: World) -> None:
    row = tied(world)
    old = make_item("OLD")
    retire(old)
    assert "is retired" in decide(world, row, 422, item="1", choice="other", other="OLD")
    assert Difference.objects.get().decision == ""
    decide(world, row, item="1", choice="other", other="OLD", retired="on")
    assert Sighting.objects.get().item == old


def test_what_was_chosen_while_it_lived_waits_when_it_is_retired(world: World) -> None:
    row = tied(world)
    a = ConfigurationItem.objects.get(identifier="A")
    decide(world, row, item="1", choice=str(a.pk))
    retire(a)
    assert scan(world, {"k": TIE}) == {"k": "retired"}
    assert Difference.objects.filter(decision="", what="retired").exists()


def test_an_item_is_not_two_things_of_one_source(world: World) -> None:
    row = tied(world)
    a = ConfigurationItem.objects.get(identifier="A")
    things = {"k": TIE, "k2": {"serial_number": "S-A"}}
    assert scan(world, things, complete=True) == {"k": "several", "k2": "matched"}
    assert "k2" in decide(world, row, 422, item="1", choice=str(a.pk))
    assert Sighting.objects.get(key="k").item is None
    scan(world, {"k": TIE}, complete=True)  # k2 is seen no more: the source may call it k now
    decide(world, row, item="1", choice=str(a.pk))
    assert Sighting.objects.get(key="k").item == a


def test_what_is_there_unseen_stays_so_until_it_was_seen_again(world: World) -> None:
    item = make_item("A", attributes={"serial_number": "S-A"})
    make_item("B", attributes={"serial_number": "S-B"})
    both, one = {"k": {"serial_number": "S-A"}, "b": {"serial_number": "S-B"}}, {"b": {"serial_number": "S-B"}}
    scan(world, both, complete=True)
    scan(world, one, complete=True)
    item.refresh_from_db()
    assert item.missing_since is not None
    row = Difference.objects.get(what="gone")
    assert reverse("cmdb:life", args=[item.pk, "retire"]) in page_of(world, row)
    decide(world, row, keep="1", reason="behind a firewall")
    item.refresh_from_db()
    assert item.missing_since is None
    before = standing()
    scan(world, one, complete=True)
    scan(world, one, complete=True)
    item.refresh_from_db()
    assert (standing(), item.missing_since) == (before, None)
    scan(world, both, complete=True)
    scan(world, one, complete=True)
    item.refresh_from_db()
    assert item.missing_since is not None
    assert Difference.objects.get(decision="").what == "gone"


def test_what_is_retired_is_not_missed(world: World) -> None:
    item = make_item("A", attributes={"serial_number": "S-A"})
    scan(world, {"k": {"serial_number": "S-A"}}, complete=True)
    scan(world, {"x": {"name": "x"}}, complete=True)
    assert Difference.objects.filter(what="gone", decision="").count() == 1
    retire(item)
    assert "A A" not in signed_in(world.admin).get(reverse("cmdb:differences") + "?what=gone").content.decode()
    scan(world, {"x": {"name": "x"}}, complete=True)
    assert not Difference.objects.filter(what="gone").exists()


def test_a_value_kept_against_nothing_recorded_stays_decided(world: World) -> None:
    make_item("A", attributes={"serial_number": "S-A"})
    seen = {"k": {"serial_number": "S-A", "room": "R2"}}
    scan(world, seen)
    decide(world, Difference.objects.get(), keep="1", reason="it is on loan")
    before = standing()
    scan(world, seen)
    assert standing() == before
    assert Difference.objects.get().reason == "it is on loan"


def test_what_is_equal_when_normalised_is_no_difference(world: World) -> None:
    make_item("A", attributes={"serial_number": "SN-ABC-1", "operating_system": "Linux 9"})
    seen = {"serial_number": " ｓｎ-abc-1", "operating_system": "linux  9"}
    versions = ItemVersion.objects.count()
    assert scan(world, {"k": seen}) == {"k": "matched"}
    assert (ItemVersion.objects.count(), Difference.objects.count()) == (versions, 0)


def contradicted(world: World) -> tuple[ConfigurationItem, ConfigurationItem]:
    """A key that was one item and comes with the serial number of another."""
    one = make_item("D1", attributes={"serial_number": "S-1", "cpu": "8"})
    other = make_item("D2", attributes={"serial_number": "S-2", "cpu": "8"})
    assert scan(world, {"k": {"serial_number": "S-1", "cpu": "8"}}) == {"k": "matched"}
    assert scan(world, {"k": {"serial_number": "S-2", "cpu": "64"}}) == {"k": "several"}
    return one, other


def test_a_known_key_with_the_serial_of_another_item_waits(world: World) -> None:
    one, other = contradicted(world)
    for item in (one, other):
        item.refresh_from_db()
        assert item.attributes["cpu"] == "8"
    row = Difference.objects.get()
    assert (row.what, row.candidates) == ("several", ["D1", "D2"])
    decide(world, row, item="1", choice=str(other.pk))
    other.refresh_from_db()
    assert other.attributes["cpu"] == "64"
    before = standing()
    assert scan(world, {"k": {"serial_number": "S-2", "cpu": "64"}}) == {"k": "matched"}
    assert standing() == before


def test_whoever_says_that_it_is_still_the_first_decides_about_its_serial_next(world: World) -> None:
    one, _other = contradicted(world)
    decide(world, Difference.objects.get(), item="1", choice=str(one.pk))
    one.refresh_from_db()
    assert one.attributes == {"serial_number": "S-1", "cpu": "64"}
    waiting = Difference.objects.get(decision="")
    assert (waiting.what, waiting.field, waiting.item) == ("value", "serial_number", one)
    before = standing()
    assert scan(world, {"k": {"serial_number": "S-2", "cpu": "64"}}) == {"k": "matched"}
    assert standing() == before


def test_what_was_decided_is_not_decided_again_and_not_unseen(world: World) -> None:
    row = tied(world)
    page = page_of(world, row)
    digest = page.split('name="digest" value="')[1].split('"')[0]
    scan(world, {"k": {**TIE, "room": "R3"}})
    a = ConfigurationItem.objects.get(identifier="A")
    assert "something else by now" in decide(world, row, 422, item="1", choice=str(a.pk), digest=digest)
    decide(world, row, item="1", choice=str(a.pk))
    assert "decided this already" in decide(world, row, 422, out="1", reason="no")
    assert "It is an item of ours" in page_of(world, row)


def test_a_decision_is_taken_back(world: World) -> None:
    row = tied(world)
    decide(world, row, out="1", reason="not ours")
    decide(world, row, undo="1", reason="it is ours")
    row.refresh_from_db()
    assert (row.decision, row.undone_by) == ("out", world.admin)
    waiting = Difference.objects.get(decision="")
    assert (waiting.what, waiting.candidates) == ("several", ["A", "B"])
    a = ConfigurationItem.objects.get(identifier="A")
    decide(world, waiting, item="1", choice=str(a.pk))
    waiting.refresh_from_db()
    decide(world, waiting, undo="1")
    assert Sighting.objects.get().item is None
    assert scan(world, {"k": TIE}) == {"k": "several"}
    assert Difference.objects.filter(decision="").count() == 1


def test_a_value_that_was_taken_over_is_no_difference_any_more(world: World) -> None:
    item = make_item("A", attributes={"serial_number": "S-A", "room": "R1"})
    seen = {"k": {"serial_number": "S-A", "room": "R2"}}
    scan(world, seen)
    decide(world, Difference.objects.get(), take="1", correction="on", reason="counted")
    item.refresh_from_db()
    assert item.attributes["room"] == "R2"
    row = Difference.objects.get()
    assert (row.decision, row.reason) == ("taken", "counted")
    assert 'name="undo"' not in page_of(world, row)
    before = standing()
    assert [scan(world, seen), scan(world, seen)] == [{"k": "matched"}] * 2
    assert standing() == before


def test_a_kept_value_and_a_kept_absence_wait_again_when_they_are_taken_back(world: World) -> None:
    make_item("A", attributes={"serial_number": "S-A"})
    scan(world, {"k": {"serial_number": "S-A", "room": "R2"}}, complete=True)
    scan(world, {"x": {"name": "x"}}, complete=True)
    for what in ("value", "gone"):
        row = Difference.objects.get(what=what)
        decide(world, row, keep="1", reason="so it is")
        decide(world, row, undo="1")
        assert Difference.objects.get(what=what, decision="").item == row.item
        assert "no more" in decide(world, row, 422, undo="1")


@pytest.mark.req("CMDB-07")
def test_a_thing_that_may_be_another_item_answers_no_audit(world: World) -> None:
    one, _other = contradicted(world)
    with later():
        audit = open_audit(name="a", params=QueryDict(), sample=None, seed=1, by=world.admin)
        Sighting.objects.update(seen_at=audit.opened_at)
        assert take_from_discovery(audit=audit, by=world.admin) == 0
    decide(world, Difference.objects.get(), item="1", choice=str(one.pk))
    with later():
        assert take_from_discovery(audit=audit, by=world.admin) == 1
