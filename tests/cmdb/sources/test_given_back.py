"""An import that is taken back gives the word back; a source believed again leaves others theirs (CMDB-04)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from cmdb.models import Claim, ConfigurationItem, ItemVersion, Relation, RelationType, RelationVersion
from cmdb.services import Link, Stamp, create_item, end_relations, items_at, update_item, write_relations
from cmdb.sources.claims import others_said
from cmdb.sources.ranking import keep_ranking
from cmdb.sources.standing import others_said_of_relations
from cmdb.sources.withdrawing import preview, put_back, withdraw
from cmdb.transfer.exchange import Importer
from cmdb.transfer.grounds import Ground
from cmdb.transfer.undoing import undo_import
from cmdb.versioning.moments import NOW, Moment, replaying
from tests.cmdb.test_exchange import rows_of
from tests.cmdb.test_pages import signed_in
from tests.factories import MONDAY, World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-04")]

HOUR = timedelta(hours=1)


def at(hours: int) -> Any:
    return replaying(MONDAY + hours * HOUR)


def by(source: str) -> Stamp:
    return Stamp(source=source, trusted=True)


def say(source: str, item: ConfigurationItem, hours: int, **facts: Any) -> None:
    with at(hours):
        update_item(item=item, facts=facts, stamp=by(source))


def rank(world: World, *sources: str, hours: int = 0) -> None:
    with at(hours):
        keep_ranking(ci_class=None, field="", sources=sources, by=world.admin)


def read(world: World, hours: int, items: str, relations: str = "") -> Any:
    """A file of the source ``jfile`` that is read in."""
    ground = Ground(world.admin, correction=True, reason="counted", source="jfile")
    with at(hours):
        report = Importer(by=world.admin, ground=ground).run(rows_of(items), rows_of(relations) if relations else ())
    assert report.run is not None
    return report.run


def take_back(world: World, run: Any, hours: int) -> None:
    with at(hours):
        undo_import(run=run, by=world.admin)


def leave(world: World, source: str, hours: int) -> Any:
    with at(hours):
        return withdraw(source=source, reason="wrong network", by=world.admin)


def believe(world: World, run: Any, hours: int) -> None:
    with at(hours):
        put_back(run=run, by=world.admin)


def cpu(item: ConfigurationItem, hours: int | None = None) -> Any:
    """Its processors now, or at an hour as it is known now."""
    if hours is None:
        item.refresh_from_db()
        return item.attributes.get("cpu")
    found = ItemVersion.objects.at(MONDAY + hours * HOUR, None).get(item=item)
    return found.attributes.get("cpu")


def words(item: ConfigurationItem) -> dict[str, Any]:
    return ItemVersion.objects.believed().get(item=item, valid__upper_inf=True).sources


@pytest.fixture
def item(world: World) -> ConfigurationItem:
    with at(0):
        return make_item("A")


def test_a_value_that_is_taken_back_is_the_word_of_who_had_said_it(world: World, item: ConfigurationItem) -> None:
    say("jscan", item, 1, cpu="4")
    was = words(item)
    run = read(world, 2, "identifier,cpu,memory\nA,8,64")
    take_back(world, run, 3)
    assert words(item) == was, "the word, its time, and nobody's of what nobody had said"

    gone = leave(world, "jscan", 4)
    assert (cpu(item), cpu(item, 1), cpu(item, 2)) == (None, None, "8")
    believe(world, gone, 5)
    assert (cpu(item), cpu(item, 1), cpu(item, 2)) == ("4", "4", "8")
    leave(world, "jfile", 6)
    assert (cpu(item), cpu(item, 2)) == ("4", "4"), "what was recorded of its time is not believed either"


def test_what_a_stronger_file_only_confirmed_is_given_back_too(world: World, item: ConfigurationItem) -> None:
    say("jscan", item, 1, cpu="4")
    rank(world, "jfile", "jscan", hours=1)
    run = read(world, 2, "identifier,cpu\nA,4")
    assert words(item)["cpu"][0] == "jfile"
    take_back(world, run, 3)
    assert words(item)["cpu"][0] == "jscan"
    leave(world, "jscan", 4)
    assert cpu(item) is None


def test_what_a_file_said_besides_counts_no_more(world: World, item: ConfigurationItem) -> None:
    """A word that agreed with another's, or lost against it, is taken back with its import."""
    rank(world, "jscan", "jfile")
    say("jscan", item, 1, cpu="4", memory="64")
    run = read(world, 2, "identifier,name,cpu,memory\nA,other,4,32")
    item.refresh_from_db()
    assert [row["claim"].value for row in others_said(item.pk, NOW)] == ["32"]
    take_back(world, run, 3)
    assert not others_said(item.pk, NOW)
    assert len(others_said(item.pk, Moment(known_at=MONDAY + 2 * HOUR))) == 1, "it was known then"
    again = read(world, 4, "identifier,name,cpu,memory\nA,other,4,32")
    assert len(others_said(item.pk, NOW)) == 1, "said again it counts again"
    take_back(world, again, 5)
    leave(world, "jscan", 6)
    item.refresh_from_db()
    assert item.attributes == {}


def test_what_only_a_withdrawn_source_knew_is_retired_though_a_file_had_spoken_of_it(world: World) -> None:
    with at(0):
        facts = {"name": "x", "ci_class_id": "server", "status_id": "in_use"}
        made = create_item(identifier="A", facts=facts, stamp=by("jscan"))
        make_item("HOST")
    run = read(world, 1, "identifier,cpu\nA,8", "source,relation,target\nA,depends_on,HOST")
    take_back(world, run, 2)
    leave(world, "jscan", 3)
    made.refresh_from_db()
    assert made.status_id == "retired"


def relation_word() -> Any:
    return RelationVersion.objects.believed().get(valid__upper_inf=True).sources


@pytest.mark.parametrize("ended", [False, True])
def test_a_relation_that_is_taken_back_is_the_word_of_who_had_said_it(
    world: World, item: ConfigurationItem, ended: bool
) -> None:
    """One that the file had altered, or that ended with an item that the file had retired."""
    with at(1):
        write_relations([Link(item, RelationType.objects.get(code="uses"), make_item("HOST"))], by("jscan"))
    was = relation_word()
    if ended:
        run = read(world, 2, "identifier,status\nA,retired")
    else:
        run = read(world, 2, "identifier,cpu\nA,8", "source,relation,target,group,needed\nA,uses,HOST,g,2")
    take_back(world, run, 3)
    row = Relation.objects.get()
    assert (row.active, row.group, relation_word()) == (True, "", was)
    gone = leave(world, "jscan", 4)
    row.refresh_from_db()
    assert not row.active
    believe(world, gone, 5)
    row.refresh_from_db()
    assert (row.active, row.group) == (True, "")


def test_who_is_outdone_by_a_source_believed_again_is_heard(world: World, item: ConfigurationItem) -> None:
    rank(world, "ja")
    say("ja", item, 1, cpu="4")
    gone = leave(world, "ja", 2)
    say("jb", item, 3, cpu="99")
    assert cpu(item) == "99"
    believe(world, gone, 4)
    assert cpu(item) == "4"
    [row] = others_said(item.pk, NOW)
    assert (row["claim"].source, row["claim"].value, row["holder"]) == ("jb", "99", "ja")
    assert (row["claim"].at, row["claim"].since) == (MONDAY + 3 * HOUR, MONDAY + 3 * HOUR)
    again = leave(world, "ja", 5)
    assert cpu(item) == "99"
    believe(world, again, 6)
    assert Claim.objects.count() == 1, "the same word is kept once"
    then = items_at(Moment(known_at=MONDAY + 3 * HOUR), world.admin).get(identifier="A")
    assert then.attributes["cpu"] == "99"


def test_the_last_word_of_each_other_is_kept(world: World, item: ConfigurationItem) -> None:
    rank(world, "ja")
    say("jb", item, 1, cpu="2")
    say("ja", item, 2, cpu="4")
    say("jb", item, 3, cpu="8")
    gone = leave(world, "ja", 4)
    assert cpu(item) == "8"
    say("jb", item, 5, cpu="16")
    say("jc", item, 6, cpu="32")
    say("ja", item, 7, memory="64")
    believe(world, gone, 8)
    assert cpu(item) == "4"
    said = {row["claim"].source: row["claim"].value for row in others_said(item.pk, NOW)}
    assert said == {"jb": "16", "jc": "32"}


def test_what_stays_as_it_is_when_a_source_is_believed_again_is_no_claim(
    world: World, item: ConfigurationItem
) -> None:
    """A word of before that the source had overwritten, and one that it is not ranked above."""
    say("jb", item, 1, cpu="8")
    say("ja", item, 2, cpu="4")
    say("ja", item, 2, memory="64")
    gone = leave(world, "ja", 3)
    say("jb", item, 4, memory="32")
    believe(world, gone, 5)
    item.refresh_from_db()
    assert item.attributes == {"cpu": "4", "memory": "32"}
    assert not Claim.objects.exists()


@pytest.mark.parametrize("ends", [False, True])
def test_what_others_said_of_a_relation_is_kept_too(world: World, item: ConfigurationItem, ends: bool) -> None:
    rank(world, "ja")
    kind = RelationType.objects.get(code="uses")
    with at(1):
        host = make_item("HOST")
        write_relations([Link(item, kind, host, "ja", 1)], by("ja"))
    with at(1):
        write_relations([Link(item, kind, host, "ja", 1)], by("jb"))
    gone = leave(world, "ja", 2)
    row = Relation.objects.get()
    assert row.active
    with at(3):
        if ends:
            end_relations([row], by("jb"))
        else:
            write_relations([Link(item, kind, host, "jb", 2)], by("jb"))
    believe(world, gone, 4)
    row.refresh_from_db()
    assert (row.active, row.group) == (True, "ja")
    [line] = others_said_of_relations(item.pk, NOW)
    assert (line["claim"].source, line["claim"].value) == ("jb", None if ends else ["jb", 2])


def test_the_page_says_what_becomes_of_the_words_of_others(world: World, item: ConfigurationItem) -> None:
    rank(world, "ja")
    say("ja", item, 1, cpu="4")
    gone = leave(world, "ja", 2)
    say("jb", item, 3, cpu="99")
    page = signed_in(world.admin)
    shown = page.get(reverse("cmdb:put_back_source", args=[gone.pk])).content.decode()
    assert "99" in shown
    assert "theirs is kept beside it" in shown
    assert not Claim.objects.exists(), "looking keeps nothing"
    page.post(reverse("cmdb:put_back_source", args=[gone.pk]))
    [line] = page.get(reverse("cmdb:item", args=[item.pk])).context["claims"]
    assert (line["claim"].source, line["claim"].value) == ("jb", "99")


@pytest.mark.parametrize("of", ["withdrawing", "believing again"])
def test_what_would_happen_to_relations_is_told_before(world: World, item: ConfigurationItem, of: str) -> None:
    """The pages ask first, and gave 500 as soon as a relation was among it."""
    with at(1):
        write_relations([Link(item, RelationType.objects.get(code="uses"), make_item("HOST"))], by("jscan"))

    run = None if of == "withdrawing" else leave(world, "jscan", 2)
    plan = preview("jscan", world.admin, run=run)

    assert (plan.relations, Relation.objects.filter(active=True).count()) == (1, 1 if run is None else 0)
