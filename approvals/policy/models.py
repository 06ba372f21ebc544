"""Who decides what: policies that administrators edit, and their versions, which never change."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.codes import BilingualName
from accounts.models import Role, SupportGroup, User
from approvals.triggers import EXCLUSION_STAYS


class Policy(BilingualName):
    """Who decides a question of a kind of ticket; the one that names most of grade and risk counts."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    kind = models.CharField(_("kind of ticket"), max_length=20)
    purpose = models.CharField(_("question"), max_length=20)
    grade = models.CharField(
        _("grade"), max_length=40, blank=True, help_text=_("Such as the type of a change; empty: every one.")
    )
    risk = models.CharField(_("risk"), max_length=20, blank=True, help_text=_("Empty: every one."))
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ["kind", "purpose", "grade", "risk"]
        verbose_name = _("approval policy")
        verbose_name_plural = _("approval policies")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "purpose", "grade", "risk"],
                condition=Q(active=True),
                name="policy_for_one_case",
                violation_error_message=_("Another active policy is for the same question, grade and risk."),
            )
        ]


class Rule(models.TextChoices):
    """How many of a step's deciders must approve."""

    ALL = "all", _("all of them")
    ANY = "any", _("one of them")
    SOME = "some", _("so many of them")


class DeciderKind(models.TextChoices):
    """How a place in a step finds who decides."""

    PERSON = "person", _("a person")
    ROLE = "role", _("whoever has a role")
    PERMISSION = "permission", _("whoever has a right")
    GROUP_LEAD = "group_lead", _("lead of a group")
    ON_DUTY = "on_duty", _("on duty in a group")
    DEPARTMENT_MANAGER = "department_manager", _("manager of the requester's department")
    DECISION_MAKERS = "decision_makers", _("decision makers of the organisation")
    INTERFACE_PERSON = "interface_person", _("interface person of the organisation")


#: Ways that name nobody and so can stand in for another one.
MEANT = ("group_lead", "on_duty", "department_manager", "decision_makers", "interface_person")


class PolicyStep(models.Model):
    """One step of a policy as it is edited: steps follow one another, deciders inside stand side by side."""

    policy = models.ForeignKey(Policy, models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField(_("step"), validators=[MinValueValidator(1)])
    rule = models.CharField(_("needed"), max_length=4, choices=Rule, default=Rule.ALL)
    needed = models.PositiveSmallIntegerField(_("how many"), default=1, validators=[MinValueValidator(1)])
    due_hours = models.PositiveSmallIntegerField(_("due after (hours)"), default=24, validators=[MinValueValidator(1)])
    remind_hours = models.PositiveSmallIntegerField(_("reminded after (hours)"), default=12)
    substitute_role = models.ForeignKey(
        Role, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("asked too when it is overdue")
    )

    class Meta:
        ordering = ["position"]
        verbose_name = _("step of an approval")
        verbose_name_plural = _("steps of an approval")
        constraints = [models.UniqueConstraint(fields=["policy", "position"], name="policy_step_once")]

    def __str__(self) -> str:
        return f"{self.policy_id}/{self.position}"


class PolicyDecider(models.Model):
    """A place in a step. Without a group the ticket's own is meant. ``each``: everybody found there must decide.

    ``otherwise``: who is meant instead where nobody is found there who may decide.
    """

    policy = models.ForeignKey(Policy, models.CASCADE, related_name="deciders")
    step = models.PositiveSmallIntegerField(_("step"), default=1, validators=[MinValueValidator(1)])
    kind = models.CharField(_("who"), max_length=20, choices=DeciderKind)
    person = models.ForeignKey(User, models.PROTECT, null=True, blank=True, verbose_name=_("person"), related_name="+")
    role = models.ForeignKey(Role, models.PROTECT, null=True, blank=True, verbose_name=_("role"), related_name="+")
    group = models.ForeignKey(
        SupportGroup, models.PROTECT, null=True, blank=True, verbose_name=_("group"), related_name="+"
    )
    permission = models.CharField(_("right"), max_length=40, blank=True)
    each = models.BooleanField(_("each of them"), default=False)
    otherwise = models.CharField(
        _("where nobody may"),
        max_length=20,
        blank=True,
        choices=[(code, DeciderKind(code).label) for code in MEANT],
        help_text=_("Asked instead where nobody is found, or only who may not decide."),
    )

    class Meta:
        ordering = ["step", "pk"]
        verbose_name = _("decider")
        verbose_name_plural = _("deciders")

    def __str__(self) -> str:
        return f"{self.policy_id}/{self.step} {self.kind}"

    def clean(self) -> None:
        """A person or role must be named where the kind asks for one."""
        if self.kind == DeciderKind.PERSON and self.person_id is None:
            raise ValidationError({"person": _("Choose a person.")})
        if self.kind == DeciderKind.ROLE and self.role_id is None:
            raise ValidationError({"role": _("Choose a role.")})
        if self.kind == DeciderKind.PERMISSION and not self.permission:
            raise ValidationError({"permission": _("Choose a right.")})


class PolicyVersion(models.Model):
    """A policy as it stood; written at each save, never changed. ``steps``: see ``policies.as_steps``."""

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    steps = models.JSONField()
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made"))

    class Meta:
        ordering = ["-number"]
        verbose_name = _("version of an approval policy")
        verbose_name_plural = _("versions of approval policies")
        constraints = [models.UniqueConstraint(fields=["policy", "number"], name="policy_version_once")]
        triggers = [EXCLUSION_STAYS]

    def __str__(self) -> str:
        return f"{self.policy_id} v{self.number}"
