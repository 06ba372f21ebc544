"""Attachments leave safely (reliability.md, section 7), and only to those who may read them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from tests.factories import World, incident_in
from tests.pages.files import attach

pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-05", "ORG-03")]

Browse = Callable[[User | None], Client]


@pytest.mark.parametrize("part", ["", "preview/"])
def test_attachments_are_never_run_nor_guessed(world: World, browse: Browse, part: str) -> None:
    file = attach(incident_in("in_progress", world), world.engineer)
    answer = browse(world.requester).get(f"/attachments/{file.pk}/{part}")
    assert answer.status_code == 200
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Content-Type"] == "image/png"


def test_attachments_are_downloads_under_their_own_name(world: World, browse: Browse) -> None:
    page = SimpleUploadedFile("故障说明.txt", "第一行".encode(), "text/plain")
    file = attach(incident_in("in_progress", world), world.engineer, file=page)
    answer = browse(world.requester).get(f"/attachments/{file.pk}/")
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment; filename*=utf-8''%E6%95%85")
    assert b"".join(answer.streaming_content) == "第一行".encode()  # type: ignore[attr-defined]
    assert browse(world.requester).get(f"/attachments/{file.pk}/preview/").status_code == 404


def test_pictures_are_drawn_anew_for_the_preview(world: World, browse: Browse) -> None:
    file = attach(incident_in("in_progress", world), world.engineer)
    answer = browse(world.engineer).get(f"/attachments/{file.pk}/preview/")
    assert answer.content.startswith(b"\x89PNG")
    assert answer.headers["Cache-Control"] == "private, max-age=86400"


@pytest.mark.parametrize("part", ["", "preview/"])
@pytest.mark.parametrize(
    ("action", "who", "expected"),
    [
        ("comment", "requester", 200),
        ("comment", "colleague", 200),
        ("comment", "requester2", 404),
        ("comment", "nobody", 404),
        ("comment", "engineer2", 200),
        ("note", "requester", 404),
        ("note", "requester2", 404),
        ("note", "engineer2", 200),
    ],
)
def test_files_go_to_readers_of_their_entry_only(
    world: World, browse: Browse, action: str, who: str, expected: int, part: str
) -> None:
    file = attach(incident_in("in_progress", world), world.engineer, action)
    assert browse(world.people[who]).get(f"/attachments/{file.pk}/{part}").status_code == expected
