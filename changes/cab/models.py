"""Meetings of the change advisory board. What was decided stands with the rounds of approval, not here."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from approvals.models import ApprovalRound, Outcome

#: What was noted to a point, and who came, stand like the minutes once the meeting is over (CHG-03).
KEPT_WITH_MINUTES = pgtrigger.Trigger(
    name="kept_with_minutes",
    operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
    when=pgtrigger.Before,
    func="""
        IF EXISTS (
            SELECT 1 FROM changes_meeting m
            WHERE m.id IN (OLD.meeting_id, NEW.meeting_id) AND m.status IN ('held', 'cancelled')
        ) THEN
            RAISE EXCEPTION 'meeting % is over: nothing of it changes', COALESCE(OLD.meeting_id, NEW.meeting_id)
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN COALESCE(NEW, OLD);
    """,
)


class Meeting(models.Model):
    """A meeting in a room, or an electronic one: then members vote between ``starts_at`` and ``ends_at``."""

    never_emptied = True

    class Status(models.TextChoices):
        PLANNED = "planned", pgettext_lazy("meeting", "Planned")
        INVITED = "invited", pgettext_lazy("meeting", "Invited")
        OPEN = "open", pgettext_lazy("meeting", "In session")
        HELD = "held", pgettext_lazy("meeting", "Held")
        CANCELLED = "cancelled", pgettext_lazy("meeting", "Cancelled")

    title = models.CharField(_("title"), max_length=120)
    electronic = models.BooleanField(_("electronic"), default=False)
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    place = models.CharField(pgettext_lazy("meeting", "place"), max_length=200, blank=True)
    status = models.CharField(_("state"), max_length=10, choices=Status, default=Status.PLANNED)
    minutes = models.TextField(pgettext_lazy("meeting", "minutes"), blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("called by"))
    made_at = models.DateTimeField(_("made"))
    invited_at = models.DateTimeField(_("invited"), null=True)
    opened_at = models.DateTimeField(_("opened"), null=True)
    closed_at = models.DateTimeField(_("closed"), null=True)

    class Meta:
        ordering = ["-starts_at", "-pk"]
        verbose_name = _("CAB meeting")
        verbose_name_plural = _("CAB meetings")
        constraints = [models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="meeting_ends_after")]
        indexes = [
            models.Index(
                fields=["ends_at"], condition=Q(electronic=True, status="open"), name="meeting_electronic_open"
            )
        ]
        triggers = [
            pgtrigger.Protect(
                name="meeting_held_stays",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__status__in=["held", "cancelled"]),
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_over(self) -> bool:
        """Whether nothing of it changes any more."""
        return self.status in (self.Status.HELD, self.Status.CANCELLED)


class AgendaItem(models.Model):
    """A round that is talked about, in order. ``outcome``: how the round stood when the meeting was closed."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="agenda")
    round = models.ForeignKey(ApprovalRound, models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField(_("position"))
    note = models.TextField(_("note"), blank=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, blank=True)

    class Meta:
        ordering = ["meeting", "position", "pk"]
        verbose_name = _("point of an agenda")
        verbose_name_plural = _("points of agendas")
        constraints = [models.UniqueConstraint(fields=["meeting", "round"], name="agenda_round_once")]
        triggers = [KEPT_WITH_MINUTES]

    def __str__(self) -> str:
        return f"{self.meeting_id}/{self.position}"


class Presence(models.Model):
    """Whom a meeting invites, and whether they came; None while nobody has said so."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="people")
    person = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("person"))
    present = models.BooleanField(_("present"), null=True)

    class Meta:
        ordering = ["meeting", "pk"]
        verbose_name = _("presence at a meeting")
        verbose_name_plural = _("presences at meetings")
        constraints = [models.UniqueConstraint(fields=["meeting", "person"], name="presence_once")]
        triggers = [KEPT_WITH_MINUTES]

    def __str__(self) -> str:
        return f"{self.meeting_id} {self.person_id}"
