"""Actions that record how an incident is worked on: vendors, remote help, visits, backups."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from incidents import guards, rules
from tickets.lifecycle import CALLED, TOLD, Section, action

if TYPE_CHECKING:
    from accounts.models import User

WORKING = ["in_progress", "pending"]


class SupportRecords:
    """What must be on record while engineers work (INC-14, INC-15)."""

    vendor_needed: Any
    vendor_case_number: Any
    vendor_called_at: Any
    vendor_responded_at: Any
    vendor_arrived_at: Any
    vendor_answered_at: Any
    remote_consent_at: Any
    remote_consent_by: Any
    departed_at: Any
    arrived_at: Any
    first_arrived_at: Any
    on_site_completed_at: Any
    backup_confirmed_at: Any
    backup_confirmed_by: Any

    @action(
        source=["assigned", *WORKING],
        label=_("Call vendor"),
        done=_("called in a vendor"),
        allow=rules.may_work_on,
        guards=(guards.has_no_open_vendor_case,),
        form="incidents.support_forms.VendorForm",
        icon="truck",
        key="v",
        public=False,
        supplier=CALLED,
        section=Section.HELP,
    )
    def call_vendor(self, *, user: User, now: datetime, text: str, **fields: Any) -> None:
        """Hand the case to the third line; the group keeps the ticket and the clock (INC-14)."""
        for name, value in fields.items():
            setattr(self, name, value)
        self.vendor_needed, self.vendor_called_at = True, now
        self.vendor_responded_at = self.vendor_arrived_at = self.vendor_answered_at = None

    @action(
        source=["assigned", *WORKING],
        label=_("Vendor has responded"),
        done=_("recorded the vendor's response"),
        allow=rules.may_record_vendor,
        guards=(guards.has_open_vendor_case, guards.has_silent_vendor),
        form="incidents.support_forms.VendorResponseForm",
        icon="phone-call",
        public=False,
        supplier=TOLD,
        tells=("noted",),
        section=Section.RECORD,
    )
    def record_vendor_response(self, *, user: User, now: datetime, text: str, **fields: Any) -> None:
        """Record that the vendor took up the case; their time to respond ends (SLM-07)."""
        self.vendor_responded_at = now
        self.vendor_case_number = fields["vendor_case_number"] or self.vendor_case_number

    @action(
        source=["assigned", *WORKING],
        label=_("Vendor is on site"),
        done=_("recorded the vendor's arrival"),
        allow=rules.may_record_vendor,
        guards=(guards.has_open_vendor_case, guards.is_without_vendor_visit),
        form="incidents.support_forms.VendorArrivalForm",
        icon="map-pin-check",
        public=False,
        supplier=TOLD,
        tells=("noted",),
        section=Section.RECORD,
    )
    def record_vendor_arrival(self, *, user: User, now: datetime, text: str) -> None:
        """Record that the vendor's engineer is there; who comes has responded (SLM-07)."""
        self.vendor_arrived_at = now
        self.vendor_responded_at = self.vendor_responded_at or now

    @action(
        source=["assigned", *WORKING],
        label=_("Vendor's part is over"),
        done=_("recorded the end of the vendor's part"),
        allow=rules.may_record_vendor,
        guards=(guards.has_open_vendor_case,),
        form="incidents.support_forms.VendorAnswerForm",
        icon="truck-return",
        public=False,
        supplier=TOLD,
        tells=("noted",),
        section=Section.RECORD,
    )
    def record_vendor_answer(self, *, user: User, now: datetime, text: str) -> None:
        """Record what the vendor did; their part is over."""
        self.vendor_answered_at = now
        self.vendor_responded_at = self.vendor_responded_at or now

    @action(
        source=["assigned", *WORKING],
        label=_("Remote help: consent"),
        done=_("recorded the requester's consent to remote help"),
        allow=rules.may_work_on,
        form="incidents.support_forms.RemoteConsentForm",
        icon="screen-share",
        public=True,
        section=Section.RECORD,
    )
    def record_remote_consent(self, *, user: User, now: datetime, **fields: Any) -> None:
        """Record how the requester agreed to remote help, before it starts; each time anew (INC-15)."""
        self.remote_consent_at, self.remote_consent_by = now, fields["remote_consent_by"]
        self._note_backup(fields.get("backup"), user, now)

    @action(
        source=["assigned", *WORKING],
        label=_("On-site visit"),
        done=_("recorded an on-site visit"),
        allow=rules.may_work_on,
        form="incidents.support_forms.OnSiteForm",
        icon="map-pin",
        public=True,
        section=Section.RECORD,
    )
    def record_on_site(self, *, user: User, now: datetime, **fields: Any) -> None:
        """Record departure, arrival and completion of a visit; after one that is complete, of the next (INC-15)."""
        if self.first_arrived_at is None or self._corrects_first():
            self.first_arrived_at = fields["arrived_at"]
        self.departed_at, self.arrived_at = fields["departed_at"], fields["arrived_at"]
        self.on_site_completed_at = fields["on_site_completed_at"]
        self._note_backup(fields.get("backup"), user, now)

    def _corrects_first(self) -> bool:
        """Whether the visit that goes on is the first one."""
        return self.on_site_completed_at is None and self.first_arrived_at == self.arrived_at

    def _note_backup(self, answer: str | None, user: User, now: datetime) -> None:
        """Keep that data was backed up, when that was the ``answer``; the log keeps the other one."""
        if answer == "done":
            self.backup_confirmed_at, self.backup_confirmed_by = now, user

    @action(
        source=["assigned", *WORKING],
        label=_("Confirm backup"),
        done=_("confirmed that data was backed up"),
        allow=rules.may_work_on,
        form="incidents.support_forms.BackupForm",
        icon="database-export",
        public=False,
        section=Section.RECORD,
    )
    def confirm_backup(self, *, user: User, now: datetime, text: str, **fields: Any) -> None:
        """Confirm before a risky step that data was backed up (INC-15)."""
        self.backup_confirmed_at, self.backup_confirmed_by = now, user
