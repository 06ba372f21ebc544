"""The made-up company of the demo: organisations, people, groups, systems' owners, configuration items."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password

from accounts.codes import LANGUAGES
from accounts.models import Department, Organisation, Role, SupportGroup, User
from cmdb.models import BusinessSystem, ConfigurationItem
from cmdb.services import Draft, Stamp, write_items
from cmdb.versioning.moments import replaying
from tickets.models import Category

#: What everybody in the demo signs in with. ``load_demo`` refuses to run outside demo mode.
PASSWORD = "demo"  # noqa: S105  (public on purpose, see above)
COPIED = ("phone", "mobile", "email", "employee_number")
#: Since when items and their relations are recorded: all of them in one moment, so that none alters what stood.
FIRST_ENTRY = timedelta(days=200)
Row = dict[str, Any]


def load_company(data: Row, now: datetime) -> None:
    """Add what the file describes; rows that exist already stay as they are. Times count back from ``now``."""
    known = set(Organisation.objects.values_list("code", flat=True))
    departments = {
        (organisation["code"], department["code"]): _add_department(_add_organisation(organisation), department)
        for organisation in data["organisations"]
        for department in organisation["departments"]
    }
    for row in data["roles"]:
        Role.objects.get_or_create(code=row["code"], defaults=_names(row) | {"permissions": row["permissions"]})
    people = _add_people(data["people"], departments)
    for row in data["organisations"]:
        if row["code"] not in known:
            contacts = [people[name] for name in row.get("report_contacts", ())]
            Organisation.objects.get(code=row["code"]).report_contacts.set(contacts)
    groups = {row["code"]: _add_group(row, people) for row in data["groups"]}
    for row in data["groups"]:
        if above := row.get("escalates_to"):
            SupportGroup.objects.filter(code=row["code"], escalates_to=None).update(escalates_to=groups[above])
    for row in data["people"]:
        people[row["username"]].support_groups.add(*(groups[code] for code in row["groups"]))
    _set_owners(data["business_system_owners"], people)
    _add_items(data["cis"], now)
    _name_systems(data["tickets"])


def _name_systems(tickets: list[Row]) -> None:
    """Each organisation uses the systems that its tickets of the file are about: it is offered no others (ORG-03)."""
    named: dict[str, set[str]] = {}
    for row in tickets:
        named.setdefault(row["organisation"], set()).add(row.get("business_system") or "")
    for organisation in Organisation.objects.filter(code__in=named):
        organisation.systems.add(*BusinessSystem.objects.filter(code__in=named[organisation.code]))


def _names(row: Row) -> Row:
    return {"name_zh": row["zh"], "name_en": row["en"]}


def _add_organisation(row: Row) -> Organisation:
    return Organisation.objects.get_or_create(
        code=row["code"],
        defaults=_names(row)
        | {"kind": row["kind"], "closes_on_confirmation": row.get("closes_on_confirmation", False)},
    )[0]


def _add_department(organisation: Organisation, row: Row) -> Department:
    names = {"name_zh": row["zh"], "defaults": {"name_en": row["en"]}}
    return Department.objects.get_or_create(organisation=organisation, **names)[0]


def _add_people(rows: list[Row], departments: dict[tuple[str, str], Department]) -> dict[str, User]:
    """Everybody by user name. One hash serves all: making forty of them would take most of the time."""
    hashed, unusable = make_password(PASSWORD), make_password(None)
    people = {}
    for row in rows:
        department = departments[row["organisation"], row["department"]]
        fields = _person(row) | {"organisation": department.organisation, "department": department}
        fields["password"] = hashed if row.get("signs_in", True) else unusable
        user, created = User.objects.get_or_create(username=row["username"], defaults=fields)
        if created:
            user.roles.set(row["roles"])
        people[user.username] = user
    return people


def _person(row: Row) -> Row:
    return {name: row.get(name, "") for name in COPIED} | {
        "full_name": row["zh"],
        "full_name_en": row["en"],
        "language": LANGUAGES[row["language"]],
    }


def _add_group(row: Row, people: dict[str, User]) -> SupportGroup:
    """A group of the provider, and what it takes by default (ORG-02)."""
    lead = people[row["lead"]]
    fields = _names(row) | {"tier": row["tier"], "lead": lead, "organisation": lead.organisation}
    group, created = SupportGroup.objects.get_or_create(code=row["code"], defaults=fields)
    if created:
        Category.objects.filter(code__in=row["default_categories"]).update(default_group=group)
        BusinessSystem.objects.filter(code__in=row["default_business_systems"]).update(default_group=group)
    return group


def _set_owners(rows: list[Row], people: dict[str, User]) -> None:
    """Primary and deputy engineer of every business system (ORG-04)."""
    for row in rows:
        BusinessSystem.objects.filter(code=row["business_system"], primary_engineer=None).update(
            primary_engineer=people[row["primary"]], deputy_engineer=people[row["deputy"]]
        )


def _add_items(rows: list[Row], now: datetime) -> None:
    """The items that are missing, as the record's first entries."""
    organisations = dict(Organisation.objects.values_list("code", "pk"))
    known = set(ConfigurationItem.objects.values_list("identifier", flat=True))
    drafts = [
        Draft(
            row["id"],
            {
                "name": row["name"],
                "ci_class_id": row["class"],
                "status_id": row["status"],
                "business_system_id": row["business_system"],
                "organisation_id": organisations.get(row["organisation"]),
                **row["attributes"],
            },
        )
        for row in rows
        if row["id"] not in known
    ]
    with replaying(now - FIRST_ENTRY):
        write_items(drafts, Stamp(source="demo"))
