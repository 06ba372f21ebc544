"""What if: drafts of policies and calendars on history, at once or as a job; nothing is touched (SLM-10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from sla.calendars.publishing import Content, Day, content_of
from sla.models import Calendar, Metric, Policy, TrialRun
from sla.promises import trials
from sla.promises.policies import Draft, Promise, draft_of
from sla.promises.whatif import try_calendar, try_policy
from tests.factories import World, act, resolve, unclaimed
from tests.sla.calendars import at
from tests.sla.test_clocks import office_policy, started
from tests.sla.test_policies import typed
from tests.sla.test_real_log import written
from tickets import clock as database_clock

pytestmark = [pytest.mark.django_db, pytest.mark.req("SLM-10")]

PERIOD = (at("2026-03-02 00:00"), at("2026-03-03 00:00"))


def content() -> Content:
    return content_of(Calendar.objects.get(code="5x8").current)  # type: ignore[arg-type]


def history(world: World) -> tuple[Policy, str, str]:
    """Two tickets under 8 working hours: one solved at once, one on the third morning."""
    policy = office_policy(world)
    quick = resolve(started(world, at("2026-03-02 09:00")), world.engineer, now=at("2026-03-02 10:00"))
    slow = resolve(started(world, at("2026-03-02 09:00")), world.engineer, now=at("2026-03-04 09:00"))
    return policy, quick.number, slow.number


def test_draft_of_a_calendar_is_tried_without_touching_anything(world: World) -> None:
    """A holiday on the second day would have made the slow one punctual."""
    _policy, _quick, slow = history(world)
    stored = written()
    closed = {day: Day((), "临时休市") for day in (date(2026, 3, 2), date(2026, 3, 3))}
    draft = replace(content(), days={**content().days, **closed})
    trial = try_calendar(Calendar.objects.select_related("current").get(code="5x8"), draft, *PERIOD)

    assert [(row["ticket"].number, row["after"]) for row in trial.flipped] == [(slow, True)]
    assert [dict(n) for name, n in trial.rows("group") if name == "host"] == [
        {"before_met": 3, "before_missed": 1, "after_met": 4, "after_missed": 0}
    ]
    assert written() == stored
    assert try_calendar(Calendar.objects.get(code="5x8"), content(), *PERIOD).flips == 0


def test_drafts_survive_being_written_down(world: World) -> None:
    policy = draft_of(Policy.objects.get(code="maintenance").versions.get())
    policy = replace(policy, restarts=True, on_change="from_change")

    assert trials.read_policy(trials.write_draft(policy)) == policy
    assert trials.read_calendar(trials.write_draft(content())) == content()


def ask(world: World, policy: Policy, minutes: int = 2000) -> TrialRun:
    draft = Draft((Promise("response", "5x8", 480), Promise("resolve", "5x8", minutes)), ("requester",))
    since, until = PERIOD
    return trials.ask(user=world.admin, what="policy", code=policy.pk, draft=draft, since=since, until=until)


def test_little_history_is_counted_at_once(world: World) -> None:
    policy, _quick, slow = history(world)
    run = ask(world, policy)

    assert (run.status, run.result["flips"]) == ("ready", 1)
    assert run.result["flipped"][0]["number"] == slow
    assert not trials.waiting(database_clock.now()).exists()


def test_each_number_opens_its_tickets(world: World, client: Client) -> None:
    policy, quick, slow = history(world)
    run = ask(world, policy)
    client.force_login(world.admin)
    page = client.get(f"/what-if/{run.pk}/").content.decode()
    rows = run.result["tables"]["metric"]
    for row, (_name, counts) in enumerate(rows):
        for verdict, counted in enumerate(counts):
            url = f"/what-if/{run.pk}/tickets/?by=metric&amp;row={row}&amp;verdict={verdict}"
            assert (url in page) is bool(counted)
            behind = run.result["behind"]["metric"][row][verdict]
            assert (len(behind) == counted, set(behind) <= {quick, slow}) == (True, True)
    [resolve] = [row for row, (name, _counts) in enumerate(rows) if name == str(Metric.RESOLVE.label)]
    asked = f"/what-if/{run.pk}/tickets/?by=metric&row={resolve}&verdict="
    missed_now, missed_then = (client.get(f"{asked}{at}").content.decode() for at in (1, 3))
    assert (slow in missed_now, slow in missed_then) == (True, False)
    for wrong in ("9", "-1", "x", ""):
        assert client.get(f"{asked}{wrong}").status_code == 404


def test_much_history_is_a_job(world: World, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    policy, _quick, slow = history(world)
    monkeypatch.setattr(trials, "COUNTED_AT_ONCE", 1)
    stored = written()
    run = ask(world, policy)
    client.force_login(world.admin)
    url = f"/what-if/{run.pk}/"
    waiting = client.get(url, headers={"HX-Request": "true"}).content.decode()

    assert (run.status, run.total) == ("queued", 2)
    assert f'hx-get="{url}"' in waiting
    assert list(trials.waiting(database_clock.now())) == [run]
    assert (trials.run_trial(run.pk), trials.run_trial(run.pk)) == (True, False)
    ready = client.get(url).content.decode()
    assert slow in ready
    assert "hx-get" not in ready.split('id="trial"')[1].split(">")[0]
    assert TrialRun.objects.get().result == trials.count(run).as_json()
    assert written() == stored


def test_job_is_taken_over_stopped_and_forgotten(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    policy, _quick, _slow = history(world)
    monkeypatch.setattr(trials, "COUNTED_AT_ONCE", 0)
    monkeypatch.setattr(trials, "SAID_EVERY", 1)
    first, second = ask(world, policy), ask(world, policy, 3000)
    now = database_clock.now()
    first.refresh_from_db()
    assert (first.status, second.status) == ("cancelled", "queued")
    TrialRun.objects.filter(pk=second.pk).update(status="running", worker="gone", heartbeat_at=now)
    assert not trials.waiting(now).exists()
    TrialRun.objects.filter(pk=second.pk).update(heartbeat_at=now - timedelta(minutes=2))
    count = trials.count

    def stopped_meanwhile(run: TrialRun, said: Any = None) -> Any:
        TrialRun.objects.filter(pk=run.pk).update(status="cancelled", worker="")
        return count(run, said)

    monkeypatch.setattr(trials, "count", stopped_meanwhile)
    assert trials.run_trial(second.pk) is False
    second.refresh_from_db()
    assert (second.status, second.result) == ("cancelled", None)
    assert trials.forget_old(now + timedelta(days=2)) == 2


def test_error_is_told_and_not_tried_for_ever(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    policy, _quick, _slow = history(world)
    monkeypatch.setattr(trials, "COUNTED_AT_ONCE", 0)
    run = ask(world, policy)
    TrialRun.objects.update(draft={})

    assert trials.run_trial(run.pk) is False
    assert TrialRun.objects.get().status == "failed"
    TrialRun.objects.update(status="queued", attempts=trials.ATTEMPTS)
    assert trials.run_trial(run.pk) is False
    assert TrialRun.objects.get().status == "failed"


def test_pages_ask_and_stop(world: World, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    history(world)
    monkeypatch.setattr(trials, "COUNTED_AT_ONCE", -1)
    client.force_login(world.admin)
    page = client.post("/policies/office/", typed(client, "office", **{"try": "1"})).content.decode()
    run = TrialRun.objects.get()
    assert f'hx-get="/what-if/{run.pk}/"' in page
    assert client.post(f"/what-if/{run.pk}/").status_code == 302
    assert TrialRun.objects.get().status == "cancelled"
    client.force_login(world.manager)
    assert client.get(f"/what-if/{run.pk}/").status_code == 404  # somebody else's
    client.force_login(world.engineer)
    assert client.get(f"/what-if/{run.pk}/").status_code == 403


def test_calendar_page_tries_the_edit(world: World, client: Client) -> None:
    history(world)
    client.force_login(world.admin)
    form = client.get("/calendars/5x8/?year=2026").context["form"]
    data = {name: form.initial.get(name, "") for name in form.fields} | {"year": "2026", "confirmed": "on"}
    answer = client.post("/calendars/5x8/", {k: v for k, v in data.items() if k != "import_holidays"} | {"try": "1"})

    assert answer.context["trial"]["run"].status == "ready"
    assert 'id="trial"' in answer.content.decode()
    assert Calendar.objects.get(code="5x8").current.number == 1  # type: ignore[union-attr]


def test_rounds_after_a_return_to_the_desk_are_replayed(world: World) -> None:
    """As the clocks ran: trying the policy as it is flips nothing, and without rounds the first answer counts."""
    policy = office_policy(world, restarts=True)
    ticket = unclaimed(world, now=at("2026-03-02 09:00"))
    ticket = act(ticket, "return_to_desk", world.engineer, now=at("2026-03-02 10:00"), text="?")
    ticket = act(ticket, "assign", world.desk, now=at("2026-03-03 09:00"), group="host")
    ticket = act(ticket, "start", world.engineer, now=at("2026-03-03 17:00"))
    assert ticket.responded_in_time is True
    same = draft_of(policy.versions.get())

    assert try_policy(policy, same, *PERIOD).flips == 0
    [flipped] = try_policy(policy, replace(same, restarts=False), *PERIOD).flipped
    assert (flipped["ticket"].pk, flipped["after"]) == (ticket.pk, False)
