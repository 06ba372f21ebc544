"""The ticket that every kind shares, and its parts. Every part holds a real foreign key to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import FSMField

from accounts.models import Organisation, SupportGroup, User
from cmdb.models import BusinessSystem, ConfigurationItem
from records.lifecycle import NEW
from records.models import ProtectedState
from tickets.clock import NO_LIMIT
from tickets.codes import (  # noqa: F401 - Django finds models in this module
    Category,
    CloseCode,
    Confirmed,
    ImpactLevel,
    Nature,
    Priority,
    RejectReason,
    RequestType,
    Satisfaction,
    Source,
    Urgency,
    WaitReason,
)
from tickets.database.bookkeeping import (  # noqa: F401 - Django finds models in this module
    DeclaredPrivateText,
    DeclaredState,
    DeclaredTransition,
    IdempotencyKey,
    NumberCounter,
)
from tickets.database.indexes import TICKET_INDEXES, TIMELINE_INDEXES
from tickets.database.triggers import APPEND_ONLY, DECLARED_TRANSITIONS_ONLY
from tickets.files.checks import FileCheck  # noqa: F401 - Django finds models in this module
from tickets.files.kinds import FileKind  # noqa: F401 - Django finds models in this module
from tickets.lifecycle import Action, ActionSet, Kind, Phase, kind_of, kind_of_model
from tickets.querysets import LIVE, TicketQuerySet
from tickets.queues.saved_views import SavedView  # noqa: F401 - Django finds models in this module
from tickets.search.documents import SearchDocument, StaleDocuments  # noqa: F401 - Django finds models in this module
from tickets.shared.guests import Guest  # noqa: F401 - Django finds models in this module
from tickets.shared.watching import Watcher  # noqa: F401 - Django finds models in this module
from tickets.shared.worktime import TimeSpent  # noqa: F401 - Django finds models in this module


class Ticket(ProtectedState):
    """A record of work of some kind. ``state`` belongs to the kind, ``phase`` says what it means.

    Foreign keys to small tables have no index of their own: ``TICKET_INDEXES`` holds those that queues need.

    Only ``tickets.actions.perform`` writes it; ``came_by`` is the door of what is being done (``TimelineEntry.Via``).
    Times are UTC; planned times come from the service level side (``sla``), which also keeps ``queue_due_at``: the
    limit that runs now, the sort key of queues.
    """

    #: What can happen to it: each kind gives its own.
    lifecycle: ClassVar[ActionSet]
    came_by = ""

    kind = models.CharField(_("kind"), max_length=20, editable=False)
    number = models.CharField(_("number"), max_length=20, unique=True, editable=False)
    state = FSMField(_("state"), max_length=20, default=NEW, protected=True, editable=False)
    phase = models.CharField(_("phase"), max_length=10, choices=Phase, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    summary = models.CharField(_("summary"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    #: None for kinds that are graded otherwise; their rank is ``meaning.NO_PRIORITY``.
    priority = models.ForeignKey(Priority, models.PROTECT, null=True, verbose_name=_("priority"), db_index=False)
    priority_rank = models.PositiveSmallIntegerField(editable=False)
    impact = models.ForeignKey(ImpactLevel, models.PROTECT, null=True, verbose_name=_("impact"), db_index=False)
    urgency = models.ForeignKey(Urgency, models.PROTECT, null=True, verbose_name=_("urgency"), db_index=False)
    nature = models.ForeignKey(Nature, models.PROTECT, null=True, verbose_name=_("nature"), db_index=False)
    source = models.ForeignKey(Source, models.PROTECT, null=True, verbose_name=_("source"), db_index=False)
    category = models.ForeignKey(Category, models.PROTECT, null=True, verbose_name=_("category"), db_index=False)
    business_system = models.ForeignKey(
        BusinessSystem, models.PROTECT, null=True, verbose_name=_("business system"), db_index=False
    )
    complexity = models.PositiveSmallIntegerField(_("complexity"), default=2)

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="tickets", verbose_name=_("organisation"), db_index=False
    )
    requester = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="requested_tickets", verbose_name=_("requester"), db_index=False
    )
    contact_phone = models.CharField(_("contact phone"), max_length=40, blank=True)
    contact_email = models.EmailField(_("contact email"), blank=True)
    registered_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        related_name="registered_tickets",
        verbose_name=_("registered by"),
        db_index=False,
    )
    group = models.ForeignKey(
        SupportGroup, models.PROTECT, null=True, related_name="tickets", verbose_name=_("group"), db_index=False
    )
    assignee = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="assigned_tickets", verbose_name=_("assignee"), db_index=False
    )
    supplier = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        related_name="handed_tickets",
        verbose_name=_("supplier"),
        db_index=False,
    )

    created_at = models.DateTimeField(_("created"))
    updated_at = models.DateTimeField(_("updated"))
    assigned_at = models.DateTimeField(_("assigned"), null=True)
    responded_at = models.DateTimeField(_("actual response"), null=True)
    resolved_at = models.DateTimeField(_("actual completion"), null=True)
    closed_at = models.DateTimeField(_("closed"), null=True)
    planned_response_at = models.DateTimeField(_("planned response"), null=True, editable=False)
    planned_completion_at = models.DateTimeField(_("planned completion"), null=True, editable=False)
    responded_in_time = models.BooleanField(_("responded in time"), null=True, editable=False)
    dispatched_in_time = models.BooleanField(_("dispatched in time"), null=True, editable=False)
    completed_in_time = models.BooleanField(_("completed in time"), null=True, editable=False)
    queue_due_at = models.DateTimeField(default=NO_LIMIT, editable=False)
    due_soon_at = models.DateTimeField(default=NO_LIMIT, editable=False)

    agreed_at = models.DateTimeField(_("agreed time"), null=True)
    agreed_reason = models.TextField(_("reason for the agreed time"), blank=True, default="", db_default="")
    escalated_at = models.DateTimeField(_("escalated since"), null=True, editable=False)
    closes_at = models.DateTimeField(_("closes by itself"), null=True, editable=False)

    wait_reason = models.ForeignKey(
        WaitReason, models.PROTECT, null=True, verbose_name=_("reason for waiting"), db_index=False
    )
    wait_until = models.DateTimeField(_("waits until"), null=True)
    waiting_since = models.DateTimeField(_("waits since"), null=True, editable=False)
    wait_count = models.PositiveSmallIntegerField(_("times waited"), default=0, db_default=0, editable=False)
    waited = models.DurationField(_("time waited"), null=True, editable=False)

    confirmed_at = models.DateTimeField(_("confirmed"), null=True)
    confirmed_by = models.CharField(_("confirmed by"), max_length=120, blank=True, default="", db_default="")
    confirmed_how = models.CharField(
        _("how it was confirmed"), max_length=10, choices=Confirmed, blank=True, default="", db_default=""
    )
    satisfaction = models.ForeignKey(
        Satisfaction, models.PROTECT, null=True, verbose_name=_("satisfaction"), db_index=False
    )
    satisfaction_comment = models.TextField(_("comment on satisfaction"), blank=True)
    satisfaction_heard = models.BooleanField(
        _("satisfaction heard by phone"), default=False, db_default=False, editable=False
    )

    #: How many rounds of approval about it are open; the database counts them.
    rounds_open = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)

    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children", verbose_name=_("part of"))
    children_total = models.PositiveIntegerField(default=0, editable=False)
    children_open = models.PositiveIntegerField(default=0, editable=False)
    duplicate_of = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="duplicates", verbose_name=_("duplicate of")
    )
    reopen_count = models.PositiveIntegerField(_("times reopened"), default=0, editable=False)
    urge_count = models.PositiveIntegerField(_("times urged"), default=0, editable=False)
    external_system = models.CharField(max_length=40, blank=True, editable=False)
    external_number = models.CharField(max_length=100, blank=True, editable=False)

    items = models.ManyToManyField(
        ConfigurationItem,
        through="AffectedItem",
        related_name="tickets",
        verbose_name=_("configuration items"),
    )
    watchers = models.ManyToManyField(
        User, through="Watcher", related_name="watched_tickets", verbose_name=_("watchers")
    )

    objects = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        constraints = [
            models.UniqueConstraint(
                fields=["external_system", "external_number"],
                condition=~Q(external_number=""),
                name="ticket_external_unique",
            ),
            models.CheckConstraint(
                condition=Q(duplicate_of=None) | ~Q(duplicate_of=models.F("id")),
                name="ticket_not_its_own_duplicate",
            ),
            models.CheckConstraint(
                condition=Q(children_open__lte=models.F("children_total")),
                name="ticket_children_counted",
            ),
        ]
        indexes = TICKET_INDEXES
        triggers = [DECLARED_TRANSITIONS_ONLY]

    def __str__(self) -> str:
        return f"{self.number} {self.summary}"

    def get_absolute_url(self) -> str:
        """The ticket's page."""
        return reverse("tickets:detail", args=[self.number])

    @property
    def kind_info(self) -> Kind:
        """What is declared about this kind of ticket."""
        return kind_of(self.kind) if self.kind else kind_of_model(type(self))

    @property
    def actions(self) -> Mapping[str, Action]:
        """What can happen to it, by name."""
        return self.kind_info.actions

    @property
    def specific(self) -> Ticket:
        """The ticket with the columns of its kind: itself, or one query."""
        model = self.kind_info.model
        return self if isinstance(self, model) else model.objects.get(pk=self.pk)

    @property
    def state_label(self) -> Any:
        """The state's name for people."""
        return self.kind_info.state_label(self.state)

    @property
    def ended_aside(self) -> Any:
        """How it ended when it left the usual way for good, in words; empty as long as it went that way."""
        unusual = self.phase == Phase.CLOSED and self.state not in self.kind_info.steps
        return self.state_label if unusual else ""

    @property
    def agreed_kept(self) -> bool | None:
        """Whether it was solved by the time agreed with the requester; None until then, and when none was agreed."""
        if self.agreed_at is None or self.resolved_at is None:
            return None
        return self.resolved_at <= self.agreed_at

    @property
    def is_live(self) -> bool:
        """Whether somebody still has to do something."""
        return self.phase in LIVE


class TimelineEntry(models.Model):
    """A line of the activity log (活动日志): a step, a comment, a note. Never changed, never removed (TKT-03).

    ``changes``: list of ``{field, old, new}``; a value is text, or ``{id, zh, en}`` for a named row.
    ``data``: what was typed into the action's form, JSON-safe. ``text``: the comment or the reason given.
    ``version``: the ticket's version after the step; None for what does not touch the ticket itself. ``before``: the
    columns that a step changed which can be taken back, as they were.
    """

    class Via(models.TextChoices):
        WEB = "web", _("Page")
        API = "api", _("API")
        LINK = "link", _("Link in a mail")
        SYSTEM = "system", _("System")
        IMPORT = "import", _("Import")

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="timeline", db_index=False)  # two begin with it
    at = models.DateTimeField(_("time"))
    actor = models.ForeignKey(User, models.PROTECT, null=True, verbose_name=_("person"), db_index=False)
    action = models.CharField(_("action"), max_length=40)
    via = models.CharField(_("came by"), max_length=10, choices=Via, default=Via.WEB)
    is_public = models.BooleanField(_("visible to the requester"), default=False)
    version = models.PositiveIntegerField(null=True)
    state_from = models.CharField(max_length=20, blank=True)
    state_to = models.CharField(max_length=20, blank=True)
    text = models.TextField(_("text"), blank=True)
    changes = models.JSONField(default=list)
    data = models.JSONField(default=dict)
    before = models.JSONField(null=True, encoder=DjangoJSONEncoder, editable=False)

    class Meta:
        ordering = ["at", "id"]
        verbose_name = _("timeline entry")
        verbose_name_plural = _("timeline entries")
        indexes = TIMELINE_INDEXES
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.action} {self.at:%Y-%m-%d %H:%M}"


def attachment_path(attachment: Attachment, filename: str) -> str:
    """A random name, so that nothing about the file or its sender can be guessed or abused."""
    return f"attachments/{attachment.storage_name[:2]}/{attachment.storage_name}"


class Attachment(models.Model):
    """A file on a ticket (TKT-05), as part of the step that brought it. Served by a checked view only."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="attachments")
    entry = models.ForeignKey(TimelineEntry, models.CASCADE, related_name="attachments")
    name = models.CharField(_("file name"), max_length=200)
    storage_name = models.CharField(max_length=64, unique=True, editable=False)
    file = models.FileField(upload_to=attachment_path, max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(_("size (bytes)"))
    sha256 = models.CharField(max_length=64)
    is_image = models.BooleanField(default=False)
    is_public = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, models.PROTECT, null=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")

    def __str__(self) -> str:
        return self.name


class TicketLink(models.Model):
    """A relation between two tickets, read as ``source <meaning> target`` (TKT-04)."""

    class Meaning(models.TextChoices):
        RELATED = "related_to", _("related to")
        DUPLICATE = "duplicate_of", _("duplicate of")
        FOLLOW_UP = "follow_up_of", _("follow-up of")
        CAUSED_BY = "caused_by", _("caused by")
        RESOLVED_BY = "resolved_by", pgettext_lazy("relation", "resolved by")
        CHILD = "child_of", _("child of")
        IMPLEMENTS = "implements", _("implements")

    source = models.ForeignKey(Ticket, models.CASCADE, related_name="links_out")
    target = models.ForeignKey(Ticket, models.CASCADE, related_name="links_in")
    meaning = models.CharField(_("meaning"), max_length=20, choices=Meaning)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, models.PROTECT, null=True)

    class Meta:
        verbose_name = _("relation")
        verbose_name_plural = _("relations")
        constraints = [
            models.UniqueConstraint(fields=["source", "target", "meaning"], name="link_unique"),
            models.CheckConstraint(condition=~Q(source=models.F("target")), name="link_joins_two_tickets"),
        ]

    def __str__(self) -> str:
        return f"{self.source_id} {self.meaning} {self.target_id}"


class ExternalReference(models.Model):
    """A relation to a record that lives in another system, such as a problem of an imported log."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="external_references")
    meaning = models.CharField(_("meaning"), max_length=20, choices=TicketLink.Meaning)
    system = models.CharField(_("system"), max_length=40)
    kind = models.CharField(_("kind"), max_length=20)
    reference = models.CharField(_("number"), max_length=100)

    class Meta:
        verbose_name = _("record of another system")
        verbose_name_plural = _("records of other systems")
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "system", "kind", "reference", "meaning"],
                name="external_reference_unique",
            )
        ]
        indexes = [models.Index(fields=["system", "kind", "reference"], name="external_by_reference")]

    def __str__(self) -> str:
        return f"{self.system}: {self.reference}"


class AffectedItem(models.Model):
    """A configuration item that a ticket is about."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="affected_items")
    item = models.ForeignKey(ConfigurationItem, models.PROTECT, related_name="affected_by")

    class Meta:
        verbose_name = _("affected configuration item")
        verbose_name_plural = _("affected configuration items")
        constraints = [models.UniqueConstraint(fields=["ticket", "item"], name="affected_item_unique")]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.item_id}"
