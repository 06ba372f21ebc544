"""Who is told what when something happens to a ticket."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from accounts.models import Organisation
from duty.models import Roster
from duty.services import save_roster
from notifications.checks import unsaid_telling
from notifications.models import Delivery, Notice
from notifications.reactions import NOTICES, Happening
from records.lifecycle import NEW
from tests.changes.making import request, staffed
from tests.contract.subjects import problem_in
from tests.factories import (
    MONDAY,
    World,
    act,
    add_task,
    close,
    finish,
    incident_in,
    make_user,
    register_incident,
    resolve,
    unclaimed,
    wait,
)
from tests.shipped import SHIPPED
from tickets.lifecycle import MOVED, kind_of
from tickets.services import watch

pytestmark = [pytest.mark.django_db, pytest.mark.req("NTF-01", "TKT-10")]


def told(ticket: Any = None) -> set[tuple[str, str]]:
    """(event, who) in the portal, of the notices since ``forget``."""
    rows = Delivery.objects.filter(channel="portal").select_related("notice", "recipient")
    if ticket is not None:
        rows = rows.filter(notice__ticket_id=ticket.pk)
    return {(row.notice.event, row.recipient.username) for row in rows if row.recipient}


def forget() -> None:
    """Start anew."""
    Notice.objects.all().delete()


def test_a_registered_ticket_is_confirmed_to_its_requester(world: World) -> None:
    register_incident(world.desk, requester="requester")

    assert told() == {("received", "requester")}


def test_one_is_not_told_of_what_one_did(world: World) -> None:
    register_incident(world.requester)

    assert told() == set()


@pytest.mark.req("ORG-05")
def test_a_ticket_for_a_group_reaches_the_person_on_duty(world: World) -> None:
    roster = Roster(group=world.groups["host"], period="week", starts_on=date(2026, 1, 5))
    save_roster(roster=roster, members=[world.engineer2])

    unclaimed(world)

    assert told() == {("received", "requester"), ("assigned", "engineer2")}


def test_an_assigned_ticket_reaches_the_assignee_once(world: World) -> None:
    register_incident(world.desk, requester="requester", group="host", assignee="engineer")

    assert told() == {("received", "requester"), ("assigned", "engineer")}
    assert Notice.objects.filter(event="assigned").count() == 1


def test_a_reply_reaches_the_others_and_a_note_only_staff(world: World) -> None:
    ticket = incident_in("assigned", world)
    for person in (world.colleague, world.lead, world.vendor):
        watch(ticket=ticket, user=person)
    forget()
    act(ticket, "comment", world.desk, text="公开")
    assert told() == {("replied", name) for name in ("requester", "colleague", "engineer", "lead")}

    forget()
    act(ticket, "note", world.desk, text="内部")
    assert told() == {("noted", "engineer"), ("noted", "lead")}


@pytest.mark.req("ORG-03")
def test_what_was_written_for_staff_stays_with_staff(world: World) -> None:
    ticket = incident_in("assigned", world)
    watch(ticket=ticket, user=world.requester)
    watch(ticket=ticket, user=world.colleague)
    forget()

    act(ticket, "hand_over", world.engineer, group="network", assignee="", text="内部原因")

    texts = {notice.event: notice.payload["text"] for notice in Notice.objects.all()}
    assert texts == {"assigned": "", "moved": ""}
    assert ("moved", "colleague") in told()

    forget()
    act(ticket, "return_to_desk", world.other_engineer, text="内部原因")
    texts = {notice.event: notice.payload["text"] for notice in Notice.objects.all()}
    assert texts == {"returned": "内部原因", "moved": ""}
    assert told() == {("returned", "desk"), ("returned", "desk2"), ("moved", "colleague")}


def test_urging_reaches_assignee_and_duty(world: World) -> None:
    ticket = incident_in("in_progress", world)
    forget()

    act(ticket, "urge", world.requester, text="很急")

    assert {name for event, name in told() if event == "urged"} >= {"engineer", "lead"}


@pytest.mark.req("TSK-01")
def test_a_finished_task_is_told_to_whoever_handles_the_ticket(world: World) -> None:
    ticket = incident_in("in_progress", world)
    task = add_task(ticket, world.engineer, assignee="engineer2")
    assert ("assigned", "engineer2") in told(task)
    forget()

    finish(task, world.engineer2)

    assert told(ticket) == {("task_over", "engineer")}
    assert task.number in Notice.objects.get(event="task_over").payload["text"]


@pytest.mark.req("INC-11")
def test_requesters_of_duplicates_learn_that_theirs_is_resolved(world: World) -> None:
    main = incident_in("in_progress", world)
    other = register_incident(world.desk, requester="colleague", main=main.number)
    forget()

    resolve(main, world.engineer)

    assert told(main) >= {("resolved", "requester")}
    assert told(other) >= {("resolved", "colleague")}


def test_waiting_and_closing_are_told_to_the_requester(world: World) -> None:
    ticket = incident_in("in_progress", world)
    forget()
    wait(ticket, world.engineer)
    assert told() == {("waiting", "requester")}

    forget()
    closed = incident_in("resolved", world)
    forget()
    close(closed, world.desk)
    assert told() == {("rate_asked", "requester")}
    Organisation.objects.update(rating_percent=0)
    closed = incident_in("resolved", world)
    forget()
    close(closed, world.desk)
    assert told() == {("closed", "requester")}


@pytest.mark.req("INC-12")
def test_not_solved_reaches_whoever_worked_on_it(world: World) -> None:
    ticket = incident_in("resolved", world)
    forget()

    act(ticket, "not_solved", world.requester, text="还是不行")

    assert told(ticket) >= {("not_solved", "engineer"), ("not_solved", "manager")}
    assert ("assigned", "engineer") in told()


@pytest.mark.req("INC-04")
def test_a_proposed_priority_reaches_those_who_decide(world: World) -> None:
    ticket = incident_in("in_progress", world)
    forget()

    act(ticket, "propose_priority", world.engineer, impact="I2", text="影响扩大")

    assert told() == {("priority_asked", "lead"), ("priority_asked", "manager")}


@pytest.mark.req("MAJ-01")
def test_urgent_tickets_make_urgent_notices(world: World) -> None:
    ticket = register_incident(world.desk, requester="requester", impact="I1", group="host")

    assert ticket.priority_id in ("P1", "P2")
    assert set(Notice.objects.values_list("urgent", flat=True)) == {True}
    assert Delivery.objects.visible_to(world.lead).pressing().filter(notice__event="assigned").count() == 1


@pytest.mark.req("TKT-11")
def test_who_is_mentioned_is_told_once_as_mentioned(world: World, monkeypatch: Any) -> None:
    from notifications import reactions  # the entry's data are those of a form that knows mentions

    ticket = incident_in("assigned", world)
    watch(ticket=ticket, user=world.lead)
    forget()
    people = [{"id": "lead", "zh": "组长", "en": "Lead"}]
    monkeypatch.setattr(reactions, "MENTIONS", "text_mentions")
    original = reactions.tell

    def with_mention(**details: Any) -> None:
        details["entry"].data["text_mentions"] = people
        original(**details)

    monkeypatch.setattr("notifications.receivers.tell", with_mention)
    act(ticket, "note", world.desk, text="@lead 请看")

    assert told() == {("mentioned", "lead"), ("noted", "engineer")}


@pytest.mark.req("ADM-04")
def test_an_import_tells_nobody(world: World) -> None:
    from tickets.actions import perform  # as imports call it
    from tickets.models import TimelineEntry

    ticket = incident_in("assigned", world)
    forget()

    perform(ticket, "comment", user=world.desk, data={"text": "旧"}, via=TimelineEntry.Via.IMPORT)

    assert told() == set()


@pytest.mark.req("NTF-03")
def test_an_action_that_fails_tells_nobody(world: World, monkeypatch: Any) -> None:
    ticket = incident_in("assigned", world)
    forget()
    monkeypatch.setattr("notifications.reactions.give", lambda *given: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        act(ticket, "comment", world.desk, text="x")

    assert told() == set()
    assert not ticket.timeline.filter(action="comment").exists()


@pytest.mark.parametrize("code", [kind.code for kind in SHIPPED])
def test_watchers_learn_of_every_step_of_every_kind(code: str) -> None:
    kind = kind_of(code)
    steps = {name for name, source, target in kind.transitions() if source != NEW}

    assert {name for name in steps if MOVED not in kind.told_by(name)} == set()


@pytest.mark.parametrize("code", [kind.code for kind in SHIPPED])
def test_every_step_of_every_kind_tells_somebody_or_says_that_it_is_quiet(code: str) -> None:
    assert unsaid_telling(kind_of(code)) == []


@pytest.mark.req("CHG-02")
def test_change_managers_learn_what_waits_for_them_and_who_asked_that_it_was_accepted(world: World) -> None:
    change = act(request(staffed(world)), "submit", world.lead)
    assert {row for row in told(change) if row[0] == "change_submitted"} == {("change_submitted", "changer")}

    act(change, "accept", world.people["changer"])

    assert {row for row in told(change) if row[0] == "change_accepted"} == {("change_accepted", "lead")}


@pytest.mark.req("PRB-07")
def test_who_raised_a_problem_its_owner_and_the_managers_learn_how_it_ended(world: World) -> None:
    make_user("pm", "problem_manager")
    problem = problem_in("known_error", world)
    forget()

    act(problem, "cancel", world.admin, text="误报")

    people = {name for event, name in told(problem) if event == "problem_ended"}
    assert people == {"desk", "lead", "pm"}
    assert Notice.objects.get(event="problem_ended").payload["text"] == "误报"


def test_watchers_of_a_change_learn_how_it_goes_on(world: World) -> None:
    change = request(staffed(world))
    for person in (world.engineer2, world.manager):
        watch(ticket=change, user=person)
    forget()

    act(change, "submit", world.lead)

    assert {("moved", "engineer2"), ("moved", "manager")} <= told(change)


def test_customers_who_watch_learn_of_public_steps_alone(world: World) -> None:
    ticket = incident_in("in_progress", world)
    watch(ticket=ticket, user=world.colleague)
    entry = ticket.timeline.filter(is_public=True).latest("pk")
    happening = Happening(ticket, entry, world.engineer, MONDAY, private=False)
    assert world.colleague.pk in NOTICES["moved"].whom(happening)

    entry.is_public = False

    assert list(NOTICES["moved"].whom(happening)) == []
