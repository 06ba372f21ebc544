"""Everybody affected is told of content and time: after approval, before the start, at the end, when it is late, when
it is taken back; customers read of their own systems only, in their language (CHG-04, NTF-04, CHG-11)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from accounts.models import User
from announcements.models import Announcement
from approvals.models import ApprovalRound, Policy
from approvals.policy.policies import publish
from changes.informing.due import run_informing
from changes.informing.models import AffectedNotice
from changes.models import Change, ChangeTemplate
from cmdb.models import BusinessSystem, Relation, RelationType
from notifications.models import Delivery, Notice
from tests.api.client import Api
from tests.changes.making import approve, later, request, staffed
from tests.factories import MONDAY, World, act, make_item, make_system, make_user, reload_user
from tickets.actions import perform
from tickets.errors import ActionForbidden, ActionInvalid
from tickets.models import Ticket, TimelineEntry

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-04", "NTF-04")]
#: The window of ``request``: Tuesday 20:00 to 22:00 in Shanghai.
START, END = later(35), later(37)


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need; two systems, each used by one customer."""
    staffed(world)
    for code, organisation in (("core-db", "exchange"), ("intranet", "egov")):
        make_system(code, name_zh=f"{code}系统", name_en=f"{code} system").organisations.set(
            [world.organisations[organisation]]
        )
    return world


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
def test_an_interface_person_who_decided_gets_a_notice_of_their_own_at_every_step(world: World) -> None:
    """About the systems of their customer; whoever is only the contact of a customer reads the announcement."""
    exchange, egov = world.organisations["exchange"], world.organisations["egov"]
    for customer in (exchange, egov):
        customer.interface_person = make_user(f"contact-{customer.code}", organisation=customer)
        customer.save()
    policy = Policy.objects.get(code="change-simple")
    policy.deciders.all().delete()
    policy.deciders.create(step=1, kind="interface_person")
    publish(policy=policy, by=world.admin, now=MONDAY)
    change = request(world, business_system="core-db", effect="短时中断")
    Change.objects.filter(pk=change.pk).update(organisation=exchange)
    change = act(act(change, "submit", world.lead, now=MONDAY), "accept", world.people["changer"], now=MONDAY)
    change = act(change, "ask_approval", world.lead, now=MONDAY)
    asked = Notice.objects.get(event="approval_asked")
    assert [one.recipient for one in asked.deliveries.filter(channel="email")] == [exchange.interface_person]
    change = approve(change, exchange.interface_person)
    run_informing(later(12))
    act(change, "start", world.engineer, now=START)
    told = list(Notice.objects.filter(event="approver_told").order_by("pk"))
    assert len(told) == 2  # approved, and a day before
    for notice in told:
        readers = set(notice.deliveries.values_list("recipient__username", flat=True))
        assert (readers, notice.ticket_id) == ({"contact-exchange"}, change.pk)
        assert "core-db system" in notice.payload["text"]["en"]
        assert "2026-11-24 20:00" in notice.payload["text"]["en"]


@pytest.mark.req("CHG-11", "ORG-03")
def test_who_was_asked_and_did_not_decide_is_told_and_reads_it_until_the_approval_falls(
    world: World, client: Client
) -> None:
    """An interface person and a leader beside the approver who decides; neither reads what is internal of it."""
    exchange = world.organisations["exchange"]
    contact = exchange.interface_person = make_user("contact", organisation=exchange)
    exchange.save()
    policy = Policy.objects.get(code="change-simple")
    policy.deciders.all().delete()
    policy.deciders.create(step=1, kind="interface_person")
    for person in (world.approver, world.people["leader"]):
        policy.deciders.create(step=1, kind="person", person=person)
    publish(policy=policy, by=world.admin, now=MONDAY)
    change = request(world, business_system="core-db", effect="短时中断", plan="内部计划")
    Change.objects.filter(pk=change.pk).update(organisation=exchange)
    change = act(act(change, "submit", world.lead, now=MONDAY), "accept", world.people["changer"], now=MONDAY)
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)
    run_informing(later(12))
    change = act(change, "start", world.engineer, now=START)
    change = act(change, "report_delay", world.engineer, now=later(36), expected_end="2026-11-24T23:00")
    change = act(change, "implement", world.engineer, now=later(38), result="as_planned")

    told = Notice.objects.filter(event="approver_told", deliveries__recipient=contact).distinct().order_by("pk")
    assert [one.payload["text"]["en"].split(" · ")[0] for one in told] == [
        "Planned change",
        "Planned change starts soon",
        "Planned change takes longer",
        "Planned change has ended",
    ]
    inside = Notice.objects.filter(event="change_told", deliveries__recipient=world.people["leader"]).distinct()
    assert inside.count() == 4
    client.force_login(reload_user(contact))
    page = client.get(f"/tickets/{change.number}/", follow=True)
    assert page.status_code == 200
    assert "内部计划" not in page.content.decode()
    with pytest.raises(ActionForbidden):
        act(change, "comment", reload_user(contact), now=later(39), text="你好")


@pytest.mark.req("CHG-11", "ORG-03")
def test_who_was_asked_in_a_round_that_fell_learns_that_and_reads_the_change_no_longer(world: World) -> None:
    exchange = world.organisations["exchange"]
    contact = exchange.interface_person = make_user("contact", organisation=exchange)
    exchange.save()
    policy = Policy.objects.get(code="change-simple")
    policy.deciders.all().delete()
    policy.deciders.create(step=1, kind="interface_person")
    policy.deciders.create(step=1, kind="person", person=world.approver)
    publish(policy=policy, by=world.admin, now=MONDAY)
    change = request(world, business_system="core-db", effect="短时中断")
    Change.objects.filter(pk=change.pk).update(organisation=exchange)
    change = act(act(change, "submit", world.lead, now=MONDAY), "accept", world.people["changer"], now=MONDAY)
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)
    assert Ticket.objects.visible_to(reload_user(contact)).filter(pk=change.pk).exists()
    act(change, "edit", world.lead, now=later(1), effect="长时中断", let_approvals_fall=True)
    assert not Ticket.objects.visible_to(reload_user(contact)).filter(pk=change.pk).exists()
    assert Notice.objects.filter(event="approval_fell", deliveries__recipient=contact).exists()


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


def test_who_is_late_or_backs_out_tells_it_once(world: World) -> None:
    change = scheduled(world)
    assert run_informing(START + timedelta(minutes=14)) == 0
    assert run_informing(START + timedelta(minutes=15)) == 1
    assert run_informing(START + timedelta(minutes=30)) == 0
    change = act(change, "start", world.engineer, now=START + timedelta(hours=1))
    with pytest.raises(ActionInvalid):
        act(change, "report_delay", world.engineer, now=END, expected_end=START.isoformat())
    until = END + timedelta(hours=2)
    change = act(change, "report_delay", world.engineer, now=END, expected_end=until.isoformat(), text="备份慢")
    [read] = read_by(world.requester, END)
    assert (read.ends_at, "2026-11-25 00:00" in read.text_en, "备份慢" in read.text_zh) == (until, True, False)
    assert run_informing(until + timedelta(hours=1)) == 0
    change = act(change, "back_out_now", world.engineer, now=until, text="校验失败")
    assert stages(change) == ["planned", "delayed", "delayed", "backed_out"]
    [read] = read_by(world.requester, until)
    assert "as it was before" in read.text_en
    assert (read.starts_at, read.ends_at) == (START + timedelta(hours=1), until)  # as it went


def test_running_over_is_told_when_nobody_says_it(world: World) -> None:
    change = act(scheduled(world), "start", world.engineer, now=START)
    assert (run_informing(END), run_informing(END)) == (1, 0)
    assert stages(change) == ["planned", "delayed"]


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
            summary="重启",
            content="重启",
            plan="重启",
            back_out="回退",
            effect=effect,
            group=world.engineer.support_groups.get(),
        )
        version = {name: getattr(template, name) for name in ("content", "plan", "back_out", "effect")}
        template.versions.create(number=1, content=version, made_at=MONDAY)
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
