"""A typical call in the browser, with every key and click counted by the page itself (INC-02, DESK-01)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from incidents.models import Incident
from tests.e2e.conftest import until
from tests.factories import World, incident_in, make_item, make_system, make_user, register_incident

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True), pytest.mark.req("INC-02", "DESK-01")]

Visit = Callable[..., "Page"]

#: Counts what a person really does, across pages: keys that write, keys that command, clicks.
COUNT = """() => {
  const add = (name) => sessionStorage.setItem(name, Number(sessionStorage.getItem(name) ?? 0) + 1);
  addEventListener("keydown", (event) => {
    if (!event.isTrusted || ["Control", "Alt", "Shift"].includes(event.key)) return;
    const writes = event.key.length === 1 && !event.ctrlKey && !event.altKey;
    const field = event.target.matches("input,textarea");
    add(writes && field ? "letters" : "commands");
  }, true);
  addEventListener("click", (event) => { if (event.isTrusted && event.detail) add("clicks"); }, true);
}"""


def counts(page: Page) -> dict[str, int]:
    """What was counted so far."""
    names = ["letters", "commands", "clicks"]
    return {name: int(page.evaluate(f"sessionStorage.getItem('{name}') ?? 0")) for name in names}


def waits_for_the_caller(page: Page) -> None:
    """The first field is ready for typing."""
    page.locator("#id_requester-ts-control").wait_for()
    until(page, "document.activeElement.id === 'id_requester-ts-control'")


@pytest.fixture
def past(world: World) -> None:
    """What the portal has learned, and a caller with a history."""
    make_system("mail", default_group=world.groups["host"])
    for summary in ("柜台扫码枪无法识别", "扫码枪识别失败", "扫码枪识别报错"):
        incident_in("closed", world, summary=summary, business_system="mail", category="sw-sys-security")
    register_incident(world.desk, requester="requester", summary="键盘失灵")
    make_user("gaoyue", "requester", organisation=world.organisations["egov"], full_name="高悦", phone="021-5555-3003")


@pytest.mark.usefixtures("past")
def test_a_typical_call_takes_five_commands_and_no_click(visit: Visit) -> None:
    page = visit("desk", language="en-US")
    page.context.add_init_script(f"({COUNT})()")
    page.reload()
    page.keyboard.press("n")
    page.wait_for_url("**/incidents/new/")
    waits_for_the_caller(page)
    page.keyboard.type("3003")
    page.locator(".ts-dropdown .option", has_text="gaoyue").wait_for()
    page.keyboard.press("Enter")
    until(page, "document.activeElement.id === 'id_summary'")
    page.keyboard.type("扫码枪识别不了")
    page.locator("[data-suggests=business_system]").wait_for()
    page.keyboard.press("Alt+1")
    until(page, "document.querySelector('#id_business_system').value === 'mail'")
    page.keyboard.press("Alt+2")
    until(page, "document.querySelector('#id_group').value === 'host'")
    page.keyboard.press("Control+Enter")
    page.locator(".stepper .now", has_text="Assigned").wait_for()
    counted = counts(page)

    ticket = Incident.objects.latest("pk")
    assert ticket.requester is not None
    assert (ticket.requester.username, ticket.business_system_id, ticket.contact_phone) == (
        "gaoyue",
        "mail",
        "021-5555-3003",
    )
    assert (ticket.group.code if ticket.group else "", ticket.category is not None) == ("host", True)
    # The number's four digits; Chinese words come from an input method, whose keys the page does not see.
    assert counted == {"letters": 4, "commands": 5, "clicks": 0}  # as docs/calls-and-portal.md states
    page.locator(".next-call").wait_for()
    page.keyboard.press("n")
    page.wait_for_url("**/incidents/new/")
    waits_for_the_caller(page)


@pytest.mark.usefixtures("past")
def test_a_telephone_system_saves_finding_the_caller(visit: Visit) -> None:
    page = visit("desk", language="en-US")
    page.goto("/incidents/new/?phone=02155553003")
    until(page, "document.activeElement.id === 'id_summary'")
    page.locator("#caller .caller-name", has_text="高悦").wait_for()
    page.keyboard.type("黑屏")
    page.keyboard.press("Control+Enter")
    page.locator(".stepper .now").wait_for()
    ticket = Incident.objects.latest("pk")
    assert (ticket.requester and ticket.requester.username, ticket.contact_phone) == ("gaoyue", "02155553003")


def test_a_refused_registration_goes_on_where_the_fault_is(visit: Visit) -> None:
    page = visit("desk", language="en-US")
    page.goto("/incidents/new/")
    page.fill("#id_description", "Typed before the summary")
    page.keyboard.press("Control+Enter")
    page.locator(".field-error").first.wait_for()
    until(page, "document.activeElement.id === 'id_summary'")
    assert page.input_value("#id_description") == "Typed before the summary"
    assert Incident.objects.count() == 0


@pytest.mark.usefixtures("past")
def test_a_caller_nobody_knows_is_entered_without_leaving_the_page(visit: Visit) -> None:
    page = visit("desk", language="en-US")
    page.goto("/incidents/new/")
    waits_for_the_caller(page)
    page.keyboard.type("林青")
    page.locator(".no-results").wait_for()
    page.keyboard.press("Alt+n")
    page.locator(".new-caller").wait_for()
    assert page.input_value("#caller_full_name") == "林青"
    page.fill("#caller_phone", "6031")
    page.select_option("#caller_organisation", "egov")
    page.locator(".new-caller button").click()
    page.locator("#caller .caller-name", has_text="林青").wait_for()
    until(page, "document.activeElement.id === 'id_summary'")
    page.keyboard.type("黑屏")
    page.keyboard.press("Control+Enter")
    page.locator(".stepper .now").wait_for()
    ticket = Incident.objects.latest("pk")
    assert ticket.requester is not None
    assert (ticket.requester.full_name, ticket.contact_phone, ticket.organisation.code) == ("林青", "6031", "egov")


def test_a_call_about_something_open_is_linked_or_noted(world: World, visit: Visit) -> None:
    main = register_incident(world.desk, requester="requester", summary="邮件附件打不开")
    item = make_item("pc-07", world.organisations["exchange"])
    page = visit("desk", language="en-US")
    page.goto("/incidents/new/?requester=requester&summary=邮件附件打不开了")
    page.locator(f"[data-main={main.number}]").wait_for()
    page.keyboard.press("Alt+d")
    assert page.locator("[data-main-note] b").inner_text() == main.number
    page.locator("[data-add-item]").click()
    page.locator("#id_requester-ts-control").wait_for()
    page.keyboard.press("Alt+r")
    page.wait_for_url("**/incidents/new/")
    until(page, "document.querySelector('.note') && !document.querySelector('#id_summary').value")
    twin = Incident.objects.exclude(pk=main.pk).get()
    assert (twin.duplicate_of_id, [one.pk for one in twin.items.all()]) == (main.pk, [item.pk])

    page.goto("/incidents/new/?requester=requester")
    page.locator(".about summary").first.click()
    page.locator(".about[open] textarea").fill("calls again")
    page.locator(".about[open] .btn-primary").click()
    page.locator(".entry", has_text="calls again").wait_for()
    assert Incident.objects.count() == 2


def test_only_members_of_the_chosen_group_are_offered(world: World, visit: Visit) -> None:
    page = visit("desk", language="en-US")
    page.goto("/incidents/new/")
    page.locator("#id_assignee-ts-control").wait_for()
    page.select_option("#id_group", "network")
    page.locator("#id_assignee-ts-control").click()
    page.locator(".ts-dropdown .option", has_text="other_engineer").wait_for()
    assert page.locator(".ts-dropdown:visible .option").count() == 1


def test_what_decides_a_call_stands_above_the_fold(visit: Visit) -> None:
    page = visit("desk", language="en-US")  # 1440 x 900
    page.goto("/incidents/new/")
    waits_for_the_caller(page)
    foot = page.locator(".sheet-foot").bounding_box()
    assert foot is not None
    for name in ("summary", "description", "business_system", "category", "impact", "group", "assignee", "urgency"):
        box = page.locator(f".field:has(#id_{name}), fieldset#id_{name}").first.bounding_box()
        assert box is not None, name
        assert box["y"] + box["height"] <= foot["y"], name
    page.keyboard.press("Alt+m")
    page.locator("#id_occurred_at").wait_for()
    button = page.locator(".choose-file")
    assert button.inner_text() == "Choose files"  # the page's language, not the browser's


def test_nobody_found_never_covers_entering_by_hand(visit: Visit) -> None:
    page = visit("desk", language="en-US")
    page.goto("/incidents/new/")
    waits_for_the_caller(page)
    page.keyboard.type("nobody at all")
    page.locator(".ts-dropdown .no-results").wait_for()
    page.locator("[data-new-caller]").click(timeout=5000)  # refused by the browser where something lies over it
    page.locator(".new-caller").wait_for()


@pytest.mark.usefixtures("past")
@pytest.mark.req("UX-05")
def test_enter_never_takes_what_was_found_for_other_words(visit: Visit) -> None:
    page = visit("desk", language="en-US")
    page.goto("/incidents/new/")
    waits_for_the_caller(page)
    offered = page.locator(".ts-dropdown:visible .option")
    page.keyboard.insert_text("高悦")
    offered.filter(has_text="gaoyue").wait_for()
    asked: list[Route] = []

    def hold(route: Route) -> None:  # the answer takes its time
        asked.append(route)

    page.route("**/find/people/**", hold)
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("colleague")
    page.keyboard.press("Enter")
    assert (offered.count(), page.input_value("#id_requester")) == (0, "")
    while not asked:
        page.wait_for_timeout(50)
    asked[0].continue_()
    offered.first.wait_for()
    page.keyboard.press("Enter")
    until(page, "document.querySelector('#id_requester').value === 'colleague'")


@pytest.mark.req("UX-05")
def test_what_is_found_stands_in_the_order_of_the_server_whatever_was_found_before(visit: Visit) -> None:
    for name in ("alpha-01", "beta-01", "beta-02"):
        make_item(name)
    page = visit("desk", language="en-US")
    page.goto("/incidents/new/")
    page.locator("#id_items-ts-control").focus()
    offered = page.locator(".ts-dropdown:visible .option > span")
    for words, found in (("beta", ["beta-01", "beta-02"]), ("-01", ["alpha-01", "beta-01"])):
        page.keyboard.press("Control+a")
        page.keyboard.type(words)
        offered.filter(has_text=found[0]).wait_for()
        assert [text.split()[0] for text in offered.all_inner_texts()] == found
