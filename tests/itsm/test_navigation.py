"""The sidebar is put together from what each app declares."""

import pytest
from django.test import Client

from itsm.navigation import Section, entries, entries_for
from tests.factories import World
from tickets.workspace.context import navigation

pytestmark = [pytest.mark.django_db, pytest.mark.req("DESK-01")]


def test_lines_stand_in_their_sections_by_position() -> None:
    places = [(list(Section).index(entry.section), entry.position) for entry in entries()]

    assert places == sorted(places)
    assert {"duty:list", "sla:board", "admin:index"} <= {entry.url for entry in entries()}


@pytest.mark.slow
def test_every_line_opens_for_those_who_see_it(world: World, client: Client) -> None:
    """No dead line in the sidebar, for anybody of the provider's staff."""
    for user in (world.desk, world.engineer, world.manager, world.admin):
        client.force_login(user)
        for group in navigation(user, "/"):
            for line in group["entries"]:
                assert client.get(line["url"], follow=True).status_code == 200, (user.username, line["url"])


def test_only_administrators_see_the_administration(world: World) -> None:
    seen = {name: {e.section for e in entries_for(user)} for name, user in (("d", world.desk), ("a", world.admin))}

    assert Section.ADMINISTRATION not in seen["d"]
    assert Section.ADMINISTRATION in seen["a"]
