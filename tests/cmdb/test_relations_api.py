"""Relations in the API: read at any moment, made and ended under the one guard; customers read their own (CMDB-02)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import ApiToken
from changes.unauthorised.permit import permit as shipped
from cmdb.authority import register_permit, withdraw_permit
from cmdb.models import CIClass, Relation, RelationType, RelationVersion
from cmdb.services import Link, Stamp, end_relations, write_relations
from cmdb.sources.ranking import keep_ranking
from cmdb.versioning.moments import replaying
from tests.api.client import Api, problem
from tests.changes.making import TYPED, approve, request, staffed, window_now
from tests.cmdb.isolation.estates import HIDDEN, SECRET, estate_of
from tests.factories import MONDAY, World, act, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-02", "API-01")]

FREE = Stamp(source="test", trusted=True)
#: Who asks with what, the item, the relations, the items at their other ends.
QUERIES = 6
HOUR = timedelta(hours=1)


def relate(kind: str, source: Any, target: Any, **more: Any) -> None:
    """A relation between two items."""
    write_relations([Link(source, RelationType.objects.get(code=kind), target, **more)], FREE)


def told(rows: list[Any]) -> list[tuple[str, str, str]]:
    """Type, direction and other item of each."""
    return [(row["relation"], row["direction"], row["other"]["identifier"]) for row in rows]


@pytest.fixture
def two(world: World) -> World:
    """A service and a host, neither in use yet."""
    make_item("SVC", ci_class_id="service", status_id="planned")
    make_item("HOST", status_id="planned")
    return world


@pytest.fixture
def used(world: World) -> World:
    """A service and a host in use."""
    make_item("SVC", ci_class_id="service")
    make_item("HOST")
    return world


def test_a_relation_is_made_read_from_both_ends_and_ended(two: World) -> None:
    api = Api(two.engineer)
    body = {"relation": "runs_on", "other": "HOST", "group": "hosts", "needed": 1}
    with replaying(MONDAY):
        made = api.post("items/SVC/relations/", body)
    assert made.status_code == 201, made.content
    row = made.json()
    known = {"relation": "runs_on", "name": "runs on", "direction": "out", "group": "hosts", "needed": 1}
    assert known.items() <= row.items()
    assert (row["source"], row["valid_to"], row["claimed"]) == ("api", None, False)
    assert row["valid_from"] == row["recorded_at"]
    assert {name: row["other"][name] for name in ("identifier", "name")} == {"identifier": "HOST", "name": "HOST"}
    assert (row["other"]["ci_class"]["code"], row["other"]["status"]["code"]) == ("server", "planned")
    assert api.results("items/SVC/relations/") == [{name: row[name] for name in row if name != "claimed"}]
    assert told(api.results("items/HOST/relations/")) == [("runs_on", "in", "SVC")]

    ended = api.post(f"items/HOST/relations/{row['id']}/end/").json()
    assert (ended["direction"], ended["valid_from"], ended["claimed"]) == ("in", row["valid_from"], False)
    assert ended["valid_to"] > row["valid_from"]
    assert api.results("items/SVC/relations/") == []
    problem(api.post(f"items/SVC/relations/{row['id']}/end/"), 404)


def test_a_relation_is_read_at_any_pair_of_moments(world: World) -> None:
    with replaying(MONDAY):
        service, host, other = make_item("SVC", ci_class_id="service"), make_item("HOST"), make_item("OTHER")
        relate("runs_on", service, host)
    with replaying(MONDAY + 4 * HOUR):
        end_relations(Relation.objects.all(), Stamp(source="test", trusted=True, since=MONDAY + HOUR))
        relate("runs_on", service, other, group="hosts")
    api = Api(world.desk)

    def found(hours: int, known: int | None = None) -> list[tuple[str, str, str]]:
        params = {"as_of": hours, "known_at": known}
        moments = {name: (MONDAY + n * HOUR).astimezone(UTC) for name, n in params.items() if n is not None}
        query = "&".join(f"{name}={moment:%Y-%m-%dT%H:%M:%SZ}" for name, moment in moments.items())
        return told(api.results(f"items/SVC/relations/?{query}"))

    assert found(0) == [("runs_on", "out", "HOST")]
    assert found(2) == []
    assert found(2, known=3) == [("runs_on", "out", "HOST")]
    assert found(5) == told(api.results("items/SVC/relations/")) == [("runs_on", "out", "OTHER")]
    then = api.results("items/HOST/relations/?as_of=2026-11-23T03:30:00Z&known_at=2026-11-23T03:30:00Z")
    assert [(row["valid_from"], row["valid_to"]) for row in then] == [("2026-11-23T01:00:00Z", None)]
    problem(api.get("items/SVC/relations/?as_of=2020-01-01"), 404)
    assert problem(api.get("items/SVC/relations/?as_of=yesterday"), 400)["errors"].keys() == {"as_of"}
    assert problem(api.get("items/SVC/relations/?direction=out"), 400)["errors"].keys() == {"direction"}


def test_the_list_is_paged_and_asks_as_much_however_long_it_is(
    world: World, django_assert_num_queries: Callable[..., Any]
) -> None:
    switch = make_item("SWITCH", ci_class_id="network_device")
    hosts = [make_item(f"HOST-{number}") for number in range(3)]
    api = Api(world.desk)
    for count in (1, 3):
        for host in hosts[:count]:
            relate("connects_to", host, switch)
        api.get("items/SWITCH/relations/")
        with django_assert_num_queries(QUERIES):
            assert len(api.results("items/SWITCH/relations/")) == count
    first = api.get("items/SWITCH/relations/?page_size=2&count=true").json()
    assert first["count"] == 3
    rows = first["results"] + api.get(first["next"]).json()["results"]
    assert [row["other"]["identifier"] for row in rows] == ["HOST-0", "HOST-1", "HOST-2"]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"relation": "nothing"}, "relation"),
        ({"relation": None}, "relation"),
        ({"relation": "runs_on:out"}, "relation"),
        ({"relation": ["runs_on"]}, "relation"),
        ({"direction": "up"}, "direction"),
        ({"other": "NOBODY"}, "other"),
        ({"other": 7}, "other"),
        ({"other": ""}, "other"),
        ({"needed": 0}, "needed"),
        ({"needed": "1"}, "needed"),
        ({"group": "x" * 41}, "group"),
        ({"since": "yesterday"}, "since"),
        ({"since": "2030-01-01T00:00:00Z"}, "since"),
        ({"correction": "yes"}, "correction"),
        ({"colour": "red"}, "colour"),
        ({"other": "OLD"}, "relation"),
        ({"other": "SECOND"}, "relation"),
        ({"direction": "in"}, "relation"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_field(two: World, said: dict[str, Any], field: str) -> None:
    """A class that the type does not allow and one too many are refused like what cannot be read."""
    kind = RelationType.objects.get(code="runs_on")
    kind.source_classes.set([CIClass.objects.get(code="service")])
    RelationType.objects.filter(code="runs_on").update(max_targets=1)
    make_item("OLD", status_id="retired")
    second = make_item("SECOND", status_id="planned")
    api = Api(two.engineer)
    if said.get("other") == "SECOND":
        assert api.post("items/SVC/relations/", {"relation": "runs_on", "other": "HOST"}).status_code == 201
    before = RelationVersion.objects.count()

    refused = problem(api.post("items/SVC/relations/", {"relation": "runs_on", "other": "HOST", **said}), 400)

    assert refused["errors"].keys() == {field}
    assert RelationVersion.objects.count() == before
    assert not second.relations_in.exists()


def test_an_end_says_what_does_not_fit(two: World) -> None:
    api = Api(two.engineer)
    key = api.post("items/SVC/relations/", {"relation": "runs_on", "other": "HOST"}).json()["id"]
    for said, field in (
        ({"since": "2020-01-01"}, "since"),
        ({"since": "2030-01-01"}, "since"),
        ({"other": "HOST"}, "other"),
    ):
        refused = problem(api.post(f"items/SVC/relations/{key}/end/", said), 400)
        assert refused["errors"].keys() == {field}
    stranger = make_item("STRANGER")
    problem(api.post(f"items/{stranger}/relations/{key}/end/"), 404)
    assert Relation.objects.get().active


def test_repeated_with_its_key_it_is_written_once(two: World) -> None:
    api, body = Api(two.engineer), {"relation": "runs_on", "other": "HOST"}
    with replaying(MONDAY):
        first, again = (api.post("items/SVC/relations/", body, idempotency_key="r-1") for _n in range(2))
    assert (first.json(), again["Idempotency-Replayed"]) == (again.json(), "true")
    path = f"items/SVC/relations/{first.json()['id']}/end/"
    ended, again = (api.post(path, {}, idempotency_key="e-1") for _n in range(2))
    assert (ended.json(), again["Idempotency-Replayed"]) == (again.json(), "true")
    problem(api.post("items/SVC/relations/", {**body, "group": "g"}, idempotency_key="r-1"), 422)
    assert api.post("items/SVC/relations/", body).status_code == 201
    count = RelationVersion.objects.count()
    assert api.post("items/SVC/relations/", body).status_code == 201
    assert RelationVersion.objects.count() == count


@pytest.mark.req("CMDB-06")
def test_what_is_in_use_is_related_by_a_correction_only_with_its_reason(used: World) -> None:
    engineer, manager = Api(used.engineer), Api(used.admin)
    body = {"relation": "runs_on", "other": "HOST"}

    assert "SVC" in problem(engineer.post("items/SVC/relations/", body), 409)["detail"]
    problem(engineer.post("items/SVC/relations/", {**body, "correction": True, "reason": "seen"}), 409)
    problem(engineer.post("items/SVC/relations/", {**body, "change": "CH1"}), 409)
    problem(manager.post("items/SVC/relations/", {**body, "correction": True}), 409)
    assert not Relation.objects.exists()
    with replaying(MONDAY):
        made = manager.post("items/SVC/relations/", {**body, "correction": True, "reason": "seen"})
    version = RelationVersion.objects.get()
    assert (made.status_code, version.authority, version.reason) == (201, "correction", "seen")
    path = f"items/SVC/relations/{made.json()['id']}/end/"
    problem(engineer.post(path), 409)
    problem(manager.post(path, {"correction": True}), 409)
    assert manager.post(path, {"correction": True, "reason": "gone"}).status_code == 200


@pytest.mark.slow
@pytest.mark.req("CMDB-06")
def test_an_approved_change_allows_it_while_it_is_carried_out(used: World) -> None:
    staffed(used)
    change: Any = request(used, now=None, items=["HOST"], **window_now())
    for name in ("submit", "accept", "assess", "ask_approval"):
        change = act(change, name, used.lead if name == "submit" else used.people["changer"], **TYPED.get(name, {}))
    api = Api(used.engineer)
    body = {"relation": "runs_on", "other": "HOST", "change": change.number}

    problem(api.post("items/SVC/relations/", body), 409)
    change = approve(change, used.approver)
    assert "once its work has begun" in problem(api.post("items/SVC/relations/", body), 409)["detail"]
    change = act(change, "start", used.engineer)
    with replaying(MONDAY):
        made = api.post("items/SVC/relations/", body)
    assert made.status_code == 201, made.content
    make_item("STRANGER")
    stranger = {**body, "other": "STRANGER"}
    assert "does not name" in problem(api.post("items/SVC/relations/", stranger), 409)["detail"]
    ended = api.post(f"items/SVC/relations/{made.json()['id']}/end/", {"change": change.number})
    assert ended.status_code == 200, ended.content
    assert set(RelationVersion.objects.values_list("authority", "reference")) == {("change", change.number)}


@pytest.mark.slow
@pytest.mark.req("CMDB-06", "CHG-03")
def test_an_approval_that_fell_allows_nothing(used: World) -> None:
    staffed(used)
    change: Any = request(used, now=None, items=["HOST"], **window_now())
    for name in ("submit", "accept", "assess", "ask_approval"):
        change = act(change, name, used.lead if name == "submit" else used.people["changer"], **TYPED.get(name, {}))
    change = approve(change, used.approver)
    act(change, "add_items", used.lead, items=["SVC"], let_approvals_fall="on")

    body = {"relation": "runs_on", "other": "HOST", "change": change.number}
    assert "not approved" in problem(Api(used.engineer).post("items/SVC/relations/", body), 409)["detail"]


@pytest.mark.req("CMDB-06")
@pytest.mark.parametrize("ends", [False, True])
def test_an_approval_withdrawn_meanwhile_is_noticed_inside_the_write(used: World, ends: bool) -> None:
    answers = {"CH1": "", "CH2": "The approval was withdrawn."}

    def permit(reference: str, identifiers: Any, by: Any, since: Any) -> str:
        return answers[reference]

    withdraw_permit(shipped)
    register_permit(permit)
    try:
        api, body = Api(used.engineer), {"relation": "runs_on", "other": "HOST"}
        path, said = "items/SVC/relations/", body
        with replaying(MONDAY):
            made = api.post(path, {**body, "change": "CH1"}).json() if ends else {}
        if ends:
            path, said = f"{path}{made['id']}/end/", {}
        assert "withdrawn" in problem(api.post(path, {**said, "change": "CH2"}), 409)["detail"]
        assert Relation.objects.filter(active=True).exists() is ends
        assert api.post(path, {**said, "change": "CH1"}).status_code == (200 if ends else 201)
    finally:
        withdraw_permit(permit)
        register_permit(shipped)


@pytest.mark.req("CMDB-04")
def test_what_a_stronger_source_holds_is_said_to_be_kept_beside(two: World) -> None:
    keep_ranking(ci_class="server", field="relation:runs_on", sources=["test", "api"], by=two.admin)
    service, host = (make_item(name, status_id="planned") for name in ("A", "B"))
    relate("runs_on", service, host, group="hosts")
    api = Api(two.engineer)
    said = api.post("items/A/relations/", {"relation": "runs_on", "other": "B", "group": "other"}).json()
    assert (said["claimed"], said["group"], said["source"]) == (True, "hosts", "test")
    ended = api.post(f"items/A/relations/{said['id']}/end/").json()
    assert (ended["claimed"], ended["valid_to"]) == (True, None)


@pytest.mark.req("AUTH-03", "CMDB-06")
def test_who_relates_items_on_the_page_does_in_the_api_and_nobody_else(two: World, client: Client) -> None:
    """Everybody: the answer is that of the page."""
    service = make_item("DESK", status_id="planned")
    path, relation = reverse("cmdb:relate", args=[service.pk]), {"relation": "runs_on", "other": "HOST"}
    allowed = set()
    for hour, (name, person) in enumerate(two.people.items()):
        client.force_login(person)
        page = client.post(path, {"relation-relation": "nothing"}).status_code
        with replaying(MONDAY + hour * HOUR):
            answer = Api(person).post("items/DESK/relations/", relation).status_code
        assert (answer, page) in {(201, 422), (403, 403), (404, 403)}, name
        key = Relation.objects.values_list("pk", flat=True).first() or 0
        with replaying(MONDAY + (hour + 0.5) * HOUR):
            ended = Api(person).post(f"items/DESK/relations/{key}/end/").status_code
        assert (ended == 200) == (answer == 201), name
        if answer == 201:
            allowed.add(name)
    assert {"engineer", "admin"} <= allowed
    assert not {"requester", "vendor", "nobody"} & allowed
    reader = Api(two.engineer, scopes=[ApiToken.Scope.DIRECTORY_READ])
    assert told(reader.results("items/DESK/relations/")) == []
    problem(reader.post("items/DESK/relations/", relation), 403)


@pytest.mark.req("ORG-03")
def test_customers_read_relations_of_which_they_see_both_ends(world: World) -> None:
    """No name, no count, no number tells of another end; nor does what a group needs, nor since when it is so."""
    answers = []
    for hidden in (0, len(HIDDEN)):
        with estate_of(world, hidden=hidden) as estate:
            api = Api(world.requester)
            for name in estate.own:
                for query in ("count=true", "page_size=1", "as_of=2026-11-23T05:00:00Z&count=true"):
                    page = api.get(f"items/{name}/relations/?{query}")
                    assert SECRET not in page.content.decode().lower()
                    answers.append((hidden, name, query, page.json() | {"next": None}))
            for name in HIDDEN[:hidden]:
                problem(api.get(f"items/{name}/relations/"), 404)
                problem(api.post("items/HOST-1/relations/", {"relation": "runs_on", "other": name}), 403)
    few, many = ([answer[1:] for answer in answers if answer[0] == count] for count in (0, len(HIDDEN)))
    assert few == many
    rows = [row for answer in few for row in answer[2]["results"]]
    assert rows
    assert {frozenset(row) for row in rows} == {frozenset({"id", "relation", "name", "direction", "other"})}


@pytest.mark.req("CMDB-06")
def test_a_refusal_names_what_is_in_use_and_nothing_else(used: World) -> None:
    make_item("PLANNED", status_id="planned")
    refused = Api(used.engineer).post("items/SVC/relations/", {"relation": "depends_on", "other": "PLANNED"})
    assert problem(refused, 409)["detail"].startswith("SVC is in use: ")
