"""The register of configuration changes of a month, as page, Excel, PDF and for programs (CMDB-06, TKT-12)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from cmdb.models import RelationType
from cmdb.services import Link, Stamp, update_item, write_relations
from cmdb.versioning.moments import replaying
from tests.api.client import Api
from tests.changes.making import approve, later, request, role, staffed
from tests.factories import MONDAY, World, act, make_item, reload_user

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-06", "TKT-12")]
ADDRESS = "/changes/configuration-register/?month=2026-11"


@pytest.fixture
def change(world: World) -> Any:
    """November: a name written by a change, a correction, an import without either; a new item is none."""
    staffed(world)
    role(world.manager, "config_manager")
    with replaying(MONDAY):
        item, other = make_item("db-1"), make_item("host-1")
    made = act(request(world, items=["db-1"]), "submit", world.lead, now=MONDAY)
    made = act(act(made, "accept", world.people["changer"], now=MONDAY), "ask_approval", world.lead, now=MONDAY)
    made = act(approve(made, world.approver), "start", world.engineer, now=later(35))
    with replaying(later(35.5)):
        update_item(item=item, facts={"name": "主库"}, stamp=Stamp(by=world.engineer, change=made.number))
    manager = reload_user(world.manager)
    with replaying(later(40)):
        update_item(item=item, facts={"name": "主数据库"}, stamp=Stamp(by=manager, correction=True, reason="写错了"))
    with replaying(later(50)):
        kind = RelationType.objects.get(code="runs_on")
        write_relations([Link(item, kind, other, "节点", 1)], Stamp(source="import", trusted=True))
    return made


@pytest.mark.slow
def test_each_write_of_the_month_stands_with_its_ground(world: World, change: Any) -> None:
    rows = Api(world.manager).get("configuration-register/?month=2026-11").json()["results"]
    assert [(row["change"], row["reason"]) for row in rows] == [(change.number, ""), ("", "写错了"), ("", "")]
    assert "db-1 → 主库" in rows[0]["what"][0]
    assert "主库 → 主数据库" in rows[1]["what"][0]
    assert ("host-1" in rows[2]["what"][0], "节点" in rows[2]["what"][0]) == (True, True)
    assert Api(world.manager).get("configuration-register/?month=2026-10").json()["results"] == []
    assert Api(world.requester).get("configuration-register/").status_code == 403


@pytest.mark.slow
def test_page_sheet_and_paper_say_the_same_for_those_who_may(world: World, change: Any, client: Client) -> None:
    client.force_login(reload_user(world.manager))
    page = client.get(ADDRESS).text
    assert all(text in page for text in (change.number, "主数据库", "写错了", "host-1"))
    sheet, paper = (client.get(f"{ADDRESS}&format={kind}") for kind in ("xlsx", "pdf"))
    assert (sheet.content[:2], paper.content[:4]) == (b"PK", b"%PDF")
    client.force_login(reload_user(world.requester))
    assert client.get(ADDRESS).status_code == 403
