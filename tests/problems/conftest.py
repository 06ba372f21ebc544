"""People with the roles of problems."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from accounts.models import User
from tests.factories import World, make_user


@dataclass(frozen=True)
class Staff:
    """Who manages, who supervises, who owns and analyses."""

    manager: User
    supervisor: User
    owner: User
    analyst: User


@pytest.fixture
def staff(world: World) -> Staff:
    """The roles of PRB-03."""
    return Staff(
        manager=make_user("pm", "problem_manager"),
        supervisor=make_user("ps", "problem_supervisor"),
        owner=make_user("po", "problem_analyst"),
        analyst=make_user("pa", "problem_analyst"),
    )
