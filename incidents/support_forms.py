"""Input of the records about the work: vendors, remote help, visits, backups."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from tickets.forms import ActionForm, AttachmentsField, CodeChoiceField
from tickets.shared.forms import moment_field, text_field

#: High and medium severity: P1 to P3.
MEDIUM_RANK = 3


class VendorForm(ActionForm):
    """The vendor's case."""

    supplier = CodeChoiceField(
        Organisation.objects.filter(kind=Organisation.Kind.SUPPLIER, active=True),
        label=_("Supplier"),
    )
    vendor_contract = forms.CharField(label=_("Contract"), max_length=100, required=False)
    vendor_contact = forms.CharField(label=_("Vendor's contact"), max_length=100, required=False)
    vendor_case_number = forms.CharField(label=_("Vendor's case number"), max_length=100, required=False)
    text = text_field(_("What the vendor is asked"))
    attachments = AttachmentsField()


class VendorResponseForm(ActionForm):
    """What the vendor said first."""

    vendor_case_number = forms.CharField(label=_("Vendor's case number"), max_length=100, required=False)
    text = text_field(_("What the vendor said"), required=False, rows=2)
    attachments = AttachmentsField()


class VendorArrivalForm(ActionForm):
    """Who came."""

    text = text_field(_("Who came"), required=False, rows=2)


class VendorAnswerForm(ActionForm):
    """What the vendor did."""

    text = text_field(_("What the vendor did"))
    attachments = AttachmentsField()


class BackupAsked(ActionForm):
    """For high and medium severity it is asked before the work whether data was backed up, until it was (INC-15)."""

    backup = forms.ChoiceField(
        label=_("Backup"),
        choices=[
            ("", "—"),
            ("done", _("Data was backed up before the risky step")),
            ("no_risk", _("No risky step is taken")),
        ],
    )

    def limit_choices(self) -> None:
        """Not for slight faults, nor where it was confirmed already."""
        incident: Any = self.ticket
        if incident.priority_rank > MEDIUM_RANK or incident.backup_confirmed_at is not None:
            del self.fields["backup"]


class RemoteConsentForm(BackupAsked):
    """How the requester agreed."""

    field_order = ("remote_consent_by", "backup")

    remote_consent_by = forms.CharField(
        label=_("Who agreed, and how"),
        max_length=200,
        help_text=_("For example: Zhang Ming, on the phone."),
    )


#: Somebody may have been there before the ticket was written, but not a year before: that is a slip.
LONGEST_BEFORE = timedelta(days=7)


class OnSiteForm(BackupAsked):
    """Times of a visit, in order. What is left out stays, until the visit is complete: then another one is meant."""

    keeps_missing = True
    field_order = ("departed_at", "arrived_at", "on_site_completed_at", "backup")

    departed_at = moment_field(_("Departure"))
    arrived_at = moment_field(_("Arrival"), required=False)
    on_site_completed_at = moment_field(_("Completed on site"), required=False)

    def initial_from(self, ticket: Any) -> dict[str, Any]:
        """The visit that goes on."""
        return {} if ticket.on_site_completed_at else super().initial_from(ticket)

    def clean(self) -> dict[str, Any]:
        """Nobody arrives before leaving, nor in the future."""
        cleaned = super().clean() or {}
        names = ("departed_at", "arrived_at", "on_site_completed_at")
        for name in names:
            if self.now and cleaned.get(name) and cleaned[name] > self.now:
                self.add_error(name, _("This lies in the future."))
            if cleaned.get(name) and cleaned[name] < self.ticket.created_at - LONGEST_BEFORE:
                self.add_error(name, _("This is long before the ticket was registered."))
        given = [(name, cleaned[name]) for name in names if cleaned.get(name)]
        for (_earlier, before), (name, after) in pairwise(given):
            if after < before:
                self.add_error(name, _("This is earlier than the step before it."))
        return cleaned


class BackupForm(ActionForm):
    """What was backed up, and the confirmation."""

    confirmed = forms.BooleanField(label=_("Data was backed up before the risky step"))
    text = text_field(_("What was backed up, and where"), rows=2)
