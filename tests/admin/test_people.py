"""People, roles, groups, systems and tokens in the administration."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from accounts.access.tokens import create_token
from accounts.models import ApiToken, Organisation, Role, SupportGroup, User
from cmdb.models import BusinessSystem
from tests.admin.pages import address, errors, typed
from tests.factories import World, incident_in, reload_user
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.req("ADM-01")]


@pytest.mark.req("ORG-01")
def test_permissions_of_a_role_are_ticks(page: Client) -> None:
    url = address(Role, "change", "first_line")
    page.post(url, typed(page, url) | {"permissions": ["ticket.view", "ticket.urge"]})
    assert Role.objects.get(pk="first_line").permissions == ["ticket.view", "ticket.urge"]


@pytest.mark.req("ORG-01")
@pytest.mark.parametrize("change", [{"permissions": ["ticket.view"]}, {"active": ""}], ids=["permission", "switch"])
def test_role_change_leaves_an_administrator(page: Client, world: World, change: dict[str, Any]) -> None:
    url = address(Role, "change", "administrator")
    response = page.post(url, typed(page, url) | change)
    assert "At least one active person" in errors(response)
    assert reload_user(world.admin).is_staff


@pytest.mark.req("ORG-01")
@pytest.mark.parametrize("change", [{"roles": ["desk_agent"]}, {"is_active": ""}], ids=["roles", "switch"])
def test_person_change_leaves_an_administrator(page: Client, world: World, change: dict[str, Any]) -> None:
    url = address(User, "change", world.admin.pk)
    response = page.post(url, typed(page, url) | change)
    assert "At least one active person" in errors(response)
    assert reload_user(world.admin).is_staff


def test_one_of_two_administrators_can_go(page: Client, world: World) -> None:
    world.lead.roles.add(Role.objects.get(pk="administrator"))
    url = address(User, "change", world.lead.pk)
    assert page.post(url, typed(page, url) | {"roles": ["technical_lead"]}).status_code == 302
    assert not reload_user(world.lead).is_staff


def test_last_administrators_are_not_switched_off_together(page: Client, world: World) -> None:
    data = {"action": "switch_off", "_selected_action": [world.admin.pk, world.desk.pk]}
    page.post(address(User, "changelist"), data)
    assert User.objects.filter(is_active=False).count() == 0


def test_switched_off_person_is_signed_out_and_logged(page: Client, world: World) -> None:
    other = Client()
    other.force_login(world.desk)
    page.post(address(User, "changelist"), {"action": "switch_off", "_selected_action": [world.desk.pk]})
    assert not User.objects.get(pk=world.desk.pk).is_active
    assert "_auth_user_id" not in other.session or other.get("/accounts/password/change/").status_code == 302
    assert LogEntry.objects.latest("pk").object_id == str(world.desk.pk)


def test_new_person_with_password(page: Client, world: World) -> None:
    data = {
        "username": "new",
        "full_name": "新人",
        "organisation": world.organisations["exchange"].pk,
        "usable_password": "true",
        "password1": "correct-horse-battery",
        "password2": "correct-horse-battery",
    }
    assert page.post(address(User, "add"), data).status_code == 302
    person = User.objects.get(username="new")
    assert person.check_password("correct-horse-battery")
    assert (person.organisation.code, person.is_staff) == ("exchange", False)


def test_page_of_a_person_never_shows_the_hash(page: Client, world: World) -> None:
    world.desk.set_password("correct-horse-battery")
    world.desk.save()
    stored = world.desk.password.split("$")
    text = page.get(address(User, "change", world.desk.pk)).content.decode()
    assert not [part for part in stored if len(part) > 6 and part in text]
    page.post(reverse("admin:auth_user_password_change", args=[world.desk.pk]), {
        "usable_password": "true", "password1": "another-long-secret", "password2": "another-long-secret",
    })  # fmt: skip
    assert User.objects.get(pk=world.desk.pk).check_password("another-long-secret")


@pytest.mark.req("ORG-01")
def test_groups_of_a_person(page: Client, world: World) -> None:
    url = address(User, "change", world.engineer.pk)
    groups = [world.groups["network"].pk, world.groups["host-l2"].pk]
    assert page.post(url, typed(page, url) | {"support_groups": groups}).status_code == 302
    assert reload_user(world.engineer).group_ids == set(groups)
    text = page.get(address(LogEntry, "changelist")).content.decode()
    assert "<li>Support groups: host → network, host-l2</li>" in text


def test_nobody_is_deleted(page: Client, world: World) -> None:
    assert page.post(address(User, "delete", world.nobody.pk), {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=world.nobody.pk).exists()


@pytest.mark.req("ORG-02")
def test_switched_off_group_stays_on_old_tickets(page: Client, world: World) -> None:
    ticket = incident_in("closed", world)
    url = address(SupportGroup, "change", world.groups["host"].pk)
    assert page.post(url, typed(page, url) | {"active": ""}).status_code == 302
    assert not SupportGroup.objects.get(code="host").active
    assert Ticket.objects.for_rows().get(pk=ticket.pk).group == world.groups["host"]
    assert page.post(address(SupportGroup, "delete", world.groups["host"].pk), {"post": "yes"}).status_code == 200
    assert SupportGroup.objects.filter(code="host").exists()


def test_provider_is_not_switched_off(page: Client, world: World) -> None:
    url = address(Organisation, "change", world.organisations["provider"].pk)
    assert "provider" in errors(page.post(url, typed(page, url) | {"active": ""}))
    url = address(Organisation, "change", world.organisations["egov"].pk)
    assert page.post(url, typed(page, url) | {"active": ""}).status_code == 302


@pytest.mark.req("ORG-04")
def test_engineers_of_a_system(page: Client, world: World) -> None:
    url = address(BusinessSystem, "change", "rtt")
    page.post(url, typed(page, url) | {"primary_engineer": world.lead.pk, "deputy_engineer": world.engineer.pk})
    system = BusinessSystem.objects.get(code="rtt")
    assert (system.primary_engineer, system.deputy_engineer) == (world.lead, world.engineer)


def test_token_is_revoked(page: Client, world: World) -> None:
    token, _text = create_token(user=world.engineer, name="monitoring")
    page.post(address(ApiToken, "changelist"), {"action": "revoke", "_selected_action": [token.pk]})
    assert not ApiToken.objects.get(pk=token.pk).is_valid
