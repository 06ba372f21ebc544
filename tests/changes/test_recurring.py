"""Changes that come again: dates in local time, raised once, also after the portal was down; refusals are told."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from accounts.leaving import holdings_of, switch_off
from approvals.models import ApprovalRound
from changes.approving import askers
from changes.catalogue.templates import publish
from changes.models import Change, ChangeTemplate, FreezeRule, Occurrence, Recurrence
from changes.recurring.dates import preview, windows_after
from changes.recurring.services import edit, end, make, pause, raise_due, resume, take_over
from notifications.models import Notice
from tests.api.client import Api
from tests.changes.making import change_in, later, request, staffed
from tests.factories import MONDAY, World, act, make_user, reload_user
from tickets.errors import ActionConflict

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-01", "CHG-02")]
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need."""
    return staffed(world)


@pytest.fixture
def template(world: World) -> ChangeTemplate:
    """A standard change of 30 minutes."""
    named = {
        "name_zh": "重启",
        "name_en": "Restart",
        "summary_zh": "重启服务",
        "content_zh": "重启",
        "plan_zh": "一、重启",
    }
    made = ChangeTemplate.objects.create(code="restart", back_out_zh="无", group=world.groups["host"], **named)
    publish(template=made, by=None, now=MONDAY)
    return made


RULE: dict[str, Any] = {
    **{"title": "每周重启", "every": 1, "unit": "week", "first_day": date(2026, 12, 1), "begins_at": time(20)},
    **{"minutes": 30, "zone": "Asia/Shanghai", "ahead": 7},
}


def days(made: Recurrence, count: int) -> list[str]:
    """Its first dates in its zone."""
    zone = ZoneInfo(made.zone)
    found = islice(windows_after(made, datetime(2020, 1, 1, tzinfo=UTC)), count)
    return [f"{begins.astimezone(zone):%Y-%m-%d %H:%M}" for begins, _ends in found]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"unit": "day", "every": 2}, ["2026-12-01", "2026-12-03", "2026-12-05"]),
        ({"unit": "week", "every": 2}, ["2026-12-01", "2026-12-15", "2026-12-29"]),
        ({"unit": "month", "first_day": date(2026, 12, 31)}, ["2026-12-31", "2027-01-31", "2027-02-28"]),
        ({"unit": "weekday", "first_day": date(2026, 12, 15)}, ["2026-12-15", "2027-01-19", "2027-02-16"]),
        ({"unit": "weekday", "first_day": date(2026, 12, 31)}, ["2026-12-31", "2027-01-28", "2027-02-25"]),
        ({"unit": "week", "last_day": date(2026, 12, 8)}, ["2026-12-01", "2026-12-08"]),
    ],
)
def test_dates_follow_the_rule(typed: dict[str, Any], expected: list[str]) -> None:
    assert days(Recurrence(**{**RULE, **typed}), 3) == [f"{day} 20:00" for day in expected]


def test_summer_time_moves_no_date_and_no_length() -> None:
    made = Recurrence(**{**RULE, "zone": "Europe/Berlin", "first_day": date(2026, 10, 18), "begins_at": time(1, 30)})
    found = list(islice(windows_after(made, datetime(2026, 1, 1, tzinfo=UTC)), 3))
    assert [f"{begins.astimezone(BERLIN):%H:%M}" for begins, _ in found] == ["01:30"] * 3
    assert [begins.astimezone(UTC).hour for begins, _ in found] == [23, 23, 0]


def test_a_standard_change_is_ordered_once_in_time_and_its_owner_told(world: World, template: ChangeTemplate) -> None:
    made = make(owner=world.engineer, now=MONDAY, template=template, **RULE)
    assert raise_due(MONDAY) == 0
    first = datetime(2026, 12, 1, 12, tzinfo=UTC)
    due = first - timedelta(days=7)
    assert (raise_due(due - timedelta(minutes=1)), raise_due(due), raise_due(due)) == (0, 1, 0)
    change = Change.objects.get()
    assert (change.state, change.planned_start, change.planned_end) == (
        *("scheduled", first),
        first + timedelta(minutes=30),
    )
    assert (change.requester, change.summary, change.template_version) == (
        *(world.engineer, "每周重启"),
        template.versions.get(),
    )
    assert change.timeline.filter(action="change_recurred", data__title="每周重启").count() == 1
    told = Notice.objects.get(event="change_recurred")
    assert (told.ticket_id, change.number in str(told.payload)) == (change.pk, True)
    assert "2026-12-01 20:00 (UTC+08:00)" in told.payload["text"]["en"]
    assert made.occurrences.get().change == change


def test_after_downtime_what_passed_is_told_as_missed_and_the_rest_is_raised(
    world: World, template: ChangeTemplate
) -> None:
    make(owner=world.engineer, now=MONDAY, template=template, **RULE)
    back = datetime(2026, 12, 9, tzinfo=UTC)  # two windows passed, the next one is in six days
    assert raise_due(back) == 3
    found = list(Occurrence.objects.order_by("begins_at"))
    assert [bool(one.change) for one in found] == [False, False, True]
    assert all(one.refusal for one in found[:2])
    assert Notice.objects.filter(event="change_recurred").count() == 3
    assert raise_due(back) == 0


def test_a_freeze_is_shown_beforehand_and_refuses_the_order_with_a_reason(
    world: World, template: ChangeTemplate
) -> None:
    first = datetime(2026, 12, 1, 12, tzinfo=UTC)
    span = {"kind": "span", "starts_at": first, "ends_at": first + timedelta(hours=1)}
    FreezeRule.objects.create(code="f", name_zh="封网", name_en="Freeze", **span)
    made = make(owner=world.engineer, now=MONDAY, template=template, **RULE)
    assert [[rule.code for rule in row["freezes"]] for row in preview(made, MONDAY, 2)] == [["f"], []]
    assert raise_due(first - timedelta(days=7)) == 1
    one = made.occurrences.get()
    assert (one.change, bool(one.refusal), Change.objects.count()) == (None, True, 0)
    notice = Notice.objects.get(event="change_recurred")
    assert (notice.ticket_id, notice.payload["path"]) == (None, f"/changes/recurring/{made.pk}/")


def test_a_copy_is_drafted_with_its_plan_and_without_its_approvals(world: World) -> None:
    source = act(request(world, plan="一、备份"), "add_step", world.lead, now=MONDAY, what="升级")
    make(owner=world.lead, now=MONDAY, copied=source, **RULE)
    assert raise_due(datetime(2026, 11, 24, 12, tzinfo=UTC)) == 1
    change = Change.objects.exclude(pk=source.pk).get()
    assert (change.state, change.plan, change.change_type_id, change.group) == (
        *("draft", "一、备份", "simple"),
        world.groups["host"],
    )
    assert [step.what for step in change.steps.all()] == ["升级"]


@pytest.mark.req("CHG-03")
def test_whoever_wrote_the_rule_does_not_approve_what_it_raises(world: World) -> None:
    source = request(world, plan="一、备份")
    made = make(owner=world.lead, now=MONDAY, copied=source, **RULE)
    edit(made, user=world.people["changer"], now=MONDAY, copied=request(world, plan="二、删除"), **RULE)
    raise_due(datetime(2026, 11, 24, 12, tzinfo=UTC))
    change = Occurrence.objects.get().change
    change = act(act(change, "submit", world.lead, now=later(48)), "accept", make_user("m", "change_manager"))
    change = act(change, "ask_approval", world.lead, now=later(48))
    kept = ApprovalRound.objects.get(ticket=change).excluded.values_list("person__username", "why")
    assert dict(kept) == {"lead": "requester", "changer": "requester"}


@pytest.mark.req("CHG-03")
def test_whoever_only_steered_the_rule_approves_what_it_raises(world: World) -> None:
    """To pause, resume or hand it over alters nothing of what is raised; the owner at the time asks for it."""
    made = make(owner=world.lead, now=MONDAY, copied=request(world, plan="一、备份"), **RULE)
    steering = world.people["changer"]
    for step, user in ((pause, steering), (resume, steering), (take_over, steering), (take_over, world.lead)):
        step(made, user, MONDAY)
    raise_due(datetime(2026, 11, 24, 12, tzinfo=UTC))
    change: Any = Occurrence.objects.get().change
    assert {one.username for one in askers(change)} == {"lead"}


def test_a_template_that_lost_its_pre_approval_raises_nothing_and_says_so(
    world: World, template: ChangeTemplate
) -> None:
    made = make(owner=world.engineer, now=MONDAY, template=template, **RULE)
    ChangeTemplate.objects.update(approved=False)
    raise_due(datetime(2026, 11, 24, 12, tzinfo=UTC))
    assert (made.occurrences.get().change, made.occurrences.get().refusal != "") == (None, True)


def test_paused_nothing_is_raised_and_resumed_only_what_is_to_come(world: World, template: ChangeTemplate) -> None:
    made = make(owner=world.engineer, now=MONDAY, template=template, **RULE)
    pause(made, world.engineer, MONDAY)
    back = datetime(2026, 12, 9, tzinfo=UTC)
    assert raise_due(back) == 0
    resume(made, world.engineer, back)
    assert raise_due(back) == 1
    end(made, world.engineer, back)
    with pytest.raises(ActionConflict):
        resume(made, world.engineer, back)
    assert raise_due(back + timedelta(days=30)) == 0


def test_whoever_is_switched_off_leaves_it_paused_until_somebody_takes_it_over(
    world: World, template: ChangeTemplate
) -> None:
    made = make(owner=world.engineer, now=MONDAY, template=template, **RULE)
    assert "recurrence" in [held.kind for held in holdings_of(world.engineer, later(1))]
    found = switch_off(user=world.engineer, by=world.admin, now=later(1))
    assert [held.to for held in found if held.kind == "recurrence"] == [""]
    made.refresh_from_db()
    assert made.status == "paused"
    take_over(made, world.people["changer"], later(2))
    resume(made, world.people["changer"], later(2))
    assert raise_due(datetime(2026, 11, 24, 12, tzinfo=UTC)) == 1
    assert Change.objects.get().requester == world.people["changer"]


TYPED = {
    **{"title": "每周重启", "template": "restart", "every": "1", "unit": "week", "first_day": "2030-12-03"},
    **{"begins_at": "20:00", "minutes": "", "zone": "Asia/Shanghai", "ahead": "", "last_day": ""},
}


def test_the_page_shows_the_dates_first_and_steers(world: World, template: ChangeTemplate, client: Client) -> None:
    client.force_login(reload_user(world.engineer))
    page = client.post("/changes/recurring/", {**TYPED, "preview": "1"})
    assert (page.status_code, Recurrence.objects.count()) == (200, 0)
    assert page.content.decode().count("2030-12-") == 5 + 1  # and what was typed
    assert client.post("/changes/recurring/", {**TYPED, "copied": "CH261124000009"}).status_code == 422
    where = client.post("/changes/recurring/", TYPED)["Location"]
    made = Recurrence.objects.get()
    assert (where, made.minutes, made.ahead, made.owner) == (f"/changes/recurring/{made.pk}/", 30, 7, world.engineer)
    assert client.get(where).status_code == 200
    client.force_login(reload_user(world.people["engineer2"]))
    assert client.post(f"{where}pause/").status_code == 403
    client.force_login(reload_user(world.people["changer"]))
    assert client.post(f"{where}pause/").status_code == 302
    made.refresh_from_db()
    assert made.status == "paused"


def test_the_api_makes_reads_and_steers(world: World, template: ChangeTemplate, client: Client) -> None:
    client.force_login(reload_user(world.engineer))
    sent = {**RULE, "template": "restart", "first_day": "2030-12-03", "begins_at": "20:00"}
    answer = client.post("/api/v1/change-recurrences/", sent, content_type="application/json")
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert (made["template"], made["status"], len(made["dates"])) == ("restart", "active", 12)
    url = f"/api/v1/change-recurrences/{made['id']}/"
    assert client.post(f"{url}pause/").json()["status"] == "paused"
    assert client.post(f"{url}pause/").status_code == 409
    assert [one["id"] for one in client.get("/api/v1/change-recurrences/").json()["results"]] == [made["id"]]
    client.force_login(reload_user(world.requester))
    assert client.get("/api/v1/change-recurrences/").status_code == 403
    assert client.get(url).status_code == 404


@pytest.mark.req("ORG-03")
def test_a_rule_of_a_change_that_somebody_does_not_see_is_not_theirs_to_read(world: World, client: Client) -> None:
    made = make(owner=world.lead, now=MONDAY, copied=change_in("draft", world), **RULE)
    client.force_login(reload_user(world.requester))
    assert client.get(f"/changes/recurring/{made.pk}/").status_code == 403


def test_a_rule_is_edited_with_a_preview_and_its_history_says_by_whom(
    world: World, template: ChangeTemplate, client: Client
) -> None:
    client.force_login(reload_user(world.engineer))
    where = client.post("/changes/recurring/", TYPED)["Location"]
    made, edits = Recurrence.objects.get(), f"{where}edit/"
    client.force_login(reload_user(world.people["engineer2"]))
    assert client.get(edits).status_code == 403
    client.force_login(reload_user(world.people["changer"]))
    assert "每周重启" in client.get(edits).content.decode()
    shown = client.post(edits, {**TYPED, "every": "2", "preview": "1"})
    assert (shown.status_code, Recurrence.objects.get().every) == (200, 1)
    wrong = client.post(edits, {**TYPED, "last_day": "2030-12-01"})
    assert (wrong.status_code, list(wrong.context["form"].errors)) == (422, ["last_day"])
    unknown = client.post(edits, {**TYPED, "template": "", "copied": "CH000000000001"})
    assert "CH000000000001" in unknown.context["form"].errors["copied"][0]
    assert client.post(edits, {**TYPED, "every": "2", "begins_at": "21:30"}).status_code == 302
    client.post(f"{where}pause/")
    made.refresh_from_db()
    assert (made.every, made.begins_at, made.owner, made.status) == (2, time(21, 30), world.engineer, "paused")
    assert [(one.number, one.made_by) for one in made.versions.all()] == [
        *((3, world.people["changer"]), (2, world.people["changer"]), (1, world.engineer))
    ]
    page = client.get(where).content.decode()
    assert "20:00 → 21:30" in page


@pytest.mark.req("TKT-08")
def test_two_who_edit_a_rule_do_not_overwrite_one_another(
    world: World, template: ChangeTemplate, client: Client
) -> None:
    client.force_login(reload_user(world.engineer))
    edits = client.post("/changes/recurring/", TYPED)["Location"] + "edit/"
    assert 'name="known" value="1"' in client.get(edits).content.decode()
    assert client.post(edits, {**TYPED, "every": "2", "known": "1"}).status_code == 302

    refused = client.post(edits, {**TYPED, "every": "3", "known": "1"})
    assert (refused.status_code, Recurrence.objects.get().every) == (409, 2)
    assert str(world.engineer) in refused.context["form"].non_field_errors()[0]
    assert 'name="known" value="2"' in refused.content.decode()
    assert client.post(edits, {**TYPED, "every": "3", "known": "2"}).status_code == 302
    assert Recurrence.objects.get().every == 3


@pytest.mark.req("API-01")
def test_programs_edit_a_rule_and_what_is_left_out_stays(world: World, template: ChangeTemplate) -> None:
    made = make(owner=world.engineer, now=MONDAY, template=template, **RULE)
    address = f"change-recurrences/{made.pk}/"
    answer = Api(world.engineer).post(address, {"every": 3})
    assert answer.status_code == 200, answer.content
    said = answer.json()
    assert (said["every"], said["title"], said["begins_at"], len(said["versions"])) == (3, "每周重启", "20:00:00", 2)
    assert Api(world.lead).post(address, {"every": 4}).status_code == 403
    end(made, world.engineer, MONDAY)
    assert Api(world.engineer).post(address, {"every": 4}).status_code == 409
