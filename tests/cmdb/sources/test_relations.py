"""Relations are ranked by source like fields; a large withdrawal is a worker's; differences end with it (CMDB-04)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from cmdb.jobs import services as jobs
from cmdb.models import (
    Claim,
    ConfigurationItem,
    Difference,
    ItemJob,
    Relation,
    RelationType,
    Sighting,
    SourceWithdrawal,
)
from cmdb.services import Link, Stamp, end_relations, update_item, write_relations
from cmdb.sources import jobs as source_jobs
from cmdb.sources.ranking import keep_ranking
from cmdb.sources.withdrawing import put_back, withdraw
from cmdb.versioning.moments import replaying
from tests.api.client import Api, problem
from tests.cmdb.test_pages import signed_in
from tests.factories import MONDAY, World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-04")]

HOUR = timedelta(hours=1)


def by(source: str) -> Stamp:
    return Stamp(source=source, trusted=True)


def at(hours: int) -> Any:
    return replaying(MONDAY + hours * HOUR)


@pytest.fixture
def link(world: World) -> Link:
    with at(0):
        ends = make_item("A", status_id="planned"), make_item("B", status_id="planned")
    return Link(ends[0], RelationType.objects.get(code="depends_on"), ends[1])


@pytest.mark.parametrize("field", ["", "relation:depends_on"])
def test_a_weaker_source_neither_alters_nor_ends_a_relation(world: World, link: Link, field: str) -> None:
    keep_ranking(ci_class="server", field=field, sources=["netbox", "scan"], by=world.admin)
    with at(1):
        write_relations([link], by("netbox"))
    row = Relation.objects.get()
    lost: list[Relation] = []
    with at(2):
        other = Link(link.source, link.relation_type, link.target, "pair", 2)
        assert write_relations([other], by("scan"), lost=lost) == 0
    with at(3):
        assert end_relations([row], by("scan"), lost=lost) == 0
    row.refresh_from_db()
    assert (row.active, row.group, len(lost)) == (True, "", 2)
    assert [claim.value for claim in Claim.objects.order_by("pk")] == [["pair", 2], None]
    with at(4):
        assert end_relations([row], by("netbox")) == 1
    with at(5):
        assert write_relations([link], by("scan"), lost=lost) == 0, "who ended it holds that, too"
    row.refresh_from_db()
    assert not row.active
    with at(6):
        withdraw(source="netbox", reason="wrong", by=world.admin)
    row.refresh_from_db()
    assert row.active, "the last word of the next source holds"


def test_rankings_of_another_type_or_class_do_not_count(world: World, link: Link) -> None:
    keep_ranking(ci_class="server", field="relation:runs_on", sources=["netbox"], by=world.admin)
    keep_ranking(ci_class="database", field="relation:depends_on", sources=["netbox"], by=world.admin)
    with at(1):
        write_relations([link], by("netbox"))
    with at(2):
        assert end_relations(list(Relation.objects.all()), by("scan")) == 1
    assert not Claim.objects.exists()


def test_the_stronger_of_two_others_takes_the_place_of_a_withdrawn_source(world: World, link: Link) -> None:
    with at(0):
        keep_ranking(ci_class=None, field="relation:depends_on", sources=["scan", "netbox"], by=world.admin)
    for hour, source in ((1, "netbox"), (2, "hand"), (3, "scan")):
        with at(hour):
            write_relations([Link(link.source, link.relation_type, link.target, source, 1)], by(source))
    with at(4):
        withdraw(source="scan", reason="wrong", by=world.admin)
    assert Relation.objects.get().group == "netbox"


def test_a_ranking_of_later_changes_nothing_that_was_said_before_it(world: World, link: Link) -> None:
    """Neither when a source is withdrawn, nor when it is believed again (CMDB-04)."""
    for hour, source in ((1, "netbox"), (2, "hand"), (3, "scan")):
        with at(hour):
            write_relations([Link(link.source, link.relation_type, link.target, source, 1)], by(source))
    with at(4):
        first = withdraw(source="netbox", reason="wrong", by=world.admin)
    with at(5):
        keep_ranking(ci_class=None, field="relation:depends_on", sources=["netbox"], by=world.admin)
    with at(6):
        put_back(run=first, by=world.admin)
    assert Relation.objects.get().group == "scan"
    with at(7):
        withdraw(source="scan", reason="wrong", by=world.admin)
    assert Relation.objects.get().group == "hand"


def test_page_and_api_say_what_was_only_kept(world: World, link: Link) -> None:
    keep_ranking(ci_class=None, field="", sources=["netbox"], by=world.admin)
    with at(1):
        write_relations([link], by("netbox"))
    page = signed_in(world.engineer)
    answer = page.post(reverse("cmdb:unrelate", args=[link.source.pk, Relation.objects.get().pk]), {}, follow=True)
    assert Relation.objects.get().active
    assert next(iter(answer.context["messages"])).level_tag == "warning"
    [line] = answer.context["claims"]
    assert (line["claim"].source, line["holder"]) == ("page", "netbox")
    [told] = Api(world.engineer).results("items/A/claims/")
    assert (told["relation"], told["value"]) == (str(Relation.objects.get()), None)
    choices = dict(signed_in(world.admin).get(reverse("cmdb:sources")).context["form"].fields["field"].choices)
    assert "relation:depends_on" in choices


def test_open_differences_of_a_withdrawn_source_wait_no_longer(world: World) -> None:
    item = make_item("A")
    seen = Sighting.objects.create(source="scan", key="x", item=item, seen_at=timezone.now(), data={})
    said: dict[str, Any] = {"sighting": seen, "item": item, "what": "value", "seen_value": "1"}
    waits = Difference.objects.create(field="cpu", **said)
    kept = Difference.objects.create(field="os", decision="kept", **said)
    run = withdraw(source="scan", reason="wrong", by=world.admin)
    waits.refresh_from_db()
    assert (waits.decision, waits.decided_by, run.counts["differences"]) == ("void", world.admin, 1)
    put_back(run=run, by=world.admin)
    waits.refresh_from_db()
    kept.refresh_from_db()
    assert (waits.decision, waits.decided_by, kept.decision) == ("", None, "kept")


@pytest.mark.req("CMDB-05")
def test_a_large_withdrawal_is_a_workers(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_jobs, "AT_ONCE", 1)
    with at(0):
        items = [make_item(f"S{n}") for n in range(3)]
    for item in items:
        with at(1):
            update_item(item=item, facts={"cpu": "16"}, stamp=by("import"))
    page, url = signed_in(world.admin), reverse("cmdb:withdraw_source", args=["import"])
    shown = page.get(url)
    assert (shown.context["plan"], shown.context["size"]) == (None, 3)
    followed = page.post(url, {"reason": "wrong file"})["Location"]
    assert not SourceWithdrawal.objects.exists()
    job = ItemJob.objects.get()
    assert followed == reverse("cmdb:job", args=[job.pk])
    jobs.run_job(job.pk, timezone.now())
    assert page.get(followed).context["plan"]["values"] == 3
    assert not ConfigurationItem.objects.filter(attributes__has_key="cpu").exists()

    run, api = SourceWithdrawal.objects.get(), Api(world.admin)
    back = api.post(f"items/sources/withdrawals/{run.pk}/undo/", {})
    assert back.status_code == 202
    jobs.run_job(back.json()["id"], timezone.now())
    assert api.get(back.json()["url"]).json()["state"] == "done"
    assert ConfigurationItem.objects.filter(attributes__cpu="16").count() == 3
    problem(Api(world.engineer).get(back.json()["url"]), 403)
    again = api.post("items/sources/withdrawals/", {"source": "import", "reason": "x"}).json()
    ItemJob.objects.filter(pk=again["id"]).update(by=world.engineer)
    jobs.run_job(again["id"], timezone.now())
    assert api.get(again["url"]).json()["state"] == "refused"
