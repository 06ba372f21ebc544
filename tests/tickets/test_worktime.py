"""Time spent per step and person (TKT-11)."""

from __future__ import annotations

import pytest
from django.utils import translation

from tests.factories import World, act, incident_in
from tickets.actions import perform
from tickets.errors import ActionForbidden, ActionInvalid
from tickets.shared.worktime import TimeSpent, minutes_in, time_by_person
from tickets.timeline import present

pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-11")]


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("45", 45),
        ("1:30", 90),
        ("1：30", 90),
        ("1.5h", 90),
        ("1h 30m", 90),
        ("2 h", 120),
        ("1小时30分", 90),
        ("20分钟", 20),
        ("20 min", 20),
        ("1:75", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
    ],
)
def test_durations_are_read_as_people_write_them(text: str, minutes: int | None) -> None:
    assert minutes_in(text) == minutes


def test_time_is_kept_with_person_and_step(world: World) -> None:
    ticket = incident_in("assigned", world)
    act(ticket, "log_time", world.engineer, minutes="15", text="looked at the logs")
    ticket = act(ticket, "start", world.engineer)
    act(ticket, "log_time", world.engineer, minutes="0:30")
    act(ticket, "log_time", world.lead, minutes="1h")
    rows = TimeSpent.objects.order_by("id").values_list("person__username", "state", "minutes")
    assert list(rows) == [("engineer", "assigned", 15), ("engineer", "in_progress", 30), ("lead", "in_progress", 60)]
    assert [(one.person.username, one.minutes) for one in time_by_person(ticket)] == [("lead", 60), ("engineer", 45)]


@pytest.mark.parametrize("minutes", ["", "0", "soon", "1441", "99:00"])
def test_what_is_no_time_is_refused_and_changes_nothing(world: World, minutes: str) -> None:
    ticket = incident_in("in_progress", world)
    entries = ticket.timeline.count()
    with pytest.raises(ActionInvalid) as refused:
        perform(ticket, "log_time", user=world.engineer, data={"minutes": minutes, "text": "x"})
    assert list(refused.value.form.errors) == ["minutes"]
    assert (ticket.timeline.count(), TimeSpent.objects.count()) == (entries, 0)


def test_requesters_neither_log_nor_see_it(world: World) -> None:
    ticket = incident_in("in_progress", world, requester="requester")
    with pytest.raises(ActionForbidden):
        perform(ticket, "log_time", user=world.requester, data={"minutes": "5"})
    entry = perform(ticket, "log_time", user=world.engineer, data={"minutes": "5"})
    assert not entry.is_public


@pytest.mark.parametrize(("minutes", "shown"), [(15, "15 min"), (60, "1:00 h"), (90, "1:30 h")])
def test_the_timeline_says_how_long_with_its_unit(world: World, minutes: int, shown: str) -> None:
    ticket = incident_in("in_progress", world)
    entry = perform(ticket, "log_time", user=world.engineer, data={"minutes": str(minutes)})
    with translation.override("en"):
        [line] = present([entry], world.engineer, ticket.kind_info)
    assert [change.new for change in line.changes] == [shown]
