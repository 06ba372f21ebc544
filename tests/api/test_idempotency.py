"""Repeating a request safely: one effect, one answer, whatever the network does."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections

from accounts.models import RateBucket
from tests.api.client import Api, problem
from tests.factories import World, incident_in, unclaimed
from tickets import clock
from tickets.database.housekeeping import purge_expired
from tickets.models import IdempotencyKey, Ticket, TimelineEntry

pytestmark = [pytest.mark.req("API-02")]

NEW = {"summary": "主机无法登录"}


@pytest.mark.django_db
def test_a_repeated_registration_gets_the_first_answer_again(world: World) -> None:
    api = Api(world.desk)

    first = api.post("incidents/", NEW, idempotency_key="a-1")
    again = api.post("incidents/", NEW, idempotency_key="a-1")

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert [again[name] for name in ("Location", "ETag")] == [first[name] for name in ("Location", "ETag")]
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert Ticket.objects.count() == 1


@pytest.mark.django_db
def test_the_order_of_fields_makes_no_other_request(world: World) -> None:
    api = Api(world.desk)
    one = {"summary": "x", "impact": "I4"}

    first = api.post("incidents/", one, idempotency_key="k")
    again = api.post("incidents/", dict(reversed(one.items())), idempotency_key="k")

    assert again.json() == first.json()


@pytest.mark.django_db
def test_the_same_key_with_another_request_is_refused(world: World) -> None:
    api = Api(world.desk)
    number = api.post("incidents/", NEW, idempotency_key="k").json()["number"]

    other_body = api.post("incidents/", {"summary": "y"}, idempotency_key="k")
    other_path = api.post(f"incidents/{number}/comments/", NEW, idempotency_key="k")

    problem(other_body, 422)
    problem(other_path, 422)
    assert Ticket.objects.count() == 1


@pytest.mark.django_db
def test_keys_belong_to_their_persons(world: World) -> None:
    first = Api(world.desk).post("incidents/", NEW, idempotency_key="k")
    other = Api(world.desk2).post("incidents/", NEW, idempotency_key="k")

    assert other.json()["number"] != first.json()["number"]


@pytest.mark.django_db
def test_a_repeated_action_is_done_once(world: World) -> None:
    ticket = unclaimed(world)
    api, path = Api(world.engineer), f"incidents/{ticket.number}/actions/claim/"

    first, again = api.post(path, idempotency_key="k"), api.post(path, idempotency_key="k")

    assert (first.status_code, again.status_code) == (200, 200)
    assert TimelineEntry.objects.filter(action="claim").count() == 1


@pytest.mark.django_db
def test_a_refused_request_keeps_no_answer_so_that_it_can_be_tried_again(world: World) -> None:
    api = Api(world.desk)

    problem(api.post("incidents/", {"summary": ""}, idempotency_key="k"), 400)

    assert IdempotencyKey.objects.count() == 0
    assert api.post("incidents/", NEW, idempotency_key="k").status_code == 201


@pytest.mark.django_db
def test_uploads_are_compared_by_their_content_not_by_their_boundary(
    world: World, settings: Any, tmp_path: Any
) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}},
    }
    ticket = incident_in("in_progress", world)
    api, path = Api(world.engineer), f"incidents/{ticket.number}/attachments/"

    def send(content: bytes) -> Any:
        return api.upload(path, {"attachments": SimpleUploadedFile("a.txt", content)}, idempotency_key="k")

    assert send(b"one").json() == send(b"one").json()
    problem(send(b"two"), 422)
    assert ticket.attachments.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", " ", "with space", "ä", "x" * 201, "tab\there"])
def test_keys_that_cannot_be_stored_are_refused(key: str, world: World) -> None:
    problem(Api(world.desk).post("incidents/", NEW, idempotency_key=key), 400)

    assert Ticket.objects.count() == 0


@pytest.mark.django_db
def test_after_a_day_the_key_is_free_again_purged_or_not(world: World) -> None:
    api = Api(world.desk)
    first = api.post("incidents/", NEW, idempotency_key="k")
    IdempotencyKey.objects.update(created_at=clock.now() - timedelta(hours=25))

    second = api.post("incidents/", {"summary": "y"}, idempotency_key="k")

    assert second.status_code == 201
    assert second.json()["number"] != first.json()["number"]
    assert IdempotencyKey.objects.count() == 1


@pytest.mark.django_db
def test_housekeeping_removes_keys_and_counters_of_yesterday_only(world: World) -> None:
    api, now = Api(world.desk), clock.now()
    api.post("incidents/", NEW, idempotency_key="old")
    IdempotencyKey.objects.update(created_at=now - timedelta(hours=25))
    RateBucket.objects.create(key="address:192.0.2.1", window_start=now - timedelta(hours=25), hits=1)
    api.post("incidents/", NEW, idempotency_key="new")

    assert purge_expired(now=now) == 2
    assert purge_expired(now=now) == 0
    assert [kept.key for kept in IdempotencyKey.objects.all()] == ["new"]


@pytest.mark.django_db(transaction=True)
def test_of_twins_at_the_same_moment_one_does_the_work_and_all_get_its_answer(world: World) -> None:
    answers = in_parallel(8, lambda api: api.post("incidents/", NEW, idempotency_key="k"), Api(world.desk))

    assert Ticket.objects.count() == 1
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["number"] for answer in answers}) == 1
    assert [answer.headers.get("Idempotency-Replayed") for answer in answers].count("true") == 7


@pytest.mark.django_db(transaction=True)
def test_a_twin_that_waits_too_long_is_told_to_try_again(world: World) -> None:
    api = Api(world.desk)
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(
            "INSERT INTO tickets_idempotencykey (user_id, key, fingerprint, headers, created_at)"
            " VALUES (%s, 'k', '', '{}', now())",
            [world.desk.pk],
        )

        def impatient(api: Api) -> Any:
            with connection.cursor() as own:
                own.execute("SET lock_timeout = '200ms'")
            return api.post("incidents/", NEW, idempotency_key="k")

        (answer,) = in_parallel(1, impatient, api)
        cursor.execute("ROLLBACK")

    problem(answer, 409)
    assert Ticket.objects.count() == 0


def in_parallel(count: int, work: Callable[[Api], Any], api: Api) -> list[Any]:
    """Let ``count`` threads do ``work`` at the same moment, each with a connection of its own."""
    barrier = Barrier(count)

    def run(_number: int) -> Any:
        try:
            barrier.wait()
            return work(api)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))
