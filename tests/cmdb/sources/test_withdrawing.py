"""Sources are ranked, withdrawn and put back: compared with a plain list of facts (CMDB-04)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cmdb.models import Claim, ConfigurationItem, ItemVersion, Relation, RelationType, SourceWithdrawal
from cmdb.services import Link, NotAllowed, Stamp, create_item, items_at, relations_at, update_item, write_relations
from cmdb.sources.ranking import keep_ranking
from cmdb.sources.withdrawing import NotWithdrawn, preview, put_back, withdraw
from cmdb.versioning.moments import Moment, replaying
from tests.factories import MONDAY, World, make_item

pytestmark = [pytest.mark.django_db, pytest.mark.req("CMDB-04")]

HOUR = timedelta(hours=1)


def say(source: str, item: ConfigurationItem, hours: int, **facts: Any) -> Any:
    """What a source says of an item at an hour."""
    with replaying(MONDAY + hours * HOUR):
        return update_item(item=item, facts=facts, stamp=Stamp(source=source, trusted=True))


def rank(world: World, *sources: str, hours: int = 0, field: str = "", ci_class: str | None = None) -> None:
    """Rank sources at an hour."""
    with replaying(MONDAY + hours * HOUR):
        keep_ranking(ci_class=ci_class, field=field, sources=sources, by=world.admin)


def now(item: ConfigurationItem) -> dict[str, Any]:
    item.refresh_from_db()
    return item.attributes


@pytest.fixture
def item(world: World) -> ConfigurationItem:
    with replaying(MONDAY):
        return make_item("A", attributes={"serial_number": "1"})


def test_a_weaker_source_is_heard_and_does_not_overwrite(world: World, item: ConfigurationItem) -> None:
    """The nearest class's ranking counts, of the field before that of the class."""
    rank(world, "page", "scan")
    rank(world, "scan", "page", field="ip_address", ci_class="server")
    say("page", item, 1, cpu="8", ip_address="10.0.0.1")

    done = say("scan", item, 2, cpu="16", ip_address="10.0.0.2")

    assert done.claimed == [("A", "cpu")]
    assert now(item) == {"serial_number": "1", "cpu": "8", "ip_address": "10.0.0.2"}
    assert [(row.field, row.source, row.value) for row in Claim.objects.all()] == [("cpu", "scan", "16")]
    assert say("scan", item, 3, cpu="16").versions == 0
    assert Claim.objects.count() == 1
    assert say("page", item, 4, ip_address="10.0.0.3").claimed == [("A", "ip_address")]
    versions = ItemVersion.objects.filter(item=item)
    assert versions.filter(sources__cpu__0="page").exists()


def test_withdrawing_restores_what_was_before_and_nothing_else(world: World) -> None:
    with replaying(MONDAY):
        item, other = make_item("A"), make_item("B")
    say("page", item, 1, cpu="8", memory="64")
    say("page", other, 1, cpu="4")
    say("scan", item, 2, cpu="16", os="Linux")
    untouched = list(ItemVersion.objects.filter(item=other).values())
    plan = preview("scan", world.admin)
    assert plan.counts() == {"items": 1, "values": 2, "relations": 0, "retired": 0}
    assert {(f.name, f.before, f.after) for f in plan.lines[0][1]} == {("os", "Linux", ""), ("cpu", "16", "8")}
    assert now(item)["cpu"] == "16", "a preview writes nothing"

    with replaying(MONDAY + 3 * HOUR):
        run = withdraw(source="scan", reason="wrong network", by=world.admin)

    assert now(item) == {"cpu": "8", "memory": "64"}
    assert list(ItemVersion.objects.filter(item=other).values()) == untouched
    then = items_at(Moment(known_at=MONDAY + 2 * HOUR), world.admin).get(identifier="A")
    assert then.attributes["cpu"] == "16", "what was believed stays readable"
    with pytest.raises(NotWithdrawn):
        withdraw(source="scan", reason="again", by=world.admin)
    say("page", item, 4, memory="128")
    with replaying(MONDAY + 5 * HOUR):
        put_back(run=run, by=world.admin)
    assert now(item) == {"cpu": "16", "memory": "128", "os": "Linux"}
    with pytest.raises(NotWithdrawn):
        put_back(run=run, by=world.admin)


def test_what_another_source_said_too_stays(world: World, item: ConfigurationItem) -> None:
    """Overlapping sources: backstage PR 32333."""
    say("scan", item, 1, cpu="16")
    say("monitor", item, 2, cpu="16")

    with replaying(MONDAY + 3 * HOUR):
        withdraw(source="scan", reason="broken", by=world.admin)
        assert now(item) == {"serial_number": "1", "cpu": "16"}
    with replaying(MONDAY + 4 * HOUR):
        withdraw(source="monitor", reason="broken too", by=world.admin)
    assert now(item) == {"serial_number": "1"}


def test_only_the_configuration_manager_with_a_reason(world: World, item: ConfigurationItem) -> None:
    say("scan", item, 1, serial_number="2")
    with pytest.raises(NotAllowed, match="配置管理员"):
        withdraw(source="scan", reason="x", by=world.engineer)
    with pytest.raises(NotAllowed, match=r"原因|理由"):
        withdraw(source="scan", reason=" ", by=world.admin)
    assert now(item) == {"serial_number": "2"}
    assert not SourceWithdrawal.objects.exists()


def test_what_only_the_source_knew_is_retired_and_comes_back(world: World) -> None:
    runs_on = RelationType.objects.get(code="runs_on")
    scan = Stamp(source="scan", trusted=True)
    facts = {"name": "x", "ci_class_id": "server", "status_id": "in_use"}
    with replaying(MONDAY):
        known = make_item("KNOWN")
        made = create_item(identifier="MADE", facts=facts, stamp=scan)
        too = create_item(identifier="TOO", facts=facts, stamp=scan)
        write_relations([Link(made, runs_on, known), Link(known, runs_on, too)], scan)
        write_relations([Link(known, runs_on, too)], Stamp(source="api", trusted=True))

    with replaying(MONDAY + HOUR):
        run = withdraw(source="scan", reason="wrong network", by=world.admin)

    made.refresh_from_db()
    too.refresh_from_db()
    assert (made.status_id, too.status_id) == ("retired", "in_use")
    assert [row.source_id for row in Relation.objects.filter(active=True)] == [known.pk]
    assert relations_at(Moment(known_at=MONDAY)).count() == 2
    with replaying(MONDAY + 2 * HOUR):
        put_back(run=run, by=world.admin)
    made.refresh_from_db()
    assert made.status_id == "in_use"
    assert Relation.objects.filter(active=True).count() == 2
    assert relations_at(Moment(as_of=MONDAY, known_at=MONDAY + 2 * HOUR)).count() == 2


def test_a_ranking_of_later_does_not_hide_what_was_believed_before(world: World, item: ConfigurationItem) -> None:
    """Withdrawn, ranked above the other meanwhile, and believed again: what was believed before is, nothing else."""
    say("scan", item, 1, cpu="16", os="Linux")
    say("page", item, 2, cpu="8")
    with replaying(MONDAY + 3 * HOUR):
        run = withdraw(source="scan", reason="wrong network", by=world.admin)
    assert now(item) == {"serial_number": "1", "cpu": "8"}
    say("page", item, 4, memory="64")
    rank(world, "scan", "page", hours=5)

    with replaying(MONDAY + 6 * HOUR):
        put_back(run=run, by=world.admin)

    assert now(item) == {"serial_number": "1", "cpu": "8", "os": "Linux", "memory": "64"}
    assert say("page", item, 7, cpu="4", os="BSD").claimed == [("A", "os")], "from then on it counts"


def test_what_holds_instead_is_what_was_believed_before_not_what_is_ranked_first_by_now(
    world: World, item: ConfigurationItem
) -> None:
    for hour, (source, value) in enumerate((("first", "4"), ("second", "8"), ("third", "16")), start=1):
        say(source, item, hour, cpu=value)
    rank(world, "first", "second", hours=4)
    with replaying(MONDAY + 5 * HOUR):
        withdraw(source="third", reason="wrong network", by=world.admin)
    assert now(item)["cpu"] == "8"


SOURCES, FIELDS = ("a", "b", "c"), ("cpu", "memory")
#: hours that pass, then a word of a source (of a field, from when, for how long), a source withdrawn or put back, or
#: another ranking.
WORDS = st.tuples(
    st.integers(1, 3),
    st.sampled_from(SOURCES),
    st.sampled_from(FIELDS),
    st.one_of(st.none(), st.integers(0, 12)),
    st.one_of(st.none(), st.integers(1, 8)),
    st.sampled_from("wxyz"),
)
ORDERS = st.lists(st.sampled_from(SOURCES), unique=True)
TURNS = (st.tuples(st.integers(1, 3), st.sampled_from(SOURCES)), st.tuples(st.integers(1, 3), ORDERS))
STEPS = st.lists(st.one_of(WORDS, WORDS, *TURNS), max_size=12)


class Plain:
    """The plain list: facts, rankings and withdrawals as they came, asked by walking over all of them."""

    def __init__(self, order: list[str]) -> None:
        self.orders = [(0, order)]
        self.facts: list[tuple[int, str, str, int, int | None, str]] = []
        self.withdrawn: list[list[Any]] = []

    def value(self, field: str, as_of: int, known_at: int) -> str | None:
        best: tuple[str, str] | None = None
        for at, source, name, since, until, value in self.facts:
            if name != field or at > known_at or since > as_of or (until is not None and until <= as_of):
                continue
            if any(s == source and at <= w <= known_at and not (u and u <= known_at) for s, w, u in self.withdrawn):
                continue
            if best is None or self.strength(source, at) >= self.strength(best[0], at):
                best = source, value
        return best[1] if best else None

    def strength(self, source: str, at: int) -> int:
        """By the ranking of that hour; of a later one nothing was known."""
        order = [order for hour, order in self.orders if hour <= at][-1]
        return len(order) - order.index(source) if source in order else 0


def play(world: World, plain: Plain, item: ConfigurationItem, steps: list[Any]) -> None:
    """Say, rank and withdraw, in the database and in the plain list."""
    hour = 0
    open_: dict[str, Any] = {}
    for step in steps:
        hour += step[0]
        source = step[1]
        if isinstance(source, list):
            rank(world, *source, hours=hour)
            plain.orders.append((hour, source))
            continue
        with replaying(MONDAY + hour * HOUR):
            if len(step) == 2 and source in open_:
                run, row = open_.pop(source)
                put_back(run=run, by=world.admin)
                row[2] = hour
            elif len(step) == 2:
                row = [source, hour, None]
                plain.withdrawn.append(row)
                open_[source] = (withdraw(source=source, reason="r", by=world.admin), row)
            else:
                _hours, _source, field, since, lasts, value = step
                begins = hour if since is None else min(since, hour)
                until = None if since is None or lasts is None else min(begins + lasts, hour)
                if until is not None and until <= begins:
                    continue
                said = {"since": MONDAY + begins * HOUR} if since is not None else {}
                said |= {"until": MONDAY + until * HOUR} if until is not None else {}
                update_item(item=item, facts={field: value}, stamp=Stamp(source=source, trusted=True, **said))
                plain.facts.append((hour, source, field, begins, until, value))


@pytest.mark.slow
@settings(max_examples=25)
@given(
    steps=STEPS,
    order=ORDERS,
    pairs=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=15, max_size=25),
)
@example(
    steps=[
        *((1, "a"), (1, "b", "cpu", None, None, "x"), (1, "a"), (1, "a", "cpu", None, None, "x")),
        *((1, "a", "memory", None, None, "w"), (1, "b"), (1, "a", "cpu", None, None, "w")),
    ],
    order=["b"],
    pairs=[(17, 34)],
)  # a weaker source had said the same as the one that was withdrawn: it holds the value from then on
@example(
    steps=[
        *((1, "a", "cpu", None, None, "x"), (1, "b", "cpu", None, None, "y"), (1, "a"), (1, ["a", "b"]), (1, "a")),
    ],
    order=[],
    pairs=[(40, 40)],
)  # ranked above another only while it was withdrawn: what had been believed before is, when it is put back
def test_random_words_and_withdrawals_answer_like_a_plain_list_of_facts(
    world: World, steps: list[Any], order: list[str], pairs: list[tuple[int, int]]
) -> None:
    with transaction.atomic():
        plain = Plain(order)
        rank(world, *order)
        with replaying(MONDAY):
            item = make_item("A")
        play(world, plain, item, steps)
        for as_of, known_at in pairs:
            moment = Moment(MONDAY + as_of * HOUR, MONDAY + known_at * HOUR)
            row = items_at(moment, world.admin).get(identifier="A")
            for field in FIELDS:
                assert row.attributes.get(field) == plain.value(field, as_of, known_at), (field, as_of, known_at)
        item.refresh_from_db()
        assert item.attributes == {f: v for f in FIELDS if (v := plain.value(f, 10**6, 10**6))}
        transaction.set_rollback(True)
