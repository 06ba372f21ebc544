"""The kinds of ticket that the portal ships: all that are declared but those of the tests themselves."""

from __future__ import annotations

from tickets.lifecycle import Kind, kinds

SHIPPED: list[Kind] = [kind for kind in kinds() if not kind.model.__module__.startswith("tests.")]
