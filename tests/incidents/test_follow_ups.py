"""The desk owns every incident to its closing: its follow-up list, and the talk with the previous handler (INC-21)."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from incidents.models import Incident
from problems.models import Problem
from tests.api.client import Api
from tests.changes.making import change_in, staffed
from tests.factories import World, act, incident_in, last_entry, wait
from tests.incidents.asserting import refused_fields
from tests.pages.conftest import browse
from tickets.errors import ActionConflict, ActionForbidden
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.req("INC-21")]
__all__ = ["browse"]


@pytest.fixture
def follow_up(world: World) -> Any:
    """An incident that goes on with one that was not solved."""
    act(incident_in("resolved", world), "not_solved", world.requester, text="还是不行")
    return Incident.objects.get(reopen_count=1)


def test_the_talk_with_the_previous_handler_is_recorded(world: World, follow_up: Any) -> None:
    assert refused_fields(follow_up, "record_talk", world.desk) == ["spoke_how", "spoke_with", "text"]
    said: dict[str, Any] = {"spoke_with": "engineer", "spoke_how": "phone", "text": "只重启过服务"}
    with pytest.raises(ActionForbidden):
        act(follow_up, "record_talk", world.requester, **said)

    ticket = act(follow_up, "record_talk", world.desk, **said)

    entry = last_entry(ticket)
    assert ticket.talked_at == entry.at
    assert (entry.text, entry.data["spoke_with"]["id"], entry.is_public) == ("只重启过服务", "engineer", False)
    form = follow_up.kind_info.actions["record_talk"].form_class(ticket=follow_up, user=world.desk)
    assert form["spoke_with"].value() == "engineer"


def test_only_a_follow_up_has_a_previous_handler(world: World) -> None:
    with pytest.raises(ActionConflict):
        act(incident_in("in_progress", world), "record_talk", world.desk, text="?")


def test_the_list_holds_whom_to_call_what_waits_and_what_came_back(world: World, follow_up: Any, browse: Any) -> None:
    to_call = incident_in("resolved", world)
    confirmed = act(incident_in("resolved", world), "confirm", world.requester)
    waits = incident_in("pending", world)
    other = wait(incident_in("in_progress", world), world.engineer, wait_reason="vendor")
    running = incident_in("in_progress", world)

    rows = Api(world.desk).results("incidents/?view=follow_up&page_size=100")
    page = browse(world.desk).get("/queue/?view=follow_up").text

    owed = {follow_up.number, to_call.number, waits.number}
    assert {row["number"] for row in rows} == owed
    for ticket in (confirmed, other, running):
        assert f'value="{ticket.number}@' not in page
    assert all(f'value="{number}@' in page for number in owed)
    assert Api(world.requester2).results("incidents/?view=follow_up") == []


@pytest.mark.parametrize("view", ["follow_up", "to_confirm", "confirmed"])
def test_nobody_calls_back_about_a_change_or_a_problem(world: World, browse: Any, view: str) -> None:
    """What other kinds call resolved waits for nobody's word."""
    change = change_in("implemented", staffed(world))
    problem = Problem.objects.create(
        number="PM1",
        summary="?",
        kind="problem",
        state="resolved",
        phase="resolved",
        priority_rank=99,
        created_at=timezone.now(),
        updated_at=timezone.now(),
        organisation=world.organisations["exchange"],
    )
    said_at = timezone.now() if view == "confirmed" else None
    Ticket.objects.filter(pk__in=[change.pk, problem.pk]).update(confirmed_at=said_at)

    page = browse(world.admin).get(f"/queue/?view={view}").text

    assert [number for number in (change.number, problem.number) if number in page] == []
