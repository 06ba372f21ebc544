"""What the properties column shows of an incident, for staff."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from incidents.models import Incident
from tickets.queues.columns import DIFFICULTY


def details_of(incident: Incident) -> list[tuple[Any, ...]]:
    """(label, value) beyond those of every ticket, with the field that edits it; the page leaves out empty ones."""
    return [
        (_("Difficulty"), DIFFICULTY.get(incident.complexity), "complexity"),
        (_("Occurred"), incident.occurred_at, "occurred_at"),
        (_("Extent"), incident.extent, "extent"),
        (_("Reported for the requester by"), incident.reported_by, "reported_by"),
        (_("Cause"), incident.cause),
        (_("Handling"), incident.handling),
        (_("Close code"), incident.close_code),
        (_("Resolved by"), incident.resolved_by),
        (_("Verified by"), incident.verified_by),
        (_("How it was verified"), incident.get_verified_how_display()),
        (_("Talk with the previous handler"), incident.talked_at),
        (_("Reason for rejecting"), incident.reject_reason),
        (_("Vendor needed"), _("Yes") if incident.vendor_needed else _("No")),
        (_("Supplier"), incident.supplier),
        (_("Contract"), incident.vendor_contract),
        (_("Vendor's contact"), incident.vendor_contact),
        (_("Vendor's case number"), incident.vendor_case_number),
        (_("Vendor called"), incident.vendor_called_at),
        (_("Vendor responded"), incident.vendor_responded_at),
        (_("Vendor on site"), incident.vendor_arrived_at),
        (_("Vendor's part over"), incident.vendor_answered_at),
        (_("Consent to remote help"), incident.remote_consent_by),
        (_("Departure"), incident.departed_at),
        (_("Arrival"), incident.arrived_at),
        (_("Completed on site"), incident.on_site_completed_at),
        (_("Backup confirmed"), incident.backup_confirmed_at),
        (_("Backup confirmed by"), incident.backup_confirmed_by),
    ]
