"""Monthly reports of customers: made once, approved by another, sent, frozen."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from typing import Any

import openpyxl
import pytest
from django.db import InternalError, transaction

from notifications.models import Notice
from reports.models import ServiceReport
from reports.monthly import reports as service_reports
from reports.monthly.files import pdf_of, xlsx_of
from tests.api.client import Api
from tests.factories import World, reload_user
from tests.reports.conftest import HOUR

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


def test_reports_are_made_once_on_the_first_working_day_and_marked_when_late(world: World) -> None:
    assert str(service_reports.first_working_day(date(2024, 5, 1))) == "2024-05-06"
    assert service_reports.make_due(datetime(2024, 5, 3, tzinfo=UTC)) == []
    made = service_reports.make_due(FIRST)
    assert {(r.organisation.code, str(r.month), r.is_late) for r in made} == {
        ("exchange", "2024-03-01", False),
        ("egov", "2024-03-01", False),
    }
    assert service_reports.make_due(FIRST + HOUR) == []
    ServiceReport.objects.all().delete()
    assert {r.is_late for r in service_reports.make_due(LATE)} == {True}


def test_report_has_the_numbers_of_the_board_and_keeps_them(world: World, report: ServiceReport) -> None:
    query = "reports/incident-kpis/?from=2024-03-01&to=2024-04-01&organisation=exchange"
    board = {row["id"]: row for row in Api(world.manager).get(query).json()["results"]}
    values = report.content["values"]

    internal = {"person_total", "person_overdue_open", "handed_on"}
    internal |= {"dispatch_kept", "notices_late", "work_time", "work_time_mean"}
    assert set(board) - set(values) == internal
    for code, row in values.items():
        assert (row["numerator"], row["denominator"]) == (board[code]["numerator"], board[code]["denominator"]), code
    failures = next(s for s in report.content["sections"] if s["wide"] == 1)
    assert len(failures["rows"]) == 1


def test_report_is_approved_by_another_than_who_wrote_and_sent_to_the_customer(
    world: World, report: ServiceReport, browse: Any
) -> None:
    manager, owner, customer = browse(world.manager), browse(world.owner), browse(world.requester)
    url = f"/service-reports/{report.pk}/"
    assert browse(world.desk).post(f"{url}approve/").status_code == 403
    assert customer.get(url).status_code == 404
    manager.post(f"{url}edit/", {"improvements": "#1 更换磁盘\n=1+1"})
    manager.post(f"{url}approve/")
    report.refresh_from_db()
    assert report.state == "draft"
    owner.post(f"{url}send/")
    owner.post(f"{url}approve/")
    owner.post(f"{url}send/")
    report.refresh_from_db()

    assert (report.state, report.approved_by) == ("sent", world.owner)
    assert Notice.objects.filter(key=f"service_report:{report.pk}").count() == 1
    assert customer.get(url).status_code == 200
    assert browse(world.requester2).get(url).status_code == 404
    assert [r.pk for r in service_reports.visible_to(reload_user(world.requester))] == [report.pk]
    manager.post(f"{url}edit/", {"improvements": "other"})
    with pytest.raises(InternalError), transaction.atomic():
        ServiceReport.objects.filter(pk=report.pk).update(improvements="other")
    manager.post(f"{url}correct/", {"reason": "一单后来重开"})
    newer = ServiceReport.objects.get(organisation=report.organisation, version=2)
    assert (newer.state, newer.reason) == ("draft", "一单后来重开")


def test_files_say_what_the_page_says(report: ServiceReport) -> None:
    report.improvements = "#1 *扩容* $x$ [月度]"
    pdf, book = pdf_of(report), openpyxl.load_workbook(io.BytesIO(xlsx_of(report)))
    volumes = report.content["sections"][0]
    sheet = book.worksheets[0]

    assert pdf[:5] == b"%PDF-"
    assert [[cell.value or "" for cell in row] for row in sheet.iter_rows(min_row=2)] == volumes["rows"]
    assert all(cell.data_type != "f" for page in book.worksheets for row in page.iter_rows() for cell in row)
    numbers = {row[0].value: row[2].value for row in book.worksheets[-1].iter_rows(min_row=2)}
    assert numbers == {code: value["numerator"] for code, value in report.content["values"].items()}
