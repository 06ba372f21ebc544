"""Everybody affected is told of content and time: after approval, before the start, at the end, when it is late, when
it is taken back; customers read of their own systems only, in their language (CHG-04, NTF-04, CHG-11)."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from accounts.models import User
from announcements.models import Announcement
from approvals.models import ApprovalRound
from changes.catalogue.templates import publish as publish_template
from changes.informing.due import run_informing
from changes.informing.models import AffectedNotice
from changes.models import Change, ChangeTemplate, FreezeRule, MaintenanceWindow
from cmdb.models import BusinessSystem, Relation, RelationType
from notifications.models import Delivery, Notice
from tests.api.client import Api
from tests.changes.making import approve, approved_emergency, later, request, systems_of_customers
from tests.factories import MONDAY, World, act, make_item, make_system, reload_user
from tickets import clock
from tickets.actions import perform
from tickets.errors import ActionInvalid
from tickets.models import TimelineEntry

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-04", "NTF-04")]
#: The window of ``request``: Tuesday 20:00 to 22:00 in Shanghai.
START, END = later(35), later(37)


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need; two systems, each used by one customer."""
    return systems_of_customers(world)


def scheduled(world: World, *, now: Any = MONDAY, **data: Any) -> Any:
    """An approved change."""
    typed = {"business_system": "core-db", "effect": "短时中断", **data}
    change = act(request(world, now=now, **typed), "submit", world.lead, now=now)
    change = act(change, "accept", world.people["changer"], now=now)
    return approve(act(change, "ask_approval", world.lead, now=now), world.approver, now=now)


def stages(change: Any) -> list[str]:
    """What those affected were told, in order."""
    return list(AffectedNotice.objects.filter(change=change.pk).values_list("stage", flat=True))


def mailed() -> list[tuple[set[str], str]]:
    """For each mail to customers: who gets it, its English subject."""
    return [
        (
            set(notice.deliveries.filter(channel="email").values_list("recipient__username", flat=True)),
            notice.payload["summary"]["en"],
        )
        for notice in Notice.objects.filter(event="announced").order_by("pk")
    ]


def read_by(user: User, now: Any) -> list[Announcement]:
    """What the person reads in the portal."""
    return list(Announcement.objects.visible_to(reload_user(user)).shown(now))


@pytest.mark.req("CHG-11", "ORG-03")
def test_each_customer_is_told_of_its_own_systems_at_every_step(world: World) -> None:
    node = make_item("db-1", business_system=None)
    upper = make_item("web-1", business_system=make_system("counter"))
    world.organisations["egov"].systems.add(BusinessSystem.objects.get(code="counter"))
    kind = RelationType.objects.get(code="runs_on")
    Relation.objects.create(relation_type=kind, source=upper, target=node, confirmed_at=MONDAY)
    change = scheduled(world, items=["db-1"], notice_zh="", reason="内部原因不外传")

    [first, second] = Announcement.objects.filter(ticket=change.pk).order_by("pk")
    parts = {
        tuple(row.organisations.values_list("code", flat=True)): tuple(row.systems.values_list("code", flat=True))
        for row in (first, second)
    }
    assert parts == {("exchange",): ("core-db",), ("egov",): ("counter",)}
    assert sorted(mailed()) == sorted(
        [
            ({"requester", "colleague"}, "Planned change · core-db system · 2026-11-24 20:00 – 22:00"),
            ({"requester2"}, "Planned change · counter · 2026-11-24 20:00 – 22:00"),
        ]
    )
    [read] = read_by(world.requester, MONDAY)
    assert (read.text_zh, read.text_en) == ("core-db系统：短时中断", "core-db system: 短时中断")
    assert all("内部" not in row.text_zh and "counter" not in row.text_zh for row in read_by(world.requester, MONDAY))
    assert [row.text_en.split(":")[0] for row in read_by(world.requester2, MONDAY)] == ["counter"]

    assert run_informing(START - timedelta(hours=25)) == 0
    assert run_informing(START - timedelta(hours=24)) == 1
    assert run_informing(START - timedelta(hours=23)) == 0
    change = act(change, "start", world.engineer, now=START)
    assert run_informing(END - timedelta(minutes=1)) == 0
    change = act(change, "implement", world.engineer, now=END, result="as_planned")
    assert stages(change) == ["planned", "soon", "done"]
    assert [subject.split(" · ")[0] for who, subject in mailed() if "requester2" in who] == [
        "Planned change",
        "Planned change starts soon",
        "Planned change has ended",
    ]
    [ended] = read_by(world.requester, END)
    assert (ended.kind, ended.text_en) == (
        "information",
        "core-db system: The work has ended; it can be used as usual.",
    )
    assert read_by(world.requester, END + timedelta(hours=5)) == []
    lines = TimelineEntry.objects.filter(ticket=change.pk, action__startswith="affected_")
    assert [line.data["organisations"] for line in lines.order_by("pk")] == ["egov, exchange"] * 3


def test_what_was_announced_and_does_not_hold_is_called_off_and_announced_anew(world: World) -> None:
    """Also twice; who never heard of it hears nothing of its end."""
    change = scheduled(world)
    moved = {"planned_start": "2026-11-25T20:00", "planned_end": "2026-11-25T22:00", "let_approvals_fall": "on"}
    change = act(change, "edit", world.lead, now=MONDAY, **moved)
    assert (stages(change), change.state) == (["planned", "off"], "accepted")
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)
    assert stages(change)[2:] == ["planned"]
    [shown] = [row for row in read_by(world.requester, MONDAY) if row.kind == "planned"]
    assert shown.starts_at == change.planned_start
    change = act(change, "cancel", world.lead, now=MONDAY, text="不做了")
    assert stages(change) == ["planned", "off", "planned", "off"]
    never = act(request(world, business_system="core-db"), "cancel", world.lead, now=MONDAY, text="不做了")
    assert stages(never) == []


@pytest.mark.req("CHG-02")
@pytest.mark.parametrize("way", ["page", "slot", "edit"])
def test_whoever_was_told_of_a_standard_change_is_told_when_it_is_moved(
    world: World, client: Client, way: str
) -> None:
    """Nothing falls, so it is told at once: the new time, which is announced from now on, and reminded of."""
    template = ChangeTemplate.objects.get(code="restart-service")
    ChangeTemplate.objects.filter(pk=template.pk).update(effect_zh="服务重启", effect_en="Restart")
    publish_template(template=ChangeTemplate.objects.get(pk=template.pk), by=None, now=MONDAY)
    now = clock.now().replace(minute=0, second=0, microsecond=0)
    FreezeRule.objects.update(active=False)
    ordered, moved = now + timedelta(days=3), now + timedelta(days=2)
    data = {"template": "restart-service", "business_system": "core-db", "planned_start": ordered.isoformat()}
    change: Any = perform(Change(), "order", user=reload_user(world.lead), data=data).ticket
    length = change.planned_end - change.planned_start
    window = {"planned_start": moved.isoformat(), "planned_end": (moved + length).isoformat()}
    if way == "edit":
        act(change, "edit", world.lead, **window)
    else:
        client.force_login(reload_user(world.lead))
        address = f"/changes/{change.number}/{'move' if way == 'page' else 'windows'}/"
        if way == "page":
            assert "approved" not in client.get(address).content.decode().split("move-told")[1].split("</p>")[0]
        assert client.post(address, window).status_code == 302
    assert stages(change) == ["planned", "moved"]
    [shown] = read_by(world.requester, clock.now())
    assert (shown.kind, shown.starts_at, shown.ends_at) == ("planned", moved, moved + length)
    assert f"{timezone.localtime(ordered):%Y-%m-%d %H:%M}" in shown.text_en
    who, subject = mailed()[-1]
    assert who == {"requester", "colleague"}
    assert subject.startswith("Planned change was moved · core-db system · ")
    assert f"{timezone.localtime(moved):%Y-%m-%d %H:%M}" in subject
    assert Notice.objects.filter(event="change_told").count() == 2
    assert run_informing(moved - timedelta(hours=24)) == 1
    assert (stages(change)[2:], run_informing(moved + timedelta(minutes=16))) == (["soon"], 1)
    act(change, "edit", world.lead, summary="另一个摘要")
    assert stages(change) == ["planned", "moved", "soon", "delayed"]


def test_what_does_not_take_place_is_named_by_the_time_that_was_announced(world: World) -> None:
    change = scheduled(world)
    moved = {"planned_start": "2026-11-25T20:00", "planned_end": "2026-11-25T22:00", "let_approvals_fall": "on"}
    act(change, "edit", world.lead, now=later(1), **moved)
    assert mailed()[-1][1] == "Planned change does not take place · core-db system · 2026-11-24 20:00 – 22:00"


@pytest.mark.req("CHG-07")
def test_an_emergency_without_a_window_is_told_and_read_with_its_real_time(world: World, client: Client) -> None:
    change = approved_emergency(world, business_system="core-db", effect="短时中断")
    assert mailed()[-1][1] == "Planned change · core-db system · at once"
    [shown] = read_by(world.requester, clock.now())
    assert (shown.starts_at is None, shown.ends_at) == (False, None)
    api = Api(world.requester)
    [row] = api.get("planned-work/").json()["work"]
    assert (row["starts_at"], row["ends_at"], row["is_running"]) == (None, None, False)
    change = act(change, "start", world.engineer, text="必需")
    [row] = api.get("planned-work/").json()["work"]
    assert (row["starts_at"] is not None, row["ends_at"], row["is_running"]) == (True, None, True)
    client.force_login(reload_user(world.requester))
    assert f"{timezone.localtime(change.actual_start):%Y-%m-%d}" in client.get("/changes/planned/").content.decode()
    until = clock.now() + timedelta(hours=3)
    act(change, "report_delay", world.engineer, expected_end=until.isoformat())
    assert f"since {timezone.localtime(change.actual_start):%Y-%m-%d %H:%M}" in mailed()[-1][1]
    [row] = api.get("planned-work/").json()["work"]
    assert row["ends_at"] is not None
    assert read_by(world.requester, clock.now())[0].ends_at == until


def test_they_read_what_was_written_for_them_in_their_language(world: World, client: Client) -> None:
    change: Any = request(world, business_system="core-db", effect="短时中断")
    words = {"notice_zh": "查询暂停十分钟", "notice_en": "Queries pause for ten minutes"}
    change = act(change, "write_to_affected", world.lead, now=MONDAY, **words)
    change = act(change, "submit", world.lead, now=MONDAY)
    change = act(change, "accept", world.people["changer"], now=MONDAY)
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)
    [read] = read_by(world.requester, MONDAY)
    assert (read.text_zh, read.text_en) == (
        "core-db系统：查询暂停十分钟",
        "core-db system: Queries pause for ten minutes",
    )
    with translation.override("en"):
        assert read.text.endswith("ten minutes")
    count = Notice.objects.filter(event="announced").count()
    change = act(change, "write_to_affected", world.lead, now=MONDAY, **{**words, "notice_zh": "查询暂停五分钟"})
    assert change.state == "scheduled"
    assert "五分钟" in read_by(world.requester, MONDAY)[0].text_zh
    assert Notice.objects.filter(event="announced").count() == count
    with pytest.raises(ActionInvalid):
        act(change, "write_to_affected", world.lead, now=MONDAY, notice_zh="长" * 301)


def test_those_inside_whom_it_concerns_are_told_and_nobody_twice(world: World) -> None:
    """Who asked, who carries it out, the engineers of its systems, the desk; a telling has one notice."""
    system = make_system("dual", primary_engineer=world.expert, deputy_engineer=world.lead)
    change = scheduled(world, business_system=system.code, assignee="engineer")
    [notice] = Notice.objects.filter(event="change_told")
    told = list(notice.deliveries.filter(channel="portal").values_list("recipient__username", flat=True))
    asked = set(ApprovalRound.objects.get().asks.values_list("person__username", flat=True))
    assert len(told) == len(set(told))
    assert set(told) == {"desk", "desk2", "engineer", "expert", "lead"} | asked
    assert AffectedNotice.objects.get(change=change.pk).parts == []
    assert not Announcement.objects.exists()


@pytest.mark.req("CHG-02")
def test_a_standard_change_without_effect_tells_no_customer(world: World) -> None:
    """Whoever orders it in the window itself tells once; with an effect in its template customers read of it."""
    make_item("app-1", business_system=make_system("members"))
    world.organisations["exchange"].systems.add(BusinessSystem.objects.get(code="members"))
    for effect, announced in (("", 0), ("会员查询中断五分钟", 1)):
        template = ChangeTemplate.objects.create(
            code=f"restart-{announced}",
            name_zh="重启",
            name_en="Restart",
            summary_zh="重启",
            content_zh="重启",
            plan_zh="重启",
            back_out_zh="回退",
            effect_zh=effect,
            group=world.engineer.support_groups.get(),
        )
        publish_template(template=template, by=None, now=MONDAY)
        data = {"template": template.code, "items": ["app-1"], "planned_start": later(2 + 3 * announced).isoformat()}
        change = perform(Change(), "order", user=reload_user(world.lead), data=data, now=MONDAY).ticket
        assert Announcement.objects.filter(ticket=change.pk).count() == announced
        said = TimelineEntry.objects.filter(ticket=change.pk, action__startswith="affected_")
        assert said.count() == announced
        assert stages(change) == ["planned"]
    assert run_informing(later(1)) == 0


@pytest.mark.req("ORG-03")
def test_panel_and_api_say_who_knows_what_to_staff_alone(world: World, client: Client) -> None:
    change = scheduled(world)
    row = Api(world.lead).get(f"changes/{change.number}/informing/").json()
    assert row["affected"] == [{"systems": ["core-db"], "organisations": ["exchange"], "people": 2}]
    assert [one["stage"] for one in row["told"]] == ["planned"]
    assert row["notice_zh"] == ""
    for other in (world.requester, world.requester2, world.vendor):
        assert Api(other).get(f"changes/{change.number}/informing/").status_code in (403, 404)
    client.force_login(reload_user(world.lead))
    page = client.get(f"/tickets/{change.number}/around/").content.decode()
    assert "core-db" in page
    assert Delivery.objects.filter(notice__event="announced", channel__in=("portal", "sms")).count() == 0


@pytest.mark.slow
@pytest.mark.req("CHG-07", "ORG-03")
def test_customers_read_of_planned_work_on_their_systems_alone(world: World, client: Client) -> None:
    """Approved changes and maintenance windows, in the reader's language; nothing internal, nothing of others."""
    begin = clock.now() + timedelta(hours=20)
    window = {"planned_start": begin.isoformat(), "planned_end": (begin + timedelta(hours=2)).isoformat()}
    scheduled(world, **window)
    request(world, business_system="core-db", summary="隐秘事项")
    for code in ("core-db", "intranet"):
        system = BusinessSystem.objects.get(code=code)
        MaintenanceWindow.objects.create(business_system=system, weekday=6, begins_at=time(1), minutes=60)
    pages = {}
    for person, mine in ((world.requester, "core-db"), (world.requester2, "intranet")):
        client.force_login(reload_user(person))
        pages[person] = client.get("/changes/planned/").content.decode()
        own = Api(person).get("planned-work/").json()
        assert {row["system"] for row in own["maintenance"]} == {mine}
        assert [row["systems"] for row in own["work"]] == ([["core-db"]] if person == world.requester else [])
    User.objects.filter(pk=world.requester.pk).update(language="en")
    client.force_login(reload_user(world.requester))
    english = client.get("/changes/planned/").content.decode()
    page, other = pages[world.requester], pages[world.requester2]
    assert "短时中断" in page
    assert not [word for word in ("升级数据库", "隐秘事项", "intranet") if word in page]
    assert ("core-db" in other, "intranet" in other) == (False, True)
    assert ("Planned work" in english, "core-db system" in english) == (True, True)
    client.force_login(reload_user(world.engineer))
    assert client.get("/changes/planned/")["Location"] == "/changes/calendar/"
