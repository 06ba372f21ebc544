"""Who the tickets belong to: customers with their requesters, and support groups with their agents."""

from __future__ import annotations

from accounts.models import Organisation, Role, SupportGroup, Tier, User
from bench.options import AGENTS, CUSTOMERS, GROUPS, REQUESTERS

DESK_GROUPS = 2
FIRST_LINE_GROUPS = 10
ROLES = {Tier.DESK: "desk_agent", Tier.FIRST: "first_line", Tier.SECOND: "second_line"}
FAMILY_NAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN_NAMES = "伟芳娜敏静秀强磊洋艳勇杰娟涛明超平刚桂英"


def load_people() -> None:
    """Fill an empty database with organisations, people and groups. Nobody can sign in with a password."""
    provider = Organisation.objects.create(
        code="bench-provider", kind=Organisation.Kind.PROVIDER, name_zh="运维中心", name_en="Operations"
    )
    customers = Organisation.objects.bulk_create(_customer(number) for number in range(CUSTOMERS))
    # The square gives a few large customers and many small ones, as it is in life.
    requesters = [
        _person("requester", number, customers[int(CUSTOMERS * (number / REQUESTERS) ** 2)])
        for number in range(REQUESTERS)
    ]
    User.objects.bulk_create(requesters)
    _give_role(requesters, "requester")
    _load_agents(provider)


def tier_of(group: int) -> Tier:
    """The line of support of the group with this number."""
    if group < DESK_GROUPS:
        return Tier.DESK
    return Tier.FIRST if group < DESK_GROUPS + FIRST_LINE_GROUPS else Tier.SECOND


def _load_agents(provider: Organisation) -> None:
    agents = User.objects.bulk_create(_person("agent", number, provider) for number in range(AGENTS))
    groups = SupportGroup.objects.bulk_create(
        SupportGroup(
            code=f"bench-group-{number}",
            tier=tier_of(number),
            organisation=provider,
            name_zh=f"支持{number + 1}组",
            name_en=f"Support {number + 1}",
            lead=agents[number],
        )
        for number in range(GROUPS)
    )
    for tier, role in ROLES.items():
        _give_role([agent for number, agent in enumerate(agents) if tier_of(number % GROUPS) == tier], role)
    member = SupportGroup.members.through
    member.objects.bulk_create(
        member(supportgroup_id=groups[(number + shift) % GROUPS].pk, user_id=agent.pk)
        for number, agent in enumerate(agents)
        for shift in ([0, 7] if number % 3 == 0 else [0])  # every third works in two groups
    )


def _customer(number: int) -> Organisation:
    return Organisation(
        code=f"bench-customer-{number}",
        kind=Organisation.Kind.CUSTOMER,
        name_zh=f"会员单位{number + 1}",
        name_en=f"Member {number + 1}",
    )


def _person(kind: str, number: int, organisation: Organisation) -> User:
    family = FAMILY_NAMES[number % len(FAMILY_NAMES)]
    given = GIVEN_NAMES[number // len(FAMILY_NAMES) % len(GIVEN_NAMES)]
    return User(
        username=f"bench-{kind}-{number}",
        full_name=family + given,
        full_name_en=f"{kind.title()} {number}",
        email=f"{kind}-{number}@example.com",
        phone=f"8{number:07d}",
        organisation=organisation,
        password="!",  # noqa: S106  (says that there is none)
    )


def _give_role(people: list[User], code: str) -> None:
    granted = User.roles.through
    role = Role.objects.get(code=code)
    granted.objects.bulk_create(granted(user_id=person.pk, role_id=role.pk) for person in people)
