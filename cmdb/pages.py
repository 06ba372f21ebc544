"""What the pages of items show: lists with their columns, an item's facts by heading, its relations."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Organisation, User
from cmdb.definitions import Definitions, as_called
from cmdb.models import CIStatus, ConfigurationItem, ItemVersion
from cmdb.models.classes import Group
from cmdb.services import items_at, relations_at
from cmdb.values import shown
from cmdb.versioning.moments import Moment

#: A larger estate is not counted by class: the page must not grow with it.
COUNTED_BELOW = 20_000
TONES = {"in_use": "ok", "in_maintenance": "soon", "planned": "info", "in_stock": "neutral", "retired": "neutral"}
#: Shown beside an item: (item, reader) -> panels [{title, rows: [{label, url, count}]}]. Apps above fill it.
Beside = Callable[[ConfigurationItem, User], list[dict[str, Any]]]
_beside: list[Beside] = []


def register_beside(provider: Beside) -> None:
    """Let an app above show its part of an item's page: its tickets with counts (CMDB-09)."""
    if provider not in _beside:
        _beside.append(provider)


def beside(item: ConfigurationItem, user: User) -> list[dict[str, Any]]:
    """What other apps know of the item."""
    return [panel for provider in _beside for panel in provider(item, user)]


#: Ways on from an item: (item, reader) -> [{label, url, icon}]. Apps above fill it.
Offers = Callable[[ConfigurationItem, User], list[dict[str, Any]]]
_offers: list[Offers] = []


def register_offers(provider: Offers) -> None:
    """Let an app above offer what it makes of an item, such as a change of it."""
    if provider not in _offers:
        _offers.append(provider)


def offers_for(item: ConfigurationItem, user: User) -> list[dict[str, Any]]:
    """What other apps make of the item for this person."""
    return [offer for provider in _offers for offer in provider(item, user)]


#: Pages of tickets: (numbers, reader) -> {number: address} of those that the reader sees. Tickets register it.
Tickets = Callable[[Collection[str], User], dict[str, str]]
_tickets: list[Tickets] = []


def register_tickets(provider: Tickets) -> None:
    """Let an app above say where the tickets are that are named here: of a spare part, of a value seen otherwise."""
    if provider not in _tickets:
        _tickets.append(provider)


def pages_of_tickets(numbers: Collection[str], user: User) -> dict[str, str]:
    """The pages of the tickets of those numbers that ``user`` sees, by number."""
    return {number: url for provider in _tickets for number, url in provider(numbers, user).items()} if numbers else {}


def item_url(key: int, moment: Moment = Moment()) -> str:  # noqa: B008 - it is frozen
    """The page of an item, at the same moment."""
    return reverse("cmdb:item", args=[key]) + moment.address()


def class_tree(
    user: User, moment: Moment, definitions: Definitions, chosen: str, address: Any
) -> list[dict[str, Any]]:
    """Classes with how many items each has, those below counted in; one query. Of a very large estate, no counts."""
    counts: dict[str, int] = {}
    counted = _estimate() < COUNTED_BELOW
    if counted:
        found = items_at(moment, user).exclude(status="retired")
        counts = dict(found.values_list("ci_class").annotate(n=Count("pk")))
    rows = []
    for node in definitions.tree():
        code = node.ci_class.code
        total = sum(counts.get(other, 0) for other in definitions.below(code))
        if total or node.ci_class.active:
            shown_total = total if counted else None
            row = {
                "label": node.ci_class.name,
                "url": address(ci_class=code),
                "depth": node.depth,
                "count": shown_total,
            }
            rows.append({**row, "active": code == chosen})
    return rows


def _estimate() -> int:
    """How many items there are, as the database guesses: counting them would cost more than the page."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = 'cmdb_configurationitem'::regclass")
        return cursor.fetchone()[0]


def facts_of(row: Any, definitions: Definitions) -> list[dict[str, Any]]:
    """The attributes of an item under their headings; what the class lost stands last."""
    attributes = definitions.of(row.ci_class_id, retired=True)
    sections = []
    for group in Group:
        lines = [
            {"label": attribute.name, "value": shown(attribute, row.attributes.get(code)), "kind": attribute.kind}
            for code, attribute in attributes.items()
            if attribute.group == group and (attribute.active or code in row.attributes)
        ]
        filled = [line for line in lines if line["value"]]
        if filled:
            sections.append({"title": group.label, "lines": filled, "empty": len(lines) - len(filled)})
    other = [{"label": code, "value": str(value)} for code, value in row.attributes.items() if code not in attributes]
    if other:
        sections.append({"title": _("Other values"), "lines": other, "empty": 0})
    return sections


@dataclass
class Kin:
    """Relations of one kind, read from an item."""

    label: str
    rows: list[dict[str, Any]] = field(default_factory=list)


def relations_of(key: int, user: User, moment: Moment, known: Definitions | None = None) -> list[Kin]:
    """The item's relations in both directions at the moment, with the items that the person sees. Two queries, and
    those for the definitions of a moment of the past where they are not ``known``.
    """
    found = relations_at(moment).filter(Q(source=key) | Q(target=key)).select_related("relation_type")
    rows = as_called(found.order_by("relation_type__position", "pk")[:500], moment, known)
    others = {end for row in rows for end in (row.source_id, row.target_id)} - {key}
    seen = seen_items([*others, key], user, moment, known)
    kin: dict[tuple[str, bool], Kin] = {}
    for row in rows:
        for outward, other in ((True, row.target_id), (False, row.source_id)):
            this = row.source_id if outward else row.target_id
            if this != key or other not in seen:
                continue
            label = row.relation_type.name if outward else row.relation_type.inverse
            place = kin.setdefault((row.relation_type_id, outward), Kin(label))
            url = item_url(other, moment)
            place.rows.append({"relation": row, "item": seen[other], "key": other, "url": url})
    return [kin[key] for key in sorted(kin, key=lambda place: (not place[1], place[0]))]


def item_at(key: int, user: User, moment: Moment, known: Definitions) -> Any:
    """The item at the moment, called as then; None where nothing was recorded of it that the person sees."""
    column = "pk" if moment.is_now else "item_id"
    related = ("ci_class", "status", "business_system", "organisation", "default_group")
    found: QuerySet[Any] = items_at(moment, user).filter(**{column: key}).select_related(*related)
    return next(iter(as_called(found, moment, known)), None)


def seen_items(keys: Iterable[int], user: User, moment: Moment, known: Definitions | None = None) -> dict[int, Any]:
    """Items by key, at the moment, that the person sees, called as then; see ``as_called``."""
    column = "pk" if moment.is_now else "item_id"
    found: QuerySet[Any] = items_at(moment, user).filter(**{f"{column}__in": list(keys)})
    rows = as_called(found.select_related("ci_class", "status"), moment, known)
    return {getattr(row, column): row for row in rows}


def life_of(row: Any, order: Sequence[str], item: ConfigurationItem) -> list[dict[str, str]]:
    """The states of life for the stepper; of those before, the ones that the item was in are done. One query."""
    was = ItemVersion.objects.believed().filter(item=item, status=OuterRef("pk"))
    states = {status.pk: status for status in CIStatus.objects.annotate(been=Exists(was))}
    codes = [code for code in order if code in states]
    place = codes.index(row.status_id) if row.status_id in codes else -1
    return [
        {
            "label": states[code].name,
            "status": "now" if n == place else "done" if n < place and states[code].been else "todo",
        }
        for n, code in enumerate(codes)
    ]


def filter_choices(known: Definitions) -> dict[str, list[tuple[str, str]]]:
    """What the filters above the list offer."""
    return {
        "status": [(row.pk, row.name) for row in CIStatus.objects.active()],
        "business_system": [(row.pk, row.name) for row in known.systems.values() if row.active],
        "organisation": [(row.code, row.name) for row in Organisation.objects.filter(active=True)],
    }
