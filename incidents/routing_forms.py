"""Input of the actions that send an incident to somebody: assign, start, hand over, escalate."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import SupportGroup, Tier, User
from tickets.models import Ticket
from tickets.shared.assignment import AssignmentForm
from tickets.shared.forms import text_field


class LinesForm(AssignmentForm):
    """Groups of the provider's own lines: vendors are called in, they never hold the ticket (INC-14)."""

    def groups(self) -> QuerySet[SupportGroup]:
        """Desk, first and second line."""
        return super().groups().exclude(tier=Tier.THIRD)


class AssignForm(LinesForm):
    """A group, a person in it, and a word for them."""

    text = text_field(_("Remark"), required=False, rows=2)

    def initial_from(self, ticket: Ticket) -> dict[str, Any]:
        """The group that takes such tickets by default."""
        group = ticket.group or default_group(ticket)
        return {"group": group.code if group else None, "assignee": _username(ticket.assignee)}


def _username(user: User | None) -> str | None:
    return user.username if user else None


def default_group(ticket: Ticket) -> SupportGroup | None:
    """The group of the ticket's business system, else of its category (ORG-02)."""
    for holder in (ticket.business_system, ticket.category):
        if holder is not None and holder.default_group is not None:
            return holder.default_group
    return None


class HandOverForm(LinesForm):
    """Another group of the same line, or a colleague, and why."""

    text = text_field(_("Reason"), rows=2)

    def groups(self) -> QuerySet[SupportGroup]:
        """Those of the present group's line: another line is reached by escalating and returning."""
        group = self.ticket.group
        return super().groups().filter(tier=group.tier) if group else super().groups()

    def clean(self) -> dict[str, Any]:
        """Something must change hands."""
        cleaned = super().clean()
        same_person = cleaned.get("assignee") == self.ticket.assignee
        if cleaned.get("group") == self.ticket.group and same_person:
            self.add_error("group", _("It is already with this group and person."))
        return cleaned


class EscalateForm(LinesForm):
    """A group of a higher line, and why."""

    text = text_field(_("Reason"), rows=2)

    def initial_from(self, ticket: Ticket) -> dict[str, Any]:
        """Nothing is chosen yet."""
        return {}

    def groups(self) -> QuerySet[SupportGroup]:
        """Groups of the provider's lines above the present one. Vendors are called in, not assigned."""
        now = Tier(self.ticket.group.tier).rank if self.ticket.group else Tier.DESK.rank
        higher = [tier for tier in (Tier.FIRST, Tier.SECOND) if tier.rank > now]
        return super().groups().filter(tier__in=higher)
