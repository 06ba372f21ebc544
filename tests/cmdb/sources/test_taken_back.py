"""An import that is taken back leaves no word of its own: what is believed is as if it had never been (CMDB-04)."""

from __future__ import annotations

from typing import Any

import pytest

from cmdb.models import ConfigurationItem, Relation, RelationType
from cmdb.services import Link, create_item, end_relations, write_relations
from cmdb.transfer.undoing import NotTakenBack
from tests.cmdb.sources.test_given_back import (
    at,
    believe,
    by,
    cpu,
    item,
    leave,
    rank,
    read,
    relation_word,
    say,
    take_back,
    words,
)
from tests.factories import World, make_item

__all__ = ["item"]
pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-04")]

NAMED, PAIRED = "source,relation,target\nA,uses,HOST", "source,relation,target,group,needed\nA,uses,HOST,g,2"


@pytest.fixture
def link(item: ConfigurationItem) -> Link:
    with at(0):
        return Link(item, RelationType.objects.get(code="uses"), make_item("HOST"))


def relate(source: str, link: Link, hours: int) -> None:
    with at(hours):
        write_relations([link], by(source))


def end(source: str, hours: int) -> None:
    with at(hours):
        end_relations(Relation.objects.all(), by(source))


def held() -> tuple[bool, str]:
    row = Relation.objects.get()
    return row.active, row.group


@pytest.mark.parametrize("relations", [NAMED, PAIRED])
@pytest.mark.parametrize("order", [(), ("jscan", "jfile")])
def test_a_relation_comes_back_with_its_source(world: World, link: Link, relations: str, order: Any) -> None:
    """Said by an import while that source was withdrawn."""
    rank(world, *order)
    relate("jscan", link, 1)
    gone = leave(world, "jscan", 2)
    run = read(world, 3, "identifier,cpu\nA,8", relations)
    take_back(world, run, 4)
    assert not held()[0]
    believe(world, gone, 5)
    assert held() == (True, "")
    assert relation_word()[""][0] == "jscan"


def test_a_relation_that_had_ended_is_ended_by_who_had_ended_it(world: World, link: Link) -> None:
    relate("jscan", link, 1)
    end("jb", 2)
    run = read(world, 3, "identifier,cpu\nA,8", PAIRED)
    assert held() == (True, "g")
    take_back(world, run, 4)
    assert not held()[0]
    leave(world, "jb", 5)
    assert held() == (True, ""), "only that word had ended it"


def test_who_ended_a_relation_is_not_forgotten_when_a_later_word_goes(world: World, link: Link) -> None:
    relate("jscan", link, 1)
    end("jb", 2)
    relate("jc", link, 3)
    leave(world, "jc", 4)
    assert not held()[0]
    gone = leave(world, "jb", 5)
    assert held()[0]
    believe(world, gone, 6)
    assert not held()[0]


@pytest.mark.parametrize("first", ["undo", "withdrawal"])
def test_a_relation_goes_with_its_last_source_in_either_order(world: World, link: Link, first: str) -> None:
    relate("jscan", link, 1)
    run = read(world, 2, "identifier,cpu\nA,8", PAIRED)
    if first == "undo":
        take_back(world, run, 3)
        leave(world, "jscan", 4)
    else:
        leave(world, "jscan", 3)
        take_back(world, run, 4)
    assert not held()[0]


def test_a_value_is_given_back_to_who_is_believed_now(world: World, item: ConfigurationItem) -> None:
    """What a source had confirmed that was withdrawn since."""
    rank(world, "jfile", "jscan")
    say("engineer", item, 1, cpu="4")
    say("jscan", item, 2, cpu="4")
    assert words(item)["cpu"][0] == "jscan"
    run = read(world, 3, "identifier,cpu\nA,8")
    gone = leave(world, "jscan", 4)
    take_back(world, run, 5)
    assert (cpu(item), words(item)["cpu"][0]) == ("4", "engineer")
    say("engineer", item, 6, cpu="99")
    assert cpu(item) == "99"
    believe(world, gone, 7)
    assert cpu(item) == "4", "it had stood above them"


def test_a_value_that_only_a_withdrawn_source_had_given_is_no_more(world: World, item: ConfigurationItem) -> None:
    say("jscan", item, 1, cpu="4", memory="16")
    run = read(world, 2, "identifier,cpu\nA,8")
    gone = leave(world, "jscan", 3)
    take_back(world, run, 4)
    item.refresh_from_db()
    assert item.attributes == {}
    believe(world, gone, 5)
    item.refresh_from_db()
    assert item.attributes == {"cpu": "4", "memory": "16"}


def test_an_item_that_only_a_withdrawn_source_knew_is_retired_and_comes_back(world: World) -> None:
    with at(0):
        facts = {"name": "x", "ci_class_id": "server", "status_id": "in_use"}
        made = create_item(identifier="A", facts=facts, stamp=by("jscan"))
    run = read(world, 1, "identifier,name,cpu\nA,y,8")
    gone = leave(world, "jscan", 2)
    take_back(world, run, 3)
    made.refresh_from_db()
    assert (made.status_id, made.name) == ("retired", "x")
    believe(world, gone, 4)
    made.refresh_from_db()
    assert (made.status_id, made.name, made.attributes) == ("in_use", "x", {})


def test_one_after_the_other_is_taken_back(world: World, item: ConfigurationItem) -> None:
    """Items and relations that the first made, too."""
    say("jscan", item, 1, cpu="4")
    was = words(item)
    with at(0):
        make_item("HOST")
    rows = "identifier,name,ci_class,status,cpu\n"
    first = read(
        world, 2, f"{rows}A,A,server,in_use,8\nB,B,server,in_use,1", "source,relation,target\nA,uses,HOST\nB,uses,HOST"
    )
    between = words(item)
    second = read(
        world,
        3,
        f"{rows}A,A,server,in_use,16\nB,B,server,in_use,2",
        "source,relation,target,group,needed\nA,uses,HOST,g,2\nB,uses,A,,",
    )
    with pytest.raises(NotTakenBack):
        take_back(world, first, 4)
    take_back(world, second, 5)
    assert (cpu(item), words(item)) == ("8", between)
    assert sorted(Relation.objects.filter(active=True).values_list("source__identifier", "group")) == [
        ("A", ""),
        ("B", ""),
    ]
    take_back(world, first, 6)
    assert (cpu(item), words(item)) == ("4", was)
    assert not Relation.objects.filter(active=True).exists()
    assert ConfigurationItem.objects.get(identifier="B").status_id == "retired"


def test_what_was_written_between_still_bars_it(world: World, item: ConfigurationItem) -> None:
    first = read(world, 1, "identifier,cpu\nA,8")
    second = read(world, 2, "identifier,memory\nA,16")
    take_back(world, second, 3)
    say("engineer", item, 4, memory="32")
    with pytest.raises(NotTakenBack):
        take_back(world, first, 5)
