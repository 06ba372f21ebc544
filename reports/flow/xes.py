"""The log of a process as XES (IEEE 1849-2016), for tools of process mining (RPT-05)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any
from xml.sax.saxutils import quoteattr

from django.db.models import F

from reports.flow.process import Process
from tickets.figures.moves import moves

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849.2016" xes.features="" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<classifier name="State" keys="concept:name"/>
"""
CHUNK = 2000


def xes_of(process: Process, *, named: bool) -> Iterator[str]:
    """The file in pieces: a trace per ticket, an event per step that changed its state; ``named``: by whom, too."""
    yield _HEAD
    tickets = process.scope.found(process.cohort).values("pk")
    entries = moves(process.at).filter(ticket__in=tickets).order_by("ticket_id", "at", "id")
    columns = entries.values(
        "ticket_id", "at", "action", "state_to", number=F("ticket__number"), who=F("actor__username")
    )
    for _ticket, events in groupby(columns.iterator(CHUNK), key=lambda event: event["ticket_id"]):
        found = list(events)
        lines = [_text("concept:name", found[0]["number"]), *(_event(event, named=named) for event in found)]
        yield f"<trace>{''.join(lines)}</trace>\n"
    yield "</log>\n"


def _event(event: Mapping[str, Any], *, named: bool) -> str:
    values = [_text("concept:name", event["state_to"]), _text("action", event["action"])]
    values.append(f'<date key="time:timestamp" value="{event["at"].isoformat()}"/>')
    if named and event["who"]:
        values.append(_text("org:resource", event["who"]))
    return f"<event>{''.join(values)}</event>"


def _text(key: str, value: str) -> str:
    return f'<string key="{key}" value={quoteattr(value)}/>'
