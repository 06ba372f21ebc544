"""Taking back a large import is a worker's: checked first, followed live, all of it or nothing (CMDB-05)."""

from __future__ import annotations

from datetime import timedelta
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cmdb.jobs import services as jobs
from cmdb.models import ConfigurationItem, ItemImport, ItemJob, Relation
from cmdb.services import Stamp, update_item
from cmdb.transfer import undoing
from cmdb.transfer.requests import Asked, read_in
from cmdb.versioning.moments import replaying
from itsm.moments import moment_for_all
from tests.api.client import Api, problem
from tests.cmdb.test_pages import signed_in
from tests.cmdb.transfer.test_jobs import ITEMS, RELATIONS, do_all, named, sent
from tests.factories import MONDAY, World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-05")]

OTHER = Stamp(source="test", trusted=True)


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch) -> ItemImport:
    """Six items and two relations that were read in, which is much here."""
    monkeypatch.setattr(undoing, "AT_ONCE", 7, raising=False)
    with replaying(MONDAY):
        report = read_in(Asked("x.csv"), world.admin, named(ITEMS), named(RELATIONS))
    assert report.run is not None
    return report.run


@pytest.fixture
def page(world: World) -> Client:
    return signed_in(world.admin)


def standing() -> tuple[int, int]:
    """Items in use, and relations that hold."""
    used = ConfigurationItem.objects.filter(status="in_use").count()
    return used, Relation.objects.filter(active=True).count()


def change_one() -> None:
    item = ConfigurationItem.objects.get(identifier="S3")
    with replaying(MONDAY + timedelta(hours=1)):
        update_item(item=item, facts={"name": "by hand"}, stamp=OTHER)


def told_again(page: Client, run: ItemImport) -> list[str]:
    """What is said to whoever takes back what was taken back; without the moment."""
    answer = page.post(reverse("cmdb:undo_import", args=[run.pk]), follow=True)
    assert answer.redirect_chain == [(reverse("cmdb:import"), 302)]
    run.refresh_from_db()
    assert run.undone_at is not None
    moment = moment_for_all(run.undone_at)
    texts = [str(message) for message in answer.context["messages"]][-1:]
    assert [moment in text for text in texts] == [True]
    return [text.removesuffix(f"{moment}.") for text in texts]


def take_back(page: Client, run: ItemImport) -> Any:
    return page.post(reverse("cmdb:undo_import", args=[run.pk]))


def test_a_large_one_is_followed_on_its_page(world: World, page: Client, run: ItemImport) -> None:
    followed = take_back(page, run)["Location"]
    job = ItemJob.objects.get()
    assert (followed, standing()) == (reverse("cmdb:job", args=[job.pk]), (6, 2)), "nothing is done in the request"
    assert list(page.get(reverse("cmdb:import")).context["jobs"]) == [job]
    part = page.get(followed, headers={"HX-Request": "true"}).content.decode()
    assert 'hx-trigger="every 1s"' in part
    assert take_back(page, run)["Location"] == followed, "whoever asks again follows the same job"

    do_all()
    assert standing() == (0, 0)
    shown = page.get(followed)
    assert shown.context["plan"] == {"items": 6, "relations": 2}
    assert reverse("cmdb:import") in shown.content.decode()
    run.refresh_from_db()
    assert run.undone_at
    assert told_again(page, run) == [f"x.csv was taken back already, by {world.admin.display_name}, "]
    assert signed_in(world.engineer).get(followed).status_code == 403


def test_a_small_one_is_taken_back_at_once(page: Client, run: ItemImport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undoing, "AT_ONCE", 8)
    assert take_back(page, run)["Location"] == reverse("cmdb:import")
    assert (standing(), ItemJob.objects.count()) == ((0, 0), 0)


def test_who_took_a_small_one_back_is_said_too(world: World, page: Client, run: ItemImport, monkeypatch: Any) -> None:
    monkeypatch.setattr(undoing, "AT_ONCE", 8)
    take_back(page, run)
    ItemImport.objects.update(undone_by=world.people["lead"])
    assert world.people["lead"].display_name in told_again(page, run)[0]
    assert world.people["lead"].display_name in page.get(reverse("cmdb:import")).content.decode()
    ItemImport.objects.update(undone_by=None)
    assert told_again(page, run) == ["x.csv was taken back already, "]
    assert page.post(reverse("cmdb:undo_import", args=[run.pk + 1])).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_what_takes_long_to_check_is_the_workers_to_check(page: Client, run: ItemImport, monkeypatch: Any) -> None:
    """Just after a large import the database may need longer for it than a page has; nobody is sent away for that."""
    monkeypatch.setattr(undoing, "PATIENCE", timedelta(milliseconds=200))
    held, leave = Event(), Event()

    def hold() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE cmdb_relationtype IN ACCESS EXCLUSIVE MODE")
            held.set()
            leave.wait(20)
        connection.close()

    thread = Thread(target=hold)
    thread.start()
    assert held.wait(20)
    answer = take_back(page, run)
    leave.set()
    thread.join()

    job = ItemJob.objects.get()
    assert (answer["Location"], standing()) == (reverse("cmdb:job", args=[job.pk]), (6, 2))
    do_all()
    assert standing() == (0, 0)


def test_what_was_changed_since_is_said_first(page: Client, run: ItemImport) -> None:
    change_one()
    answer = page.post(reverse("cmdb:undo_import", args=[run.pk]), follow=True)
    assert "S3" in str(*answer.context["messages"])
    assert (standing(), ItemJob.objects.count()) == ((6, 2), 0)


def test_what_was_changed_while_it_waited_stops_it(page: Client, run: ItemImport) -> None:
    followed = take_back(page, run)["Location"]
    change_one()
    do_all()
    job = ItemJob.objects.get()
    assert (job.state, standing()) == ("refused", (6, 2))
    assert "S3" in page.get(followed).content.decode()
    run.refresh_from_db()
    assert run.undone_at is None


@pytest.mark.parametrize("at_once", [0, 2000])
def test_a_value_that_another_item_has_by_now_is_told(
    world: World, page: Client, at_once: int, monkeypatch: Any
) -> None:
    monkeypatch.setattr(undoing, "AT_ONCE", at_once, raising=False)
    with replaying(MONDAY):
        make_item("A", attributes={"serial_number": "s1"})
    text, asked = "identifier,serial_number\nA,s2\n", Asked("x.csv", correction=True, reason="read off")
    with replaying(MONDAY + timedelta(hours=1)):
        run = read_in(asked, world.admin, named(text), None).run
    assert run is not None
    make_item("B", attributes={"serial_number": "s1"})
    answer = page.post(reverse("cmdb:undo_import", args=[run.pk]), follow=True)
    do_all()
    told = [str(message) for message in answer.context["messages"]]
    told += [job.outcome["message"] for job in ItemJob.objects.all()]
    assert ["B" in text for text in told] == [True]
    assert ConfigurationItem.objects.get(identifier="A").attributes["serial_number"] == "s2"


def test_the_api_does_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undoing, "AT_ONCE", 7, raising=False)
    api = Api(world.admin)
    made = api.upload("items/imports/", {"items": sent(ITEMS), "relations": sent(RELATIONS)}).json()
    do_all()
    undo = f"items/imports/{made['id']}/undo/"
    problem(api.get(undo), 404)
    answer = api.post(undo, {})
    assert (answer.status_code, standing()) == (202, (6, 2))
    assert answer["Location"].endswith(undo)
    assert api.post(undo, {}).json()["id"] == answer.json()["id"]
    problem(Api(world.engineer).get(undo), 403)
    assert api.get(undo).json()["state"] == "waiting"
    do_all()
    over = api.get(undo).json()
    assert (over["state"], over["counts"], standing()) == ("done", {"items": 6, "relations": 2}, (0, 0))
    assert api.get(f"items/imports/{made['id']}/").json()["undone_at"]
    assert [row["id"] for row in api.get("items/imports/").json()["results"]] == [made["id"]]
    problem(api.get(f"items/sources/jobs/{over['id']}/"), 404)
    assert world.admin.display_name in problem(api.post(undo, {}), 409)["detail"]
    assert api.get(f"items/imports/{made['id']}/").json()["undone_by"]["name"] == world.admin.display_name


@pytest.mark.parametrize("moment", [("relate", 1), ("write", 0), ("write", 4)])
def test_killed_in_the_middle_it_has_done_nothing(
    page: Client, run: ItemImport, monkeypatch: pytest.MonkeyPatch, moment: tuple[str, int]
) -> None:
    take_back(page, run)
    job = ItemJob.objects.get()
    monkeypatch.setattr(undoing, "BATCH", 1)
    told: list[tuple[str, int]] = []

    def tell(_pulse: Any, stage: str, done: int, _total: int) -> None:
        told.append((stage, done))
        if (stage, done) == moment:
            raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(jobs.Pulse, "tell", tell)
        with pytest.raises(SystemExit):
            jobs.run_job(job.pk, timezone.now())
    run.refresh_from_db()
    assert (told[-1], standing(), run.undone_at) == (moment, (6, 2), None)

    jobs.run_job(job.pk, timezone.now() + 2 * jobs.SILENCE)
    run.refresh_from_db()
    assert (standing(), bool(run.undone_at)) == ((0, 0), True)
