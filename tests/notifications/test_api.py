"""Notices in the API."""

from __future__ import annotations

import pytest

from notifications.models import Delivery
from notifications.services import give_notice
from tests.api.client import Api, problem
from tests.factories import World, incident_in
from tickets import clock

pytestmark = [pytest.mark.django_db, pytest.mark.req("NTF-01", "API-01")]


def test_programs_read_and_acknowledge_their_owner_s_notices(world: World) -> None:
    for number in range(2):
        give_notice(
            key=f"k{number}",
            event="urged",
            ticket=None,
            recipients=[world.engineer],
            urgent=number == 1,
            at=clock.now(),
            payload={"number": "", "summary": f"S{number}", "priority": "P1"},
        )
    api, other = Api(world.engineer), Api(world.lead)

    rows = api.get("notices/?count=true").json()
    assert (rows["count"], [row["urgent"] for row in rows["results"]]) == (2, [True, False])
    assert "S1" in rows["results"][0]["title"]
    assert other.get("notices/").json()["results"] == []

    pk = rows["results"][0]["id"]
    assert other.post(f"notices/{pk}/acknowledge/", {}).status_code == 204
    assert len(api.get("notices/?pressing=true").json()["results"]) == 1
    assert api.post(f"notices/{pk}/acknowledge/", {}).status_code == 204
    assert api.get("notices/?pressing=true").json()["results"] == []
    assert [row["id"] for row in api.get("notices/?unread=true").json()["results"]] == [rows["results"][1]["id"]]


@pytest.mark.req("NTF-03", "ORG-03")
def test_staff_read_who_was_told_about_a_ticket(world: World) -> None:
    ticket = incident_in("assigned", world)

    told = Api(world.desk).get(f"notices/tickets/{ticket.number}/").json()["results"]

    assert [row["event"] for row in told] == ["assigned", "received"]
    assert {row["channel"] for row in told[0]["deliveries"]} == {"portal", "email"}
    assert told[0]["deliveries"][0]["lateness_seconds"] == 0
    problem(Api(world.requester).get(f"notices/tickets/{ticket.number}/"), 403)
    problem(Api(world.requester2).get(f"notices/tickets/{ticket.number}/"), 404)


def undelivered(world: World) -> Delivery:
    """A mail that nobody tries any more."""
    notice = give_notice(
        key="k", event="urged", ticket=None, recipients=[world.engineer], urgent=False, at=clock.now()
    )
    row = Delivery.objects.get(notice=notice, channel="email")
    Delivery.objects.filter(pk=row.pk).update(status="dead", error="550 no such user")
    return row


@pytest.mark.req("NTF-03")
def test_operators_send_again_and_give_up_by_the_rules_of_the_page(world: World) -> None:
    row = undelivered(world)
    address = f"notices/undelivered/{row.pk}"
    manager, engineer = Api(world.manager), Api(world.engineer)

    [listed] = manager.results("notices/undelivered/")
    assert (listed["id"], listed["status"], listed["error"]) == (row.pk, "dead", "550 no such user")
    for step in ("resend", "give-up"):
        problem(engineer.post(f"{address}/{step}/", {"reason": "?"}), 403)
    problem(engineer.get("notices/undelivered/"), 403)
    assert list(problem(manager.post(f"{address}/give-up/", {}), 400)["errors"]) == ["reason"]
    problem(manager.post("notices/undelivered/999999999/resend/"), 404)

    assert manager.post(f"{address}/resend/").status_code == 204
    row.refresh_from_db()
    assert (row.status, row.possible_duplicate) == ("pending", True)
    problem(manager.post(f"{address}/give-up/", {"reason": "?"}), 409)
    Delivery.objects.update(status="uncertain")
    assert manager.post(f"{address}/give-up/", {"reason": "gone"}).status_code == 204
    row.refresh_from_db()
    assert row.status == "closed"


@pytest.mark.req("NTF-03")
def test_receipts_have_the_figures_of_the_page(world: World) -> None:
    undelivered(world)
    days = f"since={clock.now():%Y-%m-%d}&until={clock.now():%Y-%m-%d}"
    found = {row["channel"]: row for row in Api(world.lead).get(f"notices/receipts/?{days}").json()["figures"]}

    assert (found["email"]["due"], found["email"]["failed"], found["portal"]["sent"]) == (1, 1, 1)
    assert found["portal"]["lateness_max"] == 0
    problem(Api(world.requester).get(f"notices/receipts/?{days}"), 403)
    problem(Api(world.vendor).get(f"notices/receipts/?{days}"), 403)
    assert list(
        problem(Api(world.lead).get("notices/receipts/?since=2026-01-02&until=2026-01-01"), 400)["errors"]
    ) == ["until"]


@pytest.mark.req("NTF-02")
def test_a_person_chooses_channels_and_quiet_hours(world: World) -> None:
    api = Api(world.engineer)
    answer = api.patch("notices/choices/", {"channels": {"urged": []}, "quiet_from": "22:00", "quiet_until": "07:00"})
    told = {row["event"]: row for row in answer.json()["events"]}
    assert (told["urged"]["chosen"], told["assigned"]["chosen"]) == ([], ["email"])

    api.patch("notices/choices/", {"channels": {"assigned": ["sms"]}})
    found = api.get("notices/choices/").json()
    told = {row["event"]: row["chosen"] for row in found["events"]}
    assert (told["urged"], told["assigned"], found["quiet_from"]) == ([], ["sms"], "22:00")
    for wrong, field in (
        ({"channels": {"urged": ["fax"]}}, "urged"),
        ({"channels": {"nothing": []}}, "nothing"),
        ({"channels": []}, "channels"),
        ({"quiet_until": None}, "quiet_until"),
        ({"silent": True}, "silent"),
    ):
        assert list(problem(api.patch("notices/choices/", wrong), 400)["errors"]) == [field]
