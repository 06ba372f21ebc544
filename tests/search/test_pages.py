"""The search page and the palette's answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.factories import World, act, incident_in, make_item, register_incident
from tickets.search import pages

pytestmark = [pytest.mark.django_db, pytest.mark.req("TKT-09", "UX-01")]

Browse = Callable[[User], Client]


@pytest.fixture
def browse() -> Browse:
    """A browser of somebody who is signed in, in English."""

    def signed_in(user: User) -> Client:
        client = Client(headers={"accept-language": "en"})
        client.force_login(user)
        return client

    return signed_in


def text_of(client: Client, url: str) -> str:
    """What a page shows, with its marks and without other tags."""
    response = client.get(url)
    assert response.status_code == 200
    html = response.content.decode()
    body = html[html.index('id="results"') :] if 'id="results"' in html else html
    return re.sub(r"\s+", " ", re.sub(r"<(?!/?mark)[^>]*>", "", body))


def test_words_are_marked_in_summary_and_the_best_piece_of_text(world: World, browse: Browse) -> None:
    ticket = incident_in("in_progress", world, summary="VPN <证书>")
    act(ticket, "note", world.engineer, text="供应商说 VPN 证书<b>明天</b>换")

    shown = text_of(browse(world.desk), "/search/?q=证书")

    assert "VPN &lt;<mark>证书</mark>&gt;" in shown
    assert "Internal note: 供应商说 VPN <mark>证书</mark>&lt;b&gt;明天" in shown


def test_requesters_see_only_what_they_may_read(world: World, browse: Browse) -> None:
    ticket = incident_in("in_progress", world, summary="证书过期")
    act(ticket, "note", world.engineer, text="证书是内部错误")
    act(ticket, "comment", world.engineer, text="证书已更新")
    register_incident(world.requester2, summary="别家的证书")

    shown = text_of(browse(world.requester), "/search/?q=证书")

    assert "Comment: <mark>证书</mark>已更新" in shown
    assert "内部错误" not in shown
    assert "别家" not in shown
    assert "内部错误" not in text_of(browse(world.requester), "/search/palette/?q=证书")


def test_people_and_items_have_sections_of_their_own_for_staff(world: World, browse: Browse) -> None:
    make_item("host-core-01", name="Requester's host")

    assert "Requester" in text_of(browse(world.desk), "/search/?q=requester&show=people")
    assert "host-<mark>core</mark>-01" in text_of(browse(world.desk), "/search/?q=core&show=items")
    assert "host-" not in text_of(browse(world.requester), "/search/?q=core&show=items")
    assert "host-" not in text_of(browse(world.requester), "/search/palette/?q=core")


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ("", 2),
        ("kind=incident", 2),
        ("kind=task", 0),
        ("phase=open", 1),
        ("phase=resolved", 1),
        ("priority=P1", 0),
        ("group=host", 2),
        ("organisation=egov", 0),
        ("created_after=2020-01-01", 2),
        ("created_before=2020-01-01", 0),
    ],
)
def test_filters_narrow(world: World, browse: Browse, filters: str, count: int) -> None:
    incident_in("in_progress", world, summary="打印机甲")
    incident_in("resolved", world, summary="打印机乙")

    assert text_of(browse(world.desk), f"/search/?q=打印机&{filters}").count("<mark>打印机</mark>") == count


@pytest.mark.parametrize("filters", ["created_after=nonsense", "priority=P9", "kind=nothing", "phase=nowhere"])
def test_what_cannot_be_understood_is_said_and_finds_nothing(world: World, browse: Browse, filters: str) -> None:
    incident_in("in_progress", world, summary="打印机甲")
    response = browse(world.desk).get(f"/search/?q=打印机&group=host&{filters}")

    assert response.status_code == 400
    page = response.content.decode()
    assert "打印机甲" not in page
    assert 'class="field-error list-error"' in page
    assert "group=host" in page[page.index("list-error") :]  # the rest stays when it is removed


def test_pages_follow_one_another(world: World, browse: Browse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "SHOWN", 2)
    for number in range(3):
        register_incident(world.requester, summary=f"打印机{number}号")
    client = browse(world.desk)

    first = client.get("/search/?q=打印机&group=none")
    following = re.search(r'href="(/search/\?[^"]*cursor[^"]*)" rel="next"', first.content.decode())

    assert following
    assert "0号" in text_of(client, following[1].replace("&amp;", "&"))


def test_a_whole_number_goes_to_its_ticket(world: World, browse: Browse) -> None:
    ticket = register_incident(world.requester)

    assert browse(world.desk).get(f"/search/?q={ticket.number.lower()}").url == ticket.get_absolute_url()  # type: ignore[attr-defined]
    assert "Nothing found" in text_of(browse(world.requester2), f"/search/?q={ticket.number}")


def test_nothing_found_and_nothing_asked_say_so(world: World, browse: Browse) -> None:
    client = browse(world.desk)

    assert "Search everything" in text_of(client, "/search/")
    assert "Nothing found for “&lt;b&gt;x”" in text_of(client, "/search/?q=<b>x")
    assert "Nothing found" in text_of(client, "/search/?q=！！")


def test_lately_opened_tickets_are_shown_to_those_who_see_them(world: World, browse: Browse) -> None:
    ticket = register_incident(world.requester, summary="昨天看过的")
    url = f"/search/palette/?recent=IM991231000001,{ticket.number},';--"

    assert "昨天看过的" in text_of(browse(world.desk), url)
    assert "昨天看过的" not in text_of(browse(world.requester2), url)


@pytest.mark.parametrize(("url", "expected"), [("/search/?q=打印机", 16), ("/search/palette/?q=打印机", 11)])
def test_searches_cost_the_same_with_one_and_three_hits(world: World, browse: Browse, url: str, expected: int) -> None:
    client = browse(world.desk)
    costs = []
    for _round in range(2):
        register_incident(world.requester, summary="打印机卡纸")
        client.get(url)
        with CaptureQueriesContext(connection) as captured:
            client.get(url)
        costs.append(len(captured))
        register_incident(world.requester, summary="打印机缺墨")

    assert costs == [expected, expected]


@pytest.mark.req("TKT-08")
@pytest.mark.parametrize(
    ("show", "words", "found"), [("tickets", "证书", 2), ("items", "host-core", 1), ("people", "Engineer", 3)]
)
def test_what_is_found_can_be_exported_by_those_who_may(
    world: World, browse: Browse, show: str, words: str, found: int
) -> None:
    make_item("host-core-01")
    for text in ("证书一", "证书二"):
        register_incident(world.desk, summary=text)
    client = browse(world.manager)
    html = client.get(f"/search/?q={words}&show={show}").content.decode()
    [url] = re.findall(r'href="(/exports/new/[^"]+)"', html)
    asked = parse_qs(urlsplit(unescape(url)).query)
    assert asked["source"] == [show]
    answer = client.post("/exports/", {"source": show, "query": asked["query"][0], "format": "csv"})
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 1 + found
    assert "/exports/new/" not in browse(world.engineer).get(f"/search/?q={words}&show={show}").content.decode()
