"""Whose turn it is: rotations, stand-ins, swaps, absences, clock changes (ORG-05)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.models import User
from duty.models import Absence, Override, Roster
from duty.queries import standings, turn_at
from duty.services import (
    end_absence,
    on_duty,
    recipients_for,
    record_absence,
    save_roster,
    stand_in,
    swap_turns,
    withdraw_override,
)
from tests.factories import World, make_system, register_incident, unclaimed

pytestmark = [pytest.mark.django_db, pytest.mark.req("ORG-05")]

#: A Monday, nine in the morning in Shanghai.
MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def roster(world: World) -> Roster:
    """Engineer, then engineer2, then lead, a week each."""
    made = Roster(group=world.groups["host"], period="week", starts_on=date(2026, 11, 23), handover=time(9))
    return save_roster(roster=made, members=[world.engineer, world.engineer2, world.lead])


def who(world: World, at: datetime) -> str | None:
    """The user name of whoever is on duty in the group ``host``."""
    person = on_duty(world.groups["host"], at)
    return person.username if person else None


def away(user: User, world: World, start: datetime, end: datetime, deputy: User | None = None) -> Absence:
    """Record that ``user`` is away."""
    row = Absence(user=user, deputy=deputy, starts_at=start, ends_at=end)
    return record_absence(absence=row, by=world.lead, now=MONDAY)


def test_turns_follow_each_other_and_begin_at_the_handover(world: World, roster: Roster) -> None:
    second = timedelta(microseconds=1)
    found = [
        who(world, MONDAY - second),
        who(world, MONDAY),
        who(world, MONDAY + 7 * DAY - second),
        who(world, MONDAY + 7 * DAY),
        who(world, MONDAY + 14 * DAY),
        who(world, MONDAY + 21 * DAY),
    ]

    assert found == [None, "engineer", "engineer", "engineer2", "lead", "engineer"]


def test_days_turn_too(world: World, roster: Roster) -> None:
    Roster.objects.update(period="day")

    assert [who(world, MONDAY + n * DAY) for n in range(4)] == ["engineer", "engineer2", "lead", "engineer"]


def test_a_turn_ends_at_nine_also_when_the_clocks_change(world: World, roster: Roster) -> None:
    Roster.objects.update(time_zone="Europe/Berlin", starts_on=date(2026, 10, 19))  # the autumn change is on the 25th

    turn = turn_at(world.groups["host"], datetime(2026, 10, 20, tzinfo=UTC))

    assert turn is not None
    assert (turn.start.isoformat(), turn.end.isoformat()) == ("2026-10-19T07:00:00+00:00", "2026-10-26T08:00:00+00:00")


def test_who_stands_in_has_it_for_the_span_only(world: World, roster: Roster) -> None:
    row = stand_in(
        roster=roster, user=world.lead, starts_at=MONDAY + DAY, ends_at=MONDAY + 2 * DAY, by=world.lead, now=MONDAY
    )
    assert [who(world, MONDAY + n * DAY) for n in range(3)] == ["engineer", "lead", "engineer"]

    later = stand_in(
        roster=roster, user=world.engineer2, starts_at=row.starts_at, ends_at=row.ends_at, by=world.lead, now=MONDAY
    )
    assert who(world, MONDAY + DAY) == "engineer2"
    withdraw_override(override=later, by=world.lead, now=MONDAY)
    withdraw_override(override=row, by=world.lead, now=MONDAY)
    assert who(world, MONDAY + DAY) == "engineer"


def test_a_swap_changes_both_turns_and_is_taken_back_as_one(world: World, roster: Roster) -> None:
    rows = swap_turns(roster=roster, first=MONDAY, second=MONDAY + 14 * DAY, by=world.lead, now=MONDAY)
    assert [who(world, MONDAY + n * 7 * DAY) for n in range(3)] == ["lead", "engineer2", "engineer"]

    withdraw_override(override=rows[0], by=world.lead, now=MONDAY)
    assert not Override.objects.exists()


def test_one_does_not_swap_with_oneself(world: World, roster: Roster) -> None:
    with pytest.raises(ValidationError):
        swap_turns(roster=roster, first=MONDAY, second=MONDAY + DAY, by=world.lead, now=MONDAY)

    assert not Override.objects.exists()


def test_a_deputy_has_the_turns_of_who_is_away(world: World, roster: Roster) -> None:
    row = away(world.engineer, world, MONDAY + DAY, MONDAY + 3 * DAY, deputy=world.lead)
    assert [who(world, MONDAY + n * DAY) for n in range(4)] == ["engineer", "lead", "lead", "engineer"]

    end_absence(absence=row, by=world.lead, now=MONDAY + 2 * DAY)
    assert who(world, MONDAY + 2 * DAY) == "engineer"


def test_without_a_deputy_the_next_in_order_has_it(world: World, roster: Roster) -> None:
    away(world.engineer, world, MONDAY, MONDAY + 3 * DAY)
    assert who(world, MONDAY) == "engineer2"

    away(world.engineer2, world, MONDAY, MONDAY + DAY)
    assert [who(world, MONDAY), who(world, MONDAY + DAY)] == ["lead", "engineer2"]


def test_when_all_are_away_nobody_is_on_duty(world: World, roster: Roster) -> None:
    for person in (world.engineer, world.engineer2, world.lead):
        away(person, world, MONDAY, MONDAY + DAY)

    assert who(world, MONDAY) is None


def test_who_left_has_no_turn(world: World, roster: Roster) -> None:
    User.objects.filter(pk=world.engineer.pk).update(is_active=False)

    assert who(world, MONDAY) == "engineer2"


def test_now_and_next_cost_the_same_for_many_rosters(
    world: World, roster: Roster, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(5):
        [one] = standings(Roster.objects.loaded(), MONDAY)
    other = Roster(group=world.groups["network"], period="day", starts_on=date(2026, 11, 1))
    save_roster(roster=other, members=[world.other_engineer])
    with django_assert_num_queries(5):
        standings(Roster.objects.loaded(), MONDAY)

    assert one.now is not None
    assert one.next is not None
    assert (one.now.user, one.next.user, one.next.start) == (world.engineer, world.engineer2, MONDAY + 7 * DAY)


@pytest.mark.req("ORG-05")
def test_a_span_begins_and_ends_where_its_own_roster_changes(world: World, roster: Roster) -> None:
    """Whoever is away elsewhere, or here without being on duty, cuts nobody's turn; a turn began when it began."""
    away(world.other_engineer, world, MONDAY + DAY, MONDAY + 2 * DAY)
    away(world.engineer2, world, MONDAY + 2 * DAY, MONDAY + 3 * DAY)

    [one] = standings(Roster.objects.loaded(), MONDAY + DAY + timedelta(hours=5))

    assert one.now is not None
    assert one.next is not None
    assert (one.now.start, one.now.end, one.next.start) == (MONDAY, MONDAY + 7 * DAY, MONDAY + 7 * DAY)

    stand_in(
        roster=roster, user=world.lead, starts_at=MONDAY + 4 * DAY, ends_at=MONDAY + 5 * DAY, by=world.lead, now=MONDAY
    )
    [one] = standings(Roster.objects.loaded(), MONDAY + DAY)
    assert one.now is not None
    assert one.now.end == MONDAY + 4 * DAY


def test_a_swap_moves_what_each_has_and_nothing_else(world: World, roster: Roster) -> None:
    """The engineer is away for the first day, lead is the deputy; a stand-in has the fourth day."""
    away(world.engineer, world, MONDAY, MONDAY + DAY, deputy=world.lead)
    stand_in(
        roster=roster, user=world.lead, starts_at=MONDAY + 3 * DAY, ends_at=MONDAY + 4 * DAY, by=world.lead, now=MONDAY
    )

    swap_turns(roster=roster, first=MONDAY, second=MONDAY + 7 * DAY, by=world.lead, now=MONDAY)
    assert [who(world, MONDAY + n * DAY) for n in (0, 1, 3, 4, 6, 7, 13, 14)] == [
        *("engineer2", "engineer", "lead", "engineer", "engineer"),
        *("lead", "lead", "lead"),
    ]

    swap_turns(roster=roster, first=MONDAY + DAY, second=MONDAY + 14 * DAY, by=world.lead, now=MONDAY)
    assert [who(world, MONDAY + n * DAY) for n in (1, 2, 3, 4, 14)] == ["lead", "lead", "lead", "engineer", "engineer"]


def test_what_is_past_stays_as_it_was(world: World, roster: Roster) -> None:
    span: dict[str, Any] = {"starts_at": MONDAY, "ends_at": MONDAY + DAY, "by": world.lead}
    with pytest.raises(ValidationError):
        stand_in(roster=roster, user=world.lead, now=MONDAY + 2 * DAY, **span)
    with pytest.raises(ValidationError):
        stand_in(roster=roster, user=world.lead, now=MONDAY + timedelta(hours=1), **span)
    with pytest.raises(ValidationError):
        swap_turns(roster=roster, first=MONDAY, second=MONDAY + 7 * DAY, by=world.lead, now=MONDAY + 8 * DAY)
    assert not Override.objects.exists()

    rows = swap_turns(roster=roster, first=MONDAY, second=MONDAY + 7 * DAY, by=world.lead, now=MONDAY + DAY)
    assert [row.starts_at for row in rows] == [MONDAY + DAY, MONDAY + 7 * DAY]


# --- Recipients -----------------------------------------------------------------------------------------------------


def names(people: list[User]) -> list[str]:
    """User names, sorted."""
    return sorted(person.username for person in people)


@pytest.mark.req("NTF-01", "SLM-06")
def test_roles_lead_to_people(world: World, roster: Roster) -> None:
    system = make_system("core1", primary_engineer=world.engineer2, deputy_engineer=world.expert)
    ticket = unclaimed(world, business_system=system.code)

    found = {
        role: names(recipients_for(role, ticket, MONDAY))
        for role in (
            *("assignee", "group", "group_duty", "group_lead", "incident_manager", "technical_lead"),
            *("system_owner", "centre_leadership", "duty_manager", "watchers", "requester"),
        )
    }

    assert found == {
        "assignee": ["engineer"],  # nobody has it, so the group's duty is told
        "group": ["engineer", "engineer2", "lead"],
        "group_duty": ["engineer"],
        "group_lead": ["lead"],
        "incident_manager": ["manager"],
        "technical_lead": ["lead"],
        "system_owner": ["engineer2", "expert"],
        "centre_leadership": ["manager"],  # nobody holds the role
        "duty_manager": ["manager"],
        "watchers": [],
        "requester": ["requester"],
    }


def test_the_deputy_and_the_duty_are_told_for_an_assignee_who_is_away(world: World, roster: Roster) -> None:
    from tests.factories import act  # only here

    ticket = act(unclaimed(world), "claim", world.engineer2)
    away(world.engineer2, world, MONDAY, MONDAY + DAY, deputy=world.lead)

    assert names(recipients_for("assignee", ticket, MONDAY)) == ["engineer", "engineer2", "lead"]


def test_staff_roles_are_never_empty(world: World) -> None:
    ticket = register_incident(world.desk, requester="requester")
    User.objects.filter(username__in=["manager", "desk", "desk2"]).update(is_active=False)

    roles = ("assignee", "group_duty", "system_owner", "centre_leadership", "duty_manager", "no such role")
    assert [names(recipients_for(role, ticket, MONDAY)) for role in roles] == [["admin"]] * len(roles)


def test_the_management_roster_names_the_duty_manager(world: World, roster: Roster) -> None:
    Roster.objects.filter(pk=roster.pk).update(management=True)

    assert names(recipients_for("duty_manager", None, MONDAY)) == ["engineer"]
