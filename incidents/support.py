"""Actions that record how an incident is worked on: vendors, remote help, visits, backups."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from incidents import guards, rules
from incidents.states import DISPATCHED
from tickets.lifecycle import CALLED, TOLD, ActionSet, Section

if TYPE_CHECKING:
    from accounts.models import User
    from incidents.models import Incident


#: What must be on record while engineers work (INC-14, INC-15).
support = ActionSet()


@support.action(
    source=DISPATCHED,
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
def call_vendor(incident: Incident, *, user: User, now: datetime, text: str, **fields: Any) -> None:
    """Hand the case to the third line; the group keeps the ticket and the clock (INC-14)."""
    for name, value in fields.items():
        setattr(incident, name, value)
    incident.vendor_needed, incident.vendor_called_at = True, now
    incident.vendor_responded_at = incident.vendor_arrived_at = incident.vendor_answered_at = None


@support.action(
    source=DISPATCHED,
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
def record_vendor_response(incident: Incident, *, user: User, now: datetime, text: str, **fields: Any) -> None:
    """Record that the vendor took up the case; their time to respond ends (SLM-07)."""
    incident.vendor_responded_at = now
    incident.vendor_case_number = fields["vendor_case_number"] or incident.vendor_case_number


@support.action(
    source=DISPATCHED,
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
def record_vendor_arrival(incident: Incident, *, user: User, now: datetime, text: str) -> None:
    """Record that the vendor's engineer is there; who comes has responded (SLM-07)."""
    incident.vendor_arrived_at = now
    incident.vendor_responded_at = incident.vendor_responded_at or now


@support.action(
    source=DISPATCHED,
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
def record_vendor_answer(incident: Incident, *, user: User, now: datetime, text: str) -> None:
    """Record what the vendor did; their part is over."""
    incident.vendor_answered_at = now
    incident.vendor_responded_at = incident.vendor_responded_at or now


@support.action(
    source=DISPATCHED,
    label=_("Remote help: consent"),
    done=_("recorded the requester's consent to remote help"),
    allow=rules.may_work_on,
    form="incidents.support_forms.RemoteConsentForm",
    icon="screen-share",
    public=True,
    section=Section.RECORD,
)
def record_remote_consent(incident: Incident, *, user: User, now: datetime, **fields: Any) -> None:
    """Record how the requester agreed to remote help, before it starts; each time anew (INC-15)."""
    incident.remote_consent_at, incident.remote_consent_by = now, fields["remote_consent_by"]
    _note_backup(incident, fields.get("backup"), user, now)


@support.action(
    source=DISPATCHED,
    label=_("On-site visit"),
    done=_("recorded an on-site visit"),
    allow=rules.may_work_on,
    form="incidents.support_forms.OnSiteForm",
    icon="map-pin",
    public=True,
    section=Section.RECORD,
)
def record_on_site(incident: Incident, *, user: User, now: datetime, **fields: Any) -> None:
    """Record departure, arrival and completion of a visit; after one that is complete, of the next (INC-15)."""
    if incident.first_arrived_at is None or _corrects_first(incident):
        incident.first_arrived_at = fields["arrived_at"]
    incident.departed_at, incident.arrived_at = fields["departed_at"], fields["arrived_at"]
    incident.on_site_completed_at = fields["on_site_completed_at"]
    _note_backup(incident, fields.get("backup"), user, now)


def _corrects_first(incident: Incident) -> bool:
    """Whether the visit that goes on is the first one."""
    return incident.on_site_completed_at is None and incident.first_arrived_at == incident.arrived_at


def _note_backup(incident: Incident, answer: str | None, user: User, now: datetime) -> None:
    """Keep that data was backed up, when that was the ``answer``; the log keeps the other one."""
    if answer == "done":
        incident.backup_confirmed_at, incident.backup_confirmed_by = now, user


@support.action(
    source=DISPATCHED,
    label=_("Confirm backup"),
    done=_("confirmed that data was backed up"),
    allow=rules.may_work_on,
    form="incidents.support_forms.BackupForm",
    icon="database-export",
    public=False,
    section=Section.RECORD,
)
def confirm_backup(incident: Incident, *, user: User, now: datetime, text: str, **fields: Any) -> None:
    """Confirm before a risky step that data was backed up (INC-15)."""
    incident.backup_confirmed_at, incident.backup_confirmed_by = now, user
