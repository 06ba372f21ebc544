"""How tickets went from state to state and from group to group, as conditions over their log (RPT-05).

Parts of a set of records: what an arrow, a variant, a state or a cell of the process page opens. For staff only, since
the log tells more than a requester reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import (
    BooleanField,
    CharField,
    Count,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
)
from django.db.models.functions import MD5, Coalesce
from django.db.models.lookups import Exact, GreaterThan, In

from tickets.models import TimelineEntry

_ARROW = re.compile(r"arrow-(\w*)-(\w+)")
_INTO = re.compile(r"into-(\w+)")
_AGAIN = re.compile(r"again-(\w+)")
_STANDS = re.compile(r"stands-(\w+)")
_PATH = re.compile(r"path-([0-9a-f]{32})")
_OTHER_PATHS = re.compile(r"otherpaths((?:\.[0-9a-f]{32}){1,20})")
_HANDED = re.compile(r"handed-([\w-]{1,40})\.([\w-]{1,40})")
RETURNED = "returned"
#: Between the states of a path.
THEN = ">"
#: A change of the group, from one to another.
HANDED_OVER = '$[*] ? (@.field == "group" && @.old != null && @.new != null)'


class JsonText(Func):
    """The first value that a path finds in a JSON column, as text."""

    function = "jsonb_path_query_first"
    template = "(%(function)s(%(expressions)s) #>> '{}')"
    output_field = CharField()


def changing(path: str) -> QuerySet[TimelineEntry]:
    """The lines of the log of all tickets with a change that a JSON path finds."""
    has = Func(F("changes"), Value(path), function="jsonb_path_exists", output_field=BooleanField())
    return TimelineEntry.objects.alias(has=has).filter(has=True)


def moves(before: Any) -> QuerySet[TimelineEntry]:
    """The steps that changed a state, of all tickets, before a moment."""
    return TimelineEntry.objects.filter(at__lt=before).exclude(state_from=F("state_to")).order_by()


def hand_overs(before: Any) -> QuerySet[Any]:
    """The steps by which a group took a ticket over from another one; ``gave`` and ``took``: the codes of both."""
    gave, took = (JsonText(F("changes"), Value(f"{HANDED_OVER}.{side}.id")) for side in ("old", "new"))
    found = changing(HANDED_OVER).filter(at__lt=before)
    return found.annotate(gave=gave, took=took).exclude(gave=F("took")).order_by()


def path(digest: str) -> str:
    """The part of those that went the way with this digest."""
    return f"path-{digest}"


def other_paths(digests: Iterable[str]) -> str:
    """The part of those that went none of the ways with these digests."""
    return ".".join(["otherpaths", *digests])


def stays(state: str, before: Any) -> QuerySet[TimelineEntry]:
    """The stays in a state that ended before a moment, of all tickets: from ``at`` ``until``."""
    known = moves(before)
    later = Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), pk__gt=OuterRef("pk"))
    following = known.filter(later, ticket=OuterRef("ticket")).order_by("at", "pk")
    found = known.filter(state_to=state)
    return found.annotate(until=Subquery(following.values("at")[:1])).filter(until__isnull=False)


def stays_in(state: str, tickets: QuerySet[Any], before: Any) -> QuerySet[TimelineEntry]:
    """Those of ``tickets``."""
    return stays(state, before).filter(ticket__in=tickets.order_by().values("pk"))


def is_move(part: str) -> bool:
    """Whether a part of a set names how its tickets went."""
    forms = (_ARROW, _INTO, _AGAIN, _STANDS, _PATH, _OTHER_PATHS, _HANDED)
    return part == RETURNED or any(form.fullmatch(part) for form in forms)


def went(part: str, before: Any) -> Q:
    """Tickets that went so until ``before``. Raises ValueError for what is no such part.

    ``arrow-<from>-<to>``: took this step; ``into-<state>``: came into the state; ``again-<state>``: more than once;
    ``stands-<state>``: are in it then; ``path-<digest>``: went exactly this way;
    ``otherpaths.<digest>…``: went none of these ways;
    ``handed-<group>.<group>``: were handed over so; ``returned``: came back to a group that had given them away.
    """
    mine = moves(before).filter(ticket=OuterRef("pk"))
    if found := _ARROW.fullmatch(part):
        return Q(Exists(mine.filter(state_from=found[1], state_to=found[2])))
    if found := _INTO.fullmatch(part):
        return Q(Exists(mine.filter(state_to=found[1])))
    if found := _AGAIN.fullmatch(part):
        into = mine.filter(state_to=found[1]).values("ticket").annotate(n=Count("pk")).values("n")
        return Q(GreaterThan(Subquery(into), 1))
    if found := _STANDS.fullmatch(part):
        return Q(Exact(Subquery(mine.order_by("-at", "-id").values("state_to")[:1]), found[1]))
    way = MD5(StringAgg("state_to", THEN, order_by=("at", "id")))
    digest = Subquery(mine.values("ticket").annotate(digest=way).values("digest"))
    if found := _PATH.fullmatch(part):
        return Q(Exact(digest, found[1]))
    if found := _OTHER_PATHS.fullmatch(part):
        known = found[1].removeprefix(".").split(".")
        went_any = Coalesce(digest, Value(""), output_field=TextField())  # what never moved went none of them, too
        return ~Q(In(went_any, known))
    handed = hand_overs(before).filter(ticket=OuterRef("pk"))
    if found := _HANDED.fullmatch(part):
        return Q(Exists(handed.filter(gave=found[1], took=found[2])))
    if part == RETURNED:
        earlier = Q(at__lt=OuterRef("at")) | Q(at=OuterRef("at"), pk__lt=OuterRef("pk"))
        gone = hand_overs(before).filter(earlier, ticket=OuterRef("ticket"), gave=OuterRef("took"))
        return Q(Exists(handed.filter(Exists(gone))))
    raise ValueError(part)
