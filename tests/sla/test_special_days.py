"""Special days as people type them: names of any kind, hours parted as one likes; what cannot be read says why."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils.translation import override

from sla.calendars.forms import CalendarForm
from sla.calendars.publishing import Content

pytestmark = pytest.mark.req("SLM-01")

CONTENT = Content("Asia/Shanghai", week=((),) * 7)


def form_of(*lines: str) -> CalendarForm:
    return CalendarForm({"zone": "Asia/Shanghai", "days": "\n".join(lines)}, content=CONTENT, year=2026)


def test_names_begin_with_anything_and_hours_are_parted_by_what_people_type() -> None:
    form = form_of(
        "2026-10-01 - 2026年国庆节", "2026-10-10 09:00-12:00,13:00-18:00 补班", "2026-10-11 09:00-12:00；13:00-18:00"
    )
    assert form.is_valid(), form.errors
    days = form.cleaned_data["days"]
    assert (days[date(2026, 10, 1)].intervals, days[date(2026, 10, 1)].label) == ((), "2026年国庆节")
    both = ((540, 720), (780, 1080))
    assert (days[date(2026, 10, 10)].intervals, days[date(2026, 10, 10)].label) == (both, "补班")
    assert (days[date(2026, 10, 11)].intervals, days[date(2026, 10, 11)].label) == (both, "")


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["国庆节"], "begins with no date"),
        (["2026-10-01 国庆节"], "begins with no date"),
        (["2026-02-30 - x"], "no such date"),
        (["2027-10-01 - x"], "another year"),
        (["2026-10-01 12:00-09:00 x"], "behind its beginning"),
        (["2026-10-01 09:00-24:30 x"], "behind its beginning"),
        (["2026-10-01 - x", "2026-10-01 09:00-12:00 y"], "stands twice"),
    ],
)
def test_what_cannot_be_read_says_why(lines: list[str], reason: str) -> None:
    with override("en"):
        form = form_of(*lines)
        assert not form.is_valid()
        said = str(form.errors["days"])
    assert reason in said
    assert lines[-1] in said
