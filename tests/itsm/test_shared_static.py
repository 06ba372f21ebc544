"""Old beside new: each machine answers for the style sheets of the other's version (ADM-02)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from itsm import uploads
from itsm.web import shared_static
from tests.itsm.store import BUCKET, running_store

pytestmark = pytest.mark.req("ADM-02")


class Machine:
    """One of several that share where uploads lie: what it was built with."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.monkeypatch = folder, monkeypatch
        folder.mkdir()

    def build(self, style: str) -> str:
        """Build a version and put it where all look; return the address of its style sheet."""
        storage = ManifestStaticFilesStorage(location=self.folder, base_url="/static/")
        storage.save("app.css", ContentFile(style.encode()))
        list(storage.post_process({"app.css": (storage, "app.css")}))
        self.monkeypatch.setattr(shared_static, "staticfiles_storage", storage)
        shared_static.publish()
        return f"/static/{storage.hashed_files['app.css']}"


@pytest.fixture(params=["a disk", "a store"])
def machines(request: pytest.FixtureRequest, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Two machines that share a disk, or a store that speaks S3."""
    with running_store() as store:
        if request.param == "a store":
            for name, value in (
                ("BUCKET", BUCKET),
                ("ENDPOINT", store.address),
                ("ACCESS_KEY", "a"),
                ("SECRET_KEY", "b"),
            ):
                monkeypatch.setenv(f"UPLOADS_{name}", value)
        settings.STORAGES = settings.STORAGES | {"default": uploads.storage(tmp_path / "uploads")}
        settings.STATIC_ROOT = tmp_path / "built"  # this process serves none of its own
        settings.STATIC_ROOT.mkdir()
        yield Machine(tmp_path / "old", monkeypatch), Machine(tmp_path / "new", monkeypatch)


def test_a_machine_answers_for_the_other_version(machines: tuple[Machine, Machine]) -> None:
    old, new = (
        machine.build(style) for machine, style in zip(machines, ("a{color:red}", "a{color:blue}"), strict=True)
    )
    assert old != new

    for address, style in ((old, b"a{color:red}"), (new, b"a{color:blue}")):
        answer = Client().get(address)
        assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, style, "text/css; charset=utf-8")
        assert "immutable" in answer["Cache-Control"]
        assert "Cookie" not in answer.get("Vary", "")


def test_nothing_else_is_answered_and_nothing_half(machines: tuple[Machine, Machine]) -> None:
    address = machines[0].build("a{color:red}")
    name = f"{uploads.BUILT}/{address.removeprefix('/static/')}"
    default_storage.save("attachments/secret.0123456789ab.txt", ContentFile(b"secret"))
    others = ("app.css", "app.0123456789ab.css", "../attachments/secret.0123456789ab.txt", "", "static")
    for other in others:
        assert Client().get(f"/static/{other}").status_code == 404, other

    default_storage.delete(name)
    default_storage.save(name, ContentFile(b"a{col"))  # whoever wrote it was killed
    assert Client().get(address).status_code == 404
    assert shared_static.publish() == 1
    assert Client().get(address).content == b"a{color:red}"
    assert shared_static.publish() == 0
    assert [name.split("/")[0] for name in uploads.names()] == ["attachments"]
