"""Notices in the API."""

from __future__ import annotations

import pytest

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
