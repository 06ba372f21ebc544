"""Sources on pages, in the API, in imports and discovery (CMDB-04, CMDB-08)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from cmdb.models import Claim, Difference, SourceRanking, SourceRankingVersion, SourceWithdrawal
from cmdb.services import Stamp, update_item
from cmdb.sources.ranking import keep_ranking
from cmdb.transfer.exchange import Importer
from cmdb.transfer.grounds import Ground
from cmdb.versioning.moments import replaying
from tests.api.client import Api, problem
from tests.factories import MONDAY, World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-04")]


def signed_in(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


def test_the_page_ranks_sources_and_keeps_how_they_were_ranked(world: World) -> None:
    page, url = signed_in(world.admin), reverse("cmdb:sources")
    said = {"ci_class": "server", "field": "cpu", "sources": "scan\npage"}
    assert page.post(url, {**said, "sources": "Scan\nscan"}).status_code == 422
    assert page.post(url, {**said, "sources": "scan, scan"}).status_code == 422
    assert page.post(url, said).status_code == 302
    row = SourceRanking.objects.get()
    assert (row.ci_class_id, row.field, row.sources) == ("server", "cpu", ["scan", "page"])
    page.post(url, {**said, "sources": ""})
    assert [v.definition["sources"] for v in SourceRankingVersion.objects.order_by("pk")] == [["scan", "page"], []]
    assert page.get(f"{url}?ranking={row.pk}").status_code == 200
    assert signed_in(world.engineer).post(url, said).status_code == 403


def test_the_form_says_that_a_stronger_source_holds_the_value(world: World) -> None:
    item = make_item("A", status_id="planned")
    keep_ranking(ci_class=None, field="", sources=["scan"], by=world.admin)
    update_item(item=item, facts={"cpu": "16"}, stamp=Stamp(source="scan", trusted=True))
    page = signed_in(world.engineer)

    answer = page.post(reverse("cmdb:edit", args=[item.pk]), {"name": "A", "cpu": "8"}, follow=True)

    assert "CPU" in str([str(m) for m in answer.context["messages"]])
    item.refresh_from_db()
    assert item.attributes["cpu"] == "16"
    assert [(line["label"], line["value"]) for line in answer.context["claims"]] == [("CPU", "8")]


def test_the_page_withdraws_after_showing_what_follows_and_puts_back(world: World) -> None:
    with replaying(MONDAY):
        item = make_item("A")
    for hour, source, cpu in ((1, "page", "8"), (2, "import", "16")):
        with replaying(MONDAY + timedelta(hours=hour)):
            update_item(item=item, facts={"cpu": cpu}, stamp=Stamp(source=source, trusted=True))
    page, url = signed_in(world.admin), reverse("cmdb:withdraw_source", args=["import"])
    plan = page.get(url).context["plan"]
    assert [(f.before, f.after) for _item, fields in plan.lines for f in fields] == [("16", "8")]
    assert page.post(url, {"reason": ""}).status_code == 422
    assert page.post(url, {"reason": "wrong file"}).status_code == 302
    item.refresh_from_db()
    assert item.attributes["cpu"] == "8"
    run = SourceWithdrawal.objects.get()
    assert page.post(url, {"reason": "again"}).status_code == 422
    back = reverse("cmdb:put_back_source", args=[run.pk])
    assert page.get(back).context["plan"].items == 1
    assert signed_in(world.engineer).post(back).status_code == 403
    page.post(back)
    item.refresh_from_db()
    assert item.attributes["cpu"] == "16"
    assert page.get(back).status_code == 404
    assert page.get(reverse("cmdb:withdraw_source", args=["nobody"])).status_code == 404


def test_the_api_does_the_same(world: World) -> None:
    with replaying(MONDAY):
        item = make_item("A", status_id="planned")
    api = Api(world.admin)
    body = {"ci_class": "server", "sources": ["scan", "api"]}
    assert api.post("items/sources/rankings/", body).json()["sources"] == ["scan", "api"]
    assert "sources" in problem(api.post("items/sources/rankings/", {"sources": "scan"}), 400)["errors"]
    assert "ci_class" in problem(api.post("items/sources/rankings/", {"ci_class": "x", "sources": []}), 400)["errors"]
    with replaying(MONDAY + timedelta(hours=1)):
        update_item(item=item, facts={"cpu": "16"}, stamp=Stamp(source="scan", trusted=True))
    assert api.patch("items/A/", {"attributes": {"cpu": "8"}}).json()["claimed"] == ["cpu"]
    [claim] = api.get("items/A/claims/").json()["results"]
    assert (claim["field"], claim["source"], claim["value"], claim["holder"]) == ("cpu", "api", "8", "scan")

    asked = {"source": "scan", "reason": "broken"}
    assert api.post("items/sources/withdrawals/", {**asked, "check": True}).json()["counts"]["values"] == 1
    assert not SourceWithdrawal.objects.exists()
    made = api.post("items/sources/withdrawals/", asked).json()
    assert api.get("items/A/").json()["attributes"]["cpu"] == "8"
    problem(api.post("items/sources/withdrawals/", asked), 409)
    assert api.post(f"items/sources/withdrawals/{made['id']}/undo/", {}).json()["undone_at"]
    assert api.get("items/A/").json()["attributes"]["cpu"] == "16"
    assert api.get("items/sources/").json()["rankings"] == [
        {"ci_class": "server", "field": "", "sources": ["scan", "api"]}
    ]
    problem(Api(world.engineer).post("items/sources/withdrawals/", asked), 403)
    problem(Api(world.requester).get("items/sources/"), 403)
    problem(Api(world.requester).get("items/A/claims/"), 403)


@pytest.mark.req("CMDB-05")
def test_an_import_of_a_weaker_source_needs_no_ground_and_changes_nothing(world: World) -> None:
    item = make_item("A", attributes={"serial_number": "1"})
    keep_ranking(ci_class="server", field="serial_number", sources=["test"], by=world.admin)
    rows = [(2, {"identifier": "A", "serial_number": "2"})]

    report = Importer(ground=Ground(source="asset-list")).run(rows)

    assert (report.claimed, report.versions, report.bad) == (1, 0, [])
    assert report.run is not None
    assert report.run.source == "asset-list"
    item.refresh_from_db()
    assert item.attributes == {"serial_number": "1"}
    assert Claim.objects.get().source == "asset-list"


@pytest.mark.req("CMDB-08")
def test_discovery_of_a_weaker_source_is_kept_beside_and_decided_values_are_its_own(world: World) -> None:
    item = make_item("A", attributes={"serial_number": "1", "cpu": "8"})
    keep_ranking(ci_class="server", field="cpu", sources=["test", "scan"], by=world.admin)
    body = {
        "source": "scan",
        "items": [{"key": "x", "values": {"serial_number": "1", "cpu": "16", "ip_address": "10.0.0.1"}}],
    }
    [answer] = Api(world.engineer).post("items/discovered/", body).json()["results"]
    assert (answer["taken"], answer["claimed"], answer["waiting"]) == ([], ["cpu"], ["ip_address"])

    url = reverse("cmdb:decide", args=[Difference.objects.get().pk])
    signed_in(world.admin).post(url, {"take": "1", "correction": "on", "reason": "seen"})

    item.refresh_from_db()
    assert item.attributes == {"serial_number": "1", "cpu": "8", "ip_address": "10.0.0.1"}
    assert item.versions.latest("pk").sources["ip_address"][0] == "scan"
