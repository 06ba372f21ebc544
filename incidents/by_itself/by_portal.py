"""What the portal does with incidents because of another one: follow-ups, duplicates (INC-11, INC-12)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from incidents.corrections import LIVE
from records.lifecycle import NEW
from tickets.lifecycle import action

if TYPE_CHECKING:
    from tickets.models import Ticket as Columns
else:
    Columns = object

#: How a duplicate reads that was resolved with another customer's ticket.
SAME_EVENT = "同一事件已解决。 / The event behind this ticket is resolved."


class ByPortal(Columns):
    """Actions that follow from what happened to another incident."""

    # Columns and helpers of ``incidents.models.Incident``.
    cause: Any
    handling: Any
    close_code: Any
    resolved_by: Any
    verified_by: Any
    verified_how: Any
    end_waiting: Any

    @action(
        source=NEW,
        target="assigned",
        label=_("Open follow-up"),
        done=_("opened as follow-up of an incident that was not solved"),
        tells=("assigned",),
        system=True,
        icon="rotate-clockwise",
    )
    def follow_up(self, *, user: None, now: datetime) -> None:
        """Go on with an incident that was closed unresolved, with its previous assignee (INC-12)."""
        self.assigned_at = now

    @action(
        source=NEW,
        target="registered",
        label=_("Open follow-up at the desk"),
        done=_("opened as follow-up of an incident that was not solved; the desk dispatches it"),
        tells=("returned",),
        system=True,
        icon="rotate-clockwise",
    )
    def follow_up_at_desk(self, *, user: None, now: datetime) -> None:
        """Go on with an incident that was closed unresolved and has neither person nor group any more (INC-12)."""

    @action(
        source=LIVE,
        target="resolved",
        label=_("Resolve with main ticket"),
        done=_("resolved together with the main ticket"),
        tells=("resolved",),
        system=True,
        icon="check",
    )
    def resolve_with_main(self, *, user: None, now: datetime) -> None:
        """Resolve a duplicate because its main ticket was resolved (INC-11)."""
        self.end_waiting(now)
        main: Any = self.duplicate_of.specific  # type: ignore[union-attr]  # marked, else it would not be here
        own = main.organisation_id == self.organisation_id  # another customer's is nothing to read for this one
        self.cause, self.handling = (main.cause, main.handling) if own else ("", SAME_EVENT)
        self.close_code = main.close_code
        self.verified_by, self.verified_how = main.verified_by, main.verified_how
        self.resolved_at, self.resolved_by = now, main.resolved_by
        self.responded_at = self.responded_at or now

    @action(
        source=LIVE,
        label=_("Go on without the main ticket"),
        done=_("goes on by itself: its main ticket ended"),
        tells=("assigned",),
        effect="incidents.services.unlink_duplicate",
        system=True,
        icon="copy-off",
        public=False,
    )
    def go_on_alone(self, *, user: None, now: datetime) -> None:
        """Be no duplicate any more of a ticket that ended without solving it; the clocks count again (INC-22)."""
        self.duplicate_of_id = None
