"""Trouble in the process of changes, computed and said in sentences (CHG-10)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from changes.collision.signing import signature_of
from changes.models import Change, CollisionOverride
from changes.monthly.queries import Book, by_template, in_hours, late_by_clock, outside_of, signed_in
from changes.states import States
from tickets.models import TimelineEntry

#: Steps that send a change back, with what they are called.
RETURNS = ("send_back", "returned", "refused", "reject", "lapse", "withdraw_question")
#: So many reasons are quoted.
QUOTED = 8


@dataclass(frozen=True)
class Fact:
    """One sentence, the changes that it rests on, and what was written about them: (number, text)."""

    text: str
    changes: list[Change] = field(default_factory=list)
    quotes: list[tuple[str, str]] = field(default_factory=list)


def facts_of(book: Book, user: User) -> list[Fact]:
    """What took longest, what was returned and why, and what did not go by the rules; nothing that did not happen."""
    found = (
        _longest(book),
        _returned(book, user),
        _signed(book, user),
        _outside(book),
        _templates(book),
        _late(book, user),
    )
    return [*(fact for fact in found if fact), *_others(book)]


def _longest(book: Book) -> Fact | None:
    """The state in which the changes that ended in the month stayed longest, on average."""
    stays: dict[str, list[timedelta]] = defaultdict(list)
    entries = TimelineEntry.objects.filter(ticket__in=[one.pk for one in book.ended]).order_by("ticket_id", "at", "pk")
    since: dict[int, tuple[str, Any]] = {}
    for ticket, before, after, at in entries.values_list("ticket_id", "state_from", "state_to", "at"):
        if not after or after == before:
            continue
        if ticket in since and since[ticket][0] in BEFORE_THE_END:
            stays[since[ticket][0]].append(at - since[ticket][1])
        since[ticket] = (after, at)
    if not stays:
        return None
    averages = {state: sum(times, timedelta()) / len(times) for state, times in stays.items()}
    state = max(averages, key=lambda code: averages[code])
    text = _("The longest step was “%(state)s”: %(time)s on average, over %(count)d changes.")
    said = {"state": States(state).label, "time": in_hours(averages[state]), "count": len(stays[state])}
    return Fact(text % said)


#: Steps that somebody takes until it is carried out; waiting for its window is none.
BEFORE_THE_END = frozenset(States.values[:6]) - {States.SCHEDULED} | {States.IMPLEMENTING}


def _returned(book: Book, user: User) -> Fact | None:
    """What was sent back, returned by approvers, withdrawn, refused or rejected in the month, with the reasons."""
    seen = Change.objects.visible_to(user)
    within = {"at__gte": book.month.start, "at__lt": book.month.end}
    entries = TimelineEntry.objects.filter(ticket__in=seen.values("pk"), action__in=RETURNS, **within)
    rows = list(entries.order_by("at", "pk").values_list("ticket_id", "text"))
    if not rows:
        return None
    changes = {one.pk: one for one in seen.filter(pk__in={key for key, _text in rows}).order_by("number")}
    quotes = [(changes[key].number, text) for key, text in rows if text][:QUOTED]
    text = _("Sent back, returned or refused: %(times)d times, on %(count)d changes.")
    return Fact(text % {"times": len(rows), "count": len(changes)}, list(changes.values()), quotes)


def _signed(book: Book, user: User) -> Fact | None:
    changes = signed_in(book.month, user)
    if not changes:
        return None
    within = {"at__gte": book.month.start, "at__lt": book.month.end}
    rows = CollisionOverride.objects.filter(change__in=changes, **within).select_related("change", "person")
    quotes = [(row.change.number, signature_of(row)) for row in rows.order_by("change__number", "at")[:QUOTED]]
    return Fact(
        _("Changes whose hard collisions were signed for: %(count)d.") % {"count": len(changes)}, changes, quotes
    )


def _outside(book: Book) -> Fact | None:
    changes = outside_of(book)
    if not changes:
        return None
    over = sum((_over(one) for one in changes), timedelta())
    text = _("Carried out outside their window: %(count)d of %(all)d, together %(time)s beyond the planned end.")
    return Fact(text % {"count": len(changes), "all": len(book.ended), "time": in_hours(over)}, changes)


def _over(change: Change) -> timedelta:
    ended, planned = change.actual_end, change.planned_end
    return max(ended - planned, timedelta()) if ended and planned else timedelta()


def _templates(book: Book) -> Fact | None:
    failed = [row for row in by_template(book) if row.good < len(row.changes)]
    if not failed:
        return None
    named = ", ".join(f"{row.name} {len(row.changes) - row.good}/{len(row.changes)}" for row in failed)
    changes = [one for row in failed for one in row.changes if one.result not in ("as_planned", "deviated")]
    return Fact(_("Templates with failures: %(templates)s.") % {"templates": named}, changes)


def _late(book: Book, user: User) -> Fact | None:
    """Limits of the process that passed in the month."""
    parts = {
        _("check for sense and completeness"): late_by_clock(book.month, user, "response"),
        _("record of an emergency"): late_by_clock(book.month, user, "record"),
        _("configuration notice"): late_by_clock(book.month, user, "notice"),
        _("update of items"): late_by_clock(book.month, user, "order"),
    }
    late = {name: changes for name, changes in parts.items() if changes}
    if not late:
        return None
    named = ", ".join(f"{name} {len(changes)}" for name, changes in late.items())
    changes = {one.pk: one for found in late.values() for one in found}
    return Fact(_("Limits that passed: %(limits)s.") % {"limits": named}, list(changes.values()))


def _others(book: Book) -> list[Fact]:
    found = []
    if book.missed:
        quotes = [(one.number, one.lessons) for one in book.missed if one.lessons][:QUOTED]
        text = _("Changes that missed the expected result: %(count)d.") % {"count": len(book.missed)}
        found.append(Fact(text, book.missed, quotes))
    if book.unauthorised["all"]:
        text = _("Configuration items altered without a change: %(count)d times; not judged yet: %(open)d.")
        found.append(Fact(text % {"count": book.unauthorised["all"], "open": book.unauthorised["open"]}))
    wishes = [(one.number, one.improvement) for one in book.reviewed if one.improvement][:QUOTED]
    if wishes:
        found.append(Fact(_("Reviews propose improvements of the process."), [], wishes))
    return found
