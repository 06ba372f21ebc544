"""The catalogue of standard changes: pre-approved templates and their versions, which never change."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.codes import BilingualName
from accounts.models import SupportGroup, User
from approvals.triggers import EXCLUSION_STAYS


class ChangeTemplate(BilingualName):
    """A standard change as it is edited. Pre-approved while ``approved``; it loses that after too many failures.

    ``approved_at``: when it was approved again; failures before that are forgiven.
    """

    code = models.SlugField(_("code"), max_length=40, unique=True)
    summary = models.CharField(_("summary"), max_length=200)
    content = models.TextField(_("what is done"))
    plan = models.TextField(_("plan"))
    back_out = models.TextField(_("back-out"))
    effect = models.TextField(_("effect"), blank=True)
    group = models.ForeignKey(
        SupportGroup, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("implemented by")
    )
    minutes = models.PositiveIntegerField(_("takes (minutes)"), default=30, validators=[MinValueValidator(1)])
    approved = models.BooleanField(_("pre-approved"), default=True)
    approved_at = models.DateTimeField(_("pre-approved again"), null=True, blank=True, editable=False)
    failures = models.PositiveSmallIntegerField(
        _("failures allowed"), default=2, help_text=_("So many among the last uses end the pre-approval.")
    )
    last_uses = models.PositiveSmallIntegerField(_("of the last uses"), default=10)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ["code"]
        verbose_name = _("template of a standard change")
        verbose_name_plural = _("templates of standard changes")


class TemplateVersion(models.Model):
    """A template as it stood; changes ordered from it keep it. ``content``: its columns of substance."""

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
