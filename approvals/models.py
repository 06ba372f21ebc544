"""Rounds of approval: what is asked, of whom, in which order; and the decisions, which are never changed."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from approvals.policy.models import (  # noqa: F401 - Django finds models in this module
    DeciderKind,
    Policy,
    PolicyDecider,
    PolicyStep,
    PolicyVersion,
    Rule,
)
from approvals.querysets import RoundQuerySet
from approvals.triggers import APPEND_ONLY, COUNTED, EXCLUSION_STAYS, FOUR_EYES, KEPT_AS_ASKED
from tickets.models import Ticket, TimelineEntry


class Outcome(models.TextChoices):
    """How a round or a step stands. A round ends once; what follows is a new round."""

    WAITING = "waiting", _("not yet its turn")
    OPEN = "open", pgettext_lazy("approval", "asked")
    APPROVED = "approved", _("approved")
    REFUSED = "refused", _("refused")
    RETURNED = "returned", _("returned with a condition")
    FALLEN = "fallen", _("fallen: the content changed")
    WITHDRAWN = "withdrawn", _("withdrawn")


class ApprovalRound(models.Model):
    """One asking about a ticket. ``content``: list of {name, zh, en, value}, the readable copy; ``digest`` is of it.

    ``policy``: the copy {code, version, zh, en, steps}; ``text``: what the person who asks writes to the deciders;
    ``urgent``: it is decided before others, and told at once by every channel.
    """

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="approval_rounds")
    purpose = models.CharField(_("question"), max_length=20)
    number = models.PositiveSmallIntegerField(_("round"))
    content = models.JSONField()
    digest = models.CharField(max_length=64)
    policy = models.JSONField()
    text = models.TextField(_("text"), blank=True)
    urgent = models.BooleanField(pgettext_lazy("approval", "urgent"), default=False)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, default=Outcome.OPEN)
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("asked by"))
    asked_at = models.DateTimeField(pgettext_lazy("moment", "asked"))
    ended_at = models.DateTimeField(_("ended"), null=True)

    objects = RoundQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at", "-id"]
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        constraints = [
            models.UniqueConstraint(fields=["ticket", "purpose", "number"], name="round_number_once"),
            models.UniqueConstraint(
                fields=["ticket", "purpose"], condition=Q(outcome="open"), name="one_open_round_a_question"
            ),
        ]
        triggers = [KEPT_AS_ASKED, COUNTED]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.purpose} {self.number}"

    @property
    def stands(self) -> bool:
        """Whether edits of the content still matter to it."""
        return self.outcome in (Outcome.OPEN, Outcome.APPROVED)


class Excluded(models.Model):
    """Somebody who may not decide the round, and why (four eyes). Written when it is asked, never changed."""

    class Why(models.TextChoices):
        REQUESTER = "requester", _("asks for it")
        EDITOR = "editor", _("made the last edit of substance")
        IMPLEMENTER = "implementer", _("carries it out")

    round = models.ForeignKey(ApprovalRound, models.CASCADE, related_name="excluded")
    person = models.ForeignKey(User, models.PROTECT, related_name="+")
    why = models.CharField(max_length=12, choices=Why)

    class Meta:
        verbose_name = _("kept from deciding")
        verbose_name_plural = _("kept from deciding")
        constraints = [models.UniqueConstraint(fields=["round", "person"], name="excluded_once")]
        triggers = [EXCLUSION_STAYS]

    def __str__(self) -> str:
        return f"{self.round_id} {self.person_id} {self.why}"


class Step(models.Model):
    """A step of a round; ``needed`` of its places must approve. Times are filled when its turn comes."""

    round = models.ForeignKey(ApprovalRound, models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField(_("step"))
    rule = models.CharField(max_length=4, choices=Rule)
    needed = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.WAITING)
    opened_at = models.DateTimeField(null=True)
    remind_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(pgettext_lazy("approval", "due"), null=True)
    next_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["round", "position"]
        verbose_name = _("step of a round")
        verbose_name_plural = _("steps of rounds")
        constraints = [models.UniqueConstraint(fields=["round", "position"], name="round_step_once")]
        indexes = [models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="step_next")]

    def __str__(self) -> str:
        return f"{self.round_id}/{self.position}"


class Slot(models.Model):
    """A place in a step: one approval. ``who``: {kind, person, role, group, zh, en} as the policy named it."""

    step = models.ForeignKey(Step, models.CASCADE, related_name="slots")
    position = models.PositiveSmallIntegerField()
    who = models.JSONField()

    class Meta:
        ordering = ["step", "position"]
        verbose_name = _("place in a step")
        verbose_name_plural = _("places in steps")
        constraints = [models.UniqueConstraint(fields=["step", "position"], name="slot_once")]

    def __str__(self) -> str:
        return f"{self.step_id}/{self.position}"


class Ask(models.Model):
    """That ``person`` was asked for a place, for themselves or for ``for_person``. Lets them read the ticket."""

    class How(models.TextChoices):
        OWN = "own", pgettext_lazy("person", "asked")
        DELEGATE = "delegate", pgettext_lazy("approval", "stands in")
        INSTEAD = "instead", _("instead: nobody else is there")
        SUBSTITUTE = "substitute", _("substitute: overdue, or nobody else may")

    slot = models.ForeignKey(Slot, models.CASCADE, related_name="asks")
    round = models.ForeignKey(ApprovalRound, models.CASCADE, related_name="asks")
    person = models.ForeignKey(User, models.PROTECT, related_name="approval_asks", db_index=False)
    for_person = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    how = models.CharField(max_length=10, choices=How)
    asked_at = models.DateTimeField()
    waits = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("asking")
        verbose_name_plural = _("askings")
        constraints = [
            models.UniqueConstraint(fields=["slot", "person", "for_person"], nulls_distinct=False, name="ask_once")
        ]
        indexes = [
            models.Index(fields=["person", "round"], condition=Q(waits=True), name="ask_waiting"),
            models.Index(fields=["person", "round"], name="ask_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.round_id} {self.person_id}"


class Decision(models.Model):
    """What ``person`` decided, for themselves or as delegate of ``for_person``. Never changed, never removed."""

    class Verdict(models.TextChoices):
        APPROVE = "approve", _("Approve")
        RETURN = "return", _("Approve with a condition")
        REFUSE = "refuse", _("Refuse")

    round = models.ForeignKey(ApprovalRound, models.CASCADE, related_name="decisions")
    step = models.ForeignKey(Step, models.CASCADE, related_name="decisions")
    slot = models.ForeignKey(Slot, models.CASCADE, related_name="decisions")
    person = models.ForeignKey(User, models.PROTECT, related_name="+")
    for_person = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    verdict = models.CharField(_("decision"), max_length=8, choices=Verdict)
    reason = models.TextField(_("reason"), blank=True)
    at = models.DateTimeField(_("time"))
    via = models.CharField(_("came by"), max_length=10, choices=TimelineEntry.Via)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["at", "id"]
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        constraints = [
            models.UniqueConstraint(fields=["slot"], name="one_decision_a_place"),
            models.CheckConstraint(
                condition=Q(for_person=None) | ~Q(for_person=F("person")), name="decides_for_another"
            ),
        ]
        triggers = [APPEND_ONLY, FOUR_EYES]

    def __str__(self) -> str:
        return f"{self.round_id} {self.person_id} {self.verdict}"


class Delegation(models.Model):
    """``deputy`` decides what ``person`` is asked, for a period; both names stay with each decision."""

    person = models.ForeignKey(User, models.CASCADE, related_name="delegations", verbose_name=_("person"))
    deputy = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=pgettext_lazy("approval", "stands in")
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["starts_at"]
        verbose_name = _("delegation")
        verbose_name_plural = _("delegations")
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="delegation_ends_after"),
            models.CheckConstraint(condition=~Q(person=F("deputy")), name="delegation_to_another"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} → {self.deputy_id}"

    def clean(self) -> None:
        """It ends after it begins."""
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValidationError({"ends_at": _("It must end after it begins.")})
