"""Who is asked follows who may decide, at every moment; being asked grants reading, as long as it lasts (CHG-03)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from accounts.models import Organisation, Role, User
from approvals.decisions.deciding import decide
from approvals.delegation.delegating import delegate, end_delegation
from approvals.due import run_due
from approvals.models import ApprovalRound, Policy
from approvals.services import ask, withdraw
from approvals.shell import waiting_for
from duty.models import Absence
from duty.services import record_absence
from notifications.models import Delivery
from tests.approvals.conftest import TRIP
from tests.factories import MONDAY, World, act, make_user, reload_user
from tests.second_kind.models import Visit
from tickets.errors import ActionForbidden, ActionNotFound
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-03")]
Make = Callable[..., Policy]
AskFor = Callable[..., ApprovalRound]
REFUSED = (ActionForbidden, ActionNotFound)


def hours(n: int) -> datetime:
    """So many hours after it was asked."""
    return MONDAY + timedelta(hours=n)


def waits(person: User) -> bool:
    """Whether a round is on the person's list."""
    return waiting_for(reload_user(person)).exists()


def sees(person: User) -> bool:
    """Whether the person sees a ticket."""
    return Ticket.objects.visible_to(reload_user(person)).exists()


def told(event: str, person: User) -> int:
    """How often the person was told in the portal."""
    return Delivery.objects.filter(notice__event=event, channel="portal", recipient=person).count()


def test_a_former_delegate_of_a_substitute_decides_nothing(world: World, policy: Make, asked: AskFor) -> None:
    policy(("all", 1, [("person", world.owner)]), substitute="change_approver")
    made = asked()
    span = {"starts_at": MONDAY, "ends_at": hours(48), "now": MONDAY}
    given = delegate(person=world.approver, deputy=world.lead, by=world.approver, **span)
    run_due(hours(12))
    run_due(hours(24))
    assert waits(world.lead)

    end_delegation(delegation=given, now=hours(25))
    assert not waits(world.lead)
    with pytest.raises(REFUSED):
        decide(pk=made.pk, user=reload_user(world.lead), verdict="approve", now=hours(26))
    assert decide(pk=made.pk, user=reload_user(world.approver), verdict="approve", now=hours(26)).for_person is None


@pytest.mark.parametrize("how", ["absence", "delegation"])
def test_whoever_says_themselves_that_they_stand_in_does_not(
    world: World, policy: Make, asked: AskFor, how: str
) -> None:
    policy(("all", 1, [("person", world.lead)]))
    made = asked()
    span = {"starts_at": MONDAY, "ends_at": hours(9)}
    if how == "absence":
        away = Absence(user=world.lead, deputy=world.admin, **span)
        record_absence(absence=away, by=world.admin, now=MONDAY)
    else:
        delegate(person=world.lead, deputy=world.admin, by=world.admin, now=MONDAY, **span)
    run_due(hours(1))
    assert not waits(world.admin)
    with pytest.raises(REFUSED):
        decide(pk=made.pk, user=reload_user(world.admin), verdict="approve", now=hours(1))


def test_a_deputy_who_changes_the_absence_says_it_themselves(world: World, policy: Make, asked: AskFor) -> None:
    policy(("all", 1, [("person", world.lead)]))
    made = asked()
    away = Absence(user=world.lead, deputy=world.engineer, starts_at=MONDAY, ends_at=hours(9))
    record_absence(absence=away, by=world.lead, now=MONDAY)
    away.deputy = world.admin
    record_absence(absence=away, by=world.admin, now=MONDAY)
    with pytest.raises(REFUSED):
        decide(pk=made.pk, user=reload_user(world.admin), verdict="approve", now=hours(1))


def test_after_the_due_time_the_list_goes_on_following_who_may(world: World, policy: Make, asked: AskFor) -> None:
    policy(("any", 1, [("group_lead", world.groups["host"]), ("person", world.owner)]))
    asked()
    run_due(hours(12))
    run_due(hours(24))
    reminded = told("approval_overdue", world.owner)
    world.groups["host"].__class__.objects.filter(pk=world.groups["host"].pk).update(lead=world.engineer)
    assert run_due(hours(24)) == 0
    run_due(hours(25))

    assert (waits(world.lead), waits(world.engineer)) == (False, True)
    assert told("approval_asked", world.engineer) == 1
    run_due(hours(26))
    assert told("approval_asked", world.engineer) == 1
    assert told("approval_overdue", world.owner) == reminded


def test_roles_leads_and_managers_are_followed_at_once(world: World, policy: Make, asked: AskFor, boss: User) -> None:
    host = world.groups["host"]
    places = [("role", "change_approver"), ("group_lead", host), ("department_manager", None), ("person", world.owner)]
    policy(("any", 1, places))
    asked()
    world.approver.roles.clear()
    fresh = make_user("fresh", "change_approver")
    assert (waits(world.approver), waits(fresh)) == (False, True)
    Role.objects.get(code="change_approver").people.add(world.engineer2)
    assert waits(world.engineer2)
    Role.objects.get(code="change_approver").people.clear()
    assert not waits(world.engineer2)
    host.lead = world.engineer
    host.save()
    assert (waits(world.lead), waits(world.engineer)) == (False, True)
    department = world.desk.department
    assert department is not None
    department.manager = world.other_engineer
    department.save()
    assert (waits(boss), waits(world.other_engineer)) == (False, True)
    assert waits(world.owner)


def test_decision_makers_and_interface_person_are_followed_at_once(world: World, policy: Make, asked: AskFor) -> None:
    first, second = make_user("first"), make_user("second")
    provider = Organisation.objects.get(pk=world.desk.organisation_id)
    provider.decision_makers.add(first)
    third = make_user("third")
    provider.interface_person = third
    provider.save()
    policy(("any", 1, [("decision_makers", None)]), ("any", 1, [("interface_person", None)]))
    made = asked()
    provider.decision_makers.set([second])
    assert (waits(first), waits(second)) == (False, True)
    decide(pk=made.pk, user=reload_user(second), verdict="approve", now=hours(1))
    assert waits(third)
    provider.interface_person = first
    provider.save()
    assert (waits(third), waits(first)) == (False, True)


@pytest.mark.slow
def test_the_form_is_shown_to_who_may_decide_and_to_nobody_else(world: World, policy: Make, asked: AskFor) -> None:
    policy(("any", 1, [("group_lead", world.groups["host"]), ("person", world.owner)]))
    made = asked()
    world.groups["host"].__class__.objects.filter(pk=world.groups["host"].pk).update(lead=None)
    for person, shown in ((world.lead, False), (world.owner, True)):
        page = Client(headers={"accept-language": "en"})
        page.force_login(reload_user(person))
        assert ('name="verdict"' in page.get(f"/approvals/{made.pk}/").content.decode()) is shown


@pytest.fixture
def contact(world: World, policy: Make, visit: Visit) -> User:
    """The interface person of the customer whose visit is asked about; they would not see it otherwise."""
    customer = world.requester.organisation
    contact = make_user("contact", organisation=customer)
    customer.interface_person = contact
    customer.save()
    Visit.objects.update(organisation=customer, requester=world.requester)
    policy(("any", 1, [("interface_person", None), ("person", world.owner)]))
    return contact


def test_being_asked_grants_reading_and_no_word(world: World, visit: Visit, contact: User) -> None:
    ask(ticket=Visit.objects.get(), purpose=TRIP, user=world.desk, now=MONDAY)
    assert sees(contact)
    with pytest.raises(REFUSED):
        act(visit, "comment", reload_user(contact), now=hours(1), text="你好")


@pytest.mark.parametrize("end", ["withdrawn", "others", "theirs"])
def test_reading_ends_with_the_round_for_who_decided_nothing(
    world: World, visit: Visit, contact: User, end: str
) -> None:
    made = ask(ticket=Visit.objects.get(), purpose=TRIP, user=world.desk, now=MONDAY)
    if end == "withdrawn":
        withdraw(ticket=Visit.objects.get(), purpose=TRIP, user=world.desk, now=hours(2))
    else:
        person = contact if end == "theirs" else world.owner
        decide(pk=made.pk, user=reload_user(person), verdict="approve", now=hours(1))
    assert sees(contact) is (end == "theirs")
