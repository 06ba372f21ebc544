"""Texts that are written again and again (TKT-11)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import validate_slug
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.codes import BilingualName, in_language
from accounts.models import SupportGroup, User
from cmdb.models import BusinessSystem
from replies.querysets import FOR_ALL, SharedQuerySet
from tickets.models import Category, ImpactLevel, Nature, Urgency

MAX_TEXT = 10_000


class Shared(BilingualName):
    """Something that belongs to one person, to a group (its lead keeps it), or to all (administrators keep it)."""

    SEARCHED: ClassVar[tuple[str, ...]] = ("code", "name_zh", "name_en")

    code = models.CharField(_("code"), max_length=40, validators=[validate_slug])
    owner = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("owner"))
    team = models.ForeignKey(
        SupportGroup, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("shared by the group")
    )
    active = models.BooleanField(_("active"), default=True)

    objects = SharedQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["code", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(owner=None) | Q(team=None), name="%(class)s_one_owner"),
            models.UniqueConstraint(fields=["owner", "code"], name="%(class)s_code_of_person"),
            models.UniqueConstraint(fields=["team", "code"], name="%(class)s_code_of_group"),
            models.UniqueConstraint(fields=["code"], condition=FOR_ALL, name="%(class)s_code_for_all"),
        ]

    @property
    def scope(self) -> str:
        """Whose it is, as forms name it: ``own``, ``all``, or the group's code."""
        return "own" if self.owner_id else self.team.code if self.team else "all"

    @property
    def scope_label(self) -> Any:
        """Whose it is, for people."""
        return _("Mine") if self.owner_id else self.team or _("For all")


class CannedReply(Shared):
    """A text with variables such as ``{number}``, for messages and long fields."""

    SEARCHED = (*Shared.SEARCHED, "text_zh", "text_en")

    class Place(models.TextChoices):
        REPLY = "reply", _("Reply to the requester")
        NOTE = "note", _("Internal note")
        SOLUTION = "solution", _("Cause and handling")
        REASON = "reason", _("Reason or remark")
        DESCRIPTION = "description", _("Description of a new ticket")

    text_zh = models.TextField(_("Chinese text"), max_length=MAX_TEXT, blank=True)
    text_en = models.TextField(_("English text"), max_length=MAX_TEXT, blank=True)
    fits = ArrayField(models.CharField(max_length=20, choices=Place), verbose_name=_("fits"), default=list, blank=True)
    used_count = models.PositiveIntegerField(_("used"), default=0, editable=False)

    class Meta(Shared.Meta):
        verbose_name = _("canned reply")
        verbose_name_plural = _("canned replies")

    @property
    def text(self) -> str:
        """The text in the active language; the other one where it is missing."""
        return in_language(self.text_zh, self.text_en)


class TicketTemplate(Shared):
    """What the form of a new ticket starts with, for calls that come again and again."""

    SEARCHED = (*Shared.SEARCHED, "summary")

    kind = models.CharField(_("kind"), max_length=20, default="incident")
    summary = models.CharField(_("summary"), max_length=200, blank=True)
    description = models.TextField(_("description"), max_length=MAX_TEXT, blank=True)
    category = models.ForeignKey(
        Category, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("category")
    )
    business_system = models.ForeignKey(
        BusinessSystem, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("business system")
    )
    nature = models.ForeignKey(
        Nature, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("nature")
    )
    impact = models.ForeignKey(
        ImpactLevel, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("impact")
    )
    urgency = models.ForeignKey(
        Urgency, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("urgency")
    )
    group = models.ForeignKey(
        SupportGroup, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("group")
    )

    class Meta(Shared.Meta):
        verbose_name = _("ticket template")
        verbose_name_plural = _("ticket templates")
