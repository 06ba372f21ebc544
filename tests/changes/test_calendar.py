"""The change calendar: spans, lanes, filters, links for calendar programs, free windows (CHG-05)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from changes.models import CalendarFeed, Change, MaintenanceWindow
from changes.schedule.feeds import A_MINUTE, feed_text
from changes.schedule.freeze_models import FreezeRule
from changes.schedule.ical import LINE, escaped, folded
from changes.schedule.slots import free_slots
from tests.api.client import Api
from tests.changes.making import approved_emergency, change_in, later, request, staffed, store_copy
from tests.factories import MONDAY, World, act, make_item, make_system, reload_user
from tickets import clock

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-05")]
SHANGHAI = ZoneInfo("Asia/Shanghai")
PAGE = "/changes/calendar/"


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need."""
    return staffed(world)


@pytest.fixture
def page(world: World, client: Client) -> Any:
    """The calendar with a query, as the engineer reads it."""
    client.force_login(reload_user(world.engineer))
    return lambda query="": client.get(f"{PAGE}{query}").content.decode()


def submitted(world: World, **data: Any) -> Any:
    """A change that can collide."""
    return act(request(world, **data), "submit", world.lead, now=MONDAY)


def test_month_week_and_day_show_what_lies_in_them(world: World, page: Any) -> None:
    system = make_system("core-db")
    change = submitted(world, business_system="core-db")
    other = submitted(world, planned_start="2026-12-03T20:00", planned_end="2026-12-03T22:00", group="network")
    assert [change.number in page(f"?on={on}") for on in ("2026-11", "2026-12")] == [True, False]
    week = page("?view=week&on=2026-11-26")
    assert (change.number in week, other.number in week) == (True, False)
    day = page("?view=day&on=2026-11-24&by=service")
    assert all(text in day for text in (change.number, str(system), 'colspan="40"', 'colspan="4"'))
    assert change.number not in page("?view=day&on=2026-11-25")
    lanes = page("?view=week&on=2026-11-24&by=group")
    assert str(change.group) in lanes
    assert "view=week" in lanes[lanes.index('rel="next"') - 200 : lanes.index('rel="next"')]


def test_a_change_that_goes_on_says_so_on_its_second_day(world: World, page: Any) -> None:
    submitted(world, planned_start="2026-11-24T22:00", planned_end="2026-11-26T02:00")
    month = page("?on=2026-11")
    marks = [" ".join(text.split()) for text in re.findall(r'class="planned [^>]*>([^<]*?) 升级数据库', month)]
    assert marks == ["22:00 →", "→", "→ 02:00"]
    assert re.search(r"11-24 22:00 –\s*02:00", page("?view=day&on=2026-11-26"))


def test_filters_stand_in_the_address_and_wrong_ones_are_named(world: World, page: Any) -> None:
    make_system("core-db")
    change = submitted(world, business_system="core-db")
    for query, shown in (
        ("system=core-db", True),
        ("group=network", False),
        ("type=simple", True),
        ("type=major", False),
    ):
        assert (change.number in page(f"?on=2026-11&{query}")) is shown, query
    wrong = page("?on=gestern&view=year&group=nobody")
    assert "invalid-feedback" in wrong or "error" in wrong
    assert page("?on=2026-11&system=core-db").count("system=core-db") >= 3


def made_link(client: Client, query: str = "") -> str:
    """The address of a new link."""
    made = client.post(f"{PAGE}links/", {"name": "手机", "query": query}).content.decode()
    return made.split('class="wall-link" href="')[1].split('"')[0]


@pytest.mark.req("ORG-03")
def test_a_calendar_link_shows_what_its_owner_may_see_until_it_is_revoked(world: World, client: Client) -> None:
    """Of its secret only a digest is kept; it needs no session; it carries no internal text."""
    change = submitted(world, reason="内部原因不外传", effect="短暂中断；请知悉", plan="计划细节")
    submitted(world, group="network", planned_start="2026-11-25T20:00", planned_end="2026-11-25T22:00")
    client.force_login(reload_user(world.engineer))
    link = made_link(client, "?view=week&group=host&nonsense=1")
    key = link.rsplit("/", 1)[1].removesuffix(".ics")
    feed = CalendarFeed.objects.get()
    listed = client.get(f"{PAGE}links/").text
    assert (f"<td>{world.groups['host']}</td>" in listed, "group=host" in listed) == (True, False)
    assert (feed.query, key in str(vars(feed))) == ("group=host", False)

    answer = Client().get(link)
    text = answer.content.decode()
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert text.count(f"UID:{Change.objects.first().number}") == 1  # type: ignore[union-attr]
    assert text.count("@changes") == 1
    assert f"UID:{change.number}@changes" in text
    assert f"DTSTART:{change.planned_start:%Y%m%dT%H%M%SZ}" in text
    assert "STATUS:TENTATIVE" in text
    assert not any(word in text.replace("\r\n ", "") for word in ("内部原因", "计划细节"))
    assert all(len(line.encode()) <= LINE for line in text.split("\r\n"))

    world.engineer.is_active = False
    world.engineer.save()
    assert Client().get(link).status_code == 404
    world.engineer.is_active = True
    world.engineer.save()
    assert Client().get(link).status_code == 200
    client.force_login(reload_user(world.desk))
    assert client.post(f"{PAGE}links/{feed.pk}/revoke/").status_code == 404
    client.force_login(reload_user(world.engineer))
    client.post(f"{PAGE}links/{feed.pk}/revoke/")
    assert Client().get(link).status_code == 404


def many(change: Any, starts: list[datetime]) -> None:
    """Copies of ``change``, each planned for an hour from one of ``starts`` on."""
    for number, start in enumerate(starts):
        store_copy(change, number, planned_start=start, planned_end=start + timedelta(hours=1))


@pytest.mark.slow
def test_a_link_shows_all_of_its_time_however_many_went_before(
    world: World, client: Client, django_assert_num_queries: Any
) -> None:
    """A calendar program turns no pages: nothing of the present or the time to come is cut off."""
    change = submitted(world)
    now = clock.now()
    many(change, [now - timedelta(hours=2 * number + 2) for number in range(600)])
    many_more = submitted(
        world, planned_start=later(24 * 420).isoformat(), planned_end=later(24 * 420 + 1).isoformat()
    )
    Change.objects.filter(pk=change.pk).update(
        planned_start=now + timedelta(days=1), planned_end=now + timedelta(days=1, hours=1)
    )
    feed = CalendarFeed(owner=reload_user(world.engineer), name="手机", query="")
    with django_assert_num_queries(2):
        text = feed_text(feed, now, "https://itsm.example")
    assert text.count("@changes") == 601
    assert f"UID:{change.number}@changes" in text
    assert many_more.number not in text


@pytest.mark.slow
def test_every_day_of_a_month_counts_all_its_changes_and_the_list_has_pages(world: World, page: Any) -> None:
    change = submitted(world)
    many(change, [later(2 + number / 60) for number in range(505)])
    last = submitted(world, planned_start="2026-11-29T20:00", planned_end="2026-11-29T22:00")
    month = " ".join(page("?on=2026-11").split())
    days = dict(
        re.findall(
            r'<time datetime="(2026-11-\d\d)">\d+</time></a> <span class="pill neutral" title="[^"]*">(\d+)<', month
        )
    )
    assert (days["2026-11-23"], days["2026-11-24"], days["2026-11-29"]) == ("505", "1", "1")
    assert re.search(r'<a class="planned more" href="[^"]*view=day[^"]*">[^<]*\b501\b', month)
    assert last.get_absolute_url() in month  # in its square; the list goes on
    assert "page=2#list" in month
    assert (f'class="num">{last.number}' in month, f'class="num">{last.number}' in page("?on=2026-11&page=3")) == (
        False,
        True,
    )
    assert f'class="num">{last.number}' in page("?on=2026-11&page=99")
    assert page("?view=day&on=2026-11-23").count('class="bar ') == 505


@pytest.mark.slow
def test_what_is_carried_out_stands_in_the_calendar_when_it_really_is(world: World, page: Any) -> None:
    """An emergency without a window, one past its planned end, and afterwards both when they were carried out."""
    late = change_in("implementing", world)
    emergency = act(approved_emergency(world), "start", world.engineer, text="必需")
    now = clock.now()
    Change.objects.filter(pk=late.pk).update(
        planned_start=now - timedelta(days=3),
        planned_end=now - timedelta(days=2),
        actual_start=now - timedelta(days=3),
    )
    today = page(f"?view=day&on={now.astimezone(SHANGHAI):%Y-%m-%d}")
    assert all(re.search(rf"– *\n* *…\s+{one.number}", today) for one in (emergency, late))
    ended = now - timedelta(days=1)
    for change, who in ((emergency, world.engineer), (late, world.engineer2)):
        act(Change.objects.get(pk=change.pk), "report_step", who, step=1, status="done") if change is late else None
        act(Change.objects.get(pk=change.pk), "implement", who, result="as_planned")
        Change.objects.filter(pk=change.pk).update(actual_start=ended, actual_end=ended)
    assert not any(
        one.number in page(f"?view=day&on={now.astimezone(SHANGHAI):%Y-%m-%d}") for one in (emergency, late)
    )
    went = page(f"?view=day&on={ended.astimezone(SHANGHAI):%Y-%m-%d}")
    assert all(one.number in went for one in (emergency, late))
    text = feed_text(
        CalendarFeed(owner=reload_user(world.engineer), name="手机", query=""), now, "https://itsm.example"
    )
    assert text.count("@changes") == 2
    assert text.count(f"DTSTART:{ended.astimezone(UTC):%Y%m%dT%H%M%SZ}") == 2


@pytest.mark.req("ORG-03")
def test_a_link_ends_with_the_roles_of_its_owner(world: World, client: Client) -> None:
    """Whoever may still sign in, but works for the provider no more, sees no calendar: their link neither."""
    client.force_login(reload_user(world.engineer))
    link = made_link(client)
    assert Client().get(link).status_code == 200

    world.engineer.roles.clear()

    assert reload_user(world.engineer).is_active
    assert Client().get(link).status_code == 404


@pytest.mark.slow
def test_a_link_is_answered_so_often_and_no_more(world: World, client: Client) -> None:
    client.force_login(reload_user(world.engineer))
    link = made_link(client)
    answers = {Client().get(link).status_code for _number in range(2 * A_MINUTE + 1)}
    assert answers == {200, 429}


def test_text_of_a_feed_stays_text() -> None:
    """Nothing that people typed begins a line of its own or another property; lines are cut between characters."""
    evil = "一\r\nEND:VEVENT\rBEGIN:VEVENT\u2028X;Y,Z\\ \x00\x85ATTACH:http://x"
    written = escaped(evil)
    assert not set(written) & set("\r\n\x00\x85\u2028")
    assert written == "一\\nEND:VEVENT\\nBEGIN:VEVENT\\nX\\;Y\\,Z\\\\ \\nATTACH:http://x"
    line = "SUMMARY:" + "变更" * 60
    parts = folded(line).split("\r\n")
    assert "".join(part[1:] if number else part for number, part in enumerate(parts)) == line
    assert max(len(part.encode()) for part in parts) <= LINE


def test_free_windows_collide_with_nothing_and_one_is_taken(world: World, client: Client) -> None:
    make_item("db-1")
    change = submitted(world, items=["db-1"])
    submitted(world, items=["db-1"], planned_end="2026-11-24T23:10")
    span = {"starts_at": later(60), "ends_at": later(61)}
    FreezeRule.objects.create(code="audit", name_zh="审计", name_en="Audit", kind="span", **span)
    found = [(slot.start.astimezone(SHANGHAI), slot.end - slot.start) for slot in free_slots(change, MONDAY)]
    assert [f"{start:%d %H:%M}" for start, _length in found] == ["24 23:15", "26 20:00", "27 20:00", "28 20:00"]
    assert {length for _start, length in found} == {timedelta(hours=2)}

    client.force_login(reload_user(world.lead))
    address = f"/changes/{change.number}/windows/"
    assert client.get(address).status_code == 200
    client.post(address, {"planned_start": "2026-11-26T20:00", "planned_end": "2026-11-26T22:00"})
    change = Change.objects.get(pk=change.pk)
    assert change.planned_start == found[1][0]
    client.force_login(reload_user(world.requester))
    assert client.get(address).status_code == 403


@pytest.mark.req("CHG-03")
def test_taking_a_window_says_first_which_approvals_would_fall(world: World, client: Client) -> None:
    change = act(submitted(world), "accept", world.people["changer"], now=MONDAY)
    change = act(change, "ask_approval", world.lead, now=MONDAY)
    client.force_login(reload_user(world.lead))
    address, moved = (
        f"/changes/{change.number}/windows/",
        {"planned_start": "2027-11-25T20:00", "planned_end": "2027-11-25T22:00"},
    )
    refused = client.post(address, moved)
    assert (refused.status_code, "let_approvals_fall" in refused.content.decode()) == (422, True)
    assert Change.objects.get(pk=change.pk).state == "approving"
    client.post(address, {**moved, "let_approvals_fall": "on"})
    assert Change.objects.get(pk=change.pk).state == "accepted"


@pytest.mark.slow
@pytest.mark.req("CHG-03")
def test_moving_says_first_what_it_meets_and_what_falls(world: World, client: Client, page: Any) -> None:
    """By drag or from the list, the same page; who may not plan it has neither."""
    make_item("db-1")
    change = act(submitted(world, items=["db-1"]), "accept", world.people["changer"], now=MONDAY)
    change = act(change, "ask_approval", world.lead, now=MONDAY)
    other = submitted(world, items=["db-1"], planned_start="2026-11-26T21:00", planned_end="2026-11-26T23:00")
    address = f"/changes/{change.number}/move/"
    assert page("?on=2026-11").count(f'data-moves="{address}"') == 1
    client.force_login(reload_user(world.other_engineer))
    assert f'data-moves="{address}"' not in client.get(f"{PAGE}?on=2026-11").content.decode()
    assert client.get(f"{address}?day=2026-11-26").status_code == 403

    client.force_login(reload_user(world.lead))
    shown = client.get(f"{address}?day=2026-11-26").content.decode()
    assert all(text in shown for text in ("2026-11-26T20:00", "2026-11-26T22:00", other.number, "let_approvals_fall"))
    assert "2026-11-26T09:15" in client.get(f"{address}?start=2026-11-26T09:15").content.decode()
    assert other.number not in client.get(f"{address}?day=2026-11-27").content.decode()
    assert client.get(f"{address}?day=gestern").status_code == 200
    moved = {"planned_start": "2026-11-27T20:00", "planned_end": "2026-11-27T22:00"}
    refused = client.post(address, moved)
    assert (refused.status_code, Change.objects.get(pk=change.pk).state) == (422, "approving")
    assert client.post(address, {**moved, "let_approvals_fall": "on"}).status_code == 302
    change = Change.objects.get(pk=change.pk)
    assert (f"{change.planned_start:%d %H:%M}", change.state) == ("27 12:00", "accepted")


def test_programs_read_maintenance_windows_and_free_windows(world: World) -> None:
    make_system("core-db")
    make_system("other")
    for system, weekday in (("core-db", 5), ("other", 6)):
        window = {"weekday": weekday, "begins_at": time(22), "minutes": 120, "zone": "Asia/Shanghai"}
        MaintenanceWindow.objects.create(business_system_id=system, **window)
    api = Api(world.engineer)
    assert len(api.results("maintenance-windows/")) == 2
    [row] = api.results("maintenance-windows/?system=core-db")
    assert (row["business_system"], row["weekday"], row["begins_at"]) == ("core-db", 5, "22:00")
    assert len(row["next"]) == 2
    start = clock.now().astimezone(SHANGHAI) + timedelta(days=1)
    planned: Any = {"planned_start": start.isoformat(), "planned_end": (start + timedelta(hours=2)).isoformat()}
    change = act(request(world, now=None, business_system="core-db", **planned), "submit", world.lead)
    found = api.results(f"changes/{change.number}/windows/")
    spans = [
        (datetime.fromisoformat(one["planned_start"]), datetime.fromisoformat(one["planned_end"])) for one in found
    ]
    assert {tuple(f"{moment.astimezone(SHANGHAI):%H:%M}" for moment in span) for span in spans} == {("22:00", "00:00")}
    assert Api(world.requester).get("maintenance-windows/").status_code == 403
    assert Api(world.vendor).results("maintenance-windows/") == []
    for person in (world.requester, world.vendor):
        assert Api(person).get(f"changes/{change.number}/windows/").status_code in (403, 404)
