"""Makes the objects of tests. Plain functions: what is not asked for is not made.

Codes (priorities, close codes, categories …) are those of the shipped reference data, which every test finds loaded.
Tickets come about and move through ``perform`` only, as in the portal.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.models import Organisation, Role, SupportGroup, Tier, User
from cmdb.models import BusinessSystem, ConfigurationItem
from cmdb.services import Stamp, create_item
from incidents.models import Incident
from tasks.models import Task
from tickets.actions import perform
from tickets.models import TimelineEntry

#: A Monday morning in Shanghai. Tests that measure time start here and pass ``now`` on.
MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def make_organisation(code: str, kind: str = Organisation.Kind.CUSTOMER, **fields: Any) -> Organisation:
    """An organisation; a customer unless told otherwise."""
    return Organisation.objects.create(**{"code": code, "kind": kind, "name_zh": code, "name_en": code, **fields})


def provider() -> Organisation:
    """The provider's organisation, made when it is missing."""
    found = Organisation.objects.filter(kind=Organisation.Kind.PROVIDER).first()
    return found or make_organisation("provider", Organisation.Kind.PROVIDER)


def make_user(
    username: str,
    *roles: str,
    organisation: Organisation | None = None,
    groups: Iterable[SupportGroup] = (),
    password: str | None = None,
    **fields: Any,
) -> User:
    """A person with rights loaded; of the provider unless told otherwise; no password unless given."""
    named = {"full_name": username.title(), "email": f"{username}@example.com", **fields}
    user = User.objects.create_user(username, password, organisation=organisation or provider(), **named)
    user.roles.set(Role.objects.filter(code__in=roles))
    user.support_groups.set(groups)
    return reload_user(user)


def reload_user(user: User) -> User:
    """The person as a new request would load them: organisation, permissions and groups at once."""
    return User.objects.with_access().get(pk=user.pk)


def make_group(
    code: str,
    tier: str = Tier.FIRST,
    members: Iterable[User] = (),
    lead: User | None = None,
    organisation: Organisation | None = None,
) -> SupportGroup:
    """A support group. People loaded before do not know yet that they are in it: ``reload_user``."""
    group = SupportGroup.objects.create(
        code=code, name_zh=code, name_en=code, tier=tier, lead=lead, organisation=organisation or provider()
    )
    group.members.set(members)
    return group


def make_system(code: str, system_class: str = "non_core", **fields: Any) -> BusinessSystem:
    """A business system."""
    named = {"name_zh": code, "name_en": code, "system_class_id": system_class, **fields}
    return BusinessSystem.objects.create(code=code, **named)


def make_item(identifier: str, organisation: Organisation | None = None, **fields: Any) -> ConfigurationItem:
    """A configuration item in use; shared by all customers unless one is given."""
    facts = {"name": identifier, "ci_class_id": "server", "status_id": "in_use", **fields}
    facts |= {f"{name}_id": row.pk for name, row in fields.items() if hasattr(row, "pk") and facts.pop(name)}
    facts |= {"organisation_id": organisation.pk if organisation else None, **facts.pop("attributes", {})}
    return create_item(identifier=identifier, facts=facts, stamp=Stamp(source="test"))


class World:
    """A provider with three lines of support, two customers, a supplier, and people in every role.

    ``world.desk`` and so on are people, named like the demo accounts; ``world.people`` has them all.
    """

    #: username: (roles, organisation, groups)
    PEOPLE = {
        "desk": (["desk_agent"], "provider", ["desk"]),
        "desk2": (["desk_agent"], "provider", ["desk"]),
        "engineer": (["first_line"], "provider", ["host"]),
        "engineer2": (["first_line"], "provider", ["host"]),
        "other_engineer": (["first_line"], "provider", ["network"]),
        "expert": (["second_line"], "provider", ["host-l2"]),
        "lead": (["technical_lead"], "provider", ["host"]),
        "manager": (["incident_manager"], "provider", []),
        "owner": (["incident_owner"], "provider", []),
        "approver": (["change_approver"], "provider", []),
        "admin": (["administrator"], "provider", []),
        "requester": (["requester"], "exchange", []),
        "colleague": (["requester"], "exchange", []),
        "requester2": (["requester"], "egov", []),
        "vendor": (["vendor"], "liyuan", ["vendor"]),
        "nobody": ([], "provider", []),
    }
    ORGANISATIONS = {"provider": "provider", "exchange": "customer", "egov": "customer", "liyuan": "supplier"}
    #: code: (tier, lead)
    GROUPS = {
        "desk": (Tier.DESK, None),
        "host": (Tier.FIRST, "lead"),
        "network": (Tier.FIRST, None),
        "host-l2": (Tier.SECOND, "expert"),
        "vendor": (Tier.THIRD, None),
    }

    desk: User
    desk2: User
    engineer: User
    engineer2: User
    other_engineer: User
    expert: User
    lead: User
    manager: User
    owner: User
    approver: User
    admin: User
    requester: User
    colleague: User
    requester2: User
    vendor: User
    nobody: User

    def __init__(self) -> None:
        self.organisations = self._make_organisations()
        self._make_people()
        self.groups = self._make_groups()
        self._give_roles()
        self.people = {user.username: user for user in User.objects.with_access()}
        vars(self).update(self.people)

    def _make_organisations(self) -> dict[str, Organisation]:
        rows = [Organisation(code=c, kind=k, name_zh=c, name_en=c) for c, k in self.ORGANISATIONS.items()]
        return {row.code: row for row in Organisation.objects.bulk_create(rows)}

    def _make_people(self) -> None:
        people = [
            User(
                username=name,
                full_name=name.title(),
                email=f"{name}@example.com",
                phone="000-0000-1001",
                organisation=self.organisations[organisation],
                password="!",
            )
            for name, (_roles, organisation, _groups) in self.PEOPLE.items()
        ]
        self.people = {user.username: user for user in User.objects.bulk_create(people)}

    def _make_groups(self) -> dict[str, SupportGroup]:
        rows = [
            SupportGroup(
                code=code,
                name_zh=code,
                name_en=code,
                tier=tier,
                lead=self.people[lead] if lead else None,
                organisation=self.organisations["liyuan" if tier == Tier.THIRD else "provider"],
            )
            for code, (tier, lead) in self.GROUPS.items()
        ]
        return {row.code: row for row in SupportGroup.objects.bulk_create(rows)}

    def _give_roles(self) -> None:
        roles, members = User.roles.through, SupportGroup.members.through
        rows = [(self.people[name], codes, groups) for name, (codes, _organisation, groups) in self.PEOPLE.items()]
        roles.objects.bulk_create(roles(user=user, role_id=code) for user, codes, _groups in rows for code in codes)
        members.objects.bulk_create(
            members(user=user, supportgroup=self.groups[code]) for user, _codes, groups in rows for code in groups
        )


def register_incident(user: User, *, now: datetime | None = None, **data: Any) -> Incident:
    """An incident that ``user`` registered, with ``data`` as typed into the form."""
    typed = {"summary": "主机无法登录", "impact": "I4", **data}
    return perform(Incident(), "register", user=user, data=typed, now=now).ticket  # type: ignore[return-value]


def act(ticket: Any, name: str, user: User | None, *, now: datetime | None = None, **data: Any) -> Any:
    """Do the action ``name`` with ``data``; return the ticket as it stands afterwards."""
    return perform(ticket, name, user=user, data=data, now=now).ticket


def last_entry(ticket: Any) -> TimelineEntry:
    """The newest line of the ticket's timeline that an action left.

    Limits that passed have lines of their own, and so has the emergency procedure that follows the priority.
    """
    lines = TimelineEntry.objects.filter(ticket_id=ticket.pk).exclude(action__startswith="clock_")
    lines = lines.exclude(action__endswith="_emergency")
    return lines.order_by("-pk")[0]


def incident_in(state: str, world: World, *, now: datetime | None = None, **data: Any) -> Incident:
    """An incident that real actions brought into ``state``, one minute each.

    The requester's, registered by the desk, with the group ``host`` and the engineer from "assigned" on.
    """
    moment = iter(range(100))

    def tick() -> datetime | None:
        step = next(moment)
        return None if now is None else now + timedelta(minutes=step)

    ticket: Incident = register_incident(world.desk, now=tick(), **{"requester": "requester", **data})
    steps = {
        "assigned": lambda: act(ticket, "assign", world.desk, now=tick(), group="host", assignee="engineer"),
        "in_progress": lambda: act(ticket, "start", world.engineer, now=tick()),
        "pending": lambda: wait(ticket, world.engineer, now=tick()),
        "resolved": lambda: resolve(ticket, world.engineer, now=tick()),
        "closed": lambda: close(ticket, world.desk, now=tick()),
    }
    for step in PATHS[state]:
        ticket = steps[step]()
    return ticket


PATHS = {
    "registered": [],
    "assigned": ["assigned"],
    "in_progress": ["assigned", "in_progress"],
    "pending": ["assigned", "in_progress", "pending"],
    "resolved": ["assigned", "in_progress", "resolved"],
    "closed": ["assigned", "in_progress", "resolved", "closed"],
}


def unclaimed(world: World, *, now: datetime | None = None, **data: Any) -> Incident:
    """An incident that waits in the queue of the group ``host``, since it was registered."""
    return incident_in("registered", world, now=now, **{"group": "host", **data})


def wait(ticket: Any, user: User, *, now: datetime | None = None, **data: Any) -> Any:
    """Put an incident on hold."""
    typed = {"wait_reason": "requester", "wait_until": "2099-01-01T00:00", **data}
    return act(ticket, "wait", user, now=now, **typed)


def resolve(ticket: Any, user: User, *, now: datetime | None = None, **data: Any) -> Any:
    """Resolve an incident of the first line."""
    typed = {"cause": "磁盘已满", "handling": "清理日志", "close_code": "tier1", "verified_how": "tested", **data}
    return act(ticket, "resolve", user, now=now, **typed)


def close(ticket: Any, user: User, *, now: datetime | None = None, **data: Any) -> Any:
    """Close it, as the requester said by phone."""
    at = now or ticket.resolved_at or MONDAY
    told = {"confirmed_by": "Requester", "confirmed_how": "phone", "confirmed_at": at.isoformat()}
    return act(ticket, "close", user, now=now, **{**told, **data})


def add_task(parent: Any, user: User, *, now: datetime | None = None, **data: Any) -> Task:
    """A task in ``parent`` for the group ``host``."""
    act(parent, "add_task", user, now=now, **{"summary": "清理磁盘", "group": "host", **data})
    return Task.objects.filter(parent_id=parent.pk).latest("pk")


def finish(task: Any, user: User, *, now: datetime | None = None, **data: Any) -> Any:
    """Start a task when it is not started yet, and finish it."""
    if task.state == "assigned":
        task = act(task, "start", user, now=now)
    return act(task, "finish", user, now=now, **{"close_code": "tier1", "result": "已清理", **data})
