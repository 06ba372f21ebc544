"""Swaps of duty: proposed by one, accepted by the other, told to both (ORG-05)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone

from accounts.models import User
from duty.models import Absence, Override, Roster, SwapProposal
from duty.services import end_absence, on_duty, record_absence, save_roster, stand_in, withdraw_override
from duty.swaps import answer_swap, open_proposals, propose_swap, swap_for_both
from notifications.models import Delivery, Notice
from tests.api.client import Api, problem
from tests.factories import World

pytestmark = [pytest.mark.django_db, pytest.mark.req("ORG-05")]
Browse = Callable[[User | None], Client]

#: A Monday, nine in the morning in Shanghai.
MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
WEEK, NOW = timedelta(days=7), MONDAY - timedelta(hours=1)


@pytest.fixture
def roster(world: World) -> Roster:
    """Engineer, then engineer2, then lead, a week each."""
    made = Roster(group=world.groups["host"], period="week", starts_on=date(2026, 11, 23), handover=time(9))
    return save_roster(roster=made, members=[world.engineer, world.engineer2, world.lead])


def told() -> list[tuple[str, str]]:
    """(event, who) in the portal, in order."""
    rows = Delivery.objects.filter(channel="portal").order_by("pk")
    return list(rows.values_list("notice__event", "recipient__username"))


def who(world: World, at: datetime) -> User | None:
    """Whoever has the duty of the group ``host``."""
    return on_duty(world.groups["host"], at)


def proposed(world: World, roster: Roster) -> SwapProposal:
    """The engineer asks engineer2."""
    return propose_swap(roster=roster, by=world.engineer, first=MONDAY, second=MONDAY + WEEK, now=NOW, note="体检")


def test_nothing_changes_until_the_other_accepts(world: World, roster: Roster) -> None:
    one = proposed(world, roster)
    assert (who(world, MONDAY), told()) == (world.engineer, [("swap_proposed", "engineer2")])

    answer_swap(proposal=one, answer="accept", by=world.engineer2, now=NOW)

    assert (who(world, MONDAY), who(world, MONDAY + WEEK)) == (world.engineer2, world.engineer)
    assert told()[-1] == ("swap_accepted", "engineer")
    with pytest.raises(ValidationError):
        answer_swap(proposal=one, answer="decline", by=world.engineer2, now=NOW)
    assert Override.objects.count() == 2


@pytest.mark.req("NTF-04")
def test_all_read_the_same_times_of_a_swap(world: World, roster: Roster) -> None:
    """Whatever the zone of whoever asks for it."""
    with timezone.override("Europe/Berlin"):
        proposed(world, roster)

    [summary] = Notice.objects.values_list("payload__summary__en", flat=True)
    assert summary.endswith("2026-11-23 09:00 (UTC+08:00) ⇄ 2026-11-30 09:00 (UTC+08:00)")


@pytest.mark.parametrize(
    ("answer", "person", "other"), [("decline", "engineer2", "engineer"), ("cancel", "engineer", "engineer2")]
)
def test_declined_or_taken_back_it_is_over(world: World, roster: Roster, answer: str, person: str, other: str) -> None:
    one = proposed(world, roster)
    answer_swap(proposal=one, answer=answer, by=world.people[person], now=NOW)

    assert (open_proposals(roster, NOW), Override.objects.count()) == ([], 0)
    assert told()[-1][1] == other


@pytest.mark.parametrize(("answer", "person"), [("accept", "engineer"), ("accept", "lead"), ("cancel", "engineer2")])
def test_nobody_answers_for_another(world: World, roster: Roster, answer: str, person: str) -> None:
    one = proposed(world, roster)
    with pytest.raises(PermissionDenied):
        answer_swap(proposal=one, answer=answer, by=world.people[person], now=NOW)
    one.refresh_from_db()
    assert (one.state, Override.objects.count()) == ("open", 0)


def test_a_roster_that_changed_meanwhile_is_not_swapped(world: World, roster: Roster) -> None:
    one = proposed(world, roster)
    stand_in(roster=roster, user=world.lead, starts_at=MONDAY, ends_at=MONDAY + WEEK, by=world.lead, now=NOW)

    with pytest.raises(ValidationError, match="排班已变动"):
        answer_swap(proposal=one, answer="accept", by=world.engineer2, now=NOW)
    one.refresh_from_db()
    assert (one.state, who(world, MONDAY)) == ("open", world.lead)


def test_a_turn_that_began_or_is_not_the_own_is_not_proposed(world: World, roster: Roster) -> None:
    proposed(world, roster)
    for by, first, second, now in (
        (world.engineer, MONDAY, MONDAY + WEEK, MONDAY),
        (world.engineer2, MONDAY, MONDAY + WEEK, NOW),
        (world.engineer, MONDAY, MONDAY + 3 * WEEK, NOW),
        (world.engineer, MONDAY, MONDAY + WEEK, NOW),  # asked already
    ):
        with pytest.raises(ValidationError):
            propose_swap(roster=roster, by=by, first=first, second=second, now=now)
    assert SwapProposal.objects.count() == 1


def test_of_a_turn_that_runs_only_the_rest_is_swapped(world: World, roster: Roster) -> None:
    now, rest = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
    one = propose_swap(roster=roster, by=world.engineer, first=rest, second=MONDAY + WEEK, now=now)
    answer_swap(proposal=one, answer="accept", by=world.engineer2, now=now)

    assert [who(world, at) for at in (MONDAY, now, rest)] == [world.engineer, world.engineer, world.engineer2]
    assert who(world, MONDAY + WEEK) == world.engineer


def test_both_are_told_when_the_lead_swaps(world: World, roster: Roster) -> None:
    swap_for_both(roster=roster, first=MONDAY, second=MONDAY + WEEK, by=world.lead, now=NOW)

    assert sorted(told()) == [("swap_made", "engineer"), ("swap_made", "engineer2")]  # each once
    with pytest.raises(PermissionDenied):
        swap_for_both(roster=roster, first=MONDAY, second=MONDAY + WEEK, by=world.engineer, now=NOW)


def test_everybody_whose_days_move_is_told(world: World, roster: Roster) -> None:
    """By a stand-in, its end, an absence, a return, a new order, and when the deputy's day is swapped."""
    day = timedelta(days=1)

    def newly() -> set[tuple[str, str]]:
        found = set(told()) - before
        Delivery.objects.filter(channel="portal").delete()
        return found

    before: set[tuple[str, str]] = set()
    span: dict[str, Any] = {"starts_at": MONDAY, "ends_at": MONDAY + day}
    row = stand_in(roster=roster, user=world.engineer2, by=world.lead, now=NOW, **span)
    assert newly() == {("duty_moved", "engineer"), ("duty_moved", "engineer2")}
    withdraw_override(override=row, by=world.lead, now=NOW)
    assert newly() == {("duty_moved", "engineer"), ("duty_moved", "engineer2")}
    away = Absence(user=world.engineer, deputy=world.lead, **span)
    record_absence(absence=away, by=world.admin, now=NOW)
    assert newly() == {("duty_moved", "engineer"), ("duty_moved", "lead")}
    swap_for_both(roster=roster, first=MONDAY, second=MONDAY + WEEK, by=world.admin, now=NOW)
    assert newly() == {("duty_moved", "engineer"), ("swap_made", "lead"), ("swap_made", "engineer2")}
    Override.objects.all().delete()
    end_absence(absence=away, by=world.engineer, now=NOW)
    assert newly() == {("duty_moved", "lead")}
    save_roster(roster=roster, members=[world.engineer, world.lead], by=world.lead, now=NOW)
    assert ("duty_moved", "engineer2") in newly()
    far: dict[str, Any] = {"starts_at": MONDAY + 30 * WEEK, "ends_at": MONDAY + 30 * WEEK + day}
    stand_in(roster=roster, user=world.lead, by=world.admin, now=NOW, **far)
    assert newly() == {("duty_moved", "lead"), ("duty_moved", "engineer")}


@pytest.mark.slow
def test_two_swap_on_the_page(world: World, browse: Browse) -> None:
    start = timezone.localdate() + timedelta(days=1)
    made = Roster(group=world.groups["host"], period="week", starts_on=start, handover=time(0))
    roster = save_roster(roster=made, members=[world.engineer, world.engineer2])
    client = browse(world.engineer)
    form = client.get(f"/duty/{roster.pk}/").context["proposal_form"]
    sent = {f"proposal-{name}": form.fields[name].choices[0][0] for name in ("first", "second")}

    assert client.post(f"/duty/{roster.pk}/swaps/", {**sent, "proposal-second": "x"}).status_code == 422
    assert client.post(f"/duty/{roster.pk}/swaps/", sent).status_code == 302
    one = SwapProposal.objects.get()
    url = f"/duty/{roster.pk}/swaps/{one.pk}/accept/"
    assert "Accept" not in client.get(f"/duty/{roster.pk}/").text
    assert "Accept" in browse(world.engineer2).get(f"/duty/{roster.pk}/").text
    assert (client.post(url).status_code, browse(world.vendor).post(url).status_code) == (403, 404)
    assert browse(world.engineer2).post(url).status_code == 302
    one.refresh_from_db()
    assert (one.state, Override.objects.count()) == ("accepted", 2)
    assert browse(world.desk).get(f"/duty/{roster.pk}/").context["proposal_form"] is None


@pytest.mark.slow
@pytest.mark.req("API-01")
def test_programs_read_a_roster_and_swap_by_the_same_rules(world: World) -> None:
    start = timezone.localdate() + timedelta(days=1)
    made = Roster(group=world.groups["host"], period="week", starts_on=start, handover=time(0))
    save_roster(roster=made, members=[world.engineer, world.engineer2])
    turns = Api(world.desk).get("duty/host/").json()["turns"]
    sent = {"first": turns[0]["starts_at"], "second": turns[1]["starts_at"]}

    problem(Api(world.desk).post("duty/host/swaps/", sent), 400)  # has no turn of an own
    proposed = Api(world.engineer).post("duty/host/swaps/", sent).json()["proposals"][0]
    assert (proposed["proposer"]["username"], proposed["other"]["username"]) == ("engineer", "engineer2")
    accept = f"duty/host/swaps/{proposed['id']}/accept/"
    problem(Api(world.engineer).post(accept, {}), 403)
    found = Api(world.engineer2).post(accept, {}).json()
    assert [turn["person"]["username"] for turn in found["turns"][:2]] == ["engineer2", "engineer"]
    problem(Api(world.vendor).get("duty/host/"), 404)
    problem(Api(world.requester).get("duty/host/"), 403)


@pytest.mark.slow
@pytest.mark.req("API-01")
def test_programs_record_who_is_away_and_who_stands_in(world: World, roster: Roster) -> None:
    span = {"starts_at": "2099-01-01T00:00:00Z", "ends_at": "2099-01-03T00:00:00Z"}
    away = {"person": "engineer", "deputy": "engineer2", **span}

    problem(Api(world.engineer).post("duty/host/absences/", away), 403)
    for wrong in ({"deputy": "engineer"}, {"person": "desk"}, {"ends_at": "2098-01-01T00:00:00Z"}):
        problem(Api(world.lead).post("duty/host/absences/", {**away, **wrong}), 400)
    found = Api(world.lead).post("duty/host/absences/", away).json()
    assert [(row["person"]["username"], row["deputy"]["username"]) for row in found["absences"]] == [
        ("engineer", "engineer2")
    ]
    past = {"starts_at": "2026-01-01T00:00:00Z", "ends_at": "2026-01-03T00:00:00Z"}
    refused = problem(Api(world.lead).post("duty/host/stand-ins/", {"person": "lead", **past}), 400)
    assert "starts_at" in str(refused)
    found = Api(world.lead).post("duty/host/stand-ins/", {"person": "lead", **span}).json()
    assert [row["person"]["username"] for row in found["stand_ins"]] == ["lead"]
