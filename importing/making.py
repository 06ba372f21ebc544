"""Making rows for the names of an export. All run in the caller's transaction and leave existing rows alone.

What they make is switched off: imported people cannot sign in, imported groups and categories are not
offered for new tickets.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from django.db.models.functions import Lower

from accounts.models import Organisation, SupportGroup, User
from cmdb.models import BusinessSystem, ConfigurationItem
from cmdb.services import Draft, Stamp, write_items
from importing.mapping import Mapping
from importing.mentions import Path
from importing.names import code_of, path_code_of, username_of
from tickets.models import Category

#: Imported categories stand behind the portal's own in lists.
LAST = 100_000
LONGEST_GROUP_CODE = 40
LONGEST_CATEGORY_CODE = 80
LONGEST_SYSTEM_CODE = 40
LONGEST_IDENTIFIER = 100


def customer_of(mapping: Mapping, code: str = "") -> Organisation:
    """The customer to import for: the one with ``code``, or else the mapping's own, made when it is missing."""
    if code:
        return Organisation.objects.get(code=code)
    wanted = mapping.customer
    names = {"name_zh": wanted["zh"], "name_en": wanted["en"], "kind": Organisation.Kind.CUSTOMER}
    return Organisation.objects.get_or_create(code=wanted["code"], defaults=names)[0]


def provider() -> Organisation:
    """The provider, whose people and groups did the work; made in an empty portal."""
    found = Organisation.objects.filter(kind=Organisation.Kind.PROVIDER).order_by("pk").first()
    names = {"name_zh": "运维中心", "name_en": "Service provider", "kind": Organisation.Kind.PROVIDER}
    return found or Organisation.objects.create(code="provider", **names)


def make_people(mapping: Mapping, names: Iterable[str], organisation: Organisation) -> dict[str, User]:
    """The person of each name; the missing ones join ``organisation``, inactive and without a password."""
    wanted = {name: username_of(name, mapping.prefix) for name in names}
    lowered = User.objects.annotate(lowered=Lower("username")).filter(lowered__in=wanted.values())
    people = {user.username.lower(): user for user in lowered}
    new = {}
    for name, username in sorted(wanted.items()):
        if username not in people and username not in new:
            new[username] = User(username=username, full_name=name, organisation=organisation, is_active=False)
            new[username].set_unusable_password()
    people |= {user.username: user for user in User.objects.bulk_create(new.values())}
    return {name: people[username] for name, username in wanted.items()}


def make_groups(mapping: Mapping, names: Iterable[str], organisation: Organisation) -> dict[str, SupportGroup]:
    """The support group of each name; the missing ones belong to ``organisation``."""
    wanted = {name: code_of(name, mapping.prefix, LONGEST_GROUP_CODE) for name in names}
    fixed = {"organisation": organisation, "active": False}
    new = [
        SupportGroup(code=code, name_zh=name, name_en=name, tier=tier_of(name, mapping), **fixed)
        for name, code in sorted(wanted.items())
    ]
    SupportGroup.objects.bulk_create(new, ignore_conflicts=True)
    found = {group.code: group for group in SupportGroup.objects.filter(code__in=wanted.values())}
    return {name: found[code] for name, code in wanted.items()}


def tier_of(name: str, mapping: Mapping) -> str:
    """The line of support of a group: by its own name, else by the first pattern (``* 2nd``) that it fits."""
    tiers: dict[str, str] = mapping.groups.get("tiers", {})
    fitting = (tier for pattern, tier in tiers.items() if "*" in pattern and fnmatchcase(name, pattern))
    return tiers.get(name) or next(fitting, mapping.groups["tier"])


def make_categories(mapping: Mapping, paths: Iterable[Path], parents: dict[Path, Category]) -> dict[Path, Category]:
    """The node at the end of each path. The paths are of one length, and ``parents`` has those one shorter."""
    wanted = {path: path_code_of(path, mapping.prefix, LONGEST_CATEGORY_CODE) for path in paths}
    new = []
    for path, code in sorted(wanted.items()):
        node = Category(code=code, name_zh=path[-1], name_en=path[-1], position=LAST, active=False)
        node.parent = parents.get(path[:-1])
        node.set_path()
        new.append(node)
    Category.objects.bulk_create(new, ignore_conflicts=True)
    found = {node.code: node for node in Category.objects.filter(code__in=wanted.values())}
    return {path: found[code] for path, code in wanted.items()}


def make_systems(mapping: Mapping, names: Iterable[str]) -> dict[str, BusinessSystem]:
    """The business system of each name; the missing ones are of the mapping's class."""
    wanted = {name: code_of(name, mapping.prefix, LONGEST_SYSTEM_CODE) for name in names}
    new = [
        BusinessSystem(code=code, name_zh=name, name_en=name, system_class_id=mapping.systems["class"], active=False)
        for name, code in sorted(wanted.items())
    ]
    BusinessSystem.objects.bulk_create(new, ignore_conflicts=True)
    found = BusinessSystem.objects.in_bulk(list(wanted.values()))
    return {name: found[code] for name, code in wanted.items()}


def make_items(
    mapping: Mapping, names: Iterable[str], organisation: Organisation, system_of: dict[str, str]
) -> dict[str, ConfigurationItem]:
    """The configuration item of each name; the missing ones belong to ``organisation``, and to their system."""
    wanted = {name: f"{mapping.prefix}{name}"[:LONGEST_IDENTIFIER] for name in names}
    had = set(ConfigurationItem.objects.filter(identifier__in=wanted.values()).values_list("identifier", flat=True))
    fixed = {"ci_class_id": mapping.items["class"], "status_id": mapping.items["status"]}
    new = {
        identifier: Draft(
            identifier,
            {"name": name, "organisation_id": organisation.pk, "business_system_id": system_of.get(name), **fixed},
        )
        for name, identifier in sorted(wanted.items())
        if identifier not in had
    }
    write_items(new.values(), Stamp(source="import"))
    found = {item.identifier: item for item in ConfigurationItem.objects.filter(identifier__in=wanted.values())}
    return {name: found[identifier] for name, identifier in wanted.items()}
