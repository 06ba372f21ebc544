"""The change advisory board: agenda, order, presence, votes that are decisions, minutes that are mailed (CHG-02)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from approvals.models import ApprovalRound, Ask, Decision
from changes.cab.models import Meeting
from changes.cab.queries import what_waits
from changes.cab.services import (
    add_to_agenda,
    call_meeting,
    close_electronic,
    close_meeting,
    invite,
    open_meeting,
)
from changes.models import Change
from notifications.models import Delivery, Notice
from tests.api.client import Api
from tests.changes.making import approve, later, request, staffed
from tests.factories import MONDAY, World, act, last_entry, make_user, reload_user
from tickets.errors import ActionConflict
from tickets.models import TimelineEntry

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-02", "CHG-03")]
TYPED = {"title": "CAB 2026-11-24", "starts_at": "2026-11-24T10:00", "ends_at": "2026-11-24T11:00", "place": "301"}


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need."""
    return staffed(world)


def with_board(world: World, *, decided: bool = True, **data: Any) -> Change:
    """A major change that waits for the board, or for the department first."""
    window = {"planned_start": "2026-12-01T20:00", "planned_end": "2026-12-01T22:00"}
    change: Any = act(request(world, "major", **{**window, **data}), "submit", world.lead, now=MONDAY)
    change = act(change, "accept", world.people["changer"], now=MONDAY)
    change = act(change, "assess", world.people["changer"], now=MONDAY, risk="high", assessment="需停机")
    change = act(change, "ask_approval", world.lead, now=MONDAY)
    return approve(change, world.people["head"], world.people["leader"]) if decided else change


def meeting_of(world: World, **fields: Any) -> Meeting:
    """A meeting the change manager calls."""
    times = {"starts_at": later(24), "ends_at": later(25)}
    return call_meeting(by=world.people["changer"], now=later(1), **{"title": "CAB", **times, **fields})


@pytest.mark.slow
def test_the_agenda_begins_with_what_waits_and_is_put_in_order(world: World, client: Client) -> None:
    first, coming = with_board(world), with_board(world, decided=False)
    second = with_board(world, planned_start="2026-11-30T20:00", planned_end="2026-11-30T22:00")
    assert [(row.change.number, row.later) for row in what_waits()] == [
        (second.number, False),
        (first.number, False),
        (coming.number, True),
    ]
    client.force_login(reload_user(world.people["changer"]))
    wrong = client.post("/changes/cab/", {**TYPED, "ends_at": "2026-11-24T09:00"})
    assert (wrong.status_code, Meeting.objects.count()) == (422, 0)
    assert TYPED["title"] in wrong.content.decode()
    url = client.post("/changes/cab/", TYPED)["Location"]
    meeting = Meeting.objects.get()

    def order() -> list[str]:
        return list(meeting.agenda.order_by("position").values_list("round__ticket__number", flat=True))

    assert order() == [second.number, first.number]
    client.post(f"{url}add/", {"change": coming.number})
    client.post(f"{url}move/", {"change": coming.number, "up": "on"})
    client.post(f"{url}remove/", {"change": second.number})
    assert order() == [coming.number, first.number]
    page = client.get(url).content.decode()
    assert page.index(coming.number) < page.index(first.number) < page.index(second.number)
    rejected = request(world)
    refused = client.post(f"{url}add/", {"change": rejected.number})
    assert (refused.status_code, f"<p>{rejected.number}" in refused.content.decode()) == (409, True)


@pytest.mark.slow
def test_a_vote_in_the_meeting_is_the_decision(world: World, client: Client) -> None:
    change, url = with_board(world), f"/changes/cab/{meeting_of(world).pk}/"
    made = ApprovalRound.objects.get()
    vote = f"{url}votes/{made.pk}/"
    client.force_login(reload_user(world.people["changer"]))
    assert 'value="refuse"' not in client.get(url).content.decode()
    assert client.post(vote, {"verdict": "approve"}).status_code == 409

    client.force_login(reload_user(world.approver))
    assert 'value="refuse"' in client.get(url).content.decode()
    refused = client.post(vote, {"verdict": "refuse", "reason": " "})
    assert (refused.status_code, Decision.objects.filter(person=world.approver).count()) == (422, 0)
    stale = client.post(vote, {"verdict": "approve", "reason": "同意", "digest": "0" * 64})
    assert (stale.status_code, "同意" in stale.content.decode()) == (409, True)
    assert client.post(vote, {"verdict": "approve", "digest": made.digest}).status_code == 302
    assert Change.objects.get(pk=change.pk).state == "scheduled"
    assert Decision.objects.get(person=world.approver).digest == made.digest
    assert client.post(vote, {"verdict": "refuse", "reason": "x"}).status_code == 409


@pytest.mark.slow
def test_presence_notes_and_decisions_stand_in_minutes_that_are_mailed_and_never_change(
    world: World, client: Client
) -> None:
    change, other = with_board(world), with_board(world)
    meeting = meeting_of(world, place="301")
    url = f"/changes/cab/{meeting.pk}/"
    client.force_login(reload_user(world.people["changer"]))
    client.post(f"{url}invite/")
    invited = Notice.objects.get(event="cab_invited")
    assert world.approver.pk in set(invited.deliveries.values_list("recipient", flat=True))
    assert change.number in invited.payload["text"]["zh"]
    assert client.post(f"{url}close/", {"minutes": "x"}).status_code == 409
    client.post(f"{url}open/")
    client.post(f"{url}presence/", {"person": "approver", "present": "on"})
    client.post(f"{url}note/", {"change": change.number, "text": "须先演练"})
    approve(change, world.approver, now=later(24))
    assert client.post(f"{url}close/", {"minutes": "下次周四"}).status_code == 302

    told = Notice.objects.get(event="cab_minutes")
    text = told.payload["text"]["zh"]
    assert all(part in text for part in ("须先演练", "下次周四", world.approver.display_name, other.number))
    assert world.lead.pk in set(told.deliveries.values_list("recipient", flat=True))
    assert list(meeting.agenda.values_list("outcome", flat=True)) == ["approved", "open"]
    assert last_entry(other).action == "cab_held"
    assert Change.objects.get(pk=other.pk).state == "approving"
    assert client.post(f"{url}note/", {"change": change.number, "text": "改写"}).status_code == 409
    with pytest.raises(DatabaseError), transaction.atomic():
        Meeting.objects.filter(pk=meeting.pk).update(minutes="改写")
    for rows, values in ((meeting.agenda, {"note": "改写"}), (meeting.people, {"present": None})):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**values)
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.all()[:1].get().delete()
        new = rows.all()[:1].get()
        new.pk = None
        with pytest.raises(DatabaseError), transaction.atomic():
            new.save(force_insert=True)
    page = client.get(url).content.decode()
    assert "须先演练" in page
    assert 'name="verdict"' not in page


def test_an_electronic_meeting_asks_for_votes_and_ends_by_time_without_deciding(world: World) -> None:
    change = with_board(world)
    meeting = meeting_of(world, electronic=True)
    open_meeting(meeting=meeting, by=world.people["changer"], now=later(24))
    assert Notice.objects.filter(event="cab_opened").count() == 1
    assert [close_electronic(later(hours)) for hours in (24.9, 25, 26)] == [0, 1, 0]
    assert (Meeting.objects.get().status, Notice.objects.filter(event="cab_minutes").count()) == ("held", 1)
    assert Change.objects.get(pk=change.pk).state == "approving"
    with pytest.raises(ActionConflict):
        open_meeting(meeting=meeting, by=world.people["changer"], now=later(27))


@pytest.mark.slow
@pytest.mark.req("ORG-03", "API-01")
def test_who_reads_and_who_runs_meetings(world: World, client: Client) -> None:
    change = with_board(world)
    meeting = meeting_of(world)
    address = f"/changes/cab/{meeting.pk}/"
    outside = make_user("vendor1", "vendor")
    for person, reads in ((world.approver, 200), (world.engineer, 200), (world.requester, 403), (outside, 403)):
        client.force_login(reload_user(person))
        assert [client.get(url).status_code for url in ("/changes/cab/", address)] == [reads, reads]
        assert [Api(person).get(url).status_code for url in ("cab/", f"cab/{meeting.pk}/")] == [reads, reads]
        assert client.post(f"{address}open/").status_code == 403
        assert Api(person).post(f"cab/{meeting.pk}/open/", {}).status_code == 403
    api = Api(world.people["changer"])
    made = api.post("cab/", {"title": "B", "starts_at": "2026-11-25T02:00:00Z", "ends_at": "2026-11-25T03:00:00Z"})
    assert (made.status_code, made.json()["agenda"][0]["change"]) == (201, change.number)
    assert api.post("cab/", {"title": "B", "starts": "x"}).status_code == 400
    key = made.json()["id"]
    assert api.post(f"cab/{key}/close/", {}).status_code == 409
    assert api.post(f"cab/{key}/open/", {}).json()["status"] == "open"
    present = api.post(f"cab/{key}/presence/", {"person": "approver", "present": True}).json()["people"]
    assert {"person": {"username": "approver", "name": world.approver.display_name}, "present": True} in present
    assert api.post(f"cab/{key}/vanish/", {}).status_code == 404
    assert TimelineEntry.objects.filter(action="cab_held").count() == 0
    assert meeting.starts_at + timedelta(hours=1) == meeting.ends_at


@pytest.mark.req("ORG-03")
def test_customers_read_nothing_of_the_board_though_they_are_asked_or_asked_for_a_change(world: World) -> None:
    """Agenda and minutes name the changes of every customer and what was said of them: staff alone get them."""
    theirs = make_user("dm", "requester", organisation=world.requester.organisation)
    world.requester.organisation.decision_makers.add(theirs)
    emergency = request(world, "emergency", requester="requester", planned_start="", planned_end="")
    emergency = act(emergency, "submit", world.lead, now=MONDAY)
    emergency = act(emergency, "ask_approval", world.lead, now=MONDAY)
    assert Ask.objects.filter(round__ticket=emergency.pk, person=theirs, waits=True).exists()
    with_board(world, summary="别家的变更")
    meeting = meeting_of(world)
    add_to_agenda(meeting=meeting, change=emergency)
    changer = world.people["changer"]
    invite(meeting=meeting, by=changer, now=later(2))
    assert not meeting.people.filter(person=theirs).exists()
    meeting = open_meeting(meeting=meeting, by=changer, now=later(24))
    close_meeting(meeting=meeting, by=changer, now=later(25), minutes="内部的话")

    told = Delivery.objects.filter(notice__event__startswith="cab_").values_list("recipient", flat=True)
    assert {world.approver.pk, world.lead.pk} <= set(told)
    assert not {theirs.pk, world.requester.pk} & set(told)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Shanghai"])
def test_all_read_the_times_of_a_meeting_in_the_portals_zone(world: World, zone: str) -> None:
    with_board(world)
    start = datetime(2026, 11, 24, 2, tzinfo=UTC)
    meeting = meeting_of(world, starts_at=start, ends_at=start + timedelta(hours=26))
    with timezone.override(zone):
        invite(meeting=meeting, by=world.people["changer"], now=later(2))

    text = Notice.objects.get(event="cab_invited").payload["text"]
    assert {part.splitlines()[0] for part in text.values()} == {
        "CAB · 2026-11-24 10:00 – 2026-11-25 12:00 (UTC+08:00)"
    }
