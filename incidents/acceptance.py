"""What the service acceptance form (客户服务受理单) says of an incident (TKT-12)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from incidents.models import Incident
from tickets.queues.columns import DIFFICULTY
from tickets.workspace.pages import confirmation_of, pair, satisfaction_of

#: A line of the form, as ``pages.pair`` makes it; ``wide``: it takes the whole width.
Line = dict[str, Any]


def parts_of(incident: Incident, *, internal: bool) -> list[tuple[str, list[Line]]]:
    """The parts of the form with their lines; nothing is left out, so that empty places can be filled by hand."""
    return [
        (_("Customer"), _customer(incident)),
        (_("Request"), _request(incident)),
        (_("Handling"), _handling(incident, internal=internal)),
        (_("Acceptance"), _acceptance(incident)),
    ]


def _customer(incident: Incident) -> list[Line]:
    person = incident.requester
    return [
        _short(_("Organisation"), incident.organisation),
        _short(_("Department"), person.department if person else None),
        _short(_("Requester"), person),
        _short(_("Reported for the requester by"), incident.reported_by),
        _short(_("Phone"), incident.contact_phone),
        _short(_("Email"), incident.contact_email),
    ]


def _request(incident: Incident) -> list[Line]:
    return [
        _short(_("Registered by"), incident.registered_by),
        _short(_("Created"), incident.created_at),
        _short(_("Source"), incident.source),
        _short(_("Nature"), incident.nature),
        _short(_("Business system"), incident.business_system),
        _short(_("Category"), incident.category),
        _short(_("Occurred"), incident.occurred_at),
        _short(_("Priority"), incident.priority),
        _long(_("Extent"), incident.extent),
        _long(_("Summary"), incident.summary),
        _long(_("Description"), incident.description),
    ]


def _handling(incident: Incident, *, internal: bool) -> list[Line]:
    inside = [_short(_("Difficulty"), DIFFICULTY.get(incident.complexity)), _long(_("Cause"), incident.cause)]
    return [
        _short(_("Group"), incident.group),
        _short(_("Assignee"), incident.assignee),
        _short(_("Planned response"), incident.planned_response_at),
        _short(_("Actual response"), incident.responded_at),
        _short(_("Planned completion"), incident.planned_completion_at),
        _short(_("Actual completion"), incident.resolved_at),
        _short(_("Arrival"), incident.arrived_at),
        _short(_("Close code"), incident.close_code),
        *(inside if internal else ()),
        _long(_("Handling"), incident.handling),
        _short(_("How it was verified"), incident.get_verified_how_display()),
        _short(_("Who verified it"), incident.verified_by),
    ]


def _acceptance(incident: Incident) -> list[Line]:
    return [
        _long(pgettext("ticket", "Confirmed"), confirmation_of(incident)),
        _short(_("Satisfaction"), satisfaction_of(incident)),
        _short(_("Comment"), incident.satisfaction_comment),
        _short(_("Signature of the engineer, date"), None),
        _short(_("Signature of the customer, date"), None),
    ]


def _short(label: str, value: Any) -> Line:
    return pair(label, value)


def _long(label: str, value: Any) -> Line:
    return {**pair(label, value), "wide": True}
