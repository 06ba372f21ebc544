"""What programs may rely on: versions honoured or refused, codes beside names, names of groups fixed, a beginning."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from accounts.models import ApiToken
from tests.api.client import Api, problem
from tests.factories import World, act, incident_in, unclaimed

pytestmark = [pytest.mark.django_db, pytest.mark.req("API-01", "API-02")]


@pytest.mark.slow
def test_a_version_is_honoured_or_refused_never_ignored(world: World) -> None:
    ticket = unclaimed(world)
    stale = f'"{ticket.version}"'
    act(ticket, "edit", world.desk, summary="新的标题")
    path = f"incidents/{ticket.number}/actions/claim/"

    problem(Api(world.engineer).post(path, {}, if_match=stale), 412)
    fresh = Api(world.engineer).get(f"incidents/{ticket.number}/")["ETag"]
    assert Api(world.engineer).post(path, {}, if_match=fresh).status_code == 200
    reply = {"code": "x", "name_zh": "x", "text_zh": "x"}
    refused = problem(Api(world.lead).post("canned-replies/", reply, if_match='"999"'), 400)
    assert "If-Match" in refused["errors"]


@pytest.mark.slow
def test_a_program_finds_its_way_and_itself(world: World) -> None:
    places = Api(world.desk).get("").json()["places"]
    assert places["incidents"] == "/api/v1/incidents/"
    assert {Api(world.desk).get(f"{name}/").status_code for name in places if name not in ("docs", "schema")} == {200}
    me = Api(world.engineer).get("me/").json()
    assert (me["username"], "host" in me["groups"], "ticket.internal" in me["permissions"]) == ("engineer", True, True)
    assert me["scopes"]
    for scope in ApiToken.Scope.values:  # whichever one a token has
        program = Api(world.engineer, [scope])
        assert [program.get(name).status_code for name in ("", "me/")] == [200, 200]
    assert Client().get("/api/v1/me/").status_code == 401


def schema(language: str, client: Any) -> dict[str, Any]:
    """The description in a language."""
    with translation.override(language):
        return dict(client.get("/api/v1/schema/?format=json", headers={"accept-language": language}).json())


def test_identifiers_of_the_description_are_the_same_in_every_language(client: Any) -> None:
    english, chinese = schema("en", client), schema("zh-hans", client)
    names = [[tag["name"] for tag in found["tags"]] for found in (english, chinese)]

    assert names[0] == names[1]
    assert all(name.isascii() for name in names[0])
    assert any(not tag["description"].isascii() for tag in chinese["tags"])
    assert [server["url"] for server in english["servers"]]
    announced = english["components"]["schemas"]["Announcement"]
    assert {"author", "organisations", "ticket"} & set(announced["required"]) == set()


@pytest.mark.req("SLM-04")
def test_conditions_of_clocks_have_codes(world: World) -> None:
    ticket = incident_in("in_progress", world)
    rows = Api(world.desk).get(f"tickets/{ticket.number}/clocks/").json()["results"]
    found = [row for clock in rows for row in clock["conditions"]]

    assert found
    assert all(set(row) == {"field", "code", "name"} for row in found)
    assert {row["code"] for row in found if row["field"] == "priority"} == {ticket.priority_id}
