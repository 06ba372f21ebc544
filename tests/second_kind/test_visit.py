"""Adding a kind touches nothing in ``tickets/``: the visit gets everything that tickets have."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from accounts.models import Role
from notifications.checks import unknown_notices, unsaid_telling
from notifications.models import Notice
from sla.models import Clock, Command
from tests.api.client import Api
from tests.factories import MONDAY, World, act, last_entry
from tests.second_kind.models import Trip, Visit
from tickets.actions import available_actions, perform
from tickets.checks import problems_of
from tickets.errors import ActionConflict, ActionForbidden, ActionInvalid, ActionNotFound
from tickets.lifecycle import kind_of
from tickets.meaning import NO_PRIORITY, Tile, desk_clocks
from tickets.models import Ticket, TimelineEntry

pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-06")]

TILE = Tile(label="Ask for a visit", text="Somebody comes", icon="map-pin")


@pytest.fixture
def visit(world: World) -> Visit:
    typed = {"summary": "去机房", "impact": "I4"}
    return perform(Visit(), "register", user=world.desk, data=typed, now=MONDAY).ticket  # type: ignore[return-value]


@pytest.fixture
def sent(visit: Visit, world: World) -> Visit:
    return act(visit, "send", world.desk, now=MONDAY, group="host", assignee="engineer")


def test_visit_is_declared_without_problems() -> None:
    assert list(problems_of(kind_of("visit"))) == []


@pytest.mark.req("TKT-01")
def test_visit_gets_numbers_with_its_prefix(visit: Visit, world: World) -> None:
    second = perform(Visit(), "register", user=world.desk, data={"summary": "再去", "impact": "I4"}, now=MONDAY)

    assert [visit.number, second.ticket.number] == ["VS261123000001", "VS261123000002"]


def test_visit_is_a_ticket_among_others(visit: Visit) -> None:
    ticket = Ticket.objects.get(number=visit.number)

    assert (ticket.kind, ticket.state, ticket.phase, ticket.specific) == ("visit", "planned", "open", visit)


def test_visit_offers_its_own_actions_and_the_common_ones(sent: Visit, world: World) -> None:
    offered = [item.action.name for item in available_actions(sent, world.engineer)]

    common = ["comment", "note", "log_time", "urge", "watch", "unwatch", "link", "unlink", "add_items", "remove_items"]
    assert offered == ["set_out", *common]


def test_visit_goes_through_the_one_door(sent: Visit, world: World) -> None:
    under_way = act(sent, "set_out", world.engineer, now=MONDAY + timedelta(hours=1))
    done = act(under_way, "finish", world.engineer, now=MONDAY + timedelta(hours=2), distance="12", text="已修复")

    assert (done.state, done.phase, done.distance, done.version) == ("done", "closed", 12, 4)
    assert list(Trip.objects.values_list("visit__number", "distance")) == [(sent.number, 12)]


@pytest.mark.req("TKT-03")
def test_visit_has_a_timeline(sent: Visit, world: World) -> None:
    under_way = act(sent, "set_out", world.engineer, now=MONDAY)
    act(under_way, "finish", world.engineer, now=MONDAY, distance="12", text="已修复")

    lines = TimelineEntry.objects.filter(ticket=sent).values_list("action", "state_from", "state_to", "text")
    assert list(lines) == [
        ("register", "", "planned", ""),
        ("send", "planned", "planned", ""),
        ("set_out", "planned", "under_way", ""),
        ("finish", "under_way", "done", "已修复"),
    ]
    assert last_entry(sent).changes == [{"field": "distance", "old": None, "new": 12}]


@pytest.mark.req("MAJ-01", "SLM-03")
def test_visit_of_p1_has_no_clocks_of_incidents_and_calls_nobody(world: World) -> None:
    world.manager.roles.add(Role.objects.get(code="centre_leadership"))
    made = perform(Visit(), "register", user=world.desk, data={"summary": "机房起火", "impact": "I1"}, now=MONDAY)
    visit = act(made.ticket, "send", world.desk, now=MONDAY, group="host", assignee="engineer")
    under_way = act(visit, "set_out", world.engineer, now=MONDAY)
    act(under_way, "comment", world.engineer, now=MONDAY, text="到了")

    assert under_way.priority_id == "P1"
    assert (under_way.planned_response_at, under_way.planned_completion_at) == (None, None)
    assert not Clock.objects.exists()
    assert list(Notice.objects.values_list("event", flat=True)) == []
    assert not Command.objects.exists()


def test_visit_needs_no_priority(world: World) -> None:
    entry = perform(Visit(), "register", user=world.desk, data={"summary": "巡检"}, now=MONDAY)

    assert (entry.ticket.priority, entry.ticket.priority_rank) == (None, NO_PRIORITY)
    assert Api(world.desk).get(f"visits/{entry.ticket.number}/").json()["priority"] is None


@pytest.mark.slow
@pytest.mark.req("ORG-03")
def test_visit_is_the_staffs_alone(sent: Visit, world: World, client: Client) -> None:
    Visit.objects.update(organisation=world.requester.organisation, requester=world.requester)
    client.force_login(world.requester)

    assert not Ticket.objects.visible_to(world.requester).exists()
    assert client.get(f"/tickets/{sent.number}/").status_code == 404
    assert sent.summary not in client.get("/portal/?show=all").content.decode()
    assert [Api(world.requester).get(f"{path}{sent.number}/").status_code for path in ("visits/", "tickets/")] == [
        404
    ] * 2
    assert Api(world.requester).post("visits/", {"summary": "来人"}).status_code == 403


def test_visit_that_leaves_its_meaning_unsaid_is_refused() -> None:
    bare = replace(kind_of("visit"), audience=None, clocks=None, tells={"vanish": ()})
    wrong = replace(
        kind_of("visit"), can_be_major=True, tiles=(TILE,), clocks=desk_clocks(at_work=frozenset({"flying"}))
    )

    misnamed = replace(kind_of("visit"), code="tour", prefix="TO", slug="tours")

    assert list(problems_of(misnamed)) == ["tour: its class is called Visit, not like its code."]
    assert list(problems_of(bare)) == [
        "visit does not say audience.",
        "visit does not say clocks.",
        f"visit tells of the unknown action vanish; possible: {', '.join(sorted(bare.actions))}.",
    ]
    assert list(problems_of(wrong)) == [
        "visit has clocks that name the unknown state flying; possible: done, planned, under_way.",
        "visit can be major only when it is graded by priority.",
        "visit has limits, which are promised by a grade: it has none, and they would never run.",
        "visit is offered to requesters, who do not read it.",
        "visit is offered to requesters: say in plain words what they read of planned, under_way, done.",
    ]
    assert unknown_notices(replace(kind_of("visit"), tells={"set_out": ("fanfare",)})) == [
        "visit.set_out gives the unknown notice fanfare."
    ]


@pytest.mark.req("NTF-01")
def test_visit_says_of_every_step_whom_it_tells_or_that_it_is_quiet() -> None:
    actions = kind_of("visit").actions
    assert unsaid_telling(kind_of("visit")) == []

    silent, still = replace(kind_of("visit")), replace(kind_of("visit"))
    vars(silent)["actions"] = {**actions, "finish": replace(actions["finish"], quiet=False, tells=("moved",))}
    vars(still)["actions"] = {**actions, "send": replace(actions["send"], quiet=True)}

    assert unsaid_telling(silent) == [
        "visit.finish moves the state and tells nobody: name a notice (tells=), or say quiet=True."
    ]
    assert unsaid_telling(still) == ["visit.send moves no state: it need not say that it is quiet."]
    assert unsaid_telling(replace(kind_of("visit"), tells={"set_out": ("assigned", "approval_asked")})) == [
        "visit.set_out is quiet and tells assigned, approval_asked: say one of both."
    ]


@pytest.mark.req("UX-01")
def test_visit_has_its_own_register_button_and_queues(world: World, client: Client) -> None:
    client.force_login(world.desk)
    page = client.get("/visits/").content.decode()

    assert 'href="/visits/new/" data-key="n"' in page
    assert "Plan visit" in page
    assert 'href="/incidents/new/" data-key="n"' in client.get("/queue/").content.decode()
    assert "view=mine" in page
    assert "view=overdue" not in page


@pytest.mark.parametrize(("name", "error"), [("send", ActionForbidden), ("finish", ActionConflict)])
def test_visit_refuses_like_every_ticket(sent: Visit, world: World, name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        act(sent, name, world.engineer)

    assert last_entry(sent).action == "send"


@pytest.mark.req("ORG-03")
def test_visit_is_hidden_from_customers_of_others(sent: Visit, world: World) -> None:
    with pytest.raises(ActionNotFound):
        act(sent, "comment", world.requester2, text="?")


def test_visit_form_is_checked(sent: Visit, world: World) -> None:
    under_way = act(sent, "set_out", world.engineer)

    with pytest.raises(ActionInvalid) as refused:
        act(under_way, "finish", world.engineer, distance="0")

    assert sorted(refused.value.form.errors) == ["distance", "text"]


def test_visit_is_undone_when_its_effect_fails(sent: Visit, world: World) -> None:
    under_way = act(sent, "set_out", world.engineer)

    with pytest.raises(ValueError, match="cannot be booked"):
        act(under_way, "finish", world.engineer, distance="13", text="x")

    assert Visit.objects.get().state == "under_way"
    assert last_entry(sent).action == "set_out"


def test_visit_state_is_guarded_by_the_trigger(visit: Visit) -> None:
    statement = "UPDATE tickets_ticket SET state = 'done', phase = 'closed' WHERE id = %s"
    with pytest.raises(DatabaseError, match="no action leads from state planned to done"), transaction.atomic():
        connection.cursor().execute(statement, [visit.pk])


@pytest.mark.req("API-01")
def test_visit_has_endpoints(sent: Visit, world: World) -> None:
    api = Api(world.engineer)

    made = api.post("visits/", {"summary": "再去", "impact": "I4"})
    assert (made.status_code, made.json()["state"]["code"]) == (201, "planned")
    assert [row["number"] for row in api.results("visits/?group=host")] == [sent.number]
    assert "set_out" in [row["name"] for row in api.results(f"visits/{sent.number}/actions/")]

    done = api.post(f"visits/{sent.number}/actions/set_out/")
    assert (done.status_code, done.json()["state"]["code"]) == (200, "under_way")
    assert "set_out" in [row["action"] for row in api.results(f"visits/{sent.number}/timeline/")]


@pytest.mark.req("UX-01")
def test_visit_has_pages(sent: Visit, world: World, client: Client) -> None:
    client.force_login(world.engineer)

    assert sent.number in client.get("/visits/").content.decode()
    assert client.get("/visits/new/").status_code == 200
    page = client.get(f"/tickets/{sent.number}/").content.decode()
    assert f"/tickets/{sent.number}/actions/set_out/" in page
    assert "sent somebody" in page
