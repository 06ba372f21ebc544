"""After a restore no number or internal key is given out twice, and nothing old opens anything (ADM-02, TKT-01)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from accounts.access.tokens import create_token, find_token
from itsm.run.restarting import KEY_JUMP, NUMBER_JUMP, Reached, end_what_was_signed, jump_ahead, reached_now
from tests.factories import MONDAY, World, register_incident
from tickets.database.bookkeeping import NumberCounter
from tickets.database.numbers import allocate_number
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.req("ADM-02", "TKT-01")]
YESTERDAY = MONDAY - timedelta(days=1)


@pytest.mark.parametrize("days", [0, 1, 40])
def test_every_prefix_and_day_after_the_backup_jumps(world: World, days: int) -> None:
    """The backup knows no row for them: it was made before the first ticket, of today, yesterday or weeks ago."""
    made_at = MONDAY - timedelta(days=days)
    moments = [made_at + timedelta(days=day) for day in range(days + 1)]
    given = {allocate_number("IM", moment) for moment in moments for _again in range(3)}
    given |= {allocate_number("TK", moment) for moment in moments}
    NumberCounter.objects.all().delete()  # as the backup had it

    jump_ahead(made_at, MONDAY, Reached())

    later = {allocate_number(prefix, moment) for prefix in ("IM", "TK") for moment in moments}
    assert not given & later
    assert allocate_number("IM", MONDAY).endswith("001002")


def test_restoring_the_same_backup_twice_does_not_go_the_same_way_twice(world: World) -> None:
    def restore() -> None:
        before = reached_now()
        NumberCounter.objects.all().delete()
        jump_ahead(YESTERDAY, MONDAY, before)

    restore()
    first = {allocate_number("IM", MONDAY) for _turn in range(3)}
    restore()
    second = {allocate_number("IM", MONDAY) for _turn in range(3)}

    assert not first & second


def test_a_busy_day_is_jumped_over(world: World) -> None:
    NumberCounter.objects.update_or_create(prefix="IM", day=YESTERDAY.date(), defaults={"last": 7568})

    jump_ahead(MONDAY, MONDAY, Reached())

    assert NumberCounter.objects.get(prefix="IM", day=MONDAY.date()).last == 2 * 7568
    assert NumberCounter.objects.get(prefix="IM", day=YESTERDAY.date()).last == 3 * 7568
    assert NUMBER_JUMP == 1000


def test_internal_keys_jump_so_that_no_message_looks_like_one_of_before(world: World) -> None:
    """The key of a delivery is part of its mail's identification and of a gateway's idempotency key."""
    register_incident(world.desk)
    last = Ticket.objects.order_by("-pk")[0].pk
    before = Reached(keys={"tickets_ticket_id_seq": last + 50})

    jump_ahead(MONDAY, MONDAY, before)

    assert register_incident(world.desk).pk == last + 50 + KEY_JUMP + 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_sequences WHERE schemaname = 'public' AND last_value < %s", [KEY_JUMP])
        assert cursor.fetchone() == (0,)


def test_tokens_that_were_revoked_since_do_not_work_again(world: World) -> None:
    _token, text = create_token(user=world.desk, name="t")
    assert end_what_was_signed(keep_tokens=True) == 1
    assert find_token(text) is not None

    assert end_what_was_signed() == 1
    assert find_token(text) is None
