"""What monitors read: the figures of timer health as Prometheus wants them (text format 0.0.4)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sla.engine.health import WORDS, Health

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Sample = tuple[dict[str, str], float]

#: Name -> type and what it means.
METRICS = {
    "itsm_health": ("gauge", "Verdict on timers and notices: 2 green, 1 amber, 0 red."),
    "itsm_health_reason": ("gauge", "1 for each reason that makes the verdict amber or red."),
    "itsm_engine_paused": ("gauge", "1 while an operator holds the engine back."),
    "itsm_engine_heartbeat_age_seconds": ("gauge", "Since the last sign of life of a driver."),
    "itsm_engine_pass_seconds": ("gauge", "How long the last pass of a driver took."),
    "itsm_engine_processed_total": ("counter", "Timers fired and deliveries tried by a driver since it started."),
    "itsm_clock_offset_seconds": ("gauge", "How far a machine's clock is ahead of the database's."),
    "itsm_timer_overdue_seconds": ("gauge", "Age of the oldest timer that should have fired."),
    "itsm_timers_fired_last_hour": ("gauge", "Timers fired in the last hour."),
    "itsm_timer_lateness_seconds": ("gauge", "Lateness of the timers of the last hour by quantile."),
    "itsm_deliveries_waiting": ("gauge", "Deliveries that wait or are being sent, by channel."),
    "itsm_deliveries_dead": ("gauge", "Deliveries that nobody tries any more, by channel."),
    "itsm_canary_age_seconds": ("gauge", "Since the test timer last came back."),
    "itsm_canary_lateness_seconds": ("gauge", "How late the test timer came back."),
    "itsm_audit_findings": ("gauge", "Clocks that the auditor found not to fit."),
}


def render(health: Health, now: datetime) -> str:
    """All figures of ``health`` as text. Pure."""
    lines: list[str] = []
    found = dict(_samples(health, now))
    for name, (kind, meaning) in METRICS.items():
        lines += [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]
        lines += [f"{name}{_labels(labels)} {value:g}" for labels, value in found.get(name, [])]
    return "\n".join([*lines, ""])


def _labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{key}="{_escaped(value)}"' for key, value in labels.items()) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _samples(health: Health, now: datetime) -> Iterator[tuple[str, list[Sample]]]:
    figures = health.figures
    standing = {"ok": 2, "soon": 1, "late": 0}[health.tone]
    reasons = {*health.red, *health.amber}
    yield "itsm_health", [({}, standing)]
    yield "itsm_health_reason", [({"reason": code}, float(code in reasons)) for code in WORDS]
    yield "itsm_engine_paused", [({}, float(figures["paused"]))]
    yield from _of_drivers(figures["heartbeats"], now)
    yield from _of_timers(figures)
    channels = figures["channels"]
    yield "itsm_deliveries_waiting", [({"channel": row["channel"]}, row["pending"]) for row in channels]
    yield "itsm_deliveries_dead", [({"channel": row["channel"]}, row["dead"]) for row in channels]
    if figures["canary_at"]:
        yield "itsm_canary_age_seconds", [({}, _seconds(now - figures["canary_at"]))]
    if figures["canary_ms"] is not None:
        yield "itsm_canary_lateness_seconds", [({}, figures["canary_ms"] / 1000)]
    yield "itsm_audit_findings", [({}, len(figures["findings"]))]


def _of_drivers(beats: list[Any], now: datetime) -> Iterator[tuple[str, list[Sample]]]:
    named = [({"driver": beat.name, "host": beat.host}, beat) for beat in beats]
    yield "itsm_engine_heartbeat_age_seconds", [(labels, _seconds(now - beat.beat_at)) for labels, beat in named]
    yield "itsm_engine_pass_seconds", [(labels, beat.cycle_ms / 1000) for labels, beat in named]
    yield "itsm_engine_processed_total", [(labels, beat.processed) for labels, beat in named]
    yield "itsm_clock_offset_seconds", [(labels, beat.clock_offset_ms / 1000) for labels, beat in named]


def _of_timers(figures: dict[str, Any]) -> Iterator[tuple[str, list[Sample]]]:
    late = figures["lateness"]
    yield "itsm_timer_overdue_seconds", [({}, _seconds(figures["overdue"]))]
    yield "itsm_timers_fired_last_hour", [({}, late["count"])]
    quantiles = {"0.5": late["p50"], "0.99": late["p99"], "1": late["max"]}
    known = [({"quantile": name}, _seconds(value)) for name, value in quantiles.items() if value is not None]
    yield "itsm_timer_lateness_seconds", known


def _seconds(span: timedelta) -> float:
    return round(span.total_seconds(), 3)
