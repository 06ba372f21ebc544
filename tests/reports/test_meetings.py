"""Process meetings: figures as they were then, minutes, decisions; never changed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from reports.meetings.models import ProcessMeeting
from reports.quarters import Quarter
from tests.api.client import Api
from tests.factories import World
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.req("RPT-03")]
PAGE = "/boards/incidents/meetings/?quarter=2024-Q1"
SAID = {"held_at": "2024-04-10T09:00", "attendance": "A, B", "minutes": "Discussed.", "decisions": "More people."}


def test_quarters_are_named_and_the_last_that_is_over_is_the_usual_one() -> None:
    now = datetime(2024, 3, 31, 15, 0, tzinfo=UTC)
    assert Quarter.parse("", now).code == "2023-Q4"
    assert Quarter.parse("", datetime(2024, 3, 31, 16, 0, tzinfo=UTC)).code == "2024-Q1"
    assert Quarter.parse("2024-Q5", now).code == "2023-Q4"
    assert Quarter.parse("2024-Q4", now).moved(1).code == "2025-Q1"


@pytest.mark.slow
def test_meeting_keeps_the_figures_that_it_saw(world: World, browse: Any, month: dict[str, Any]) -> None:
    page = browse(world.manager)
    assert page.post(PAGE, SAID | {"minutes": ""}).status_code == 422
    assert page.post(PAGE, SAID | {"held_at": "2099-01-01T09:00"}).status_code == 422
    assert page.post(PAGE, SAID).status_code == 302
    meeting = ProcessMeeting.objects.get()
    seen = {row["id"]: row["value"] for row in meeting.figures}
    assert seen["desk_total"] == 9
    assert "changed since" not in page.get(PAGE).content.decode()

    Ticket.objects.filter(pk=month["quick"].pk).update(nature="complaint")

    shown = page.get(PAGE).content.decode()
    assert "changed since" in shown
    assert "More people." in shown
    answer = Api(world.manager).results("reports/meetings/?kind=incident&quarter=2024-Q1")
    assert {row["id"]: row["value"] for row in answer[0]["figures"]} == seen


def test_minutes_never_change(world: World) -> None:
    sent = Api(world.manager).post(
        "reports/meetings/?quarter=2024-Q1", SAID | {"held_at": "2024-04-10T09:00:00+08:00"}
    )
    assert sent.status_code == 201, sent.content
    with pytest.raises(DatabaseError), transaction.atomic():
        ProcessMeeting.objects.update(minutes="Other")


def test_who_sees_boards_reads_and_who_manages_reports_writes(world: World, browse: Any) -> None:
    assert browse(world.desk).get(PAGE).status_code == 200
    assert browse(world.desk).post(PAGE, SAID).status_code == 403
    assert Api(world.desk).post("reports/meetings/", SAID).status_code == 403
    assert Api(world.requester).get("reports/meetings/").status_code == 403
    assert Api(world.manager).get("reports/meetings/?kind=task").status_code == 404
