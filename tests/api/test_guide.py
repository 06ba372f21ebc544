"""The guide names every address of the description with its methods, and no other."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests.shipped import SHIPPED

pytestmark = [pytest.mark.django_db, pytest.mark.req("API-01")]

ROW = re.compile(r"^\| (`.*?) \| ([A-Z, ]+) \|", re.MULTILINE)


def addresses(description: dict[str, Any]) -> set[tuple[str, str]]:
    """(address, method) of everything but single actions, which are one line of the guide."""
    found = set()
    for path, operations in description["paths"].items():
        address = path.removeprefix("/api/v1/")
        action = re.fullmatch(r"[a-z-]+/\{number\}/actions/[a-z_]+/", address)
        if not action and not address.startswith("visits/"):  # the tests' own kind
            found |= {(address, method.upper()) for method in operations}
    return found


def test_the_guide_names_every_address_with_its_methods() -> None:
    guide = (settings.BASE_DIR / "docs" / "api.md").read_text()
    told = {
        (address.strip().replace("{kind}", kind), method)
        for cell, methods in ROW.findall(guide)
        for address in re.findall(r"`([^`]*)`", cell)
        for kind in ([one.slug for one in SHIPPED] if "{kind}" in address else [""])
        for method in methods.split(", ")
    }

    assert told == addresses(Client().get("/api/v1/schema/").json())
