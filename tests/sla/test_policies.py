"""Policies: pages that publish versions, trying a draft on history, what is shipped."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from sla.models import Agreement, Clock, NoticeRule, Policy, PolicyVersion, Target
from sla.promises.policies import Draft, Promise, draft_of, publish_policy
from sla.promises.whatif import try_policy
from tests.factories import MONDAY, World, act, resolve, unclaimed, wait
from tests.sla.calendars import at
from tests.sla.test_clocks import clock_of, office_policy, started

pytestmark = [pytest.mark.django_db, pytest.mark.req("SLM-03")]

HOUR = timedelta(hours=1)


def test_both_policies_of_the_reference_are_shipped(world: World) -> None:
    rows = Target.objects.filter(version__policy="maintenance").order_by("position")
    shown = [(t.metric, t.fault_id, t.minutes, t.calendar_id) for t in rows]

    assert shown == [
        ("response", "major", 10, "24x7"),
        ("on_site", "major", 60, "24x7"),
        ("resolve", "major", 240, "24x7"),
        ("response", "general", 10, "24x7"),
        ("on_site", "general", 120, "5x8"),
        ("resolve", "general", 1440, "24x7"),
    ]
    assert Policy.objects.get(is_default=True, kind="sla").code == "priorities"


@pytest.mark.req("SLM-06")
def test_notice_rules_of_the_reference_are_shipped(world: World) -> None:
    rules = set(NoticeRule.objects.values_list("priority", "on", "after_minutes"))

    assert len(rules) == 12
    assert {("P1", "registered", None), ("P2", "not_responded", 5), ("P5", "not_resolved", 2880)} <= rules
    assert NoticeRule.objects.get(priority="P1", on="registered").roles[-1] == "centre_leadership"
    assert NoticeRule.objects.get(priority="P3", on="not_resolved").roles == [
        "incident_manager",
        "technical_lead",
        "system_owner",
    ]


def typed(client: Client, code: str, **changes: Any) -> dict[str, Any]:
    """The page's form as a browser would send it, with ``changes``."""
    context = client.get(f"/policies/{code}/").context
    data: dict[str, Any] = {name: context["form"].initial.get(name) or "" for name in context["form"].fields}
    rows = context["rows"]
    data |= {f"form-{name}": rows.management_form.initial[name] for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    for row in rows:
        data |= {row.add_prefix(name): row.initial.get(name) or "" for name in row.fields}
    return data | changes


def test_page_publishes_what_was_typed(world: World, client: Client) -> None:
    client.force_login(world.admin)
    data = typed(client, "maintenance", **{"form-0-minutes": "7", "publish": "1", "note": "补充协议"})
    assert client.post("/policies/maintenance/", data).status_code == 302
    old, new = PolicyVersion.objects.filter(policy="maintenance").order_by("number")

    assert (new.number, new.note, new.published_by) == (2, "补充协议", world.admin)
    before, after = draft_of(old), draft_of(new)
    assert after.promises[0] == Promise("response", "24x7", 7, (("fault_id", "major"),))
    assert (after.promises[1:], after.pausing, after.warnings) == (
        before.promises[1:],
        before.pausing,
        before.warnings,
    )


@pytest.mark.slow
@pytest.mark.parametrize("by", ["an upgrade", "somebody else", "a page of an older portal"])
def test_what_was_published_since_the_page_was_opened_is_not_undone(world: World, client: Client, by: str) -> None:
    """Refused with what the other version changed; what was typed is kept; whoever has read it publishes."""
    client.force_login(world.admin)
    client.get("/policies/priorities/", headers={"accept-language": "en"})
    data = typed(client, "priorities", **{"form-0-minutes": "7", "publish": "1"})
    policy = Policy.objects.get(code="priorities")
    draft = draft_of(policy.versions.get())
    more = replace(draft, promises=(*draft.promises, Promise("update", "24x7", 90, (("priority_id", "P4"),))))
    who = None if by == "an upgrade" else world.admin
    if by == "a page of an older portal":
        del data["edits"]
    publish_policy(policy, more, valid_from=MONDAY, by=who, at=MONDAY)
    refused = client.post("/policies/priorities/", data, headers={"accept-language": "en"})
    assert refused.status_code == 409
    page = unescape(refused.content.decode())
    assert ("Added: Status update · Normal · 90 min · Round the clock" in page) is (by != "a page of an older portal")
    assert "published version 2" in page
    assert refused.context["rows"][0]["minutes"].value() == "7"
    assert policy.versions.count() == 2
    again = {**data, "edits": refused.context["form"]["edits"].value()}
    assert client.post("/policies/priorities/", again).status_code == 302
    assert draft_of(policy.versions.get(number=3)).promises[0].minutes == 7


@pytest.mark.parametrize(
    "wrong",
    [
        {"form-0-calendar": ""},
        {"form-1-minutes": ""},
        {"form-0-minutes": "0"},
        {"warnings": "soon"},
        {"warnings": "50, 100"},
        {f"form-{n}-metric": "" for n in range(6)},
    ],
)
def test_page_refuses(world: World, client: Client, wrong: dict[str, str]) -> None:
    client.force_login(world.admin)

    answer = client.post("/policies/maintenance/", typed(client, "maintenance", publish="1", **wrong))
    assert answer.status_code == 422
    assert PolicyVersion.objects.filter(policy="maintenance").count() == 1


def test_a_wrong_row_is_marked_where_it_stands(world: World, client: Client) -> None:
    client.force_login(world.admin)
    data = typed(client, "priorities", **{"form-0-minutes": "-5", "publish": "1"})
    text = client.post("/policies/priorities/", data).content.decode()

    assert re.search(r'<input[^>]*name="form-0-minutes"[^>]*is-invalid', text)
    assert text.count("is-invalid") == 1


def test_engineers_see_no_policies(world: World, client: Client) -> None:
    client.force_login(world.engineer)
    assert [client.get(url).status_code for url in ("/policies/", "/policies/maintenance/")] == [403, 403]
    client.force_login(world.admin)
    assert [client.get(url).status_code for url in ("/policies/", "/policies/maintenance/")] == [200, 200]


@pytest.mark.req("SLM-10")
def test_draft_is_tried_on_history_without_touching_it(world: World) -> None:
    policy = office_policy(world)
    slow = resolve(started(world, at("2026-03-02 09:00")), world.engineer, now=at("2026-03-03 09:30"))
    quick = resolve(started(world, at("2026-03-02 09:00")), world.engineer, now=at("2026-03-02 10:00"))
    waited = wait(started(world, at("2026-03-02 09:00")), world.engineer, now=at("2026-03-02 10:00"))
    waited = act(waited, "resume", world.engineer, now=at("2026-03-03 17:00"))
    waited = resolve(waited, world.engineer, now=at("2026-03-03 17:30"))
    stored = list(Clock.objects.order_by("pk").values())
    draft = Draft((Promise("response", "5x8", 480), Promise("resolve", "5x8", 600)), pausing=())
    trial = try_policy(policy, draft, at("2026-03-02 00:00"), at("2026-03-03 00:00"))

    assert trial.tickets == 3
    flipped = {(row["ticket"].number, row["after"]) for row in trial.flipped}
    assert flipped == {(slow.number, True), (waited.number, False)}
    [by_limit] = [counter for name, counter in trial.rows("metric") if counter["before_missed"]]
    assert dict(by_limit) == {"before_met": 2, "before_missed": 1, "after_met": 2, "after_missed": 1}
    assert list(Clock.objects.order_by("pk").values()) == stored
    assert quick.number not in {number for number, _after in flipped}
    assert PolicyVersion.objects.filter(policy=policy).count() == 1


@pytest.mark.req("SLM-10")
def test_replay_agrees_with_the_clocks_that_ran(world: World) -> None:
    """Trying the policy as it is flips nothing."""
    policy = office_policy(world)
    for hours in (1, 7, 8, 9):
        ticket = started(world, at("2026-03-02 09:00"))
        ticket = wait(ticket, world.engineer, now=at("2026-03-02 09:30"))
        ticket = act(ticket, "resume", world.engineer, now=at("2026-03-02 10:30"))
        resolve(ticket, world.engineer, now=at("2026-03-02 09:00") + hours * HOUR)
    trial = try_policy(policy, draft_of(policy.versions.get()), at("2026-03-02 00:00"), at("2026-03-03 00:00"))

    assert (trial.tickets, trial.flipped) == (4, [])
    met = Clock.objects.filter(metric="resolve", met=True).count()
    assert {c["before_met"] for _n, c in trial.rows("metric")} == {4, met}


@pytest.mark.req("SLM-10")
def test_page_shows_the_trial(world: World, client: Client) -> None:
    office_policy(world)
    client.force_login(world.admin)
    answer = client.post("/policies/office/", typed(client, "office", **{"try": "1"}))

    assert answer.status_code == 200
    assert 'id="trial"' in answer.content.decode()


def test_agreement_chooses_the_policy_from_its_first_day(world: World) -> None:
    organisation = world.organisations["exchange"]
    policy = Policy.objects.get(code="maintenance")
    Agreement.objects.create(
        kind="sla",
        policy=policy,
        organisation=organisation,
        valid_from=date(2026, 11, 23),
        valid_until=date(2026, 11, 24),
    )
    moments = (MONDAY - 9 * HOUR - HOUR / 60, MONDAY, MONDAY + 39 * HOUR)
    chosen = [clock_of(unclaimed(world, now=moment), "response").policy_version.policy_id for moment in moments]

    assert chosen == ["priorities", "maintenance", "priorities"]


def test_agreement_and_rules_are_edited_in_the_administration(world: World, client: Client) -> None:
    client.force_login(world.admin)
    rule = NoticeRule.objects.filter(on="registered")[0]

    assert client.get("/admin/sla/agreement/add/").status_code == 200
    page = client.get(f"/admin/sla/noticerule/{rule.pk}/change/")
    assert page.status_code == 200
    data = {
        "priority": rule.priority_id,
        "on": "registered",
        "roles": ["duty_manager", "system_owner"],
        "active": "on",
    }
    assert client.post(f"/admin/sla/noticerule/{rule.pk}/change/", data).status_code == 302
    rule.refresh_from_db()
    assert rule.roles == ["duty_manager", "system_owner"]
