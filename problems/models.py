"""The problem: the cause of incidents that happened, or may happen."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from accounts.permissions import Permission
from problems.codes import ProblemCategory, ProblemLevel, ProblemSource
from problems.investigation.models import Cause, Evidence, Note  # noqa: F401 - Django finds models in this module
from problems.known_errors.models import KnownError, KnownErrorUse, Telling, Term  # noqa: F401 - as above
from problems.lifecycle import problem_actions
from problems.meeting.models import IncidentMeeting  # noqa: F401 - as above
from problems.states import PHASES, WAITS_IN, Outcome, States
from problems.trends.models import TrendProposal  # noqa: F401 - as above
from tickets.lifecycle import Kind, register_kind
from tickets.meaning import Audience, Clocks, Grade, Imports, Panel, Span
from tickets.models import Ticket
from tickets.search.triggers import searched_texts


@register_kind(
    Kind(
        code="problem",
        prefix="PM",
        slug="problems",
        label=_("Problem"),
        label_plural=_("Problems"),
        icon="puzzle",
        states=States,
        phases=PHASES,
        steps=(
            States.REGISTERED,
            States.ASSIGNED,
            States.INVESTIGATING,
            States.KNOWN_ERROR,
            States.PROPOSED,
            States.APPROVED,
            States.IMPLEMENTING,
            States.RESOLVED,
            States.REVIEWED,
            States.CLOSED,
        ),
        details="problems.details.details_of",
        banner=Panel("problems.panels.panel_of", "problems/_panel.html"),
        names={
            "proposed_by": _("proposed by"),
            "proposed_at": _("solution proposed"),
            "supervised_by": _("supervisor"),
            "supervised_at": _("reviewed by the supervisor"),
            "approved_by": _("approved by"),
            "approved_at": _("solution approved"),
        },
        beside=(Panel("changes.origins.near.panel_of", "changes/_near.html"),),
        audience=Audience.STAFF,
        registering=Permission.PROBLEM_RAISE,
        managing=Permission.PROBLEM_MANAGE,
        clocks=Clocks(
            limits={
                "response": Span("created_at", "assigned_at"),
                "cause": Span("assigned_at", "cause_at"),
                "resolve": Span("assigned_at", "resolved_at"),
            },
            labels={"response": pgettext_lazy("limit", "Acceptance"), "resolve": pgettext_lazy("limit", "Solution")},
        ),
        grade=Grade.LEVEL,
        grade_column="level",
        can_be_major=False,
        views=("unassigned", "mine", "due_soon", "overdue", "reopened", "waiting", "open", "all"),
        tiles=(),
        raised_from="incident",
        imports=Imports(
            registered=States.REGISTERED,
            milestones=(("resolved_at", States.RESOLVED, ""), ("closed_at", States.CLOSED, "")),
            worked=frozenset(States) - {States.REGISTERED, States.ASSIGNED},
            solved=frozenset({States.RESOLVED, States.REVIEWED, States.CLOSED}),
            columns=("problem_source", "problem_category", "level", "outcome"),
            at_end=("outcome",),
            texts=("root_cause", "workaround", "solution", "proof", "review_result"),
        ),
    )
)
class Problem(Ticket):
    """A problem with its cause, workaround, solution, review and watch. ``assignee`` is its owner."""

    lifecycle = problem_actions

    problem_source = models.ForeignKey(
        ProblemSource, models.PROTECT, null=True, verbose_name=_("raised from"), db_index=False
    )
    problem_category = models.ForeignKey(
        ProblemCategory, models.PROTECT, null=True, verbose_name=_("category of the problem"), db_index=False
    )
    level = models.ForeignKey(ProblemLevel, models.PROTECT, null=True, verbose_name=_("level"), db_index=False)
    team = models.ManyToManyField(User, related_name="analysed_problems", verbose_name=_("analysis team"))

    root_cause = models.TextField(_("root cause"), blank=True)
    cause_at = models.DateTimeField(_("root cause confirmed"), null=True, editable=False)
    workaround = models.TextField(_("workaround"), blank=True)
    published_at = models.DateTimeField(_("known error published"), null=True)

    solution = models.TextField(_("solution"), blank=True)
    estimate_hours = models.PositiveIntegerField(_("estimated hours"), null=True)
    expected_effect = models.TextField(_("expected effect"), blank=True)
    test_result = models.TextField(_("how it was tested"), blank=True)
    customer_word = models.TextField(_("discussed with the customer"), blank=True)
    discussed_at = models.DateTimeField(_("discussion with the customer"), null=True)
    discussed_with = models.TextField(_("who was invited"), blank=True)
    discussion = models.TextField(_("minutes of the discussion"), blank=True)
    change_reference = models.CharField(_("change"), max_length=100, blank=True)

    proof = models.TextField(_("how it was proven"), blank=True)
    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome, blank=True)
    watch_until = models.DateTimeField(_("recurrence watched until"), null=True)
    review_result = models.TextField(_("result of the review"), blank=True)
    minutes = models.TextField(_("minutes of the meeting"), blank=True)
    met_at = models.DateTimeField(_("meeting"), null=True)
    attendance = models.TextField(_("who attended"), blank=True)

    class Meta:
        verbose_name = _("problem")
        verbose_name_plural = _("problems")
        triggers = searched_texts(internal=["root_cause", "workaround", "solution", "change_reference"])
        indexes = [
            models.Index(fields=["watch_until"], name="problem_watched", condition=models.Q(watch_until__isnull=False))
        ]

    @cached_property
    def team_ids(self) -> frozenset[int]:
        """Keys of the analysis team; one query, and none before it is stored."""
        return frozenset(self.team.values_list("pk", flat=True)) if self.pk else frozenset()

    def came_from(self) -> str:
        """The state in which it was before it waits; under investigation where nobody knows. One query."""
        steps = self.timeline.filter(state_to=States.PENDING).exclude(state_from=States.PENDING).order_by("-pk")
        found = steps.values_list("state_from", flat=True).first()
        return found if found in WAITS_IN else States.INVESTIGATING.value

    # What the lifecycle's actions share. Each sets columns of this row only.

    def fill(self, fields: dict[str, Any], user: User) -> None:
        """Take over what was typed when it was raised; it belongs to the organisation of whoever raised it."""
        for name in RAISED_WITH & fields.keys():
            setattr(self, name, fields[name])
        self.registered_by = self.requester = user
        self.organisation_id = user.organisation_id

    def propose_with(self, fields: dict[str, Any]) -> None:
        """Another solution."""
        for name in PROPOSED_WITH & fields.keys():
            setattr(self, name, fields[name])

    @property
    def ended_aside(self) -> Any:
        """Whatever ends a problem but its solution: all ends are closed."""
        aside = self.state == States.CLOSED and self.outcome != Outcome.SOLVED
        return self.get_outcome_display() if aside else ""

    def resolve_as(self, outcome: str, now: datetime, watch_days: int) -> None:
        """It is over, in whatever way; recurrence is watched for so many days."""
        self.outcome, self.resolved_at = outcome, now
        self.watch_until = now + timedelta(days=watch_days) if watch_days else None

    def begin_again(self) -> None:
        """The cause is not gone."""
        self.reopen_count += 1
        self.outcome, self.watch_until = "", None
        self.cause_at = self.resolved_at = self.closed_at = None


RAISED_WITH = {
    "summary",
    "description",
    "problem_source",
    "problem_category",
    "level",
    "business_system",
    "category",
}
PROPOSED_WITH = {"solution", "estimate_hours", "expected_effect", "test_result", "customer_word"}
