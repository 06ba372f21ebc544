"""The record of configuration items in a browser: lists that narrow as one chooses (CMDB-01, UX-01)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from cmdb.models import CIClass, ConfigurationItem, RelationType
from cmdb.services import Link, Stamp, write_relations
from tests.api.client import Api
from tests.e2e.conftest import NARROW, until
from tests.factories import World, make_item

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True), pytest.mark.req("CMDB-01", "UX-01")]

Visit = Callable[..., "Page"]


def test_a_list_that_is_a_page_of_its_own_narrows_as_one_chooses(world: World, visit: Visit) -> None:
    make_item("host-01", status_id="in_stock")
    make_item("host-02")
    page = visit("desk", language="en-US")
    page.goto("/items/")
    page.locator("form.filters select[name=status]").select_option("in_stock")
    page.wait_for_url("**status=in_stock**")
    until(page, "!document.querySelector('main').innerText.includes('host-02')")
    assert "host-01" in page.locator("main").inner_text()
    page.locator("form.filters input[name=q]").fill("host-09")
    page.keyboard.press("Enter")
    page.wait_for_url("**/items/?q=host-09&status=in_stock")  # and nothing that is empty
    page.locator("main", has_text="Nothing fits").wait_for()


@pytest.mark.req("CMDB-07")
def test_decided_differences_are_reached_by_their_filter(world: World, visit: Visit) -> None:
    seen = {"source": "scan", "items": [{"key": "1", "values": {"name": "unknown-host"}}]}
    assert Api(world.admin).post("items/discovered/", seen).status_code == 200
    page = visit("admin", language="en-US")
    page.goto("/items/differences/")
    page.locator("form.filters select[name=decided]").select_option("true")
    page.wait_for_url("**decided=true**")


def speak(page: Page, language: str) -> None:
    """Change the language by the button on top."""
    page.locator(".language button").click()
    until(page, f"document.documentElement.lang === '{language}'")


@pytest.mark.req("UX-01")
def test_what_was_typed_stays_when_the_language_changes_and_nothing_else(world: World, visit: Visit) -> None:
    item = make_item("host-01", attributes={"ip_address": "10.0.0.1"})
    page = visit("admin", language="en-US")
    page.goto(f"/items/{item.pk}/edit/")
    page.fill("#id_name", "host of the exchange")
    ConfigurationItem.objects.filter(pk=item.pk).update(attributes={"ip_address": "10.0.0.2"})  # by somebody else
    for language in ("zh-hans", "en"):
        speak(page, language)
        assert page.input_value("#id_name") == "host of the exchange"
        assert page.input_value("#id_ip_address") == "10.0.0.2"
    page.reload()
    assert page.input_value("#id_name") == "host-01"


@pytest.mark.req("UX-01", "CMDB-01")
def test_after_another_language_a_save_still_tells_what_somebody_else_saved(world: World, visit: Visit) -> None:
    """With the newest version in its form it would have overwritten it unseen."""
    page = visit("admin", language="en-US")
    page.goto("/items/classes/server/")
    page.fill("input[name=name_en]", "Machine")
    other = visit("admin", language="en-US")
    other.goto("/items/classes/server/")
    other.fill("input[name=name_zh]", "主机")
    with other.expect_navigation():
        other.get_by_role("button", name="Save").click()
    speak(page, "zh-hans")
    speak(page, "en")
    page.get_by_role("button", name="Save").click()
    page.locator("main .alarm").first.wait_for()
    server = CIClass.objects.get(pk="server")
    assert (server.name_zh, server.name_en == "Machine") == ("主机", False)


@pytest.mark.req("UX-01")
def test_a_page_that_came_back_with_errors_keeps_all_of_it_in_another_language(world: World, visit: Visit) -> None:
    """What was typed is what the page brought; also what the server found while it was typed."""
    make_item("host-01")
    page = visit("manager", language="en-US")
    page.goto("/changes/recurring/")
    page.fill("#id_every", "999")
    page.locator("#id_items-ts-control").focus()
    page.keyboard.type("host")
    page.locator(".ts-dropdown .option", has_text="host-01").wait_for()
    page.keyboard.press("Enter")
    for language in ("zh-hans", "en"):  # before it is sent, and when it came back
        speak(page, language)
        assert page.locator("#id_items + .ts-wrapper .item").inner_text().startswith("host-01")
        assert page.input_value("#id_every") == "999"
        page.locator("#rule button[name=preview]").click()
        page.locator("#rule .is-invalid").first.wait_for()
    speak(page, "zh-hans")
    assert page.locator("#id_items + .ts-wrapper .item").inner_text().startswith("host-01")
    assert page.input_value("#id_every") == "999"


def in_sight(page: Page, selector: str) -> bool:
    """Whether the whole of it stands on the first screen."""
    box = page.locator(selector).bounding_box()
    size = page.viewport_size
    assert box
    assert size
    return box["y"] >= 0 and box["y"] + box["height"] <= size["height"]


@pytest.mark.req("CMDB-01", "UX-01")
def test_what_would_follow_a_change_comes_to_sight_with_its_button(world: World, visit: Visit) -> None:
    """It stood far below the fold, so that the change seemed to be kept."""
    make_item("host-01", attributes={"ip_address": "10.0.0.1"})
    page = visit("admin", language="en-US")
    page.goto("/items/classes/server/")
    page.locator("input[name=name_en]").fill("Machine")
    page.locator("select[name=parent]").select_option("")
    page.get_by_role("button", name="Save").click()
    page.locator("[data-answer]").wait_for()
    until(page, "document.activeElement.matches('[data-answer]')")
    assert in_sight(page, "[data-answer] button")
    page.locator("[data-answer] button").click()
    page.locator("h1", has_text="Machine").wait_for()


@pytest.mark.req("CMDB-05", "UX-01")
def test_the_answer_of_a_check_is_the_first_thing_on_the_page(world: World, visit: Visit) -> None:
    page = visit("admin", language="en-US")
    page.goto("/items/import/")
    rows = b"identifier,ci_class,name,cost\nhost-01,server,Host 1,4\nhost-02,server,Host 2,four\n"
    page.locator("input[name=items]").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": rows})
    page.get_by_role("button", name="Check only").click()
    page.locator("[data-answer]").wait_for()
    until(page, "document.activeElement.matches('[data-answer]')")
    assert in_sight(page, "[data-answer] table tbody tr")


@pytest.mark.req("CMDB-01", "UX-02")
def test_on_a_phone_the_list_of_items_stands_on_the_first_screen(world: World, visit: Visit) -> None:
    """Nineteen buttons stood above it, and its table was cut."""
    make_item("host-01")
    page = visit("admin", language="en-US", size=NARROW)
    page.goto("/items/")
    head, row = (page.locator(of).first.bounding_box() for of in ("h1", ".list-table tbody tr"))
    assert head
    assert row
    assert row["y"] - head["y"] < 300
    assert page.locator(".list-table").evaluate("box => box.scrollWidth <= box.clientWidth")
    page.locator(".cmdb-menu summary").click()
    page.get_by_role("link", name="Import").click()
    page.wait_for_url("**/items/import/")


@pytest.mark.req("CMDB-02", "UX-02")
def test_on_a_phone_a_graph_shows_a_part_that_can_be_read(world: World, visit: Visit) -> None:
    """All of it were boxes of thirty pixels, and nothing said how to see more."""
    root, kind = make_item("root"), RelationType.objects.get(pk="runs_on")
    links = [Link(make_item(f"app-{n}", ci_class_id="application"), kind, root) for n in range(30)]
    write_relations(links, Stamp(trusted=True))
    page = visit("admin", language="en-US", size=NARROW)
    page.goto(f"/items/{root.pk}/graph/")
    page.locator("#graph-larger", has_text="larger than the screen").wait_for()
    wide = visit("admin", language="en-US")
    wide.goto(f"/items/{root.pk}/graph/")
    until(wide, "document.querySelector('#graph-class').options.length > 1")
    assert wide.locator("#graph-larger").is_hidden()
