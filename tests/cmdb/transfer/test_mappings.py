"""Mappings of one's own: kept, offered for a file with the same columns, shared or not (CMDB-05)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from cmdb.models import ConfigurationItem, ItemMapping
from tests.factories import World

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-05")]
FILE = "Key,ci_class,name,status,Until\nA,server,a,in_use,03/04/2026\n"
TURNED = "Until,name,ci_class,status,Key\n05/06/2026,b,server,in_use,B\n"
SAID = {"columns": "Key = identifier\nUntil = warranty_end", "dates:Until": "day-month"}


def post(user: Any, text: str, **more: str) -> Any:
    """Send the file as that person."""
    client = Client()
    client.force_login(user)
    files = {"items": SimpleUploadedFile("x.csv", text.encode())}
    return client.post(reverse("cmdb:import"), {**files, **more}, follow=True)


def test_a_kept_mapping_is_offered_for_the_same_columns(world: World) -> None:
    assert post(world.admin, FILE, keep_as="netbox", **SAID).status_code == 422
    assert post(world.admin, FILE, keep_as="rack list", **SAID).status_code == 200
    assert not ConfigurationItem.objects.exists()

    asked = post(world.admin, TURNED, write="1")
    assert asked.context["form"]["mapping"].value() == "rack list"
    assert post(world.admin, TURNED, write="1", mapping="rack list").status_code == 200
    assert ConfigurationItem.objects.get().attributes["warranty_end"] == "2026-06-05"
    other = post(world.admin, "Key,name\nA,a\n")
    assert not other.context["form"]["mapping"].value()


def test_others_use_it_when_it_is_shared(world: World, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(FILE)
    post(world.admin, FILE, keep_as="rack list", **SAID)
    with pytest.raises(CommandError, match="rack list"):
        call_command("import_items", path, mapping="rack list")
    call_command("import_items", path, mapping="rack list", by=world.admin.username, dry_run=True)
    post(world.admin, FILE, keep_as="rack list", keep_shared="on", **SAID)
    call_command("import_items", path, mapping="rack list")
    assert ConfigurationItem.objects.get().attributes["warranty_end"] == "2026-04-03"

    [kept] = ItemMapping.objects.all()
    ItemMapping.objects.create(owner=world.desk, name="rack list", shared=True)
    with pytest.raises(CommandError, match=r"rack list”的映射。$"):
        call_command("import_items", path, mapping="rack list")
    client = Client()
    client.force_login(world.admin)
    theirs = ItemMapping.objects.get(owner=world.desk)
    assert client.post(reverse("cmdb:remove_mapping", args=[theirs.pk])).status_code == 404
    assert client.post(reverse("cmdb:remove_mapping", args=[kept.pk])).status_code == 302
    assert list(ItemMapping.objects.all()) == [theirs]
