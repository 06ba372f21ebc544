"""What a form read stands in the timeline as text and numbers, whatever its fields give."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tickets.forms import json_value


@pytest.mark.req("TKT-03")
@pytest.mark.parametrize(
    ("value", "stands"),
    [
        (datetime(2026, 11, 30, 8, tzinfo=UTC), "2026-11-30T08:00:00+00:00"),
        (date(2026, 11, 30), "2026-11-30"),
        (time(8, 30), "08:30:00"),
        (timedelta(minutes=90), 5400.0),
        (Decimal("12.50"), "12.50"),
        ([date(2026, 1, 2), None, True, 3, "x"], ["2026-01-02", None, True, 3, "x"]),
    ],
)
def test_every_value_that_a_form_can_read_can_be_stored(value: Any, stands: Any) -> None:
    assert json_value(value) == stands
    assert json.loads(json.dumps(json_value(value))) == stands
