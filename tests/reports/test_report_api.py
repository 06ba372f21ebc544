"""Service reports for programs: what the pages show, the steps with the same refusals, customers kept apart."""

from __future__ import annotations

import io
from typing import Any

import pytest
from pypdf import PdfReader

from reports.models import ServiceReport
from reports.monthly import reports as service_reports
from tests.api.client import Api, problem
from tests.factories import World, make_user
from tests.reports.test_report_contacts import FIRST, draft_of

pytestmark = [pytest.mark.django_db, pytest.mark.req("RPT-02", "API-01")]

LIST_QUERIES = 4
STAFF_ONLY = {"log", "goes_to", "customer_language", "seen", "actions", "approvers"}


@pytest.fixture
def report(world: World) -> ServiceReport:
    """March's draft for the customer ``exchange``, who has a report contact; ``egov`` has one, too."""
    customer = world.organisations["exchange"]
    customer.report_contacts.set([world.requester])
    world.organisations["egov"].people.update(date_joined=FIRST.replace(year=2023))
    return draft_of(customer)


def send(report: ServiceReport, world: World) -> None:
    """Approve and send it."""
    service_reports.approve_report(report=report, user=world.manager, now=FIRST)
    service_reports.send_report(report=report, user=world.owner, now=FIRST)


def test_staff_find_reports_by_customer_month_and_state(world: World, report: ServiceReport) -> None:
    api = Api(world.manager)

    def found(query: str) -> list[tuple[str, str, str]]:
        rows = api.results(f"service-reports/?{query}")
        return sorted((row["customer"]["code"], row["month"], row["state"]) for row in rows)

    service_reports.approve_report(report=report, user=world.manager, now=FIRST)
    both = [("egov", "2024-03", "draft"), ("exchange", "2024-03", "approved")]
    assert found("month=2024-03") == both
    assert found("month=2024-02") == []
    assert found("customer=exchange") == both[1:]
    assert found("state=draft") == both[:1]
    assert "month" in problem(api.get("service-reports/?month=march"), 400)["errors"]


@pytest.mark.parametrize("rows", [1, 3])
def test_list_takes_the_same_queries_for_one_row_and_three(
    world: World, report: ServiceReport, django_assert_num_queries: Any, rows: int
) -> None:
    send(report, world)
    for _more in range(rows - 1):
        newest = ServiceReport.objects.filter(organisation=report.organisation).order_by("-version")[0]
        send(service_reports.correct_report(report=newest, user=world.desk, reason="x", now=FIRST), world)
    api = Api(world.manager)
    api.get("service-reports/")

    with django_assert_num_queries(LIST_QUERIES):
        found = api.results("service-reports/?state=sent")

    assert len(found) == rows


def test_one_report_says_what_the_page_says_and_who_can_do_what_next(
    world: World, report: ServiceReport, django_assert_num_queries: Any
) -> None:
    service_reports.edit_report(report=report, user=world.manager, improvements="扩容", now=FIRST)
    api = Api(world.manager)
    api.get(f"service-reports/{report.pk}/")

    with django_assert_num_queries(12):
        read = api.get(f"service-reports/{report.pk}/").json()

    assert [section["rows"] for section in read["sections"]] == [one["rows"] for one in report.content["sections"]]
    assert read["values"] == report.content["values"]
    assert (read["improvements"], read["state"], read["version"]) == ("扩容", "draft", 1)
    assert [(line["what"], line["id"] == read["seen"]) for line in read["log"]] == [("edited", True), ("made", False)]
    assert read["goes_to"] == [{"name": str(world.requester), "lost": ""}]
    assert read["actions"] == ["edit", "recount"]  # who wrote does not approve
    assert {one["username"] for one in read["approvers"]} == {"admin", "owner"}
    assert Api(world.owner).get(f"service-reports/{report.pk}/").json()["actions"] == [
        "approve",
        "return",
        "edit",
        "recount",
    ]
    assert Api(world.desk).get(f"service-reports/{report.pk}/").json()["actions"] == []


def test_customers_see_what_was_sent_to_their_own_organisation_and_nothing_of_how_it_was_made(
    world: World, report: ServiceReport
) -> None:
    address = f"service-reports/{report.pk}/"
    customer, other = Api(world.requester), Api(world.requester2)
    assert customer.results("service-reports/") == []
    for door in ("", "pdf/", "xlsx/"):
        problem(customer.get(f"{address}{door}"), 404)
    problem(customer.post(f"{address}approve/", {"seen": 1}), 404)

    send(report, world)

    assert [row["id"] for row in customer.results("service-reports/")] == [report.pk]
    read = customer.get(address).json()
    assert not STAFF_ONLY & read.keys()
    assert not any("records=" in link for section in read["sections"] for link in section["links"])
    assert any("records=" in link for one in Api(world.desk).get(address).json()["sections"] for link in one["links"])
    problem(customer.post(f"{address}correct/", {"seen": 1, "reason": "x"}), 403)
    for stranger in (other, Api(make_user("reader", organisation=report.organisation)), Api(world.vendor)):
        assert stranger.results("service-reports/") == []
        assert stranger.results("service-reports/?customer=exchange") == []
        for door in ("", "pdf/", "xlsx/"):
            problem(stranger.get(f"{address}{door}"), 404)


@pytest.mark.slow
def test_files_are_those_of_the_page(world: World, report: ServiceReport) -> None:
    pdf, xlsx = (Api(world.manager).get(f"service-reports/{report.pk}/{form}/") for form in ("pdf", "xlsx"))
    assert (pdf["Content-Type"], xlsx.content[:2]) == ("application/pdf", b"PK")
    assert pdf["Content-Disposition"] == 'attachment; filename="exchange-2024-03-v1.pdf"'
    assert report.content["customer"] in PdfReader(io.BytesIO(pdf.content)).pages[0].extract_text()


def test_a_report_goes_its_whole_way_and_every_step_names_what_was_read(world: World, report: ServiceReport) -> None:
    manager, owner, address = Api(world.manager), Api(world.owner), f"service-reports/{report.pk}/"
    first = owner.get(address).json()["seen"]
    written = manager.post(f"{address}edit/", {"seen": first, "improvements": "扩容"}).json()

    refused = problem(owner.post(f"{address}approve/", {"seen": first}), 409)
    assert world.manager.display_name in refused["detail"]
    assert refused["possible"] == ["approve", "return", "edit", "recount"]
    problem(manager.post(f"{address}approve/", {"seen": written["seen"]}), 409)
    assert "seen" in problem(owner.post(f"{address}approve/"), 400)["errors"]
    problem(Api(world.desk).post(f"{address}approve/", {"seen": written["seen"]}), 403)

    counted = manager.post(f"{address}recount/", {"seen": written["seen"], "reason": "一单补录"}).json()
    approved = owner.post(f"{address}approve/", {"seen": counted["seen"]}).json()
    assert (approved["state"], approved["approved_by"]["username"], approved["actions"][0]) == (
        "approved",
        "owner",
        "send",
    )
    sent = owner.post(f"{address}send/", {"seen": approved["seen"]}).json()
    assert (sent["state"], sent["actions"], sent["improvements"]) == ("sent", ["correct"], "扩容")
    newer = manager.post(f"{address}correct/", {"seen": sent["seen"], "reason": "一单重开"}).json()
    assert (newer["version"], newer["reason"], newer["state"], newer["improvements"]) == (
        2,
        "一单重开",
        "draft",
        "扩容",
    )
    again = problem(manager.post(f"{address}correct/", {"seen": sent["seen"], "reason": "一单重开"}), 409)
    assert again["possible"] == []


def test_input_is_checked_as_on_the_page_and_what_is_left_out_stays(world: World, report: ServiceReport) -> None:
    manager, address = Api(world.manager), f"service-reports/{report.pk}/"
    seen = manager.get(address).json()["seen"]
    long = {"seen": seen, "improvements": "长" * 10_001}
    assert "improvements" in problem(manager.post(f"{address}edit/", long), 400)["errors"]
    assert "reason" in problem(manager.post(f"{address}recount/", {"seen": seen}), 400)["errors"]
    assert "colour" in problem(manager.post(f"{address}edit/", {"seen": seen, "colour": "red"}), 400)["errors"]
    report.refresh_from_db()
    assert (report.improvements, report.log.count()) == ("", 1)

    written = manager.post(f"{address}edit/", {"seen": seen, "improvements": "扩容"}).json()
    assert manager.post(f"{address}edit/", {"seen": written["seen"]}).json()["improvements"] == "扩容"


def test_a_step_that_is_sent_twice_is_taken_once(world: World, report: ServiceReport) -> None:
    manager, address = Api(world.manager), f"service-reports/{report.pk}/"
    body = {"seen": manager.get(address).json()["seen"], "improvements": "扩容"}

    first, again = (manager.post(f"{address}edit/", body, idempotency_key="april") for _time in range(2))

    assert (first.json(), again.json()["seen"], report.log.count()) == (again.json(), first.json()["seen"], 2)
