"""The live board, its wall displays, and the pages of boards."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Role
from reports.models import WallDisplay
from reports.walls.displays import find_display
from reports.walls.live import ASKED_EVERY, SHARED_FOR, Shared, look
from tests.factories import MONDAY, World, incident_in, make_user, register_incident, wait
from tickets import clock

pytestmark = [pytest.mark.django_db, pytest.mark.req("DESK-03", "INC-13")]


def standing(world: World) -> None:
    """An urgent one, one nobody dispatched, one whose waiting is over, one that is at risk."""
    incident_in("in_progress", world, now=MONDAY, impact="I1")
    register_incident(world.desk, now=MONDAY, requester="requester")
    wait(incident_in("in_progress", world, now=MONDAY), world.engineer, now=MONDAY, wait_until="2026-11-23T10:00")


def test_live_board_counts_what_its_lists_show(world: World) -> None:
    standing(world)
    now = MONDAY + timedelta(hours=2)
    found = look(world.manager, [], now)
    counts = {tile.code: tile.count for tile in found.tiles}

    assert counts["urgent"] == 1
    assert counts["undispatched"] == 1
    assert counts["wait_over"] == 1
    assert all(tile.count == len(tile.lines) for tile in found.tiles)
    assert [line.counts["open"] for line in found.groups if line.label == "host"] == [2]
    assert {tile.count for tile in look(world.manager, ["network"], now).tiles} == {0}


def test_a_tile_counts_to_the_last_ticket(world: World, monkeypatch: Any) -> None:
    """Queues stop counting somewhere; a number of a board opens exactly the records behind it."""
    monkeypatch.setattr("tickets.queues.queries.COUNT_CAP", 1)
    for _ticket in range(4):
        register_incident(world.desk, now=MONDAY, requester="requester")

    tile = next(tile for tile in look(world.manager, [], MONDAY).tiles if tile.code == "undispatched")

    assert (tile.count, len(tile.lines), tile.more) == (4, 4, 0)


def test_a_look_costs_as_many_statements_whatever_is_open(world: World, django_assert_num_queries: Any) -> None:
    """One counts all tiles and groups, one finds the first of every tile, one reads these; groups and who has duty."""
    standing(world)
    with django_assert_num_queries(5):
        look(world.manager, [], MONDAY + timedelta(hours=2))


def test_fifty_screens_cost_one_look(world: World, django_assert_max_num_queries: Any) -> None:
    standing(world)
    moment = [0.0]
    shared = Shared(lifetime=3, clock=lambda: moment[0])
    first = shared.get(world.manager, [], clock.now)

    with django_assert_max_num_queries(0):
        assert all(shared.get(world.manager, [], clock.now) is first for _screen in range(50))
    moment[0] = 3.1
    assert shared.get(world.manager, [], clock.now) is not first


def test_a_board_is_never_five_seconds_behind() -> None:
    """A screen asks just before a look is too old to be shared, and its answer takes a second."""
    assert ASKED_EVERY + SHARED_FOR + 1 <= 5


def test_wall_display_opens_by_its_link_until_it_is_revoked(world: World, browse: Any) -> None:
    standing(world)
    manager, nobody = browse(world.manager), browse(None)
    made = manager.post("/boards/displays/", {"name": "Room 1", "turn_seconds": "20"})
    link = made.content.decode().split('class="wall-link" href="')[1].split('"')[0]
    key = link.rstrip("/").rsplit("/", 1)[1]
    shown = nobody.get(f"/wall/{key}/")
    text = nobody.get(f"/wall/{key}/now/").content.decode()

    assert shown.status_code == 200
    assert "Open P1 and P2" in text
    assert "<a " not in text
    assert key not in str(list(WallDisplay.objects.values()))
    assert browse(world.desk).post(f"/boards/displays/{WallDisplay.objects.get().pk}/revoke/").status_code == 404
    assert nobody.get(f"/wall/{key}/").status_code == 200
    manager.post(f"/boards/displays/{WallDisplay.objects.get().pk}/revoke/")
    assert nobody.get(f"/wall/{key}/").status_code == 404
    assert find_display(key, clock.now()) is None


def test_wall_display_ends_with_the_rights_of_its_owner(world: World, browse: Any) -> None:
    made = browse(world.manager).post("/boards/displays/", {"name": "Room 1", "turn_seconds": "20"})
    link = made.content.decode().split('class="wall-link" href="')[1].split('"')[0]
    world.manager.roles.clear()

    assert browse(None).get(link).status_code == 404


def test_roles_begin_on_their_page(world: World, browse: Any) -> None:
    def begins(person: Any) -> str:
        return browse(person).get("/").headers["Location"]

    assert begins(world.manager) == "/boards/incidents/"
    assert begins(world.desk) == "/queue/"
    Role.objects.filter(code="desk_agent").update(first_page="live")
    assert begins(world.desk) == "/boards/live/"
    Role.objects.filter(code="requester").update(first_page="board")
    assert begins(world.requester) == "/portal/"


@pytest.mark.parametrize(
    ("role", "page"),
    [
        ("problem_manager", "problems"),
        ("problem_supervisor", "problems"),
        ("change_manager", "changes"),
        ("release_manager", "changes"),
        ("config_manager", "changes"),
        ("project_manager", "incidents"),
        ("centre_leadership", "incidents"),
    ],
)
def test_managers_begin_on_the_board_of_their_kind(world: World, browse: Any, role: str, page: str) -> None:
    client = browse(make_user(role, role))
    address = client.get("/").headers["Location"]
    assert address == f"/boards/{page}/"
    assert client.get(address).status_code == 200


@pytest.mark.req("UX-01")
def test_a_live_board_says_which_group_there_is_none_of_and_shows_the_others(world: World, browse: Any) -> None:
    """It showed nothing at all, as if nothing went on."""
    incident_in("in_progress", world, impact="I1")
    client = browse(world.manager)

    page = client.get("/boards/live/?group=bogus&group=host").content.decode()

    assert "There is no group of the code “bogus”." in page
    assert 'href="/boards/live/?group=host"' in page
    assert 'hx-get="/boards/live/now/?group=host"' in page
    alone = client.get("/boards/live/?group=bogus")
    assert {tile.code: tile.count for tile in alone.context["look"].tiles}["urgent"] == 1
    assert alone.context["now_url"] == "/boards/live/now/"
    assert client.get("/boards/live/?group=mine").context["errors"] == []


@pytest.mark.slow
@pytest.mark.req("RPT-01", "DESK-04", "TKT-08")
def test_pages_of_the_board_show_numbers_that_open_their_lists(world: World, browse: Any) -> None:
    incident_in("closed", world, now=MONDAY, category="sw-sys-os", source="phone", summary="=1+1")
    incident_in("in_progress", world, now=MONDAY)
    client, query = browse(world.manager), "?from=2026-11-01&to=2026-12-01&group=host&group=network"
    page = client.get(f"/boards/incidents/{query}").content.decode()
    assert "2026-11-01 – 2026-11-30" in page
    assert "Remove all" in page
    assert client.get("/boards/incidents/?period=never").status_code == 400
    for part in (
        "tiles",
        "table",
        "load",
        *(f"charts/{c}" for c in ("trend", "compliance", "sources", "hours", "ageing")),
    ):
        text = client.get(f"/boards/incidents/{part}/{query}", headers={"HX-Request": "true"}).content.decode()
        assert "records=incident." in text, part
        assert "group=host&amp;group=network" in text or "group=host" in text
    told = client.get(f"/boards/incidents/figures/closed_ok/{query}").content.decode()
    assert "Definition closed_ok, version 1." in told
    assert "Not counted" in told
    assert client.get("/boards/incidents/figures/weather/").status_code == 404
    rows = list(
        csv.reader(
            io.StringIO(client.get(f"/boards/incidents/export/sources/csv/{query}").content.decode("utf-8-sig"))
        )
    )
    assert rows[:3] == [["Sources", "Tickets", "Share"], ["API", "1", "50.0 %"], ["Phone", "1", "50.0 %"]]
    assert client.get(f"/boards/incidents/export/sources/xlsx/{query}").content[:2] == b"PK"


@pytest.mark.req("RPT-04")
def test_names_of_others_are_for_those_who_may_see_them(world: World, browse: Any) -> None:
    incident_in("in_progress", world, now=MONDAY)
    url = "/boards/incidents/load/?from=2026-11-01&to=2026-12-01"

    assert "assignee=engineer" in browse(world.manager).get(url).content.decode()
    assert "assignee=engineer" in browse(world.engineer).get(url).content.decode()
    assert "assignee=engineer" not in browse(world.desk).get(url).content.decode()


HTMX = {
    "headers": {"HX-Request": "true", "HX-Target": "action-panel", "HX-Current-URL": "http://testserver/boards/live/"}
}


@pytest.mark.req("DESK-03")
def test_ticket_is_acted_on_over_the_board_by_its_own_rules(world: World, browse: Any) -> None:
    ticket = register_incident(world.desk, requester="requester")
    desk, url = browse(world.desk), f"/tickets/{ticket.number}/actions/"
    board = desk.get("/boards/live/").content.decode()
    assert f'hx-get="/boards/live/{ticket.number}/"' in board
    assert browse(world.people["vendor"]).get(f"/boards/live/{ticket.number}/").status_code == 403
    assert desk.get(f"/boards/live/{ticket.number}/").url == ticket.get_absolute_url()

    offered = desk.get(f"/boards/live/{ticket.number}/", **HTMX).content.decode()
    assert f"{url}assign/" in offered
    assert 'hx-target="#action-panel"' in desk.get(f"{url}assign/", **HTMX).content.decode()
    kept = desk.post(f"{url}assign/", {"group": "", "version": ticket.version}, **HTMX)
    assert (kept.status_code, "is-invalid" in kept.content.decode()) == (422, True)
    done = desk.post(f"{url}assign/", {"group": "host", "version": ticket.version}, **HTMX)

    assert (done.status_code, json.loads(done.headers["HX-Trigger"])["go"]["url"]) == (204, "/boards/live/")
    tile = desk.get("/boards/live/").content.decode().split('data-tile="undispatched"')[1].split("</section>")[0]
    assert ticket.number not in tile  # although the look before is still young
    refused = desk.get(f"{url}close/", **HTMX)
    assert (refused.status_code, refused.headers["X-Refusal"]) == (409, "close")


def test_wall_display_offers_nothing_to_do(world: World, browse: Any) -> None:
    ticket = register_incident(world.desk, requester="requester")
    made = browse(world.manager).post("/boards/displays/", {"name": "Room 1", "turn_seconds": "20"})
    link = made.content.decode().split('class="wall-link" href="')[1].split('"')[0]

    screen = browse(None).get(link).content.decode()

    assert ticket.number in screen
    assert "live-do" not in screen
