"""Moments that people usually mean stand beside the field in which they would have to be typed (INC-19, TKT-08)."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from itsm.web.widgets import MomentInput, usual_moments

SHANGHAI = ZoneInfo("Asia/Shanghai")
pytestmark = pytest.mark.req("INC-19")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-25 16:40", ["11-25 17:40", "11-25 20:40", "11-26 09:00", "11-30 09:00"]),  # a Wednesday
        ("2026-11-29 23:30", ["11-30 00:30", "11-30 03:30", "11-30 09:00"]),  # on Sunday tomorrow is Monday
        ("2026-11-30 08:00", ["11-30 09:00", "11-30 12:00", "12-01 09:00", "12-07 09:00"]),  # on Monday: the next
    ],
)
def test_usual_moments_are_those_that_people_mean(now: str, expected: list[str]) -> None:
    found = usual_moments(datetime.fromisoformat(now).replace(tzinfo=SHANGHAI))

    assert [f"{moment:%m-%d %H:%M}" for _label, moment in found] == expected


def test_only_moments_ahead_have_buttons() -> None:
    assert str(MomentInput(ahead=True).render("until", None)).count("data-moment=") >= 3
    assert "data-moment" not in str(MomentInput().render("until", None))
