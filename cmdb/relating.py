"""Writing relations: allowed classes, cardinality, guard, versions. Set-based; end, never delete."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from cmdb.authority import IN_USE, Authority, Stamp, authority_for
from cmdb.definitions import Definitions
from cmdb.life import used_during
from cmdb.models import ConfigurationItem, ItemVersion, Relation, RelationType, RelationVersion
from cmdb.relation_rules import Rules, one_too_many
from cmdb.sources.claims import Statements, sources_at
from cmdb.sources.ranking import asserts, holder_of
from cmdb.sources.standing import claim, outranked
from cmdb.versioning.moments import present
from cmdb.versioning.numbers import next_version
from cmdb.versioning.versions import BATCH, Edit, rewrite


class RelationRefused(Exception):  # noqa: N818 - said to people
    """The relation cannot be; the text names both items and the rule, ``field`` what was said that does not fit."""

    def __init__(self, text: str, field: str = "relation") -> None:
        super().__init__(text)
        self.field = field


@dataclass(frozen=True)
class Link:
    """A relation to write: of ``group`` on the depending side ``needed`` are enough. ``held``: who said it and when,
    (source, moment), where that is not who writes it now.
    """

    source: ConfigurationItem
    relation_type: RelationType
    target: ConfigurationItem
    group: str = ""
    needed: int = 1
    held: tuple[str, str] | None = None

    def said_by(self, stamp: Stamp, now: datetime) -> list[str]:
        """Its source, and when that said it."""
        return list(self.held or (stamp.source, now.isoformat()))

    def is_controlled(self, known: Definitions) -> bool:
        """Whether it is, between items of these classes."""
        return known.controls(self.relation_type, self.source.ci_class_id, self.target.ci_class_id)

    @property
    def key(self) -> tuple[int, str, int]:
        """What makes it the same relation."""
        return self.source.pk, self.relation_type.pk, self.target.pk


@transaction.atomic
def write_relations(
    links: Iterable[Link], stamp: Stamp, *, rules: Rules | None = None, lost: list[Relation] | None = None
) -> int:
    """Make, confirm or change ``links``; return how many versions were written. Raises RelationRefused, NotAllowed.

    What a stronger source holds otherwise is only kept as a claim, and put into ``lost``.
    """
    wanted = {link.key: link for link in links}
    if not wanted:
        return 0
    rules = rules or Rules(Definitions())
    now, number = present(), next_version()
    for link in wanted.values():
        _check_classes(link, rules)
    existing = existing_relations(list(wanted))
    changed = [key for key, link in wanted.items() if _differs(existing.get(key), link)]
    classes = {row.pk: wanted[key].source.ci_class_id for key, row in existing.items()}
    weaker = outranked([existing[key] for key in changed if key in existing], classes, stamp, now, rules.known)
    against = {existing[key].pk: wanted[key] for key in changed if key in existing and existing[key].pk in weaker}
    claim({key: [link.group, link.needed] for key, link in against.items()}, weaker, stamp, now)
    if lost is not None:
        lost += [row for row in existing.values() if row.pk in weaker]
    changed = [key for key in changed if key not in existing or existing[key].pk not in weaker]
    _guard([wanted[key] for key in changed], stamp, now, rules.known)
    _check_counts([wanted[key] for key in changed if not (existing.get(key) and existing[key].active)], rules)
    made = _made([wanted[key] for key in changed if key not in existing], number, now)
    again = [existing[key] for key in changed if key in existing]
    stood = _known_before([wanted[key] for key in changed], stamp, now)
    versions = _revive(again, wanted, stamp, number, now, stood, rules.known)
    rows = [_version(row, stamp, now, wanted[row.source_id, row.relation_type_id, row.target_id]) for row in made]
    for row in rows:
        _judge_first(row, wanted[row.source_id, row.relation_type_id, row.target_id], stood, rules.known)
    RelationVersion.objects.bulk_create(rows, batch_size=BATCH)
    seen = [row.pk for row in existing.values() if row.pk not in weaker]
    Relation.objects.filter(pk__in=seen).update(confirmed_at=now)
    agreed = [existing[key] for key in wanted if key in existing and key not in set(changed)]
    _say_again([row for row in agreed if row.pk not in weaker], stamp, now)
    return len(rows) + versions


def _say_again(rows: Sequence[Relation], stamp: Stamp, now: datetime) -> None:
    """What another source had said already is this source's word too: it holds when that one is withdrawn."""
    if not rows or not asserts(stamp.source):
        return
    held = sources_at([row.pk for row in rows], now, relations=True)
    said = Statements(stamp)
    for row in rows:
        holder, at = holder_of(held.get(row.pk, {}), "", given=True)
        if holder not in ("", stamp.source):
            said.claims[row.pk, ""] = [row.group, row.needed]
            said.held_since[row.pk, ""] = at
    said.keep(now, about="relation_id")


def existing_relations(keys: Sequence[tuple[int, str, int]]) -> dict[tuple[int, str, int], Relation]:
    """Relations that were ever recorded under ``keys``, locked."""
    found: dict[tuple[int, str, int], Relation] = {}
    wanted = set(keys)
    sources = sorted({key[0] for key in keys})
    for start in range(0, len(sources), BATCH):
        part = Relation.objects.select_for_update(no_key=True).filter(source__in=sources[start : start + BATCH])
        for row in part.order_by("pk"):
            key = (row.source_id, row.relation_type_id, row.target_id)
            if key in wanted:
                found[key] = row
    return found


def _differs(row: Relation | None, link: Link) -> bool:
    given_back = link.held is not None
    return given_back or row is None or not row.active or (row.group, row.needed) != (link.group, link.needed)


def _check_classes(link: Link, rules: Rules) -> None:
    reason = rules.refusal(link.relation_type.pk, link.source, link.target)
    if reason:
        raise RelationRefused(reason)
    for item in (link.source, link.target):
        if item.status_id == "retired":
            raise RelationRefused(_("%(item)s is retired.") % {"item": item.identifier})


def _guard(links: Sequence[Link], stamp: Stamp, now: datetime, known: Definitions) -> None:
    """What is controlled of items in use needs an authority. Raises NotAllowed."""
    stamp.check_since(now)
    controlled = [link for link in links if link.is_controlled(known)]
    carrying = used_during([item for link in controlled for item in (link.source, link.target)], stamp)
    for link in controlled:
        ends = (link.source, link.target)
        used = [item.identifier for item in ends if item.pk in carrying]
        names = [item.identifier for item in ends]
        authority_for(stamp, used=used, controlled=["relation"], identifiers=names, now=now)


def _check_counts(links: Sequence[Link], rules: Rules) -> None:
    """Refuse more relations of a type than an item may have; the refusal names both items."""
    for end, limit_name in (("source", "max_targets"), ("target", "max_sources")):
        limited = [link for link in links if getattr(rules.types[link.relation_type.pk], limit_name)]
        counts = _counted(limited, end)
        for link in limited:
            item, other = (link.source, link.target) if end == "source" else (link.target, link.source)
            place = (item.pk, link.relation_type.pk)
            counts[place] += 1
            if counts[place] > getattr(rules.types[link.relation_type.pk], limit_name):
                raise RelationRefused(one_too_many(item.identifier, link.relation_type, other.identifier))


def _counted(links: Sequence[Link], end: str) -> Counter[tuple[int, str]]:
    keys = {getattr(link, end).pk for link in links}
    types = {link.relation_type.pk for link in links}
    found = Relation.objects.filter(active=True, relation_type__in=types, **{f"{end}__in": keys})
    return Counter(found.values_list(f"{end}_id", "relation_type_id"))


def _made(links: Sequence[Link], number: int, now: datetime) -> list[Relation]:
    rows = [
        Relation(
            relation_type_id=link.relation_type.pk,
            source_id=link.source.pk,
            target_id=link.target.pk,
            group=link.group,
            needed=link.needed,
            confirmed_at=now,
            graph_version=number,
        )
        for link in links
    ]
    return Relation.objects.bulk_create(rows, batch_size=BATCH)


def _known_before(links: Sequence[Link], stamp: Stamp, now: datetime) -> set[int]:
    """Keys of the items of ``links`` that were recorded before this write: not with it, not by the same import."""
    keys = {item.pk for link in links for item in (link.source, link.target)}
    if not keys or not stamp.trusted:
        return set()
    found = ItemVersion.objects.filter(item__in=keys, recorded__startswith__lt=now)
    if stamp.batch is not None:
        found = found.filter(Q(batch=None) | ~Q(batch=stamp.batch))
    return set(found.values_list("item_id", flat=True))


def _judge_first(version: RelationVersion, link: Link, stood: Collection[int], known: Definitions) -> None:
    """A first relation between two items that stood already alters what is in use: nothing allowed it.

    What comes with a new item is that item's first entry.
    """
    ends = {link.source.pk, link.target.pk}
    if version.authority == Authority.FIRST and ends <= set(stood) and _is_guarded(link, known):
        version.authority = Authority.UNAUTHORISED


def _authority(stamp: Stamp) -> tuple[str, str]:
    if stamp.change:
        return Authority.CHANGE, stamp.change
    if stamp.correction:
        return Authority.CORRECTION, ""
    if stamp.trusted:
        return Authority.FIRST, ""
    return (Authority.OBSERVED if stamp.observed else Authority.FREE), ""


def _version(row: Relation, stamp: Stamp, now: datetime, link: Link) -> RelationVersion:
    authority, reference = _authority(stamp)
    return RelationVersion(
        relation_id=row.pk,
        relation_type_id=row.relation_type_id,
        source_id=row.source_id,
        target_id=row.target_id,
        group=link.group,
        needed=link.needed,
        valid=(stamp.since or now, None),
        recorded=(now, None),
        sources={"": link.said_by(stamp, now)},
        authority=authority,
        reference=reference,
        reason=stamp.reason[:500],
        by=stamp.by,
        batch=stamp.batch,
    )


def _revive(
    again: Sequence[Relation],
    wanted: Any,
    stamp: Stamp,
    number: int,
    now: datetime,
    stood: Collection[int],
    known: Definitions,
) -> int:
    """Relations that ended once, or whose redundancy changes."""
    resumed = [row for row in again if not row.active]
    altered = [row for row in again if row.active]
    links = {row.pk: wanted[row.source_id, row.relation_type_id, row.target_id] for row in again}
    alter = {row.pk: _altering(links[row.pk], stamp, now, known) for row in altered}
    edits = {key: Edit(altering, stamp.since, sign=_goes_on) for key, altering in alter.items()}
    outcome = rewrite(RelationVersion, "relation_id", edits, now)
    _check_free({row.pk: links[row.pk] for row in resumed}, stamp.since or now)
    rows = [_version(row, stamp, now, links[row.pk]) for row in resumed]
    for version in rows:
        _judge_first(version, links[version.relation_id], stood, known)
    RelationVersion.objects.bulk_create(rows, batch_size=BATCH)
    for row in again:
        link = links[row.pk]
        row.active, row.group, row.needed, row.graph_version = True, link.group, link.needed, number
    Relation.objects.bulk_update(again, ["active", "group", "needed", "graph_version"], batch_size=500)
    return outcome.written + len(rows)


def _check_free(links: Mapping[int, Link], since: datetime) -> None:
    """What held once begins again only after it ended; ``links`` by the relation's key. Raises RelationRefused."""
    held = RelationVersion.objects.believed().filter(relation__in=links, valid__overlap=(since, None))
    last = held.order_by("-valid__endswith").first() if links else None
    if last is not None:
        link, until = links[last.relation_id], f"{localtime(last.valid.upper):%Y-%m-%d %H:%M:%S}"
        names = {"relation": link.relation_type.name, "item": link.source.identifier, "other": link.target.identifier}
        text = _(
            "“%(relation)s” between %(item)s and %(other)s held until %(until)s; it can begin again from then on."
        )
        raise RelationRefused(text % {**names, "until": until}, "since")


def _is_guarded(link: Link, known: Definitions) -> bool:
    """Whether it is controlled and an end of it is in use: an edit without a ground is one that nothing allowed."""
    return link.is_controlled(known) and any(item.status_id in IN_USE for item in (link.source, link.target))


def _sign(version: RelationVersion, stamp: Stamp, *, guarded: bool = False) -> None:
    """Note who said it, from where, on what ground."""
    version.authority, version.reference = _authority(stamp)
    if guarded and version.authority == Authority.FIRST:
        version.authority = Authority.UNAUTHORISED
    version.reason, version.by, version.batch = stamp.reason[:500], stamp.by, stamp.batch


def _altering(link: Link, stamp: Stamp, now: datetime, known: Definitions) -> Any:
    def alter(version: RelationVersion) -> bool:
        differs = (version.group, version.needed) != (link.group, link.needed)
        version.group, version.needed = link.group, link.needed
        version.sources = {**version.sources, "": link.said_by(stamp, now)}
        _sign(version, stamp, guarded=_is_guarded(link, known))
        return differs or link.held is not None

    return alter


def _goes_on(version: RelationVersion) -> None:
    """What remains before an edit ends with nobody's word."""
    version.sources = {"": version.sources[""]}


@transaction.atomic
def end_relations(
    relations: Iterable[Relation],
    stamp: Stamp,
    *,
    lost: list[Relation] | None = None,
    held: Mapping[int, Sequence[str]] | None = None,
) -> int:
    """End ``relations`` from ``stamp.since`` or now on; return how many ended. Raises NotAllowed,
    RelationRefused.

    Those that a stronger source holds go on; that they do not hold is kept as a claim, and they stand in ``lost``.
    ``held``: by key who said that they do not hold and when, [source, moment], where that is not who ends them now.
    """
    locked = list(
        Relation.objects.select_for_update(no_key=True, of=("self",))
        .filter(pk__in=[row.pk for row in relations], active=True)
        .select_related("source", "target", "relation_type")
        .order_by("pk")
    )
    now = present()
    weaker = outranked(locked, {row.pk: row.source.ci_class_id for row in locked}, stamp, now)
    claim(dict.fromkeys(weaker), weaker, stamp, now)
    if lost is not None:
        lost += [row for row in locked if row.pk in weaker]
    locked = [row for row in locked if row.pk not in weaker]
    links = {row.pk: Link(row.source, row.relation_type, row.target) for row in locked}
    known = Definitions()
    _guard(list(links.values()), stamp, now, known)
    _check_began(links, stamp.since)
    guarded = {key for key, link in links.items() if _is_guarded(link, known)}
    return _end(locked, stamp, now, guarded, held or {})


def _check_began(links: Mapping[int, Link], since: datetime | None) -> None:
    """Nothing ends before it began, or began again; ``links`` by the relation's key. Raises RelationRefused."""
    if since is None:
        return
    began: dict[int, datetime] = {}
    held = RelationVersion.objects.believed().filter(relation__in=links).order_by("-valid__startswith")
    for row in held:
        if row.valid.upper is None or row.valid.upper == began.get(row.relation_id):
            began[row.relation_id] = row.valid.lower  # type: ignore[assignment]  # every version has a beginning
    early = next((key for key, first in began.items() if since <= first), None)
    if early is not None:
        link, first = links[early], f"{localtime(began[early]):%Y-%m-%d %H:%M:%S}"
        names = {"relation": link.relation_type.name, "item": link.source.identifier, "other": link.target.identifier}
        text = _("“%(relation)s” between %(item)s and %(other)s began on %(since)s; it cannot end before.")
        raise RelationRefused(text % {**names, "since": first}, "since")


def end_relations_of(items: Sequence[ConfigurationItem], stamp: Stamp, now: datetime) -> int:
    """End every relation of ``items`` that are retired: nothing hangs on what is no more."""
    keys = [item.pk for item in items]
    found = Relation.objects.select_for_update(no_key=True).filter(
        Q(source__in=keys) | Q(target__in=keys), active=True
    )
    return _end(list(found.order_by("pk")), stamp, now, (), {})


def _end(
    rows: list[Relation],
    stamp: Stamp,
    now: datetime,
    guarded: Collection[int],
    held: Mapping[int, Sequence[str]],
) -> int:
    """``guarded``: keys of those that are not ended without a ground; what ends with an item is none of them.

    ``held``: as with ``end_relations``.
    """
    if not rows:
        return 0
    number, own = next_version(), [stamp.source, now.isoformat()]

    def sign(version: RelationVersion) -> None:
        _sign(version, stamp, guarded=version.relation_id in guarded)
        version.sources = {**version.sources, "end": list(held.get(version.relation_id, own))}

    edit = Edit(None, stamp.since, sign=sign)
    rewrite(RelationVersion, "relation_id", {row.pk: edit for row in rows}, now)
    Relation.objects.filter(pk__in=[row.pk for row in rows]).update(active=False, graph_version=number)
    return len(rows)
