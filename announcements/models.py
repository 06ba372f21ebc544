"""What the provider tells everybody affected: interruptions, planned or not, and news (NTF-04)."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.codes import in_language
from accounts.models import Organisation, User
from announcements.lifecycle import States, announcement_steps
from announcements.querysets import AnnouncementQuerySet
from cmdb.models import BusinessSystem
from records.lifecycle import register_family
from records.models import ADDED_ONLY, Record, RecordEntry
from tickets.models import Ticket


@register_family("announcement", States)
class Announcement(Record):
    """A text for those affected. Shown from ``shown_from`` until ``shown_until``; then it ends by itself.

    ``starts_at`` and ``ends_at`` say when the interruption is; ``shown_*`` when people read of it. Without
    organisations it is for every customer. Only those who may publish see a draft. ``automatic``: kept by the change
    that it is about, which rewrites and ends it.
    """

    lifecycle = announcement_steps

    class Kind(models.TextChoices):
        UNPLANNED = "unplanned", _("Unplanned interruption")
        PLANNED = "planned", _("Planned interruption")
        INFORMATION = "information", _("Information")

    class Standing(models.TextChoices):
        DRAFT = "draft", _("Draft")
        COMING = "coming", pgettext_lazy("announcement", "Coming")
        SHOWN = "shown", pgettext_lazy("announcement", "Shown")
        ENDED = "ended", pgettext_lazy("announcement", "Ended")
        DISCARDED = "discarded", pgettext_lazy("announcement", "Discarded")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.PLANNED)
    text_zh = models.TextField(_("Chinese text"), max_length=500, blank=True)
    text_en = models.TextField(_("English text"), max_length=500, blank=True)
    starts_at = models.DateTimeField(_("from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    shown_from = models.DateTimeField(_("shown from"))
    shown_until = models.DateTimeField(_("shown until"))
    systems = models.ManyToManyField(
        BusinessSystem, blank=True, related_name="announcements", verbose_name=_("affected business systems")
    )
    organisations = models.ManyToManyField(
        Organisation, blank=True, related_name="announcements", verbose_name=_("for these organisations")
    )
    ticket = models.ForeignKey(
        Ticket, models.PROTECT, null=True, blank=True, related_name="announcements", verbose_name=_("ticket")
    )
    automatic = models.BooleanField(_("kept by its change"), default=False, db_default=False, editable=False)
    author = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("author"), editable=False)
    published_at = models.DateTimeField(_("published"), null=True, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, editable=False)

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        ordering = ["-shown_from", "-id"]
        verbose_name = _("announcement")
        verbose_name_plural = _("announcements")
        constraints = [
            models.CheckConstraint(condition=Q(shown_until__gt=F("shown_from")), name="announcement_shown_in_order"),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(starts_at=None) | Q(ends_at__gt=F("starts_at")),
                name="announcement_in_order",
            ),
            models.CheckConstraint(condition=~Q(text_zh="", text_en=""), name="announcement_says_something"),
            models.CheckConstraint(
                condition=Q(state__in=(States.DRAFT, States.DISCARDED), published_at=None, ended_at=None)
                | Q(state=States.PUBLISHED, published_at__isnull=False, ended_at=None)
                | Q(state=States.ENDED, published_at__isnull=False, ended_at__isnull=False),
                name="announcement_state_and_times",
            ),
        ]
        indexes = [
            models.Index(
                fields=["shown_until"],
                condition=Q(published_at__isnull=False, ended_at=None),
                name="announcement_published",
            )
        ]

    def __str__(self) -> str:
        return self.text

    def get_absolute_url(self) -> str:
        """Where it is edited."""
        return reverse("announcements:edit", args=[self.pk])

    def begin(self, *, user: User | None, now: datetime) -> None:
        """Whoever writes it is its author."""
        super().begin(user=user, now=now)
        if user is not None:
            self.author = user

    def appear(self, now: datetime) -> None:
        """From now on it is published."""
        self.published_at, self.ended_at = now, None

    def disappear(self, now: datetime) -> None:
        """From now on nobody is shown it."""
        self.ended_at = now

    @property
    def text(self) -> str:
        """The text in the active language."""
        return in_language(self.text_zh, self.text_en)

    @property
    def icon(self) -> str:
        """What stands before the text."""
        icons = {
            "unplanned": {"icon": "alert-triangle"},
            "planned": {"icon": "calendar-event"},
            "information": {"icon": "info-circle"},
        }
        return icons[self.kind]["icon"]

    @property
    def tone(self) -> str:
        """The colour of its band."""
        return {"unplanned": "late", "planned": "soon", "information": "info"}[self.kind]

    def standing(self, now: datetime) -> Standing:
        """What readers have of it at ``now``; it ends by itself."""
        if self.published_at is None:
            return self.Standing.DISCARDED if self.state == States.DISCARDED else self.Standing.DRAFT
        if self.ended_at is not None or now >= self.shown_until:
            return self.Standing.ENDED
        return self.Standing.SHOWN if now >= self.shown_from else self.Standing.COMING


class AnnouncementEntry(RecordEntry):
    """A line of the log of an announcement: who wrote, published, ended it, and what changed."""

    record = models.ForeignKey(Announcement, models.CASCADE, related_name="log")

    class Meta(RecordEntry.Meta):
        verbose_name = _("line of the log of an announcement")
        verbose_name_plural = _("log of announcements")
        triggers = [ADDED_ONLY]


class Dismissal(models.Model):
    """A person has read an announcement and wants it out of the way, until it changes."""

    announcement = models.ForeignKey(Announcement, models.CASCADE, related_name="dismissals")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("dismissal")
        verbose_name_plural = _("dismissals")
        constraints = [models.UniqueConstraint(fields=["announcement", "user"], name="dismissal_unique")]

    def __str__(self) -> str:
        return f"{self.announcement_id} {self.user_id}"
