"""Minutes of interruption by business system, and their corrections beside what was recorded (CHG-07, CHG-10)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from changes.models import Change, Interruption
from changes.reviewing.queries import lines_of
from tests.api.client import Api, problem
from tests.changes.making import approve, change_in, later, request, staffed
from tests.factories import MONDAY, World, act, make_system, reload_user
from tickets.errors import ActionForbidden, ActionInvalid

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-07")]
ANSWERS = {"expected_reached": "yes", "rating": "fair", "business_view": "good"}


@pytest.fixture
def changed(world: World) -> Any:
    """A change of the system ``trade`` that was implemented with a deviation."""
    staffed(world)
    make_system("trade")
    change: Any = act(request(world, business_system="trade"), "submit", world.lead, now=MONDAY)
    change = act(change, "accept", world.people["changer"], now=MONDAY)
    change = approve(act(change, "ask_approval", world.lead, now=MONDAY), world.approver)
    change = act(change, "start", world.engineer, now=later(35))
    return act(change, "implement", world.engineer, now=later(37), result="deviated", text="慢")


def test_the_review_asks_for_the_minutes_of_each_system(changed: Any, world: World) -> None:
    with pytest.raises(ActionInvalid) as refused:
        act(changed, "review", world.people["changer"], now=later(40), **ANSWERS)
    assert set(refused.value.form.errors) == {"interruption_trade"}
    change = act(changed, "review", world.people["changer"], now=later(40), interruption_trade="12", **ANSWERS)
    assert change.interruption_minutes == 12
    (line,) = lines_of(change)
    assert (line.system.pk, line.recorded, line.minutes) == ("trade", 12, 12)  # type: ignore[union-attr]


@pytest.mark.slow
@pytest.mark.req("CHG-10")
def test_a_correction_stands_beside_what_was_recorded_and_counts(changed: Any, world: World, client: Client) -> None:
    changer = world.people["changer"]
    change = act(changed, "review", changer, now=later(40), interruption_trade="12", **ANSWERS)
    change = act(change, "close", world.engineer, now=later(41))
    with pytest.raises(ActionForbidden):
        act(change, "correct_interruption", world.engineer, system="trade", minutes="30", text="x")
    with pytest.raises(ActionInvalid):
        act(change, "correct_interruption", changer, system="trade", minutes="12", text="没有不同")
    with pytest.raises(ActionInvalid):
        act(change, "correct_interruption", changer, system="trade", minutes="30", text="")
    change = act(change, "correct_interruption", changer, now=later(42), system="trade", minutes="30", text="日志显示")
    change = act(change, "correct_interruption", changer, now=later(43), system="trade", minutes="28", text="再核对")

    (line,) = lines_of(change)
    assert (line.recorded, [one.minutes for one in line.corrections], line.minutes) == (12, [30, 28], 28)
    assert (line.corrections[0].by, line.corrections[0].reason) == (changer, "日志显示")
    assert change.interruption_minutes == 28
    with pytest.raises(DatabaseError), transaction.atomic():
        Interruption.objects.update(minutes=0)

    report = Api(world.manager).get("reports/change-kpis/?from=2026-11-01&to=2026-12-01").json()["results"]
    assert {row["id"]: row["value"] for row in report}["change_interruption"] == 28 * 60
    told = Api(world.engineer).get(f"changes/{change.number}/interruptions/").json()
    assert told["systems"][0]["recorded"] == 12
    assert [one["by"] for one in told["systems"][0]["corrections"]] == ["changer", "changer"]
    assert problem(Api(world.requester).get(f"changes/{change.number}/interruptions/"), 403)
    client.force_login(reload_user(changer))
    page = client.get(f"/tickets/{change.number}/").content.decode()
    assert all(text in page for text in ("日志显示", "再核对", "correct_interruption"))
    assert "日志显示" in client.get(f"/changes/{change.number}/record/").content.decode()


def test_what_an_import_recorded_is_kept_when_it_is_corrected(world: World) -> None:
    change = change_in("closed", world)
    Change.objects.filter(pk=change.pk).update(interruption_minutes=45)  # as an import writes it
    change = Change.objects.get(pk=change.pk)
    assert [(line.system, line.minutes) for line in lines_of(change)] == [(None, 45)]
    change = act(change, "correct_interruption", world.people["changer"], minutes="5", text="笔误")
    (line,) = lines_of(change)
    assert (line.recorded, line.minutes, change.interruption_minutes) == (45, 5, 5)
