"""Known errors: publishing, taking, telling, and finding those that fit a call (PRB-05)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.models import User
from problems.known_errors.shelf import Likeness, current_shelf
from problems.models import KnownError, KnownErrorUse, Problem, Telling
from problems.services import caused, join
from tickets.actions import perform
from tickets.models import Ticket, TicketLink
from tickets.workspace.suggestions import Call, phrases

SHOWN = 3
#: So many uses before a workaround can be called doubtful, and so much more often than usual its tickets come back.
ENOUGH_USES, TIMES_USUAL = 4, 2.0
#: What is usual is counted over so long, and is never taken for less than this.
USUAL_OVER, USUAL_FLOOR = timedelta(days=180), 0.05


def publish(*, ticket: Problem, user: User, now: datetime, cleaned: dict[str, Any], **context: Any) -> KnownError:
    """Publish the known error, or a newer text of it. Only what was typed for agents travels."""
    columns = {name: cleaned[name] for name in ("title", "symptoms", "steps", "business_system", "valid_until")}
    fixed = {"cause": cleaned["cause"], "published_at": now, "published_by": user, "withdrawn_at": None}
    known, _made = KnownError.objects.update_or_create(problem=ticket, defaults={**columns, **fixed})
    known.items.set(cleaned["items"])
    return known


def withdraw(*, ticket: Problem, now: datetime, **context: Any) -> None:
    """Offer it no more."""
    KnownError.objects.filter(problem=ticket).update(withdrawn_at=now)


def tell_incidents(*, ticket: Problem, now: datetime, **context: Any) -> int:
    """Put the workaround on each open incident of the problem, once; return how many were told now.

    The row of ``Telling`` decides: pressed twice, or by two people, nobody is told twice.
    """
    known = ticket.known_error
    told = 0
    for incident in caused(ticket).live().order_by("pk"):
        _row, is_new = Telling.objects.get_or_create(known_error=known, ticket=incident, defaults={"at": now})
        if is_new:
            perform(incident, "hear_workaround", user=None, data={"text": known.steps}, now=now)
            told += 1
    return told


def take(*, ticket: Ticket, user: User, now: datetime, cleaned: dict[str, Any], **context: Any) -> None:
    """Count the incident for the known error, once, and join it to the problem."""
    known = cleaned["known_error"]
    KnownErrorUse.objects.update_or_create(
        known_error=known, ticket_id=ticket.pk, defaults={"at": now, "by": user, "dropped_at": None}
    )
    join(incident=ticket, problem=known.problem, user=user, now=now)


def drop(*, ticket: Ticket, now: datetime, cleaned: dict[str, Any], **context: Any) -> None:
    """Count it no more."""
    KnownErrorUse.objects.filter(known_error=cleaned["known_error"], ticket_id=ticket.pk).update(dropped_at=now)


# --- Finding ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Fit:
    """A known error that fits, with the reasons that are true of it."""

    known: KnownError
    score: float
    reasons: list[str]
    uses: int


def fitting(call: Call, now: datetime | Now, most: int = SHOWN) -> list[Fit]:
    """Published known errors that fit ``call``, the likeliest first: items, system, words. Three queries at most."""
    likest = {one.pk: one for one in current_shelf().likest(call)}
    if not likest:
        return []
    known = KnownError.objects.valid(now).filter(pk__in=likest).select_related("problem", "business_system")
    rows = known.annotate(used=Count("uses", filter=Q(uses__dropped_at=None)))
    fits = [_fit(one, likest[one.pk], call) for one in rows]
    return sorted(fits, key=lambda fit: (-fit.score, -fit.uses, fit.known.pk))[:most]


def _fit(known: Any, likeness: Likeness, call: Call) -> Fit:
    """The known error with every reason that is true of it, the strongest first."""
    reasons = []
    if likeness.items:
        reasons.append(_("same item: %(items)s") % {"items": ", ".join(likeness.items)})
    if likeness.words:
        said = phrases(likeness.words, f"{known.title} {known.symptoms}")
        told = _("words by the glossary: %(words)s") if likeness.translated else _("words: %(words)s")
        reasons.append(told % {"words": " · ".join(said)})
    if call.business_system and known.business_system_id == call.business_system:
        reasons.append(_("same system"))
    if known.used:
        reasons.append(_("used %(count)d times") % {"count": known.used})
    return Fit(known, likeness.score, reasons, known.used)


# --- Does it still work? ---------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Standing:
    """How a workaround does: incidents that took it, those among them that came back, and what is usual."""

    uses: list[Ticket]
    came_back: list[Ticket]
    usual: float

    @property
    def is_doubtful(self) -> bool:
        """Whether tickets come back after it much more often than usual."""
        enough = len(self.uses) >= ENOUGH_USES
        return enough and len(self.came_back) / len(self.uses) > max(self.usual, USUAL_FLOOR) * TIMES_USUAL


def standing_of(known: KnownError, user: User, now: datetime) -> Standing:
    """What ``user`` may see of it. Three queries."""
    keys = known.uses.filter(dropped_at=None).values("ticket_id")
    uses = list(Ticket.objects.visible_to(user).filter(pk__in=keys).for_rows().order_by("-created_at", "-pk"))
    back = _came_back({ticket.pk for ticket in uses})
    return Standing(uses, [ticket for ticket in uses if ticket.pk in back], usual_return(now))


def _came_back(keys: set[int]) -> set[int]:
    """Those that a follow-up continues."""
    links = TicketLink.objects.filter(target__in=keys, meaning=TicketLink.Meaning.FOLLOW_UP)
    return set(links.values_list("target_id", flat=True))


def usual_return(now: datetime) -> float:
    """The share of incidents of the last half year that were followed up. One query."""
    ended = Ticket.objects.filter(kind="incident", resolved_at__gte=now - USUAL_OVER)
    counted = ended.aggregate(
        all=Count("pk", distinct=True),
        back=Count("pk", distinct=True, filter=Q(links_in__meaning=TicketLink.Meaning.FOLLOW_UP)),
    )
    return counted["back"] / counted["all"] if counted["all"] else 0.0
