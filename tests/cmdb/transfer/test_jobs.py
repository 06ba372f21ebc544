"""Large imports are a worker's, followed on a page of their own and in the API, with the checks of all (CMDB-05)."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any
from unittest.mock import ANY

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cmdb.jobs import services as jobs
from cmdb.models import ConfigurationItem, ItemImport, ItemJob, ItemMapping, Relation
from cmdb.transfer import views
from cmdb.transfer.outcome import ImportRefused
from cmdb.transfer.requests import Asked, read_in
from tests.api.client import Api, problem
from tests.cmdb.test_pages import signed_in
from tests.factories import World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-05")]

ITEMS = "identifier,ci_class,name,status\n" + "".join(f"S{n},server,s{n},in_use\n" for n in range(6))
RELATIONS = "source,relation,target\nS0,depends_on,S1\nS1,depends_on,S2\n"
AT_ONCE = views.AT_ONCE


def sent(text: str, name: str = "x.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode())


def named(text: str) -> Any:
    file = BytesIO(text.encode())
    file.name = "x.csv"
    return file


def do_all() -> None:
    for pk in jobs.waiting_jobs(timezone.now()).values_list("pk", flat=True):
        jobs.run_job(pk, timezone.now())


@pytest.fixture
def page(world: World, monkeypatch: pytest.MonkeyPatch) -> Client:
    """The configuration manager, where every file is a large one."""
    monkeypatch.setattr(views, "AT_ONCE", 0)
    return signed_in(world.admin)


def test_a_large_file_is_followed_on_its_page(world: World, page: Client) -> None:
    answer = page.post(reverse("cmdb:import"), {"items": sent(ITEMS), "relations": sent(RELATIONS), "write": "1"})
    job = ItemJob.objects.get()
    assert answer["Location"] == reverse("cmdb:job", args=[job.pk])
    assert not ConfigurationItem.objects.exists()
    assert list(page.get(reverse("cmdb:import")).context["jobs"]) == [job]

    job.state, job.stage, job.done, job.total = ItemJob.State.RUNNING, ItemJob.Stage.WRITE, 2, 6
    job.save()
    part = page.get(answer["Location"], headers={"HX-Request": "true"}).content.decode()
    assert 'value="33"' in part
    assert 'hx-trigger="every 1s"' in part
    ItemJob.objects.update(state=ItemJob.State.WAITING)

    do_all()
    over = page.get(answer["Location"], headers={"HX-Request": "true"})
    assert over["HX-Refresh"] == "true"
    shown = page.get(answer["Location"])
    assert (shown.context["report"]["counts"]["made"], Relation.objects.count()) == (6, 2)
    assert ItemImport.objects.get().by == world.admin
    assert signed_in(world.engineer).get(answer["Location"]).status_code == 403
    assert page.post(reverse("cmdb:undo_import", args=[ItemImport.objects.get().pk])).status_code == 302
    assert not Relation.objects.filter(active=True).exists()


def test_what_was_open_is_decided_with_the_same_file(world: World, page: Client) -> None:
    text = "identifier,ci_class,name,Until\nA,server,a,03/04/2026\n"
    kin = "Von,relation,target\nA,depends_on,A2\n"
    make_item("A2", status_id="planned")
    page.post(reverse("cmdb:import"), {"items": sent(text), "relations": sent(kin), "write": "1"})
    do_all()
    first = ItemJob.objects.get()
    url = reverse("cmdb:job", args=[first.pk])
    form = page.get(url).context["form"]
    assert first.state == "refused"
    assert "column:Until" in form.errors

    said = {"column:Until": "warranty_end", "write": "1"}
    said |= {"relation_column:Von": "source", "keep_as": "racks", "dates:Until": "day-month"}
    again = page.post(url, said)
    do_all()
    second = ItemJob.objects.get(pk=again["Location"].strip("/").rpartition("/")[2])
    assert second.state == "done", second.outcome
    assert ConfigurationItem.objects.get(identifier="A").attributes["warranty_end"] == "2026-04-03"
    assert Relation.objects.get().source.identifier == "A"
    kept = ItemMapping.objects.get()
    assert (kept.relation_columns, kept.dates) == ({"Von": "source"}, {"Until": "day-month"})
    assert page.post(url, said)["Location"] == reverse("cmdb:import"), "its file went along with the decision"

    more = "identifier,ci_class,name,Until\nB,server,b,05/04/2026\n"
    asked = Asked("x.csv", mapping="racks")
    read_in(asked, world.admin, named(more), named(kin.replace("A,depends_on,A2", "B,depends_on,A2")))
    assert Relation.objects.count() == 2, "the mapping reads the relations, too"


def test_relations_of_other_headings_are_asked_about_at_once(world: World) -> None:
    page = signed_in(world.admin)
    given = {"relations": sent("Von,relation,target\nS0,depends_on,S1\n"), "write": "1"}
    asked = page.post(reverse("cmdb:import"), {"items": sent(ITEMS), **given}, follow=True)
    assert "relation_column:Von" in asked.context["form"].errors
    given["relations"] = sent("Von,relation,target\nS0,depends_on,S1\n")
    said = {"relation_columns": "Von = source", "items": sent(ITEMS)}
    page.post(reverse("cmdb:import"), {**given, **said})
    assert Relation.objects.count() == 1


def test_columns_are_chosen_from_the_fields_and_the_file_stays(world: World) -> None:
    """A column with a heading of its own was to be typed as “Klasse = ci_class”, the file chosen again each time."""
    page = signed_in(world.admin)
    rows = ("A,server,a,10,red,in_use", "B,server,b,20,red,in_use", "C,server,c,,,odd")
    text = "\n".join(("Identifier,Klasse,Name,Prise,Colour,Status", *rows))
    assert "screenshot" not in page.get(reverse("cmdb:import")).content.decode(), "a table is no picture"
    asked = page.post(reverse("cmdb:import"), {"items": sent(text, "rack.csv")}, follow=True)
    form = asked.context["form"]
    assert (form["column:Klasse"].value(), form["column:Colour"].value()) == ("ci_class", None)
    assert list(form.fields)[:3] == ["column:Klasse", "column:Prise", "column:Colour"], "the open ones first"
    assert asked.content.decode().count("Nobody said") == 1
    assert not asked.context["plan"]
    assert "<optgroup" in str(form["column:Colour"])
    assert "Leave it out" in str(form["column:Colour"])

    url = asked.redirect_chain[-1][0]
    said = {"column:Klasse": "ci_class", "column:Prise": "cost", "column:Colour": "-"}
    checked = page.post(url, said, follow=True)
    counts = checked.context["report"]["counts"]
    assert (counts["made"], counts["bad"]) == (2, 1), "what the good rows would do is said with the bad ones"
    assert not ConfigurationItem.objects.exists()
    assert checked.context["form"]["column:Prise"].value() == "cost", "what was chosen is kept"

    better = {**said, "items": sent(text.replace("odd", "in_use"), "better.csv"), "write": "1"}
    done = page.post(checked.redirect_chain[-1][0], better, follow=True)
    assert (done.context["job"].name, done.context["job"].run.counts["made"]) == ("better.csv", 3)
    assert ConfigurationItem.objects.get(identifier="A").attributes["cost"] == 10


def test_a_check_says_what_would_be_written(world: World) -> None:
    page = signed_in(world.admin)
    make_item("S0", name="s0")
    make_item("S1", name="another")
    checked = page.post(reverse("cmdb:import"), {"items": sent(ITEMS), "good_rows": "on"}, follow=True)
    counts = checked.context["report"]["counts"]
    assert [counts[name] for name in ("made", "changed", "same", "bad")] == [4, 0, 1, 1], "S1 needs a ground"
    page.post(reverse("cmdb:import"), {"items": sent(ITEMS), "good_rows": "on", "write": "1"})
    said = ItemImport.objects.get().counts
    assert {name: said[name] for name in ("made", "changed", "same", "bad")} == {
        name: counts[name] for name in ("made", "changed", "same", "bad")
    }


def test_what_is_no_field_is_refused_before_a_mapping_is_kept(world: World) -> None:
    page = signed_in(world.admin)
    given = {"columns": "name = nonsense", "keep_as": "wrong"}
    refused = page.post(reverse("cmdb:import"), {"items": sent(ITEMS), **given})
    assert "nonsense" in refused.context["form"].errors["columns"][0]
    twice = page.post(reverse("cmdb:import"), {"items": sent(ITEMS), "columns": "status = name"}, follow=True)
    assert "name" in twice.context["job"].outcome["message"]
    with pytest.raises(ImportRefused, match="nonsense"):
        read_in(Asked("x.csv", columns={"name": "nonsense"}, keep_as="wrong"), world.admin, named(ITEMS), None)
    assert not ItemMapping.objects.exists()


def test_the_api_reads_files_in_and_takes_them_back(world: World) -> None:
    api = Api(world.admin)
    problem(Api(world.engineer).get("items/imports/"), 403)
    assert "items" in problem(api.upload("items/imports/", {"reason": "x"}), 400)["errors"]
    made = api.upload("items/imports/", {"items": sent(ITEMS), "dry_run": "true"})
    assert made.status_code == 202
    do_all()
    checked = api.get(f"items/imports/{made.json()['id']}/").json()
    assert (checked["state"], checked["counts"]["rows"], checked["dry_run"]) == ("done", 6, True)
    assert not ConfigurationItem.objects.exists()

    wrong = api.upload("items/imports/", {"items": sent(ITEMS + "X,nothing,x,in_use\n")}).json()
    do_all()
    refused = api.get(f"items/imports/{wrong['id']}/").json()
    assert (refused["state"], refused["bad"]) == ("refused", [{"file": "items", "line": 8, "reason": ANY}])
    lost = api.upload("items/imports/", {"items": sent("identifier,Until\nA,1\n")}).json()
    do_all()
    assert api.get(f"items/imports/{lost['id']}/").json()["undecided"]["columns"] == ["Until"]

    files = {"items": sent(ITEMS), "relations": sent(RELATIONS)}
    done = api.upload("items/imports/", {"source": "netbox", **files}).json()
    do_all()
    assert api.get(f"items/imports/{done['id']}/").json()["counts"]["related"] == 2
    undo = f"items/imports/{done['id']}/undo/"
    assert api.post(undo, {}).json()["undone_at"]
    problem(api.post(undo, {}), 409)
    problem(api.post(f"items/imports/{wrong['id']}/undo/", {}), 409)
    assert len(api.get("items/imports/").json()["results"]) == 4


def test_a_killed_worker_leaves_nothing_and_another_begins_anew(world: World) -> None:
    kind = ItemJob.Kind.IMPORT
    job = jobs.queue_job(
        kind=kind, name="x.csv", by=world.admin, asked=Asked("x.csv").kept(), files=(sent(ITEMS), None)
    )
    now = timezone.now()
    ItemJob.objects.update(state="running", worker="gone", heartbeat_at=now, attempts=1)
    assert not jobs.run_job(job.pk, now), "its worker lives"
    assert jobs.run_job(job.pk, now + timedelta(minutes=2))
    assert ConfigurationItem.objects.count() == 6
    ItemJob.objects.update(state="running", worker="gone", heartbeat_at=now, attempts=3)
    assert not jobs.run_job(job.pk, now + timedelta(minutes=2))
    job.refresh_from_db()
    assert job.state == "failed"
    assert jobs.purge_files(now + timedelta(days=2)) == 1
    job.refresh_from_db()
    assert not job.items


def test_who_lost_the_right_meanwhile_writes_nothing(world: World) -> None:
    kind = ItemJob.Kind.IMPORT
    jobs.queue_job(kind=kind, name="x", by=world.engineer, asked=Asked("x").kept(), files=(sent(ITEMS), None))
    do_all()
    assert ItemJob.objects.get().state == "refused"
    assert not ConfigurationItem.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_how_far_it_is_is_seen_from_outside_while_it_works(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody sees into the transaction that writes: the numbers come over a connection of their own."""
    monkeypatch.setattr(jobs, "PULSE", 0.01)
    kind = ItemJob.Kind.IMPORT
    job = jobs.queue_job(kind=kind, name="x", by=world.admin, asked={}, files=(None, None))
    ItemJob.objects.update(state="running", worker="mine", heartbeat_at=timezone.now())
    job.refresh_from_db()
    with jobs.Pulse(job) as pulse, connection.cursor() as cursor:
        pulse.tell("write", 4, 6)
        for _round in range(500):
            cursor.execute("SELECT pg_sleep(0.01)")
            if ItemJob.objects.get().done:
                break
    job.refresh_from_db()
    assert (job.stage, job.done, job.total, job.percent) == ("write", 4, 6, 66)
