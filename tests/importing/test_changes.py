"""The history of another product becomes changes: rows of items, services and items made as needed, nobody told."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from changes.informing.models import AffectedNotice
from changes.models import Change
from cmdb.models import BusinessSystem, ConfigurationItem
from notifications.models import Notice
from sla.models import Clock
from tests.importing.exports import run_import, write_export
from tickets.models import AffectedItem, TimelineEntry

pytestmark = pytest.mark.django_db
LOG = settings.BASE_DIR.parent / "shared" / "data" / "rabobank_changes.csv.gz"
HEAD = (
    *("change", "type", "risk", "emergency", "cab_needed", "originated_from", "opened", "closed", "planned_start"),
    *("planned_end", "actual_start", "actual_end", "requested_end", "downtime_start", "downtime_end"),
    *("related_incidents", "related_interactions", "ci", "ci_type", "ci_subtype", "service_component"),
)


def row(number: str, ci: str = "SRV1", service: str = "WBS1", **cells: str) -> dict[str, str]:
    """A row of the export: a standard change of an evening."""
    at = {name: f"2013-09-28T{hour}:30:00.000+02:00" for name, hour in HOURS.items()}
    plain = {"type": "Standard Change Type 9", "risk": "Minor Change", "emergency": "false", "cab_needed": "false"}
    return dict.fromkeys(HEAD, "") | at | plain | {"change": number, "ci": ci, "service_component": service} | cells


HOURS = {
    **{"opened": "09", "planned_start": "20", "planned_end": "22"},
    **{"actual_start": "20", "actual_end": "23", "closed": "23"},
}


def imported(tmp_path: Path, *rows: dict[str, str]) -> str:
    """What the command says of ``rows``."""
    return run_import(write_export(tmp_path / "log.csv", rows), mapping="rabobank_changes")


@pytest.mark.req("CHG-01", "CHG-05")
def test_a_change_comes_with_its_window_items_and_services_and_tells_nobody(tmp_path: Path) -> None:
    out = imported(tmp_path, row("C1"), row("C1", ci="SRV2", service="WBS2"), row("C2", emergency="true"))
    assert "2 changes" in out
    change = Change.objects.get(external_number="C1")
    assert (change.state, change.phase, change.change_type_id, change.risk) == ("closed", "closed", "standard", "low")
    assert [f"{at:%H:%M}" for at in (change.planned_start, change.planned_end, change.actual_end) if at] == [
        "18:30",
        "20:30",
        "21:30",
    ]
    assert change.resolved_at == change.actual_end
    assert set(change.items.values_list("name", "business_system__name_en")) == {("SRV1", "WBS1"), ("SRV2", "WBS2")}
    assert change.business_system is not None
    assert (change.business_system.name_en, change.business_system.active) == ("WBS1", False)
    states = TimelineEntry.objects.filter(ticket=change.pk).order_by("pk").values_list("state_to", flat=True)
    assert list(states) == ["draft", "implementing", "implemented", "closed"]
    assert Change.objects.get(external_number="C2").change_type_id == "emergency"
    assert not any(model.objects.exists() for model in (Notice, Clock, AffectedNotice))
    assert imported(tmp_path, row("C1"), row("C2")).count("were there already")
    assert BusinessSystem.objects.filter(name_en__startswith="WBS").count() == 2


@pytest.mark.req("CHG-05")
def test_the_past_collides_only_when_it_is_asked_for(tmp_path: Path) -> None:
    """Same item: soft; same service: note; one after the other: nothing. In every grade a change counts once."""
    late = {
        name: f"2013-09-28T{hour}:30:00.000+02:00" for name, hour in (("planned_start", "22"), ("planned_end", "23"))
    }
    imported(
        tmp_path,
        row("C1"),
        row("C2"),
        row("C3", ci="SRV9"),
        row("C4", ci="SRV8", service="WBS8"),
        row("C5", **late),
    )
    span = ("--from", "2013-09-01", "--to", "2013-10-01")
    assert counted(*span) == {"changes": 0, "hard": (0, 0), "soft": (0, 0), "note": (0, 0)}
    assert counted(*span, "--over") == {"changes": 5, "hard": (0, 0), "soft": (2, 1), "note": (3, 3)}
    out = StringIO()
    call_command("collisions", *span, "--over", stdout=out)
    assert "soft  2 changes (40.0%), 1 collisions" in out.getvalue()


def counted(*options: str) -> dict[str, Any]:
    """(changes, pairs) by grade."""
    out = StringIO()
    call_command("collisions", *options, "--shares", "--json", stdout=out)
    found = json.loads(out.getvalue())
    return {"changes": found.pop("changes"), **{grade: (one["changes"], one["pairs"]) for grade, one in found.items()}}


@pytest.mark.slow
@pytest.mark.req("CHG-05")
@pytest.mark.skipif(not LOG.exists(), reason="the log of the bank is not beside the product")
def test_the_whole_log_of_a_bank(capsys: pytest.CaptureFixture[str]) -> None:
    """11,997 changes; what the grades make of them is printed."""
    out = run_import(LOG, mapping="rabobank_changes")
    assert "11,997 changes" in out
    assert Change.objects.count() == 11_997
    assert AffectedItem.objects.count() > 20_000
    assert ConfigurationItem.objects.filter(identifier__startswith="rabobank-").count() == 8_525
    assert not Notice.objects.exists()
    found = counted("--from", "2013-10-01", "--to", "2014-04-01", "--over")
    with capsys.disabled():
        text = ", ".join(f"{grade} {found[grade][0] / found['changes']:.1%}" for grade in ("hard", "soft", "note"))
        print(f"\n{found['changes']} changes: {text}")  # noqa: T201 - shown
