"""People, roles, organisations, groups: what a person may do and see (ORG-01 to ORG-04)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.translation import override

from accounts.models import Organisation, Role, Tier, User
from accounts.permissions import Permission
from cmdb.models import ConfigurationItem
from demo.reference import load_reference, read_reference
from tests.factories import (
    World,
    act,
    add_task,
    incident_in,
    make_group,
    make_item,
    make_system,
    make_user,
    register_incident,
    reload_user,
)
from tickets.models import Priority, Ticket

pytestmark = pytest.mark.django_db


@pytest.mark.req("ORG-01")
def test_person_may_what_any_of_the_roles_grants() -> None:
    user = make_user("both", "first_line", "incident_owner")

    assert user.may(Permission.WORK)
    assert user.may(Permission.PRIORITY)
    assert not user.may(Permission.DISPATCH)


@pytest.mark.req("ORG-01")
@pytest.mark.parametrize(
    ("roles", "agent"), [(["requester"], False), (["vendor"], True), (["desk_agent"], True), ([], False)]
)
def test_agents_are_those_who_work_or_see_all(roles: list[str], agent: bool) -> None:
    assert make_user("someone", *roles).is_agent is agent


@pytest.mark.req("ORG-01")
def test_administrator_changes_what_a_role_grants() -> None:
    user = make_user("engineer", "first_line")
    Role.objects.filter(code="first_line").update(permissions=["ticket.dispatch"])

    changed = reload_user(user)
    assert changed.permissions == {"ticket.dispatch"}


@pytest.mark.req("ORG-01")
def test_role_that_is_switched_off_grants_nothing() -> None:
    user = make_user("engineer", "first_line")
    Role.objects.filter(code="first_line").update(active=False)

    assert reload_user(user).permissions == frozenset()
    assert User.objects.get(pk=user.pk).permissions == frozenset()


@pytest.mark.req("ORG-01")
def test_rights_are_the_same_however_they_are_loaded(world: World, django_assert_num_queries: Any) -> None:
    for user in world.people.values():
        plain = User.objects.get(pk=user.pk)
        assert (plain.permissions, plain.group_ids) == (user.permissions, user.group_ids)
    with django_assert_num_queries(1):
        loaded = reload_user(world.lead)
        assert loaded.may(Permission.WORK)
        assert loaded.group_ids
        assert loaded.organisation.code == "provider"


@pytest.mark.req("ORG-01")
def test_names_are_unique_in_any_case(world: World) -> None:
    for fields in ({"username": "DESK"}, {"username": "new", "email": "DESK@example.com"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create_user(**fields, organisation=world.organisations["provider"])


@pytest.mark.req("ORG-01")
def test_people_of_tickets_are_not_removed(world: World) -> None:
    register_incident(world.desk, requester="requester")
    for user in (world.desk, world.requester):
        with pytest.raises(ProtectedError):
            user.delete()


@pytest.mark.req("ORG-01")
@pytest.mark.parametrize(
    "words",
    ["li na", "李", "LINA", "6604", "138-1", "DC00", "li.na@"],
    ids=["latin", "zh", "login", "tel", "mob", "no", "mail"],
)
def test_people_are_found_by_name_phone_and_number(words: str) -> None:
    fields: dict[str, Any] = {
        "full_name_en": "Li Na",
        "phone": "000-6604",
        "mobile": "138-1",
        "employee_number": "DC0001",
    }
    made = make_user("lina", full_name="李娜", **fields | {"email": "li.na@example.com"})
    make_user("other", full_name="王磊")

    assert list(User.objects.matching(words)) == [made]


@pytest.mark.req("UX-01")
@pytest.mark.parametrize(("language", "name"), [("zh-hans", "李娜"), ("en", "Li Na")])
def test_names_follow_the_language(language: str, name: str) -> None:
    user = make_user("lina", full_name="李娜", full_name_en="Li Na")
    with override(language):
        assert user.display_name == name


@pytest.mark.req("ORG-02")
def test_tiers_rank_from_the_desk_to_vendors() -> None:
    assert [Tier(code).rank for code in ("desk", "tier1", "tier2", "tier3")] == [0, 1, 2, 3]


@pytest.mark.req("ORG-02")
def test_group_has_members_and_a_lead() -> None:
    member, lead = make_user("member", "first_line"), make_user("lead", "technical_lead")
    group = make_group("storage", Tier.SECOND, [member], lead)

    assert reload_user(member).group_ids == {group.pk}
    assert group.lead == lead
    assert group.pk not in reload_user(lead).group_ids


@pytest.mark.req("ORG-02")
@pytest.mark.parametrize("holder", ["system", "category"])
def test_group_takes_its_systems_and_categories_by_default(world: World, holder: str) -> None:
    make_system("billing", default_group=world.groups["network"] if holder == "system" else None)
    ticket = register_incident(world.desk, business_system="billing", category="hw-net")
    ticket.category.default_group = world.groups["host"]  # type: ignore[union-attr]
    form = ticket.kind_info.actions["assign"].form_class(ticket=ticket, user=world.desk)

    assert form.initial["group"] == {"system": "network", "category": "host"}[holder]


@pytest.mark.req("ORG-04")
def test_system_has_a_primary_and_a_deputy_engineer(world: World) -> None:
    system = make_system("billing", primary_engineer=world.engineer, deputy_engineer=world.engineer2)

    assert list(world.engineer.primary_systems.all()) == [system]
    assert list(world.engineer2.deputy_systems.all()) == [system]


@pytest.fixture
def tickets(world: World) -> dict[str, Ticket]:
    """One ticket of each sort of owner."""
    own = incident_in("in_progress", world)
    handed = act(incident_in("in_progress", world), "call_vendor", world.engineer, supplier="liyuan", text="?")
    return {
        "requester's": own,
        "colleague's": register_incident(world.colleague),
        "other customer's": register_incident(world.requester2),
        "provider's": register_incident(world.engineer),
        "handed to vendor": handed,
        "task": add_task(own, world.engineer),
    }


ALL = ["requester's", "colleague's", "other customer's", "provider's", "handed to vendor", "task"]
CUSTOMER = ["requester's", "colleague's", "handed to vendor"]


@pytest.mark.req("ORG-03")
@pytest.mark.parametrize(
    ("person", "seen"),
    [
        *((name, ALL) for name in ("desk", "engineer", "expert", "lead", "manager", "owner", "approver", "admin")),
        ("requester", CUSTOMER),
        ("colleague", CUSTOMER),
        ("requester2", ["other customer's"]),
        ("vendor", ["handed to vendor"]),
        ("nobody", []),
    ],
)
def test_everybody_sees_their_own(world: World, tickets: dict[str, Ticket], person: str, seen: list[str]) -> None:
    numbers = set(Ticket.objects.visible_to(world.people[person]).values_list("number", flat=True))

    assert [name for name, ticket in tickets.items() if ticket.number in numbers] == seen


@pytest.mark.req("ORG-03")
def test_without_the_right_to_the_organisation_only_the_own_are_seen(world: World, tickets: dict[str, Ticket]) -> None:
    Role.objects.filter(code="requester").update(permissions=["ticket.register"])
    user = reload_user(world.colleague)

    assert list(Ticket.objects.visible_to(user)) == [tickets["colleague's"].ticket_ptr]  # type: ignore[attr-defined]


@pytest.mark.req("ORG-03")
def test_inactive_people_see_nothing(world: World, tickets: dict[str, Ticket]) -> None:
    User.objects.filter(username="desk").update(is_active=False)

    assert not Ticket.objects.visible_to(reload_user(world.desk)).exists()


@pytest.mark.req("ORG-03")
@pytest.mark.parametrize(("person", "count"), [("desk", 16), ("requester", 2), ("requester2", 1), ("vendor", 1)])
def test_customers_see_people_of_their_organisation(world: World, person: str, count: int) -> None:
    assert User.objects.visible_to(world.people[person]).count() == count


@pytest.mark.req("ORG-03")
@pytest.mark.parametrize(
    ("person", "seen"), [("desk", ["EX", "GOV", "SHARED"]), ("requester", ["EX"]), ("vendor", [])]
)
def test_customers_see_items_of_their_organisation(world: World, person: str, seen: list[str]) -> None:
    make_item("SHARED")
    make_item("EX", world.organisations["exchange"])
    make_item("GOV", world.organisations["egov"])

    found = ConfigurationItem.objects.visible_to(world.people[person])
    assert [item.identifier for item in found] == seen


@pytest.mark.req("ORG-03")
@pytest.mark.parametrize(("person", "seen"), [("desk", 4), ("requester", 1), ("vendor", 1)])
def test_customers_see_their_organisation(world: World, person: str, seen: int) -> None:
    assert Organisation.objects.visible_to(world.people[person]).count() == seen


@pytest.mark.req("ADM-01")
def test_reference_data_are_loaded_once_and_never_overwritten() -> None:
    Priority.objects.filter(code="P1").update(name_en="Changed", response_minutes=7)

    assert load_reference() == 0
    assert Priority.objects.values_list("name_en", "response_minutes").get(code="P1") == ("Changed", 7)


@pytest.mark.req("ADM-01", "ORG-01")
def test_reference_data_are_complete() -> None:
    data = read_reference()
    assert set(Role.objects.values_list("code", flat=True)) == {row["code"] for row in data["roles"]}
    for role in Role.objects.all():
        assert set(role.permissions) <= set(Permission.values), role.code
