"""People who look at pages of time, and the mail server that takes what clocks tell."""

import pytest

from sla.calendars.publishing import Content, publish
from sla.models import Calendar
from tests.factories import World
from tests.notifications.conftest import mailbox
from tests.pages.conftest import browse
from tickets import clock

__all__ = ["browse", "mailbox"]


@pytest.fixture
def always(world: World) -> World:
    """A world whose promises count round the clock: for tests that cannot choose their time."""
    publish(Calendar.objects.get(code="5x8"), Content("Asia/Shanghai", always=True), by=None, at=clock.now())
    return world
