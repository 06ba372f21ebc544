"""Photos of checks: pictures only, without where they were taken, for those who see the audit (CMDB-07)."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from PIL import Image

from cmdb.audits.services import close_audit, open_audit
from cmdb.models import AuditCheck, AuditExtra, AuditPhoto
from tests.api.client import Api, problem
from tests.cmdb.test_pages import signed_in
from tests.factories import MONDAY, World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-07")]


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def check(world: World) -> AuditCheck:
    make_item("S1", attributes={"room": "2"})
    make_item("S2")
    audit = open_audit(name="x", params=QueryDict(""), sample=None, seed=1, by=world.admin)
    return audit.checks.get(item__identifier="S1")


def photo(name: str = "rack.jpg", kind: str = "JPEG", **extra: Any) -> SimpleUploadedFile:
    drawn = BytesIO()
    Image.new("RGB", (600, 400), "red").save(drawn, kind, **extra)
    return SimpleUploadedFile(name, drawn.getvalue())


def with_position() -> SimpleUploadedFile:
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    exif[0x010F] = "a telephone"
    return photo(exif=exif)


def test_a_photo_comes_with_the_check_and_loses_where_it_was_taken(world: World, check: AuditCheck) -> None:
    page = signed_in(world.engineer)
    url = reverse("cmdb:audit_check", args=[check.audit_id, check.pk])
    html = page.get(url).content.decode()
    assert 'capture="environment"' in html
    assert 'enctype="multipart/form-data"' in html
    said = {"result": "differs", "note": "another room"}
    assert page.post(url, {**said, "photo": with_position()}).status_code == 302
    row = AuditPhoto.objects.get()
    assert b"telephone" not in row.file.read()
    assert row.size == row.file.size
    address = reverse("cmdb:audit_photo", args=[check.audit_id, check.pk, row.pk])
    shown = page.get(url)
    assert address in shown.content.decode()
    drawn = page.get(address)
    assert Image.open(BytesIO(drawn.content)).size == (480, 320)
    assert (drawn["X-Content-Type-Options"], drawn["Content-Type"]) == ("nosniff", "image/png")
    for person, status in ((world.requester, 403), (world.manager, 200)):
        assert signed_in(person).get(address).status_code == status
    assert signed_in(world.manager).post(address).status_code == 403
    assert page.get(reverse("cmdb:audit_photo", args=[check.audit_id, check.pk + 1, row.pk])).status_code == 404

    close_audit(audit=check.audit)
    page.post(address)
    assert AuditPhoto.objects.count() == 1, "the audit is closed"


@pytest.mark.parametrize(
    "wrong",
    [
        SimpleUploadedFile("x.svg", b"<svg/>"),
        SimpleUploadedFile("x.jpg", b"<html>"),
        SimpleUploadedFile("x.png", b"\x89PNG\r\n\x1a\n broken"),
        SimpleUploadedFile("x.pdf", b"%PDF-"),
    ],
)
def test_what_is_no_picture_is_refused_with_the_rest_kept(world: World, check: AuditCheck, wrong: Any) -> None:
    wrong.seek(0)
    url = reverse("cmdb:audit_check", args=[check.audit_id, check.pk])
    answer = signed_in(world.engineer).post(url, {"result": "missing", "note": "gone", "photo": wrong})
    assert (answer.status_code, answer.context["form"]["note"].value()) == (422, "gone")
    assert "photo" in answer.context["form"].errors
    check.refresh_from_db()
    assert not check.result


def test_the_api_takes_shows_and_removes_photos(world: World, check: AuditCheck, media: Path) -> None:
    api, url = Api(world.engineer), f"items/audits/{check.audit_id}/checks/{check.pk}/photos/"
    problem(Api(world.manager).upload(url, {"photo": photo()}), 403)
    problem(Api(world.requester).upload(url, {"photo": photo()}), 403)
    assert "photo" in problem(api.upload(url, {"photo": SimpleUploadedFile("x.gif", b"GIF89a")}), 400)["errors"]
    made = [api.upload(url, {"photo": photo("a.png", "PNG")}).json() for _n in range(5)]
    assert "photo" in problem(api.upload(url, {"photo": photo()}), 400)["errors"], "five are enough"
    assert len(api.get(url.removesuffix("photos/")).json()["photos"]) == 5
    assert Image.open(BytesIO(api.get(made[0]["url"]).content)).size == (600, 400)
    problem(Api(world.requester).get(made[0]["url"]), 403)
    assert api.delete(made[0]["url"]).status_code == 204
    problem(api.get(made[0]["url"]), 404)
    close_audit(audit=check.audit)
    problem(api.delete(made[1]["url"]), 409)
    problem(api.upload(url, {"photo": photo()}), 409)


def test_the_form_beside_a_photo_takes_it_away(world: World, check: AuditCheck) -> None:
    """As a browser sends it: with what stands in the form, which no other page can know."""
    extra = AuditExtra.objects.create(audit=check.audit, what="a switch", place="rack 3", by=world.engineer, at=MONDAY)
    signed_in(world.engineer).post(
        reverse("cmdb:audit_extra_photos", args=[check.audit_id, extra.pk]), {"photo": photo()}
    )
    row = AuditPhoto.objects.get()
    address = reverse("cmdb:audit_extra_photo", args=[check.audit_id, extra.pk, row.pk])
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.engineer)

    html = browser.get(reverse("cmdb:audit", args=[check.audit_id])).content.decode()
    form = re.search(rf'<form method="post" action="{address}">.*?</form>', html, re.DOTALL)
    assert form is not None
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form[0])

    assert token is not None
    assert browser.post(address, {"csrfmiddlewaretoken": token[1]}).status_code == 302
    assert not AuditPhoto.objects.exists()


def test_what_is_not_recorded_has_photos_like_the_others(world: World, check: AuditCheck) -> None:
    page, url = signed_in(world.engineer), reverse("cmdb:audit", args=[check.audit_id])
    html = page.get(url).content.decode()
    assert 'capture="environment"' in html
    assert 'enctype="multipart/form-data"' in html
    wrong = SimpleUploadedFile("x.jpg", b"<html>")
    refused = page.post(url, {"what": "a switch", "place": "rack 3", "photo": wrong})
    assert (refused.status_code, refused.context["form"]["what"].value()) == (422, "a switch")
    assert not AuditExtra.objects.exists()
    assert page.post(url, {"what": "a switch", "place": "rack 3", "photo": with_position()}).status_code == 302
    extra, row = AuditExtra.objects.get(), AuditPhoto.objects.get()
    assert (row.found, b"telephone" in row.file.read()) == (extra, False)
    address = reverse("cmdb:audit_extra_photo", args=[check.audit_id, extra.pk, row.pk])
    assert address in page.get(url).content.decode()
    assert Image.open(BytesIO(page.get(address).content)).size == (480, 320)
    for person, status in ((world.requester, 403), (world.manager, 200)):
        assert signed_in(person).get(address).status_code == status
    assert page.get(reverse("cmdb:audit_extra_photo", args=[check.audit_id, extra.pk + 1, row.pk])).status_code == 404

    more = reverse("cmdb:audit_extra_photos", args=[check.audit_id, extra.pk])
    assert signed_in(world.manager).post(more, {"photo": photo()}).status_code == 403
    for _n in range(5):
        told = page.post(more, {"photo": photo()}, follow=True).context["messages"]
    assert (extra.photos.count(), len(told)) == (5, 1), "five are enough, and that is said"
    assert len(page.post(more, {}, follow=True).context["messages"]) == 1
    assert signed_in(world.manager).post(address).status_code == 403
    page.post(address)
    assert extra.photos.count() == 4
    close_audit(audit=check.audit)
    page.post(reverse("cmdb:audit_extra_photo", args=[check.audit_id, extra.pk, extra.photos.all()[0].pk]))
    page.post(more, {"photo": photo()})
    assert extra.photos.count() == 4, "the audit is closed"


def test_the_api_knows_photos_of_what_is_not_recorded(world: World, check: AuditCheck) -> None:
    api, audit = Api(world.engineer), f"items/audits/{check.audit_id}/"
    noted = api.post(f"{audit}extras/", {"what": "a switch", "place": ""}).json()["extras"]
    url = f"{audit}extras/{noted[0]['id']}/photos/"
    problem(Api(world.manager).upload(url, {"photo": photo()}), 403)
    assert "photo" in problem(api.upload(url, {"photo": SimpleUploadedFile("x.gif", b"GIF89a")}), 400)["errors"]
    problem(api.upload(f"{audit}extras/{noted[0]['id'] + 1}/photos/", {"photo": photo()}), 404)
    made = api.upload(url, {"photo": photo("a.png", "PNG")}).json()
    assert api.get(audit).json()["extras"][0]["photos"] == [made]
    assert Image.open(BytesIO(api.get(made["url"]).content)).size == (600, 400)
    problem(Api(world.requester).get(made["url"]), 403)
    assert api.delete(made["url"]).status_code == 204
    problem(api.get(made["url"]), 404)
