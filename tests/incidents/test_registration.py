"""Registering an incident: who may, what follows from what was typed."""

from __future__ import annotations

from typing import Any

import pytest

from incidents.models import Incident
from tests.factories import MONDAY, World, act, last_entry, make_item, make_system, register_incident, reload_user
from tickets.actions import perform
from tickets.errors import ActionForbidden, ActionInvalid, ActionNotFound
from tickets.models import Category, Ticket, TimelineEntry

pytestmark = pytest.mark.django_db


def refused_fields(user: Any, **data: Any) -> list[str]:
    """Names of the fields that keep an incident from being registered."""
    with pytest.raises(ActionInvalid) as refused:
        register_incident(user, **data)
    assert not Incident.objects.exists()
    return sorted(refused.value.form.errors)


@pytest.mark.req("INC-01")
@pytest.mark.parametrize("source", ["phone", "email", "monitoring", "inspection", "sms", "chat", "portal", "api"])
def test_desk_registers_from_every_source(world: World, source: str) -> None:
    assert register_incident(world.desk, source=source).source_id == source


@pytest.mark.req("INC-01")
@pytest.mark.parametrize("person", ["desk", "engineer", "expert", "lead", "manager", "requester"])
def test_whoever_may_register_does(world: World, person: str) -> None:
    ticket = register_incident(world.people[person], now=MONDAY)

    assert (ticket.state, ticket.phase, ticket.registered_by) == ("registered", "open", world.people[person])
    assert (ticket.created_at, ticket.updated_at, ticket.version) == (MONDAY, MONDAY, 1)


@pytest.mark.req("INC-01")
@pytest.mark.parametrize("person", ["approver", "vendor", "nobody", "owner"])
def test_others_may_not_register(world: World, person: str) -> None:
    with pytest.raises(ActionForbidden):
        register_incident(world.people[person])

    assert not Ticket.objects.exists()


@pytest.mark.req("TKT-02")
def test_desk_writes_down_what_the_caller_says(world: World) -> None:
    category = Category.objects.get(code="hw-net")
    make_system("mail2")
    make_item("SRV-1")
    ticket = register_incident(
        world.desk,
        requester="requester",
        description="早上开始",
        source="phone",
        nature="complaint",
        category="hw-net",
        business_system="mail2",
        items=["SRV-1"],
        complexity="3",
        contact_phone="000-0000-2000",
        urgency="normal",
    )

    assert (ticket.requester, ticket.organisation.code) == (world.requester, "exchange")
    assert (ticket.nature_id, ticket.category, ticket.business_system_id) == ("complaint", category, "mail2")
    assert (ticket.complexity, ticket.contact_phone) == (3, "000-0000-2000")
    assert ticket.contact_email == "requester@example.com"
    assert [item.identifier for item in ticket.items.all()] == ["SRV-1"]


@pytest.mark.req("INC-03")
def test_nature_is_an_incident_unless_said_otherwise(world: World) -> None:
    assert register_incident(world.desk).nature_id == "incident"


@pytest.mark.req("TKT-02")
def test_contact_is_taken_from_the_requester(world: World) -> None:
    ticket = register_incident(world.desk, requester="requester")

    assert (ticket.contact_phone, ticket.contact_email) == ("000-0000-1001", "requester@example.com")


@pytest.mark.req("ORG-03")
def test_requester_is_asked_less_and_registers_for_themselves(world: World) -> None:
    typed: dict[str, Any] = {"requester": "requester2", "group": "host", "source": "phone", "nature": "complaint"}
    ticket = register_incident(world.requester, **typed)

    assert (ticket.requester, ticket.organisation.code) == (world.requester, "exchange")
    assert (ticket.group, ticket.source_id, ticket.nature_id) == (None, "portal", "complaint")


@pytest.mark.req("INC-05")
def test_desk_assigns_while_registering(world: World) -> None:
    ticket = register_incident(world.desk, now=MONDAY, group="host", assignee="engineer")

    assert (ticket.state, ticket.group, ticket.assignee) == ("assigned", world.groups["host"], world.engineer)
    assert ticket.assigned_at == MONDAY
    actions = TimelineEntry.objects.filter(ticket=ticket).values_list("action", "state_from", "state_to")
    assert list(actions) == [("register", "", "registered"), ("assign", "registered", "assigned")]


@pytest.mark.req("INC-05")
@pytest.mark.parametrize(
    ("person", "data", "fields"),
    [
        ("desk", {"summary": ""}, ["summary"]),
        ("desk", {"summary": "x" * 201}, ["summary"]),
        ("desk", {"impact": "I9"}, ["impact"]),
        ("desk", {"requester": "nobody-knows"}, ["requester"]),
        ("desk", {"category": "no-such"}, ["category"]),
        ("desk", {"items": ["NO-SUCH"]}, ["items"]),
        ("desk", {"assignee": "engineer"}, ["group"]),
        ("desk", {"group": "host", "assignee": "expert"}, ["assignee"]),
        ("engineer", {"group": "host"}, ["group"]),
    ],
)
def test_what_does_not_fit_is_refused_by_field(
    world: World, person: str, data: dict[str, Any], fields: list[str]
) -> None:
    assert refused_fields(world.people[person], **data) == fields


@pytest.mark.req("ADM-01")
def test_codes_that_were_switched_off_are_not_offered(world: World) -> None:
    Category.objects.filter(code="hw-net").update(active=False)

    assert refused_fields(world.desk, category="hw-net") == ["category"]


@pytest.mark.req("INC-04")
@pytest.mark.parametrize(
    ("impact", "priority"), [("I1", "P1"), ("I2", "P2"), ("I3", "P3"), ("I4", "P4"), ("I5", "P5")]
)
def test_priority_follows_from_impact(world: World, impact: str, priority: str) -> None:
    ticket = register_incident(world.desk, impact=impact)

    assert (ticket.priority_id, ticket.priority_rank) == (priority, int(priority[1]))


@pytest.mark.req("INC-04")
@pytest.mark.parametrize(
    ("impact", "urgency", "priority"),
    [
        ("I1", "low", "P1"),
        ("I2", "high", "P2"),
        ("I2", "low", "P2"),
        ("I3", "high", "P3"),
        ("I3", "low", "P4"),
        ("I4", "high", "P3"),
        ("I4", "normal", "P4"),
        ("I5", "high", "P4"),
        ("I5", "low", "P5"),
    ],
)
def test_urgency_moves_the_lower_priorities_only(world: World, impact: str, urgency: str, priority: str) -> None:
    """P1 and P2 start the emergency procedure: only the criteria of the impact lead there, or away from there."""
    assert register_incident(world.desk, impact=impact, urgency=urgency).priority_id == priority


@pytest.mark.req("INC-04")
@pytest.mark.parametrize(("system_class", "impact"), [("core", "I3"), ("non_core", "I4")])
def test_system_offers_the_impact_when_none_is_given(world: World, system_class: str, impact: str) -> None:
    make_system("billing", system_class)

    assert register_incident(world.desk, impact="", business_system="billing").impact_id == impact


@pytest.mark.req("INC-04")
def test_impact_is_the_lowest_when_nothing_offers_another(world: World) -> None:
    assert register_incident(world.requester, impact="").impact_id == "I5"


@pytest.mark.req("ORG-03")
def test_inactive_people_have_no_rights(world: World) -> None:
    world.desk.is_active = False
    world.desk.save()

    with pytest.raises(ActionForbidden):
        register_incident(reload_user(world.desk))


@pytest.mark.req("TKT-03")
def test_registration_is_logged_with_what_was_typed(world: World) -> None:
    ticket = register_incident(world.desk, now=MONDAY, requester="requester", urgency="high")

    entry = last_entry(ticket)
    assert (entry.action, entry.actor, entry.at, entry.via, entry.is_public) == (
        "register",
        world.desk,
        MONDAY,
        "web",
        True,
    )
    assert (entry.state_from, entry.state_to, entry.changes) == ("", "registered", [])
    assert entry.data["requester"] == {"id": "requester", "zh": "Requester", "en": "Requester"}
    assert entry.data["urgency"] == {"id": "high", "zh": "紧急", "en": "High"}


@pytest.mark.req("TKT-06")
def test_stored_ticket_cannot_be_registered_again(world: World) -> None:
    ticket = register_incident(world.desk)

    with pytest.raises(ActionNotFound):
        act(ticket, "register", world.desk, summary="x")


@pytest.mark.req("TKT-06")
def test_new_ticket_knows_no_other_action(world: World) -> None:
    with pytest.raises(ActionNotFound):
        perform(Incident(), "close", user=world.desk)
