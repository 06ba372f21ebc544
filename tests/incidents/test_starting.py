"""Who may start what nobody was given yet (INC-05)."""

from __future__ import annotations

import pytest

from incidents import rules
from tests.factories import World, register_incident

pytestmark = [pytest.mark.django_db, pytest.mark.req("INC-05")]


@pytest.mark.parametrize(
    ("person", "may"), [("desk", True), ("desk2", True), ("engineer", False), ("lead", False), ("manager", False)]
)
def test_without_a_group_only_the_desk_starts_and_only_for_a_group_of_its_own(
    world: World, person: str, may: bool
) -> None:
    assert rules.may_start(register_incident(world.requester), world.people[person]) is may
