"""The questionnaire of the change manager and its versions, what was answered, and what the CMDB said."""

from __future__ import annotations

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.codes import BilingualName
from accounts.models import User
from approvals.triggers import EXCLUSION_STAYS
from changes.states import Risk

#: Answers and facts give 0 to so many points.
MOST_POINTS = 3


class Questionnaire(models.Model):
    """The one questionnaire as it is edited: bands of the score (0 to 100), and what each fact weighs."""

    code = models.SlugField(_("code"), max_length=20, unique=True, default="risk")
    medium_from = models.PositiveSmallIntegerField(_("medium from"), default=35, validators=[MaxValueValidator(100)])
    high_from = models.PositiveSmallIntegerField(_("high from"), default=60, validators=[MaxValueValidator(100)])
    weight_services = models.PositiveSmallIntegerField(_("weight: services and customers"), default=3)
    weight_redundancy = models.PositiveSmallIntegerField(_("weight: redundancy"), default=2)
    weight_trading = models.PositiveSmallIntegerField(_("weight: trading calendar"), default=2)
    weight_similar = models.PositiveSmallIntegerField(_("weight: how similar ones went"), default=3)

    class Meta:
        verbose_name = _("risk questionnaire")
        verbose_name_plural = _("risk questionnaire")

    def __str__(self) -> str:
        return self.code


class RiskQuestion(BilingualName):
    """A question; its answers are worth points."""

    questionnaire = models.ForeignKey(Questionnaire, models.CASCADE, related_name="questions")
    code = models.SlugField(_("code"), max_length=30, unique=True)
    weight = models.PositiveSmallIntegerField(_("weight"), default=1)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("question on risk")
        verbose_name_plural = _("questions on risk")


class RiskAnswer(BilingualName):
    """An answer to choose, and its points."""

    question = models.ForeignKey(RiskQuestion, models.CASCADE, related_name="answers")
    points = models.PositiveSmallIntegerField(_("points"), validators=[MaxValueValidator(MOST_POINTS)])

    class Meta:
        ordering = ["question", "points"]
        verbose_name = _("answer on risk")
        verbose_name_plural = _("answers on risk")
        constraints = [models.UniqueConstraint(fields=["question", "points"], name="risk_answer_once")]


class QuestionnaireVersion(models.Model):
    """The questionnaire as it stood: see ``questionnaire.as_content``. Never changed."""

    questionnaire = models.ForeignKey(Questionnaire, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("version"), unique=True)
    content = models.JSONField()
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made"))

    class Meta:
        ordering = ["-number"]
        verbose_name = _("version of the risk questionnaire")
        verbose_name_plural = _("versions of the risk questionnaire")
        triggers = [EXCLUSION_STAYS]

    def __str__(self) -> str:
        return f"v{self.number}"


class RiskAssessment(models.Model):
    """How a change was assessed once; the newest counts. ``points``: see ``scoring.Point``. Never changed.

    ``band``: what the score says; ``risk``: what the change manager decided, with the reason in ``text``.
    ``content``: what was assessed, as ``approvals.content.lines_of`` reads it; empty in those of earlier releases.
    """

    change = models.ForeignKey("changes.Change", models.CASCADE, related_name="assessments")
    version = models.ForeignKey(QuestionnaireVersion, models.PROTECT, related_name="+")
    points = models.JSONField()
    content = models.JSONField(default=list)
    score = models.PositiveSmallIntegerField(_("score"))
    band = models.CharField(_("risk by score"), max_length=6, choices=Risk)
    risk = models.CharField(_("risk"), max_length=6, choices=Risk)
    text = models.TextField(_("assessment"))
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("assessed by"))
    at = models.DateTimeField(_("assessed"))

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = _("assessment of a change")
        verbose_name_plural = _("assessments of changes")
        triggers = [EXCLUSION_STAYS]

    def __str__(self) -> str:
        return f"{self.change_id} {self.score}"


class Effect(models.Model):
    """What the CMDB says a change touches; computed in the worker. ``due``: to be computed anew.

    ``services``, ``customers``: list of {code, zh, en, state}; ``down``, ``degraded``: how many items; ``alone``:
    whether something goes down although a redundant node should carry it, as another one is away already.
    """

    change = models.OneToOneField("changes.Change", models.CASCADE, related_name="computed_effect")
    due = models.BooleanField(default=True)
    at = models.DateTimeField(_("computed"), null=True)
    items = models.PositiveIntegerField(_("configuration items"), default=0)
    services = models.JSONField(default=list)
    customers = models.JSONField(default=list)
    down = models.PositiveIntegerField(_("items down"), default=0)
    degraded = models.PositiveIntegerField(_("items degraded"), default=0)
    alone = models.BooleanField(default=False)
    partial = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("effect of a change")
        verbose_name_plural = _("effects of changes")
        indexes = [models.Index(fields=["change"], condition=models.Q(due=True), name="effect_due")]

    def __str__(self) -> str:
        return f"{self.change_id}"
