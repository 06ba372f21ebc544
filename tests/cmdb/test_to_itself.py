"""No item is related to itself, by whatever door (CMDB-02)."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.urls import reverse
from django.utils import translation

from cmdb.models import Relation, RelationType
from cmdb.services import Link, RelationRefused, Stamp, write_relations
from cmdb.transfer.exchange import Importer
from cmdb.transfer.tables import read_table
from tests.api.client import Api, problem
from tests.cmdb.test_pages import signed_in
from tests.factories import World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-02")]
SAID = "A cannot be related to itself."


@pytest.fixture
def item(world: World) -> Any:
    return make_item("A", status_id="planned")


def read(text: str) -> Any:
    return read_table(BytesIO(text.encode()), "x.csv")


def test_whatever_writes_it_is_refused(world: World, item: Any) -> None:
    kind = RelationType.objects.get(pk="depends_on")
    with pytest.raises(RelationRefused, match=SAID), translation.override("en"):
        write_relations([Link(item, kind, item)], Stamp(source="scan", trusted=True))
    assert not Relation.objects.exists()


def test_the_page_says_so(world: World, item: Any) -> None:
    typed = {"relation-relation": "depends_on:out", "relation-other": "A"}
    answer = signed_in(world.engineer).post(reverse("cmdb:relate", args=[item.pk]), typed)
    assert (answer.status_code, SAID in answer.content.decode(), Relation.objects.count()) == (422, True, 0)


def test_the_api_says_so(world: World, item: Any) -> None:
    answer = Api(world.engineer).post("items/A/relations/", {"relation": "depends_on", "other": "A"})
    assert SAID in str(problem(answer, 400)["errors"])
    assert not Relation.objects.exists()


def test_an_import_says_so_of_its_line(world: World, item: Any) -> None:
    files = (
        read("identifier,ci_class,name,status\nB,server,b,planned\n"),
        read("source,relation,target\nA,depends_on,A\nB,depends_on,B\nB,depends_on,A\n"),
    )
    with translation.override("en"):
        report = Importer(good_rows=True).run(*files)
    assert [reason for _file, _line, reason in report.bad] == [SAID, SAID.replace("A", "B", 1)]
    assert [(row.source.identifier, row.target.identifier) for row in Relation.objects.all()] == [("B", "A")]
