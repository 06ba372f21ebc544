"""Monthly reports of customers: made once, approved by another, sent, frozen."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import openpyxl
import pytest
from django.db import InternalError, transaction
from pypdf import PdfReader

from accounts.models import User
from approvals.shell import waiting_for, waiting_for_all
from notifications.models import Notice
from reports.models import ReportEntry, ServiceReport
from reports.monthly import content as monthly_content
from reports.monthly import reports as service_reports
from reports.monthly.files import pdf_of, xlsx_of
from tests.api.client import Api
from tests.factories import World, incident_in, make_organisation, make_user, register_incident, reload_user
from tests.reports.conftest import HOUR
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.req("RPT-02")]

#: 1 April 2024 is a Monday and a working day; 4 to 6 April are holidays.
FIRST = datetime(2024, 4, 1, 1, 0, tzinfo=UTC)
LATE = datetime(2024, 4, 9, 1, 0, tzinfo=UTC)


@pytest.fixture
def report(world: World, month: dict[str, Any]) -> ServiceReport:
    """March's report of the customer ``exchange``, who has a report contact."""
    customer = world.organisations["exchange"]
    customer.report_contacts.set([world.requester])
    service_reports.make_due(FIRST)
    return ServiceReport.objects.get(organisation=customer)


def step(page: Any, report: ServiceReport, name: str, **typed: str) -> int:
    """Take a step as who has read everything; the status of the answer."""
    sent = {"seen": report.log.latest("pk").pk, **typed}
    return int(page.post(f"/service-reports/{report.pk}/{name}/", sent).status_code)


def joined(world: World, at: datetime) -> None:
    """Since when the customers of the world are there."""
    User.objects.filter(organisation__kind="customer").update(date_joined=at)


@pytest.mark.slow
def test_reports_are_made_once_on_the_first_working_day_and_marked_when_late(world: World) -> None:
    joined(world, datetime(2024, 1, 1, tzinfo=UTC))
    assert str(service_reports.first_working_day(date(2024, 5, 1))) == "2024-05-06"
    assert service_reports.make_due(datetime(2024, 5, 3, tzinfo=UTC)) == []
    made = service_reports.make_due(FIRST)
    assert {(r.organisation.code, str(r.month), r.is_late) for r in made} == {
        ("exchange", "2024-03-01", False),
        ("egov", "2024-03-01", False),
    }
    assert service_reports.make_due(FIRST + HOUR) == []


def test_what_is_made_after_the_first_working_day_is_marked(world: World) -> None:
    joined(world, datetime(2024, 1, 1, tzinfo=UTC))
    assert {r.is_late for r in service_reports.make_due(LATE)} == {True}


@pytest.mark.slow
def test_after_downtime_every_missing_month_is_made_and_none_before_the_customer_was_there(world: World) -> None:
    """Down from March on, back on 8 May; one customer came on 20 April."""
    joined(world, datetime(2024, 1, 1, tzinfo=UTC))
    newer = make_organisation("newer")
    make_user("of_newer", "requester", organisation=newer, date_joined=datetime(2024, 4, 20, tzinfo=UTC))
    make_organisation("empty")
    service_reports.make_due(datetime(2024, 3, 1, 1, tzinfo=UTC))

    back = datetime(2024, 5, 8, 1, tzinfo=UTC)
    made = service_reports.make_due(back)

    assert sorted((r.organisation.code, f"{r.month:%m}", r.is_late) for r in made) == [
        *((code, month, True) for code in ("egov", "exchange") for month in ("03", "04")),
        ("newer", "04", True),
    ]
    assert service_reports.make_due(back) == []
    long_after = service_reports.make_due(datetime(2026, 5, 8, 1, tzinfo=UTC))
    assert {r.month.isoformat() for r in long_after if r.organisation.code == "egov"} == {
        *(f"2025-{month:02}-01" for month in range(5, 13)),
        *(f"2026-{month:02}-01" for month in range(1, 5)),
    }


@pytest.mark.slow
def test_a_report_that_fails_holds_no_other_customer_up(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    joined(world, datetime(2024, 1, 1, tzinfo=UTC))
    counted = service_reports.content_of

    def broken(customer: Any, *rest: Any) -> dict[str, Any]:
        if customer.code == "egov":
            raise ZeroDivisionError
        return counted(customer, *rest)

    monkeypatch.setattr(service_reports, "content_of", broken)
    assert [r.organisation.code for r in service_reports.make_due(FIRST)] == ["exchange"]
    assert "egov" in caplog.text
    monkeypatch.undo()
    assert [r.organisation.code for r in service_reports.make_due(FIRST + HOUR)] == ["egov"]


@pytest.mark.slow
def test_what_is_late_and_still_open_stands_among_the_failures_which_say_how_many_they_are(
    world: World, month: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    late = incident_in("in_progress", world, now=FIRST - timedelta(days=10))
    assert late.planned_completion_at
    assert late.planned_completion_at < FIRST - timedelta(days=2)
    customer = world.organisations["exchange"]

    def failures() -> dict[str, Any]:
        content = service_reports.content_of(customer, date(2024, 3, 1), "en", FIRST)
        assert content["values"]["overdue"]["numerator"] == 2
        return next(s for s in content["sections"] if s["title"].startswith("Late, and why"))

    found = failures()
    assert (found["title"], len(found["rows"])) == ("Late, and why", 2)
    row = next(row for row in found["rows"] if row[0] == late.number)
    assert row[4:6] == ["not solved", "–"]

    monkeypatch.setattr(monthly_content, "MOST_FAILURES", 1)
    assert failures()["title"] == "Late, and why (1 of 2)"


@pytest.mark.slow
def test_report_has_the_numbers_of_the_board_and_keeps_them(world: World, report: ServiceReport) -> None:
    query = "reports/incident-kpis/?from=2024-03-01&to=2024-04-01&organisation=exchange"
    board = {row["id"]: row for row in Api(world.manager).get(query).json()["results"]}
    values = report.content["values"]

    internal = {"person_total", "person_overdue_open", "handed_on"}
    internal |= {"at_risk", "dispatch_kept", "notices_late", "work_time", "work_time_mean"}
    assert set(board) - set(values) == internal
    for code, row in values.items():
        assert (row["numerator"], row["denominator"]) == (board[code]["numerator"], board[code]["denominator"]), code
    failures = next(s for s in report.content["sections"] if s["wide"] == 1)
    assert len(failures["rows"]) == 1


def test_satisfaction_is_said_by_answer_with_its_count_and_board_and_list_agree(
    world: World, month: dict[str, Any], browse: Any
) -> None:
    """Of those of the customer that were closed in March two were answered, one of them with a complaint."""
    incident_in("closed", world, now=FIRST - timedelta(days=9))
    ours = Ticket.objects.filter(
        organisation__code="exchange", resolved_at__gte=FIRST - timedelta(days=31), state="closed"
    )
    for row, answer in zip(ours.order_by("-created_at")[:2], ("very_good", "improve"), strict=True):
        Ticket.objects.filter(pk=row.pk).update(satisfaction=answer)
    customer = world.organisations["exchange"]
    content = service_reports.content_of(customer, date(2024, 3, 1), "en", FIRST)

    section = next(s for s in content["sections"] if s["title"] == "Satisfaction by answer")
    assert [row[1:] for row in section["rows"]] == [["1", "50.0 %"], ["1", "50.0 %"]]
    chart = browse(world.manager).get(
        "/boards/incidents/charts/answers/?from=2024-03-01&to=2024-04-01&organisation=exchange"
    )
    lines = chart.context["chart"].lines
    assert [[line.label, *(cell.shown for cell in line.cells)] for line in lines] == section["rows"]
    for line in lines:
        query = line.cells[0].url.partition("?")[2]
        assert Api(world.manager).get(f"incidents/?{query}&count=true").json()["count"] == 1


@pytest.mark.slow
def test_report_is_approved_by_another_than_who_wrote_and_sent_to_the_customer(
    world: World, report: ServiceReport, browse: Any
) -> None:
    manager, owner, customer = browse(world.manager), browse(world.owner), browse(world.requester)
    url = f"/service-reports/{report.pk}/"
    assert browse(world.desk).post(f"{url}approve/").status_code == 403
    assert customer.get(url).status_code == 404
    assert step(manager, report, "edit", improvements="#1 更换磁盘\n=1+1") == 302
    assert step(manager, report, "approve") == 409
    report.refresh_from_db()
    assert report.state == "draft"
    assert [step(owner, report, name) for name in ("send", "approve", "send")] == [409, 302, 302]
    report.refresh_from_db()

    assert (report.state, report.approved_by) == ("sent", world.owner)
    assert Notice.objects.filter(key=f"service_report:{report.pk}").count() == 1
    assert customer.get(url).status_code == 200
    assert browse(world.requester2).get(url).status_code == 404
    assert [r.pk for r in service_reports.visible_to(reload_user(world.requester))] == [report.pk]
    assert step(manager, report, "edit", improvements="other") == 409
    with pytest.raises(InternalError), transaction.atomic():
        ServiceReport.objects.filter(pk=report.pk).update(improvements="other")
    assert step(manager, report, "correct", reason="一单后来重开") == 302
    newer = ServiceReport.objects.get(organisation=report.organisation, version=2)
    assert (newer.state, newer.reason) == ("draft", "一单后来重开")


def test_a_draft_waits_in_to_decide_of_those_who_wrote_nothing_of_it_and_they_are_told(
    world: World, report: ServiceReport, browse: Any
) -> None:
    """Whoever wrote since the draft was made is barred, not the last one alone."""
    manager, owner = browse(world.manager), browse(world.owner)
    third = make_user("third", "incident_manager")
    url, decide = f"/service-reports/{report.pk}/", "/approvals/"

    def told() -> list[set[str]]:
        found = Notice.objects.filter(
            event="service_report_asked", key__startswith=f"service_report_asked:{report.pk}:"
        )
        return [
            set(one.deliveries.filter(channel="portal").values_list("recipient__username", flat=True))
            for one in found.order_by("pk")
        ]

    assert told() == [{"admin", "manager", "owner"}]
    assert all(url in page.get(decide).content.decode() for page in (manager, owner))
    assert url not in browse(world.desk).get(decide).content.decode()
    assert waiting_for_all()[world.manager.pk] == waiting_for(reload_user(world.manager)).count() == 2

    step(manager, report, "edit", improvements="a")
    step(owner, report, "edit", improvements="b")
    assert url not in manager.get(decide).content.decode()
    assert waiting_for_all()[world.manager.pk] == waiting_for(reload_user(world.manager)).count() == 1
    for page in (manager, owner):
        assert step(page, report, "approve") == 409
        report.refresh_from_db()
        assert report.state == "draft"
    assert step(browse(third), report, "approve") == 302
    step(manager, report, "edit", improvements="c")
    report.refresh_from_db()
    assert (report.state, told()[1:]) == ("draft", [{"admin", "third"}])


def test_a_draft_is_counted_anew_with_its_reason_and_asks_again(
    world: World, report: ServiceReport, browse: Any
) -> None:
    """What was re-classified before it is sent need not wait for a correction."""
    manager, url = browse(world.manager), f"/service-reports/{report.pk}/"
    before = report.content["values"]["desk_total"]["numerator"]
    register_incident(world.desk, now=FIRST - timedelta(days=20), requester="requester")

    assert step(manager, report, "recount", reason=" ") == 422
    report.refresh_from_db()
    assert report.content["values"]["desk_total"]["numerator"] == before
    assert step(manager, report, "recount", reason="一单补录") == 302
    report.refresh_from_db()

    assert report.content["values"]["desk_total"]["numerator"] == before + 1
    assert [(line.what, line.reason) for line in report.log.all()] == [("counted", "一单补录"), ("made", "")]
    page = manager.get(url).content.decode()
    assert "一单补录" in page
    assert f'action="{url}approve/"' not in page
    with pytest.raises(InternalError), transaction.atomic():
        ReportEntry.objects.update(reason="other")


@pytest.mark.slow
def test_the_next_report_says_what_was_corrected_since(world: World, report: ServiceReport) -> None:
    """One line: the month, why, what changed, and where the correction is read; the report after that says nothing."""
    april, may = date(2024, 4, 1), date(2024, 5, 1)
    customer = report.organisation

    def sections(month: date) -> list[dict[str, Any]]:
        content = service_reports.content_of(customer, month, "en", FIRST + timedelta(days=62))
        return [s for s in content["sections"] if s["title"] == "Earlier months, corrected since"]

    service_reports.approve_report(report=report, user=world.owner, now=FIRST)
    service_reports.send_report(report=report, user=world.owner, now=FIRST)
    assert sections(april) == []
    register_incident(world.desk, now=FIRST - timedelta(days=20), requester="requester")
    report.refresh_from_db()
    newer = service_reports.correct_report(report=report, user=world.manager, reason="一单补录", now=FIRST + HOUR)
    assert sections(april) == []  # nobody was told of it yet
    service_reports.approve_report(report=newer, user=world.owner, now=FIRST + HOUR)
    service_reports.send_report(report=newer, user=world.owner, now=FIRST + HOUR)

    [section] = sections(april)
    before = report.content["values"]["desk_total"]["value"]
    [[month, version, reason, changed, where]] = section["rows"]
    assert (month, version, reason) == ("2024-03", "2", "一单补录")
    assert f"Incidents taken in: {before} → {before + 1}" in changed
    assert where.endswith(f"/service-reports/{newer.pk}/")
    service_reports.make_report(customer=customer, month=april, now=FIRST + timedelta(days=31))
    assert sections(may) == []


def test_the_paper_is_set_in_the_portal_s_font_and_copies_as_the_right_characters(report: ServiceReport) -> None:
    """Whatever fonts the server has: each is in the file, Chinese and Latin; the outline names the sections."""
    report.improvements, report.reason, report.version = "#1 *扩容* $x$ [月度]\n#2", "One was reopened", 2
    paper: Any = PdfReader(io.BytesIO(pdf_of(report)))

    text = "".join(page.extract_text() for page in paper.pages)
    named = {str(font["/BaseFont"]) for page in paper.pages for font in page["/Resources"]["/Font"].values()}
    titles = [entry.title for entry in paper.outline if not isinstance(entry, list)]
    assert all(one.partition("+")[2].startswith("NotoSansSC") for one in named), named
    assert "#1 *扩容* $x$ [月度]" in text
    assert all(section["title"] in text for section in report.content["sections"])
    assert [section["title"] for section in report.content["sections"]] == [
        one for one in titles if one in {section["title"] for section in report.content["sections"]}
    ]


@pytest.mark.slow
def test_numbers_of_page_and_paper_lead_to_their_records_and_tickets(
    world: World, report: ServiceReport, browse: Any
) -> None:
    """Staff open the records behind figures, with as many records; the customer opens the tickets that are named."""

    def addresses(client: Any) -> set[str]:
        file = client.get(f"/service-reports/{report.pk}/file/pdf/")
        notes = [
            note.get_object() for page in PdfReader(io.BytesIO(file.content)).pages for note in page.get("/Annots", [])
        ]
        return {note["/A"]["/URI"] for note in notes if "/A" in note and "/URI" in note["/A"]}

    manager, page = browse(world.manager), browse(world.manager).get(f"/service-reports/{report.pk}/").content.decode()
    of_figures = [address for address in addresses(manager) if "records=incident.registered~" in address]
    [total] = {address for address in of_figures if "category=" not in address}
    query = total.partition("?")[2]
    assert "organisation=exchange" in query
    counted = Api(world.manager).get(f"incidents/?{query}&count=true").json()["count"]
    assert counted == report.content["values"]["desk_total"]["numerator"]
    assert total.partition("/incidents/")[2].replace("&", "&amp;") in page

    failure = next(s for s in report.content["sections"] if s["wide"] == 1)["rows"][0][0]
    service_reports.approve_report(report=report, user=world.owner, now=FIRST)
    service_reports.send_report(report=report, user=world.owner, now=FIRST)
    seen = addresses(browse(world.requester))
    assert any(address.endswith(f"/{failure}/") for address in seen)
    assert not any("records=" in address for address in seen)


def test_files_say_what_the_page_says(report: ServiceReport) -> None:
    report.improvements, report.reason, report.version = "#1 *扩容* $x$ [月度]\n#2", "One was reopened", 2
    pdf, book = pdf_of(report), openpyxl.load_workbook(io.BytesIO(xlsx_of(report)))
    volumes = report.content["sections"][0]
    sheet = book.worksheets[1]

    assert pdf[:5] == b"%PDF-"
    assert [[cell.value or "" for cell in row] for row in sheet.iter_rows(min_row=2)] == volumes["rows"]
    assert all(cell.data_type != "f" for page in book.worksheets for row in page.iter_rows() for cell in row)
    cover = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]
    said = {value for row in cover for value in row}
    assert {report.content["customer"], report.content["period"], report.content["as_of"], "2"} <= said
    assert {"One was reopened", "#1 *扩容* $x$ [月度]", "#2"} <= said
    assert report.get_state_display() in said
    numbers = {row[0].value: row[2].value for row in book.worksheets[-1].iter_rows(min_row=2)}
    assert numbers == {code: value["numerator"] for code, value in report.content["values"].items()}
