"""Promises that a later version ships reach policies that were shipped before, once; what people decided stays."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from demo.reference import load_reference, read_reference
from sla.models import Clock, Policy, PolicyVersion
from sla.promises.policies import Draft, Promise, Promises, draft_of, publish_policy, version_in_force
from sla.shipped import load_service_levels
from tests.changes.making import request, staffed
from tests.factories import MONDAY, World, act
from tests.sla.calendars import at

pytestmark = [pytest.mark.django_db, pytest.mark.req("SLM-03", "CHG-02")]
DAY = timedelta(days=1)
#: What limits of changes are, by metric and the kind's type.
OF_CHANGES = {("response", ""), ("record", "emergency"), ("notice", ""), ("order", "")}


def shipped(*, changes: bool) -> dict[str, Any]:
    """The sections of the reference file with one policy, "older"; without what was shipped for changes, as before."""
    data = deepcopy(read_reference())
    row = data["policies"][0] | {"code": "older", "is_default": False}
    row["targets"] = [target for target in row["targets"] if changes or target.get("kind") != "change"]
    return data | {"policies": [row]}


def load(*, changes: bool, now: datetime) -> int:
    return load_service_levels(shipped(changes=changes), at=now)


@pytest.fixture
def older() -> Policy:
    """A policy of an installation from before changes were timed."""
    assert load(changes=False, now=MONDAY - 30 * DAY) == 1
    return Policy.objects.get(pk="older")


def edit(policy: Policy, keep: Any = lambda row: True, more: tuple[Promise, ...] = (), **when: Any) -> PolicyVersion:
    """Publish the newest version anew as people do, with the rows to keep and some more."""
    draft = draft_of(policy.versions.order_by("-number")[0])
    promises = (*(row for row in draft.promises if keep(row)), *more)
    times = {"valid_from": MONDAY - 5 * DAY, "by": None, "at": MONDAY - 5 * DAY} | when
    return publish_policy(policy, replace(draft, promises=promises), **times)


def said(policy: Policy, now: datetime) -> Draft:
    version = version_in_force(policy, now)
    assert version is not None
    return draft_of(version)


def of_changes(draft: Draft) -> set[tuple[str, str]]:
    """Limits of changes by metric and type."""
    rows = [(row.metric, dict(row.conditions)) for row in draft.promises]
    return {(metric, given.get("grade", "")) for metric, given in rows if given.get("kind") == "change"}


def test_a_fresh_installation_has_everything_already() -> None:
    before = PolicyVersion.objects.count()
    assert load_reference() == 0
    assert PolicyVersion.objects.count() == before
    assert of_changes(said(Policy.objects.get(pk="priorities"), MONDAY)) == OF_CHANGES


def test_an_older_one_gets_them_once_and_keeps_the_rest(older: Policy, caplog: pytest.LogCaptureFixture) -> None:
    before = said(older, MONDAY)
    assert of_changes(before) == set()
    caplog.set_level("INFO", logger="sla.promises.upgrading")
    assert load(changes=True, now=MONDAY) == 4
    assert "policy older" in caplog.text
    assert "record emergency change" in caplog.text

    now = said(older, MONDAY)
    assert of_changes(now) == OF_CHANGES
    assert now.promises[: len(before.promises)] == before.promises
    assert replace(now, promises=()) == replace(before, promises=())
    assert said(older, MONDAY - timedelta(seconds=1)) == before
    assert load(changes=True, now=MONDAY + DAY) == 0
    assert older.versions.count() == 2


def test_clocks_that_run_keep_what_was_promised(older: Policy, world: World) -> None:
    staffed(world)
    Policy.objects.filter(is_default=True, kind="sla").update(is_default=False)
    Policy.objects.filter(pk="older").update(is_default=True)
    edit(older, more=(Promise("response", "24x7", 60, (("kind", "change"),)),))
    early: Any = act(request(world), "submit", world.lead, now=MONDAY)
    load(changes=True, now=MONDAY + timedelta(minutes=5))
    late: Any = act(request(world), "submit", world.lead, now=MONDAY + timedelta(minutes=10))
    emergency = request(world, "emergency", planned_start="", planned_end="")
    emergency = act(emergency, "submit", world.lead, now=MONDAY + timedelta(minutes=10))

    clocks = {clock.ticket_id: clock for clock in Clock.objects.filter(metric="response", ticket__kind="change")}
    assert clocks[early.pk].policy_version.number == 2
    assert clocks[late.pk].policy_version.number == 3
    assert clocks[early.pk].target == clocks[late.pk].target == timedelta(hours=1), "what people promised stays"
    assert not Clock.objects.filter(ticket=early, metric="record").exists()
    promised = Promises.now(emergency, MONDAY + timedelta(minutes=10)).find("sla", "record")
    assert promised is not None
    assert (promised.version.number, promised.minutes) == (3, 24 * 60)


def test_what_people_took_out_stays_out(older: Policy) -> None:
    load(changes=True, now=MONDAY - 10 * DAY)
    edit(older, keep=lambda row: row.metric not in ("notice", "cause"))
    assert load(changes=True, now=MONDAY) == 0
    now = said(older, MONDAY)
    assert of_changes(now) == OF_CHANGES - {("notice", "")}
    assert "cause" not in {row.metric for row in now.promises}


def test_what_people_edited_stays_and_rows_of_their_own_are_not_narrowed(older: Policy) -> None:
    own = (
        Promise("record", "5x8", 600, (("kind", "change"),)),
        Promise("notice", "5x8", 60, (("grade", "major"), ("kind", "change"))),
    )
    edit(older, keep=lambda row: row.metric != "cause", more=own)
    assert load(changes=True, now=MONDAY) == 3
    now = said(older, MONDAY)
    assert of_changes(now) == {("response", ""), ("record", ""), ("notice", "major"), ("notice", ""), ("order", "")}
    assert set(own) <= set(now.promises)
    assert load(changes=True, now=MONDAY + DAY) == 0


def test_a_version_that_people_planned_still_comes_with_them(older: Policy) -> None:
    monday = MONDAY + 7 * DAY
    edit(older, keep=lambda row: row.metric != "cause", valid_from=monday)
    edit(older, keep=lambda row: row.metric == "resolve", valid_from=MONDAY - DAY, valid_until=MONDAY + DAY)
    load(changes=True, now=MONDAY)
    for moment, metrics in (
        (MONDAY, {"resolve"}),
        (MONDAY + DAY, {"response", "resolve", "cause"}),
        (monday, {"response", "resolve"}),
    ):
        now = said(older, moment)
        assert of_changes(now) == OF_CHANGES
        known = [row for row in now.promises if dict(row.conditions).get("kind") != "change"]
        assert {row.metric for row in known} == metrics
    assert load(changes=True, now=at("2026-06-01 09:00")) == 0


@pytest.mark.slow
def test_the_page_says_that_an_upgrade_made_the_version(older: Policy, world: World, client: Client) -> None:
    load(changes=True, now=MONDAY)
    client.force_login(world.admin)
    page = client.get("/policies/older/", headers={"accept-language": "en"}).content.decode()
    assert page.count("promises that came with an upgrade") == 1
