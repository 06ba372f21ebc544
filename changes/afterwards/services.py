"""Effects of verdicts on incidents: kept, and where a change caused one, both say so."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from changes.afterwards.models import IncidentVerdict
from changes.guards import owes_full_review
from changes.models import Change
from changes.notices import tell_of_change
from changes.states import States
from tickets.models import TicketLink
from tickets.services import log_event, relate

REVIEWED = (States.REVIEWED, States.CLOSED)


def keep_verdict(*, ticket: Change, user: User, now: datetime, cleaned: dict[str, Any], **context: Any) -> None:
    """Keep who said it when; an incident that it caused is related to it, one that it did not is so no more.

    Change managers are told when it was confirmed with one tap before: they review it in full.
    """
    incident, caused = cleaned["incident"], cleaned["caused"]
    IncidentVerdict.objects.create(change=ticket, incident=incident, caused=caused, by=user, at=now)
    meaning = TicketLink.Meaning.CAUSED_BY
    if caused:
        relate(source=incident, target=ticket, meaning=meaning, user=user, now=now)
    else:
        TicketLink.objects.filter(source=incident, target_id=ticket.pk, meaning=meaning).delete()
    event = "change_caused" if caused else "change_caused_not"
    log_event(ticket=incident, event=event, user=user, now=now, number=ticket.number)
    if caused and ticket.state in REVIEWED and owes_full_review(ticket, None) is None:
        tell_of_change(
            what="review_owed",
            change=ticket,
            readers=[],
            managers=True,
            text=f"{incident.number} {incident.summary}",
            key=f"{ticket.pk}:{incident.pk}",
            now=now,
        )
