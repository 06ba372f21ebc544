"""When actions on incidents are possible, apart from the state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from incidents.rules import was_dispatched
from tickets.guards import has_assignee, has_finished_children, is_unclaimed

if TYPE_CHECKING:
    from accounts.models import User
    from incidents.models import Incident

__all__ = [
    "has_assignee",
    "has_confirmation",
    "has_finished_children",
    "has_no_open_vendor_case",
    "has_open_vendor_case",
    "has_priority_request",
    "has_silent_vendor",
    "is_duplicate",
    "is_escalated",
    "is_follow_up",
    "is_no_duplicate",
    "is_unclaimed",
    "is_unconfirmed",
    "is_undispatched",
    "is_unrated",
    "is_without_vendor_visit",
    "was_given",
]


def is_undispatched(ticket: Incident, user: User | None) -> Any:
    """It was never dispatched."""
    if not was_dispatched(ticket):
        return None
    return _("It was dispatched already: another priority needs a reason, and the group's lead or a manager decides.")


def was_given(ticket: Incident, user: User | None) -> Any:
    """It was dispatched before."""
    return None if was_dispatched(ticket) else _("It was never dispatched: the service desk checks the priority.")


def has_priority_request(ticket: Incident, user: User | None) -> Any:
    """A change of priority waits for approval."""
    return None if ticket.proposal else _("No change of priority waits for approval.")


def has_no_open_vendor_case(ticket: Incident, user: User | None) -> Any:
    """No vendor works on it."""
    if ticket.vendor_called_at is None or ticket.vendor_answered_at is not None:
        return None
    return _("A vendor is already working on it.")


def has_open_vendor_case(ticket: Incident, user: User | None) -> Any:
    """A vendor works on it."""
    if ticket.vendor_called_at is not None and ticket.vendor_answered_at is None:
        return None
    return _("No vendor is working on it.")


def is_escalated(ticket: Incident, user: User | None) -> Any:
    """It is escalated and nobody has acted yet."""
    return None if ticket.escalated_at else _("It is not escalated, or somebody has acted already.")


def has_silent_vendor(ticket: Incident, user: User | None) -> Any:
    """A vendor was called who has not responded yet."""
    if ticket.vendor_responded_at is None:
        return None
    return _("The vendor's response is already recorded.")


def is_without_vendor_visit(ticket: Incident, user: User | None) -> Any:
    """The vendor has not been seen on site yet."""
    if ticket.vendor_arrived_at is None:
        return None
    return _("The vendor's arrival is already recorded.")


def is_no_duplicate(ticket: Incident, user: User | None) -> Any:
    """It is not marked as a duplicate."""
    if ticket.duplicate_of_id is None:
        return None
    return _("It is already marked as a duplicate.")


def is_duplicate(ticket: Incident, user: User | None) -> Any:
    """It is marked as a duplicate."""
    return None if ticket.duplicate_of_id else _("It is not marked as a duplicate.")


def is_unrated(ticket: Incident, user: User | None) -> Any:
    """The requester has not rated it yet; what somebody else heard and typed does not count."""
    rated = ticket.satisfaction_id is not None and not ticket.satisfaction_heard
    return _("It is rated already. Thank you.") if rated else None


def is_unconfirmed(ticket: Incident, user: User | None) -> Any:
    """The requester has not said yet that it is solved."""
    return None if ticket.confirmed_at is None else _("The requester has confirmed it already.")


def has_confirmation(ticket: Incident, user: User | None) -> Any:
    """The requester said that it is solved."""
    return _("The requester has not confirmed it yet.") if ticket.confirmed_at is None else None


def is_follow_up(ticket: Incident, user: User | None) -> Any:
    """It continues an incident that was not solved."""
    return None if ticket.reopen_count else _("It does not continue another incident.")
