"""How tickets went from state to state and from group to group, as conditions over their log (RPT-05).

Parts of a set of records: what an arrow, a variant, a state or a cell of the process page opens. For staff only, since
the log tells more than a requester reads.
"""

from __future__ import annotations

import re
from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import BooleanField, CharField, Count, Exists, F, Func, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import MD5
from django.db.models.lookups import Exact, GreaterThan

from tickets.models import TimelineEntry

_ARROW = re.compile(r"arrow-(\w*)-(\w+)")
_AGAIN = re.compile(r"again-(\w+)")
_STANDS = re.compile(r"stands-(\w+)")
_PATH = re.compile(r"path-([0-9a-f]{32})")
_HANDED = re.compile(r"handed-([\w-]{1,40})\.([\w-]{1,40})")
RETURNED = "returned"
#: Between the states of a path.
THEN = ">"
#: The change of the group in an entry, where there is one.
_GROUP = '$[*] ? (@.field == "group" && @.old != null && @.new != null)'


class JsonText(Func):
    """The first value that a path finds in a JSON column, as text."""

    function = "jsonb_path_query_first"
    template = "(%(function)s(%(expressions)s) #>> '{}')"
    output_field = CharField()


def moves(before: Any) -> QuerySet[TimelineEntry]:
    """The steps that changed a state, of all tickets, before a moment."""
    return TimelineEntry.objects.filter(at__lt=before).exclude(state_from=F("state_to")).order_by()


def hand_overs(before: Any) -> QuerySet[Any]:
    """The steps by which a group took a ticket over from another one; ``gave`` and ``took``: the codes of both."""
    is_one = Func(F("changes"), Value(_GROUP), function="jsonb_path_exists", output_field=BooleanField())
    gave, took = (JsonText(F("changes"), Value(f"{_GROUP}.{side}.id")) for side in ("old", "new"))
    found = TimelineEntry.objects.filter(at__lt=before).alias(is_one=is_one).filter(is_one=True)
    return found.annotate(gave=gave, took=took).exclude(gave=F("took")).order_by()


def is_move(part: str) -> bool:
    """Whether a part of a set names how its tickets went."""
    return part == RETURNED or any(form.fullmatch(part) for form in (_ARROW, _AGAIN, _STANDS, _PATH, _HANDED))


def went(part: str, before: Any) -> Q:
    """Tickets that went so until ``before``. Raises ValueError for what is no such part.

    ``arrow-<from>-<to>``: took this step; ``again-<state>``: came into the state more than once; ``stands-<state>``:
    are in it then; ``path-<digest>``: went exactly this way; ``handed-<group>.<group>``: were handed over so;
    ``returned``: came back to a group that had given them away.
    """
    mine = moves(before).filter(ticket=OuterRef("pk"))
    if found := _ARROW.fullmatch(part):
        return Q(Exists(mine.filter(state_from=found[1], state_to=found[2])))
    if found := _AGAIN.fullmatch(part):
        into = mine.filter(state_to=found[1]).values("ticket").annotate(n=Count("pk")).values("n")
        return Q(GreaterThan(Subquery(into), 1))
    if found := _STANDS.fullmatch(part):
        return Q(Exact(Subquery(mine.order_by("-at", "-id").values("state_to")[:1]), found[1]))
    if found := _PATH.fullmatch(part):
        way = StringAgg("state_to", THEN, order_by=("at", "id"))
        return Q(Exact(Subquery(mine.values("ticket").annotate(digest=MD5(way)).values("digest")), found[1]))
    handed = hand_overs(before).filter(ticket=OuterRef("pk"))
    if found := _HANDED.fullmatch(part):
        return Q(Exists(handed.filter(gave=found[1], took=found[2])))
    if part == RETURNED:
        earlier = Q(at__lt=OuterRef("at")) | Q(at=OuterRef("at"), pk__lt=OuterRef("pk"))
        gone = hand_overs(before).filter(earlier, ticket=OuterRef("ticket"), gave=OuterRef("took"))
        return Q(Exists(handed.filter(Exists(gone))))
    raise ValueError(part)
