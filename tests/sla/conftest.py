"""People who look at pages of time, and the mail server that takes what clocks tell."""

import pytest

from sla.models import Calendar
from tests.factories import World
from tests.notifications.conftest import mailbox
from tests.pages.conftest import browse

__all__ = ["browse", "mailbox"]


@pytest.fixture
def always(world: World) -> World:
    """A world whose promises count round the clock: for tests that cannot choose their time."""
    Calendar.objects.update(current=Calendar.objects.get(code="24x7").current)
    return world
