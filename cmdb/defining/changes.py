"""Changes of the model: what each would mean for items that exist, said before; how it was defined, kept after."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from cmdb.authority import Stamp
from cmdb.defining.formulas import Formula
from cmdb.definitions import Definitions
from cmdb.models import Attribute, AttributeVersion, CIClass, CIClassVersion, ConfigurationItem, Kind
from cmdb.values import Known, read
from cmdb.writing import Draft, write_items

#: So many values are looked at before a change; of more it is said that these were the first.
LOOKED_AT = 20_000


def attribute_consequences(after: Attribute, changed: set[str]) -> list[str]:
    """What ``after`` would mean for items, in sentences; ``changed``: the fields that differ from what is stored."""
    known = Definitions()
    items = _items_of(known, after.ci_class_id)
    found = []
    if after.active and after.required and not after.formula:
        lacking = items.exclude(attributes__has_key=after.code).count()
        if lacking:
            found.append(_("%(count)d items lack the required value.") % {"count": lacking})
    if changed & {"kind", "pattern", "choices"} and not after.formula and after.pk:
        values = items.filter(attributes__has_key=after.code).values_list(f"attributes__{after.code}", flat=True)
        misfit = _misfits(after, values[:LOOKED_AT])
        if misfit:
            found.append(_("%(count)d values do not fit; they stay as they are.") % {"count": misfit})
    if after.formula and "formula" in changed:
        found += _of_formula(after, items)
    if after.pk and not after.active and "active" in changed:
        found += [
            _("“%(name)s” is worked out from it and will stay as it is.") % {"name": row.name}
            for row in known.attributes
            if row.formula and row.active and after.code in Formula(row.formula).names
        ]
    return found


def _of_formula(after: Attribute, items: QuerySet[ConfigurationItem]) -> list[str]:
    formula = Formula(after.formula)
    rows = items.values_list("attributes", flat=True)[:LOOKED_AT]
    values = [(stored.get(after.code), formula.value(stored)) for stored in rows]
    given = [value for _old, value in values if value is not None]
    counts = {"given": len(given), "empty": len(values) - len(given)}
    found = [_("%(given)d items get a value, %(empty)d get none: what it asks for is missing.") % counts]
    if misfit := _misfits(after, given):
        found.append(_("%(count)d values would not be of this kind.") % {"count": misfit})
    if lost := sum(old is not None and old != new for old, new in values):
        found.append(_("%(count)d values are replaced; history keeps them.") % {"count": lost})
    return found


def class_consequences(after: CIClass, changed: set[str]) -> list[str]:
    """What a change of a class would mean for the items of it and of those below."""
    known = Definitions()
    concerned = known.below(after.pk)
    found = []
    if "active" in changed and not after.active:
        count = _items_of(known, after.pk).count()
        if count:
            found.append(
                _("%(count)d items are of this class; they stay, new ones cannot be recorded.") % {"count": count}
            )
    if "parent" in changed:
        inherited = {row.code: row for row in known.of(after.parent_id).values()} if after.parent_id else {}
        before = {code: row for code, row in known.of(after.pk).items() if row.ci_class_id not in {None, *concerned}}
        for row in before.values():
            count = _items_of(known, after.pk).filter(attributes__has_key=row.code).count()
            if row.code not in inherited and count:
                found.append(
                    _("%(count)d items have “%(name)s”, which they lose.") % {"count": count, "name": row.name}
                )
        for row in inherited.values():
            count = _items_of(known, after.pk).exclude(attributes__has_key=row.code).count()
            if row.required and row.code not in before and row.ci_class_id and count:
                found.append(_("%(count)d items lack the required “%(name)s”.") % {"count": count, "name": row.name})
    return found


def _items_of(known: Definitions, owner: str | None) -> QuerySet[ConfigurationItem]:
    items = ConfigurationItem.objects.exclude(status="retired")
    return items.filter(ci_class__in=known.below(owner)) if owner else items


def _misfits(attribute: Attribute, values: Any) -> int:
    known = Known.all() if attribute.kind in (Kind.PERSON, Kind.ORGANISATION) else Known()
    return sum(not _fits(attribute, value, known) for value in values)


def _fits(attribute: Attribute, value: Any, known: Known) -> bool:
    try:
        read(attribute, value, known)
    except ValidationError:
        return False
    return True


@transaction.atomic
def keep_attribute(made: Attribute, by: User) -> None:
    """Save ``made`` and how it is defined from now on; what a formula gives is worked out for every item."""
    formula_before = Attribute.objects.filter(pk=made.pk).values_list("formula", flat=True).first() or ""
    made.save()
    AttributeVersion.objects.create(attribute=made, by=by, definition=made.definition())
    if made.formula and made.formula != formula_before:
        known = Definitions()
        stamp = Stamp(by=by, source="formula", observed=True, reason=made.formula)
        write_items(_worked_out(made, known), stamp, definitions=known)


def _worked_out(attribute: Attribute, known: Definitions) -> Iterator[Draft]:
    formula = Formula(attribute.formula)
    for item in _items_of(known, attribute.ci_class_id).iterator(5000):
        value = formula.value(item.attributes)
        if value != item.attributes.get(attribute.code):
            yield Draft(item.identifier, {attribute.code: value}, item)


@transaction.atomic
def keep_class(made: CIClass, by: User) -> None:
    """Save ``made`` and how it is defined from now on."""
    made.save()
    CIClassVersion.objects.create(ci_class=made, by=by, definition=made.definition())
