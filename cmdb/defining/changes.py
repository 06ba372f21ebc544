"""Changes of the model: what each would mean for items that exist, said before; how it was defined, kept after."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from cmdb.authority import IN_USE, Stamp
from cmdb.defining.formulas import Formula
from cmdb.defining.keeping import keep_definition
from cmdb.defining.retyping import conversion_to, convert, misfits
from cmdb.definitions import Definitions
from cmdb.models import Attribute, CIClass, ConfigurationItem, RelationType, UniqueValue
from cmdb.values import normalised
from cmdb.writing import Draft, is_controlled, keep_unique, write_items

#: So many values are looked at before a change; of more it is said that these were the first.
LOOKED_AT = 20_000
#: So many values that several items have, and so many items of each, are named.
NAMED = 3


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
        found += conversion_to(after, known, LOOKED_AT).sentences()
    if after.formula and "formula" in changed:
        found += _of_formula(after, items)
    if "controlled" in changed and after.pk and not after.formula:
        found += _controlled_otherwise(known, _with(after), [after.code], after.ci_class_id)
    if "default" in changed and after.default and after.pk:
        lacking = items.exclude(attributes__has_key=after.code).count()
        said = {"count": lacking, "value": after.default}
        found.append(_("%(count)d items without a value stay so; new ones begin with “%(value)s”.") % said)
    if after.pk and not after.active and "active" in changed:
        if stored := items.filter(attributes__has_key=after.code).count():
            found.append(
                _(
                    "%(count)d items that are not retired have a value; "
                    "their pages show it no more, their history keeps it."
                )
                % {"count": stored}
            )
        found += [
            _("“%(name)s” is worked out from it and will stay as it is.") % {"name": row.name}
            for row in known.attributes
            if row.formula and row.active and after.code in Formula(row.formula).names
        ]
    return found


def _controlled_otherwise(
    before: Definitions, after: Definitions, names: Iterable[str], below: str | None
) -> list[str]:
    """What of items in use is controlled, or observed, that was not, in sentences."""
    types = RelationType.objects.in_bulk()
    classes = after.below(below) if below else {*after.classes}
    found = []
    for name in sorted(names):
        turned = {
            code for code in classes if _controls(after, types, code, name) != _controls(before, types, code, name)
        }
        count = ConfigurationItem.objects.filter(ci_class__in=turned, status__in=IN_USE).count()
        if not count:
            continue
        said = {"count": count, "name": types[name].name if name in types else after.label(name)}
        if _controls(after, types, min(turned), name):
            found.append(
                _("%(count)d items in use: “%(name)s” changes only by an approved change or a correction from now on.")
                % said
            )
        else:
            found.append(
                _("%(count)d items in use: discovery writes “%(name)s” from now on, without a change.") % said
            )
    return found


def _controls(known: Definitions, types: Mapping[str, RelationType], code: str, name: str) -> bool:
    return known.controls(types[name], code) if name in types else is_controlled(known, code, name)


def _with(row: CIClass | Attribute) -> Definitions:
    """The definitions with ``row`` as it would be."""
    known = Definitions()
    if isinstance(row, CIClass):
        known.classes[row.pk] = row
    else:
        known.attributes = [row if other.pk == row.pk else other for other in known.attributes]
    return known


def twice_in_branch(known: Definitions, code: str, parent: str) -> tuple[Attribute, Attribute] | None:
    """An attribute of the class or of one below, and one of the same code above ``parent``; None without such."""
    above = {row.code: row for row in known.attributes if row.ci_class_id in known.above(parent)}
    own = (row for row in known.attributes if row.ci_class_id in known.below(code))
    return next(((row, above[row.code]) for row in own if row.code in above and above[row.code] != row), None)


def shared_values(attribute: Attribute, below: str | None) -> str:
    """Why ``attribute`` cannot be unique for items of a class and of those below, in a sentence; empty when it can.

    As the constraint counts: retired items keep what they claimed, those merged into others do not.
    """
    known, formula = Definitions(), Formula(attribute.formula) if attribute.formula else None
    claimed = Q(unique_values__code=attribute.code)
    items = ConfigurationItem.objects.filter(merged_into=None)
    if below:
        items = items.filter(Q(ci_class__in=known.below(below)) | claimed).distinct()
    holders: defaultdict[str, list[str]] = defaultdict(list)
    for identifier, stored in items.order_by("identifier").values_list("identifier", "attributes").iterator(5000):
        value = formula.value(stored) if formula else stored.get(attribute.code)
        if value:
            holders[normalised(value)[:400]].append(identifier)
    shared = [names for names in holders.values() if len(names) > 1]
    if not shared:
        return ""
    named = "; ".join(", ".join(names[:NAMED]) for names in shared[:NAMED])
    return _("%(count)d values of “%(name)s” are recorded for several items: %(items)s. Correct them first.") % {
        "count": len(shared),
        "name": attribute.name,
        "items": named if len(shared) <= NAMED else f"{named} …",
    }


def newly_unique(after: CIClass) -> list[Attribute]:
    """The unique attributes that a class gets from the one above it that it is given now."""
    known = Definitions()
    had = known.of(after.pk)
    inherited = known.of(after.parent_id).values() if after.parent_id else ()
    return [row for row in inherited if row.unique and row.code not in had]


def _of_formula(after: Attribute, items: QuerySet[ConfigurationItem]) -> list[str]:
    formula = Formula(after.formula)
    rows = items.values_list("attributes", flat=True)[:LOOKED_AT]
    values = [(stored.get(after.code), formula.value(stored)) for stored in rows]
    given = [value for _old, value in values if value is not None]
    counts = {"given": len(given), "empty": len(values) - len(given)}
    found = [_("%(given)d items get a value, %(empty)d get none: what it asks for is missing.") % counts]
    if misfit := misfits(after, given):
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
    if changed & {"controls", "observes"}:
        was = known.classes[after.pk]
        names = {*was.controls} ^ {*after.controls} | {*was.observes} ^ {*after.observes}
        found += _controlled_otherwise(known, _with(after), names, after.pk)
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


@transaction.atomic
def keep_attribute(made: Attribute, by: User) -> None:
    """Save ``made`` and how it is defined from now on; what a formula gives is worked out for every item, and what is
    stored is converted to what it holds now.

    What becomes unique is claimed for every item that has it. Raises Clash.
    """
    before = Attribute.objects.filter(pk=made.pk).first() or Attribute()
    was_unique = before.pk is not None and before.unique and before.active
    made.save()
    keep_definition(made, by)
    if (made.unique and made.active) != was_unique:
        _claim_anew(made.ci_class_id)
    if before.pk and made.kind != before.kind and not made.formula:
        convert(made, by)
    if made.formula and made.formula != before.formula:
        known = Definitions()
        stamp = Stamp(by=by, source="formula", observed=True, reason=made.formula)
        write_items(_worked_out(made, known), stamp, definitions=known)


def _worked_out(attribute: Attribute, known: Definitions) -> Iterator[Draft]:
    formula = Formula(attribute.formula)
    for item in _items_of(known, attribute.ci_class_id).iterator(5000):
        value = formula.value(item.attributes)
        if value != item.attributes.get(attribute.code):
            yield Draft(item.identifier, {attribute.code: value}, item)


def _claim_anew(owner: str | None) -> None:
    """Claim what is unique now for the items of a class and of those below, and let go what is not. Raises Clash."""
    known = Definitions()
    items = ConfigurationItem.objects.filter(ci_class__in=known.below(owner)) if owner else ConfigurationItem.objects
    UniqueValue.objects.filter(item__in=items.values("pk")).delete()
    keep_unique(list(items.order_by("pk")), known)


class Looped(Exception):  # noqa: N818 - said to people
    """A class would stand above itself."""

    def __init__(self, ci_class: CIClass) -> None:
        super().__init__(_("This class stands below “%(name)s”.") % {"name": ci_class.name})


@transaction.atomic
def keep_class(made: CIClass, by: User) -> None:
    """Save ``made`` and how it is defined from now on; what is unique in its new place is claimed.

    Raises Clash, and Looped when somebody else moved a class meanwhile: one at a time changes the tree.
    """
    list(CIClass.objects.order_by("pk").select_for_update(no_key=True))
    if made.parent_id and made.pk in Definitions().above(made.parent_id):
        raise Looped(made)
    parent_before = CIClass.objects.filter(pk=made.pk).values_list("parent_id", flat=True).first()
    made.save()
    if made.parent_id != parent_before:
        _claim_anew(made.pk)
    keep_definition(made, by)
