"""Rows of the emergency procedure: who was called in, and the tasks that it begins with."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.codes import CodeTable, in_language
from accounts.models import SupportGroup, User
from tickets.models import Ticket


class EmergencyTask(CodeTable):
    """A task that every emergency procedure begins with; administrators edit the list (MAJ-01)."""

    class Who(models.TextChoices):
        COMMANDER = "commander", _("Whoever commands")
        GROUP = "group", _("The assigned group")
        DESK = "desk", _("The service desk")

    who = models.CharField(_("for"), max_length=10, choices=Who, default=Who.GROUP)
    text_zh = models.TextField(_("what to do, Chinese"), blank=True)
    text_en = models.TextField(_("what to do, English"), blank=True)

    class Meta(CodeTable.Meta):
        verbose_name = _("first task of an emergency")
        verbose_name_plural = _("first tasks of an emergency")

    @property
    def text(self) -> str:
        """What to do, in the active language."""
        return in_language(self.text_zh, self.text_en)


class CallIn(models.Model):
    """Somebody was called in to help (召集). ``group``: when they were called as whoever is on duty there.

    Who did not answer yet has an empty ``answer``; ``joined_at`` is when they began to work on it.
    """

    class Answer(models.TextChoices):
        COMING = "coming", pgettext_lazy("call", "is coming")
        CANNOT = "cannot", pgettext_lazy("call", "cannot come")
        JOINED = "joined", pgettext_lazy("call", "has joined")

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="calls_in")
    person = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("person"), db_index=False)
    group = models.ForeignKey(
        SupportGroup, models.PROTECT, null=True, related_name="+", verbose_name=_("group"), db_index=False
    )
    reason = models.TextField(_("what for"), blank=True)
    called_by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    called_at = models.DateTimeField(_("called"))
    answer = models.CharField(_("answer"), max_length=10, choices=Answer, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True)
    answer_text = models.TextField(_("what they said"), blank=True)
    joined_at = models.DateTimeField(_("joined"), null=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "person"], condition=~Q(answer="cannot"), name="call_in_once_until_refused"
            ),
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None) | (~Q(answer="") & Q(answered_at__isnull=False)),
                name="call_in_answered_when",
            ),
            models.CheckConstraint(
                condition=~Q(answer="joined") | Q(joined_at__isnull=False), name="call_in_joined_when"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.person_id} {self.answer}"
