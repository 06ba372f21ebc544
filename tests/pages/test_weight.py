"""What pages cost: queries that do not grow with rows, bytes, one stylesheet, no inline code."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.factories import World, act, add_task, incident_in, make_item, make_system, register_incident, resolve
from tests.pages.files import attach

pytestmark = [pytest.mark.django_db, pytest.mark.req("UX-02")]

Browse = Callable[[User | None], Client]


def queries_of(client: Client, url: str) -> int:
    """How many queries a second visit costs: the first one fills caches of the process."""
    assert client.get(url).status_code == 200
    with CaptureQueriesContext(connection) as captured:
        client.get(url)
    return len(captured)


def make_full_ticket(world: World) -> Any:
    """An incident with everything that its page shows."""
    ticket = incident_in("in_progress", world)
    add_task(ticket, world.engineer)
    attach(ticket, world.engineer)
    act(ticket, "watch", world.desk)
    act(ticket, "note", world.engineer, text="internal")
    act(ticket, "link", world.engineer, meaning="related_to", target=register_incident(world.desk).number)
    act(ticket, "add_items", world.engineer, items=[make_item(f"host-{ticket.pk}").identifier])
    return ticket


LISTS = [
    ("engineer", "/queue/?view=open", 12),
    ("engineer", "/incidents/?view=open", 12),
    ("engineer", "/queue/?view=open&layout=table&columns=number,summary,category,requester,department,parent", 12),
    ("desk", "/views/", 5),
    ("desk", "/incidents/?view=all&state=in_progress&ordering=-created_at", 12),
    ("requester", "/portal/", 9),
    ("requester", "/portal/?of=organisation", 9),
    ("desk", "/find/caller/?requester=requester", 11),
    ("desk", "/find/people/?q=e", 3),
    ("admin", "/me/tokens/", 5),
]


@pytest.mark.parametrize(("who", "url", "expected"), LISTS)
def test_lists_cost_the_same_with_one_and_three_rows(
    world: World, browse: Browse, who: str, url: str, expected: int
) -> None:
    client = browse(world.people[who])
    found = []
    for more in (1, 2):
        for _number in range(more):
            make_full_ticket(world)
            resolve(incident_in("in_progress", world), world.engineer)
        found.append(queries_of(client, url))
    assert found == [expected, expected]


@pytest.mark.parametrize(("who", "expected"), [("engineer", 16), ("desk", 16), ("manager", 16), ("requester", 14)])
def test_ticket_page_costs_the_same_for_long_timelines(world: World, browse: Browse, who: str, expected: int) -> None:
    ticket = make_full_ticket(world)
    client = browse(world.people[who])
    short = queries_of(client, ticket.get_absolute_url())
    for number in range(5):
        act(ticket, "comment", world.engineer, text=f"step {number}")
        attach(ticket, world.engineer)
        add_task(ticket, world.engineer)
    assert (short, queries_of(client, ticket.get_absolute_url())) == (expected, expected)


@pytest.mark.slow
def test_queue_page_of_fifty_rows_is_light(world: World, browse: Browse) -> None:
    system = make_system("trading-front-end")
    for number in range(50):
        register_incident(
            world.desk,
            requester="requester",
            summary=f"交易前置大面积断线，多家会员反馈席位掉线无法报单 {number}",
            business_system=system.code,
            group="host",
        )
    page = browse(world.engineer).get("/queue/?view=open").content
    assert page.count(b"data-row") == 50
    assert len(page) < 100_000
    assert len(gzip.compress(page)) < 12_000


PAGES = [
    ("desk", "/queue/"),
    ("desk", "/incidents/new/"),
    ("engineer", "TICKET"),
    ("requester", "/portal/"),
    ("requester", "TICKET"),
    ("requester", "/incidents/new/"),
    ("requester", "/me/"),
    ("admin", "/me/tokens/"),
    ("anonymous", "/accounts/login/"),
    ("anonymous", "/accounts/password/reset/"),
    ("desk", "/nowhere/"),
]
INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=\"|javascript:", re.IGNORECASE)


@pytest.mark.parametrize(("who", "url"), PAGES)
def test_pages_have_no_inline_code_and_one_stylesheet(world: World, browse: Browse, who: str, url: str) -> None:
    ticket = make_full_ticket(world)
    page = browse(world.people.get(who)).get(url.replace("TICKET", ticket.get_absolute_url())).content.decode()
    assert INLINE.findall(page) == []
    assert page.count('rel="stylesheet"') == 1
    assert re.findall(r"(?:src|href)=\"(?:https?:)?//", page) == []


def test_scripts_of_a_page_are_light() -> None:
    own = sorted((settings.BASE_DIR / "static" / "js").glob("*.js"))
    bought = ["htmx.org/dist/htmx.min.js", "tom-select/dist/js/tom-select.popular.min.js"]
    files = [*own, *(Path(str(finders.find(name))) for name in bought)]
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) < 120_000


def test_large_libraries_are_named_by_the_pages_that_use_them_alone() -> None:
    """Frames that every page extends name none (docs/decisions/0041-no-bundler.md)."""
    root = settings.BASE_DIR / "templates"
    texts = {str(path.relative_to(root)): path.read_text(encoding="utf-8") for path in root.rglob("*.html")}
    named = {
        name: sorted(at for at, text in texts.items() if f"'{name}/" in text) for name in ("cytoscape", "echarts")
    }

    assert named == {
        "cytoscape": ["cmdb/graph.html"],
        "echarts": ["reports/board.html", "reports/part.html", "reports/service_report.html"],
    }


def test_pages_forbid_what_they_do_not_need(world: World, browse: Browse) -> None:
    policy = browse(world.desk).get("/queue/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
