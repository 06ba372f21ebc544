"""Audits: seeded samples, what was found, differences under change control, accuracy with its interval."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.http import QueryDict
from django.urls import reverse

from cmdb.audits.accuracy import Share, by_class, by_field, overall
from cmdb.audits.services import AuditClosed, close_audit, draw, note, open_audit, take_from_discovery
from cmdb.models import Audit, ConfigurationItem, Difference
from cmdb.transfer.discovery import take_in
from tests.cmdb.test_pages import signed_in
from tests.factories import World, make_item

pytestmark = [pytest.mark.req("CMDB-07")]


def test_three_of_eighty_wrong_are_96_3_percent_with_wilsons_interval() -> None:
    share = Share(77, 80)
    assert share.percent == Decimal("96.3")
    assert share.interval == (Decimal("89.5"), Decimal("98.7"))
    assert Share(0, 0).interval is None
    assert Share(10, 10).interval == (Decimal("72.2"), Decimal("100.0"))


def test_the_same_seed_draws_the_same_sample() -> None:
    keys = list(range(1000, 1300))
    assert draw(keys, 20, 7) == draw(reversed(keys), 20, 7)
    assert draw(keys, 20, 7) != draw(keys, 20, 8)
    assert draw(keys, None, 7) == draw(keys, 500, 7) == keys


@pytest.mark.slow
@pytest.mark.django_db
def test_an_audit_on_the_spot_from_opening_to_the_decision(world: World) -> None:
    for number in range(5):
        make_item(f"S{number}", attributes={"room": "2" if number < 4 else "3", "memory": "32 GB"})
    manager, engineer = signed_in(world.admin), signed_in(world.engineer)
    assert engineer.post(reverse("cmdb:audits"), {"name": "x"}).status_code == 403
    opened = manager.post(reverse("cmdb:audits"), {"name": "Room 2", "ci_class": "server", "room": "2", "sample": "3"})
    audit = Audit.objects.get()
    assert opened["Location"] == reverse("cmdb:audit", args=[audit.pk])
    assert (audit.population, audit.checks.count(), audit.sample) == (4, 3, 3)
    assert [check.item_id for check in audit.checks.order_by("item_id")] == draw(
        ConfigurationItem.objects.filter(attributes__room="2").values_list("pk", flat=True), 3, audit.seed
    )

    first, second, third = audit.checks.all()
    url = reverse("cmdb:audit_check", args=[audit.pk, first.pk])
    assert 'value="32 GB"' in engineer.get(url).content.decode()
    done = engineer.post(url, {"result": "right", "v.name": first.item.name, "v.room": "2", "v.memory": "32 GB"})
    assert done["Location"] == reverse("cmdb:audit_check", args=[audit.pk, second.pk])
    nothing = {"result": "differs", "v.name": second.item.name, "v.room": "2", "v.memory": "32 GB"}
    assert engineer.post(reverse("cmdb:audit_check", args=[audit.pk, second.pk]), nothing).status_code == 422
    engineer.post(reverse("cmdb:audit_check", args=[audit.pk, second.pk]), {**nothing, "v.room": "9"})
    engineer.post(reverse("cmdb:audit_check", args=[audit.pk, third.pk]), {"result": "missing", "note": "empty rack"})
    second.item.refresh_from_db()
    assert second.item.attributes["room"] == "2"
    waiting = {(row.item_id, row.what, row.field) for row in Difference.objects.filter(decision="")}
    assert waiting == {(second.item_id, "value", "room"), (third.item_id, "gone", "")}

    checks = list(audit.checks.select_related("item"))
    assert (overall(checks).right, overall(checks).of) == (1, 3)
    assert [(row.label, row.right, row.of) for row in by_class(checks, {})] == [("server", 1, 3)]
    assert {row.label: (row.right, row.of) for row in by_field(checks, str)}["room"] == (1, 2)
    engineer.post(reverse("cmdb:audit", args=[audit.pk]), {"what": "a grey box", "place": "rack 3"})
    page = engineer.get(reverse("cmdb:audit", args=[audit.pk])).content.decode()
    assert "a grey box" in page
    assert "33.3 %" in page
    row = Difference.objects.get(what="value")
    manager.post(reverse("cmdb:decide", args=[row.pk]), {"take": "1", "correction": "on", "reason": "audit"})
    second.item.refresh_from_db()
    assert second.item.attributes["room"] == "9"
    codes = engineer.get(reverse("cmdb:audit_codes", args=[audit.pk])).content.decode()
    assert len(re.findall(r"<figure>\s*<svg", codes)) == 3

    close_audit(audit=audit)
    with pytest.raises(AuditClosed):
        note(check=first, result="missing", seen={}, text="", by=world.engineer)
    assert engineer.post(url, {"result": "right"}).status_code in (409, 422)


@pytest.mark.django_db
@pytest.mark.req("CMDB-08")
def test_what_discovery_saw_since_answers_for_items(world: World) -> None:
    for name in ("A", "B", "C"):
        make_item(name, attributes={"serial_number": f"SN-{name}", "operating_system": "X"})
    audit = open_audit(name="a", params=QueryDict(""), sample=None, seed=1, by=world.admin)
    seen = [
        {"key": "a", "values": {"serial_number": "SN-A", "operating_system": "X"}},
        {"key": "b", "values": {"serial_number": "SN-B", "operating_system": "Y"}},
    ]
    take_in(source="scan", things=seen, user=world.admin)

    assert take_from_discovery(audit=audit, by=world.admin) == 2
    results = {check.item.identifier: check.result for check in audit.checks.select_related("item")}
    assert results == {"A": "right", "B": "differs", "C": ""}
