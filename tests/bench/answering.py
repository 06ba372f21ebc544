"""What the processes of ``test_against`` answer: two versions of a portal as the bench would ask them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def before() -> dict[str, Callable[..., Any]]:
    """A version that cannot create."""
    counted = {"floor": {"status": 200, "statements": 4}, "create": {"status": 500}}
    return {"check": lambda key: counted[key], "once": lambda key: 20.0}


def now() -> dict[str, Callable[..., Any]]:
    """A version that can, and takes half of the statements and of the time."""
    counted = {"floor": {"status": 200, "statements": 2}, "create": {"status": 201, "statements": 30}}
    return {"check": lambda key: counted[key], "once": lambda key: 10.0}
