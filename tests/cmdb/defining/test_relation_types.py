"""Types of relations are edited in pages that say which relations would not fit any more (CMDB-02)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cmdb.models import Relation, RelationType, RelationTypeVersion
from cmdb.services import Link, Stamp, end_relations, write_relations
from cmdb.versioning.moments import replaying
from tests.api.client import Api, problem
from tests.cmdb.previews import agreed
from tests.cmdb.test_pages import signed_in
from tests.factories import MONDAY, World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-02")]

FREE = Stamp(source="test", trusted=True)
URL = "/items/relation-types/"
NAMES = {"name_zh": "运行于", "name_en": "runs on", "inverse_zh": "承载", "inverse_en": "carries"}
SAID = {**NAMES, "affects": "source", "controlled": "on", "position": 10, "active": "on"}
#: Who asks, the page around, the types with their counts, the classes of both ends, those offered in the form.
QUERIES = 9


@pytest.fixture
def estate(world: World) -> World:
    """A service on three hosts, an application on one of them; one relation that has ended."""
    with replaying(MONDAY):
        service, app = make_item("SVC", ci_class_id="service"), make_item("APP", ci_class_id="application")
        hosts = [make_item(f"HOST-{number}") for number in range(4)]
        kind = RelationType.objects.get(code="runs_on")
        write_relations([*(Link(service, kind, host) for host in hosts), Link(app, kind, hosts[0])], FREE)
    end_relations(Relation.objects.filter(target=hosts[3]), FREE)
    return world


def said(response: Any) -> list[str]:
    """What would follow."""
    assert response.status_code == 200
    return list(response.context["preview"].follows)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"source_classes": ["software"]}, ["3 relations do not fit: their first item is of another class (SVC)."]),
        (
            {"target_classes": ["network_device"]},
            ["4 relations do not fit: their second item is of another class (HOST-0, HOST-1, HOST-2)."],
        ),
        ({"max_targets": "1"}, ["2 relations do not fit: more than 1 of one item (SVC)."]),
        ({"max_sources": "1"}, ["1 relations do not fit: more than 1 of one item (HOST-0)."]),
        ({"affects": "none"}, ["4 relations pass failures on otherwise."]),
        ({"active": ""}, ["4 relations are of this type; they stay, new ones cannot be made."]),
    ],
)
def test_what_would_not_fit_is_said_before_and_kept_when_it_was_seen(
    estate: World, typed: dict[str, Any], told: list[str]
) -> None:
    client, before = signed_in(estate.admin), RelationType.objects.get(code="runs_on").definition()
    asked = client.post(f"{URL}runs_on/", {**SAID, **typed})
    assert said(asked) == told
    assert told[0].replace("“", "&ldquo;") in asked.content.decode()
    assert RelationType.objects.get(code="runs_on").definition() == before

    kept = agreed(client, f"{URL}runs_on/", {**SAID, **typed})

    after = RelationType.objects.get(code="runs_on")
    assert (kept.status_code, after.definition() == before) == (302, False)
    latest = RelationTypeVersion.objects.filter(relation_type="runs_on").order_by("-at", "-pk")
    assert (latest[0].definition, latest[0].by) == (after.definition(), estate.admin)
    assert latest.filter(at=latest[0].at).count() == 1, "one edit, one line of history"
    assert Relation.objects.filter(active=True).count() == 4


def test_what_fits_is_kept_without_asking(estate: World) -> None:
    client = signed_in(estate.admin)
    fits = {"source_classes": ["software", "service"], "target_classes": ["hardware"], "max_targets": "3"}
    renamed = client.post(f"{URL}runs_on/", {**SAID, **fits, "name_en": "stands on", "code": "other"})
    assert renamed.status_code == 302, renamed.context["preview"]
    row = RelationType.objects.get(code="runs_on")
    assert (row.name_en, sorted(row.definition()["allowed_sources"])) == ("stands on", ["service", "software"])
    page = client.get(f"{URL}runs_on/").content.decode()
    assert "stands on" in page
    assert "shipped" in page


def test_a_new_type_relates_items_at_once(estate: World, django_assert_num_queries: Callable[..., Any]) -> None:
    client, api = signed_in(estate.admin), Api(estate.admin)
    typed = {**SAID, "name_en": "cools", "target_classes": ["hardware"]}
    for wrong, field in (({"code": "two words"}, "code"), ({"code": "runs_on"}, "code"), ({"code": ""}, "code")):
        refused = client.post(URL, {**typed, **wrong})
        assert (refused.status_code, list(refused.context["form"].errors)) == (422, [field])
    assert client.post(URL, {**typed, "code": "cools"}).status_code == 302
    ground = {"relation": "cools", "correction": True, "reason": "seen"}
    assert api.post("items/APP/relations/", {**ground, "other": "HOST-1"}).status_code == 201
    assert "relation" in problem(api.post("items/APP/relations/", {**ground, "other": "SVC"}), 400)["errors"]
    assert RelationTypeVersion.objects.get(relation_type="cools").by == estate.admin
    client.get(URL)
    with django_assert_num_queries(QUERIES):
        page = client.get(URL).content.decode()
    assert "cools" in page


def test_types_are_the_configuration_managers(estate: World) -> None:
    for name in ("engineer", "lead", "desk", "requester"):
        client = signed_in(estate.people[name])
        for url in (URL, f"{URL}runs_on/"):
            assert client.get(url).status_code == 403
            assert client.post(url, {**SAID, "code": "new"}).status_code == 403
    assert signed_in(estate.admin).get(f"{URL}nothing/").status_code == 404
    assert not RelationType.objects.filter(code="new").exists()
