"""Writes that no change allowed: found to the second, then justified or made a ticket, once (CHG-09, CMDB-06)."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from changes.models import Change, WriteVerdict
from changes.unauthorised.permit import permit
from changes.unauthorised.queries import writes
from cmdb.models import ItemVersion, Relation, RelationType
from cmdb.services import Link, NotAllowed, Stamp, end_relations, update_item, write_relations
from cmdb.versioning.moments import replaying
from tests.api.client import Api, problem
from tests.changes.making import approve, later, request, role, staffed
from tests.factories import MONDAY, World, act, make_item, reload_user
from tickets import clock
from tickets.figures.months import Month

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-09")]
#: The window of ``request``.
START, END = later(35), later(37)
TRUSTED = Stamp(source="import", trusted=True)


@pytest.fixture(autouse=True)
def people(world: World) -> World:
    """Whoever changes need, and a configuration manager."""
    staffed(world)
    role(world.manager, "config_manager")
    return world


def scheduled(world: World, *items: str) -> Any:
    """An approved change of ``items``."""
    change = act(request(world, items=list(items)), "submit", world.lead, now=MONDAY)
    change = act(change, "accept", world.people["changer"], now=MONDAY)
    return approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)


def written(item: Any, at: datetime, name: str) -> ItemVersion:
    """An import that writes at ``at`` and says no change."""
    with replaying(at):
        update_item(item=item, facts={"name": name}, stamp=TRUSTED)
    return item.versions.order_by("-pk")[0]


def listed(user: Any, state: str = "") -> list[str]:
    """What stands in the list, the newest first."""
    return [one.version.name for one in writes(reload_user(user), state, 50)]


@pytest.mark.parametrize(
    ("seconds", "counts"), [(-1, True), (0, False), (3600, False), (7199, False), (7200, True)], ids=str
)
def test_a_second_outside_the_work_counts_and_inside_does_not(world: World, seconds: int, counts: bool) -> None:
    with replaying(MONDAY):
        item, other = make_item("db-1"), make_item("db-2")
    change = act(scheduled(world, "db-1"), "start", world.engineer, now=START)
    act(change, "implement", world.engineer, now=END, result="as_planned")
    written(item, START + timedelta(seconds=seconds), "im Fenster")
    written(other, START + timedelta(seconds=60), "fremd")
    assert ("im Fenster" in listed(world.manager)) is counts
    assert "fremd" in listed(world.manager)


def test_only_what_was_approved_covers_and_the_real_time_counts_too(world: World) -> None:
    with replaying(MONDAY):
        item = make_item("db-1")
    cancelled = act(scheduled(world, "db-1"), "cancel", world.lead, now=MONDAY, text="不做了")
    assert cancelled.state == "cancelled"
    written(item, START + timedelta(minutes=5), "ohne")
    assert listed(world.manager) == ["ohne"]
    change = act(scheduled(world, "db-1"), "start", world.engineer, now=START)
    late = END + timedelta(hours=1)
    written(item, late, "überzogen")
    assert "überzogen" not in listed(world.manager)
    act(change, "implement", world.engineer, now=late + timedelta(hours=1), result="as_planned")
    written(item, late + timedelta(hours=2), "danach")
    assert listed(world.manager) == ["danach"]


def test_a_relation_that_is_ended_counts_too(world: World) -> None:
    """Not its first entry, as with items."""
    with replaying(MONDAY):
        one, other = make_item("db-1"), make_item("host-1")
    with replaying(MONDAY):
        write_relations([Link(one, RelationType.objects.get(code="runs_on"), other)], TRUSTED)
    assert writes(reload_user(world.manager), "open", 10) == []
    with replaying(START):
        end_relations(Relation.objects.all(), TRUSTED)
    [write] = writes(reload_user(world.manager), "open", 10)
    assert [item.identifier for item in write.items] == ["db-1", "host-1"]
    assert "db-1" in write.what


@pytest.mark.req("CMDB-06")
def test_a_change_allows_its_own_items_from_its_beginning_until_it_is_closed(world: World) -> None:
    for name in ("db-1", "db-2"):
        make_item(name)
    change = scheduled(world, "db-1")
    assert permit("CH991231000001", ["db-1"], world.engineer)
    assert change.number in permit(change.number, ["db-1"], world.engineer)
    change = act(change, "start", world.engineer, now=START)
    assert permit(change.number, ["db-1"], world.engineer) == ""
    assert change.number in permit(change.number, ["db-2"], world.engineer)
    assert permit(change.number, ["db-1"], world.engineer, START) == ""
    assert change.number in permit(change.number, ["db-1"], world.engineer, START - timedelta(minutes=1))
    change = act(change, "implement", world.engineer, now=END, result="as_planned")
    assert permit(change.number, ["db-1"], None) == ""
    change = act(change, "confirm_result", world.people["changer"], now=END)
    change = act(change, "send_notice", world.engineer, now=END, text="改了值")
    act(change, "close", world.engineer, now=END + timedelta(hours=1))
    assert permit(change.number, ["db-1"], world.engineer)
    draft = request(world, items=["db-1"])
    assert permit(draft.number, ["db-1"], world.engineer)


@pytest.mark.req("CMDB-06")
def test_the_record_is_written_by_the_number_of_a_running_change(world: World) -> None:
    with replaying(MONDAY):
        item = make_item("db-1")
    change = act(scheduled(world, "db-1"), "start", world.engineer, now=START)
    with replaying(START + timedelta(minutes=5)):
        update_item(item=item, facts={"name": "neu"}, stamp=Stamp(by=world.engineer, change=change.number))
    with pytest.raises(NotAllowed), replaying(START + timedelta(minutes=6)):
        update_item(item=item, facts={"name": "x"}, stamp=Stamp(by=world.engineer, change="CH991231000001"))
    version = item.versions.order_by("-pk")[0]
    assert (version.name, version.authority, version.reference) == ("neu", "change", change.number)
    assert listed(world.manager) == []


def test_each_becomes_a_justified_correction_or_a_ticket_once(world: World, client: Client) -> None:
    with replaying(MONDAY):
        item = make_item("db-1")
    first, second = written(item, START, "eins"), written(item, END, "zwei")
    client.force_login(reload_user(world.engineer))
    assert client.get(f"/changes/unauthorised/i{first.pk}/").status_code == 403
    client.force_login(reload_user(world.manager))
    page = client.get("/changes/unauthorised/").content.decode()
    assert f"/changes/unauthorised/i{first.pk}/" in page
    address = f"/changes/unauthorised/i{first.pk}/"
    assert client.post(address, {"verdict": "justified", "reason": ""}).status_code == 422
    assert client.post(address, {"verdict": "justified", "reason": "盘点更正"}).status_code == 302
    assert client.post(address, {"verdict": "ticket", "reason": "再来"}).status_code == 409
    assert (listed(world.manager, "open"), listed(world.manager, "justified")) == (["zwei"], ["eins"])

    api = Api(world.manager)
    answer = api.post(f"unauthorised-changes/i{second.pk}/decide/", {"verdict": "ticket", "reason": "须补变更"})
    assert answer.status_code == 200
    change = Change.objects.get(number=answer.json()["change"])
    assert (change.state, change.reason, [one.identifier for one in change.items.all()]) == (
        "draft",
        "须补变更",
        ["db-1"],
    )
    again = api.post(f"unauthorised-changes/i{second.pk}/decide/", {"verdict": "justified", "reason": "再来"})
    assert problem(again, 409)
    assert Change.objects.count() == 1
    body = api.get("unauthorised-changes/?state=ticket").json()
    assert [row["key"] for row in body["results"]] == [f"i{second.pk}"]
    with pytest.raises(DatabaseError), transaction.atomic():
        WriteVerdict.objects.update(reason="anders")


def test_the_figure_counts_the_month(world: World) -> None:
    now = clock.now()
    with replaying(now - timedelta(days=80)):
        item = make_item("db-1")
    for number, moment in enumerate((now - timedelta(days=70), now, now)):
        written(item, moment + timedelta(seconds=number), f"n{number}")
    body = Api(world.manager).get("unauthorised-changes/").json()
    assert body["month"] == {"all": 2, "open": 2, "justified": 0, "ticket": 0}
    assert len(body["results"]) == 3


def test_the_month_is_the_portal_s_whoever_asks(world: World, client: Client) -> None:
    """What was written in its first moment, when elsewhere it was still the month before, counts for everybody."""
    now = clock.now()
    with replaying(now - timedelta(days=80)):
        item = make_item("db-1")
    written(item, Month.parse("", now).start, "erste")
    assert Api(world.manager).get("unauthorised-changes/").json()["month"]["all"] == 1
    for zone in ("Europe/Berlin", "Pacific/Kiritimati"):
        world.manager.time_zone = zone
        world.manager.save()
        client.force_login(reload_user(world.manager))
        page = client.get(reverse("changes:unauthorised"))
        assert page.context["figures"]["all"] == 1
        assert f"{Month.parse('', now).code}: 1" in page.content.decode()


@pytest.mark.slow
@pytest.mark.req("ORG-03")
def test_customers_and_suppliers_see_none_of_it(world: World) -> None:
    with replaying(MONDAY):
        item = make_item("db-1", world.organisations["exchange"])
    version = written(item, START, "eins")
    for person in (world.requester, world.requester2, world.vendor, world.nobody):
        api = Api(person)
        assert api.get("unauthorised-changes/").status_code == 403
        asked = {"verdict": "justified", "reason": "x"}
        assert api.post(f"unauthorised-changes/i{version.pk}/decide/", asked).status_code == 403


@pytest.mark.req("UI-03")
def test_people_read_what_fields_are_called_and_programs_their_codes(world: World) -> None:
    with replaying(MONDAY):
        item = make_item("db-1")
    written(item, START, "eins")
    [write] = writes(reload_user(world.manager), "open", 10)
    with override("zh-hans"):
        page = Client()
        page.force_login(world.manager)
        text = page.get("/changes/unauthorised/").content.decode()

    assert write.what == "name"
    assert "名称" in text[text.index("db-1") : text.index("</table>")]


@pytest.mark.slow
@pytest.mark.req("CHG-09", "CHG-10")
def test_the_board_has_the_number_and_opens_exactly_its_rows(world: World, client: Client) -> None:
    day = MONDAY.replace(hour=3)
    with replaying(day - timedelta(days=50)):
        item = make_item("db-1")
    for hours in (-24 * 40, 1, 2):
        written(item, day + timedelta(hours=hours), f"name {hours}")
    client.force_login(reload_user(world.people["changer"]))
    tiles = client.get("/boards/changes/tiles/?from=2026-11-01&to=2026-11-30", HTTP_ACCEPT_LANGUAGE="en").text
    [part] = re.findall(r'data-other="unauthorised".*?</article>', tiles, re.S)
    [(url, value)] = re.findall(r'kpi-value[^"]*" href="([^"]+)">(\d+)<', part)
    assert (value, "1 in the period before" in part) == ("2", True)
    page = client.get(html.unescape(url))
    assert [row.version.name for row in page.context["rows"]] == ["name 2", "name 1"]
    assert "data-other" not in client.get("/boards/changes/tiles/?group=host").text
    rows = Api(world.people["changer"]).get("unauthorised-changes/?from=2026-11-01&to=2026-12-01").json()["results"]
    assert len(rows) == 2
    assert Api(world.manager).get("unauthorised-changes/?from=gestern&to=heute").status_code == 400
    client.force_login(reload_user(world.engineer))
    assert client.get("/boards/changes/tiles/").status_code == 200


def test_a_first_relation_between_items_that_stood_counts(world: World) -> None:
    """With a new item it is that item's first entry; in stock it alters nothing in use."""
    kind = RelationType.objects.get(code="runs_on")
    with replaying(MONDAY):
        old, other = make_item("db-1"), make_item("host-1")
        stocked = [make_item(name, status_id="in_stock") for name in ("spare-1", "spare-2")]
    with replaying(later(1)):
        new = make_item("db-2")
        write_relations([Link(new, kind, other), Link(stocked[0], kind, stocked[1])], TRUSTED)
    assert listed_relations(world) == []
    with replaying(later(2)):
        write_relations([Link(old, kind, other)], TRUSTED)
    assert listed_relations(world) == ["db-1"]
    with replaying(later(3)):
        end_relations(
            Relation.objects.filter(source=new), Stamp(by=reload_user(world.manager), correction=True, reason="误录")
        )
    with replaying(later(4)):
        write_relations([Link(new, kind, other)], TRUSTED)
    assert listed_relations(world) == ["db-2", "db-1"]
    change = act(scheduled(world, "host-1"), "start", world.engineer, now=START)
    assert change.state == "implementing"
    with replaying(START):
        write_relations([Link(old, RelationType.objects.get(code="depends_on"), other)], TRUSTED)
    assert listed_relations(world) == ["db-2", "db-1"]


def test_a_row_says_from_what_to_what_and_who_decides(world: World, client: Client) -> None:
    with replaying(MONDAY):
        item = make_item("app-1", name="旧名称")
    written(item, later(1), "新名称")
    [row] = Api(world.manager).get("unauthorised-changes/").json()["results"]
    assert [(one["before"], one["after"]) for one in row["altered"]] == [("旧名称", "新名称")]
    client.force_login(reload_user(world.engineer))
    page = client.get("/changes/unauthorised/").content.decode()
    assert re.search(r"<del>旧名称</del> →\s*<b>新名称</b>", page)
    assert ("/changes/unauthorised/i" in page, "配置管理员" in page) == (False, True)


def listed_relations(world: World) -> list[str]:
    """The first items of relations in the list, the newest first."""
    return [one.version.source.identifier for one in writes(reload_user(world.manager), "", 50)]


@pytest.mark.req("CHG-03")
def test_nobody_says_that_an_own_write_was_right(world: World, client: Client) -> None:
    """It may still become a ticket; somebody else judges it, by page and by API."""
    changer = reload_user(world.people["changer"])
    with replaying(MONDAY):
        item = make_item("db-1")
    with replaying(later(1)):
        update_item(item=item, facts={"name": "own"}, stamp=Stamp(by=changer, source="import", trusted=True))
    [write] = [one for one in writes(changer, "", 50) if one.version.name == "own"]
    typed = {"verdict": "justified", "reason": "应急"}
    problem(Api(changer).post(f"unauthorised-changes/{write.key}/decide/", typed), 409)
    client.force_login(changer)
    assert client.post(f"/changes/unauthorised/{write.key}/", typed).status_code == 409
    assert not WriteVerdict.objects.exists()
    role(world.manager, "change_manager")
    client.force_login(reload_user(world.manager))
    assert client.post(f"/changes/unauthorised/{write.key}/", typed).status_code == 302
