"""The same verdict in Python and in SQL, for every condition that can be asked (TKT-08)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import F, Q
from hypothesis import given, settings
from hypothesis import strategies as st

from itsm.matching import Unmatchable, matches
from tests.factories import MONDAY, World, act, incident_in, unclaimed
from tickets.models import Ticket
from tickets.queues.queries import VIEWS

pytestmark = [pytest.mark.req("TKT-08"), pytest.mark.django_db]

MOMENTS = [MONDAY + timedelta(minutes=minutes) for minutes in (-1, 0, 4, 5, 15, 30, 240)]
LOOKUPS: dict[str, st.SearchStrategy[Any]] = {
    "phase": st.sampled_from(["open", "waiting", "resolved"]),
    "phase__in": st.lists(st.sampled_from(["open", "waiting", "resolved"])),
    "source": st.sampled_from(["monitoring", "phone", None]),
    "assignee": st.sampled_from([None, 1, 2, 3]),
    "assignee__in": st.lists(st.integers(1, 4)),
    "assignee__isnull": st.booleans(),
    "group_id": st.sampled_from([None, 1, 2]),
    "reopen_count__gt": st.integers(-1, 2),
    "reopen_count__lte": st.integers(-1, 2),
    "queue_due_at__lt": st.sampled_from(MOMENTS),
    "due_soon_at__gte": st.sampled_from(MOMENTS),
    "planned_response_at__lt": st.sampled_from(MOMENTS),
    "responded_at__gt": st.sampled_from(MOMENTS),
    "responded_at": st.sampled_from([None, *MOMENTS]),
}


def leaf() -> st.SearchStrategy[Q]:
    """One comparison."""
    return st.sampled_from(sorted(LOOKUPS)).flatmap(lambda name: LOOKUPS[name].map(lambda value: Q(**{name: value})))


CONDITIONS = st.recursive(
    leaf() | st.just(Q()),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: pair[0] & pair[1]),
        st.tuples(inner, inner).map(lambda pair: pair[0] | pair[1]),
        inner.map(lambda one: ~one),
    ),
    max_leaves=6,
)


@pytest.fixture
def tickets(world: World) -> list[Ticket]:
    """Tickets in every phase, with and without group, assignee, limits."""
    for state in ("registered", "assigned", "in_progress", "pending", "resolved", "closed"):
        incident_in(state, world, now=MONDAY)
    unclaimed(world, now=MONDAY, source="monitoring")
    act(incident_in("resolved", world, now=MONDAY), "not_solved", world.requester, now=MONDAY, text="again")
    return list(Ticket.objects.all())


def in_sql(condition: Q) -> set[int]:
    """The keys that the database finds."""
    return set(Ticket.objects.filter(condition).values_list("pk", flat=True))


@pytest.mark.slow
@settings(max_examples=300)
@given(condition=CONDITIONS, negated=st.booleans())
def test_python_and_database_agree(tickets: list[Ticket], condition: Q, negated: bool) -> None:
    condition = _with_known_people(condition, tickets)
    asked = ~condition if negated else condition

    assert {ticket.pk for ticket in tickets if matches(asked, ticket)} == in_sql(asked)


def _with_known_people(condition: Q, tickets: list[Ticket]) -> Q:
    """Numbers of people and groups stand for those that the tickets have."""
    known = {name: sorted({getattr(t, name) for t in tickets} - {None}) for name in ("assignee_id", "group_id")}

    def real(path: str, value: Any) -> Any:
        keys = known.get("assignee_id" if path.startswith("assignee") else path)
        if not keys or isinstance(value, bool) or value is None:
            return value
        if isinstance(value, list):
            return [keys[number % len(keys)] for number in value]
        return keys[value % len(keys)]

    copy = Q(_connector=condition.connector, _negated=condition.negated)
    copy.children = [
        _with_known_people(child, tickets) if isinstance(child, Q) else (child[0], real(*child))  # type: ignore[index,misc]  # pairs
        for child in condition.children
    ]
    return copy


@pytest.mark.parametrize("now", [MONDAY, MONDAY + timedelta(hours=3), MONDAY + timedelta(days=3)])
def test_shipped_views_can_be_decided(tickets: list[Ticket], world: World, now: datetime) -> None:
    """Every view of everybody; the data are only read, so one making of them serves all."""
    for name in ("engineer", "desk", "vendor", "manager"):
        for code in VIEWS:
            condition = VIEWS[code].where(world.people[name], now)

            assert {ticket.pk for ticket in tickets if matches(condition, ticket)} == in_sql(condition), (name, code)


@pytest.mark.parametrize(
    "condition",
    [
        Q(group__code="host"),
        Q(summary__icontains="x"),
        Q(no_such_column=1),
        Q(queue_due_at__lt=F("due_soon_at")),
        Q(phase="open") ^ Q(source="phone"),
    ],
)
def test_what_only_the_database_knows_is_refused(tickets: list[Ticket], condition: Q) -> None:
    with pytest.raises(Unmatchable):
        matches(condition, tickets[0])
