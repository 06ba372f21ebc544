"""Own boards: chosen, ordered, sized, shared; by page and API."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from reports.own.models import OwnBoard
from tests.api.client import Api
from tests.factories import World

pytestmark = [pytest.mark.django_db, pytest.mark.req("RPT-01", "DESK-03")]
BODY = {
    "name": "Mine",
    "figures": ["overdue", "desk_total"],
    "charts": ["ageing:half", "trend:wide"],
    "parameters": "period=week&group=host&nonsense=1",
}


def make(person: Any, **values: Any) -> Any:
    return Api(person).post("reports/boards/", BODY | values)


@pytest.mark.slow
def test_board_shows_what_was_chosen_in_its_order_and_size(world: World, browse: Any, month: dict[str, Any]) -> None:
    made = make(world.manager).json()
    assert (made["figures"], made["charts"]) == (BODY["figures"], BODY["charts"])
    assert made["parameters"] == "period=week&group=host"

    page = browse(world.manager).get(f"/boards/own/{made['id']}/").content.decode()

    assert page.index("/charts/ageing/") < page.index("/charts/trend/")
    assert "size-half" in page
    assert "size-wide" in page
    assert "/charts/sources/" not in page
    tiles = browse(world.manager).get("/boards/incidents/tiles/?figure=overdue&figure=desk_total").content.decode()
    assert tiles.index('data-figure="overdue"') < tiles.index('data-figure="desk_total"')
    assert tiles.count("data-figure") == 2


def test_page_begins_from_a_shipped_board_and_orders_by_the_places_typed(world: World, browse: Any) -> None:
    page = browse(world.desk)
    form = page.get("/boards/own/new/?from=desk").content.decode()
    assert re.search(r'name="show-first_contact"\s+value="1" checked', form)
    assert not re.search(r'name="show-overdue_open"\s+value="1" checked', form)
    sent: dict[str, Any] = {"name": "Desk", "period": "week", "show-overdue": "1", "place-overdue": "2"}
    sent |= {"group": ["host", "network"], "show-chart-load": "1", "size-chart-load": "half"}
    sent |= {"show-desk_total": "1", "place-desk_total": "1", "show-chart-hours": "1", "size-chart-hours": "wide"}

    answer = page.post("/boards/own/new/?from=desk", sent)

    board = OwnBoard.objects.get()
    assert answer["Location"] == f"/boards/own/{board.pk}/"
    assert (board.figures, board.charts) == (
        ["desk_total", "overdue"],
        [["hours", "wide"], ["load", "half"]],
    )
    assert board.parameters == "period=week&group=host&group=network"
    assert "/boards/incidents/load/?" in page.get(f"/boards/own/{board.pk}/").content.decode()
    again = page.get(f"/boards/own/{board.pk}/edit/").content.decode()
    assert re.search(r'name="group" value="network"\s+checked', again)
    sent |= {"period": "", "from": "2024-03-01", "to": "2024-04-01"}
    page.post(f"/boards/own/{board.pk}/edit/", sent)
    board.refresh_from_db()
    assert board.parameters.startswith("from=2024-03-01&to=2024-04-01")
    page.post(f"/boards/own/{board.pk}/edit/", {"remove": "1"})
    assert not OwnBoard.objects.exists()


def test_nothing_chosen_is_refused_and_what_was_typed_stays(world: World, browse: Any) -> None:
    answer = browse(world.desk).post("/boards/own/new/", {"name": "Empty one"})

    assert answer.status_code == 422
    assert "Empty one" in answer.content.decode()


def test_board_is_of_its_maker_and_of_the_role_it_is_shared_with(world: World, browse: Any) -> None:
    own = make(world.manager).json()["id"]
    role = world.desk.roles.first()
    assert role is not None
    shared = make(world.manager, name="Ours", role=role.code).json()["id"]

    assert [row["id"] for row in Api(world.desk).results("reports/boards/")] == [shared]
    assert browse(world.desk).get(f"/boards/own/{own}/").status_code == 404
    assert browse(world.desk).get(f"/boards/own/{shared}/").status_code == 200
    assert Api(world.desk).post(f"reports/boards/{shared}/", BODY).status_code == 403
    assert make(world.desk, role=role.code).status_code == 400
    assert make(world.requester).status_code == 403


def test_figure_that_there_is_no_more_is_left_out_with_a_note(world: World, browse: Any) -> None:
    pk = make(world.manager).json()["id"]
    OwnBoard.objects.filter(pk=pk).update(figures=["overdue", "retired_figure"])

    page = browse(world.manager).get(f"/boards/own/{pk}/").content.decode()

    assert "retired_figure" not in page
    assert "1 part of this board is left out" in page


def test_time_in_a_state_stands_on_a_board_as_every_figure(world: World, browse: Any) -> None:
    pk = make(world.manager, figures=["stay_pending", "overdue"]).json()["id"]

    page = browse(world.manager).get(f"/boards/own/{pk}/").content.decode()

    assert "figure=stay_pending&amp;figure=overdue" in page
    assert "left out" not in page


def test_unknown_fields_figures_and_kinds_are_refused(world: World) -> None:
    assert make(world.manager, figures=["nonsense"]).status_code == 400
    assert make(world.manager, colour="red").status_code == 400
    assert make(world.manager, kind="task").status_code == 404


@pytest.mark.req("DESK-03")
def test_board_as_it_stands_can_be_kept(world: World, client: Client) -> None:
    """Period and filters are chosen on a board, not typed: it leads to a new one of its own that has them."""
    client.force_login(world.manager)
    page = client.get("/boards/incidents/", {"period": "quarter", "group": "host"}).content.decode()
    [address] = re.findall(r'href="(/boards/own/new/\?[^"]*keep=[^"]*)"', page)

    form = client.get(address.replace("&amp;", "&")).content.decode()

    assert '<option value="quarter" selected>' in form
    assert re.search(r'name="group" value="host"\s+checked', form)
