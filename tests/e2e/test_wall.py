"""A wall display whose link was revoked shows nothing that was readable before (ORG-03)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from reports.walls.displays import DisplayForm, make_display, revoke_display
from tests.e2e.conftest import until
from tests.factories import World, register_incident
from tickets import clock

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True), pytest.mark.req("ORG-03")]


def test_a_revoked_display_clears_what_it_showed(world: World, visit: Callable[..., Page]) -> None:
    ticket = register_incident(world.desk, requester="requester")
    form = DisplayForm({"name": "Room 1", "turn_seconds": "20"})
    assert form.is_valid(), form.errors
    display, key = make_display(form=form, owner=world.manager, now=clock.now())
    screen = visit()
    screen.goto(f"/wall/{key}/")
    assert ticket.number in screen.content()

    revoke_display(display=display, now=clock.now())

    until(screen, "document.querySelector('.wall-ended') !== null")
    assert ticket.number not in screen.content()
    troubles: list[str] = visit.__self__.troubles  # type: ignore[attr-defined]  # the visitors whose method it is
    assert all("404" in one for one in troubles)
    troubles.clear()
