"""Zero characters, which the database cannot store, never break a page."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import World, incident_in
from tickets.models import TimelineEntry

pytestmark = [pytest.mark.django_db, pytest.mark.req("UX-01")]


@pytest.mark.parametrize("url", ["/queue/?q=%00", "/find/people/?q=a%00b", "/find/items/?q=%00", "/queue/?group=%00"])
def test_addresses_with_zero_characters_are_refused(client: Any, world: World, url: str) -> None:
    client.force_login(world.desk)
    assert client.get(url).status_code == 400


def test_zero_characters_are_taken_out_of_what_is_posted(client: Any, world: World) -> None:
    client.force_login(world.engineer)
    ticket = incident_in("in_progress", world)

    client.post(f"/tickets/{ticket.number}/comment/", {"visibility": "note", "text": "a\0b"})

    assert TimelineEntry.objects.filter(ticket=ticket, action="note").get().text == "ab"


def test_zero_characters_in_choices_are_an_error_of_the_form(client: Any, world: World) -> None:
    client.force_login(world.engineer)
    ticket = incident_in("in_progress", world)

    answer = client.post(f"/tickets/{ticket.number}/actions/add_items/", {"items": ["\0"]})

    assert answer.status_code == 422
