"""Pages and API of rosters: read by staff, kept by the group's lead (ORG-05)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from duty.models import Absence, Override, Roster
from duty.services import save_roster
from duty.views import turns_of
from tests.api.client import Api, problem
from tests.factories import World

pytestmark = [pytest.mark.django_db, pytest.mark.req("ORG-05")]
Browse = Callable[[User | None], Client]


@pytest.fixture
def roster(world: World) -> Roster:
    """A week each for two."""
    start = timezone.localdate() - timedelta(days=3)
    made = Roster(group=world.groups["host"], period="week", starts_on=start, handover=time(0))
    return save_roster(roster=made, members=[world.engineer, world.engineer2])


def test_a_lead_makes_a_roster_for_the_own_group(world: World, browse: Browse) -> None:
    client = browse(world.lead)
    assert "host" in client.get("/duty/new/").text
    assert "place_" in client.get("/duty/new/?group=host").text
    sent = {
        "period": "day",
        "starts_on": "2026-11-01",
        "handover": "08:30",
        "time_zone": "Asia/Shanghai",
        f"place_{world.engineer2.pk}": "1",
        f"place_{world.engineer.pk}": "2",
    }

    assert client.post("/duty/new/?group=host", {**sent, f"place_{world.engineer.pk}": "x"}).status_code == 422
    response = client.post("/duty/new/?group=host", sent)

    roster = Roster.objects.get()
    assert response["Location"] == f"/duty/{roster.pk}/"
    assert list(roster.places.values_list("user__username", flat=True)) == ["engineer2", "engineer"]
    assert client.post("/duty/new/?group=network", sent).status_code in (403, 404)
    assert Roster.objects.count() == 1


def test_everybody_on_the_staff_reads_who_is_on_duty(world: World, browse: Browse, roster: Roster) -> None:
    page = browse(world.desk).get("/duty/").text
    detail = browse(world.desk).get(f"/duty/{roster.pk}/").text

    assert ("Engineer" in page, "Engineer2" in page) == (True, True)
    assert ("Turns to come" in detail, "Let somebody stand in" in detail) == (True, False)
    assert browse(world.requester).get("/duty/").status_code == 403
    assert browse(world.vendor).get(f"/duty/{roster.pk}/").status_code == 404


def test_every_turn_is_shown_with_its_own_beginning_and_end(roster: Roster) -> None:
    turns = turns_of(Roster.objects.loaded().get(pk=roster.pk))

    assert len(turns) == 9
    assert {turn.end - turn.start for turn in turns} == {timedelta(days=7)}


def test_only_who_keeps_it_changes_it(world: World, browse: Browse, roster: Roster) -> None:
    sent: dict[str, object] = {"stand_in-user": world.engineer2.pk, "stand_in-starts_at": "2099-01-01T09:00"}
    sent |= {"stand_in-ends_at": "2099-01-02T09:00", "stand_in-note": "培训"}
    url = f"/duty/{roster.pk}/stand_in/"

    assert browse(world.engineer).post(url, sent).status_code == 403
    assert not Override.objects.exists()
    wrong = browse(world.lead).post(url, {**sent, "stand_in-ends_at": "2098-01-02T09:00"})
    assert (wrong.status_code, "before the beginning" in wrong.text) == (422, True)
    assert browse(world.lead).post(url, sent).status_code == 302
    row = Override.objects.get()
    assert (row.user, row.made_by, row.note) == (world.engineer2, world.lead, "培训")
    assert browse(world.lead).post(f"/duty/{roster.pk}/withdraw/", {"row": row.pk}).status_code == 302
    assert not Override.objects.exists()


def test_turns_are_swapped_and_absences_recorded_on_the_page(world: World, browse: Browse, roster: Roster) -> None:
    client = browse(world.lead)
    form = client.get(f"/duty/{roster.pk}/").context["swap"]
    first, second = (choice[0] for choice in form.fields["first"].choices[:2])

    same = client.post(f"/duty/{roster.pk}/swap/", {"swap-first": first, "swap-second": first})
    assert (same.status_code, "two different people" in same.text) == (422, True)
    done = client.post(f"/duty/{roster.pk}/swap/", {"swap-first": first, "swap-second": second})
    assert (done.status_code, Override.objects.count()) == (302, 2)

    sent: dict[str, object] = {"absence-user": world.engineer.pk, "absence-deputy": world.engineer.pk}
    sent |= {"absence-starts_at": "2099-01-01T09:00", "absence-ends_at": "2099-01-02T09:00"}
    assert client.post(f"/duty/{roster.pk}/absence/", sent).status_code == 422
    sent["absence-deputy"] = world.lead.pk
    assert client.post(f"/duty/{roster.pk}/absence/", sent).status_code == 302
    row = Absence.objects.get()
    assert client.post(f"/duty/{roster.pk}/return/", {"row": row.pk}).status_code == 302
    assert not Absence.objects.exists()


def test_only_an_administrator_says_who_manages(world: World, browse: Browse, roster: Roster) -> None:
    sent = {
        "period": "week",
        "starts_on": str(date(2026, 11, 1)),
        "handover": "09:00",
        "time_zone": "Asia/Shanghai",
        "management": "on",
        f"place_{world.engineer.pk}": "1",
    }
    browse(world.lead).post(f"/duty/{roster.pk}/edit/", sent)
    assert not Roster.objects.get().management
    browse(world.admin).post(f"/duty/{roster.pk}/edit/", sent)
    assert Roster.objects.get().management


@pytest.mark.req("API-01")
def test_programs_read_who_is_on_duty(world: World, roster: Roster) -> None:
    found = Api(world.desk).get("duty/").json()["results"]

    assert [(row["group"]["code"] if isinstance(row["group"], dict) else row["group"]) for row in found] == ["host"]
    assert found[0]["now"]["person"]["username"] == "engineer"
    assert found[0]["next"]["person"]["username"] == "engineer2"
    problem(Api(world.requester).get("duty/"), 403)
