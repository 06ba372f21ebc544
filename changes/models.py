"""The change: what is altered in systems, business or management, planned, approved, reviewed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from accounts.permissions import Permission
from changes.afterwards.models import IncidentVerdict  # noqa: F401 - Django finds models in this module
from changes.assessing.models import (  # noqa: F401 - Django finds models in this module
    Effect,
    Questionnaire,
    QuestionnaireVersion,
    RiskAnswer,
    RiskAssessment,
    RiskQuestion,
)
from changes.cab.models import AgendaItem, Meeting, Presence  # noqa: F401 - Django finds models in this module
from changes.catalogue.models import (  # noqa: F401 - Django finds models in this module
    ChangeTemplate,
    TemplateStep,
    TemplateVersion,
)
from changes.codes import EMERGENCY, MAJOR, STANDARD, ChangeDomain, ChangeType
from changes.collision.models import CollisionReading, GradedBy  # noqa: F401 - Django finds models in this module
from changes.informing.models import AffectedNotice  # noqa: F401 - Django finds models in this module
from changes.lifecycle import change_actions
from changes.monthly.models import MonthlyWords  # noqa: F401 - Django finds models in this module
from changes.plan.models import PlanStep  # noqa: F401 - Django finds models in this module
from changes.prepared.models import PreparedEdit  # noqa: F401 - Django finds models in this module
from changes.recurring.models import (  # noqa: F401 - Django finds models in this module
    Occurrence,
    Recurrence,
    RecurrenceVersion,
)
from changes.reviewing.models import Interruption  # noqa: F401 - Django finds models in this module
from changes.schedule.freeze_models import (  # noqa: F401 - Django finds models in this module
    CollisionOverride,
    FreezeRule,
    FreezeVersion,
    MaintenanceVersion,
    MaintenanceWindow,
)
from changes.schedule.models import CalendarFeed  # noqa: F401 - Django finds models in this module
from changes.schedule.windows import Window
from changes.states import ENDED, GIVEN_UP, PHASES, ChangePriority, Decision, Rating, Result, Risk, Scope, States
from changes.unauthorised.models import WriteVerdict  # noqa: F401 - Django finds models in this module
from changes.updating.written import wrote_to_items
from tickets.lifecycle import Kind, register_kind
from tickets.meaning import Audience, Clocks, Grade, Imports, Panel, Span
from tickets.models import Ticket
from tickets.search.triggers import searched_texts

#: What is being carried out has not ended this minute: whatever begins now meets it, though windows are half open.
STILL = timedelta(minutes=1)
#: What is typed when a change is registered or edited, beside type and window.
TYPED = (
    "summary",
    "description",
    "domain",
    "precedence",
    "reason",
    "third_party",
    "effect",
    "scope",
    "business_system",
    "planned_start",
    "planned_end",
    "plan",
    "back_out",
    "back_out_tested",
    "resources",
)

#: Each submission is checked for sense and completeness; the record of an emergency is completed, owed from the end of
#: its work on, before which nobody can; whose items it altered is told, and what is ordered of them is done. How long
#: each may take, the policies say, by type.
CLOCKS = Clocks(
    limits={
        "response": Span("submitted_at", "checked_at", repeats=True),
        "record": Span("record_since", "record_completed_at", lasts=True, repeats=True),
        "notice": Span("notice_since", "noticed_at", lasts=True, repeats=True),
        "order": Span("ordered_at", "returned_at", lasts=True, repeats=True),
    },
    labels={"response": pgettext_lazy("limit", "Check for sense and completeness")},
    owed={
        "response": ("change_manager",),
        "record": ("requester", "assignee", "change_manager"),
        "notice": ("assignee", "group_lead"),
        "order": ("watchers", "config_manager"),
    },
)


@register_kind(
    Kind(
        code="change",
        prefix="CH",
        slug="changes",
        label=_("Change"),
        label_plural=_("Changes"),
        icon="replace",
        states=States,
        phases=PHASES,
        steps=(
            States.DRAFT,
            States.SUBMITTED,
            States.ACCEPTED,
            States.APPROVING,
            States.SCHEDULED,
            States.IMPLEMENTING,
            States.IMPLEMENTED,
            States.REVIEWED,
            States.CLOSED,
        ),
        details="changes.details.details_of",
        beside=(Panel("changes.informing.panels.panel_of", "changes/_informing.html"),),
        takes_part="changes.plan.parts.of_person",
        banner=Panel("changes.panels.panel_of", "changes/_change.html"),
        prints=("changes:record", _("Change record")),
        public_fields=("planned_start", "planned_end", "effect"),
        audience=Audience.STAFF,
        registering=Permission.REGISTER,
        managing=Permission.CHANGE_MANAGE,
        clocks=CLOCKS,
        grade=Grade.TYPE,
        grade_column="change_type",
        can_be_major=False,
        views=("unassigned", "mine", "due_soon", "overdue", "waiting", "open", "all"),
        tiles=(),
        tells={"urge": ("urged",)},
        marks_items=True,
        imports=Imports(
            registered=States.DRAFT,
            milestones=(
                ("actual_start", States.IMPLEMENTING, ""),
                ("actual_end", States.IMPLEMENTED, ""),
                ("closed_at", States.CLOSED, ""),
            ),
            worked=frozenset({States.IMPLEMENTING, *ENDED}),
            solved=frozenset(ENDED),
            needed=("change_type",),
            columns=(
                *("change_type", "domain", "precedence", "risk", "result", "planned_start", "planned_end"),
                *("actual_start", "actual_end", "interruption_minutes"),
            ),
            at_end=("result", "interruption_minutes"),
            texts=("reason", "third_party", "effect", "plan", "back_out", "result_text"),
            periods=(("planned_start", "planned_end"), ("actual_start", "actual_end")),
            lasting=(("planned_start", "planned_end"),),
        ),
    )
)
class Change(Ticket):
    """A change with its window, plan, result and review. ``group`` and ``assignee`` implement it."""

    lifecycle = change_actions

    change_type = models.ForeignKey(ChangeType, models.PROTECT, verbose_name=_("type of change"), db_index=False)
    domain = models.ForeignKey(ChangeDomain, models.PROTECT, null=True, verbose_name=_("domain"), db_index=False)
    precedence = models.CharField(_("priority"), max_length=6, choices=ChangePriority, default=ChangePriority.MEDIUM)
    reason = models.TextField(_("reason"), blank=True)
    third_party = models.CharField(
        _("third party that asks for it"), max_length=200, blank=True, default="", db_default=""
    )
    effect = models.TextField(_("effect"), blank=True)
    scope = models.CharField(_("touches"), max_length=8, choices=Scope, default=Scope.SERVICE)
    risk = models.CharField(_("risk"), max_length=6, choices=Risk, blank=True)
    assessment = models.TextField(_("assessment"), blank=True)

    planned_start = models.DateTimeField(_("planned start"), null=True)
    planned_end = models.DateTimeField(_("planned end"), null=True)
    plan = models.TextField(_("plan"), blank=True)
    back_out = models.TextField(_("back-out"), blank=True)
    back_out_tested = models.TextField(_("how the back-out was tested"), blank=True)
    resources = models.TextField(_("resources"), blank=True)
    template_version = models.ForeignKey(
        TemplateVersion, models.PROTECT, null=True, related_name="changes", verbose_name=_("template")
    )
    raised_from = models.ForeignKey(
        Ticket, models.PROTECT, null=True, related_name="raised_changes", verbose_name=_("raised from")
    )
    difference_settled_at = models.DateTimeField(_("difference settled"), null=True, editable=False)
    helped = models.BooleanField(_("helped what it was raised from"), null=True, editable=False)

    notice_zh = models.TextField(_("what those affected read, Chinese"), blank=True, default="")
    notice_en = models.TextField(_("what those affected read, English"), blank=True, default="")
    expected_end = models.DateTimeField(_("expected end"), null=True, editable=False)

    actual_start = models.DateTimeField(_("actual start"), null=True)
    actual_end = models.DateTimeField(_("actual end"), null=True)
    result = models.CharField(_("result"), max_length=10, choices=Result, blank=True)
    result_text = models.TextField(_("how it went"), blank=True)
    no_return_at = models.DateTimeField(_("decided at the latest"), null=True, editable=False)
    decision = models.CharField(_("decision"), max_length=5, choices=Decision, blank=True, editable=False)
    submitted_at = models.DateTimeField(_("submitted"), null=True, editable=False)
    checked_at = models.DateTimeField(_("checked"), null=True, editable=False)
    record_since = models.DateTimeField(_("record owed since"), null=True, editable=False)
    record_completed_at = models.DateTimeField(_("record completed"), null=True, editable=False)

    notice_since = models.DateTimeField(_("configuration notice owed since"), null=True, editable=False)
    noticed_at = models.DateTimeField(_("configuration notice sent"), null=True, editable=False)
    operator = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("configuration operator"), editable=False
    )
    ordered_at = models.DateTimeField(_("update of items ordered"), null=True, editable=False)
    returned_at = models.DateTimeField(_("order returned"), null=True, editable=False)

    expected_reached = models.BooleanField(_("expected result reached"), null=True)
    rating = models.CharField(_("rating"), max_length=4, choices=Rating, blank=True)
    business_view = models.CharField(_("business satisfaction"), max_length=4, choices=Rating, blank=True)
    interruption_minutes = models.PositiveIntegerField(_("interruption (minutes)"), null=True)
    lessons = models.TextField(_("lessons"), blank=True)
    improvement = models.TextField(_("improvement of the process"), blank=True)
    reviewed_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("reviewed by"), db_index=False
    )
    reviewed_at = models.DateTimeField(_("reviewed"), null=True)

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        constraints = [
            models.CheckConstraint(
                condition=Q(planned_end=None) | Q(planned_end__gt=F("planned_start")), name="change_window_ends_after"
            ),
            models.CheckConstraint(
                condition=Q(actual_end=None) | Q(actual_end__gte=F("actual_start")), name="change_ended_after_start"
            ),
        ]
        indexes = [
            models.Index(
                fields=["planned_start", "planned_end"], condition=Q(planned_end__isnull=False), name="change_window"
            ),
            models.Index(fields=["expected_end"], condition=Q(expected_end__isnull=False), name="change_expected_end"),
            models.Index(
                fields=["actual_start"],
                condition=Q(actual_start__isnull=False, actual_end__isnull=True),
                name="change_running",
            ),
            models.Index(
                fields=["actual_start", "actual_end"],
                condition=Q(actual_end__isnull=False),
                name="change_carried_out",
            ),
        ]
        triggers = searched_texts(internal=["reason", "third_party", "effect", "plan", "back_out", "result_text"])

    @property
    def is_major(self) -> bool:
        """Whether it takes the long path."""
        return self.change_type_id == MAJOR

    @property
    def is_standard(self) -> bool:
        """Whether it comes from the catalogue, approved beforehand."""
        return self.change_type_id == STANDARD

    @property
    def is_proven(self) -> bool | None:
        """Whether its review says that it did what it was raised for; None: it was given up before it began."""
        if self.state in GIVEN_UP:
            return None
        worked = self.result not in (Result.FAILED, Result.BACKED_OUT) and self.expected_reached is not False
        return worked and self.state in (States.REVIEWED, States.CLOSED)

    @property
    def stands_until(self) -> datetime | None:
        """The end of its window; later when a delay was reported. None while nobody said until when."""
        return max((moment for moment in (self.planned_end, self.expected_end) if moment is not None), default=None)

    @property
    def began_at(self) -> datetime | None:
        """When its work began; None before. What was imported with an end alone began as planned, by its end."""
        if self.actual_start is not None or self.actual_end is None:
            return self.actual_start
        return min(self.planned_start or self.actual_end, self.actual_end)

    def span_at(self, now: datetime) -> Window:
        """From when until when it stands, as seen at ``now``.

        While it is carried out: from its real start, and past its end until it is implemented, whatever was planned.
        What has ended stands where it was carried out.
        What came from elsewhere as begun stands as it was planned: nobody here says when it has ended.
        """
        if self.state in ENDED and self.actual_end is not None:
            return self.began_at, self.actual_end
        if self.state != States.IMPLEMENTING or (self.external_system and self.checked_at is None):
            return self.planned_start, self.stands_until
        until = [moment for moment in (self.stands_until, now + STILL) if moment is not None]
        return self.actual_start or self.planned_start, max(until)

    # What the lifecycle's actions share. Each sets columns of this row only.

    def fill(self, fields: dict[str, Any], user: User) -> None:
        """Take over what was typed at registration."""
        self.change_type = fields["change_type"]
        self.take(fields)
        self.group, self.assignee = fields.get("group"), fields.get("assignee")
        self.raised_from = fields.get("raised_from")
        self.registered_by = user
        self.requester = fields.get("requester") or user
        self.organisation_id = self.requester.organisation_id

    def take(self, fields: dict[str, Any]) -> None:
        """Take over what was typed, field by field."""
        for name in TYPED:
            if name in fields:
                setattr(self, name, fields[name])

    def give_to_orderer(self, template: ChangeTemplate, user: User) -> None:
        """Whoever the template names implements it; without one the engineer who orders it."""
        self.group = template.group
        if template.group_id is None and user.group_ids and user.may(Permission.WORK):
            self.group_id, self.assignee = min(user.group_ids), user

    def from_template(self, version: TemplateVersion) -> None:
        """Take over what a version of a template says."""
        self.change_type_id, self.template_version, self.scope = STANDARD, version, Scope.SERVICE
        self.description, self.plan = version.said("content"), version.said("plan")
        self.back_out, self.effect, self.risk = version.said("back_out"), version.said("effect"), Risk.LOW
        self.notice_zh, self.notice_en = version.content.get("effect_zh", ""), version.content.get("effect_en", "")

    def end_with(self, result: str, text: str, start: datetime | None, end: datetime | None, now: datetime) -> None:
        """Record how and when it really went."""
        self.actual_start = start or self.actual_start or now
        self.actual_end = end or now
        self.result, self.result_text = result, text
        self.resolved_at = now
        if self.change_type_id == EMERGENCY:  # earlier releases owed it since its submission: that promise stands
            self.record_since = self.record_since or self.actual_end
        altered = result != Result.BACKED_OUT and not self.is_standard and self.affected_items.exists()
        self.notice_since = now if altered or wrote_to_items(self) else None
