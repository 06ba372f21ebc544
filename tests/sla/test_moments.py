"""From which moment to which response and resolution count belongs to the policy (SLM-04)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override

from sla.clocks.auditing import audit
from sla.clocks.history import replay
from sla.models import Clock, Policy
from sla.promises.policies import Draft, Promise, PromiseBook, draft_of, publish_policy
from sla.promises.whatif import courses, try_policy
from tests.api.client import Api
from tests.factories import World, act, close, register_incident, resolve
from tests.sla.calendars import at
from tests.sla.test_clocks import LONG_AGO, office_policy
from tests.sla.test_policies import typed

pytestmark = [pytest.mark.django_db, pytest.mark.req("SLM-04")]

BEGIN, MINUTE = at("2026-03-02 09:00"), timedelta(minutes=1)
ROWS = (Promise("response", "24x7", 30), Promise("resolve", "24x7", 60))
MOMENTS = ("registered", "dispatched", "started", "resolved", "closed")
PAIRS = [(a, b) for n, a in enumerate(MOMENTS) for b in MOMENTS[n + 1 :]]
#: When each comes in the life below, in minutes from registration.
COMES = dict(zip(MOMENTS, (0, 10, 25, 80, 100), strict=True))


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Names in one language, whatever was read before."""
    with override("en"):
        yield


def after(minutes: int) -> datetime:
    return BEGIN + minutes * MINUTE


def registered(world: World, **data: Any) -> Any:
    """At the desk, without a group."""
    return register_incident(world.desk, now=BEGIN, impact="I4", requester="requester", **data)


def dispatched(world: World, ticket: Any) -> Any:
    return act(ticket, "assign", world.desk, now=after(COMES["dispatched"]), group="host")


def lived(world: World) -> Any:
    """From registration to closing, each step at its minute."""
    ticket = act(dispatched(world, registered(world)), "start", world.engineer, now=after(COMES["started"]))
    ticket = resolve(ticket, world.engineer, now=after(COMES["resolved"]))
    return close(ticket, world.desk, now=after(COMES["closed"]))


def clock_of(ticket: Any, metric: str) -> Clock:
    return Clock.objects.get(ticket_id=ticket.pk, agreement="sla", metric=metric)


def told(clock: Clock) -> tuple[Any, ...]:
    return clock.state, clock.started_at, clock.stopped_at, clock.consumed, clock.met


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_each_pair_of_moments_counts_what_lies_between_and_history_agrees(world: World, pair: tuple[str, str]) -> None:
    office_policy(world, *ROWS, response=pair, resolve=pair)
    ticket = lived(world)

    first, last = (COMES[name] for name in pair)
    for metric, target in (("response", 30), ("resolve", 60)):
        clock = clock_of(ticket, metric)
        assert told(clock) == ("stopped", after(first), after(last), (last - first) * MINUTE, last - first <= target)
    [(known, course, _steps)] = courses(BEGIN, after(200))
    replayed = {life.clock.metric: told(life.clock) for life in replay(known, course, PromiseBook())}
    assert replayed == {metric: told(clock_of(ticket, metric)) for metric in ("response", "resolve")}


def test_shipped_policies_count_as_the_source_says(world: World) -> None:
    for policy in Policy.objects.filter(kind="sla"):
        draft = draft_of(policy.versions.get())
        assert (draft.response, draft.resolve) == (("dispatched", "started"), ("started", "resolved"))
        assert policy.versions.get().content_hash == draft.digest()


def test_what_is_solved_goes_on_until_it_is_closed(world: World) -> None:
    office_policy(world, *ROWS, resolve=("registered", "closed"))
    ticket = act(dispatched(world, registered(world)), "start", world.engineer, now=after(25))
    ticket = resolve(ticket, world.engineer, now=after(40))

    clock = clock_of(ticket, "resolve")
    assert (clock.state, clock.due_at) == ("running", after(60))
    assert not list(audit(after(45)))
    act(ticket, "not_solved", world.requester, now=after(50), text="还是不行")
    clock.refresh_from_db()
    assert (clock.state, clock.excuse, clock.met) == ("cancelled", "not_solved", None)


def test_what_was_never_solved_did_not_come_to_its_end(world: World) -> None:
    office_policy(world, *ROWS, resolve=("registered", "closed"))
    ticket = act(registered(world), "reject", world.desk, now=after(5), reject_reason="out_of_scope", text="不属于")

    clock = clock_of(ticket, "resolve")
    assert (clock.state, clock.excuse, clock.met) == ("cancelled", "ended", None)


def test_a_later_version_counts_from_when_it_is_valid(world: World) -> None:
    """Nobody is late by a promise that nobody knew; what had begun keeps its version."""
    policy = office_policy(world, *ROWS, response=("registered", "started"))
    ticket = registered(world)
    draft = replace(draft_of(policy.versions.get()), response=("started", "closed"), resolve=("registered", "closed"))
    publish_policy(policy, draft, valid_from=after(5), by=None, at=after(4))
    ticket = dispatched(world, ticket)

    response, solution = clock_of(ticket, "response"), clock_of(ticket, "resolve")
    assert (response.policy_version.number, response.started_at) == (1, BEGIN)
    assert (solution.policy_version.number, solution.started_at) == (2, after(5))
    act(ticket, "start", world.engineer, now=after(25))
    response.refresh_from_db()
    assert (response.state, response.stopped_at) == ("stopped", after(25))


def test_a_draft_with_other_moments_is_tried_on_history(world: World) -> None:
    policy = office_policy(world, *ROWS)
    ticket = lived(world)
    same = draft_of(policy.versions.get())

    trial = try_policy(policy, replace(same, resolve=("registered", "resolved")), BEGIN, after(200))

    assert [(row["ticket"].number, row["metric"], row["after"]) for row in trial.flipped] == [
        (ticket.number, "Resolution", False)
    ]
    assert try_policy(policy, same, BEGIN, after(200)).flips == 0


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"response_starts": "started", "response_stops": "started"}, "response_stops"),
        ({"resolve_starts": "closed", "resolve_stops": "registered"}, "resolve_stops"),
        ({"response_starts": "registered", "restarts": "on"}, "restarts"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(
    world: World, client: Client, given: dict[str, str], field: str
) -> None:
    client.force_login(world.admin)
    answer = client.post("/policies/maintenance/", typed(client, "maintenance", publish="1", **given))

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert Policy.objects.get(code="maintenance").versions.count() == 1


def test_moments_are_chosen_published_and_shown_again(world: World, client: Client) -> None:
    client.force_login(world.admin)
    chosen = {"response_starts": "registered", "resolve_starts": "registered", "resolve_stops": "closed"}
    assert (
        client.post("/policies/maintenance/", typed(client, "maintenance", publish="1", **chosen)).status_code == 302
    )

    version = Policy.objects.get(code="maintenance").versions.latest("number")
    assert version.moments("response") == ("registered", "started")
    assert version.moments("resolve") == ("registered", "closed")
    assert client.get("/policies/maintenance/").context["form"]["resolve_stops"].value() == "closed"
    assert "resolve_stops" not in client.get("/policies/dispatch/").context["form"].fields


@pytest.mark.parametrize("wrong", [{"resolve": ("resolved", "started")}, {"restarts": True, "response": MOMENTS[:2]}])
def test_what_cannot_be_is_never_published(world: World, wrong: dict[str, Any]) -> None:
    policy = Policy.objects.get(code="maintenance")
    with pytest.raises(ValueError, match=r"limit ends|only a response"):
        publish_policy(policy, Draft(ROWS, **wrong), valid_from=LONG_AGO, by=None, at=BEGIN)
    assert policy.versions.count() == 1


def test_the_clock_says_from_which_moment_to_which_it_counts(world: World, client: Client) -> None:
    office_policy(world, *ROWS, response=("registered", "started"), resolve=("started", "closed"))
    ticket = lived(world)
    found = {row["metric"]: row["counts"] for row in Api(world.desk).results(f"tickets/{ticket.number}/clocks/")}

    assert found["response"] == {
        "starts": {"code": "registered", "name": "Registration"},
        "stops": {"code": "started", "name": "Start of work"},
    }
    assert found["resolve"]["stops"]["code"] == "closed"
    assert found["dispatch"] is None
    client.force_login(world.engineer)
    page = client.get(f"/tickets/{ticket.number}/counted/").content.decode()
    assert page.count("→ ") >= 2


def test_the_auditor_finds_a_clock_that_outlived_its_end(world: World) -> None:
    office_policy(world, *ROWS)
    ticket = act(dispatched(world, registered(world)), "start", world.engineer, now=after(25))
    assert not list(audit(after(26)))
    Clock.objects.filter(pk=clock_of(ticket, "response").pk).update(
        state="running", running_since=after(10), stopped_at=None, consumed=0 * MINUTE, due_at=after(40), met=None
    )

    assert "goes_on" in [row["problem"] for row in audit(after(26))]
