"""Why nobody can decide a step: who is meant there, what keeps each of them away, and what helps (CHG-02, CHG-03)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.codes import in_language
from accounts.models import SupportGroup, User
from approvals.decisions.deciders import instead_of, named_by
from approvals.models import DeciderKind, Excluded
from tickets.models import Ticket

Why = Excluded.Why
#: So many people of a place are named.
NAMED = 5


@dataclass(frozen=True)
class Lack:
    """Places of step ``position`` that nobody can fill; ``barred``: why, by key of each account that is kept away."""

    policy: dict[str, Any]
    position: int
    places: list[dict[str, Any]]
    barred: Mapping[int, str]

    def told(self, ticket: Ticket, now: datetime) -> str:
        """The step, who is meant in each place and why that helps nobody, and the ways out."""
        met = {one.pk: one for who in self.places for one in _meant(who, ticket, now)}
        names = in_language(self.policy["zh"], self.policy["en"])
        said = [_("Nobody can decide step %(step)d of “%(policy)s”.") % {"step": self.position, "policy": names}]
        said += [self._told_of(who, ticket, now) for who in self.places]
        if not self.places:
            said.append(_("Nobody is named there."))
        if self.barred.keys() & met:
            said.append(_("Nor may anybody who stands in for them."))
        ways = "; ".join((*_ways_of(self.places, met, self.barred, ticket), _other_decider()))
        return " ".join([*said, _("What helps: %(ways)s.") % {"ways": ways}])

    def _told_of(self, who: dict[str, Any], ticket: Ticket, now: datetime) -> str:
        place = in_language(who["zh"], who["en"])
        people = list(_meant(who, ticket, now))
        if not people:
            return _("%(place)s: %(missing)s.") % {"place": place, "missing": _missing(who, ticket)}
        names = ", ".join(_with_reason(one, self.barred) for one in people[:NAMED])
        if who["kind"] == DeciderKind.PERSON:  # the place is called what its person is called
            return _("%(people)s.") % {"people": names}
        return _("%(place)s: %(people)s.") % {"place": place, "people": names}


def needed_elsewhere(position: int, people: Iterable[int]) -> str:
    """That those who could decide the step are needed in others: who they are, and what helps."""
    found = User.objects.filter(pk__in=people).order_by("username")[:NAMED]
    said = _(
        "Nobody is left for step %(step)d: each person decides once, and whoever could decide it (%(people)s) is"
        " needed for another one. What helps: %(ways)s."
    )
    names = ", ".join(one.display_name for one in found)
    return said % {"step": position, "people": names, "ways": _other_decider()}


def _meant(who: dict[str, Any], ticket: Ticket, now: datetime) -> Iterator[User]:
    """Everybody whom the place names, and whom it names instead of them."""
    yield from named_by(who, ticket, now)
    if who.get("otherwise"):
        yield from named_by(instead_of(who), ticket, now)


def _with_reason(person: User, barred: Mapping[int, str]) -> str:
    why = barred.get(person.pk)
    if why is None:
        return person.display_name
    return _("%(person)s (%(why)s)") % {"person": person.display_name, "why": Why(why).label}


def _missing(who: dict[str, Any], ticket: Ticket) -> str:
    """What is not recorded, so that the place means nobody."""
    if who["kind"] == DeciderKind.DEPARTMENT_MANAGER:
        department = ticket.requester.department if ticket.requester else None
        if department is None:
            return _("no department of the requester is recorded")
        return _("the department %(department)s has no active manager") % {"department": department}
    if who["kind"] in (DeciderKind.GROUP_LEAD, DeciderKind.ON_DUTY):
        group = SupportGroup.objects.filter(code=who["group"]).first() if who.get("group") else ticket.group
        if group is None:
            return _("no group is assigned")
        lead = who["kind"] == DeciderKind.GROUP_LEAD
        said = _("the group %(group)s has no lead") if lead else _("nobody of the group %(group)s is on duty")
        return said % {"group": group}
    return _("nobody is found there")


def _ways_of(
    places: list[dict[str, Any]], met: Mapping[int, User], barred: Mapping[int, str], ticket: Ticket
) -> Iterator[str]:
    """What else can be done, by what is in the way."""
    whys = {barred[key] for key in met if key in barred}
    if Why.IMPLEMENTER in whys:
        yield _("somebody else carries it out")
    if Why.EDITOR in whys:
        yield _("somebody else edits or assesses it last")
    managers = any(who["kind"] == DeciderKind.DEPARTMENT_MANAGER for who in places)
    if managers and not met:
        yield _("an administrator records the requester's department and its manager")


def _other_decider() -> str:
    """The way that always is open."""
    return _("an administrator names in the approval policy who is asked there, or instead")
