"""What lists offer to narrow by."""

from __future__ import annotations

import pytest
from django.utils import translation

from tickets.queues.filters import all_states


@pytest.mark.req("TKT-08")
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_no_two_states_are_called_alike(language: str) -> None:
    """A task that is finished and an incident that is closed are both "closed": the choices tell them apart."""
    with translation.override(language):
        labels = [str(label) for _code, label in all_states()]

    assert len(set(labels)) == len(labels)
