"""What is handed to a channel, and what it says came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SENT, DEFINITE, PERMANENT, UNCERTAIN, UNTRIED = "sent", "definite", "permanent", "uncertain", "untried"


@dataclass(frozen=True)
class Outgoing:
    """A message ready to go. ``rendered`` never changes between tries: subject, text, date, headers."""

    key: str
    channel: str
    to: str
    message_id: str
    rendered: Mapping[str, Any]
    url: str = ""
    secret: str = ""


@dataclass(frozen=True)
class Result:
    """What came of a try: sent, failed for certain, refused for good, or unknown. ``detail`` is for operators.

    ``outage``: the other side as a whole seems to be down; enough of them in a row open its circuit.
    """

    kind: str
    detail: str = ""
    outage: bool = False
