"""Which of two sources wins. Read in one query; without rankings the latest word holds."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from cmdb.models import SourceRanking, SourceRankingVersion
from cmdb.versioning.moments import present

#: Sources that put back what others said: nobody ranks above them, and they rank above nobody.
RESTORING = frozenset({"undo", "formula", "merge", "split"})
#: Names under which the portal itself writes: nobody outside speaks as one of them.
OWN = RESTORING | {"api", "audit", "change", "model", "page", "people", "withdrawal"}
#: Files that name no source.
FILES = "import"
#: Of a value that was withdrawn and that nobody else gave.
NOBODY = "-"
#: People type into forms what they leave as it is, too: only what they change is their word.
TYPED = frozenset({"page"})


#: Before the code of a type of relations, where a field is named: relations are ranked like fields.
RELATION = "relation:"


def refused_name(source: str, *, discovers: bool = False) -> str:
    """Why nobody outside may speak as ``source``; empty when they may. ``discovers``: files are another source."""
    text = _("“%(source)s” is what the portal calls itself; choose another name.")
    return text % {"source": source} if source in OWN or (discovers and source == FILES) else ""


def relation_field(code: str) -> str:
    """How a ranking names relations of a type."""
    return f"{RELATION}{code}"


def asserts(source: str) -> bool:
    """Whether saying what is recorded already counts as the source's own word."""
    return source not in TYPED and source not in RESTORING


#: The sources by class and field, the strongest first.
Orders = Mapping[tuple[str | None, str], list[str]]


class Rankings:
    """Every ranking as it is now, or those given."""

    def __init__(self, above: Callable[[str], Sequence[str]], orders: Orders | None = None) -> None:
        if orders is None:
            rows = SourceRanking.objects.exclude(sources=[])
            orders = {(row.ci_class_id, row.field): list(row.sources) for row in rows}
        self._rows = {place: order for place, order in orders.items() if order}
        self._above = above
        self._found: dict[tuple[str, str], list[str]] = {}

    def __bool__(self) -> bool:
        return bool(self._rows)

    def of(self, class_code: str, field: str) -> list[str]:
        """The sources ranked for a field, the strongest first: by the nearest class, there by field before class."""
        place = (class_code, field)
        if place not in self._found:
            owners = [*self._above(class_code), None]
            asked = [(owner, name) for owner in owners for name in (field, "")]
            self._found[place] = next((self._rows[key] for key in asked if key in self._rows), [])
        return self._found[place]

    def rank(self, class_code: str, field: str, source: str) -> int:
        """How strong the source is: 0 for one that is not named; nobody is weaker than anybody."""
        if source == NOBODY:
            return -1
        order = self.of(class_code, field) if self._rows else []
        return len(order) - order.index(source) if source in order else 0

    def outranks(self, class_code: str, field: str, holder: str, source: str) -> bool:
        """Whether the value of ``holder`` stands against what ``source`` says now."""
        if not self._rows or source in RESTORING or not holder:
            return False
        return self.rank(class_code, field, source) < self.rank(class_code, field, holder)


class PastRankings:
    """Every ranking as it was when something was said. One query."""

    def __init__(self, above: Callable[[str], Sequence[str]]) -> None:
        rows = SourceRankingVersion.objects.order_by("at", "pk")
        columns = ("at", "ranking__ci_class_id", "ranking__field", "definition")
        self._times: list[datetime] = []
        self._states = [Rankings(above, {})]
        orders: dict[tuple[str | None, str], list[str]] = {}
        for at, owner, field, definition in rows.values_list(*columns):
            orders = {**orders, (owner, field): definition["sources"]}
            self._times.append(at)
            self._states.append(Rankings(above, orders))

    def at(self, moment: datetime) -> Rankings:
        """Those that counted for what was said at ``moment``."""
        return self._states[bisect_right(self._times, moment)]


def holder_of(sources: Mapping[str, Any], field: str, *, given: bool) -> tuple[str, str]:
    """Who gave a field its value and when, from a version's ``sources``; empty when nobody ever said anything.

    ``given``: whether the field has a value; one without was taken away by somebody, or never filled.
    """
    stamp = sources.get(field) or (sources.get("") if given else None)
    return (stamp[0], stamp[1]) if stamp else ("", "")


@transaction.atomic
def keep_ranking(*, ci_class: str | None, field: str, sources: Sequence[str], by: User) -> SourceRanking:
    """Rank ``sources``, the strongest first, from now on; what is recorded stays until somebody writes again."""
    row, _made = SourceRanking.objects.select_for_update().get_or_create(ci_class_id=ci_class, field=field)
    row.sources = list(sources)
    row.save()
    SourceRankingVersion.objects.create(ranking=row, at=present(), by=by, definition={"sources": row.sources})
    return row
