"""Freezes that change, maintenance windows, templates that are approved again (CHG-02, CHG-05)."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from changes.collision.collisions import collisions_of
from changes.models import Change, ChangeTemplate, FreezeRule, MaintenanceWindow
from changes.schedule.maintenance import lies_within, occurrences
from changes.schedule.slots import free_slots
from notifications.models import Notice
from tests.changes.making import request, staffed
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


def saved(client: Client, rule: FreezeRule | None, start: datetime, **more: Any) -> int:
    """Save a freeze of a day in the administration; the status of the answer."""
    local = start.astimezone(SHANGHAI)
    data = {
        **{"code": "audit", "name_zh": "审计", "name_en": "Audit", "kind": "span", "zone": "Asia/Shanghai"},
        **{"min_days": 3, "days_before": 1, "begins_at": "20:00", "closes_at": "17:00", "active": "on"},
        **{"starts_at_0": f"{local:%Y-%m-%d}", "starts_at_1": f"{local:%H:%M}"},
        **{"ends_at_0": f"{local + timedelta(days=1):%Y-%m-%d}", "ends_at_1": f"{local:%H:%M}"},
        **more,
    }
    page = f"/admin/changes/freezerule/{rule.pk}/change/" if rule else "/admin/changes/freezerule/add/"
    return client.post(page, data).status_code


def test_a_freeze_that_moves_grades_planned_changes_anew_and_tells_each_owner_once(
    world: World, client: Client
) -> None:
    """Added, moved away, deleted: only those whom it reaches or leaves are told, each once."""
    hit = planned(world, 24 * 40, assignee="engineer")
    missed = planned(world, 24 * 60)
    client.force_login(reload_user(world.admin))

    assert saved(client, None, hit.planned_start) == 302
    told = Notice.objects.filter(event="freeze_moved")
    [notice] = told
    assert (notice.ticket_id, set(notice.deliveries.values_list("recipient", flat=True))) == (
        hit.pk,
        {world.lead.pk, world.engineer.pk},
    )
    assert last_entry(hit).action == "freeze_stands"
    assert "hard" in {str(one.grade) for one in collisions_of(hit)}

    rule = FreezeRule.objects.get(code="audit")
    saved(client, rule, hit.planned_start, name_en="The audit")
    assert told.all().count() == 1
    saved(client, rule, missed.planned_start)
    assert sorted(told.values_list("ticket", flat=True)) == sorted([hit.pk, hit.pk, missed.pk])
    assert last_entry(hit).action == "freeze_gone"
    client.post(f"/admin/changes/freezerule/{rule.pk}/delete/", {"post": "yes"})
    assert last_entry(missed).action == "freeze_gone"
    assert told.all().count() == 4


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
    found = [[str(one.reason) for one in collisions_of(change)] for change in (inside, outside, free)]
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
def test_a_template_that_is_approved_again_starts_anew(world: World, client: Client) -> None:
    template = ChangeTemplate.objects.get(code="extend-disk")

    def ordered() -> Any:
        change = perform(Change(), "order", user=world.engineer, data={"template": "extend-disk"}).ticket
        return act(change, "start", world.engineer)

    for _number in range(template.failures):
        act(ordered(), "back_out_now", world.engineer, text="失败")
    template.refresh_from_db()
    assert not template.approved
    client.force_login(reload_user(world.admin))
    data = {
        name: getattr(template, name)
        for name in ("name_zh", "name_en", "summary", "content", "plan", "back_out", "effect", "minutes")
    }
    data |= {"failures": template.failures, "last_uses": template.last_uses, "approved": "on", "active": "on"}
    assert client.post(f"/admin/changes/changetemplate/{template.pk}/change/", data).status_code == 302
    act(ordered(), "back_out_now", world.engineer, text="失败")
    template.refresh_from_db()
    assert template.approved
