"""What a kind of ticket means to everything that serves every kind: whom it concerns, what is timed, what it is
graded by. Plain values, declared with the kind (``tickets.lifecycle.Kind``); nothing here knows a kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

#: Every shipped queue (``tickets.queues.queries.VIEWS``), for kinds that a desk dispatches.
ALL_VIEWS = (
    "unassigned",
    "mine",
    "due_soon",
    "overdue",
    "escalated",
    "monitoring",
    "reopened",
    "waiting",
    "to_confirm",
    "confirmed",
    "follow_up",
    "open",
    "all",
)
#: ``Ticket.priority_rank`` of tickets of a kind that has no priority: behind every priority, urgent to nobody.
NO_PRIORITY = 99


class Audience(Enum):
    """Who reads tickets of a kind at all; staff of the provider who see every customer's tickets always do.

    What suppliers were handed, and what a guest was called in to, is theirs to read whatever the kind.
    """

    #: Whoever asked for it, and those who follow the tickets of their organisation.
    REQUESTERS = "requesters"
    #: Those who follow the tickets of the organisation, not each requester in it.
    ORGANISATION = "organisation"
    #: The provider's staff only.
    STAFF = "staff"


@dataclass(frozen=True, kw_only=True)
class Tile:
    """What requesters press on their home to report one. ``tone``: colour of the icon, as components name it.

    ``begins``: what its form begins with, by field.
    """

    label: Any
    text: Any
    icon: str
    tone: str = "info"
    begins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Panel:
    """What a kind shows on the page of its tickets: ``template``, with what ``shows`` returns.

    ``shows``: dotted path of a function of (ticket, available actions, user, now), which returns None for nothing.
    """

    shows: str
    template: str


class Grade(Enum):
    """What a ticket is graded by: what policies, rules and queues match beside the kind."""

    PRIORITY = "priority"
    LEVEL = "level"
    TYPE = "type"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Emergency:
    """The procedure that a high priority begins (MAJ-01).

    ``last_rank``: the rank of the last priority that begins it; ``commander``: the role that takes command;
    ``follow``: dotted path of the service that begins, continues or ends it as a step left the ticket. It is called
    with (ticket, entry, now) when clocks and notices of the step are done; never for what is loaded or imported.
    """

    last_rank: int
    commander: str
    follow: str


@dataclass(frozen=True)
class Span:
    """From when to when a limit to the customer counts: names of moments in the ticket's row.

    ``noted``: the end is typed by hand afterwards; that it is there stops the clock at the moment of writing.
    ``lasts``: it counts on after the solution. ``repeats``: not every ticket comes to its beginning, and one that
    comes to it again after an end is measured again.
    """

    starts: str
    stops: str
    noted: bool = False
    lasts: bool = False
    repeats: bool = False


@dataclass(frozen=True, kw_only=True)
class Clocks:
    """Which clocks there are for a kind, and in which states they start, pause and stop.

    ``limits``: metric to its span. ``groups``: each group that has the ticket is measured (OLA): answered in a state
    of ``at_work``, over when it is passed on or resolved; not while it is back in ``at_desk``. ``vendors``: so is each
    vendor that is called (UC). Clocks pause in states of the phase "waiting", for reasons that the policy names.
    ``owed``: who owes a limit, as roles: they are told before it and when it has passed; else whoever has the ticket.
    ``moments``: by name what a policy may let a limit count from, or until (SLM-04), with its column in the row; none:
    the kind's own spans always count. ``labels``: what a limit is called here, when it is not what others call it.
    """

    limits: Mapping[str, Span] = field(default_factory=dict)
    moments: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, object] = field(default_factory=dict)
    owed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    groups: bool = False
    vendors: bool = False
    at_work: frozenset[str] = frozenset()
    at_desk: str = ""

    def span(self, metric: str, starts: str = "", stops: str = "") -> Span:
        """The span of a limit between two moments of a policy; where the kind knows none of that name, its own."""
        own = self.limits[metric]
        return replace(own, starts=self.moments.get(starts, own.starts), stops=self.moments.get(stops, own.stops))


#: For kinds that nobody promised anything about.
NO_CLOCKS = Clocks()


#: What happens to work that a desk hands to groups, in order; closed counts for what was solved.
MOMENTS = {
    "registered": "created_at",
    "dispatched": "assigned_at",
    "started": "responded_at",
    "resolved": "resolved_at",
    "closed": "closed_at",
}


def desk_clocks(*, at_work: frozenset[str], at_desk: str = "", arrival: str = "") -> Clocks:
    """What is measured of work that a desk hands to groups: response, visit, resolution, updates (SLM-03).

    ``arrival``: the column of the first arrival, typed by hand afterwards; without one no visit is measured.
    """
    visit = {"on_site": Span("responded_at", arrival, noted=True)} if arrival else {}
    return Clocks(
        limits={
            "response": Span("assigned_at", "responded_at"),
            **visit,
            "resolve": Span("responded_at", "resolved_at"),
            "update": Span("responded_at", "resolved_at"),
        },
        moments=MOMENTS,
        groups=True,
        vendors=True,
        at_work=at_work,
        at_desk=at_desk,
    )


@dataclass(frozen=True, kw_only=True)
class Imports:
    """How the history of another product becomes tickets of a kind (docs/importing.md). States are the kind's own.

    ``registered``: the state of a ticket before anything that a row tells happened. ``milestones``: what a row that
    tells a whole life may have times for, in order: the column of the time, the state that it led to, and the column
    of whoever did it, if there is one. ``worked``: states that show somebody at work. ``solved``: those that solve
    it. ``needed``: columns without which a ticket cannot be stored.
    ``columns``: what can be read beside the columns of every ticket; how, follows from the column of the model.
    ``at_end``: those of them that hold only for what is over. ``texts``: columns of text beside summary and
    description. ``periods``: pairs of columns, beginning and end; ``lasting``: those that cannot be of no length.
    ``fixed``: what every imported one has, by column.
    """

    registered: str
    milestones: tuple[tuple[str, str, str], ...]
    worked: frozenset[str]
    solved: frozenset[str]
    needed: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    at_end: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    periods: tuple[tuple[str, str], ...] = ()
    lasting: tuple[tuple[str, str], ...] = ()
    fixed: Mapping[str, object] = field(default_factory=dict)
