"""Code tables of tickets: shipped as editable data, bilingual (ADM-01)."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.codes import BilingualName, CodeTable, CodeTableQuerySet, in_language
from accounts.models import SupportGroup, Tier, User
from cmdb.uses import sees_all
from tickets.shared.uses import tickets_of


class Priority(CodeTable):
    """A priority with its limits. ``rank`` 1 is the most urgent."""

    rank = models.PositiveSmallIntegerField(_("rank"), unique=True)
    response_minutes = models.PositiveIntegerField(_("respond within (minutes)"))
    resolve_minutes = models.PositiveIntegerField(_("resolve within (minutes)"))

    class Meta(CodeTable.Meta):
        verbose_name = _("priority")
        verbose_name_plural = _("priorities")


class ImpactLevel(CodeTable):
    """How far a fault reaches; the criteria are shown while choosing, the priority follows (INC-04)."""

    priority = models.ForeignKey(Priority, models.PROTECT, verbose_name=_("priority"))
    reach_zh = models.CharField(_("reach, Chinese"), max_length=200, blank=True)
    reach_en = models.CharField(_("reach, English"), max_length=200, blank=True)
    criteria_zh = ArrayField(models.CharField(max_length=300), verbose_name=_("criteria, Chinese"), default=list)
    criteria_en = ArrayField(models.CharField(max_length=300), verbose_name=_("criteria, English"), default=list)

    class Meta(CodeTable.Meta):
        verbose_name = _("impact level")
        verbose_name_plural = _("impact levels")

    @property
    def reach(self) -> str:
        """Whom the fault reaches, in the active language."""
        return in_language(self.reach_zh, self.reach_en)

    @property
    def criteria(self) -> list[str]:
        """When to choose this level, in the active language."""
        return self.criteria_zh if (get_language() or "").startswith("zh") else self.criteria_en


class Urgency(CodeTable):
    """How soon the requester needs it; ``shift`` moves a priority from P3 on by that many ranks."""

    shift = models.SmallIntegerField(_("shift of priority"), default=0)

    class Meta(CodeTable.Meta):
        verbose_name = _("urgency")
        verbose_name_plural = _("urgencies")


class Source(CodeTable):
    """How a ticket came in (INC-01)."""

    class Meta(CodeTable.Meta):
        verbose_name = _("source")
        verbose_name_plural = _("sources")


class Nature(CodeTable):
    """What the desk decides first: incident, request, consultation or complaint (INC-03)."""

    class Meta(CodeTable.Meta):
        verbose_name = _("nature")
        verbose_name_plural = _("natures")


class CloseCode(CodeTable):
    """How a ticket ended. ``tier`` is the line that must have solved it; empty: any (INC-07)."""

    tier = models.CharField(_("tier"), max_length=5, choices=Tier, blank=True)
    on_resolve = models.BooleanField(_("offered when resolving"), default=True)

    class Meta(CodeTable.Meta):
        verbose_name = _("close code")
        verbose_name_plural = _("close codes")


class Satisfaction(CodeTable):
    """What the requester thinks of the result (INC-10)."""

    class Meta(CodeTable.Meta):
        verbose_name = _("satisfaction")
        verbose_name_plural = _("satisfaction answers")


class WaitReason(CodeTable):
    """What a waiting ticket waits for. ``resumes``: at the end of the wait it goes on by itself; else people are
    reminded. Clocks go on at that moment either way.
    """

    resumes = models.BooleanField(
        _("goes on by itself"),
        default=False,
        help_text=_("At the end of the wait. Otherwise whoever handles it is reminded."),
    )

    class Meta(CodeTable.Meta):
        verbose_name = _("reason for waiting")
        verbose_name_plural = _("reasons for waiting")


class RejectReason(CodeTable):
    """Why a ticket is not taken (INC-03)."""

    class Meta(CodeTable.Meta):
        verbose_name = _("reason for rejecting")
        verbose_name_plural = _("reasons for rejecting")


class RequestType(CodeTable):
    """What a service request asks for."""

    class Meta(CodeTable.Meta):
        verbose_name = _("type of request")
        verbose_name_plural = _("types of request")


class CategoryQuerySet(CodeTableQuerySet):
    """Categories."""

    def visible_to(self, user: User) -> CategoryQuerySet:
        """Every one for people of the provider; others see those on tickets of their own organisation, with the way
        down to them: an import may have brought those of another customer (ORG-03).
        """
        if sees_all(user):
            return self
        found = Q()
        for way in ("category", "category__parent", "category__parent__parent"):
            found |= Q(Exists(tickets_of(user).filter(**{way: OuterRef("pk")})))
        return self.filter(found)


class Category(BilingualName):
    """A node of the category tree, up to three levels. ``path_*`` is the whole way down to it."""

    code = models.CharField(_("code"), max_length=80, unique=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("parent")
    )
    path_zh = models.CharField(_("Chinese path"), max_length=400, editable=False)
    path_en = models.CharField(_("English path"), max_length=400, editable=False)
    default_group = models.ForeignKey(
        SupportGroup,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="default_categories",
        verbose_name=_("default group"),
    )
    position = models.PositiveIntegerField(_("position"), default=0)
    active = models.BooleanField(_("active"), default=True)

    objects = CategoryQuerySet.as_manager()

    class Meta:
        ordering = ["position", "code"]
        verbose_name = _("category")
        verbose_name_plural = _("categories")

    def __str__(self) -> str:
        return self.path

    @property
    def path(self) -> str:
        """The names from the top down, in the active language."""
        return in_language(self.path_zh, self.path_en)

    def set_path(self) -> None:
        """Recompute the stored paths from the parent's."""
        above = [self.parent] if self.parent else []
        self.path_zh = " / ".join([*(node.path_zh for node in above), self.name_zh])
        self.path_en = " / ".join([*(node.path_en for node in above), self.name_en])

    @property
    def level(self) -> int:
        """1 to 3."""
        return self.path_zh.count(" / ") + 1


class Confirmed(models.TextChoices):
    """How a requester said that it is solved (INC-08).

    In the portal and by link they said so themselves, which is evidence of its own; the others (``heard``) staff type.
    """

    PORTAL = "portal", _("In the portal")
    LINK = "link", _("By the link in a mail")
    PHONE = "phone", _("By phone")
    CHAT = "chat", _("By chat or remote help")
    MAIL = "mail", _("By mail")
    PERSON = "person", _("In person")

    @classmethod
    def heard(cls) -> list[tuple[str, Any]]:
        """How staff can have heard it."""
        return [choice for choice in cls.choices if choice[0] not in (cls.PORTAL, cls.LINK)]
