"""Who sees a ticket, written by hand from the requirements: no rule of the product is asked (ORG-03)."""

from __future__ import annotations

import pytest

from accounts.models import Role
from tests.api.client import Api
from tests.factories import World, act, incident_in, register_incident, reload_user
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.req("ORG-03")]

#: The summaries of the tickets that each person sees.
SEEN = {
    "desk": {"own", "colleague's", "elsewhere", "vendor's"},
    "engineer": {"own", "colleague's", "elsewhere", "vendor's"},
    "manager": {"own", "colleague's", "elsewhere", "vendor's"},
    "requester": {"own", "colleague's", "vendor's"},
    "colleague": {"own", "colleague's", "vendor's"},
    "requester2": {"elsewhere"},
    "vendor": {"vendor's"},
    "nobody": set(),
}


@pytest.fixture
def tickets(world: World) -> None:
    """One of each: two of the exchange, one of another customer, one of the exchange that a supplier works on."""
    register_incident(world.requester, summary="own")
    register_incident(world.colleague, summary="colleague's")
    register_incident(world.requester2, summary="elsewhere")
    ticket = incident_in("in_progress", world, summary="vendor's")
    act(ticket, "call_vendor", world.engineer, supplier="liyuan", vendor_case_number="C-9", text="?")


def seen_by(world: World, name: str) -> set[str]:
    """What ``name`` reads in the list of the API, which is what may be seen of the table."""
    person = reload_user(world.people[name])
    listed = {row["summary"] for row in Api(person).get("incidents/?page_size=100").json()["results"]}
    assert listed == set(Ticket.objects.visible_to(person).values_list("summary", flat=True))
    return listed


@pytest.mark.parametrize("name", SEEN)
def test_who_sees_which_ticket(world: World, tickets: None, name: str) -> None:
    if name == "nobody":
        assert not Ticket.objects.visible_to(reload_user(world.nobody)).exists()
        assert Api(world.nobody).get("incidents/").status_code in (200, 403)
        return
    assert seen_by(world, name) == SEEN[name]


def test_who_does_not_follow_the_organisation_sees_what_is_theirs(world: World, tickets: None) -> None:
    """A role without that right narrows to one's own; it opens nothing of others."""
    requester = Role.objects.get(code="requester")
    requester.permissions = [one for one in requester.permissions if one != "ticket.view_organisation"]
    requester.save()

    assert seen_by(world, "colleague") == {"colleague's"}
    assert seen_by(world, "requester2") == {"elsewhere"}
    ticket = Ticket.objects.get(summary="own")
    assert Api(reload_user(world.colleague)).get(f"incidents/{ticket.number}/").status_code == 404
