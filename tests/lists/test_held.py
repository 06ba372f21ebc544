"""Who had a ticket when its limit passed: in lists, in exports and among the failures of the service report."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from exporting.sources import SOURCES
from reports.monthly.content import content_of
from tests.factories import World, act, incident_in
from tests.reports.conftest import MARCH
from tickets.models import Ticket
from tickets.queues.columns import COLUMNS, with_columns

pytestmark = [pytest.mark.django_db, pytest.mark.req("RPT-01")]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CODE = "held_at_limit"


def shown(ticket: Any) -> str:
    column = COLUMNS[CODE]
    return str(column.value(with_columns(Ticket.objects.filter(pk=ticket.pk), [column]).get()))


def test_the_one_who_had_it_at_the_limit_is_named_whoever_has_it_now(world: World) -> None:
    late = incident_in("in_progress", world, now=MARCH + 3 * DAY)
    limit = late.planned_completion_at
    assert limit
    holder, person = str(late.group), str(late.assignee)
    kept = incident_in("closed", world, now=MARCH + 3 * DAY)
    act(late, "hand_over", world.manager, now=limit + HOUR, group="network", text="x")

    assert shown(late) == f"{holder} · {person}"
    assert shown(kept) == ""
    assert CODE in SOURCES["tickets"].columns(world.manager)
    assert CODE not in SOURCES["tickets"].columns(world.requester)
    content = content_of(world.organisations["exchange"], date(2024, 3, 1), "zh-hans", MARCH + 31 * DAY)
    failures = next(s for s in content["sections"] if s["wide"] == 1)
    assert [(row[0], row[-1]) for row in failures["rows"]] == [(late.number, holder)]


def test_what_was_handed_over_before_the_limit_was_had_by_who_took_it(world: World) -> None:
    late = incident_in("in_progress", world, now=MARCH + 3 * DAY)
    limit = late.planned_completion_at
    assert limit
    act(late, "hand_over", world.manager, now=limit - HOUR, group="network", text="x")
    last = Ticket.objects.get(pk=late.pk)

    assert last.assignee is None
    assert shown(late) == str(last.group)
