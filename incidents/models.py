"""The incident: an interruption or loss of quality of a service."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import SupportGroup, User
from accounts.permissions import Permission
from incidents.emergencies.meaning import EMERGENCY
from incidents.emergencies.models import CallIn, EmergencyTask  # noqa: F401 - Django finds models in this module
from incidents.lifecycle import incident_actions
from incidents.proposing.proposed import Proposal, proposal_of
from incidents.states import PHASES, States
from incidents.verifying import Verified
from tickets.lifecycle import Kind, register_kind
from tickets.meaning import ALL_VIEWS, Audience, Grade, Imports, Panel, Tile, desk_clocks
from tickets.models import CloseCode, Confirmed, ImpactLevel, Priority, RejectReason, Ticket, TimelineEntry
from tickets.search.triggers import searched_texts
from tickets.shared.priority import priority_for

if TYPE_CHECKING:
    from tickets.models import Urgency


TILES = (
    Tile(
        label=_("Report a fault"),
        text=_("Systems, network, terminals that fail"),
        icon="alert-circle",
        tone="late",
        begins={"nature": "incident"},
    ),
    Tile(
        label=_("Ask"),
        text=_("How something works or is done"),
        icon="message-question",
        begins={"nature": "consultation"},
    ),
    Tile(
        label=_("Complain"),
        text=_("We want to know what went wrong"),
        icon="mood-sad",
        tone="soon",
        begins={"nature": "complaint"},
    ),
)


@register_kind(
    Kind(
        code="incident",
        prefix="IM",
        slug="incidents",
        label=_("Incident"),
        label_plural=_("Incidents"),
        icon="alert-triangle",
        states=States,
        phases=PHASES,
        steps=(
            States.REGISTERED,
            States.ASSIGNED,
            States.IN_PROGRESS,
            States.RESOLVED,
            States.CLOSED,
        ),
        details="incidents.details.details_of",
        banner=Panel("incidents.emergencies.pages.panel_of", "incidents/_banner.html"),
        answers="incidents.emergencies.api.answers",
        names={
            "requested_impact": _("proposed impact"),
            "requested_priority": _("requested priority"),
            "priority_requested_by": _("priority requested by"),
        },
        beside=(
            Panel("announcements.near.panel_of", "announcements/_near.html"),
            Panel("changes.origins.near.panel_of", "changes/_near.html"),
        ),
        prints=("incidents:acceptance", _("Service acceptance form")),
        plain={
            States.REGISTERED: _("Received"),
            States.ASSIGNED: _("Passed on to the specialists"),
            States.IN_PROGRESS: _("Being worked on"),
            States.RESOLVED: _("Solved"),
            States.CLOSED: _("Finished"),
        },
        marks_items=True,
        counted_with="incidents.figures.records.same_fault_as",
        imports=Imports(
            registered=States.REGISTERED,
            milestones=(("resolved_at", States.RESOLVED, "resolved_by"), ("closed_at", States.CLOSED, "")),
            worked=frozenset({States.IN_PROGRESS, States.PENDING, States.RESOLVED}),
            solved=frozenset({States.RESOLVED}),
            columns=("resolved_by", "close_code", "vendor_needed"),
            at_end=("resolved_by", "close_code"),
            texts=("cause", "handling"),
            fixed={"nature_id": "incident"},
        ),
        public_fields=("handling", "close_code", "reject_reason", "occurred_at", "extent", "reported_by"),
        supplier_fields=(
            *("vendor_contract", "vendor_contact", "vendor_case_number", "vendor_called_at"),
            *("vendor_responded_at", "vendor_arrived_at", "vendor_answered_at"),
        ),
        audience=Audience.REQUESTERS,
        registering=Permission.REGISTER,
        managing=Permission.DISPATCH,
        clocks=desk_clocks(
            at_work=frozenset({States.IN_PROGRESS, States.PENDING}),
            at_desk=States.REGISTERED,
            arrival="first_arrived_at",
        ),
        grade=Grade.PRIORITY,
        can_be_major=True,
        emergency=EMERGENCY,
        views=ALL_VIEWS,
        tiles=TILES,
    )
)
class Incident(Ticket):
    """An incident with its solution, its vendor case and what must be on record about the work."""

    lifecycle = incident_actions

    occurred_at = models.DateTimeField(_("occurred"), null=True)
    extent = models.CharField(_("extent"), max_length=200, blank=True, default="", db_default="")
    reported_by = models.CharField(
        _("reported for the requester by"), max_length=120, blank=True, default="", db_default=""
    )

    cause = models.TextField(_("cause"), blank=True)
    handling = models.TextField(_("handling"), blank=True)
    verified_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("verified by"), db_index=False
    )
    verified_how = models.CharField(
        _("how it was verified"), max_length=10, choices=Verified, blank=True, default="", db_default=""
    )
    close_code = models.ForeignKey(CloseCode, models.PROTECT, null=True, verbose_name=_("close code"), db_index=False)
    reject_reason = models.ForeignKey(
        RejectReason, models.PROTECT, null=True, verbose_name=_("reason for rejecting"), db_index=False
    )
    resolved_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        related_name="resolved_incidents",
        verbose_name=_("resolved by"),
        db_index=False,
    )

    vendor_needed = models.BooleanField(_("vendor needed"), default=False)
    vendor_contract = models.CharField(_("contract"), max_length=100, blank=True)
    vendor_contact = models.CharField(_("vendor's contact"), max_length=100, blank=True)
    vendor_case_number = models.CharField(_("vendor's case number"), max_length=100, blank=True)
    vendor_called_at = models.DateTimeField(_("vendor called"), null=True)
    vendor_responded_at = models.DateTimeField(_("vendor responded"), null=True)
    vendor_arrived_at = models.DateTimeField(_("vendor on site"), null=True)
    vendor_answered_at = models.DateTimeField(_("vendor's part over"), null=True)

    remote_consent_at = models.DateTimeField(_("consent to remote help recorded"), null=True)
    remote_consent_by = models.CharField(_("who agreed, and how"), max_length=200, blank=True)
    departed_at = models.DateTimeField(_("departure"), null=True)
    first_arrived_at = models.DateTimeField(_("first arrival"), null=True, editable=False)
    arrived_at = models.DateTimeField(_("arrival"), null=True)
    on_site_completed_at = models.DateTimeField(_("completed on site"), null=True)
    backup_confirmed_at = models.DateTimeField(_("backup confirmed"), null=True)
    backup_confirmed_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("backup confirmed by"), db_index=False
    )

    talked_at = models.DateTimeField(_("talk with the previous handler"), null=True, editable=False)

    emergency_since = models.DateTimeField(_("emergency procedure since"), null=True, editable=False)
    emergency_over_at = models.DateTimeField(_("emergency procedure over"), null=True, editable=False)
    called_in_at = models.DateTimeField(_("people called in since"), null=True, editable=False)
    commander = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("commander"), db_index=False
    )

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        triggers = searched_texts(
            public=["handling", "extent", "reported_by"],
            internal=["cause", "vendor_case_number", "vendor_contact", "vendor_contract"],
        )

    @property
    def in_emergency(self) -> bool:
        """Whether the emergency procedure of P1 and P2 runs."""
        return self.emergency_since is not None and self.emergency_over_at is None

    @cached_property
    def calls(self) -> list[CallIn]:
        """Who was called in, in order. One query, and none when nobody was."""
        if (self.emergency_since is None and self.called_in_at is None) or self.pk is None:
            return []
        return list(CallIn.objects.filter(ticket_id=self.pk).select_related("person", "group", "called_by"))

    @cached_property
    def proposal(self) -> Proposal | None:
        """The impact that is proposed and waits for a decision (INC-04). One query, and none when nothing is asked."""
        return proposal_of(self) if self.rounds_open else None

    @property
    def requested_priority(self) -> Priority | None:
        """The priority that the proposed impact gives."""
        return self.proposal.priority if self.proposal else None

    @property
    def priority_requested_by(self) -> User | None:
        """Who proposed it."""
        return self.proposal.by if self.proposal else None

    def forget_proposal(self) -> None:
        """Read it again when it is asked for: it was made or decided."""
        self.__dict__.pop("proposal", None)

    def forget_calls(self) -> None:
        """Read them again when they are asked for: one was added or answered."""
        self.__dict__.pop("calls", None)

    # What the lifecycle's actions share. Each sets columns of this row only.

    def fill(self, fields: dict[str, Any], user: User) -> None:
        """Take over what was typed at registration; the priority follows from impact and urgency."""
        for name in REGISTRATION_FIELDS & fields.keys():
            setattr(self, name, fields[name])
        self.registered_by = user
        self.requester = fields.get("requester") or user
        self.organisation_id = self.requester.organisation_id
        self.contact_phone = self.contact_phone or self.requester.phone or self.requester.mobile
        self.contact_email = self.contact_email or self.requester.email
        self.set_impact(impact=fields["impact"], urgency=fields.get("urgency"))

    def set_impact(self, *, impact: ImpactLevel, urgency: Urgency | None = None) -> None:
        """Set impact and, when given, urgency; the priority follows (INC-04)."""
        self.impact = impact
        self.urgency = urgency or self.urgency
        self.priority = priority_for(impact, self.urgency)

    def give_to(self, group: SupportGroup, assignee: User | None, now: datetime) -> None:
        """Assign to a group and perhaps a person; the response counts from the first assignment."""
        self.group, self.assignee = group, assignee
        self.assigned_at = self.assigned_at or now

    def solve_with(self, solution: dict[str, Any]) -> None:
        """Keep the solution, and who verified it and how."""
        self.cause, self.handling = solution["cause"], solution["handling"]
        self.close_code = solution["close_code"]
        self.verified_by, self.verified_how = solution["verified_by"], solution["verified_how"]

    @property
    def own_word(self) -> str:
        """How the requester says right now that it is solved: in the portal, or by the link in a mail (INC-08)."""
        return Confirmed.LINK if self.came_by == TimelineEntry.Via.LINK else Confirmed.PORTAL

    def confirm_with(self, answers: dict[str, Any]) -> None:
        """Keep who said that it is solved, how and when; nothing where nobody had to be asked."""
        if answers.get("confirmed_at") is not None:
            self.confirmed_at, self.confirmed_by = answers["confirmed_at"], answers["confirmed_by"][:120]
            self.confirmed_how = answers["confirmed_how"]

    def rate_with(self, answers: dict[str, Any], *, heard: bool) -> None:
        """Keep what the requester thinks of the result; ``heard``: somebody else typed it."""
        self.satisfaction = answers.get("satisfaction")
        self.satisfaction_comment = answers.get("satisfaction_comment", "")
        self.satisfaction_heard = heard and self.satisfaction is not None

    def finish_with(self, answers: dict[str, Any], now: datetime, *, heard: bool) -> None:
        """Close, with what the requester thinks of the result."""
        self.rate_with(answers, heard=heard)
        self.closed_at = now


REGISTRATION_FIELDS = {
    "summary",
    "description",
    "source",
    "nature",
    "category",
    "business_system",
    "complexity",
    "contact_phone",
    "contact_email",
    "occurred_at",
    "extent",
    "reported_by",
}
