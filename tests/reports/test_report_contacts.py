"""Whom the service reports of a customer go to, and in which language (RPT-02)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from accounts.leaving import switch_off
from accounts.models import Organisation, User
from notifications.models import Delivery
from reports.models import ServiceReport
from reports.monthly import reports as service_reports
from tests.api.client import Api
from tests.factories import World, make_user
from tests.pages.conftest import browse

__all__ = ["browse"]

pytestmark = [pytest.mark.django_db, pytest.mark.req("RPT-02")]
FIRST = datetime(2024, 4, 1, 1, 0, tzinfo=UTC)
PAGE = "/service-reports/customers/exchange/"


@pytest.fixture
def customer(world: World) -> Organisation:
    return world.organisations["exchange"]


def draft_of(customer: Organisation) -> ServiceReport:
    customer.people.update(date_joined=FIRST - timedelta(days=90))
    service_reports.make_due(FIRST)
    return ServiceReport.objects.get(organisation=customer)


def newest(report: ServiceReport) -> int:
    """The newest line of its log."""
    return report.log.latest("pk").pk


def told(report: ServiceReport) -> set[User]:
    rows = Delivery.objects.filter(notice__key=f"service_report:{report.pk}")
    return {row.recipient for row in rows if row.recipient}


def test_who_sends_reports_says_to_whom_in_a_page_and_it_is_logged(
    world: World, customer: Organisation, browse: Any
) -> None:
    manager, foreign = browse(world.manager), world.requester2.username

    assert browse(world.desk).post(PAGE, {"language": "en"}).status_code == 403
    refused = manager.post(PAGE, {"language": "en", "contacts": [world.requester.username, foreign]})
    assert refused.status_code == 422
    assert f'value="{world.requester.username}" selected' in refused.content.decode()
    assert not customer.report_contacts.exists()
    done = manager.post(PAGE, {"language": "en", "contacts": [world.requester.username]}, follow=True)

    customer.refresh_from_db()
    assert (customer.report_language, list(customer.report_contacts.all())) == ("en", [world.requester])
    assert str(world.requester) in done.content.decode()
    entry = LogEntry.objects.latest("pk")
    assert (entry.user, world.requester.display_name in entry.change_message) == (world.manager, True)
    assert "report_language" in entry.change_message


def test_same_by_the_api(world: World, customer: Organisation) -> None:
    address = "reports/contacts/exchange/"
    body = {"language": "zh-hans", "contacts": [world.requester.username, world.people["colleague"].username]}

    assert Api(world.desk).post(address, body).status_code == 403
    assert Api(world.requester).get("reports/contacts/").status_code == 403
    assert Api(world.manager).post(address, {**body, "contacts": ["requester2"]}).status_code == 400
    answer = Api(world.manager).post(address, body).json()

    assert (answer["language"], [row["person"]["username"] for row in answer["contacts"]]) == (
        "zh-hans",
        body["contacts"],
    )
    listed = Api(world.desk).get("reports/contacts/").json()["results"]
    assert {row["organisation"]: len(row["contacts"]) for row in listed} == {"exchange": 2, "egov": 0}


def test_report_is_in_the_customers_language_and_goes_to_contacts_alone(
    world: World, customer: Organisation, browse: Any
) -> None:
    contact = make_user("reader", organisation=customer)  # may see no tickets of the customer but their own
    customer.report_contacts.set([contact])
    customer.interface_person = world.requester
    customer.report_language = "en"
    customer.save()
    report = draft_of(customer)
    assert (report.language, report.content["title"]) == ("en", "Service report")
    service_reports.approve_report(report=report, user=world.manager, now=FIRST)

    service_reports.send_report(report=report, user=world.manager, now=FIRST)

    assert told(report) == {contact}
    url = f"/service-reports/{report.pk}/"
    assert browse(contact).get(url).status_code == 200
    customer.report_contacts.clear()
    assert browse(contact).get(url).status_code == 404


def test_contact_who_left_or_lost_the_organisation_is_not_told_and_it_is_said(
    world: World, customer: Organisation, browse: Any
) -> None:
    left, moved, stays = (make_user(name, organisation=customer) for name in ("left", "moved", "stays"))
    customer.report_contacts.set([left, moved, stays])
    User.objects.filter(pk=left.pk).update(is_active=False)
    User.objects.filter(pk=moved.pk).update(organisation=world.organisations["egov"])
    report = draft_of(customer)
    service_reports.approve_report(report=report, user=world.manager, now=FIRST)
    page = browse(world.manager).get(f"/service-reports/{report.pk}/").content.decode()
    assert ("is not active any more" in page, "is of another organisation now" in page) == (True, True)

    service_reports.send_report(report=report, user=world.manager, now=FIRST)

    assert told(report) == {stays}
    report.refresh_from_db()
    assert [(row["name"], row["lost"]) for row in report.content["sent_to"]] == [
        ("Left", "left"),
        ("Moved", "elsewhere"),
        ("Stays", ""),
    ]
    assert browse(moved).get(f"/service-reports/{report.pk}/").status_code == 404


def test_nobody_to_tell_is_said_before_and_refused(world: World, customer: Organisation, browse: Any) -> None:
    report = draft_of(customer)
    service_reports.approve_report(report=report, user=world.manager, now=FIRST)
    manager, url = browse(world.manager), f"/service-reports/{report.pk}/"
    assert "Nobody would get this report" in manager.get(url).content.decode()

    refused = manager.post(f"{url}send/", {"seen": newest(report)})
    assert (refused.status_code, "Nobody would get it" in refused.content.decode()) == (409, True)

    report.refresh_from_db()
    assert report.state == "approved"


def test_draft_in_another_language_is_counted_anew(world: World, customer: Organisation, browse: Any) -> None:
    report = draft_of(customer)
    service_reports.edit_report(report=report, user=world.manager, improvements="扩容", now=FIRST)
    service_reports.approve_report(report=report, user=world.owner, now=FIRST)
    Organisation.objects.filter(pk=customer.pk).update(report_language="en")

    browse(world.manager).post(f"/service-reports/{report.pk}/recount/", {"seen": newest(report)})

    report.refresh_from_db()
    assert (report.language, report.content["title"], report.state) == ("en", "Service report", "draft")
    assert report.improvements == "扩容"


def test_contact_who_is_switched_off_leaves_and_it_is_listed(world: World, customer: Organisation) -> None:
    customer.report_contacts.set([world.requester])

    found = switch_off(user=world.requester, by=world.admin, now=timezone.now())

    assert [(one.kind, one.name) for one in found if one.kind == "reports"] == [("reports", str(customer))]
    assert not customer.report_contacts.exists()
