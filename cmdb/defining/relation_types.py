"""Changes of a type of relations: what would not fit it any more, said before; how it was defined, kept after."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from cmdb.defining.keeping import keep_definition
from cmdb.definitions import Definitions
from cmdb.models import CIClass, Relation, RelationType

#: So many relations or items that do not fit are named.
NAMED = 3
#: The classes that a type allows, by end: source, target.
Allowed = Mapping[str, Collection[CIClass]]


def type_consequences(after: RelationType, allowed: Allowed, changed: set[str]) -> list[str]:
    """What ``after`` would mean for relations that hold, in sentences; ``changed``: the fields that differ."""
    held = Relation.objects.filter(relation_type=after.pk, active=True)
    found = [*_of_other_classes(held, allowed, changed), *_too_many(held, after, changed)]
    if "affects" in changed and (count := held.count()):
        found.append(_("%(count)d relations pass failures on otherwise.") % {"count": count})
    if "active" in changed and not after.active and (count := held.count()):
        found.append(_("%(count)d relations are of this type; they stay, new ones cannot be made.") % {"count": count})
    return found


def _of_other_classes(held: QuerySet[Relation], allowed: Allowed, changed: set[str]) -> Iterator[str]:
    """What stands between items of other classes; a class allows those below it, no class at all allows every one."""
    texts = {
        "source": _("%(count)d relations do not fit: their first item is of another class (%(items)s)."),
        "target": _("%(count)d relations do not fit: their second item is of another class (%(items)s)."),
    }
    for end, text in texts.items():
        if f"{end}_classes" not in changed or not allowed[end]:
            continue
        known = Definitions()
        codes = {code for row in allowed[end] for code in known.below(row.pk)}
        misfits = held.exclude(**{f"{end}__ci_class__in": codes})
        if count := misfits.count():
            names = misfits.order_by(f"{end}__identifier").values_list(f"{end}__identifier", flat=True).distinct()
            yield text % {"count": count, "items": _named(list(names[: NAMED + 1]))}


def _too_many(held: QuerySet[Relation], after: RelationType, changed: set[str]) -> Iterator[str]:
    """What is more than an item may have; which of them would have to end is not said."""
    for end, limit_name in (("source", "max_targets"), ("target", "max_sources")):
        limit = getattr(after, limit_name)
        if limit_name not in changed or not limit:
            continue
        name = f"{end}__identifier"
        counts = held.values(name).annotate(count=Count("pk")).filter(count__gt=limit).order_by(name)
        over = list(counts.values_list(name, "count"))
        if over:
            said: dict[str, Any] = {"count": sum(count - limit for _name, count in over), "limit": limit}
            text = _("%(count)d relations do not fit: more than %(limit)d of one item (%(items)s).")
            yield text % {**said, "items": _named([item for item, _count in over])}


def _named(names: list[str]) -> str:
    more = " …" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


@transaction.atomic
def keep_relation_type(made: RelationType, allowed: Allowed, by: User) -> None:
    """Save ``made`` with the classes that it allows, and once how it is defined from now on."""
    made.kept_by_hand = True
    made.save()
    for end, classes in allowed.items():
        getattr(made, f"{end}_classes").set(classes)
    keep_definition(made, by)
