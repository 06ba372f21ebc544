"""Changes beside incidents and problems, changes raised from them, and whether those helped (INC-16, INC-20)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from changes.models import Change
from changes.origins.near import SHOWN, changes_near
from cmdb.models import Relation, RelationType
from notifications.models import Notice
from tests.api.client import Api
from tests.changes.making import approve, request, staffed, store_copy, window_now
from tests.contract.subjects import problem_in
from tests.factories import (
    MONDAY,
    World,
    act,
    incident_in,
    last_entry,
    make_item,
    make_system,
    register_incident,
    reload_user,
    resolve,
)
from tickets import clock
from tickets.errors import ActionForbidden, ActionInvalid
from tickets.models import TimelineEntry

pytestmark = [pytest.mark.django_db, pytest.mark.req("INC-16")]


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need."""
    return staffed(world)


def window(hours: float, length: float = 2) -> dict[str, str]:
    """A window so many hours from now."""
    start = clock.now() + timedelta(hours=hours)
    return {"planned_start": start.isoformat(), "planned_end": (start + timedelta(hours=length)).isoformat()}


def planned(world: World, hours: float, **data: Any) -> Any:
    """A submitted change in a window of its own."""
    return act(request(world, now=None, **window(hours), **data), "submit", world.lead)


def carried_out(world: World, *, until: str = "implement", **data: Any) -> Any:
    """A change that was begun, and perhaps ended, now."""
    change = act(request(world, now=None, **window_now(), **data), "submit", world.lead)
    change = act(change, "accept", world.people["changer"])
    change = approve(act(change, "ask_approval", world.lead), world.approver, now=clock.now())
    change = act(change, "start", world.engineer)
    return change if until == "start" else act(change, until, world.engineer, result="as_planned")


def affected(world: World, *items: str, **data: Any) -> Any:
    """An incident in progress about ``items``."""
    incident = incident_in("in_progress", world, **data)
    return act(incident, "add_items", world.engineer, items=list(items)) if items else incident


@pytest.mark.slow
def test_running_planned_and_recent_changes_stand_beside_an_incident_with_reasons(world: World) -> None:
    """Of its items, of what they rest on, of what rests on them, of its service; nothing far away in place or time."""
    host, app, upper, far = (make_item(name) for name in ("host-1", "app-1", "portal-1", "far-1"))
    kind = RelationType.objects.get(code="runs_on")
    for source, target in ((app, host), (upper, app)):
        Relation.objects.create(relation_type=kind, source=source, target=target, confirmed_at=MONDAY)
    system = make_system("core-db")
    recent = carried_out(world, items=["app-1"])
    running = carried_out(world, until="start", items=["host-1"])
    above = planned(world, 50, items=["portal-1"])
    served = planned(world, 60, business_system=system.code)
    planned(world, 70, items=["far-1"])
    planned(world, 24 * 20, items=["app-1"])
    act(planned(world, 80, items=["app-1"]), "cancel", world.lead, text="不做了")
    request(world, now=None, **window(90), items=["app-1"])
    incident = affected(world, "app-1", business_system="core-db")

    found = [(one.change.number, one.when, one.why) for one in changes_near(incident, world.engineer, clock.now())]

    assert [row[:2] for row in found] == [
        (running.number, "running"),
        (above.number, "planned"),
        (served.number, "planned"),
        (recent.number, "recent"),
    ]
    assert [why[0].split(",")[0].split("（")[0] for _number, _when, why in found[:2]] == ["host-1", "portal-1"]
    assert found[3][2] == ["app-1"]
    assert far.pk


def test_an_incident_that_names_a_system_alone_shows_what_its_items_rest_on(world: World) -> None:
    system = make_system("core-db")
    host, app = make_item("host-1"), make_item("app-1", business_system=system)
    kind = RelationType.objects.get(code="runs_on")
    Relation.objects.create(relation_type=kind, source=app, target=host, confirmed_at=MONDAY)
    running = carried_out(world, until="start", items=["host-1"])
    incident = register_incident(world.desk, business_system="core-db")
    found = changes_near(incident, world.engineer, clock.now())
    assert [(one.change.number, one.when) for one in found] == [(running.number, "running")]


def test_an_old_incident_shows_what_ran_before_it_and_nothing_to_come(world: World) -> None:
    make_item("app-1")
    recent = carried_out(world, items=["app-1"])
    planned(world, 50, items=["app-1"])
    incident = resolve(affected(world, "app-1"), world.engineer)
    found = changes_near(incident, world.engineer, clock.now())
    assert [(one.change.number, one.when) for one in found] == [(recent.number, "recent")]


def test_the_panel_is_for_staff_and_costs_the_same_for_many(world: World, client: Client) -> None:
    make_item("app-1")
    incident = affected(world, "app-1", requester="requester")
    counts = []
    for number in range(2):
        for more in range(1 + 2 * number):
            planned(world, 30 + 10 * number + 2 * more, items=["app-1"], group="")
        with CaptureQueriesContext(connection) as queries:
            assert len(changes_near(incident, world.engineer, clock.now())) == 1 + 3 * number
        counts.append(len(queries))
    assert counts[0] == counts[1]
    client.force_login(reload_user(world.engineer))
    page = client.get(f"/tickets/{incident.number}/around/").content.decode()
    assert Change.objects.first().number in page  # type: ignore[union-attr]
    assert f"/tickets/{incident.number}/actions/raise_change/" in page
    api = Api(world.engineer).get(f"incidents/{incident.number}/changes/")
    assert {row["when"] for row in api.json()["results"]} == {"planned"}
    assert Api(world.requester).get(f"incidents/{incident.number}/changes/").status_code == 403
    assert Api(world.requester2).get(f"incidents/{incident.number}/changes/").status_code in (403, 404)


@pytest.mark.slow
def test_many_recent_changes_hide_none_that_runs(world: World, client: Client) -> None:
    """Of each kind the newest, of those to come the soonest; what is left out is counted."""
    system = make_system("core-db")
    incident = affected(world, business_system=system.code)
    closed = carried_out(world, business_system=system.code)
    for number in range(70):
        ended = closed.actual_end - timedelta(minutes=number + 1)
        store_copy(closed, number, actual_start=ended, actual_end=ended)
    running = carried_out(world, until="start", business_system=system.code, assignee="engineer2")
    draft = request(world, now=None, planned_start="", planned_end="", raised_from=incident.number)
    near = changes_near(incident, world.engineer, clock.now())
    assert [(one.when, one.change.number, one.total) for one in near[:3]] == [
        ("raised", draft.number, 1),
        ("running", running.number, 1),
        ("recent", closed.number, 71),
    ]
    assert len(near) == 2 + SHOWN
    client.force_login(reload_user(world.engineer))
    page = client.get(f"/tickets/{incident.number}/around/").content.decode()
    assert all(one.number in page for one in (draft, running, closed))
    assert re.search(rf"\b{71 - SHOWN}\b", page.split("changes-near")[1])
    rows = Api(world.engineer).results(f"incidents/{incident.number}/changes/")
    assert (len(rows), rows[-1]["total"]) == (66, 71)


@pytest.mark.req("CHG-01", "CHG-02")
def test_a_standard_change_is_raised_from_an_incident_in_three_clicks(world: World, client: Client) -> None:
    """Open, choose, order: for the requester and the items of the incident; scheduled at once, both sides say so."""
    make_item("app-1")
    incident = affected(world, "app-1", requester="requester")
    client.force_login(reload_user(world.engineer))
    address = f"/tickets/{incident.number}/actions/raise_change/"
    assert "extend-disk" in client.get(address).content.decode()
    assert client.post(address, {"template": "extend-disk"}).status_code in (200, 204, 302)
    change = Change.objects.get()
    assert (change.state, change.raised_from_id, change.requester) == ("scheduled", incident.pk, world.requester)
    assert [item.identifier for item in change.items.all()] == ["app-1"]
    assert "change_raised" in set(TimelineEntry.objects.filter(ticket=incident).values_list("action", flat=True))

    problem = problem_in("investigating", world)
    make_item("app-2")
    act(problem, "raise_change", world.lead, template="extend-disk", items=["app-2"])
    assert Change.objects.filter(raised_from=problem.pk).count() == 1


@pytest.mark.req("INC-20", "NTF-01")
def test_the_handler_says_whether_the_change_helped(world: World, client: Client) -> None:
    make_item("app-1")
    incident = act(affected(world, "app-1"), "raise_change", world.engineer, template="extend-disk")
    change: Any = Change.objects.get()
    with pytest.raises(ActionInvalid):
        act(incident, "judge_change", world.engineer, change=change.number, helped="yes")
    change = act(act(change, "start", world.engineer), "implement", world.engineer2, result="as_planned")

    told = Notice.objects.get(event="change_ended")
    assert (told.ticket_id, change.number in str(told.payload)) == (incident.pk, True)
    client.force_login(reload_user(world.engineer))
    beside = f"/tickets/{incident.number}/around/"
    assert "judge_change" in client.get(beside).content.decode()
    with pytest.raises(ActionForbidden):
        act(incident, "judge_change", world.other_engineer, change=change.number, helped="yes")
    with pytest.raises(ActionInvalid):
        act(incident, "judge_change", world.engineer, change=change.number, helped="no")
    act(incident, "judge_change", world.engineer, change=change.number, helped="no", text="仍然告警")

    change = Change.objects.get()
    assert (change.helped, last_entry(change).actor) == (False, world.engineer)
    assert "仍然告警" in set(TimelineEntry.objects.filter(ticket=change).values_list("text", flat=True))
    assert "judge_change" not in client.get(beside).content.decode()
    act(incident, "judge_change", world.engineer, change=change.number, helped="yes")
    assert Change.objects.get().helped is True
