"""Customers see the systems and categories that their own organisation uses, and no other customer's (ORG-03)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from cmdb.models import BusinessSystem
from incidents.models import Incident
from tests.api.client import Api
from tests.factories import World, make_item, make_system, register_incident
from tickets.errors import ActionInvalid
from tickets.models import Category, Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.req("ORG-03")]


@pytest.fixture
def used(world: World) -> None:
    """Each customer has a ticket with a system and a category, one has an item, and one is named for it by hand."""
    make_system("everybody", for_everybody=True)
    make_use(world, "own", "exchange", "colleague")
    make_use(world, "foreign", "egov", "requester2")


def make_use(world: World, name: str, organisation: str, person: str) -> None:
    for way in ("ticket", "item", "named"):
        make_system(f"{name}-{way}")
    make_item(f"{name}-1", world.organisations[organisation], business_system_id=f"{name}-item")
    BusinessSystem.objects.get(code=f"{name}-named").organisations.add(world.organisations[organisation])
    leaf = make_category(f"{name}-leaf", make_category(f"{name}-middle", make_category(f"{name}-top")))
    register_incident(world.desk, requester=person, business_system=f"{name}-ticket", category=leaf.code)


def make_category(code: str, parent: Category | None = None) -> Category:
    category = Category(code=code, name_zh=code, name_en=code, parent=parent)
    category.set_path()
    category.save()
    return category


SYSTEMS = ["everybody", "own-item", "own-named", "own-ticket"]
CATEGORIES = ["own-leaf", "own-middle", "own-top"]


def codes(user: User, address: str) -> list[str]:
    return sorted(row["code"] for row in Api(user).results(address))


@pytest.mark.slow
def test_lists_of_the_api_hold_what_the_organisation_uses(world: World, used: None) -> None:
    for address in ("business-systems/?page_size=100", "codes/business-systems/?page_size=100"):
        assert codes(world.requester, address) == SYSTEMS, address
        assert len(codes(world.desk, address)) == BusinessSystem.objects.count()
    assert codes(world.requester, "categories/?page_size=100") == CATEGORIES
    assert {"own-leaf", "foreign-leaf", "hw-net"} <= set(codes(world.desk, "categories/?page_size=100"))
    for foreign in ("business-systems/foreign-item/", "categories/foreign-leaf/", "categories/hw-net/"):
        assert Api(world.requester).get(foreign).status_code == 404, foreign


@pytest.mark.slow
def test_a_supplier_sees_the_systems_of_what_was_handed_to_it(world: World, used: None) -> None:
    assert codes(world.vendor, "business-systems/") == ["everybody"]
    ticket = Ticket.objects.get(business_system="foreign-ticket")
    Ticket.objects.filter(pk=ticket.pk).update(supplier=world.organisations["liyuan"])

    assert codes(world.vendor, "business-systems/") == ["everybody", "foreign-ticket"]
    assert codes(world.vendor, "categories/") == ["foreign-leaf", "foreign-middle", "foreign-top"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["business_system", "category"])
def test_a_filter_by_a_foreign_code_answers_as_by_one_that_does_not_exist(world: World, used: None, name: str) -> None:
    foreign = {"business_system": "foreign-ticket", "category": "foreign-leaf"}[name]
    own = foreign.replace("foreign", "own")
    api = Api(world.colleague)

    def answer(code: str) -> tuple[int, str]:
        found = api.get(f"incidents/?{name}={code}")
        return found.status_code, re.sub(r'"(request_id|instance)": ?"[^"]*"', "", found.content.decode()).replace(
            code, "?"
        )

    assert answer(foreign) == answer("no-such-code")
    assert api.results(f"incidents/?{name}={foreign}") == []
    assert Api(world.desk).get(f"incidents/?{name}=no-such-code").status_code == 400
    assert len(api.results(f"incidents/?{name}={own}")) == 1
    assert len(Api(world.desk).results(f"incidents/?{name}={foreign}")) == 1


@pytest.mark.slow
def test_the_filter_of_items_too(world: World, used: None) -> None:
    assert Api(world.requester).results("configuration-items/?business_system=foreign-item") == []
    found = Api(world.requester).results("configuration-items/?business_system=own-item")
    assert [row["identifier"] for row in found] == ["own-1"]


def test_the_portal_offers_and_takes_what_the_organisation_uses(
    world: World, used: None, browse: Callable[[User], Client]
) -> None:
    page = browse(world.requester).get("/incidents/new/").content.decode()
    offered = re.search(r'<select name="business_system".*?</select>', page, re.S)
    assert offered is not None
    assert sorted(re.findall(r'value="([^"]+)"', offered[0])) == SYSTEMS

    for code in ("foreign-ticket", "no-such-code"):
        with pytest.raises(ActionInvalid) as refused:
            register_incident(world.requester, business_system=code)
        assert list(refused.value.form.errors) == ["business_system"]
    assert register_incident(world.requester, business_system="own-item").business_system_id == "own-item"


@pytest.mark.slow
def test_another_customers_systems_and_categories_change_no_answer(
    world: World, browse: Callable[[User], Client]
) -> None:
    """Two sets of data that differ in what another customer uses look the same to a requester, at every door."""
    make_use(world, "own", "exchange", "colleague")
    client, api = browse(world.colleague), Api(world.colleague)
    pages = ("/", "/incidents/", "/incidents/?view=all", "/search/?q=foreign", "/incidents/new/", "/tickets/")
    lists = ("business-systems/", "codes/business-systems/", "categories/", "search/?q=foreign", "incidents/new/")
    narrowed = tuple(
        f"{rows}/?{name}=foreign-{end}"
        for rows, name, end in (
            ("incidents", "business_system", "ticket"),
            ("incidents", "category", "leaf"),
            ("configuration-items", "business_system", "item"),
        )
    )

    def seen() -> dict[str, tuple[int, str]]:
        answers = {page: client.get(page, follow=True) for page in pages}
        answers |= {address: api.get(address) for address in (*lists, *narrowed)}
        return {door: (answer.status_code, plain(answer.content.decode())) for door, answer in answers.items()}

    before = seen()
    make_use(world, "foreign", "egov", "requester2")
    after = seen()

    assert [door for door in before if before[door] != after[door]] == []
    assert {before[address][0] for address in narrowed} == {200}


def plain(text: str) -> str:
    """An answer without what is drawn anew each time."""
    return re.sub(r"[A-Za-z0-9]{64}|[0-9a-f-]{16,}|\d\d:\d\d", "", text)


def test_staff_of_the_provider_choose_among_all(world: World, used: None) -> None:
    form = Incident().kind_info.actions["register"].form_class(user=world.desk, ticket=Incident(), data={})
    field: Any = form.fields["business_system"]
    assert field.queryset.filter(code="foreign-ticket").exists()
