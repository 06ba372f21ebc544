"""Several people press at once, each with a connection of their own: everybody is told exactly once (PRB-05)."""

from __future__ import annotations

from functools import partial

import pytest

from notifications.models import Notice
from problems.models import KnownError, Problem, Telling
from tests.factories import MONDAY, World, act, make_user, register_incident, reload_user
from tests.problems.conftest import Staff
from tests.problems.test_life import assigned, raise_problem
from tests.tickets.test_races import at_once, impatience, world
from tickets.actions import perform
from tickets.errors import ActionError
from tickets.models import TimelineEntry

__all__ = ["impatience", "world"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("PRB-05")]
TEXTS = {"title": "行情网关断连", "symptoms": "行情中断", "steps": "重启网关进程"}


def test_four_who_tell_all_at_once_tell_each_incident_once(world: World) -> None:
    staff = Staff(*(make_user(name, role) for name, role in PEOPLE))
    incidents = [register_incident(world.desk) for _number in range(5)]
    problem = assigned(raise_problem(world, *incidents), staff)
    problem = act(problem, "record_workaround", staff.owner, workaround="重启")
    act(problem, "publish", staff.owner, now=MONDAY, **TEXTS)

    def tell() -> object:
        owner = reload_user(staff.owner)
        return perform(Problem.objects.get(pk=problem.pk), "tell_incidents", user=owner, now=MONDAY)

    results = at_once(*[partial(tell) for _person in range(4)])

    assert not [one for one in results if isinstance(one, ActionError)]
    known = KnownError.objects.get(problem=problem)
    assert Telling.objects.filter(known_error=known).count() == 5
    told = TimelineEntry.objects.filter(action="hear_workaround").values_list("ticket_id", flat=True)
    assert sorted(told) == sorted(incident.pk for incident in incidents)
    keys = list(Notice.objects.filter(ticket__in=told).values_list("key", flat=True))
    assert len(keys) == len(set(keys))


PEOPLE = (
    ("pm", "problem_manager"),
    ("ps", "problem_supervisor"),
    ("po", "problem_analyst"),
    ("pa", "problem_analyst"),
)
