"""An attribute of every class is added on the page of classes (CMDB-01)."""

from __future__ import annotations

import pytest

from cmdb.models import Attribute, AttributeVersion
from tests.api.client import Api
from tests.cmdb.previews import agreed
from tests.cmdb.test_pages import signed_in
from tests.factories import World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-01")]


def test_an_attribute_of_every_class_is_added_after_its_consequences_are_seen(world: World) -> None:
    make_item("A")
    page = signed_in(world.admin)
    said = {"code": "asset_tag", "name_zh": "资产编号", "name_en": "Asset tag", "kind": "text", "group": "identity"}
    form = {f"attribute-{name}": value for name, value in {**said, "position": 5, "active": "on"}.items()}
    form |= {"add": "1", "attribute-required": "on", "attribute-controlled": "on"}
    assert page.post("/items/classes/", {**form, "attribute-code": "owner"}).status_code == 422, "taken"
    assert page.post("/items/classes/", form).context["preview"].follows
    assert not Attribute.objects.filter(code="asset_tag").exists()
    assert agreed(page, "/items/classes/", form).status_code == 302
    made = Attribute.objects.get(code="asset_tag")
    assert made.ci_class is None
    assert AttributeVersion.objects.get(attribute=made).by == world.admin
    for ci_class in ("server", "service"):
        assert "asset_tag" in Api(world.desk).get(f"items/classes/{ci_class}/schema/").json()["required"]
