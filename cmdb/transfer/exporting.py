"""Items as a table that an import reads back without writing anything (CMDB-05)."""

from __future__ import annotations

from accounts.models import Organisation, SupportGroup
from cmdb.inputs import NAMES
from cmdb.listing import ItemList
from cmdb.services import relations_at
from cmdb.values import written


def table_of(listing: ItemList) -> tuple[list[str], list[list[str]]]:
    """Heading and rows of a list, ordered by identifier. As known at a moment, the same table as on that day.

    Of now it is a table as known at a settled moment, which the list has from then on.
    """
    listing.settle()
    codes = listing.definitions.exported(listing.moment.known_at)
    heading = ["identifier", *NAMES, *codes]
    keys = {
        "organisation": dict(Organisation.objects.values_list("pk", "code")),
        "default_group": dict(SupportGroup.objects.values_list("pk", "code")),
    }
    columns = list(NAMES.values())
    found = listing.rows.order_by("identifier").values_list("identifier", *columns, "attributes")
    rows = []
    for identifier, *values, attributes in found.iterator(5000):
        named = [
            keys[name].get(value, "") if name in keys else value for name, value in zip(NAMES, values, strict=True)
        ]
        rows.append([identifier, *map(written, named), *(written(attributes.get(code)) for code in codes)])
    return heading, rows


def relations_of(listing: ItemList) -> tuple[list[str], list[list[str]]]:
    """Heading and rows of the relations between the items of a list, as an import reads them; of which moment, see
    ``table_of``.
    """
    listing.settle()
    moment = listing.moment
    column = "pk" if moment.is_now else "item_id"
    names = dict(listing.rows.order_by().values_list(column, "identifier"))
    columns = ("source_id", "relation_type_id", "target_id", "group", "needed")
    found = relations_at(moment).values_list(*columns)
    lines = [
        [names[source], kind, names[target], group, str(needed)]
        for source, kind, target, group, needed in found.iterator(20_000)
        if source in names and target in names
    ]
    return ["source", "relation", "target", "group", "needed"], sorted(lines)
