"""Figures as known then, and why they are others now."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import transaction
from django.http import QueryDict
from django.utils import translation

from accounts.models import Organisation
from reports.facts import keeping, sets
from reports.facts.models import ChangedTicket, Fact, FactVersion
from reports.figures import Scope, figures
from reports.known.differences import differences, reasons
from reports.known.scope import KnownScope, sealed
from reports.meetings.models import ProcessMeeting
from reports.models import ServiceReport
from reports.monthly.reports import make_report
from tests.api.client import Api
from tests.factories import World, act, register_incident
from tests.reports.conftest import DAY, MARCH
from tests.reports.test_facts import scope_of, values
from tickets.figures.measures import measure_of, measures_of
from tickets.figures.records import written
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.req("RPT-01")]
OF_MARCH = "from=2024-03-01&to=2024-04-01"


def seal(scope: Scope) -> datetime:
    with transaction.atomic():
        moment = sealed(scope)
    assert moment is not None
    return moment


def then(scope: Scope, moment: datetime) -> KnownScope:
    return KnownScope(scope.user, scope.kind, scope.filters, scope.span, moment)


def march(world: World, query: str = "") -> Scope:
    return scope_of(world, "2024-03-01", "2024-04-01", query)


def change_much(world: World, month: dict[str, Any]) -> None:
    """Not solved after all, attributed anew, corrected, registered later: after the figures were counted."""
    act(month["again"], "not_solved", world.requester, now=MARCH + 6 * DAY, text="又坏了")
    Ticket.objects.filter(pk=month["slow"].pk).update(priority="P1")
    Ticket.objects.filter(pk=month["by_desk"].pk).update(organisation=month["elsewhere"].organisation)
    Ticket.objects.filter(pk=month["quick"].pk).update(completed_in_time=False)
    register_incident(world.desk, now=MARCH + 2 * DAY, requester="requester")


@pytest.mark.slow
def test_what_was_known_stays_so_when_a_release_brings_another_set(
    world: World, month: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its bit is nobody's of before, and of what it counts nothing is known of before: refused, never 0."""
    every = sets.kept_sets
    new = every("incident")[0]
    monkeypatch.setattr(sets, "kept_sets", lambda kind: [item for item in every(kind) if item != new])
    start_anew()
    told = values(march(world))
    places, moment = dict(sets.bits("incident")), seal(march(world))
    monkeypatch.setattr(sets, "kept_sets", every)
    start_anew()
    assert keeping.count_new_definitions(MARCH) is not None
    change_much(world, month)

    uses = {m.code for m in measures_of("incident") if any(new in (one.parts or (one,)) for one in m.sets)}
    known = figures(measures_of("incident"), then(march(world), moment))
    assert uses
    assert not uses & known.keys()
    assert {code: as_told(figure) for code, figure in known.items()} == {code: told[code] for code in known}
    assert len(known) > 20
    assert places.items() <= sets.bits("incident").items()
    assert sets.bits("incident")[new.code] not in places.values()
    later = seal(march(world))
    assert uses & figures(measures_of("incident"), then(march(world), later)).keys()


def as_told(figure: Any) -> tuple[Any, ...]:
    return figure.value, figure.numerator, figure.denominator, [n for _set, n in figure.left_out], figure.spread


def start_anew() -> None:
    """As a process of a new release begins."""
    sets.bits.forget()
    keeping._digests.clear()


@pytest.mark.slow
@pytest.mark.parametrize("query", ["", "priority=P4&priority=P2", "group=host", "organisation=exchange"])
def test_march_as_known_then_is_what_was_counted_then(world: World, month: dict[str, Any], query: str) -> None:
    scope = march(world, query)
    moment = seal(scope)
    counted = values(scope)

    change_much(world, month)

    assert values(march(world, query)) != counted
    kept = values(then(march(world, query), moment))
    assert kept == {code: counted[code] for code in kept}
    assert len(kept) > 20


@pytest.mark.slow
def test_each_moment_has_its_own_figures(world: World, month: dict[str, Any]) -> None:
    moments, expected = [], []
    for code in ("P1", "P2", "P3"):
        Ticket.objects.filter(pk=month["slow"].pk).update(priority=code)
        scope = march(world, f"priority={code}")
        moments.append(seal(scope))
        expected.append(values(scope)["desk_total"])

    for place, code in enumerate(("P1", "P2", "P3")):
        assert values(then(march(world, f"priority={code}"), moments[place]))["desk_total"] == expected[place]


@pytest.mark.slow
def test_what_was_not_committed_when_it_was_counted_is_known_later(world: World, month: dict[str, Any]) -> None:
    """A long transaction changed it before, and was over after the count."""
    scope = march(world)
    moment = seal(scope)
    counted = values(scope)
    Ticket.objects.filter(pk=month["slow"].pk).update(
        completed_in_time=True, organisation=month["elsewhere"].organisation
    )
    ChangedTicket.objects.update(at=moment - timedelta(seconds=30))

    keeping.catch_up()

    assert values(march(world)) != counted
    kept = values(then(march(world), moment))
    assert kept == {code: counted[code] for code in kept}


@pytest.mark.slow
def test_versions_say_what_was_known_without_gap_or_overlap(world: World, month: dict[str, Any]) -> None:
    seal(march(world))
    change_much(world, month)
    keeping.catch_up()

    rows = list(FactVersion.objects.filter(ticket=month["slow"].pk).order_by("known_from", "pk"))
    assert len(rows) > 1
    assert [row.known_until for row in rows[:-1]] == [row.known_from for row in rows[1:]]
    assert rows[-1].known_until is None


@pytest.mark.slow
def test_differences_name_the_records_and_why(world: World, month: dict[str, Any]) -> None:
    scope = march(world)
    moment = seal(scope)
    figures(measures_of("incident"), scope)

    change_much(world, month)

    now = march(world)
    translation.activate("en")
    total = figures([measure_of("desk_total")], now)["desk_total"]
    found, count = differences(total, then(now, moment))
    late = (True, ["registered later, for an earlier time"])
    assert [(row.came, row.reasons) for row in found] == [late, late]  # one of them follows what was not solved
    assert count == 2
    kept = figures([measure_of("kept_of_ended")], now)["kept_of_ended"]
    gone = {row.number: row.reasons for row in differences(kept, then(now, moment))[0] if not row.came}
    assert "its limit or what its clock counted changed" in gone[month["quick"].number]
    priority = figures([measure_of("desk_total")], march(world, "priority=P1"))["desk_total"]
    [moved] = differences(priority, then(march(world, "priority=P1"), moment))[0]
    assert moved.number == month["slow"].number
    assert re.search(r"Priority.*→", moved.reasons[0])


@pytest.mark.slow
def test_reopening_and_removal_are_named(world: World, month: dict[str, Any]) -> None:
    scope = march(world)
    moment = seal(scope)
    old = FactVersion.objects.get(ticket=month["again"].pk, known_until=None)
    new = Fact.objects.get(pk=month["again"].pk)
    new.phase = "open"
    with translation.override("en"):
        assert reasons(old, new, then(scope, moment)) == ["reopened after"]
        assert reasons(old, None, then(scope, moment)) == ["removed"]


@pytest.mark.slow
def test_explanation_shows_what_was_printed_and_the_board_of_then(
    world: World, browse: Any, month: dict[str, Any]
) -> None:
    customer = Organisation.objects.get(code="exchange")
    make_report(customer=customer, month=MARCH.date() + DAY, now=MARCH + 31 * DAY)
    page, of_customer = browse(world.manager), f"{OF_MARCH}&organisation=exchange"
    draft = page.get(f"/boards/incidents/figures/desk_total/?{of_customer}").content.decode()
    assert "Service report, version 1" not in draft  # nothing was printed yet
    ServiceReport.objects.update(state="sent")
    made = Api(world.manager).post(
        "reports/meetings/?kind=incident&quarter=2024-Q1",
        {"held_at": "2024-04-02T10:00:00+08:00", "attendance": "x", "minutes": "y"},
    )
    assert made.status_code == 201, made.content
    same = page.get(f"/boards/incidents/figures/desk_total/?{of_customer}").content.decode()
    assert "the same now" in same

    change_much(world, month)

    told = page.get(f"/boards/incidents/figures/desk_total/?{of_customer}").content.decode()
    assert "registered later, for an earlier time" in told
    assert "→" in told
    assert "Service report, version 1" in told
    [address] = set(re.findall(r'href="(/boards/incidents/\?[^"]*known_at[^"]*)"', told))
    board = page.get(address.replace("&amp;", "&")).content.decode()
    assert "As known at" in board
    tiles = re.findall(r'hx-get="([^"]*/tiles/[^"]*)"', board)[0].replace("&amp;", "&")
    assert "known_at=" in tiles
    assert page.get(tiles).status_code == 200
    quarter = page.get("/boards/incidents/figures/desk_total/?from=2024-01-01&to=2024-04-01").content.decode()
    assert "Process meeting" in quarter
    assert ProcessMeeting.objects.get().known_at is not None


@pytest.mark.slow
def test_api_answers_as_known_then_and_names_the_records(world: World, month: dict[str, Any]) -> None:
    moment = seal(march(world))
    before = {row["id"]: row for row in Api(world.manager).get(f"reports/incident-kpis/?{OF_MARCH}").json()["results"]}
    change_much(world, month)

    answer = Api(world.manager).get(f"reports/incident-kpis/?{OF_MARCH}&known_at={quote(written(moment))}").json()

    for row in answer["results"]:
        assert (row["value"], row["numerator"]) == (before[row["id"]]["value"], before[row["id"]]["numerator"])
    [total] = [row for row in answer["results"] if row["id"] == "desk_total"]
    records = Api(world.manager).get(total["records"].removeprefix("/api/v1/")).json()
    assert records["count"] == len(records["results"]) == total["numerator"]
    shown = {row["number"]: row for row in records["results"]}
    assert shown[month["slow"].number]["priority"] != "P1"


@pytest.mark.slow
def test_records_of_then_open_in_a_page_beside_what_they_are_now(
    world: World, browse: Any, month: dict[str, Any]
) -> None:
    scope = march(world)
    moment = seal(scope)
    change_much(world, month)
    figure = figures([measure_of("desk_total")], then(march(world), moment))["desk_total"]

    page = browse(world.manager).get(figure.url).content.decode()

    assert page.count('scope="row"') == figure.numerator
    assert "now " in re.sub(r"\s+", " ", page)
    assert browse(world.vendor).get(figure.url).status_code == 403


@pytest.mark.slow
@pytest.mark.parametrize(
    ("known_at", "why"), [("2099-01-01", "to come"), ("1999-01-01", "since"), ("nonsense", "moment")]
)
def test_moments_of_which_nothing_is_kept_are_refused_with_the_reason(
    world: World, browse: Any, month: dict[str, Any], known_at: str, why: str
) -> None:
    answer = Api(world.manager).get(f"reports/incident-kpis/?{OF_MARCH}&known_at={known_at}")
    assert (answer.status_code, why in answer.content.decode()) == (400, True)
    page = browse(world.manager).get(f"/boards/incidents/?{OF_MARCH}&known_at={known_at}")
    assert (page.status_code, why in page.content.decode()) == (400, True)


@pytest.mark.slow
def test_every_chart_of_then_answers(world: World, browse: Any, month: dict[str, Any]) -> None:
    moment = written(seal(march(world)))
    for code in ("trend", "compliance", "sources", "categories", "hours", "ageing"):
        page = browse(world.manager).get(f"/boards/incidents/charts/{code}/?{OF_MARCH}&known_at={quote(moment)}")
        assert page.status_code == 200
    assert QueryDict(f"known_at={quote(moment)}")["known_at"] == moment


def test_process_page_says_that_it_is_read_from_the_log_as_it_is_now(world: World, browse: Any) -> None:
    manager = browse(world.manager)
    plain = manager.get("/boards/incidents/process/").content.decode()
    assert 'name="known_at"' not in plain
    assert "From the log, as it is now" in plain
    asked = manager.get("/boards/incidents/process/?known_at=2026-01-01T08:00")
    assert (asked.status_code, "it cannot be asked as known then" in asked.content.decode()) == (400, True)
