"""The catalogue of standard changes: pre-approved templates and their versions, which never change."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.codes import BilingualName, in_language
from accounts.models import SupportGroup, User
from approvals.triggers import EXCLUSION_STAYS

#: Texts of a template, each in both languages: one of them is enough, and stands for the other.
TEXTS = ("summary", "content", "plan", "back_out", "effect")
#: The pre-approval is lost by at most so many uses.
MOST_USES = 100
#: Without these nothing can be ordered.
NEEDED = ("summary", "content", "back_out")
#: Texts of a step, alike.
STEP_TEXTS = ("what", "check", "back_out")


class ChangeTemplate(BilingualName):
    """A standard change as it is edited. Pre-approved while ``approved``; it loses that after too many failures.

    ``approved_at``: when it was approved again; failures before that are forgiven. ``needs_subject``: whoever orders
    it names an item or a business system. ``plan``: what is to be read beside the steps; without it the steps are.
    """

    code = models.SlugField(_("code"), max_length=40, unique=True)
    summary_zh = models.CharField(_("summary, Chinese"), max_length=200, blank=True)
    summary_en = models.CharField(_("summary, English"), max_length=200, blank=True)
    content_zh = models.TextField(_("what is done, Chinese"), blank=True)
    content_en = models.TextField(_("what is done, English"), blank=True)
    plan_zh = models.TextField(_("plan, Chinese"), blank=True)
    plan_en = models.TextField(_("plan, English"), blank=True)
    back_out_zh = models.TextField(_("back-out, Chinese"), blank=True)
    back_out_en = models.TextField(_("back-out, English"), blank=True)
    effect_zh = models.TextField(_("effect, Chinese"), blank=True)
    effect_en = models.TextField(_("effect, English"), blank=True)
    needs_subject = models.BooleanField(
        _("needs an item or a system"),
        default=False,
        help_text=_("Whoever orders it names a configuration item or a business system."),
    )
    group = models.ForeignKey(
        SupportGroup, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("implemented by")
    )
    minutes = models.PositiveIntegerField(_("takes (minutes)"), default=30, validators=[MinValueValidator(1)])
    approved = models.BooleanField(_("pre-approved"), default=True)
    approved_at = models.DateTimeField(_("pre-approved again"), null=True, blank=True, editable=False)
    failures = models.PositiveSmallIntegerField(
        _("failures allowed"),
        default=2,
        validators=[MinValueValidator(1)],
        help_text=_("So many among the last uses end the pre-approval."),
    )
    last_uses = models.PositiveSmallIntegerField(
        _("of the last uses"), default=10, validators=[MinValueValidator(1), MaxValueValidator(MOST_USES)]
    )
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ["code"]
        verbose_name = _("template of a standard change")
        verbose_name_plural = _("templates of standard changes")

    @property
    def summary(self) -> str:
        """In the active language."""
        return in_language(self.summary_zh, self.summary_en)

    @property
    def content(self) -> str:
        """What is done, in the active language."""
        return in_language(self.content_zh, self.content_en)

    def clean(self) -> None:
        """What must be said is said in one language at least; the pre-approval can be lost. Raises ValidationError."""
        missing = [name for name in NEEDED if not (getattr(self, f"{name}_zh") or getattr(self, f"{name}_en"))]
        if missing:
            raise ValidationError({f"{name}_zh": gettext("Say it in one language at least.") for name in missing})
        if self.failures and self.last_uses and self.failures > self.last_uses:
            raise ValidationError({"failures": gettext("There cannot be more failures than uses.")})


class TemplateStep(models.Model):
    """A step of a template: whoever orders it finds it in the run sheet, ``minutes`` long, one behind the other."""

    template = models.ForeignKey(ChangeTemplate, models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField(_("step"), default=1)
    what_zh = models.CharField(_("what is done, Chinese"), max_length=300, blank=True)
    what_en = models.CharField(_("what is done, English"), max_length=300, blank=True)
    minutes = models.PositiveSmallIntegerField(_("minutes"), default=10, validators=[MinValueValidator(1)])
    check_zh = models.CharField(_("how it is checked, Chinese"), max_length=300, blank=True)
    check_en = models.CharField(_("how it is checked, English"), max_length=300, blank=True)
    back_out_zh = models.CharField(_("how it is backed out, Chinese"), max_length=300, blank=True)
    back_out_en = models.CharField(_("how it is backed out, English"), max_length=300, blank=True)

    class Meta:
        ordering = ["template", "position", "pk"]
        verbose_name = _("step of a template")
        verbose_name_plural = _("steps of templates")

    def __str__(self) -> str:
        return f"{self.position}. {in_language(self.what_zh, self.what_en)}"

    def clean(self) -> None:
        """What is done is said in one language at least. Raises ValidationError."""
        if not (self.what_zh or self.what_en):
            raise ValidationError({"what_zh": gettext("Say it in one language at least.")})


class TemplateVersion(models.Model):
    """A template as it stood; changes ordered from it keep it.

    ``content``: its columns of substance, and under ``steps`` those of each step. Versions of earlier releases have
    each text once, without a language, and no steps.
    """

    template = models.ForeignKey(ChangeTemplate, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    content = models.JSONField()
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made"))

    class Meta:
        ordering = ["-number"]
        verbose_name = _("version of a template")
        verbose_name_plural = _("versions of templates")
        constraints = [models.UniqueConstraint(fields=["template", "number"], name="template_version_once")]
        triggers = [EXCLUSION_STAYS]

    def __str__(self) -> str:
        return self.name

    @property
    def code(self) -> str:
        """That of the template, as answers of the API name a row."""
        return self.template.code

    @property
    def name(self) -> str:
        """That of the template, with the version."""
        return f"{self.template.name} v{self.number}"

    def said(self, name: str) -> str:
        """The text ``name`` (one of TEXTS) in the active language; a plan that is not written is its steps."""
        found = _text(self.content, name)
        if name == "plan" and not found:
            return "\n".join(f"{number}. {step['what']}" for number, step in enumerate(self.steps, start=1))
        return found

    @property
    def steps(self) -> list[dict[str, Any]]:
        """Its steps in the active language: what, check, back_out, minutes."""
        rows = self.content.get("steps", [])
        return [{"minutes": row["minutes"], **{name: _text(row, name) for name in STEP_TEXTS}} for row in rows]


def _text(row: dict[str, Any], name: str) -> str:
    """A text of either language as a version keeps it."""
    return in_language(row.get(f"{name}_zh", row.get(name, "")), row.get(f"{name}_en", ""))
