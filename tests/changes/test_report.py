"""The monthly report of changes: figures, success by group and template, analysis, the manager's words (CHG-10)."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from changes.models import Change, MonthlyWords
from changes.monthly.papers import report_of
from tests.api.client import Api, problem
from tests.changes.making import later, request
from tests.changes.test_measures import month
from tests.factories import MONDAY, World, act, reload_user
from tickets.figures.months import Month

__all__ = ["month"]
pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-10")]
NOVEMBER = "2026-11"


@pytest.mark.slow
def test_figures_and_tables_of_the_month(month: World) -> None:
    api = Api(month.manager)
    said = api.get(f"change-report/?month={NOVEMBER}").json()
    figures = dict(said["figures"])
    assert {"50 % (1/2)", "67 % (2/3)", "20 % (1/5)"} <= set(figures.values())
    assert [(row["succeeded"], len(row["changes"])) for row in said["templates"]] == [(0, 1)]
    assert sum(len(row["changes"]) for row in said["groups"]) == 3
    assert [row["minutes"] for row in said["interruptions"]] == [35]
    bands = said["calibration"]["bands"]
    assert (sum(band["total"] for band in bands), sum(band["trouble"] for band in bands)) == (2, 2)
    december = api.get("change-report/?month=2026-12").json()
    assert (december["analysis"], december["groups"]) == ([], [])


@pytest.mark.slow
def test_the_analysis_says_what_went_wrong_and_why(month: World) -> None:
    change: Any = act(request(month), "submit", month.lead, now=MONDAY)
    act(change, "send_back", month.people["changer"], now=later(2), text="缺少影响说明")
    report = report_of(Month.parse(NOVEMBER, MONDAY), reload_user(month.manager))
    facts = {tuple(one.number for one in fact.changes): fact for fact in report.facts}
    assert facts[(change.number,)].quotes == [(change.number, "缺少影响说明")]
    backed_out = Change.objects.get(result="backed_out")
    assert any(backed_out.number in numbers for numbers in facts)
    emergency = Change.objects.get(change_type="emergency")
    assert any(emergency.number in numbers for numbers in facts)
    assert len(report.facts) >= 5


@pytest.mark.slow
def test_the_managers_words_are_kept_and_printed(month: World, client: Client) -> None:
    changer = month.people["changer"]
    client.force_login(reload_user(changer))
    address = f"/changes/report/?month={NOVEMBER}"
    assert client.post(address, {"text": ""}).status_code == 422
    for text in ("审批太慢", "审批太慢，下月增加代理人"):
        assert client.post(address, {"text": text}).status_code == 302
    page = client.get(address).content.decode()
    assert "审批太慢，下月增加代理人" in page
    assert MonthlyWords.objects.count() == 2
    with pytest.raises(DatabaseError), transaction.atomic():
        MonthlyWords.objects.update(text="x")

    client.force_login(reload_user(month.manager))
    assert client.get(f"{address}&format=pdf").content[:4] == b"%PDF"
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{address}&format=xlsx").content))
    cells = {str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "审批太慢，下月增加代理人" in cells
    client.force_login(reload_user(month.engineer))
    assert client.post(address, {"text": "x"}).status_code == 403
    made = Api(changer).post("change-report/", {"month": NOVEMBER, "text": "由程序写入"})
    assert made.status_code == 201, made.content
    assert Api(month.manager).get(f"change-report/?month={NOVEMBER}").json()["words"]["text"] == "由程序写入"


@pytest.mark.slow
@pytest.mark.req("ORG-03")
def test_it_is_for_staff(month: World, client: Client) -> None:
    for person in (month.requester, month.approver):
        client.force_login(reload_user(person))
        assert client.get("/changes/report/").status_code == 403
        assert problem(Api(person).get("change-report/"), 403)
