"""Whoever is switched off hands on what they hold, with a list before and after (INC-22, ORG-05)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from accounts.leaving import Held, holdings_of, switch_off
from accounts.models import User
from duty.models import Absence, Override, Roster, RosterMember, SwapProposal
from duty.services import on_duty
from notifications.models import Notice
from tests.api.client import Api, problem
from tests.factories import World, act, incident_in, last_entry, unclaimed

pytestmark = [pytest.mark.django_db, pytest.mark.req("INC-22", "ORG-05")]
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def english(settings: Any) -> None:
    """Labels are read as the program writes them."""
    settings.LANGUAGE_CODE = "en"


def kinds(found: list[Held]) -> dict[str, str]:
    """What was handed on, to whom."""
    return {one.kind: one.to for one in found}


def roster_of(world: World, *names: str) -> Roster:
    roster, _new = Roster.objects.get_or_create(
        group=world.groups["host"], defaults={"period": "day", "starts_on": date(2026, 1, 1)}
    )
    roster.places.all().delete()
    for number, name in enumerate(names):
        RosterMember.objects.create(roster=roster, user=world.people[name], position=number)
    return roster


def test_command_of_an_emergency_goes_to_the_incident_manager_on_duty(world: World) -> None:
    ticket = unclaimed(world, impact="I1")
    ticket = act(ticket, "hand_over_command", world.people["manager"], commander="engineer", text="")
    now = timezone.now()
    assert [one.kind for one in holdings_of(world.engineer, now)] == ["command"]

    found = switch_off(user=world.engineer, by=world.admin, now=now)

    ticket.refresh_from_db()
    heir = ticket.commander
    assert heir is not None
    assert heir != world.engineer
    assert kinds(found) == {"command": heir.display_name}
    assert last_entry(ticket).action == "pass_on_command"
    assert Notice.objects.filter(ticket_id=ticket.pk, event="commands", deliveries__recipient=heir).exists()
    assert holdings_of(world.engineer, now) == []


def test_the_lead_of_a_group_goes_to_the_next_in_its_roster_and_their_tickets_too(world: World) -> None:
    group = world.groups["host"]
    type(group).objects.filter(pk=group.pk).update(lead=world.engineer)
    roster_of(world, "engineer", "engineer2")
    ticket = incident_in("in_progress", world)

    found = switch_off(user=world.engineer, by=world.admin, now=timezone.now())

    group.refresh_from_db()
    ticket.refresh_from_db()
    assert (group.lead, ticket.assignee) == (world.people["engineer2"], world.people["engineer2"])
    name = world.people["engineer2"].display_name
    assert kinds(found) == {"lead": name, "roster": name, "ticket": name}
    assert LogEntry.objects.get(object_id=str(group.pk), content_type__model="supportgroup").user == world.admin


def test_a_group_without_a_roster_has_no_lead_and_that_is_said(world: World) -> None:
    group = world.groups["host"]
    Roster.objects.filter(group=group).delete()
    type(group).objects.filter(pk=group.pk).update(lead=world.engineer)

    found = switch_off(user=world.engineer, by=world.admin, now=timezone.now())

    group.refresh_from_db()
    assert (group.lead, kinds(found)["lead"]) == (None, "")


def test_turns_go_to_the_next_in_order_who_is_told_and_swaps_end(world: World) -> None:
    roster, now = roster_of(world, "engineer", "engineer2"), timezone.now()
    engineer, other = world.engineer, world.people["engineer2"]
    Override.objects.create(
        roster=roster, user=engineer, starts_at=now, ends_at=now + 2 * DAY, made_by=other, made_at=now
    )
    away = Absence.objects.create(
        user=other, deputy=engineer, starts_at=now + 9 * DAY, ends_at=now + 10 * DAY, made_by=other, made_at=now
    )
    swap = SwapProposal.objects.create(
        roster=roster, proposer=engineer, other=other, first=now + DAY, second=now + 2 * DAY, made_at=now
    )
    assert {one.kind for one in holdings_of(engineer, now)} == {"roster", "deputy", "swap"}

    found = switch_off(user=engineer, by=world.admin, now=now)

    away.refresh_from_db()
    swap.refresh_from_db()
    assert kinds(found) == {"roster": other.display_name, "deputy": "", "swap": ""}
    assert (away.deputy, swap.state) == (None, "withdrawn")
    assert on_duty(roster.group, now) == other
    assert Notice.objects.filter(event="duty_moved", deliveries__recipient=other).exists()


@pytest.mark.slow
def test_the_list_stands_on_the_pages_before_and_after(world: World) -> None:
    User.objects.filter(pk=world.admin.pk).update(language="en")
    page = Client()
    page.force_login(world.admin)
    ticket = incident_in("assigned", world)
    changelist, data = "/admin/accounts/user/", {"action": "switch_off", "_selected_action": [world.engineer.pk]}
    assert ticket.number in page.get(f"{changelist}{world.engineer.pk}/change/").content.decode()

    before = page.post(changelist, data).content.decode()
    assert ticket.number in before
    assert User.objects.get(pk=world.engineer.pk).is_active
    after = page.post(changelist, data | {"confirmed": "1"}, follow=True).content.decode()

    assert f"{ticket.number} {ticket.summary} →" in after
    assert not User.objects.get(pk=world.engineer.pk).is_active
    assert page.post(changelist, {**data, "_selected_action": [world.nobody.pk]}).status_code == 302
    assert not User.objects.get(pk=world.nobody.pk).is_active  # who holds nothing is switched off at once


def test_programs_read_the_list_and_switch_off_once(world: World) -> None:
    ticket, api = incident_in("assigned", world), Api(world.admin)
    [held] = api.results("people/engineer/held/")
    assert (held["kind"], held["name"], held["to"]) == ("ticket", f"{ticket.number} {ticket.summary}", "")

    sent = {"idempotency_key": "a"}
    first = api.post("people/engineer/switch-off/", **sent)
    again = api.post("people/engineer/switch-off/", **sent)

    assert first.status_code == 200
    assert first.json() == again.json()
    assert [row["kind"] for row in first.json()["results"]] == ["ticket"]
    assert not User.objects.get(pk=world.engineer.pk).is_active
    assert api.post("people/engineer/switch-off/").json() == {"results": []}
    problem(Api(world.desk).post("people/engineer2/switch-off/"), 403)
    problem(Api(world.desk).get("people/engineer2/held/"), 403)
    problem(api.post("people/admin/switch-off/"), 400)
    assert User.objects.get(pk=world.admin.pk).is_active
