"""Taking back a whole import: what it made goes out of use, what it changed is as it was; history keeps both."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from cmdb.authority import Stamp
from cmdb.models import ConfigurationItem, ItemImport, ItemVersion, Relation, RelationVersion
from cmdb.relating import end_relations
from cmdb.versioning.moments import present
from cmdb.writing import Draft, write_items


@transaction.atomic
def undo_import(*, run: ItemImport, by: User) -> str:
    """Take ``run`` back; the reason when it cannot be: somebody went on with what it wrote."""
    stamp = Stamp(by=by, source="undo", trusted=True, reason=_("Import %(name)s taken back") % {"name": run.name})
    versions = list(ItemVersion.objects.filter(batch=run, carried=False).order_by("item_id", "pk"))
    later = ItemVersion.objects.filter(item__in=[v.item_id for v in versions], recorded__upper_inf=True, carried=False)
    touched = later.filter(pk__gt=max((v.pk for v in versions), default=0)).exclude(batch=run).select_related("item")
    if busy := touched.first():
        return _("%(item)s was changed since; correct it by hand.") % {"item": busy.identifier}
    made = RelationVersion.objects.filter(batch=run, carried=False, recorded__upper_inf=True)
    end_relations(Relation.objects.filter(pk__in=made.values("relation_id"), active=True), stamp)
    items = {row.pk: row for row in ConfigurationItem.objects.filter(pk__in=[v.item_id for v in versions])}
    write_items([_back(version, items[version.item_id]) for version in versions], stamp)
    run.undone_at = present()
    run.save(update_fields=["undone_at"])
    return ""


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
