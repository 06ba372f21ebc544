"""Why a figure is another one now: the records that came or went since it was printed, and what happened to each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from reports.facts.models import Fact, FactColumns, FactVersion
from reports.figures import Figure, Scope
from reports.known.scope import KnownScope
from tickets.figures.records import ENDED, Records
from tickets.models import Ticket
from tickets.querysets import LIVE
from tickets.queues.filter_forms import label_of

#: So many records are named; the rest are counted.
SHOWN = 50
#: What a ticket is counted under; another value moves it from one figure to another.
ATTRIBUTES = ("priority", "group", "organisation", "category", "business_system", "source", "assignee")


@dataclass(frozen=True)
class Difference:
    """A record that is counted now and was not then (``came``), or the other way round, and why."""

    ticket: Ticket | None
    number: str
    came: bool
    role: str
    reasons: list[str]


def differences(figure: Figure, then: KnownScope) -> tuple[list[Difference], int]:
    """The records by which a figure differs from what was known then, and how many there are altogether."""
    now, measure = figure.scope, figure.measure
    sets = [(pgettext("figure", "Counted"), measure.numerator)]
    if measure.denominator is not None:
        sets.append((_("Of"), measure.denominator))
    found: list[tuple[int, bool, str]] = []
    for role, records in sets:
        before, after = _members(records, then), _members(records, now)
        found += [(key, True, role) for key in sorted(after - before)]
        found += [(key, False, role) for key in sorted(before - after)]
    if measure.amount is not None:
        found += [(key, True, _("Time")) for key in _retimed(measure.numerator, then, now)]
    return _explained(found[:SHOWN], then), len(found)


def _members(records: Records, scope: Scope) -> set[int]:
    parts = records.parts or (records,)
    return {key for part in parts for key in _keys(scope.counted(scope.records(part)))}


def _keys(rows: Any) -> Any:
    return rows.values_list("ticket_id" if issubclass(rows.model, FactColumns) else "pk", flat=True)


def _retimed(records: Records, then: Scope, now: Scope) -> list[int]:
    """Those of both whose clock counted another time."""
    old, new = (scope.counted(scope.records(records)) for scope in (then, now))
    if new.model is not Fact:
        return []
    before = dict(old.values_list("ticket_id", "worked"))
    after = dict(new.values_list("ticket_id", "worked"))
    return sorted(key for key in before.keys() & after.keys() if before[key] != after[key])


def _explained(found: list[tuple[int, bool, str]], then: KnownScope) -> list[Difference]:
    keys = {key for key, _came, _role in found}
    related = [name for name in ATTRIBUTES if name != "assignee"]
    versions = FactVersion.objects.known(then.known_at).filter(ticket__in=keys).select_related(*related)
    old = {row.ticket_id: row for row in versions}
    new = {row.ticket_id: row for row in Fact.objects.filter(pk__in=keys).select_related(*related)}
    tickets = Ticket.objects.visible_to(then.user).in_bulk(keys)
    return [
        Difference(
            ticket=tickets.get(key),
            number=tickets[key].number if key in tickets else f"#{key}",
            came=came,
            role=role,
            reasons=reasons(old.get(key), new.get(key), then),
        )
        for key, came, role in found
    ]


def reasons(old: FactVersion | None, new: Fact | None, then: KnownScope) -> list[str]:
    """What happened to a ticket since, as far as figures know."""
    if new is None:
        return [_("removed")]
    if old is None:
        late = new.created_at < then.known_at
        return [_("registered later, for an earlier time") if late else _("registered after")]
    found = []
    if old.phase in ENDED and new.phase in LIVE:
        found.append(_("reopened after"))
    elif old.phase in LIVE and new.phase in ENDED:
        found.append(_("ended after"))
    elif old.resolved_at != new.resolved_at:
        found.append(_("solved again, at another time"))
    found += [_attributed(name, old, new) for name in ATTRIBUTES if _differs(name, old, new)]
    timed = ("responded_in_time", "completed_in_time", "planned_completion_at", "worked", "agreed_at")
    if any(getattr(old, name) != getattr(new, name) for name in timed):
        found.append(_("its limit or what its clock counted changed"))
    return found or [_("corrected")]


def _differs(name: str, old: FactColumns, new: FactColumns) -> bool:
    return getattr(old, f"{name}_id") != getattr(new, f"{name}_id")


def _attributed(name: str, old: FactColumns, new: FactColumns) -> str:
    words = {"what": label_of(name), "old": _named(name, old), "new": _named(name, new)}
    return _("%(what)s: %(old)s → %(new)s") % words


def _named(name: str, row: FactColumns) -> str:
    """The value; persons are not named here, figures of persons are for few."""
    if getattr(row, f"{name}_id") is None:
        return "–"
    return "…" if name == "assignee" else str(getattr(row, name))
