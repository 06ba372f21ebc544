"""After a restore nothing that was given out is given out again, and nothing old opens anything (ADM-02, TKT-01).

What happened between the backup and the restore is gone from the database, but not from mailboxes, papers, other
systems and people's minds.
"""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.access.epochs import bearer_models, begin_epoch, revoke_bearers
from accounts.models import ApiToken
from tickets.lifecycle import kinds
from tickets.models import NumberCounter

#: Numbers jump by so many, or by twice the busiest day if that is more; internal keys by so many.
NUMBER_JUMP, KEY_JUMP = 1000, 1_000_000
#: Days on either side, for clocks and zones that were set otherwise.
MARGIN = timedelta(days=1)


@dataclass(frozen=True)
class Reached:
    """How far a database had got: numbers by prefix and day, internal keys by sequence."""

    numbers: dict[tuple[str, date], int] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)


def reached_now() -> Reached:
    """How far the present database has got, so that restoring twice does not go the same way twice."""
    if NumberCounter._meta.db_table not in connection.introspection.table_names():
        return Reached()
    rows = NumberCounter.objects.values_list("prefix", "day", "last")
    return Reached({(prefix, day): last for prefix, day, last in rows}, _keys())


def jump_ahead(made_at: datetime, now: datetime, before: Reached) -> None:
    """Let numbers and internal keys go on beyond whatever was given out since ``made_at``, the time of the backup.

    Every prefix on every day from the backup to ``now`` jumps, those of which the backup knows nothing too. Internal
    keys are part of the identification of mails and requests: with a key of before, another system would drop a
    message as one that it has already.
    """
    known = {(row.prefix, row.day): row.last for row in NumberCounter.objects.all()}
    jump = max(NUMBER_JUMP, 2 * max([*known.values(), *before.numbers.values()], default=0))
    prefixes = {kind.prefix for kind in kinds()} | {prefix for prefix, _day in known}
    wanted = {(prefix, day) for prefix in prefixes for day in _days(made_at, now)} | set(known) | set(before.numbers)
    rows = [
        NumberCounter(
            prefix=prefix, day=day, last=max(known.get((prefix, day), 0), before.numbers.get((prefix, day), 0)) + jump
        )
        for prefix, day in sorted(wanted)
    ]
    NumberCounter.objects.all().delete()
    NumberCounter.objects.bulk_create(rows, batch_size=1000)
    _jump_keys(before.keys)


def end_what_was_signed(*, keep_tokens: bool = False) -> int:
    """End links and API tokens of before; return how many tokens are, or would be, concerned.

    One that was revoked after the backup would work again: only ``keep_tokens`` lets them, and only tokens. Links for
    calendars and walls end in any case.
    """
    begin_epoch()
    count = ApiToken.objects.filter(revoked_at=None).count()
    for model in bearer_models():
        if not (keep_tokens and model is ApiToken):
            revoke_bearers(model, timezone.now())
    return count


def _days(made_at: datetime, now: datetime) -> list[date]:
    """The portal's local days from the backup to now, with a margin."""
    zone = zoneinfo.ZoneInfo(settings.TIME_ZONE)
    first, last = (made_at - MARGIN).astimezone(zone).date(), (now + MARGIN).astimezone(zone).date()
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _keys() -> dict[str, int]:
    """The last value of each sequence."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sequencename, coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = 'public'")
        return dict(cursor.fetchall())


def _jump_keys(before: dict[str, int]) -> None:
    with connection.cursor() as cursor:
        for name, last in _keys().items():
            cursor.execute(
                "SELECT setval(format('public.%%I', s.sequencename)::regclass, least(%s, s.max_value - 1))"
                " FROM pg_sequences s WHERE s.schemaname = 'public' AND s.sequencename = %s",
                [max(last, before.get(name, 0)) + KEY_JUMP, name],
            )
