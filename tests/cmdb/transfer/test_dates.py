"""Dates of spreadsheets under each reading; where more than one fits, a person chooses first (CMDB-05)."""

from __future__ import annotations

from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from cmdb.models import ConfigurationItem
from cmdb.transfer.dates import DateColumn, DateReading, read_date, survey
from tests.factories import World

pytestmark = pytest.mark.req("CMDB-05")
HEAD = "identifier,ci_class,name,status,End of warranty\n"
AMBIGUOUS = HEAD + "A,server,a,in_use,03/04/2026\nB,server,b,in_use,05/04/2026\nC,server,c,in_use,02/06/2026\n"


def numbers(column: DateColumn) -> dict[str, tuple[int, int]]:
    """Impossible and out of order, by reading."""
    return {fit.reading.value: (fit.impossible, fit.disordered) for fit in column.fits}


@given(st.dates(date(1927, 5, 18), date(2173, 10, 13)))
def test_each_reading_gives_the_day_back(day: date) -> None:
    iso = day.isoformat()
    written = {
        "day-month": f"{day.day}.{day.month}.{day.year}",
        "month-day": f"{day.month:02}/{day.day:02}/{day.year}",
        "serial": str((day - date(1899, 12, 30)).days),
    }
    for reading, text in written.items():
        assert read_date(text, reading) == iso
        assert read_date(text, "iso") is None
        assert read_date(iso, reading) == read_date(f"{day.year}年{day.month}月{day.day}日", reading) == iso


def test_a_column_is_counted_under_each_reading() -> None:
    column = survey("x", ["03/04/2026", "", "05/04/2026", "02/06/2026"])
    assert numbers(column) == {"iso": (3, 0), "day-month": (0, 0), "month-day": (0, 1), "serial": (3, 0)}
    assert column.possible == [DateReading.DAY_MONTH, DateReading.MONTH_DAY]
    assert column.used is None
    assert [fit.example for fit in column.fits][1:3] == [("03/04/2026", "2026-04-03"), ("03/04/2026", "2026-03-04")]
    assert survey("x", ["03/04/2026"], "month-day").used == "month-day"


@pytest.mark.parametrize(
    ("cells", "used"),
    [
        (["2026-02-28", "2026/3/1"], "iso"),
        (["03/04/2026", "13/04/2026"], "day-month"),
        (["03/04/2026", "04/13/2026"], "month-day"),
        (["05/05/2026"], "day-month"),  # the same day either way
        (["46348"], "serial"),
        (["2026", "nonsense", "31/31/2026"], "iso"),  # a date under none: each row is refused with its reason
        (["13/04/2026", "04/13/2026"], None),
        (["46348", "13/04/2026"], None),
        ([], "iso"),
    ],
)
def test_only_a_single_reading_is_taken_unasked(cells: list[str], used: str | None) -> None:
    assert survey("x", cells).used == used


@pytest.mark.django_db
def test_the_command_refuses_with_the_choices_and_reads_as_told(world: World, tmp_path: Path) -> None:
    path, out = tmp_path / "x.csv", StringIO()
    path.write_text(AMBIGUOUS)
    with pytest.raises(CommandError, match="End of warranty"):
        call_command("import_items", path, stdout=out)
    assert "End of warranty: day-month 0 impossible, 0 out of order; 03/04/2026 = 2026-04-03" in out.getvalue()
    assert "End of warranty: month-day 0 impossible, 1 out of order; 03/04/2026 = 2026-03-04" in out.getvalue()
    for wrong in ("day", "name=day-month"):
        with pytest.raises(CommandError):
            call_command("import_items", path, dates=[wrong], stdout=out)
    assert not ConfigurationItem.objects.exists()

    call_command("import_items", path, dates=["End of warranty=month-day"], stdout=out, stderr=out)
    call_command(
        "import_items", path, dates=["day-month"], stdout=out, stderr=out, by=world.admin.username, correction="r"
    )
    ends = ConfigurationItem.objects.order_by("identifier").values_list("attributes__warranty_end", flat=True)
    assert list(ends) == ["2026-04-03", "2026-04-05", "2026-06-02"]


@pytest.mark.django_db
def test_the_page_asks_and_reads_as_told(world: World) -> None:
    client, url = Client(), reverse("cmdb:import")
    client.force_login(world.admin)

    def sent(**more: str) -> dict[str, object]:
        return {"items": SimpleUploadedFile("x.csv", AMBIGUOUS.encode()), "write": "1", **more}

    asked = client.post(url, sent(), follow=True)
    assert "dates:End of warranty" in asked.context["form"].errors
    [column] = asked.context["report"]["dates"]
    fits = {fit["reading"]: (fit["impossible"], fit["disordered"]) for fit in column["fits"]}
    assert fits["month-day"] == (0, 1)
    assert not ConfigurationItem.objects.exists()
    again = client.post(url, sent(**{"dates:End of warranty": ""}), follow=True)
    assert "dates:End of warranty" in again.context["form"].errors
    assert client.post(url, sent(**{"dates:End of warranty": "other"})).status_code == 422
    client.post(url, sent(**{"dates:End of warranty": "day-month"}))
    assert ConfigurationItem.objects.get(identifier="A").attributes["warranty_end"] == "2026-04-03"
