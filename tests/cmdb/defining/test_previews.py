"""What was shown is what is agreed to: what would follow otherwise by then is shown anew (CMDB-01)."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from cmdb.defining.preview import Preview
from cmdb.models import Attribute, CIClass, Relation, RelationType
from cmdb.services import Link, Stamp, write_relations
from tests.cmdb.previews import agreed
from tests.cmdb.test_pages import signed_in
from tests.factories import World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-01")]
FREE = Stamp(source="test", trusted=True)
SAID = {"name_zh": "标签", "name_en": "Tag", "kind": "text", "group": "technical", "position": 1, "active": "on"}


def _attribute(world: World) -> tuple[str, dict[str, Any]]:
    row = Attribute.objects.create(code="tag", name_zh="标签", name_en="Tag", ci_class_id="hardware")
    return reverse("cmdb:attribute", args=[row.pk]), {**SAID, "required": "on"}


def _new_attribute(world: World) -> tuple[str, dict[str, Any]]:
    said = {f"attribute-{name}": value for name, value in {**SAID, "code": "tag", "required": "on"}.items()}
    return reverse("cmdb:class", args=["hardware"]), {**said, "add": "1"}


def _attribute_of_all(world: World) -> tuple[str, dict[str, Any]]:
    return reverse("cmdb:classes"), _new_attribute(world)[1]


def _class(world: World) -> tuple[str, dict[str, Any]]:
    row = CIClass.objects.get(pk="server")
    said = {"name_zh": row.name_zh, "name_en": row.name_en, "parent": row.parent_id, "position": row.position}
    return reverse("cmdb:class", args=["server"]), said


def _type(world: World) -> tuple[str, dict[str, Any]]:
    row = RelationType.objects.get(pk="runs_on")
    names = ("name_zh", "name_en", "inverse_zh", "inverse_en", "position")
    return reverse("cmdb:relation_type", args=["runs_on"]), {
        **{name: getattr(row, name) for name in names},
        "affects": "none",
        "active": "on",
    }


def another(number: int) -> None:
    """One more that is concerned by any of the changes."""
    item, below = (make_item(f"{name}{number}", ci_class_id="server") for name in "AB")
    write_relations([Link(item, RelationType.objects.get(pk="runs_on"), below)], FREE)


def shown_in(answer: Any) -> Preview:
    """What is said to follow."""
    found = answer.context.get("preview") or answer.context.get("attribute_preview")
    assert isinstance(found, Preview)
    return found


def standing() -> list[Any]:
    """All that the changes are about."""
    rows: list[Any] = [
        CIClass.objects.get(pk="server"),
        RelationType.objects.get(pk="runs_on"),
        *Attribute.objects.order_by("pk"),
    ]
    return [row.definition() for row in rows]


@pytest.mark.parametrize("subject", [_attribute, _new_attribute, _attribute_of_all, _class, _type])
def test_what_follows_otherwise_by_then_is_shown_anew(world: World, subject: Any) -> None:
    (url, said), page = subject(world), signed_in(world.admin)
    another(1)
    before = standing()
    preview = shown_in(page.post(url, said))
    assert preview.follows
    another(2)

    again = page.post(url, {**said, "confirmed": preview.mark})

    assert (again.status_code, standing()) == (200, before)
    told = shown_in(again)
    assert told.follows != preview.follows
    assert all(text.replace("“", "&ldquo;")[:9] in again.content.decode() for text in told.follows)
    assert page.post(url, {**said, "confirmed": "1"}).status_code == 200, "nobody agrees without having read"
    assert page.post(url, {**said, "confirmed": told.mark}).status_code == 302
    assert standing() != before


def test_another_change_than_the_one_that_was_shown_is_shown_first(world: World) -> None:
    url, said = _attribute(world)
    page = signed_in(world.admin)
    another(1)
    mark = page.post(url, said).context["preview"].mark
    assert page.post(url, {**said, "kind": "date", "confirmed": mark}).status_code == 200
    assert Attribute.objects.get(code="tag").kind == "text"
    assert agreed(page, url, {**said, "kind": "date"}).status_code == 302
    assert Relation.objects.filter(active=True).count() == 1
