"""Freezes that change, maintenance windows, templates that are approved again (CHG-02, CHG-05)."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from changes.collision.collisions import collisions_of
from changes.freezing.services import save_freeze
from changes.models import Change, ChangeTemplate, FreezeRule, FreezeVersion, MaintenanceWindow
from changes.schedule.maintenance import lies_within, occurrences
from changes.schedule.slots import free_slots
from itsm.moments import moment_for_all
from notifications.models import Notice
from tests.api.client import Api
from tests.changes.making import later, request, staffed
from tests.factories import MONDAY, World, act, last_entry, make_system, reload_user
from tickets import clock
from tickets.actions import perform

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-05")]
BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need."""
    return staffed(world)


def planned(world: World, hours: float, **data: Any) -> Any:
    """A submitted change so many hours from now."""
    start = clock.now() + timedelta(hours=hours)
    window = {"planned_start": start.isoformat(), "planned_end": (start + timedelta(hours=2)).isoformat()}
    return act(request(world, now=None, **window, **data), "submit", world.lead)


def typed(start: datetime, **more: Any) -> dict[str, Any]:
    """A freeze of a day, as the form of the portal sends it."""
    local = start.astimezone(SHANGHAI)
    ends = local + timedelta(days=1)
    return {
        **{"code": "audit", "name_zh": "审计", "name_en": "Audit", "kind": "span", "zone": "Asia/Shanghai"},
        **{"min_days": 3, "days_before": 1, "begins_at": "20:00", "closes_at": "17:00", "active": "on"},
        **{"starts_at": f"{local:%Y-%m-%dT%H:%M}", "ends_at": f"{ends:%Y-%m-%dT%H:%M}", "reason": "年度审计"},
        **more,
    }


def saved(client: Client, rule: FreezeRule | None, start: datetime, **more: Any) -> str:
    """Preview a freeze of a day as change manager, then save it as previewed; the page of the preview."""
    page = f"/changes/freezes/{rule.code}/edit/" if rule else "/changes/freezes/new/"
    data = typed(start, **more)
    shown = client.post(page, data).content.decode()
    [digest] = re.findall(r'name="previewed" value="(\w+)"', shown)
    assert client.post(page, {**data, "previewed": digest}).status_code == 302
    return shown


def test_a_freeze_that_moves_grades_planned_changes_anew_and_tells_each_owner_once(
    world: World, client: Client
) -> None:
    """Added, moved away, switched off: only those whom it reaches or leaves are told, each once."""
    hit = planned(world, 24 * 40, assignee="engineer")
    missed = planned(world, 24 * 60)
    client.force_login(reload_user(world.people["changer"]))

    saved(client, None, hit.planned_start)
    told = Notice.objects.filter(event="freeze_moved")
    [notice] = told
    assert (notice.ticket_id, set(notice.deliveries.values_list("recipient", flat=True))) == (
        hit.pk,
        {world.lead.pk, world.engineer.pk},
    )
    assert last_entry(hit).action == "freeze_stands"
    assert "hard" in {str(one.grade) for one in collisions_of(hit, MONDAY)}

    rule = FreezeRule.objects.get(code="audit")
    saved(client, rule, hit.planned_start, name_en="The audit")
    assert told.all().count() == 1
    saved(client, rule, missed.planned_start)
    assert sorted(told.values_list("ticket", flat=True)) == sorted([hit.pk, hit.pk, missed.pk])
    assert last_entry(hit).action == "freeze_gone"
    saved(client, rule, missed.planned_start, active="")
    assert last_entry(missed).action == "freeze_gone"
    assert told.all().count() == 4


@pytest.mark.req("NTF-04")
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_all_read_the_same_times_of_a_freeze_that_moves(world: World, client: Client, zone: str) -> None:
    hit = planned(world, 24 * 40)
    changer = world.people["changer"]
    changer.time_zone = zone
    changer.save()
    client.force_login(reload_user(changer))
    local = hit.planned_start.astimezone(ZoneInfo(zone))
    span = {"starts_at": f"{local:%Y-%m-%dT%H:%M}", "ends_at": f"{local + timedelta(days=1):%Y-%m-%dT%H:%M}"}
    saved(client, None, hit.planned_start, **span)

    text = Notice.objects.get(event="freeze_moved").payload["text"]
    rule = FreezeRule.objects.get(code="audit")
    told = " – ".join(moment_for_all(moment) for moment in (rule.starts_at, rule.ends_at) if moment)
    assert (text["zh"], text["en"]) == (f"{rule.name_zh} {told}", f"{rule.name_en} {told}")
    assert told.count("(UTC+08:00)") == 2


def test_what_a_freeze_would_do_is_shown_before_it_is_saved(world: World, client: Client) -> None:
    """Nothing is stored by looking; what is typed anew is previewed anew; who has saved meanwhile is named."""
    hit, missed = planned(world, 24 * 40), planned(world, 24 * 60)
    client.force_login(reload_user(world.people["changer"]))
    page = "/changes/freezes/new/"
    shown = client.post(page, typed(hit.planned_start)).content.decode()
    assert (hit.number in shown, missed.number in shown) == (True, False)
    assert not FreezeRule.objects.filter(code="audit").exists()
    [digest] = re.findall(r'name="previewed" value="(\w+)"', shown)
    other = client.post(page, {**typed(missed.planned_start), "previewed": digest})
    assert (other.status_code, missed.number in other.content.decode()) == (200, True)
    assert not FreezeRule.objects.filter(code="audit").exists()

    assert client.post(page, typed(hit.planned_start, reason="")).status_code == 422
    saved(client, None, hit.planned_start, version=0)
    rule = FreezeRule.objects.get(code="audit")
    saved(client, rule, missed.planned_start, version=1)
    late = client.post(f"/changes/freezes/{rule.code}/edit/", typed(hit.planned_start, version=1))
    text = late.content.decode()
    assert (late.status_code, "changer" in text.split("data-first-error")[1].split("</ul>")[0].lower()) == (422, True)
    client.force_login(reload_user(world.lead))
    assert client.get("/changes/freezes/audit/edit/").status_code == 403
    assert client.get("/changes/freezes/").status_code == 200


def test_each_save_is_a_version_and_the_past_is_answered_as_it_was_known(world: World, client: Client) -> None:
    """Page, calendar and API: what was known then; who, when and why stands in the history; nothing changes it."""
    changer: Any = world.people["changer"]
    first = FreezeRule(code="audit", name_zh="审计", name_en="Audit", kind="span", **spans(10))
    save_freeze(first, reason="年度审计", user=changer, now=later(0))
    rule = FreezeRule.objects.get(code="audit")
    for name, value in spans(20).items():
        setattr(rule, name, value)
    save_freeze(rule, reason="审计推迟", user=changer, now=later(24))
    save_freeze(rule, reason="没有变化", user=changer, now=later(30))
    save_freeze(FreezeRule.objects.get(code="audit"), reason="没有变化", user=changer, now=later(31))
    assert list(rule.versions.values_list("number", "reason")) == [(2, "审计推迟"), (1, "年度审计")]

    def starts(at: datetime) -> list[str]:
        asked = quote(at.isoformat())
        rows = Api(world.engineer).get(f"freezes/?year=2026&known_at={asked}").json()["results"]
        return [row["starts_at"] for row in rows if row["rule"] == "audit"]

    found = [[moment[:10] for moment in starts(later(hours))] for hours in (-1, 1, 25)]
    day = [f"{spans(days)['starts_at']:%Y-%m-%d}" for days in (10, 20)]
    assert found == [[], [day[0]], [day[1]]]
    assert Api(world.engineer).get("freezes/?year=2026&known_at=gestern").status_code == 400

    client.force_login(reload_user(world.engineer))
    month = f"{spans(10)['starts_at']:%Y-%m}"
    at = f"{later(1).astimezone(SHANGHAI):%Y-%m-%dT%H:%M}"
    then = client.get(f"/changes/calendar/?on={month}&known_at={at}").content.decode()
    shown = f"{spans(10)['starts_at'].astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    assert shown in then
    assert shown not in client.get(f"/changes/calendar/?on={month}").content.decode()
    page = client.get(f"/changes/freezes/?year=2026&known_at={at}").content.decode()
    assert all(text in page for text in ("审计推迟", "年度审计", changer.display_name))
    with pytest.raises(DatabaseError), transaction.atomic():
        FreezeVersion.objects.update(reason="anders")


def spans(days: int) -> dict[str, datetime]:
    """A span of a day so many days after the beginning."""
    return {"starts_at": later(24 * days), "ends_at": later(24 * (days + 1))}


def test_programs_preview_a_freeze_and_save_what_they_previewed(world: World) -> None:
    hit = planned(world, 24 * 40)
    start = hit.planned_start
    zoned = {"starts_at": start.isoformat(), "ends_at": (start + timedelta(days=1)).isoformat()}
    data = {**typed(start), **zoned, "active": True}
    assert Api(world.lead).post("freeze-rules/", data).status_code == 403
    api = Api(world.people["changer"])
    looked = api.post("freeze-rules/", data).json()
    assert (looked["hits"], [row["mark"] for row in looked["windows"]]) == ([hit.number], ["new"])
    assert api.post("freeze-rules/", {**data, "previewed": looked["digest"]}).status_code == 201
    off = {"active": False, "reason": "取消"}
    digest = api.post("freeze-rules/audit/", off).json()["digest"]
    answer = api.post("freeze-rules/audit/", {**off, "previewed": digest}).json()
    assert [(row["number"], row["reason"]) for row in answer["versions"]] == [(2, "取消"), (1, "年度审计")]
    assert api.post("freeze-rules/nothing/", off).status_code == 404
    [row] = [row for row in api.results("freeze-rules/") if row["code"] == "audit"]
    assert (row["content"]["active"], row["versions"][0]["made_by"]["username"]) == (False, "changer")


def test_maintenance_windows_are_known_as_of_a_moment(world: World, client: Client) -> None:
    make_system("core-db")
    client.force_login(reload_user(world.admin))
    data = {"business_system": "core-db", "weekday": 1, "begins_at": "20:00", "minutes": 60, "zone": "Asia/Shanghai"}
    url = "/admin/changes/maintenancewindow/"
    assert client.post(f"{url}add/", {**data, "active": "on"}).status_code == 200, "without a reason it is not saved"
    before = clock.now()
    assert client.post(f"{url}add/", {**data, "active": "on", "reason": "约定"}).status_code == 302
    window = MaintenanceWindow.objects.get()
    between = clock.now()
    client.post(f"{url}{window.pk}/change/", {**data, "minutes": 90, "active": "on", "reason": "延长"})
    assert list(window.versions.values_list("number", "reason")) == [(2, "延长"), (1, "约定")]
    api = Api(world.engineer)
    asked = [f"?known_at={quote(at.isoformat())}" for at in (before, between)] + [""]
    found = [[row["minutes"] for row in api.results(f"maintenance-windows/{query}")] for query in asked]
    assert found == [[], [60], [90]]
    assert client.post(f"{url}{window.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_change_outside_the_maintenance_windows_of_its_system_collides_softly(world: World) -> None:
    system = make_system("core-db")
    for begins in (time(20), time(21)):
        MaintenanceWindow.objects.create(
            business_system=system, weekday=1, begins_at=begins, minutes=60, zone="Asia/Shanghai"
        )
    inside = act(request(world, business_system="core-db"), "submit", world.lead, now=MONDAY)
    late: dict[str, Any] = {"planned_start": "2026-12-08T20:30", "planned_end": "2026-12-08T22:30"}
    outside = act(request(world, business_system="core-db", **late), "submit", world.lead, now=MONDAY)
    free = act(request(world, planned_start="2026-12-09T20:30", planned_end="2026-12-09T22:30"), "submit", world.lead)
    found = [[str(one.reason) for one in collisions_of(change, MONDAY)] for change in (inside, outside, free)]
    assert found == [[], ["maintenance"], []]
    [first, *_more] = free_slots(outside, outside.planned_start)
    assert f"{first.start.astimezone(SHANGHAI):%m-%d %H:%M}" == "12-15 20:00"


def test_windows_are_wall_time_over_both_changes_of_the_clock() -> None:
    """01:30 to 03:30 in Berlin: an hour shorter in spring, an hour longer in autumn; Shanghai stays."""
    lengths = {}
    for day in ("2026-03-29", "2026-10-25", "2026-06-28"):
        start = datetime.fromisoformat(day).replace(tzinfo=BERLIN)
        for zone in ("Europe/Berlin", "Asia/Shanghai"):
            window = MaintenanceWindow(weekday=6, begins_at=time(1, 30), minutes=120, zone=zone)
            [(begins, until)] = occurrences([window], start, start + timedelta(hours=20))[-1:] or [(start, start)]
            lengths[day, zone] = (until.astimezone(SHANGHAI) - begins.astimezone(SHANGHAI)) / timedelta(hours=1)
    assert [lengths[day, "Europe/Berlin"] for day in ("2026-03-29", "2026-10-25", "2026-06-28")] == [1, 3, 2]
    assert {lengths[day, "Asia/Shanghai"] for day in ("2026-03-29", "2026-10-25")} <= {0, 2}
    window = MaintenanceWindow(weekday=6, begins_at=time(1, 30), minutes=120, zone="Europe/Berlin")
    edge = datetime(2026, 6, 28, 3, 30, tzinfo=BERLIN)
    assert lies_within([window], edge - timedelta(hours=2), edge)
    assert not lies_within([window], edge - timedelta(hours=2), edge + timedelta(seconds=1))


@pytest.mark.req("CHG-02")
def test_a_template_that_is_approved_again_starts_anew(world: World) -> None:
    template = ChangeTemplate.objects.get(code="extend-disk")

    def ordered() -> Any:
        change = perform(
            Change(), "order", user=world.engineer, data={"template": "extend-disk", "business_system": "kvm"}
        ).ticket
        return act(change, "start", world.engineer)

    for _number in range(template.failures):
        act(ordered(), "back_out_now", world.engineer, text="失败")
    template.refresh_from_db()
    assert not template.approved
    assert Api(world.admin).post("change-templates/extend-disk/", {"approved": True}).status_code == 200
    act(ordered(), "back_out_now", world.engineer, text="失败")
    template.refresh_from_db()
    assert template.approved


@pytest.mark.req("CHG-05", "UI-03")
def test_only_what_the_kind_needs_is_asked_for(world: World, client: Client) -> None:
    """A span asks for no days of holidays, holidays for no span; both are marked for the kind that needs them."""
    client.force_login(reload_user(world.people["changer"]))
    start = later(24 * 40)
    none = dict.fromkeys(("min_days", "days_before", "begins_at", "closes_at"), "")
    assert client.post("/changes/freezes/new/", {**typed(start), **none}).status_code == 200
    refused = client.post("/changes/freezes/new/", {**typed(start), "starts_at": "", "kind": "span"})
    assert (refused.status_code, next(iter(refused.context["form"].errors))) == (422, "starts_at")
    around = {**typed(start), "kind": "holiday", "starts_at": "", "ends_at": "", "min_days": ""}
    refused = client.post("/changes/freezes/new/", around)
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["min_days"])


@pytest.mark.req("CHG-05", "ORG-03")
def test_a_maintenance_window_is_shown_with_its_zone(world: World, client: Client) -> None:
    """Trap 10: programs read wall time and the zone it is of; customers read their own time, and which that is."""
    system = make_system("core-db")
    system.organisations.add(world.requester.organisation)
    window = {"weekday": 6, "begins_at": time(1, 30), "minutes": 120, "zone": "Europe/Berlin"}
    MaintenanceWindow.objects.create(business_system=system, **window)
    [row] = Api(world.engineer).results("maintenance-windows/?system=core-db")
    assert (row["begins_at"], row["zone"]) == ("01:30", "Europe/Berlin")
    starts = {datetime.fromisoformat(one["starts_at"]).astimezone(ZoneInfo("Europe/Berlin")) for one in row["next"]}
    assert {f"{at:%a %H:%M}" for at in starts} == {"Sun 01:30"}
    client.force_login(reload_user(world.requester))
    assert "(Asia/Shanghai)" in client.get("/changes/planned/").content.decode()
