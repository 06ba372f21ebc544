"""What each change of the model changed is read on its page (CMDB-01, CMDB-04)."""

from __future__ import annotations

import re

import pytest

from cmdb.defining.changes import keep_attribute, keep_class
from cmdb.models import Attribute, CIClass, RelationType
from tests.cmdb.test_pages import signed_in
from tests.factories import World

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-01", "CMDB-04")]


def told(world: World, url: str) -> str:
    """The page's words, without markup."""
    page = signed_in(world.admin).get(url).content.decode()
    return " ".join(re.sub(r"<[^>]*>", " ", page.partition("How it was defined")[2]).split())


def test_the_history_of_a_class_says_what_changed(world: World) -> None:
    """It said who and when, and the name, though another thing had changed."""
    row = CIClass.objects.get(pk="server")
    row.observes, row.parent_id = ["ip_address", "runs_on"], None
    keep_class(row, world.admin)
    shown = told(world, "/items/classes/server/")
    assert "Observed here: IP address, runs on" in shown
    assert "Class above: Hardware removed" in shown
    assert "Chinese name" not in shown, "it is as it was"


def test_the_history_of_an_attribute_and_of_a_type_of_relations_too(world: World) -> None:
    attribute = Attribute.objects.get(code="room")
    attribute.required, attribute.kind = True, "number"
    keep_attribute(attribute, world.admin)
    shown = told(world, f"/items/attributes/{attribute.pk}/")
    assert "Holds: Text Number" in shown
    assert "Required: no yes" in shown
    kind = RelationType.objects.get(pk="runs_on")
    kind.affects = "none"
    kind.save()
    kind.source_classes.set([CIClass.objects.get(pk="software")])
    shown = told(world, f"/items/relation-types/{kind.pk}/")
    assert "Impact: the first feels a failure of the second neither" in shown
    assert "Classes of the first: Software" in shown
