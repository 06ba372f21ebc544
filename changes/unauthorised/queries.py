"""Writes that no change allowed, found in the history of items and relations (CHG-09)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.models import User
from changes.models import Change
from changes.proof.register import believed_before
from changes.states import ENDED, States
from changes.unauthorised.models import WriteVerdict
from cmdb.authority import Authority
from cmdb.definitions import Definitions, column_labels
from cmdb.models import Attribute, ConfigurationItem, ItemVersion, RelationVersion
from cmdb.versioning.history import Field, Names
from tickets.figures.records import moment_of

ITEM, RELATION = "i", "r"
OPEN = "open"
STATES = (OPEN, *WriteVerdict.Verdict.values)
#: What addresses call all of them.
ANY = "all"
#: From, until; half open.
Between = tuple[datetime, datetime]
#: So many are listed of a span that is asked for.
MOST = 5000


@dataclass(frozen=True)
class Write:
    """A write: ``key`` names it to pages and programs; ``items``: what it is about.

    ``codes``: the fields that it brought, none for a relation; ``words``: what was written, as people call it;
    ``altered``: fields with what was believed before and what was written.
    """

    key: str
    version: Any
    items: list[ConfigurationItem]
    codes: list[str]
    words: str
    verdict: WriteVerdict | None
    altered: list[Field] = field(default_factory=list)

    @property
    def what(self) -> str:
        """What was written, as programs call it."""
        return ", ".join(self.codes) or self.words

    @property
    def at(self) -> datetime:
        """When it was written."""
        return self.version.recorded.lower

    @property
    def state(self) -> str:
        """``open``, or what became of it."""
        return self.verdict.verdict if self.verdict else OPEN


def item_writes(user: User) -> QuerySet[ItemVersion]:
    """Those to items that ``user`` sees and for which no change of the item was running."""
    found = ItemVersion.objects.visible_to(user).filter(authority=Authority.UNAUTHORISED, carried=False)
    return _uncovered(found, "item_id")


def relation_writes(user: User) -> QuerySet[RelationVersion]:
    """Those to relations between items that ``user`` sees, their ends too; a change of either item covers them."""
    seen = ConfigurationItem.objects.visible_to(user).values("pk")
    news = Q(carried=False) | Q(valid__upper_inf=False)
    found = RelationVersion.objects.filter(news, authority=Authority.UNAUTHORISED)
    return _uncovered(found.filter(source__in=seen, target__in=seen), "source_id", "target_id")


def _uncovered(found: QuerySet[Any], *columns: str) -> Any:
    """Without those while a change of it was really carried out, half open; that it was planned covers nothing."""
    found = found.annotate(written_at=F("recorded__startswith"))
    for column in columns:
        changes = Change.objects.filter(
            affected_items__item=OuterRef(column), actual_start__lte=OuterRef("written_at")
        )
        over = Q(state__in=ENDED, actual_end__gt=OuterRef("written_at"))
        running = Q(state=States.IMPLEMENTING, actual_end=None)
        found = found.exclude(Exists(changes.filter(over | running)))
    return found


def in_state(found: Any, state: str) -> Any:
    """Those of ``found`` that became what ``state`` says; all when it is empty."""
    if state == OPEN:
        return found.filter(verdict=None)
    return found.filter(verdict__verdict=state) if state else found


def span_asked(params: Mapping[str, str]) -> Between | None:
    """The span that an address names: a date or a time of the portal's zone each; None without, or for nonsense."""
    try:
        start, end = moment_of(params.get("from", "")), moment_of(params.get("to", ""))
    except ValueError:
        return None
    return (start, end) if start < end else None


def writes(user: User, state: str, most: int, between: Between | None = None) -> list[Write]:
    """The newest ``most``, items and relations together; only those of a span. Four queries, and those of names."""
    related = ("by", "verdict__by", "verdict__change")
    both = (in_state(_within(found, between), state) for found in (item_writes(user), relation_writes(user)))
    items, relations = both
    items = items.select_related("item", *related).order_by("-written_at", "-pk")
    relations = relations.select_related("source", "target", "relation_type", *related)
    called = _called()
    rows = [_write(one, called) for one in (*items[:most], *relations.order_by("-written_at", "-pk")[:most])]
    return with_altered(sorted(rows, key=lambda one: one.at, reverse=True)[:most])


def with_altered(rows: list[Write]) -> list[Write]:
    """``rows`` with what each altered: what was believed of an item until then, and since. Two queries, and names."""
    versions = [one.version for one in rows if isinstance(one.version, ItemVersion)]
    if not versions:
        return rows
    before, names = believed_before(versions), Names(Definitions())

    def altered(one: Write) -> list[Field]:
        found = before.get((one.version.item_id, one.version.recorded.lower))
        return names.differences(found, one.version) if found is not None else []

    return [replace(one, altered=altered(one)) if one.codes else one for one in rows]


def _within(found: Any, between: Between | None) -> Any:
    return found.filter(written_at__gte=between[0], written_at__lt=between[1]) if between else found


def _called() -> dict[str, str]:
    """What people call columns and attributes."""
    return column_labels() | {row.code: row.name for row in Attribute.objects.all()}


def _write(version: ItemVersion | RelationVersion, called: dict[str, str]) -> Write:
    verdict = getattr(version, "verdict", None)
    if isinstance(version, ItemVersion):
        codes = fields_of(version)
        words = ", ".join(str(called.get(code, code)) for code in codes)
        return Write(f"{ITEM}{version.pk}", version, [version.item], codes, words, verdict)
    words = f"{version.source.identifier} {version.relation_type.name} {version.target.identifier}"
    return Write(f"{RELATION}{version.pk}", version, [version.source, version.target], [], words, verdict)


def fields_of(version: ItemVersion) -> list[str]:
    """The fields that it brought, by their codes."""
    newest = max((stamp[1] for stamp in version.sources.values()), default="")
    return sorted(name for name, stamp in version.sources.items() if name and stamp[1] == newest)


def find_write(user: User, key: str) -> Write | None:
    """The write that ``key`` names, when ``user`` sees it and nothing allowed it."""
    kind, number = key[:1], key[1:]
    if kind not in (ITEM, RELATION) or not number.isdigit() or len(number) > 18:
        return None
    found = item_writes(user) if kind == ITEM else relation_writes(user)
    version = found.filter(pk=int(number)).first()
    return with_altered([_write(version, _called())])[0] if version is not None else None


def figures(user: User, start: datetime, end: datetime) -> dict[str, int]:
    """How many were written in the span, in all and by what became of them."""
    counts = {"all": 0, **dict.fromkeys(STATES, 0)}
    both: Iterable[Any] = (item_writes(user), relation_writes(user))
    for found in both:
        within = _within(found, (start, end))
        for state in STATES:
            counts[state] += in_state(within, state).count()
    counts["all"] = sum(counts[state] for state in STATES)
    return counts
