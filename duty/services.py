"""Who is on duty, who is told by role, and every write to rosters."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, Max, Min, OuterRef, Q
from django.utils.translation import gettext as _

from accounts.models import SupportGroup, User
from accounts.permissions import Permission
from duty.models import Absence, Override, Roster, RosterMember
from duty.moves import telling
from duty.queries import plans_of, standings, turn_at
from duty.turns import Turn

if TYPE_CHECKING:
    from tickets.models import Ticket

#: Roles of a ticket whose readers work for a customer, or chose to be told: nobody stands in for them.
OPTIONAL = frozenset({"watchers", "requester"})
#: A span that begins "now" was typed to the minute, some minutes ago.
GRACE = timedelta(minutes=5)


def on_duty(group: SupportGroup | None, at: datetime) -> User | None:
    """Who has the duty of ``group`` at ``at``: stand-in, turn, deputy, next in order. None without a roster."""
    turn = turn_at(group, at) if group else None
    return turn.user if turn else None


def recipients_for(role_code: str, ticket: Ticket | None, at: datetime) -> list[User]:
    """The active people who stand for ``role_code`` on ``ticket`` at ``at``, without doubles.

    Never empty for roles of staff: an assignee who is away is joined by the group's duty; a group without anybody
    leads to its lead, then to the duty manager, then to incident managers, then to administrators. An unknown code
    is looked up among the roles that people hold.
    """
    found = _unique(_FINDERS.get(role_code, _holders_of(role_code))(ticket, at))
    if found or role_code in OPTIONAL:
        return found
    return _last_resort(at)


def reader_keys(role_code: str, ticket: Ticket, at: datetime) -> list[int]:
    """As ``recipients_for``, keys alone: the usual cases cost one query or none. People may be inactive by now."""
    if role_code == "requester":
        return [ticket.requester_id] if ticket.requester_id else []
    if role_code == "watchers":
        return list(ticket.watchers.filter(is_active=True).values_list("pk", flat=True))
    if role_code == "assignee" and ticket.assignee_id:
        away = Absence.objects.filter(user=OuterRef("pk"), starts_at__lte=at, ends_at__gt=at)
        if User.objects.active().filter(~Exists(away), pk=ticket.assignee_id).exists():
            return [ticket.assignee_id]
    return [person.pk for person in recipients_for(role_code, ticket, at)]


def away_at(at: datetime) -> frozenset[int]:
    """The keys of everybody who is away at ``at``. One query."""
    return frozenset(Absence.objects.filter(starts_at__lte=at, ends_at__gt=at).values_list("user_id", flat=True))


def desk_at(at: datetime) -> list[User]:
    """Whom the desk's calls reach at ``at``: the duty of its groups, else their members."""
    return _unique(_desk(at))


def first_on_duty(role_code: str, at: datetime) -> User | None:
    """Of the people who hold ``role_code`` the one to turn to first at ``at``; None when nobody holds it.

    Whoever is the duty manager, else on duty in some roster, else the first who is not away.
    """
    holders = list(User.objects.active().filter(roles__code=role_code, roles__active=True).order_by("username"))
    if not holders:
        return None
    keys = [person.pk for person in holders]
    rosters = Roster.objects.loaded().filter(group__active=True, places__user__in=keys).distinct()
    standing = sorted(standings(rosters, at), key=lambda one: not one.roster.management)
    now = [one.now.user.pk for one in standing if one.now and one.now.user]
    away = set(Absence.objects.filter(user__in=keys, starts_at__lte=at, ends_at__gt=at).values_list("user", flat=True))
    first = sorted(holders, key=lambda one: (now.index(one.pk) if one.pk in now else len(now), one.pk in away))
    return first[0]


def _unique(people: Iterable[User | None]) -> list[User]:
    found = {person.pk: person for person in people if person is not None and person.is_active}
    return list(found.values())


def _last_resort(at: datetime) -> list[User]:
    managers = _duty_manager(None, at)
    if managers:
        return _unique(managers)
    return list(User.objects.active().holding(Permission.ADMIN))


def _holders_of(role_code: str) -> Callable[[Ticket | None, datetime], Sequence[User]]:
    def found(ticket: Ticket | None, at: datetime) -> Sequence[User]:
        return list(User.objects.active().filter(roles__code=role_code, roles__active=True))

    return found


def _assignee(ticket: Ticket | None, at: datetime) -> Iterable[User | None]:
    person = ticket.assignee if ticket else None
    if person is None:
        return _group_duty(ticket, at)
    absence = Absence.objects.filter(user=person, starts_at__lte=at, ends_at__gt=at).select_related("deputy").first()
    if absence is None and person.is_active:
        return [person]
    return [person, absence.deputy if absence and absence.deputy else None, *_group_duty(ticket, at)]


def _group(ticket: Ticket | None, at: datetime) -> Iterable[User | None]:
    group = ticket.group if ticket else None
    return [*group.members.active(), *([group.lead] if group.lead else [])] if group else []


def _group_duty(ticket: Ticket | None, at: datetime) -> Iterable[User | None]:
    group = ticket.group if ticket else None
    if group is None:
        return _desk(at)
    person = on_duty(group, at)
    return [person] if person else _unique([group.lead]) or list(group.members.active())


def _desk(at: datetime) -> Iterable[User | None]:
    """Whoever dispatches: the duty of the desk's groups, else their members."""
    desks = SupportGroup.objects.filter(tier="desk", active=True)
    people = [person for desk in desks if (person := on_duty(desk, at))]
    return people or list(User.objects.active().filter(support_groups__in=[desk.pk for desk in desks]).distinct())


def _group_lead(ticket: Ticket | None, at: datetime) -> Iterable[User | None]:
    group = ticket.group if ticket else None
    return [group.lead] if group and group.lead else _group_duty(ticket, at)


def _technical_lead(ticket: Ticket | None, at: datetime) -> Iterable[User | None]:
    """The lead of the ticket's group when it has one, else everybody with the role."""
    group = ticket.group if ticket else None
    if group and group.lead and group.lead.is_active:
        return [group.lead]
    return _holders_of("technical_lead")(ticket, at)


def _system_owner(ticket: Ticket | None, at: datetime) -> Iterable[User | None]:
    """Primary and deputy engineer of the business system (ORG-04), else the group's duty."""
    system = ticket.business_system if ticket else None
    owners = _unique([system.primary_engineer, system.deputy_engineer]) if system else []
    return owners or _group_duty(ticket, at)


def _duty_manager(ticket: Ticket | None, at: datetime) -> Iterable[User | None]:
    roster = Roster.objects.filter(management=True, group__active=True).select_related("group").first()
    person = on_duty(roster.group, at) if roster else None
    return [person] if person else _holders_of("incident_manager")(ticket, at)


_FINDERS: dict[str, Callable[[Any, datetime], Iterable[User | None]]] = {
    "assignee": _assignee,
    "group": _group,
    "group_duty": _group_duty,
    "group_lead": _group_lead,
    "technical_lead": _technical_lead,
    "system_owner": _system_owner,
    "duty_manager": _duty_manager,
    "watchers": lambda ticket, at: list(ticket.watchers.active()) if ticket else [],
    "requester": lambda ticket, at: [ticket.requester] if ticket else [],
}
#: Roles that a ticket itself answers, beside those that people hold.
ROLES_OF_TICKETS = frozenset(_FINDERS)


# --- Writes ---------------------------------------------------------------------------------------------------------


def save_roster(
    *, roster: Roster, members: Sequence[User], by: User | None = None, now: datetime | None = None
) -> Roster:
    """Store ``roster`` with ``members`` in this order. Of two management rosters the new one holds.

    Whoever gains or loses days from ``now`` on is told, unless ``by`` is None: programs build first rosters unasked.
    """
    if by is None or now is None:
        return _store(roster, members)
    with transaction.atomic():
        if roster.pk is None:
            _store(roster, ())
        with telling(rosters=[roster.pk], by=by, now=now):
            return _store(roster, members)


@transaction.atomic
def _store(roster: Roster, members: Sequence[User]) -> Roster:
    if roster.management:
        Roster.objects.exclude(pk=roster.pk).filter(management=True).update(management=False)
    roster.save()
    roster.places.all().delete()
    RosterMember.objects.bulk_create(
        RosterMember(roster=roster, user=user, position=position) for position, user in enumerate(members, start=1)
    )
    return roster


def stand_in(
    *, roster: Roster, user: User, starts_at: datetime, ends_at: datetime, by: User, now: datetime, note: str = ""
) -> Override:
    """Give ``user`` the duty for a span; they and whoever loses it are told.

    Raises ValidationError for a span in the past: who had the duty is not rewritten.
    """
    if starts_at < now - GRACE:
        raise ValidationError({"starts_at": _("This lies in the past: who had the duty then stays as it is.")})
    with telling(rosters=[roster.pk], by=by, now=now, span=(starts_at, ends_at), note=note, also=[user]):
        return Override.objects.create(
            roster=roster, user=user, starts_at=starts_at, ends_at=ends_at, note=note, made_by=by, made_at=now
        )


@transaction.atomic
def swap_turns(*, roster: Roster, first: datetime, second: datetime, by: User, now: datetime) -> list[Override]:
    """Let the people who are on duty at ``first`` and ``second`` have each other's spans, from those moments on.

    What moves is exactly what each has: a span ends where somebody else stands in. What is over stays.
    Raises ValidationError when both are the same person's, one has nobody, or one is over.
    """
    one, other = spans_at(roster, first, second)
    if one is None or other is None or one.user is None or other.user is None or one.user == other.user:
        raise ValidationError(_("Choose two turns of two different people."))
    if min(one.end, other.end) <= now:
        raise ValidationError(_("This lies in the past: who had the duty then stays as it is."))
    token = uuid.uuid4()
    rows = [
        Override(
            roster=roster,
            user=person,
            kind=Override.Kind.SWAP,
            starts_at=max(turn.start, moment, now),
            ends_at=turn.end,
            swap=token,
            made_by=by,
            made_at=now,
        )
        for turn, moment, person in ((one, first, other.user), (other, second, one.user))
    ]
    return Override.objects.bulk_create(rows)


def spans_at(roster: Roster, first: datetime, second: datetime) -> tuple[Turn | None, Turn | None]:
    """The spans that run at the two moments; None where nobody has a turn."""
    loaded = Roster.objects.loaded().get(pk=roster.pk)
    plan = plans_of([loaded], min(first, second), max(first, second))[roster.pk]
    return plan.on_duty(first), plan.on_duty(second)


def withdraw_override(*, override: Override, by: User, now: datetime) -> None:
    """Take a stand-in back; of a swap both halves. Everybody whose days it moves is told."""
    found = Override.objects.filter(roster_id=override.roster_id)
    rows = found.filter(swap=override.swap) if override.swap else found.filter(pk=override.pk)
    span = rows.aggregate(Min("starts_at"), Max("ends_at"))
    with telling(rosters=[override.roster_id], by=by, now=now, span=_span(*span.values()), note=override.note):
        rows.delete()


def _span(start: datetime | None, end: datetime | None) -> tuple[datetime, datetime] | None:
    return (start, end) if start and end else None


def record_absence(*, absence: Absence, by: User, now: datetime) -> Absence:
    """Store that somebody is away; a new one notes who said so. They, their deputy, whoever gains days are told.

    One that its deputy changes is noted as said by the deputy, who then decides nothing by it (four eyes).
    """
    if absence.pk is None or by == absence.deputy:
        absence.made_by, absence.made_at = by, now
    people = [person for person in (absence.user, absence.deputy) if person]
    span = (absence.starts_at, absence.ends_at)
    with telling(rosters=_rosters_of(absence), by=by, now=now, span=span, note=absence.note, also=people):
        absence.save()
    return absence


def end_absence(*, absence: Absence, by: User, now: datetime) -> None:
    """The person is back: an absence that began ends now, one to come is dropped. Told like its beginning."""
    with telling(rosters=_rosters_of(absence), by=by, now=now, span=(absence.starts_at, absence.ends_at)):
        if absence.starts_at >= now:
            absence.delete()
        else:
            Absence.objects.filter(pk=absence.pk, ends_at__gt=now).update(ends_at=now)


def _rosters_of(absence: Absence) -> list[int]:
    """Keys of the rosters in which the person has turns or stands in."""
    mine = Q(places__user=absence.user_id) | Q(overrides__user=absence.user_id)
    return list(Roster.objects.filter(mine).order_by("pk").values_list("pk", flat=True).distinct())
