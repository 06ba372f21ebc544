"""Computed attributes, and changes of the model that say first what they mean (CMDB-01)."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from cmdb.defining.formulas import LONGEST_RESULT, Formula, FormulaError
from cmdb.listing import ItemList
from cmdb.models import Attribute, CIClass, ConfigurationItem, ItemVersion
from cmdb.services import Stamp, update_item
from cmdb.transfer.exchange import Importer
from cmdb.transfer.exporting import table_of
from cmdb.transfer.tables import csv_text
from tests.cmdb.previews import agreed
from tests.cmdb.test_exchange import rows_of
from tests.cmdb.test_pages import signed_in
from tests.factories import World, make_item

pytestmark = pytest.mark.req("CMDB-01")
FREE = Stamp(source="test", trusted=True)


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("cores * sockets", {"cores": 8, "sockets": 2}, 16),
        ("cores * sockets", {"cores": 8}, None),
        ("months_after(bought, 36)", {"bought": "2024-02-29"}, "2027-02-28"),
        ("days_between(a, b) > 30", {"a": "2026-01-01", "b": "2026-03-01"}, True),
        ('room + "-" + rack', {"room": "A", "rack": "09"}, "A-09"),
        ('"big" if cores >= 16 else "small"', {"cores": 4}, "small"),
        ("cost / years", {"cost": 1, "years": 0}, None),
        ("cost / 3", {"cost": 10}, 3.333333),
        ("cost - room", {"cost": 1, "room": "A"}, None),
        ("9 " + "* 999999999999999 " * 15, {}, None),
    ],
)
def test_a_formula_gives_its_value_or_nothing(text: str, values: dict[str, Any], expected: Any) -> None:
    assert Formula(text).value(values) == expected


@pytest.mark.parametrize(
    "text",
    [
        "().__class__",
        "a.b",
        "a[0]",
        "[1]",
        "9**9",
        "open(a)",
        "lambda: 1",
        "f'{a}'",
        "x := 1",
        "[a for a in b]",
        "",
        "((",
    ],
)
def test_what_could_do_more_than_work_out_is_refused(text: str) -> None:
    with pytest.raises(FormulaError):
        Formula(text)


@given(
    st.text(alphabet="ab109.+-*/%()<>=!, '\"if else and or not round min max text", max_size=60),
    st.one_of(st.none(), st.text(max_size=5), st.integers(), st.floats(), st.booleans()),
)
def test_whatever_is_typed_ends_in_a_small_value_or_a_refusal(text: str, value: Any) -> None:
    try:
        found = Formula(text).value({"a": value, "b": value})
    except FormulaError:
        return
    assert found is None or isinstance(found, bool | int | float) or len(found) <= LONGEST_RESULT


@pytest.mark.django_db
def test_a_computed_attribute_follows_the_others_everywhere(world: World) -> None:
    client = signed_in(world.admin)
    item = make_item("A", attributes={"purchased_on": "2026-01-31"})
    make_item("B")
    Attribute.objects.get_or_create(
        code="purchased_on", ci_class=None, defaults={"kind": "date", "name_zh": "购买日期"}
    )
    ConfigurationItem.objects.filter(pk=item.pk).update(attributes={"purchased_on": "2026-01-31"})
    typed = {
        "add": "1",
        "attribute-code": "renew_on",
        "attribute-name_zh": "更新日期",
        "attribute-name_en": "Renew on",
    }
    more = {
        "attribute-kind": "date",
        "attribute-group": "commercial",
        "attribute-position": 1,
        "attribute-active": "on",
    }
    url = reverse("cmdb:class", args=["hardware"])

    wrong = client.post(url, {**typed, **more, "attribute-formula": "months_after(nothing_such, 36)"})
    assert wrong.status_code == 422
    said = {**typed, **more, "attribute-formula": "months_after(purchased_on, 36)"}
    asked = client.post(url, said).content.decode()
    assert "1 items get a value, 1 get none" in asked
    assert not Attribute.objects.filter(code="renew_on").exists()
    agreed(client, url, said)

    item.refresh_from_db()
    assert item.attributes["renew_on"] == "2029-01-31"
    update_item(item=item, facts={"purchased_on": "2025-01-31"}, stamp=FREE)
    assert ItemVersion.objects.filter(item=item).believed().order_by("-pk")[0].attributes["renew_on"] == "2028-01-31"
    assert "2028-01-31" in client.get(reverse("cmdb:list") + "?a.renew_on=<2028-02-01&col=renew_on").content.decode()
    assert 'name="renew_on"' not in client.get(reverse("cmdb:edit", args=[item.pk])).content.decode()
    refused = client.patch(
        f"/api/v1/items/{item.identifier}/", {"attributes": {"renew_on": "2030-01-01"}}, "application/json"
    )
    assert refused.status_code == 400
    again = Importer().run(rows_of(csv_text(*table_of(ItemList(QueryDict(), world.admin)))))
    assert (again.versions, again.same) == (0, 2)


@pytest.mark.django_db
def test_a_change_of_the_model_says_first_what_it_means_and_is_kept(world: World) -> None:
    client = signed_in(world.admin)
    for number in range(3):
        make_item(f"S{number}")
    typed = {"add": "1", "attribute-code": "steward", "attribute-name_zh": "管家", "attribute-name_en": "Steward"}
    more = {"attribute-kind": "text", "attribute-group": "people", "attribute-position": 1, "attribute-active": "on"}
    url = reverse("cmdb:class", args=["hardware"])
    page = client.post(url, {**typed, **more, "attribute-required": "on"}).content.decode()
    assert "3 items lack the required value" in page
    agreed(client, url, {**typed, **more, "attribute-required": "on"})

    server = CIClass.objects.get(pk="server")
    moved = {"name_zh": server.name_zh, "name_en": "Servers", "parent": "", "plan": "all", "position": 1}
    asked = client.post(reverse("cmdb:class", args=["server"]), moved).content.decode()
    assert "3 items are of this class" in asked
    assert CIClass.objects.get(pk="server").active
    agreed(client, reverse("cmdb:class", args=["server"]), moved)
    server.refresh_from_db()
    assert (server.active, server.plan) == (False, "all")
    assert server.versions.latest("pk").definition["plan"] == "all"
    assert server.versions.latest("pk").by == world.admin
