"""Figures, the lists behind them, and who gets which."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.http import QueryDict

from notifications.models import Notice
from reports import selfcheck
from reports.charts import drawn
from reports.comparing import change, interval, span_before
from reports.facts.remembering import recent_figures
from reports.figures import Scope, figures
from reports.periods import PeriodError, buckets, dated_period, named_period
from reports.texts import shares
from tests.api.client import Api
from tests.factories import World
from tests.reports.conftest import DAY, HOUR, MARCH
from tickets.figures.measures import measure_of, measures_of
from tickets.figures.records import Chosen, Span, all_records, chosen_from, zone
from tickets.lifecycle import kind_of, kinds
from tickets.models import Ticket
from tickets.queues.listing import Listing

pytestmark = [pytest.mark.django_db, pytest.mark.req("RPT-01")]
REPORT = "reports/incident-kpis/?from=2024-03-01&to=2024-04-01"
NOW = datetime(2024, 6, 1, tzinfo=UTC)


def figure_of(api: Api, query: str = "", report: str = REPORT) -> dict[str, Any]:
    """Figures by code."""
    response = api.get(f"{report}{query}")
    assert response.status_code == 200, response.content
    return {row["id"]: row for row in response.json()["results"]}


@pytest.mark.slow
def test_figures_of_a_month_are_counted_by_their_own_dates(world: World, month: dict[str, Any]) -> None:
    """Midnight, the end of the month and the leap day; each figure places a record by the date that it names."""
    found = figure_of(Api(world.manager))
    got = {code: (row["numerator"], row["denominator"]) for code, row in found.items()}

    assert got["desk_total"] == (7, None)
    assert got["closed_ok"] == (2, 2)
    assert got["overdue"] == (1, 5)
    assert got["kept_of_ended"] == (4, 5)
    assert got["overdue_open"] == (0, None)  # what nobody dispatched has no limit of solving yet
    assert got["desk_resolve_rate"] == (1, 5)
    assert got["first_contact"] == (1, 5)
    assert got["repeated"] == (1, None)
    assert got["backlog"] == (2, None)
    assert got["satisfied"] == (0, 0)
    assert (found["satisfied"]["value"], found["agreed_kept"]["value"]) == (None, None)
    left_out = {row["code"]: row["count"] for row in found["closed_ok"]["left_out"]}
    assert left_out == {
        "incident.nothing_to_solve": 1,
        "incident.closed_without_code": 0,
        "incident.complaints_closed": 0,
    }
    assert found["elapsed_median"]["value"] == 180


@pytest.mark.slow
@pytest.mark.req("INC-03")
def test_a_complaint_is_in_no_figure_of_incidents(world: World, month: dict[str, Any]) -> None:
    """And every figure says so: how many its date would have placed in it, openable."""
    Ticket.objects.filter(kind="incident").update(nature="complaint")
    api = Api(world.manager)

    found = figure_of(api)

    assert {(row["numerator"] or 0, row["denominator"] or 0) for row in found.values()} == {(0, 0)}
    for code, row in found.items():
        aside = [item for item in row["left_out"] if item["code"].startswith("incident.complaints_")]
        assert aside, code
        for item in aside:
            assert api.get(item["records"].removeprefix("/api/v1/")).json()["count"] == item["count"], code
    beside = {item["code"]: item["count"] for row in found.values() for item in row["left_out"]}
    assert (beside["incident.complaints_registered"], beside["incident.complaints_open"]) == (7, 2)
    assert beside["incident.complaints_closed"] > 0


@pytest.mark.slow
def test_what_is_late_and_open_counts_until_it_is_solved(world: World, month: dict[str, Any]) -> None:
    """Of the one solved on the 13th the figure of the first ten days says: late and open."""
    early = figure_of(Api(world.manager), report="reports/incident-kpis/?from=2024-03-01&to=2024-03-12")

    assert (early["overdue_open"]["value"], early["overdue"]["numerator"]) == (1, 1)
    assert early["kept_of_ended"]["value"] == 100


@pytest.mark.slow
def test_every_figure_opens_exactly_its_records(world: World, month: dict[str, Any]) -> None:
    """For random filters, periods and readers: value, API list, page list and export have the same records."""
    picks = random.Random(13)  # noqa: S311 - it picks examples, the same every time
    filters = ["", "&priority=P4&priority=P2", "&source=phone", "&group=host&assignee=me&assignee=none"]
    filters += ["&category=sw", "&organisation=exchange", "&organisation=exchange&organisation=egov"]
    for _try in range(8):
        reader = picks.choice([world.manager, world.desk, world.engineer])
        start = MARCH - picks.randrange(40) * DAY
        end = start + picks.choice([1, 7, 31, 366]) * DAY
        days = f"from={start.astimezone(zone()).date()}&to={end.astimezone(zone()).date()}"
        api = Api(reader)
        for row in figure_of(api, picks.choice(filters), f"reports/incident-kpis/?{days}").values():
            left_out = [(item["records"], item["count"]) for item in row["left_out"]]
            for records, count in [(row["records"], row["numerator"]), *left_out]:
                listed = api.get(records).json()
                assert listed["count"] == count == len(listed["results"]), (row["id"], records)
                query = QueryDict(urlsplit(records).query, mutable=True)
                del query["count"]
                query["view"] = "all"
                page = Listing(query, user=reader, now=NOW, kind=kind_of("incident"), views=())
                assert (page.rows.count(), page.errors) == (count, {})


@pytest.mark.slow
def test_figures_are_for_staff_and_no_set_opens_anything_to_others(world: World, month: dict[str, Any]) -> None:
    """Customers get figures as service reports: a set would tell what they do not read, such as what was late."""
    row = figure_of(Api(world.manager))["overdue"]
    for person in (world.requester, world.requester2, world.vendor):
        api = Api(person)
        assert [api.get(address).status_code for address in (REPORT, "reports/")] == [403, 403]
        assert api.get(row["records"]).status_code == 400


def test_definitions_are_said_in_both_languages_with_their_parts(world: World) -> None:
    api = Api(world.manager)
    english = {row["id"]: row for row in api.results("reports/")}
    chinese = {row["id"]: row for row in api.get("reports/", accept_language="zh-hans").json()["results"]}

    assert list(english)[:10] == [
        *("desk_total", "closed_ok", "overdue", "mean_resolve_time", "desk_resolve_rate", "repeated"),
        *("overdue_open", "person_total", "person_overdue_open", "by_category"),
    ]
    for code, row in english.items():
        assert chinese[code]["name"] != row["name"]
        assert chinese[code]["meaning"] != row["meaning"]
        assert chinese[code]["numerator"]["placed_by"] != row["numerator"]["placed_by"]
        assert row["version"] >= 1


@pytest.mark.parametrize(
    ("query", "status", "parameter"),
    [
        ("from=2024-03-01&to=2024-03-01", 400, "to"),
        ("from=2024-03-32&to=2024-04-01", 400, "from"),
        ("from=2024-03-01", 400, "to"),
        ("from=2010-01-01&to=2024-03-01", 400, "to"),
        ("period=fortnight", 400, "period"),
        ("period=month&priority=P9", 400, "priority"),
        ("period=month&urgency=high", 400, "urgency"),
    ],
)
def test_what_cannot_be_understood_is_refused(world: World, query: str, status: int, parameter: str) -> None:
    response = Api(world.manager).get(f"reports/incident-kpis/?{query}")

    assert (response.status_code, list(response.json()["errors"])) == (status, [parameter])
    assert Api(world.manager).get("reports/weather-kpis/").status_code == 404


def test_address_of_records_says_the_same_set_again() -> None:
    for records in all_records():
        for part in ("", "age-3", "in-7", *(["hour-2-23"] if records.when else [])):
            chosen = Chosen(records, Span(MARCH, MARCH + 31 * DAY, NOW), part)
            assert chosen_from(chosen.address) == chosen
    for wrong in ("", "incident.nothing~2024-01-01~2024-02-01", "incident.open~2024-01-01", "incident.open~x~y"):
        with pytest.raises((KeyError, ValueError)):
            chosen_from(wrong)
    for part in ("hour-8-1", "hour-1-24", "age-7", "elsewhere"):
        with pytest.raises(ValueError, match=part):
            chosen_from(f"incident.registered~2024-01-01~2024-02-01~~{part}")


def test_sets_that_name_a_date_lie_within_it() -> None:
    """Sets of one date are counted by one statement over its period: a set beyond it would be counted wrongly."""
    before = Span(MARCH, MARCH + DAY, NOW)
    for records in all_records():
        if records.when:
            sql = str(Ticket.objects.filter(before.within(records.when)).query).split("WHERE")[1].strip()
            assert all(
                half.strip(" ()") in str(Ticket.objects.filter(records.where(before)).query)
                for half in sql.split("AND")
            )


def test_periods_are_whole_local_days_also_where_zones_are_odd(settings: Any) -> None:
    settings.TIME_ZONE = "Asia/Kolkata"
    period = named_period("month", datetime(2024, 2, 29, 18, 29, 59, tzinfo=UTC))
    later = named_period("month", datetime(2024, 2, 29, 18, 30, tzinfo=UTC))
    assert (str(period.first_day), str(period.last_day)) == ("2024-02-01", "2024-02-29")
    assert str(later.first_day) == "2024-03-01"
    week = named_period("week", datetime(2025, 1, 1, 12, tzinfo=UTC))
    assert (str(week.first_day), str(week.last_day)) == ("2024-12-30", "2025-01-05")
    settings.TIME_ZONE = "America/New_York"
    spring = dated_period("2024-03-10", "2024-03-11", NOW)
    assert spring.span.end - spring.span.start == timedelta(hours=23)
    assert [span.start for span in buckets(spring.span)] == sorted({span.start for span in buckets(spring.span)})
    month = dated_period("2024-03-01", "2024-04-01", NOW)
    assert (month.before().start.astimezone(zone()).date().isoformat(), len(buckets(month.span))) == ("2024-02-01", 31)
    with pytest.raises(PeriodError):
        dated_period("2024-03-01", "soon", NOW)


def test_part_of_a_period_is_compared_with_as_much_working_time(world: World) -> None:
    """Twelve working days of March against the first twelve of February, not with the whole of it."""
    now = datetime(2024, 3, 19, 1, 0, tzinfo=UTC)  # Tuesday 09:00 in Shanghai: twelve working days are over
    period = named_period("month", now)
    before = span_before(period)

    assert before.end.astimezone(zone()).isoformat() == "2024-02-21T18:00:00+08:00"  # after the Spring Festival
    assert span_before(dated_period("2024-03-01", "2024-04-01", NOW)).end.astimezone(zone()).day == 1


@pytest.mark.slow
def test_chance_gets_no_arrow_and_shares_add_up(world: World, month: dict[str, Any]) -> None:
    scope = Scope(world.manager, kind_of("incident"), QueryDict(), Span(MARCH, MARCH + 31 * DAY, NOW))
    now = figures([measure_of("desk_total")], scope)["desk_total"]
    before = figures([measure_of("desk_total")], scope.of(Span(MARCH - DAY, MARCH, NOW)))["desk_total"]
    told = change(now, before)

    assert (now.value, before.value) == (7, 2)
    assert told is not None
    assert (told.direction, told.good) == ("same", None)
    assert [round(edge) for edge in interval(3, 4)] == [30, 95]
    assert shares([1, 1, 1]) == [33.4, 33.3, 33.3]
    assert sum(value or 0 for value in shares([7, 11, 3, 1])) == pytest.approx(100)
    assert shares([0, 0]) == [None, None]
    few, many = replace(before, value=29), replace(before, value=30)
    told_of = [change(replace(now, value=33), one) for one in (few, many)]
    assert [one and one.text for one in told_of] == ["+4", "+10.0 %"]


@pytest.mark.slow
def test_list_behind_a_figure_names_it_and_counts_to_the_last(
    world: World, month: dict[str, Any], browse: Any
) -> None:
    client = browse(world.manager)
    scope = Scope(world.manager, kind_of("incident"), QueryDict("group=host"), Span(MARCH, MARCH + 31 * DAY, NOW))
    url = figures([measure_of("desk_total")], scope)["desk_total"].url
    text = client.get(url).content.decode()

    assert "Counted in a figure: Registered, 2024-03-01 – 2024-03-31" in text
    assert "4 tickets" in text
    assert parse_qs(urlsplit(url).query)["group"] == ["host"]
    assert client.get("/incidents/?records=nothing").status_code == 400


@pytest.mark.slow
def test_period_that_has_not_begun_has_no_figure_and_no_record(
    world: World, month: dict[str, Any], browse: Any
) -> None:
    """Whatever is open and late now is nothing of it: on tiles, table, chart, API, list; begun, it counts again."""
    days, now = "from=2048-02-29&to=2048-03-01", MARCH + 20 * DAY
    for kind in (kind for kind in kinds() if measures_of(kind.code)):
        span = Span(now + DAY, now + 9 * DAY, now)
        for at, begun in ((now, False), (now + 2 * DAY, True)):
            scope = Scope(world.manager, kind, QueryDict(), replace(span, at=at))
            for found in (figures, recent_figures):
                told = found(measures_of(kind.code, on_demand=True), scope).values()
                assert any(one.value is not None for one in told) == begun, kind.code
            for one in told:
                assert begun or (one.numerator, one.denominator or 0) == (0, 0), one.measure.code
                assert scope.found(one.chosen).count() == one.numerator, one.measure.code
    api, page = Api(world.manager), browse(world.manager)
    for row in figure_of(api, report=f"reports/incident-kpis/?{days}").values():
        assert (row["value"], row["numerator"]) == (None, 0), row["id"]
        assert api.get(row["records"]).json()["count"] == 0
    for part in ("tiles", "table", "figures/overdue", "figures/backlog"):
        text = page.get(f"/boards/incidents/{part}/?{days}").content.decode()
        assert "–" in text, part
        assert "100.0 %" not in text, part
    assert drawn("ageing", Scope(world.manager, kind_of("incident"), QueryDict(), span), str).is_empty


@pytest.mark.slow
@pytest.mark.req("RPT-01")
def test_nightly_comparison_finds_what_differs(
    world: World, month: dict[str, Any], browse: Any, monkeypatch: Any
) -> None:
    """Nothing on data as they are; a list with a scope of its own turns the board red and is told once a day."""
    at = MARCH + 20 * DAY
    found = selfcheck.compare(at)
    assert (found.differences, found.compared > 100) == ([], True)
    assert f"{found.compared} times, 0 differences" in browse(world.manager).get("/boards/incidents/").content.decode()
    assert not Notice.objects.filter(event="figures_differ").exists()

    monkeypatch.setattr(selfcheck, "_in_api", lambda chosen, scope: -1)
    assert selfcheck.compare(at).differences
    assert "board-check late" in browse(world.manager).get("/boards/incidents/").content.decode()
    assert selfcheck.compare(at + HOUR).differences
    told = Notice.objects.get(event="figures_differ")
    assert {row.recipient for row in told.deliveries.all()} == {world.admin}


@pytest.mark.slow
@pytest.mark.req("RPT-01")
def test_nightly_comparison_counts_what_tiles_remember_too(
    world: World, month: dict[str, Any], monkeypatch: Any
) -> None:
    """Tiles come from parts that are kept: one that is off by one is found."""
    counted = selfcheck.recent_figures

    def off_by_one(measures: Any, scope: Any) -> Any:
        return {code: replace(one, numerator=one.numerator + 1) for code, one in counted(measures, scope).items()}

    monkeypatch.setattr(selfcheck, "recent_figures", off_by_one)
    assert selfcheck.compare(MARCH + 20 * DAY).differences


@pytest.mark.slow
@pytest.mark.req("RPT-01")
def test_nightly_comparison_draws_readers_periods_and_filters(world: World, month: dict[str, Any]) -> None:
    """Another night compares others; the same moment the same."""
    dice = [random.Random(number) for number in (1, 1, 2, 3, 4)]  # noqa: S311 - a draw
    drawn = [
        (selfcheck._filters(one, kind_of("incident"), world.manager), selfcheck._period(one, NOW)) for one in dice
    ]
    assert drawn[0] == drawn[1]
    assert len(set(map(str, drawn))) > 2
    assert {one for query, _span in drawn for one in parse_qs(query)} <= set(selfcheck.DRAWN)


def test_nightly_comparison_asks_the_doors_themselves(world: World, month: dict[str, Any]) -> None:
    """The endpoint and the export answer as they do to the reader; who is refused there differs."""
    scope = Scope(world.manager, kind_of("incident"), QueryDict("priority=P4"), Span(MARCH, MARCH + 31 * DAY, NOW))
    chosen = scope.records(measure_of("desk_total").numerator)
    there = scope.found(chosen).count()

    assert {selfcheck._in_api(chosen, scope), selfcheck._in_export(chosen, scope)} == {there}
    stranger = replace(scope, user=world.requester)
    assert (selfcheck._in_api(chosen, stranger), selfcheck._in_export(chosen, stranger)) == (-1, -1)
