"""Taking back a whole import: what it made goes out of use, what it changed is as it was; history keeps both."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from cmdb.authority import Stamp
from cmdb.models import ConfigurationItem, ItemImport, ItemVersion, Relation, RelationVersion
from cmdb.relating import Link, end_relations, write_relations
from cmdb.versioning.moments import present
from cmdb.writing import Draft, write_items


@transaction.atomic
def undo_import(*, run: ItemImport, by: User) -> str:
    """Take ``run`` back; the reason when it cannot be: somebody went on with what it wrote. Raises NotAllowed."""
    reason = _("Import %(name)s taken back") % {"name": run.name}
    stamp = Stamp(by=by, source="undo", correction=True, reason=reason)
    versions = list(ItemVersion.objects.filter(batch=run, carried=False).order_by("item_id", "pk"))
    later = ItemVersion.objects.filter(item__in=[v.item_id for v in versions], recorded__upper_inf=True, carried=False)
    touched = later.filter(pk__gt=max((v.pk for v in versions), default=0)).exclude(batch=run).select_related("item")
    if busy := touched.first():
        return _("%(item)s was changed since; correct it by hand.") % {"item": busy.identifier}
    _put_relations_back(run, stamp)
    items = {row.pk: row for row in ConfigurationItem.objects.filter(pk__in=[v.item_id for v in versions])}
    write_items([_back(version, items[version.item_id]) for version in versions], stamp)
    run.undone_at = present()
    run.save(update_fields=["undone_at"])
    return ""


def _put_relations_back(run: ItemImport, stamp: Stamp) -> None:
    """What the import made ends; what it changed says again what it said before."""
    written = RelationVersion.objects.filter(batch=run, carried=False, recorded__upper_inf=True)
    versions = {row.relation_id: row for row in written}
    before: dict[int, RelationVersion] = {}
    for row in RelationVersion.objects.filter(relation__in=versions, recorded__upper_inf=False).order_by("pk"):
        if row.recorded.upper == versions[row.relation_id].known:
            before[row.relation_id] = row
    made = versions.keys() - before.keys()
    end_relations(Relation.objects.filter(pk__in=made, active=True), stamp)
    found = Relation.objects.filter(pk__in=before).select_related("source", "target", "relation_type")
    write_relations(
        [
            Link(row.source, row.relation_type, row.target, before[row.pk].group, before[row.pk].needed)
            for row in found
        ],
        stamp,
    )


def _back(version: ItemVersion, item: ConfigurationItem) -> Draft:
    """What the item said before the import; out of use when the import made it."""
    before = (
        ItemVersion.objects.filter(item=item, recorded__endswith=version.known, carried=False).order_by("-pk").first()
        or ItemVersion.objects.filter(item=item, pk__lt=version.pk).order_by("-pk").first()
    )
    if before is None:
        return Draft(item.identifier, {"status_id": "retired"}, item)
    facts = dict.fromkeys(item.attributes) | before.facts
    return Draft(item.identifier, facts, item)
