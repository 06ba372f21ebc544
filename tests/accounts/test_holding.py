"""A role that is switched off gives nobody anything, wherever people with a right are looked for (ORG-02)."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Role, User
from accounts.permissions import Permission
from duty.services import recipients_for
from problems.forms import AssignForm
from problems.models import Problem
from tests.factories import World, make_user, reload_user
from tickets import clock

pytestmark = [pytest.mark.django_db, pytest.mark.req("ORG-02")]


@pytest.fixture
def resting(world: World) -> User:
    """Somebody whose only role, which allows everything, is switched off."""
    everything = Role.objects.create(
        code="everything", name_zh="全部", name_en="All", permissions=[*Permission.values], active=False
    )
    person = make_user("resting", "first_line")
    person.roles.set([everything])
    return reload_user(person)


def test_no_right_is_held_by_a_role_that_is_switched_off(world: World, resting: User) -> None:
    assert not resting.permissions
    assert not User.objects.holding(*Permission.values).filter(pk=resting.pk).exists()


def test_who_has_none_is_not_offered_for_a_mention(world: World, resting: User) -> None:
    page = Client()
    page.force_login(reload_user(world.desk))
    found = page.get("/find/colleagues/?q=resting").json()["results"]

    assert found == []
    Role.objects.filter(code="everything").update(active=True)
    assert [row["value"] for row in page.get("/find/colleagues/?q=resting").json()["results"]] == ["resting"]


def test_who_has_none_is_not_offered_to_own_a_problem(world: World, resting: User) -> None:
    form = AssignForm(ticket=Problem(), user=world.manager)
    for name in ("assignee", "team"):
        offered = form.fields[name].queryset  # type: ignore[attr-defined]
        assert offered.filter(pk=world.engineer.pk).exists()
        assert not offered.filter(pk=resting.pk).exists()


def test_who_has_none_is_not_told_where_nobody_else_is_left(world: World, resting: User) -> None:
    User.objects.exclude(username__in=["admin", "resting"]).update(is_active=False)

    assert [person.username for person in recipients_for("incident_manager", None, clock.now())] == ["admin"]
