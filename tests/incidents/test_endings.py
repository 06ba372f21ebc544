"""How an incident ends: closed, confirmed, disputed, rejected, withdrawn (INC-03, INC-08, INC-12)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Organisation
from incidents.models import Incident
from tests.factories import (
    MONDAY,
    World,
    act,
    close,
    incident_in,
    last_entry,
    register_incident,
    resolve,
)
from tests.incidents.asserting import refused_fields
from tickets import clock
from tickets.errors import ActionConflict, ActionForbidden, ActionInvalid
from tickets.models import Ticket, TicketLink
from tickets.queues.queries import VIEWS, queue
from tickets.workspace.pages import satisfaction_of

pytestmark = [pytest.mark.django_db, pytest.mark.req("INC-05")]

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.mark.req("INC-08")
def test_the_desk_closes_with_who_confirmed_how_and_when(world: World) -> None:
    ticket = incident_in("resolved", world, now=MONDAY)
    said_at = MONDAY + 10 * MINUTE
    told = {"confirmed_by": "Requester", "confirmed_how": "phone", "confirmed_at": said_at.isoformat()}
    for missing in told:
        with pytest.raises(ActionInvalid) as refused:
            act(ticket, "close", world.desk, now=MONDAY + HOUR, **{**told, missing: ""})
        assert list(refused.value.form.errors) == [missing]
    with pytest.raises(ActionInvalid):  # nobody has confirmed tomorrow
        act(ticket, "close", world.desk, now=MONDAY + 9 * MINUTE, **told)
    with pytest.raises(ActionInvalid) as refused:  # nor before there was something to confirm
        act(ticket, "close", world.desk, now=MONDAY + HOUR, **{**told, "confirmed_at": MONDAY.isoformat()})
    assert list(refused.value.form.errors) == ["confirmed_at"]
    assert Ticket.objects.get(pk=ticket.pk).state == "resolved"
    closed = act(ticket, "close", world.desk, now=MONDAY + HOUR, text="复核", satisfaction="very_good", **told)

    assert (closed.state, closed.phase, closed.closed_at) == ("closed", "closed", MONDAY + HOUR)
    assert (closed.confirmed_by, closed.confirmed_how, closed.confirmed_at) == ("Requester", "phone", said_at)
    assert (closed.satisfaction_id, last_entry(closed).text) == ("very_good", "复核")


@pytest.mark.req("INC-08")
def test_whoever_opened_it_for_themselves_needs_no_confirmation(world: World) -> None:
    ticket: Any = register_incident(world.engineer2)
    ticket = act(ticket, "assign", world.desk, group="host", assignee="engineer")
    ticket = resolve(act(ticket, "start", world.engineer), world.engineer)
    assert act(ticket, "close", world.engineer2).state == "closed"


@pytest.mark.req("INC-08", "INC-10")
def test_the_confirmation_is_the_evidence_with_which_the_desk_closes(world: World) -> None:
    ticket = incident_in("resolved", world)
    with pytest.raises(ActionConflict):
        act(ticket, "close_confirmed", world.desk)
    confirmed = act(ticket, "confirm", world.requester, satisfaction="normal")
    assert (confirmed.state, confirmed.confirmed_how, confirmed.confirmed_by) == ("resolved", "portal", "Requester")
    now = clock.now()
    assert confirmed.pk in queue(world.desk, VIEWS["confirmed"], now).values_list("pk", flat=True)
    assert confirmed.pk not in queue(world.desk, VIEWS["to_confirm"], now).values_list("pk", flat=True)
    for name, user in (("confirm", world.requester), ("close", world.desk)):
        with pytest.raises(ActionConflict):
            act(confirmed, name, user)
    action = confirmed.kind_info.actions["close_confirmed"]
    assert (action.form, action.bulk, action.key) == (None, True, "q")  # one key, or many tickets at once
    closed = act(confirmed, "close_confirmed", world.desk)
    assert (closed.state, closed.satisfaction_id, closed.satisfaction_heard) == ("closed", "normal", False)

    Organisation.objects.filter(pk=ticket.organisation_id).update(closes_on_confirmation=True)
    by_policy = act(incident_in("resolved", world), "confirm", world.requester)
    assert (Ticket.objects.get(pk=by_policy.pk).state, last_entry(by_policy).action) == (
        "closed",
        "close_by_confirmation",
    )


@pytest.mark.req("INC-10")
def test_what_staff_heard_never_blocks_the_persons_own_answer(world: World) -> None:
    closed = close(incident_in("resolved", world), world.desk, satisfaction="very_good")
    assert (closed.satisfaction_heard, satisfaction_of(closed).count(" · ")) == (True, 1)
    rated = act(closed, "rate", world.requester, satisfaction="improve")
    assert (rated.satisfaction_id, rated.satisfaction_heard) == ("improve", False)
    with pytest.raises(ActionConflict):
        act(rated, "rate", world.requester, satisfaction="normal")


@pytest.mark.req("INC-08")
@pytest.mark.parametrize(
    ("opener", "for_whom", "may", "may_not"),
    [
        # a requester's ticket: the desk
        ("requester", None, ["desk", "desk2", "manager", "admin"], ["engineer", "lead", "requester", "colleague"]),
        # registered by the desk for a requester: the desk
        ("desk", "requester", ["desk", "desk2"], ["engineer", "requester"]),
        # registered by an engineer for a requester: theirs all the same, the desk
        ("engineer2", "requester", ["desk"], ["engineer", "engineer2", "lead"]),
        # what an engineer found on inspection: whoever opened it closes it
        ("engineer2", None, ["engineer2", "manager"], ["engineer", "desk", "lead"]),
    ],
)
def test_close_is_for_whoever_opened_it_the_desk_for_requesters_and_managers(
    world: World, opener: str, for_whom: str | None, may: list[str], may_not: list[str]
) -> None:
    ticket: Any = register_incident(world.people[opener], requester=for_whom or "")
    ticket = act(ticket, "assign", world.desk, group="host", assignee="engineer")
    ticket = resolve(act(ticket, "start", world.engineer), world.engineer)
    close = ticket.kind_info.actions["close"]

    assert [name for name in [*may, *may_not] if close.allow(ticket, world.people[name])] == may


@pytest.mark.req("INC-08")
def test_requester_confirms(world: World) -> None:
    said = act(incident_in("resolved", world), "confirm", world.requester, satisfaction="normal")

    assert (said.state, said.satisfaction_id, last_entry(said).actor) == ("resolved", "normal", world.requester)


@pytest.mark.req("INC-08", "ORG-03")
def test_colleague_does_not_confirm_for_the_requester(world: World) -> None:
    with pytest.raises(ActionForbidden):
        act(incident_in("resolved", world), "confirm", world.colleague)


@pytest.mark.req("INC-12")
@pytest.mark.parametrize("person", ["requester", "desk"])
def test_not_solved_goes_on_in_a_follow_up(world: World, person: str) -> None:
    ticket = incident_in("resolved", world, description="详情", impact="I3", urgency="normal", category="hw-net")
    Incident.objects.filter(pk=ticket.pk).update(occurred_at=MONDAY - HOUR, reported_by="前台")
    ticket.refresh_from_db()

    old = act(ticket, "not_solved", world.people[person], now=MONDAY, text="仍然无法登录")

    assert (old.state, old.close_code_id, old.closed_at) == ("closed", "unresolved", MONDAY)
    new = Incident.objects.exclude(pk=old.pk).get()
    assert (new.state, new.group, new.assignee, new.assigned_at) == ("assigned", old.group, world.engineer, MONDAY)
    carried = ("summary", "description", "impact", "urgency", "category", "requester", "organisation", "priority")
    assert (new.occurred_at, new.reported_by) == (MONDAY - HOUR, "前台")
    assert [getattr(new, name) for name in carried] == [getattr(old, name) for name in carried]
    assert (new.reopen_count, new.resolved_at, new.responded_at, new.cause) == (1, None, None, "")
    assert new.planned_response_at == MONDAY + timedelta(minutes=30)
    assert list(TicketLink.objects.values_list("source", "target", "meaning")) == [(new.pk, old.pk, "follow_up_of")]


@pytest.mark.req("INC-12")
def test_not_solved_shows_the_chain_on_both_timelines(world: World) -> None:
    old = act(incident_in("resolved", world), "not_solved", world.requester, text="仍然无法登录")
    new = Incident.objects.exclude(pk=old.pk).get()

    assert last_entry(old).data == {"number": new.number}
    assert last_entry(new).data == {"number": old.number, "reason": "仍然无法登录"}
    assert (last_entry(old).action, last_entry(new).action) == ("followed_up", "follows")


@pytest.mark.slow
@pytest.mark.req("INC-12")
def test_not_solved_again_and_again_is_counted(world: World) -> None:
    ticket: Any = incident_in("resolved", world)
    for count in (1, 2):
        old = act(ticket, "not_solved", world.requester, text="?")
        ticket = Incident.objects.latest("pk")
        assert (ticket.reopen_count, old.reopen_count) == (count, count - 1)
        ticket = resolve(act(ticket, "start", world.engineer), world.engineer)


@pytest.mark.req("INC-12")
def test_not_solved_needs_a_word(world: World) -> None:
    assert refused_fields(incident_in("resolved", world), "not_solved", world.requester) == ["text"]


@pytest.mark.req("INC-03")
@pytest.mark.parametrize("state", ["registered", "assigned"])
@pytest.mark.parametrize("reason", ["out_of_contract", "out_of_scope", "handed_over", "duplicate"])
def test_reject_answers_and_closes_with_a_reason(world: World, state: str, reason: str) -> None:
    ticket = act(incident_in(state, world), "reject", world.desk, now=MONDAY, reject_reason=reason, text="不在合同内")

    assert (ticket.state, ticket.close_code_id, ticket.reject_reason_id) == ("closed", "rejected", reason)
    assert (ticket.closed_at, ticket.resolved_at) == (MONDAY, None)
    assert (last_entry(ticket).text, last_entry(ticket).is_public) == ("不在合同内", True)


@pytest.mark.req("INC-03")
@pytest.mark.parametrize(
    ("data", "fields"), [({"text": "?"}, ["reject_reason"]), ({"reject_reason": "withdrawn"}, ["text"])]
)
def test_reject_needs_reason_and_answer(world: World, data: dict[str, str], fields: list[str]) -> None:
    assert refused_fields(incident_in("registered", world), "reject", world.desk, **data) == fields


@pytest.mark.req("INC-03")
@pytest.mark.parametrize("person", ["engineer", "lead", "requester"])
def test_reject_is_for_the_desk(world: World, person: str) -> None:
    with pytest.raises(ActionForbidden):
        act(incident_in("assigned", world), "reject", world.people[person], reject_reason="withdrawn", text="?")


@pytest.mark.req("INC-03")
def test_withdraw_takes_a_report_back(world: World) -> None:
    ticket = act(incident_in("assigned", world), "withdraw", world.requester, now=MONDAY, text="已恢复")

    assert (ticket.state, ticket.close_code_id, ticket.reject_reason_id) == ("closed", "rejected", "withdrawn")


@pytest.mark.req("INC-03")
def test_withdraw_is_over_once_work_has_begun(world: World) -> None:
    with pytest.raises(ActionConflict):
        act(incident_in("in_progress", world), "withdraw", world.requester, text="?")


@pytest.mark.req("INC-12", "PRT-01")
def test_who_says_that_it_is_not_solved_reads_where_it_goes_on(world: World) -> None:
    old = act(incident_in("resolved", world), "not_solved", world.requester, text="仍然无法登录")
    new = Incident.objects.exclude(pk=old.pk).get()
    page = Client()
    page.force_login(world.requester)

    text = page.get(old.get_absolute_url()).content.decode()

    asked = text[text.index('class="next') : text.index("</div>", text.index('class="next'))]
    assert f'href="{new.get_absolute_url()}"' in asked
