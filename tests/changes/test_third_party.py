"""A change that somebody outside asks for says who: on the page, on paper, to programs and in the search (CHG-01)."""

from __future__ import annotations

import pytest
from django.test import Client

from changes.models import Change
from tests.api.client import Api
from tests.changes.making import request, staffed
from tests.factories import World, act
from tickets import clock

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHG-01", "TKT-12")]
ASKED = "网信办 2026-41 号函"


def test_every_door_says_who_asked(world: World) -> None:
    staffed(world)
    change = request(world, now=clock.now(), third_party=ASKED)
    page = Client(headers={"accept-language": "zh-hans"})
    page.force_login(world.lead)

    for address in (f"/tickets/{change.number}/", f"/changes/{change.number}/record/"):
        text = page.get(address).content.decode()
        assert "提出变更的第三方" in text
        assert ASKED in text
    assert Api(world.lead).get(f"changes/{change.number}/").json()["third_party"] == ASKED
    assert [hit["key"] for hit in Api(world.lead).results("search/?q=网信办")] == [change.number]


def test_it_is_edited_and_a_copy_was_asked_for_by_nobody(world: World) -> None:
    staffed(world)
    change = act(request(world, now=clock.now()), "edit", world.lead, third_party=ASKED)
    assert change.third_party == ASKED

    made = Api(world.lead).post("changes/", {"copy_of": change.number, "summary": "再做一次"})
    assert made.status_code == 201, made.json()
    assert Change.objects.get(number=made.json()["number"]).third_party == ""


def test_programs_send_it_and_what_is_too_long_is_refused_beside_it(world: World) -> None:
    staffed(world)
    typed = {"change_type": "simple", "summary": "改线路", "reason": "运营商割接", "group": "host"}
    api = Api(world.lead)
    assert api.post("changes/", {**typed, "third_party": ASKED}).json()["third_party"] == ASKED
    refused = api.post("changes/", {**typed, "third_party": "x" * 201})

    assert refused.status_code == 400
    assert "third_party" in str(refused.json())
