"""An incident's life through the pages: phone call, claim, work, vendor, resolution, confirmation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from incidents.models import Incident
from tasks.models import Task
from tests.factories import World, incident_in, make_system

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

Visit = Callable[..., "Page"]


def number_of(page: Page) -> str:
    """The number of the ticket that a page shows."""
    return page.locator(".ticket-head .num").first.inner_text()


def do(page: Page, label: str) -> None:
    """Press the button of an action, in the bar or in its menu."""
    button = page.locator(".actions").get_by_text(label, exact=True).first
    if not button.is_visible():
        page.locator(".actions details.menu > summary").click()
    button.click()


def send(page: Page) -> None:
    """Send the open form and wait until the ticket is drawn anew."""
    page.locator("#action-panel form footer button").click()
    page.locator("#action-panel form").wait_for(state="detached")


def state_is(page: Page, label: str) -> None:
    """Wait until the stepper shows a state."""
    page.locator(".stepper .now", has_text=label).wait_for()


def register_by_phone(page: Page) -> str:
    """The desk takes a call; returns the ticket's number."""
    page.goto("/incidents/new/")
    page.locator("#id_requester-ts-control").wait_for()
    page.keyboard.type("Requester")
    page.locator(".ts-dropdown .option", has_text="(requester)").click()
    page.locator("#caller", has_text="exchange").wait_for()
    assert page.input_value("#id_contact_phone") == "000-0000-1001"
    page.fill("#id_summary", "交易终端黑屏")
    page.select_option("#id_business_system", "trading")
    assert page.input_value("#id_group") == "host"
    page.check("#id_impact [value=I4]")
    page.get_by_role("button", name="登记", exact=True).click()
    state_is(page, "已分派")
    return number_of(page)


@pytest.mark.req("DESK-01", "INC-02", "INC-05", "INC-07", "INC-08", "INC-14", "TSK-01", "UX-01")
def test_from_the_call_to_the_confirmation(world: World, visit: Visit) -> None:
    make_system("trading", default_group=world.groups["host"])
    desk, engineer = visit("desk"), visit("engineer")
    number = register_by_phone(desk)

    engineer.goto("/queue/?view=unassigned")
    engineer.get_by_role("link", name="交易终端黑屏").click()
    do(engineer, "认领")
    engineer.locator(".entry", has_text="认领了").wait_for()
    do(engineer, "开始处理")
    state_is(engineer, "处理中")
    do(engineer, "新建任务单")
    engineer.fill("#action-panel [name=summary]", "更换显示器")
    engineer.select_option("#action-panel [name=group]", "host")
    send(engineer)
    do(engineer, "挂起")
    engineer.fill("#action-panel [name=wait_until]", "2020-01-01T08:00")
    engineer.locator("#action-panel form footer button").click()
    engineer.locator("#action-panel .field-error").wait_for()
    tomorrow = timezone.localtime(timezone.now() + timedelta(days=1))
    engineer.fill("#action-panel [name=wait_until]", tomorrow.strftime("%Y-%m-%dT%H:%M"))
    send(engineer)
    state_is(engineer, "挂起")
    do(engineer, "恢复处理")
    state_is(engineer, "处理中")
    finish_task(engineer, Task.objects.get())
    engineer.goto(f"/tickets/{number}/")
    call_vendor(engineer)
    do(engineer, "解决")
    engineer.fill("#action-panel [name=cause]", "显示器电源故障")
    engineer.fill("#action-panel [name=handling]", "更换显示器")
    engineer.select_option("#action-panel [name=verified_how]", "tested")
    send(engineer)
    state_is(engineer, "已解决")

    requester = visit("requester")
    requester.get_by_role("link", name="交易终端黑屏").click()
    requester.locator(".ask", has_text="更换显示器").wait_for()
    desk.goto(f"/tickets/{number}/")
    do(desk, "确认并关闭")
    desk.select_option("#action-panel [name=confirmed_how]", "phone")
    send(desk)
    desk.locator(".entry", has_text="关闭了").wait_for()
    assert Incident.objects.get().state == "closed"


def finish_task(page: Page, task: Task) -> None:
    """The engineer finds the task on the ticket and finishes it."""
    page.locator(".ticket-side .hint-card", has_text=task.number).click()
    do(page, "认领")
    page.locator(".entry", has_text="认领了").wait_for()
    do(page, "开始处理")
    page.locator(".entry", has_text="开始").first.wait_for()
    do(page, "完成")
    page.select_option("#action-panel [name=close_code]", "tier1")
    page.fill("#action-panel [name=result]", "已更换")
    send(page)


def call_vendor(page: Page) -> None:
    """The vendor is called in and answers."""
    do(page, "请厂商支持")
    page.select_option("#action-panel [name=supplier]", "liyuan")
    page.fill("#action-panel [name=text]", "请提供备件")
    send(page)
    page.locator(".entry", has_text="请提供备件").wait_for()


@pytest.mark.req("INC-12", "PRT-01")
def test_not_solved_opens_a_follow_up(world: World, visit: Visit) -> None:
    ticket = incident_in("resolved", world)
    page = visit("requester", language="en-US")
    page.goto(ticket.get_absolute_url())
    do(page, "Not solved")
    page.fill("#action-panel [name=text]", "It is black again")
    send(page)
    page.locator(".hint-card", has_text="followed up by").wait_for()
    follow_up = Incident.objects.exclude(pk=ticket.pk).get()
    assert (follow_up.state, follow_up.assignee) == ("assigned", world.engineer)
