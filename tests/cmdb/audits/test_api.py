"""Audits in the API: the same rules as the pages (CMDB-07)."""

from __future__ import annotations

import pytest

from cmdb.models import Audit, Difference
from tests.api.client import Api, problem
from tests.factories import World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-07")]


@pytest.mark.slow
def test_an_audit_from_opening_to_its_end(world: World) -> None:
    for number in range(5):
        make_item(f"S{number}", attributes={"room": "2" if number < 4 else "3", "memory": "32 GB"})
    manager, engineer = Api(world.admin), Api(world.engineer)
    wanted = {"name": "Room 2", "ci_class": "server", "room": "2", "sample": 3, "seed": 7}
    problem(engineer.post("items/audits/", wanted), 403)
    assert "ci_class" in problem(manager.post("items/audits/", {**wanted, "ci_class": "x"}), 400)["errors"]
    assert "sample" in problem(manager.post("items/audits/", {**wanted, "sample": 0}), 400)["errors"]
    assert "other" in problem(manager.post("items/audits/", {**wanted, "other": 1}), 400)["errors"]
    made = manager.post("items/audits/", wanted).json()
    assert (made["population"], made["to_check"], made["checked"], made["seed"]) == (4, 3, 0, 7)

    url = f"items/audits/{made['id']}/"
    rows = engineer.get(f"{url}checks/?open=true").json()["results"]
    assert len(rows) == 3
    first, second, third = (f"{url}checks/{row['id']}/" for row in rows)
    assert engineer.get(first).json()["to_compare"]["memory"] == "32 GB"
    assert engineer.post(first, {"result": "right"}).json()["result"] == "right"
    assert "note" in problem(engineer.post(second, {"result": "differs"}), 400)["errors"]
    assert "colour" in problem(engineer.post(second, {"result": "differs", "seen": {"colour": "x"}}), 400)["errors"]
    assert "seen" in problem(engineer.post(second, {"result": "differs", "seen": {"room": 9}}), 400)["errors"]
    differs = engineer.post(second, {"result": "right", "seen": {"room": "9"}}).json()
    assert (differs["result"], differs["seen"]) == ("differs", {"room": "9"})
    engineer.post(third, {"result": "missing", "note": "empty rack"})
    assert {(row.what, row.field) for row in Difference.objects.filter(decision="")} == {
        ("value", "room"),
        ("gone", ""),
    }
    assert len(engineer.get(f"{url}checks/?result=missing").json()["results"]) == 1

    assert "what" in problem(engineer.post(f"{url}extras/", {"place": "rack 3"}), 400)["errors"]
    engineer.post(f"{url}extras/", {"what": "a grey box", "place": "rack 3"})
    found = engineer.get(url).json()
    assert [row["what"] for row in found["extras"]] == ["a grey box"]
    assert found["accuracy"] == {"label": "", "right": 1, "of": 3, "percent": 33.3, "low": 6.1, "high": 79.2}
    assert [(row["label"], row["right"], row["of"]) for row in found["by_class"]] == [("server", 1, 3)]

    problem(engineer.post(f"{url}close/"), 403)
    assert manager.post(f"{url}close/").json()["closed_at"]
    problem(engineer.post(first, {"result": "missing"}), 409)
    problem(engineer.post(f"{url}extras/", {"what": "x"}), 409)
    problem(manager.post(f"{url}discovery/"), 409)
    [line] = engineer.get("items/audits/").json()["results"]
    assert (line["checked"], line["accuracy"]["percent"]) == (3, 33.3)


@pytest.mark.slow
def test_audits_are_for_those_who_see_every_customers_items(world: World) -> None:
    make_item("A")
    made = Api(world.admin).post("items/audits/", {"name": "All"}).json()
    other = Audit.objects.create(name="other", seed=1)
    check = Api(world.admin).get(f"items/audits/{made['id']}/checks/").json()["results"][0]["id"]
    url = f"items/audits/{made['id']}/"
    for address in ("items/audits/", url, f"{url}checks/", f"{url}checks/{check}/"):
        problem(Api(world.requester).get(address), 403)
    for address in (f"{url}checks/{check}/", f"{url}extras/", f"{url}close/", f"{url}discovery/"):
        problem(Api(world.requester).post(address, {"result": "right"}), 403)
        problem(Api(world.desk).post(address, {"result": "right"}), 403)
    problem(Api(world.admin).get(f"items/audits/{other.pk}/checks/{check}/"), 404)
    problem(Api(world.admin).get("items/audits/999/"), 404)
    assert Api(world.desk).get(url).json()["to_check"] == 1
