"""The newest lines of a history are those that all of it begins with, however many an item has (CMDB-04)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cmdb.definitions import Definitions
from cmdb.models import Relation
from cmdb.services import Stamp, end_relations, update_item
from cmdb.versioning.history import Names, history_of
from cmdb.versioning.moments import Moment, replaying
from tests.cmdb.isolation.estates import relate
from tests.factories import MONDAY, World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-04")]
FREE = Stamp(source="test", trusted=True)


def test_the_newest_lines_are_the_first_of_all(world: World) -> None:
    with replaying(MONDAY):
        hub = make_item("HUB")
        relate("runs_on", *((make_item(f"S{n}"), hub) for n in range(4)))
    for hour in range(1, 4):
        with replaying(MONDAY + timedelta(hours=hour)):
            update_item(item=hub, facts={"name": f"HUB {hour}"}, stamp=FREE)
            relate("depends_on", (hub, make_item(f"D{hour}")))
            end_relations(Relation.objects.filter(source__identifier=f"S{hour}"), FREE)
    moments = [Moment(), Moment(as_of=MONDAY + timedelta(hours=2)), Moment(known_at=MONDAY + timedelta(hours=1.5))]
    names = Names(Definitions())
    for moment in moments:
        everything = list(history_of(hub, names, moment=moment))
        assert len(everything) > 5
        for most in range(1, len(everything) + 2):
            assert history_of(hub, names, moment=moment)[:most] == everything[:most]
    told = [line.text for line in history_of(hub, names)]
    assert sum("no longer" in text or "不再" in text for text in told) == 3
