"""Whatever people do to a ticket in whatever order, some things always hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import User
from incidents.models import Incident
from sla.services import COLUMNS, plan
from tasks.models import Task
from tests.contract.subjects import sample_input
from tests.factories import MONDAY, World, incident_in
from tickets.actions import available_actions, perform
from tickets.errors import ActionConflict, ActionInvalid
from tickets.forms import json_value
from tickets.lifecycle import Action
from tickets.meaning import NO_PRIORITY
from tickets.models import Ticket, TicketLink, TimelineEntry

pytestmark = pytest.mark.django_db

PEOPLE = ("desk", "engineer", "engineer2", "lead", "manager", "requester", "expert")
#: Talking about a ticket and ending it early are chosen less often than what moves it on.
ASIDES = {"withdraw", "reject", "cancel", "edit", "link", "unlink", "watch", "unwatch", "urge", "comment", "note"}
ASIDE_SHARE = 0.2
STEPS = 30


def walk(world: World, dice: Random, check: Callable[[Any, Any], None]) -> None:
    """Let people do things that are possible, one a minute; ``check`` gets the ticket before and after."""
    for minute in range(STEPS):
        newest = list(Ticket.objects.order_by("phase", "-pk"))[-4:]  # what is closed comes first
        ticket = dice.choice(newest).specific
        user, action = dice.choice(_choices(world, ticket, dice.random() < ASIDE_SHARE))
        try:
            data = sample_input(action, ticket, user)
            perform(ticket, action.name, user=user, data=data, now=MONDAY + timedelta(minutes=minute))
        except (ActionInvalid, ActionConflict):
            pass  # nothing fits, such as a higher line above the highest; a person is in another change at that time
        check(ticket, type(ticket).objects.get(pk=ticket.pk))


def _choices(world: World, ticket: Ticket, aside: bool) -> list[tuple[User, Action]]:
    """Who may do what with the ticket now; asides only when asked for or when nothing else is left."""
    everyone = [world.people[name] for name in PEOPLE]
    seen_by = [user for user in everyone if type(ticket).objects.visible_to(user).filter(pk=ticket.pk).exists()]
    offered = [(user, item) for user in seen_by for item in available_actions(ticket, user) if item.enabled]
    found = [(user, item.action) for user, item in offered]
    return [(u, a) for u, a in found if (a.name in ASIDES) == aside] or found


def always(world: World, dice: Random, check: Callable[[Any, Any], None]) -> None:
    """Walk with a few incidents in a transaction that is undone, so that every example starts alike."""
    with transaction.atomic():
        for state in ("registered", "in_progress", "pending", "resolved"):
            incident_in(state, world, now=MONDAY - timedelta(hours=1))
        walk(world, dice, check)
        transaction.set_rollback(True)


def examples(count: int) -> Any:
    """Few examples, each a long walk; the fixture is not changed by them."""
    return settings(max_examples=count, derandomize=True)


@pytest.mark.slow
@pytest.mark.req("TKT-06", "TSK-02", "INC-05")
@examples(6)
@given(dice=st.randoms(use_true_random=True))
def test_tickets_stay_sound(world: World, dice: Random) -> None:
    def check(before: Any, after: Any) -> None:
        for holds in SOUND:
            holds(before, after)

    always(world, dice, check)


def version_grows_with_changes(before: Ticket, after: Ticket) -> None:
    """Exactly then when a person could overwrite something."""
    steps = TimelineEntry.objects.filter(ticket=after, version__gt=before.version).count()
    changed = after.version - before.version
    assert 0 <= changed <= steps


def phase_is_the_state_s(before: Ticket, after: Ticket) -> None:
    """Every ticket that there is, not only the one that was acted on."""
    for ticket in Ticket.objects.all():
        assert ticket.phase == ticket.kind_info.phase_of(ticket.state)
        assert ticket.priority_rank == (ticket.priority.rank if ticket.priority else NO_PRIORITY)


def planned_times_are_consistent(before: Ticket, after: Ticket) -> None:
    """Planning again changes nothing: what is stored is what the columns say."""
    for ticket in Ticket.objects.all():
        stored = [getattr(ticket, name) for name in COLUMNS]
        plan(ticket)
        assert [getattr(ticket, name) for name in COLUMNS] == stored, ticket.number


def times_are_in_order(before: Ticket, after: Ticket) -> None:
    """Registered, assigned, responded, resolved, closed."""
    times = [after.created_at, after.assigned_at, after.responded_at, after.resolved_at, after.closed_at]
    known = [moment for moment in times if moment is not None]
    assert known == sorted(known)


def children_are_counted(before: Ticket, after: Ticket) -> None:
    """The counters are the tasks that the ticket waits for."""
    for ticket in Incident.objects.all():
        tasks = Task.objects.filter(parent_id=ticket.pk, holds_parent=True)
        over = tasks.filter(phase="closed").count()
        assert (ticket.children_total, ticket.children_open) == (tasks.count(), tasks.count() - over)


def work_has_an_owner(before: Ticket, after: Ticket) -> None:
    """Nothing is in progress or waits without a group and a person."""
    for ticket in Incident.objects.filter(state__in=["in_progress", "pending"]):
        assert ticket.group_id
        assert ticket.assignee_id


def waiting_is_measured(before: Ticket, after: Ticket) -> None:
    """A pause has begun exactly while the ticket is pending."""
    for ticket in Incident.objects.all():
        assert (ticket.waiting_since is not None) == (ticket.state == "pending")


def endings_are_explained(before: Ticket, after: Ticket) -> None:
    """What is over says how it ended."""
    for ticket in Incident.objects.filter(phase__in=["resolved", "closed"]):
        assert ticket.close_code_id
        assert (ticket.closed_at is not None) == (ticket.state == "closed")


def duplicates_have_one_level(before: Ticket, after: Ticket) -> None:
    """A main ticket is no duplicate; a mark is a relation."""
    for ticket in Ticket.objects.exclude(duplicate_of=None):
        assert ticket.duplicate_of is not None
        assert ticket.duplicate_of.duplicate_of_id is None
        assert TicketLink.objects.filter(source=ticket, target=ticket.duplicate_of, meaning="duplicate_of").exists()


def urging_is_counted(before: Ticket, after: Ticket) -> None:
    """As many times as the timeline says."""
    assert after.urge_count == TimelineEntry.objects.filter(ticket=after, action="urge").count()


SOUND = [
    version_grows_with_changes,
    phase_is_the_state_s,
    planned_times_are_consistent,
    times_are_in_order,
    children_are_counted,
    work_has_an_owner,
    waiting_is_measured,
    endings_are_explained,
    duplicates_have_one_level,
    urging_is_counted,
]


@pytest.mark.slow
@pytest.mark.req("TKT-03")
@examples(4)
@given(dice=st.randoms(use_true_random=True))
def test_timeline_only_grows_and_leads_to_the_present(world: World, dice: Random) -> None:
    seen: dict[int, list[Any]] = {}

    def check(before: Any, after: Any) -> None:
        for ticket in Ticket.objects.all():
            entries: list[Any] = list(TimelineEntry.objects.filter(ticket=ticket).order_by("pk").values())
            known = seen.setdefault(ticket.pk, [])
            assert entries[: len(known)] == known
            seen[ticket.pk] = entries
            assert replayed(entries) == ticket.state
        values_follow(seen[after.pk], after)

    always(world, dice, check)


def values_follow(entries: list[Any], ticket: Any) -> None:
    """What was new to one entry is old to the next that names the field, and is the ticket's in the end."""
    newest: dict[str, Any] = {}
    for change in (change for entry in entries for change in entry["changes"]):
        assert newest.get(change["field"], change["old"]) == change["old"], change
        newest[change["field"]] = change["new"]
    for name, value in newest.items():
        assert json_value(getattr(ticket, name)) == value, name


def replayed(entries: list[Any]) -> str:
    """The state that the steps of a timeline lead to; each must start where the one before ended."""
    state = ""
    for entry in entries:
        if entry["state_to"]:
            assert entry["state_from"] == state
            state = entry["state_to"]
    return state


@pytest.mark.req("TKT-07")
def test_version_grows_exactly_when_something_changed(world: World) -> None:
    ticket: Any = incident_in("assigned", world)
    seen: dict[str, int] = {}
    actions: list[tuple[str, str, dict[str, Any]]] = [
        ("comment", "desk", {"text": "?"}),
        ("watch", "desk", {}),
        ("urge", "desk", {}),
        ("edit", "desk", {}),
        ("edit", "desk", {"summary": "新"}),
        ("start", "engineer", {}),
        ("add_task", "engineer", {"summary": "?", "group": "host"}),
    ]
    for name, person, data in actions:
        after = perform(ticket, name, user=world.people[person], data=data).ticket
        seen[f"{name}{len(data)}"] = after.version - ticket.version
        ticket = after

    assert seen == {"comment1": 0, "watch0": 0, "urge0": 0, "edit0": 0, "edit1": 1, "start0": 1, "add_task2": 0}
