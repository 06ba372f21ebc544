"""What stands behind "More": under headings, so that seventeen actions are found (UX-01)."""

from __future__ import annotations

import pytest

from tests.factories import World, incident_in
from tickets.workspace import pages

pytestmark = [pytest.mark.django_db, pytest.mark.req("UX-01")]


def test_the_menu_of_actions_stands_under_headings(world: World) -> None:
    offered = pages.buttons_of(incident_in("in_progress", world), world.engineer)
    assert [button["section"] for button in offered[:4]] == ["step"] * 4
    menu: dict[str, list[str]] = {}
    for button in offered[4:]:
        menu.setdefault(str(button["section"]), []).append(button["name"])
    assert list(menu) == ["step", "help", "record", "facts"]
    assert {"call_vendor", "add_task"} <= set(menu["help"])
    assert {"record_on_site", "confirm_backup", "agree_time"} <= set(menu["record"])
    assert {"edit", "link", "add_items"} <= set(menu["facts"])
    together = [str(button["section"]) for button in offered[4:]]
    assert together == sorted(together, key=list(menu).index)  # each heading once
