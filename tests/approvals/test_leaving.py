"""What waits for the decision of somebody who is switched off is asked of others; their delegations end (CHG-02)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.leaving import holdings_of, switch_off
from accounts.models import User
from approvals.delegation.delegating import delegate
from approvals.models import ApprovalRound, Ask, Delegation, Policy
from approvals.shell import waiting_for
from notifications.models import Notice
from tests.api.client import Api
from tests.factories import World, reload_user

Make = Callable[..., Policy]
AskFor = Callable[..., ApprovalRound]
pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-02", "INC-22")]


def waiting(made: ApprovalRound) -> set[str]:
    return set(Ask.objects.filter(round=made, waits=True).values_list("person__username", flat=True))


def test_the_substitute_is_asked_when_nobody_else_may_decide(world: World, policy: Make, asked: AskFor) -> None:
    policy(("all", 1, [("person", world.owner)]), substitute="incident_manager")
    made, now = asked(), timezone.now()
    assert [one.kind for one in holdings_of(world.owner, now)] == ["approval", "policy"]

    [held] = [one for one in switch_off(user=world.owner, by=world.admin, now=now) if one.kind == "approval"]

    assert "owner" not in waiting(made)
    assert waiting(made)
    assert held.to
    told = Notice.objects.filter(event="approval_asked").values_list("deliveries__recipient__username", flat=True)
    assert waiting(made) <= set(told)
    assert not waiting_for(world.owner).exists()
    assert [one.kind for one in holdings_of(world.owner, now)] == ["policy"]  # administrators name another


def test_delegations_by_and_to_them_end(world: World, policy: Make, asked: AskFor) -> None:
    policy(("any", 1, [("person", world.owner), ("person", world.lead)]))
    made, now = asked(), timezone.now()
    week = {"starts_at": now - timedelta(days=1), "ends_at": now + timedelta(days=7)}
    delegate(person=world.owner, deputy=world.manager, by=world.owner, now=now, **week)
    delegate(person=world.lead, deputy=world.owner, by=world.lead, now=now, **week)
    assert sorted(one.kind for one in holdings_of(world.owner, now)) == [
        "approval",
        "delegation",
        "delegation",
        "policy",
    ]

    switch_off(user=world.owner, by=world.admin, now=now)

    assert not Delegation.objects.filter(ends_at__gt=now).exists()
    assert waiting(made) == {"lead"}


@pytest.mark.req("APR-01")
def test_a_round_says_who_of_its_deciders_is_switched_off(world: World, policy: Make, asked: AskFor) -> None:
    """Where nobody else may take their place, the name of somebody who cannot decide would be waited for in vain."""
    policy(("all", 2, [("person", world.owner), ("person", world.lead)]))
    made, client = asked(), Client()
    client.force_login(reload_user(world.lead))
    assert "switched off" not in client.get(f"/approvals/{made.pk}/", HTTP_ACCEPT_LANGUAGE="en").text
    User.objects.filter(pk=world.owner.pk).update(is_active=False)

    page = " ".join(client.get(f"/approvals/{made.pk}/", HTTP_ACCEPT_LANGUAGE="en").text.split())

    assert f'<b>{world.owner.display_name}</b> <span class="pill late">switched off</span>' in page
    assert page.count("switched off") == 1
    places = Api(world.lead).get(f"approvals/{made.pk}/").json()["steps"][0]["places"]
    assert [one["is_off"] for one in places] == [True, False]
