"""What one ticket's people learn of another: duplicates, follow-ups, lines, mentions (INC-11, INC-12)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from notifications.models import Delivery
from tests.factories import World, act, incident_in, register_incident, unclaimed
from tests.pages.files import attach
from tickets.actions import available_actions
from tickets.errors import ActionInvalid
from tickets.models import Attachment, Ticket, TicketLink
from tickets.queues.filters import TicketFilter

pytestmark = [pytest.mark.django_db]


def told(user: Any) -> list[tuple[str, str]]:
    """(event, number) that the person was told in the portal since the last look."""
    rows = Delivery.objects.filter(channel="portal", recipient=user).order_by("pk")
    found = list(rows.values_list("notice__event", "notice__ticket__number"))
    rows.delete()
    return found


@pytest.mark.req("INC-11", "NTF-01")
def test_the_main_ticket_s_engineer_learns_of_duplicates_and_their_replies(world: World) -> None:
    main = incident_in("in_progress", world)
    told(world.engineer)
    copy = act(register_incident(world.desk, requester="requester"), "mark_duplicate", world.desk, main=main.number)
    assert told(world.engineer) == [("duplicate", main.number)]

    copy = act(copy, "comment", world.requester, text="还是不行")
    assert told(world.engineer) == [("replied", copy.number)]
    copy = act(copy, "note", world.desk, text="同一故障")
    assert told(world.engineer) == [("noted", copy.number)]
    act(copy, "unmark_duplicate", world.desk)
    told(world.engineer)
    act(copy, "comment", world.requester, text="还有人吗")
    assert told(world.engineer) == []


@pytest.mark.req("INC-11", "INC-12", "TKT-04")
def test_marks_are_made_by_their_actions_alone(world: World) -> None:
    ticket, other = incident_in("in_progress", world), incident_in("in_progress", world)
    for meaning in ("duplicate_of", "follow_up_of"):
        with pytest.raises(ActionInvalid):
            act(ticket, "link", world.engineer, meaning=meaning, target=other.number)
    assert not TicketLink.objects.exists()
    copy = act(ticket, "mark_duplicate", world.engineer, main=other.number)
    with pytest.raises(ActionInvalid):
        act(copy, "unlink", world.engineer, meaning="duplicate_of", target=other.number)
    assert TicketLink.objects.count() == 1


@pytest.mark.req("INC-05")
def test_handing_over_stays_in_the_line(world: World) -> None:
    ticket = act(unclaimed(world), "claim", world.engineer)
    others = {group.tier: code for code, group in world.groups.items() if group.tier != ticket.group.tier}
    assert others
    for code in others.values():
        with pytest.raises(ActionInvalid) as refused:
            act(ticket, "hand_over", world.engineer, group=code, text="请处理")
        assert "group" in refused.value.form.errors


@pytest.mark.req("INC-12", "TKT-05")
def test_files_come_along_to_the_follow_up(world: World, tmp_path: Path, settings: Any) -> None:
    local = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = settings.STORAGES | {"default": local}
    old = incident_in("in_progress", world)
    attach(old, world.engineer)
    attach(old, world.engineer, action="note")
    old = act(old, "resolve", world.engineer, close_code="tier1", verified_how="tested", cause="x", handling="y")

    act(old, "not_solved", world.requester, text="没好")

    new = Ticket.objects.get(links_out__target=old)
    copies = Attachment.objects.filter(ticket=new).order_by("pk")
    assert [(row.name, row.is_public, row.sha256) for row in copies] == [
        (row.name, row.is_public, row.sha256) for row in Attachment.objects.filter(ticket=old).order_by("pk")
    ]
    assert len(set(Attachment.objects.values_list("file", flat=True))) == 4
    assert copies[0].file.read() == Attachment.objects.filter(ticket=old)[0].file.read()


@pytest.mark.req("TKT-11")
@pytest.mark.parametrize("text", ["＠engineer2 请看", "@Engineer2 请看", "请＠ENGINEER2看"])
def test_mentions_reach_whoever_is_meant_however_they_are_typed(world: World, text: str) -> None:
    ticket = act(unclaimed(world), "claim", world.engineer)
    told(world.engineer2)
    act(ticket, "note", world.engineer, text=text)
    assert told(world.engineer2) == [("mentioned", ticket.number)]


@pytest.mark.req("TKT-08")
def test_from_and_until_the_same_day_is_that_day(world: World) -> None:
    """By page and API; a moment is a moment."""
    ticket = register_incident(world.desk, requester="requester")
    Ticket.objects.filter(pk=ticket.pk).update(created_at="2026-11-30T12:00:00+08:00")

    def found(**chosen: str) -> int:
        return TicketFilter(chosen, queryset=Ticket.objects.all(), request=_Asking(world.desk)).qs.count()

    assert found(created_after="2026-11-30", created_before="2026-11-30") == 1
    assert found(created_before="2026-11-29") == 0
    assert found(created_before="2026-11-30T12:00:00+08:00") == 0
    assert found(created_before="2026-11-30T12:00:01+08:00") == 1
    assert found(created_after="2026-12-01") == 0


class _Asking:
    """Who asks."""

    def __init__(self, user: Any) -> None:
        self.user = user


@pytest.mark.req("TKT-07")
def test_a_state_that_forbids_is_never_told_as_a_missing_right(world: World, client: Any) -> None:
    ticket = incident_in("in_progress", world)
    act(ticket, "resolve", world.engineer, close_code="tier1", verified_how="tested", cause="x", handling="y")
    client.force_login(world.engineer)
    url = f"/tickets/{ticket.number}/actions/wait/"

    page, part = client.get(url), client.get(url, headers={"HX-Request": "true"})
    assert (page.status_code, part.status_code, part["X-Refusal"]) == (409, 409, "wait")
    assert "Resolved" in part.text or "已解决" in part.text
    client.force_login(world.requester)
    assert client.get(url).status_code == 403


@pytest.mark.req("TKT-07", "INC-04")
def test_an_action_whose_place_another_one_took_says_so(world: World, client: Any) -> None:
    """A stale tab: the desk checks the priority of what was dispatched and returned meanwhile."""
    ticket = incident_in("assigned", world)
    act(ticket, "return_to_desk", world.engineer, text="not ours")
    client.force_login(world.desk)
    url = f"/tickets/{ticket.number}/actions/check_priority/"

    seen = client.get(url), client.post(url, {"impact": "I1"})
    assert [answer.status_code for answer in seen] == [409, 409]
    assert all("已分派" in answer.text or "dispatched already" in answer.text for answer in seen)
    ticket.refresh_from_db()
    assert ticket.impact_id == "I4"
    names = [item.action.name for item in available_actions(ticket, world.desk)]
    assert ("check_priority" in names, "propose_priority" in names) == (False, True)
