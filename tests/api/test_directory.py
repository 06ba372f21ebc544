"""People, groups, services and code tables: what integrations look up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.codes import CodeTable
from itsm.api.code_tables import code_tables
from tests.api.client import Api, problem
from tests.factories import World, make_item, make_system
from tickets.models import Category

pytestmark = [pytest.mark.django_db, pytest.mark.req("API-01")]

#: Token, its owner, the bucket of the rate limit, the rows.
LIST_QUERIES = 4
EXPECTED_TABLES = {
    *("priorities", "impact-levels", "urgencies", "sources", "natures", "close-codes", "satisfactions"),
    *("wait-reasons", "reject-reasons", "request-types", "task-kinds", "roles"),
}


def keys(rows: list[dict[str, Any]], name: str = "code") -> list[Any]:
    """One column of a list."""
    return [row[name] for row in rows]


def test_every_code_table_is_offered_without_being_listed_anywhere(world: World) -> None:
    api = Api(world.requester)

    tables = {row["table"]: row["url"] for row in api.results("codes/")}

    assert tables.keys() >= EXPECTED_TABLES
    assert all(issubclass(model, CodeTable) for model in code_tables().values())
    for url in tables.values():
        assert api.get(url).status_code == 200
    problem(api.get("codes/secrets/"), 404)


def test_codes_come_in_their_order_with_both_names_and_their_own_columns(world: World) -> None:
    rows = Api(world.requester).results("codes/priorities/")

    assert keys(rows) == ["P1", "P2", "P3", "P4", "P5"]
    assert (rows[0]["name"], rows[0]["name_zh"], rows[0]["name_en"]) == ("Critical", "特大事件", "Critical")
    assert rows[0]["details"] == {"rank": 1, "response_minutes": 5, "resolve_minutes": 60}


def test_rights_of_roles_and_people_behind_services_are_not_told(world: World) -> None:
    rows = Api(world.requester).results("codes/roles/")

    assert {str(row["details"]) for row in rows} == {"{}"}


def test_codes_can_be_searched_and_paged(world: World) -> None:
    api = Api(world.desk)

    assert keys(api.results("codes/priorities/?q=特大")) == ["P1"]
    first = api.get("codes/priorities/?page_size=2").json()
    assert keys(first["results"]) + keys(api.get(first["next"]).json()["results"]) == ["P1", "P2", "P3", "P4"]
    assert keys(api.results("codes/priorities/?active=false")) == []


@pytest.mark.req("ORG-03")
def test_customers_find_colleagues_only(world: World) -> None:
    api = Api(world.requester)

    assert keys(api.results("people/"), "username") == ["colleague", "requester"]
    assert keys(api.results("people/?organisation=egov"), "username") == []
    problem(api.get("people/requester2/"), 404)
    problem(api.get("people/engineer/"), 404)


def test_staff_find_people_by_words_group_and_organisation(
    world: World, django_assert_num_queries: Callable[..., Any]
) -> None:
    api = Api(world.desk)

    assert keys(api.results("people/?q=requester"), "username") == ["requester", "requester2"]
    assert keys(api.results("people/?group=host-l2"), "username") == ["expert"]
    assert keys(api.results("people/?organisation=egov"), "username") == ["requester2"]
    with django_assert_num_queries(LIST_QUERIES + 1):
        api.results("people/")
    person = api.get("people/engineer/").json()
    assert (person["name"], person["groups"], person["active"]) == ("Engineer", ["host"], True)
    assert "password" not in person


@pytest.mark.req("ORG-03")
def test_groups_and_organisations_of_others_are_not_shown_to_customers(world: World) -> None:
    api = Api(world.requester)

    assert keys(api.results("groups/")) == []
    assert keys(api.results("organisations/")) == ["exchange"]
    problem(api.get("groups/host/"), 404)
    problem(api.get("organisations/egov/"), 404)


def test_groups_and_organisations_for_staff(world: World, django_assert_num_queries: Callable[..., Any]) -> None:
    api = Api(world.desk)
    api.get("groups/")

    with django_assert_num_queries(LIST_QUERIES):
        rows = api.results("groups/?tier=tier1")

    assert keys(rows) == ["host", "network"]
    assert rows[0]["lead"] == {"username": "lead", "name": "Lead"}
    assert keys(api.results("organisations/?kind=customer")) == ["egov", "exchange"]


@pytest.mark.req("ORG-03")
def test_configuration_items_are_those_of_the_own_organisation(world: World) -> None:
    for code in ("exchange", "egov"):
        make_item(f"SRV-{code}", organisation=world.organisations[code])
    make_item("SAN-1")

    assert keys(Api(world.requester).results("configuration-items/"), "identifier") == ["SRV-exchange"]
    assert keys(Api(world.desk).results("configuration-items/?q=SRV"), "identifier") == ["SRV-egov", "SRV-exchange"]
    problem(Api(world.requester).get("configuration-items/SAN-1/"), 404)


@pytest.mark.req("ORG-03")
def test_who_looks_after_a_business_system_is_for_staff(world: World) -> None:
    make_system("sys-x", primary_engineer=world.engineer, for_everybody=True)

    for_staff = Api(world.desk).get("business-systems/sys-x/").json()
    for_customer = Api(world.requester).get("business-systems/sys-x/").json()

    assert for_staff["primary_engineer"] == {"username": "engineer", "name": "Engineer"}
    assert for_staff.keys() - for_customer.keys() == {"primary_engineer", "deputy_engineer", "default_group"}


def test_categories_show_the_way_down_to_them(world: World, django_assert_num_queries: Callable[..., Any]) -> None:
    api, leaf = Api(world.desk), Category.objects.select_related("parent").filter(parent__parent__isnull=False)[0]
    api.get("categories/")

    with django_assert_num_queries(LIST_QUERIES):
        rows = api.results(f"categories/?parent={leaf.parent.code}")  # type: ignore[union-attr]

    assert leaf.code in keys(rows)
    row = api.get(f"categories/{leaf.code}/").json()
    assert (row["level"], row["path_zh"], row["parent"]["code"]) == (3, leaf.path_zh, leaf.parent.code)  # type: ignore[union-attr]
