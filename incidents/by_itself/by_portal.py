"""What the portal does with incidents because of another one: follow-ups, duplicates (INC-11, INC-12)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from incidents.states import LIVE, States
from records.lifecycle import NEW
from tickets.lifecycle import ActionSet
from tickets.shared.waiting import end_waiting

if TYPE_CHECKING:
    from incidents.models import Incident

#: How a duplicate reads that was resolved with another customer's ticket.
SAME_EVENT = "同一事件已解决。 / The event behind this ticket is resolved."


#: Actions that follow from what happened to another incident.
by_portal = ActionSet()


@by_portal.action(
    source=NEW,
    target=States.ASSIGNED,
    label=_("Open follow-up"),
    done=_("opened as follow-up of an incident that was not solved"),
    tells=("assigned",),
    system=True,
    icon="rotate-clockwise",
)
def follow_up(incident: Incident, *, user: None, now: datetime) -> None:
    """Go on with an incident that was closed unresolved, with its previous assignee (INC-12)."""
    incident.assigned_at = now


@by_portal.action(
    source=NEW,
    target=States.REGISTERED,
    label=_("Open follow-up at the desk"),
    done=_("opened as follow-up of an incident that was not solved; the desk dispatches it"),
    tells=("returned",),
    system=True,
    icon="rotate-clockwise",
)
def follow_up_at_desk(incident: Incident, *, user: None, now: datetime) -> None:
    """Go on with an incident that was closed unresolved and has neither person nor group any more (INC-12)."""


@by_portal.action(
    source=LIVE,
    target=States.RESOLVED,
    label=_("Resolve with main ticket"),
    done=_("resolved together with the main ticket"),
    tells=("resolved",),
    system=True,
    icon="check",
)
def resolve_with_main(incident: Incident, *, user: None, now: datetime) -> None:
    """Resolve a duplicate because its main ticket was resolved (INC-11)."""
    end_waiting(incident, now)
    main: Any = incident.duplicate_of.specific  # type: ignore[union-attr]  # marked, else it would not be here
    own = main.organisation_id == incident.organisation_id  # another customer's is nothing to read for this one
    incident.cause, incident.handling = (main.cause, main.handling) if own else ("", SAME_EVENT)
    incident.close_code = main.close_code
    incident.verified_by, incident.verified_how = main.verified_by, main.verified_how
    incident.resolved_at, incident.resolved_by = now, main.resolved_by
    incident.responded_at = incident.responded_at or now


@by_portal.action(
    source=LIVE,
    label=_("Go on without the main ticket"),
    done=_("goes on by itself: its main ticket ended"),
    tells=("assigned",),
    effect="incidents.services.unlink_duplicate",
    system=True,
    icon="copy-off",
    public=False,
)
def go_on_alone(incident: Incident, *, user: None, now: datetime) -> None:
    """Be no duplicate any more of a ticket that ended without solving it; the clocks count again (INC-22)."""
    incident.duplicate_of_id = None
