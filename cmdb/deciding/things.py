"""A thing that a source saw, for the pages of items: its values as they would be typed, what waits about an item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.shortcuts import get_object_or_404

from accounts.models import User
from cmdb.deciding.filters import WAITING
from cmdb.definitions import Definitions
from cmdb.inputs import Reader
from cmdb.merging.services import survivor_of
from cmdb.models import ConfigurationItem, Difference
from cmdb.transfer.matching import WEIGHTS
from cmdb.values import is_empty, shown, written


@dataclass(frozen=True)
class Thing:
    """What waits to be an item: prefills its form, and tells beside it what does not fit in."""

    row: Difference

    def initial(self, class_code: str) -> dict[str, str]:
        """What was seen, as it is typed into the form of a class; what the class cannot take is left to the person."""
        facts, _errors = Reader().facts(self.row.seen_value or {}, class_code=class_code, complete=False)
        return {name: written(value) for name, value in facts.items() if not is_empty(value)}

    def told(self, form: Any) -> dict[str, Any]:
        """Who saw it, and its values: (label, value, whether the form took it)."""
        taken = self.initial(form.class_code)
        values = seen_values(self.row, form.definitions)
        return {
            "row": self.row,
            "values": [(label, value, name in taken and name in form.fields) for name, label, value in values],
        }


#: What is read with a difference wherever it is shown.
RELATED = ("sighting", "item", "decided_by", "undone_by")


def find_difference(pk: int) -> Difference:
    """The difference of that number. Raises Http404."""
    return get_object_or_404(Difference.objects.select_related(*RELATED), pk=pk)


def item_named(identifier: str, user: User) -> ConfigurationItem | None:
    """The item that ``user`` means: of one that was merged the one that stands for it; None where there is none."""
    found = ConfigurationItem.objects.visible_to(user).filter(identifier=identifier.strip()).first()
    return survivor_of(found) if found and found.merged_into_id else found


def find_thing(number: str) -> Thing | None:
    """The thing about which the difference of that number is; decided ones, too: then nothing is recorded."""
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    found = Difference.objects.select_related("sighting").filter(pk=number, what__in=Difference.THINGS).first()
    return Thing(found) if found else None


def seen_values(row: Difference, known: Definitions) -> list[tuple[str, str, str]]:
    """(name, label, value) of what a thing was seen with, the values that tell which it is first."""
    attributes, order = known.everywhere(), list(WEIGHTS)
    values = row.seen_value if isinstance(row.seen_value, dict) else {}
    given = sorted(values, key=lambda name: (order.index(name) if name in order else len(order), name))
    return [
        (name, known.label(name), shown(attributes.get(name), values[name]))
        for name in given
        if not is_empty(values[name])
    ]


def counts_of(item: ConfigurationItem) -> dict[str, int]:
    """How many differences of an item wait, and how many were decided. One query."""
    return Difference.objects.filter(item=item).aggregate(
        waiting=Count("pk", filter=WAITING), decided=Count("pk", filter=~Q(decision=""))
    )
