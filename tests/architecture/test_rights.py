"""Who has a right is asked in one place: a role that is switched off gives none (ORG-02)."""

from __future__ import annotations

import pytest

from tests.architecture.sources import APPS, Module, for_each, modules

pytestmark = pytest.mark.req("ORG-02")


@for_each([one for one in modules(*APPS) if one.name != "accounts.querysets"])
def test_holders_of_a_permission_are_asked_of_the_people(module: Module) -> None:
    """``User.objects.holding(permission)`` knows which roles count."""
    assert "roles__permissions" not in module.path.read_text(encoding="utf-8")
