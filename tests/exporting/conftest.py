"""Texts are compared in English."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import translation


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Outside of requests texts are English; within, the person's language decides."""
    with translation.override("en"):
        yield
