"""The process that loads clocks, lets timers fall due, and says how late what they tell can be seen."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.db import connection, models
from django.dispatch import Signal
from django.test import Client

from accounts.models import User
from bench.load import copy_statement
from incidents.models import Incident
from sla.engine import rounds as engine
from sla.models import Clock, Target, Timer
from tickets.actions import perform
from tickets.models import Ticket
from tickets.signals import action_logged, action_performed

#: What reacts to an action with clocks or notices. Without them an action costs what it cost before.
ADDED = ("keep_time", "keep_plans", "declare", "tell_people")
GROUP, DESK, ENGINEER = "bench-group-10", "bench-agent-0", "bench-agent-10"
STEPS: list[tuple[str, dict[str, Any]]] = [
    ("register", {"summary": "新登记的事件", "impact": "I4", "requester": "bench-requester-1", "group": GROUP}),
    ("claim", {}),
    ("start", {}),
    ("comment", {"text": "现场已确认，继续处理"}),
    ("wait", {"wait_reason": "requester", "wait_until": "2099-01-01T00:00:00Z"}),
    ("resume", {}),
    ("resolve", {"cause": "配置有误", "handling": "已更正", "close_code": "tier1", "verified_how": "tested"}),
]
#: Columns that an open ticket does not fill.
EMPTY = ("resolved_at", "closed_at", "completed_in_time", "wait_until", "waiting_since", "wait_reason_id")
WATCH_SECONDS = 120
#: Open tickets that differ from the loaded ones in number, state and times. ``%s``: how many.
OPEN = """
CREATE TEMP VIEW open_ticket AS
SELECT {columns} FROM generate_series(1, {count}) n
JOIN tickets_ticket t ON t.id = 1 + n % {last}
"""
CLOCKS = """
CREATE TEMP VIEW open_clock AS
SELECT nextval(pg_get_serial_sequence('sla_clock', 'id')) AS id, t.organisation_id, t.id AS ticket_id,
       'sla' AS agreement, 'resolve' AS metric,
       {policy_version} AS policy_version_id, {rule} AS rule_id, {calendar} AS calendar_version_id, '' AS basis,
       t.priority_rank AS rank, 'running' AS state, interval '7 days' AS target, t.created_at AS started_at,
       t.created_at AS running_since, t.created_at + interval '7 days' AS due_at,
       t.created_at + interval '7 days' AS next_fire_at
FROM tickets_ticket t WHERE number LIKE 'IM97%' ORDER BY id
"""
TIMERS = """
CREATE TEMP VIEW open_timer AS
SELECT nextval(pg_get_serial_sequence('sla_timer', 'id')) AS id, id AS clock_id, 'limit' AS rule, target AS threshold,
       due_at AS fire_at
FROM sla_clock WHERE target = interval '7 days' ORDER BY id
"""
#: Lets the chosen clocks fall due one after the other, ``gap`` seconds apart; everything stays consistent.
LET_FALL_DUE = """
WITH chosen AS (
    SELECT id, now() + interval '1 second' * (2 + (row_number() OVER (ORDER BY id) - 1) * %(gap)s) AS at
    FROM (SELECT id FROM sla_clock WHERE state = 'running' AND metric = 'resolve' AND breached_at IS NULL
          AND target = interval '7 days' ORDER BY id LIMIT %(count)s) c
), moved AS (
    UPDATE sla_clock c SET due_at = at, next_fire_at = at, started_at = at - target, running_since = at - target
    FROM chosen WHERE c.id = chosen.id RETURNING c.id, c.ticket_id, chosen.at
), armed AS (UPDATE sla_timer t SET fire_at = at FROM moved WHERE t.clock_id = moved.id)
SELECT array_agg(ticket_id) FROM moved
"""
SEEN = """
SELECT id, extract(epoch FROM clock_timestamp() - due_at)::float, urgent FROM notifications_notice
WHERE ticket_id = ANY(%s) AND event = 'limit_passed'
"""


def handlers() -> dict[str, Callable[..., Any]]:
    """What the parent asks: see ``bench.child``."""
    return {"prepare": prepare, "idle": idle, "fall_due": fall_due, "actions": actions}


def prepare(count: int) -> float:
    """Add ``count`` open tickets with a running clock each; return the seconds that took."""
    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0; SET session_replication_role = replica")
        cursor.execute("SELECT max(id) FROM tickets_ticket")
        last = cursor.fetchone()[0]
        _insert(cursor, Ticket, "open_ticket", OPEN.format(columns=_open_columns(last), count=count, last=last))
        cursor.execute("SELECT setval(pg_get_serial_sequence('tickets_ticket', 'id'), max(id)) FROM tickets_ticket")
        target = Target.objects.filter(metric="resolve", calendar__code="24x7").select_related("calendar").first()
        assert target is not None  # noqa: S101  (shipped)
        assert target.calendar is not None  # noqa: S101  (shipped)
        of = {"rule": target.pk, "policy_version": target.version_id, "calendar": target.calendar.current_id}
        _insert(cursor, Clock, "open_clock", CLOCKS.format(**of))
        _insert(cursor, Timer, "open_timer", TIMERS)
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM (ANALYZE)")
    return round(time.monotonic() - began, 1)


def _insert(cursor: Any, model: type[models.Model], view: str, script: str) -> None:
    cursor.execute(script)
    cursor.execute(f"SELECT * FROM {view} LIMIT 0")  # noqa: S608  (a name of this module)
    cursor.execute(copy_statement(model, view, {column.name for column in cursor.description}))


def _open_columns(last: int) -> str:
    """Columns of a copied ticket: another number, in progress for up to five days, not due yet."""
    since = "now() - interval '1 second' * (n::bigint * 7919 % 432000)"
    due = f"{since} + interval '7 days'"
    changed = {
        "id": f"{last} + n",
        "number": "'IM97' || lpad(n::text, 10, '0')",
        "state": "'in_progress'",
        "phase": "'open'",
        "group_id": "coalesce(t.group_id, (SELECT min(id) FROM accounts_supportgroup))",
        **dict.fromkeys(("created_at", "assigned_at", "responded_at"), since),
        **dict.fromkeys(("planned_completion_at", "queue_due_at", "due_soon_at"), due),
        **{name: f"nullif(t.{name}, t.{name})" for name in EMPTY},  # nothing, of the column's type
    }
    columns = [field.column for field in Ticket._meta.local_concrete_fields]
    return ", ".join(f"{changed[name]} AS {name}" if name in changed else f't."{name}"' for name in columns)


def idle(rounds: int) -> float:
    """Milliseconds of a pass of the engine that finds nothing due; the median of ``rounds``."""
    times = []
    for _round in range(rounds + 5):
        began = time.perf_counter()
        engine.run_once(driver="bench")
        times.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(times[5:]), 1)


def fall_due(count: int, gap: float) -> dict[str, Any]:
    """Let ``count`` limits pass, ``gap`` seconds apart; return how late, in seconds, each notice could be seen."""
    with connection.cursor() as cursor:
        cursor.execute(LET_FALL_DUE, {"gap": gap, "count": count})
        tickets = cursor.fetchone()[0]
    seen: dict[int, tuple[float, bool]] = {}
    until = time.monotonic() + WATCH_SECONDS + count * gap
    while len(seen) < count and time.monotonic() < until:
        time.sleep(0.1)
        with connection.cursor() as cursor:
            cursor.execute(SEEN, [tickets])
            for key, late, urgent in cursor.fetchall():
                seen.setdefault(key, (late, urgent))
    return {
        "late": [round(late, 3) for late, _urgent in seen.values()],
        "urgent": [round(late, 3) for late, urgent in seen.values() if urgent],
        "missing": count - len(seen),
    }


def actions(rounds: int) -> dict[str, dict[str, list[float]]]:
    """Median milliseconds of each action, with clocks and notices and without, taking turns.

    ``request``: as programs ask for it, by the API; ``door``: ``perform`` alone.
    """
    every = {signal: list(signal.receivers) for signal in (action_logged, action_performed)}
    lives: dict[str, ApiLife | DoorLife] = {"request": ApiLife(), "door": DoorLife()}
    times: dict[tuple[str, str, bool], list[float]] = {}
    for added in itertools.islice(itertools.cycle((True, False)), 2 * rounds + 4):
        _listen(every if added else {signal: _own(receivers) for signal, receivers in every.items()})
        for how, life in lives.items():
            for name, spent in life.once():
                times.setdefault((how, name, added), []).append(spent)
    _listen(every)
    return {
        how: {name: [_middle(times[how, name, added]) for added in (True, False)] for name, _data in STEPS}
        for how in lives
    }


def _own(receivers: list[Any]) -> list[Any]:
    return [receiver for receiver in receivers if not any(name in repr(receiver) for name in ADDED)]


def _listen(receivers: dict[Signal, list[Any]]) -> None:
    for signal, those in receivers.items():
        signal.receivers = those
        signal.sender_receivers_cache.clear()


def _middle(times: list[float]) -> float:
    return round(statistics.median(times[2:]), 1)


class DoorLife:
    """A ticket from registration to solution, through the one door."""

    def __init__(self) -> None:
        self.desk, self.engineer = (User.objects.with_access().get(username=name) for name in (DESK, ENGINEER))

    def once(self) -> Iterator[tuple[str, float]]:
        """Each action with its milliseconds."""
        ticket: Any = Incident()
        for name, data in STEPS:
            began = time.perf_counter()
            ticket = perform(ticket, name, user=self.desk if name == "register" else self.engineer, data=data).ticket
            yield name, (time.perf_counter() - began) * 1000


class ApiLife:
    """The same by requests, as a program makes them."""

    def __init__(self) -> None:
        self.clients = {name: _client(name) for name in (DESK, ENGINEER)}

    def once(self) -> Iterator[tuple[str, float]]:
        """Each action with its milliseconds. Raises RuntimeError when one is refused."""
        number = ""
        for name, data in STEPS:
            path = f"/api/v1/incidents/{number}/actions/{name}/" if number else "/api/v1/incidents/"
            client = self.clients[ENGINEER if number else DESK]
            began = time.perf_counter()
            answer = client.post(path, data, content_type="application/json")
            spent = (time.perf_counter() - began) * 1000
            if answer.status_code >= 300:
                raise RuntimeError(f"{name}: {answer.status_code} {answer.content[:300]!r}")
            number = number or answer.json()["number"]
            yield name, spent


def _client(username: str) -> Client:
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get(username=username), backend=settings.AUTHENTICATION_BACKENDS[0])
    return client
