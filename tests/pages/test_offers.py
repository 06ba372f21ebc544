"""A form offers only what its sender may set, and says whom it wakes (ORG-01, DESK-04, MAJ-01)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from cmdb.models import BusinessSystem
from duty.models import Roster
from duty.services import save_roster
from incidents.models import Incident
from incidents.register_form import RegisterForm
from notifications.models import Delivery
from tests.factories import World, act, incident_in, make_system, register_incident

pytestmark = pytest.mark.django_db

Browse = Callable[[User | None], Client]


@pytest.mark.req("ORG-01", "DESK-01")
@pytest.mark.parametrize("person", ["desk", "engineer", "lead", "manager", "requester"])
def test_what_a_form_shows_and_fills_in_is_taken(world: World, browse: Browse, person: str) -> None:
    """Whoever chooses a system gets its usual group filled in only where they may assign."""
    system = make_system("trading", default_group=world.groups["host"])
    user = world.people[person]
    system.organisations.add(user.organisation)  # customers choose among what they use
    form = RegisterForm(ticket=Incident(), user=user)
    sent: dict[str, Any] = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    sent = {name: value for name, value in sent.items() if value not in (None, "")}
    sent |= {"summary": "Screen black", "business_system": system.code}
    filled = form.fields["business_system"].widget.attrs.get("data-sets")
    if filled:
        assert filled in form.fields
        sent[filled] = "host"
    page = browse(user).get("/incidents/new/").content.decode()
    assert ('name="group"' in page) == (person in ("desk", "manager"))
    assert browse(user).post("/incidents/new/", sent).status_code == 302
    assert Incident.objects.get().business_system == system


@pytest.mark.req("DESK-04")
def test_assignees_come_with_duty_and_load_the_least_loaded_first(world: World, browse: Browse) -> None:
    host = world.groups["host"]
    roster = Roster(group=host, period="week", starts_on=date(2026, 1, 5), handover=time(9))
    save_roster(roster=roster, members=[world.lead])
    for _number in range(2):
        incident_in("in_progress", world)  # of the engineer
    client = browse(world.engineer)
    found = client.get("/find/members/?group=host").json()["results"]
    assert [one["value"] for one in found] == ["lead", "engineer2", "engineer"]
    assert [one["detail"] for one in found] == ["on duty · free", "free", "me · 2 open"]
    page = client.get(f"{incident_in('in_progress', world).get_absolute_url()}actions/hand_over/").content.decode()
    assert 'data-url="/find/members/"' in page
    assert "other_engineer" not in page  # nobody of another group is offered, only to be refused


@pytest.mark.req("MAJ-01", "ORG-03")
def test_whom_a_high_priority_wakes_stands_beside_the_button(world: World, browse: Browse) -> None:
    owner, system = world.people["expert"], make_system("trading")
    BusinessSystem.objects.filter(pk=system.pk).update(primary_engineer=owner)
    described = "/find/woken/?kind=incident&impact=I1&group=host&business_system=trading&assignee="
    said = browse(world.desk).get(described).content.decode()
    told = register_incident(world.desk, impact="I1", group="host", business_system="trading")
    told_keys = Delivery.objects.filter(notice__ticket=told).values_list("recipient", flat=True)
    woken = {person.display_name for person in User.objects.filter(pk__in=told_keys)} - {world.desk.display_name}
    assert woken
    for name in woken:
        assert name in said
    assert "<b>" not in browse(world.requester).get(described).content.decode()
    assert "on call" in browse(world.requester).get(described).content.decode()
    assert browse(world.desk).get("/find/woken/?kind=incident&impact=I4").content.decode().strip() == ""
    for kind in ("visit", "nonsense"):  # no kind whose priorities wake anybody
        assert browse(world.desk).get(described.replace("incident", kind)).content.decode().strip() == ""
    raised = browse(world.manager).get(f"/find/woken/?impact=I1&ticket={told.number}").content.decode().strip()
    assert raised == ""  # it has that priority already
    other = act(register_incident(world.desk), "assign", world.desk, group="host")
    page = browse(world.manager).get(f"{other.get_absolute_url()}actions/change_priority/").content.decode()
    assert f"/find/woken/?ticket={other.number}" in page


@pytest.mark.req("INC-03")
@pytest.mark.parametrize(("person", "offered"), [("engineer", 1), ("desk", 4)])
def test_who_does_not_decide_what_it_is_is_offered_what_it_is(world: World, person: str, offered: int) -> None:
    ticket = incident_in("in_progress", world, nature="incident")
    form = ticket.kind_info.actions["edit"].form_class(ticket=ticket, user=world.people[person])

    assert form.fields["nature"].queryset.count() == offered
