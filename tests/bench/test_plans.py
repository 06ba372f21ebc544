"""Reading plans: what must be found in the answer of EXPLAIN."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from accounts.models import Organisation
from bench import plans


def node(name: str, **more: Any) -> dict[str, Any]:
    return {"Node Type": name, "Actual Rows": 5, "Actual Loops": 1, "Actual Total Time": 1.0, **more}


def answer(root: dict[str, Any]) -> dict[str, Any]:
    return {"Plan": root, "Planning Time": 0.5, "Execution Time": 1.5}


@pytest.mark.req("TKT-03")
def test_sequential_scan_of_a_big_table_is_found_below_other_nodes() -> None:
    scan = node("Parallel Seq Scan", **{"Relation Name": "tickets_ticket", "Rows Removed by Filter": 7})
    plan = plans.read_plan("SELECT", answer(node("Limit", Plans=[scan])), {"tickets_ticket"})
    assert plan.sequential == ["tickets_ticket: 12 rows"]
    assert plan.rows_read == 12


def test_sequential_scan_of_a_small_table_is_no_fault() -> None:
    scan = node("Seq Scan", **{"Relation Name": "tickets_priority"})
    assert plans.read_plan("SELECT", answer(scan), {"tickets_ticket"}).sequential == []


@pytest.mark.django_db
def test_statements_are_counted() -> None:
    with plans.counting() as counter:
        list(Organisation.objects.all())
        list(Organisation.objects.all())
    assert counter.statements == 2


@pytest.mark.django_db
def test_explaining_runs_the_statement_once() -> None:
    with plans.explaining() as found:
        Organisation.objects.create(code="one", kind="customer", name_zh="一", name_en="One")
    assert len(found) == 1
    assert Organisation.objects.filter(code="one").count() == 1
    assert connection.execute_wrappers == []
