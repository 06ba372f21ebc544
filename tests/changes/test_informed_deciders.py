"""Who was asked to decide about a change is told how it goes on, and reads it no longer than that (CHG-11, ORG-03)."""

from __future__ import annotations

import pytest
from django.test import Client

from approvals.models import Policy
from approvals.policy.policies import publish
from changes.informing.due import run_informing
from changes.models import Change
from notifications.models import Notice
from tests.changes.making import approve, later, request, systems_of_customers
from tests.factories import MONDAY, World, act, make_user, reload_user
from tickets.errors import ActionForbidden
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-04", "NTF-04", "CHG-11", "ORG-03")]
#: The beginning of ``request``: Tuesday 20:00 in Shanghai.
START = later(35)


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need; two systems, each used by one customer."""
    return systems_of_customers(world)


def test_an_interface_person_who_decided_gets_a_notice_of_their_own_at_every_step(world: World) -> None:
    """About the systems of their customer; whoever is only the contact of a customer reads the announcement."""
    exchange, egov = world.organisations["exchange"], world.organisations["egov"]
    for customer in (exchange, egov):
        customer.interface_person = make_user(f"contact-{customer.code}", organisation=customer)
        customer.save()
    policy = Policy.objects.get(code="change-simple")
    policy.deciders.all().delete()
    policy.deciders.create(step=1, kind="interface_person")
    publish(policy=policy, by=world.admin, now=MONDAY)
    change = request(world, business_system="core-db", effect="短时中断")
    Change.objects.filter(pk=change.pk).update(organisation=exchange)
    change = act(act(change, "submit", world.lead, now=MONDAY), "accept", world.people["changer"], now=MONDAY)
    change = act(change, "ask_approval", world.lead, now=MONDAY)
    asked = Notice.objects.get(event="approval_asked")
    assert [one.recipient for one in asked.deliveries.filter(channel="email")] == [exchange.interface_person]
    change = approve(change, exchange.interface_person)
    run_informing(later(12))
    act(change, "start", world.engineer, now=START)
    told = list(Notice.objects.filter(event="approver_told").order_by("pk"))
    assert len(told) == 2  # approved, and a day before
    for notice in told:
        readers = set(notice.deliveries.values_list("recipient__username", flat=True))
        assert (readers, notice.ticket_id) == ({"contact-exchange"}, change.pk)
        assert "core-db system" in notice.payload["text"]["en"]
        assert "2026-11-24 20:00" in notice.payload["text"]["en"]


def test_who_was_asked_and_did_not_decide_is_told_and_reads_it_until_the_approval_falls(
    world: World, client: Client
) -> None:
    """An interface person and a leader beside the approver who decides; neither reads what is internal of it."""
    exchange = world.organisations["exchange"]
    contact = exchange.interface_person = make_user("contact", organisation=exchange)
    exchange.save()
    policy = Policy.objects.get(code="change-simple")
    policy.deciders.all().delete()
    policy.deciders.create(step=1, kind="interface_person")
    for person in (world.approver, world.people["leader"]):
        policy.deciders.create(step=1, kind="person", person=person)
    publish(policy=policy, by=world.admin, now=MONDAY)
    change = request(world, business_system="core-db", effect="短时中断", plan="内部计划")
    Change.objects.filter(pk=change.pk).update(organisation=exchange)
    change = act(act(change, "submit", world.lead, now=MONDAY), "accept", world.people["changer"], now=MONDAY)
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)
    run_informing(later(12))
    change = act(change, "start", world.engineer, now=START)
    change = act(change, "report_delay", world.engineer, now=later(36), expected_end="2026-11-24T23:00")
    change = act(change, "implement", world.engineer, now=later(38), result="as_planned")

    told = Notice.objects.filter(event="approver_told", deliveries__recipient=contact).distinct().order_by("pk")
    assert [one.payload["text"]["en"].split(" · ")[0] for one in told] == [
        "Planned change",
        "Planned change starts soon",
        "Planned change takes longer",
        "Planned change has ended",
    ]
    inside = Notice.objects.filter(event="change_told", deliveries__recipient=world.people["leader"]).distinct()
    assert inside.count() == 4
    client.force_login(reload_user(contact))
    page = client.get(f"/tickets/{change.number}/", follow=True)
    assert page.status_code == 200
    assert "内部计划" not in page.content.decode()
    with pytest.raises(ActionForbidden):
        act(change, "comment", reload_user(contact), now=later(39), text="你好")


def test_who_was_asked_in_a_round_that_fell_learns_that_and_reads_the_change_no_longer(world: World) -> None:
    exchange = world.organisations["exchange"]
    contact = exchange.interface_person = make_user("contact", organisation=exchange)
    exchange.save()
    policy = Policy.objects.get(code="change-simple")
    policy.deciders.all().delete()
    policy.deciders.create(step=1, kind="interface_person")
    policy.deciders.create(step=1, kind="person", person=world.approver)
    publish(policy=policy, by=world.admin, now=MONDAY)
    change = request(world, business_system="core-db", effect="短时中断")
    Change.objects.filter(pk=change.pk).update(organisation=exchange)
    change = act(act(change, "submit", world.lead, now=MONDAY), "accept", world.people["changer"], now=MONDAY)
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)
    assert Ticket.objects.visible_to(reload_user(contact)).filter(pk=change.pk).exists()
    act(change, "edit", world.lead, now=later(1), effect="长时中断", let_approvals_fall=True)
    assert not Ticket.objects.visible_to(reload_user(contact)).filter(pk=change.pk).exists()
    assert Notice.objects.filter(event="approval_fell", deliveries__recipient=contact).exists()
