"""Steps of a service report act on what was read: nothing is overwritten, cut or lost unseen."""

from __future__ import annotations

import io
import re
from typing import Any

import openpyxl
import pytest
from pypdf import PdfReader

from notifications.models import Delivery, Notice
from reports.models import ServiceReport
from reports.monthly import reports as service_reports
from reports.monthly.approving import waiting_for, waiting_for_all
from reports.monthly.files import pdf_of, xlsx_of
from tests.factories import World
from tests.reports.test_report_contacts import FIRST, draft_of

pytestmark = [pytest.mark.django_db, pytest.mark.req("RPT-02")]


@pytest.fixture
def report(world: World) -> ServiceReport:
    """March's report of the customer ``exchange``, who has a report contact."""
    customer = world.organisations["exchange"]
    customer.report_contacts.set([world.requester])
    return draft_of(customer)


class Tab:
    """The page of a report, opened once: what it posts names the line of the log that it showed then."""

    def __init__(self, client: Any, report: ServiceReport) -> None:
        self.client, self.url = client, f"/service-reports/{report.pk}/"
        self.show(client.get(self.url))

    def show(self, response: Any) -> Any:
        self.status, self.text = response.status_code, response.content.decode()
        self.seen = set(re.findall(r'name="seen" value="(\d+)"', self.text))
        return self

    def post(self, step: str, **typed: str) -> Any:
        [seen] = self.seen
        return self.show(self.client.post(f"{self.url}{step}/", {"seen": seen, **typed}))


def stored(report: ServiceReport) -> tuple[str, str, int]:
    """What a refusal must not change."""
    row = ServiceReport.objects.get(pk=report.pk)
    return row.state, row.improvements, row.log.count()


def test_a_second_tab_overwrites_nothing_unseen_and_keeps_what_was_typed(
    world: World, report: ServiceReport, browse: Any
) -> None:
    first, second = Tab(browse(world.manager), report), Tab(browse(world.owner), report)
    assert first.post("edit", improvements="更换磁盘").status == 302
    before = stored(report)

    second.post("edit", improvements="调整阈值")

    assert (second.status, stored(report)) == (409, before)
    assert f"{world.manager.display_name} wrote the improvement actions" in second.text
    assert ">\n调整阈值</textarea>" in second.text
    assert "<b>What stands there now</b><p>更换磁盘</p>" in second.text
    assert second.post("edit", improvements="更换磁盘，调整阈值").status == 302  # it has been read by now
    assert stored(report)[1] == "更换磁盘，调整阈值"


@pytest.mark.parametrize("step", ["approve", "recount"])
def test_only_what_was_read_is_approved_or_counted_anew(
    world: World, report: ServiceReport, browse: Any, step: str
) -> None:
    tab = Tab(browse(world.owner), report)
    service_reports.edit_report(report=report, user=world.manager, improvements="扩容", now=FIRST)
    before = stored(report)

    tab.post(step, reason="一单补录")

    assert (tab.status, stored(report)) == (409, before)
    assert world.manager.display_name in tab.text
    assert "It is a draft" in tab.text
    assert ("一单补录" in tab.text) == (step == "recount")
    assert tab.post(step, reason="一单补录").status == 302


def test_only_what_was_read_is_sent(world: World, report: ServiceReport, browse: Any) -> None:
    """Approved, read, written on and approved again: whoever read the first approval does not send the second."""
    service_reports.approve_report(report=report, user=world.manager, now=FIRST)
    tab = Tab(browse(world.manager), report)
    service_reports.edit_report(report=report, user=world.owner, improvements="扩容", now=FIRST)
    service_reports.approve_report(report=report, user=world.manager, now=FIRST)
    before = stored(report)

    tab.post("send")

    assert (tab.status, stored(report)) == (409, before)
    assert "It is approved: it can be sent" in tab.text
    assert tab.post("send").status == 302
    assert stored(report)[0] == "sent"


def test_what_was_typed_for_a_report_that_was_sent_meanwhile_is_not_lost(
    world: World, report: ServiceReport, browse: Any
) -> None:
    service_reports.approve_report(report=report, user=world.manager, now=FIRST)
    tab = Tab(browse(world.manager), report)
    service_reports.send_report(report=report, user=world.owner, now=FIRST)

    tab.post("edit", improvements="扩容\n迁移")

    assert tab.status == 409
    assert "It was sent: a correction is a new version." in tab.text
    assert "<b>What you typed</b><p>扩容<br>迁移</p>" in tab.text


def test_a_month_is_corrected_once_and_the_second_is_led_to_the_first(
    world: World, report: ServiceReport, browse: Any
) -> None:
    service_reports.approve_report(report=report, user=world.manager, now=FIRST)
    service_reports.send_report(report=report, user=world.owner, now=FIRST)
    tab = Tab(browse(world.owner), report)
    newer = service_reports.correct_report(report=report, user=world.manager, reason="一单补录", now=FIRST)

    tab.post("correct", reason="一单重开")

    assert (tab.status, ServiceReport.objects.filter(organisation=report.organisation).count()) == (409, 2)
    assert "There is a newer version already." in tab.text
    assert newer.get_absolute_url() in tab.text
    assert "一单重开" in tab.text


@pytest.mark.parametrize(("step", "name", "most"), [("edit", "improvements", 10_000), ("recount", "reason", 2_000)])
def test_text_that_is_too_long_is_refused_whole(
    world: World, report: ServiceReport, browse: Any, step: str, name: str, most: int
) -> None:
    """Neither the portal nor the browser cuts it."""
    tab, before = Tab(browse(world.manager), report), stored(report)
    assert "maxlength" not in re.findall(r"<textarea.*?>", tab.text)[0]

    tab.post(step, **{name: "长" * (most + 1)})

    assert (tab.status, stored(report)) == (422, before)
    assert "长" * (most + 1) in tab.text
    assert f'class="field-error" id="id_{step}_{name}_error"' in tab.text
    assert tab.post(step, **{name: "长" * most}).status == 302


def test_who_mistyped_has_not_read_what_came_since(world: World, report: ServiceReport, browse: Any) -> None:
    tab = Tab(browse(world.owner), report)
    service_reports.edit_report(report=report, user=world.manager, improvements="扩容", now=FIRST)
    assert tab.post("edit", improvements="长" * 10_001).status == 422
    assert tab.post("edit", improvements="长").status == 409
    assert stored(report)[1] == "扩容"


def test_a_step_that_does_not_say_what_was_read_is_refused(world: World, report: ServiceReport, browse: Any) -> None:
    tab, before = Tab(browse(world.manager), report), stored(report)

    tab.show(tab.client.post(f"{tab.url}edit/", {"improvements": "扩容"}))

    assert (tab.status, stored(report)) == (422, before)
    assert "Say which line of the log is the newest that you read." in tab.text
    assert ">\n扩容</textarea>" in tab.text
    assert tab.post("edit", improvements="扩容").status == 302


@pytest.mark.slow
def test_the_page_tells_its_status_in_the_reader_s_language_and_paper_in_the_customer_s(
    world: World, report: ServiceReport, browse: Any
) -> None:
    assert report.language == "zh-hans"
    page = Tab(browse(world.manager), report).text
    paper = "".join(one.extract_text() for one in PdfReader(io.BytesIO(pdf_of(report))).pages)
    book = openpyxl.load_workbook(io.BytesIO(xlsx_of(report)))
    cover = {cell.value for row in book.worksheets[0].iter_rows() for cell in row}

    assert f"Draft · version 1 · figures as of {report.content['as_of']}" in page
    assert "草稿 · 第 1 版" in paper
    assert "草稿" in cover
    assert not {"Draft", "State"} & cover


@pytest.mark.req("RPT-01")
def test_whoever_does_not_approve_sends_it_back_and_it_waits_again_once_it_was_mended(
    world: World, report: ServiceReport, browse: Any
) -> None:
    """With a reason, which those who work on reports are told; meanwhile it waits for nobody's approval."""
    writer, reader = Tab(browse(world.manager), report), browse(world.owner)
    assert writer.post("edit", improvements="更换磁盘").status == 302
    tab = Tab(reader, report)
    assert tab.post("return").status == 422
    assert [row.pk for row in waiting_for(world.owner)] == [report.pk]

    assert tab.post("return", reason="缺少容量数据").status == 302

    assert (stored(report)[0], report.log.latest("pk").reason) == ("draft", "缺少容量数据")
    assert (list(waiting_for(world.owner)), waiting_for_all()) == ([], {})
    told = Delivery.objects.filter(notice__event="service_report_returned", channel="portal")
    assert set(told.values_list("recipient__username", flat=True)) == {"manager", "admin"}
    mine = Tab(browse(world.manager), report)
    assert mine.post("return", reason="自己退回").status == 409
    asked = Notice.objects.filter(event="service_report_asked").count()
    assert Tab(browse(world.manager), report).post("edit", improvements="更换磁盘，补充容量").status == 302
    assert [row.pk for row in waiting_for(world.owner)] == [report.pk]
    assert Notice.objects.filter(event="service_report_asked").count() == asked + 1
