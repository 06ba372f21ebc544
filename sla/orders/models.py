"""What the portal does by itself when a time is over: rules that administrators edit, and commands as rows."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Tier
from sla.calendars.models import Calendar
from sla.promises.models import AgreementKind, Metric
from tickets.models import Priority, Ticket


class EscalationRule(models.Model):
    """What happens when a line used up a share of a promised time (INC-13).

    ``tiers``: lines that it is for; ``percent`` of the clock's target. ``priority`` None: every one. ``roles``: who
    is told, whatever happens to the ticket.
    """

    class Step(models.TextChoices):
        UNLESS_CLAIMED = "unless_claimed", _("To the next line; when somebody has claimed it, only tell people")
        ALWAYS = "always", _("To the next line, also when somebody works on it")
        TELL = "tell", _("Stays where it is, people are told")

    agreement = models.CharField(_("agreement"), max_length=3, choices=AgreementKind, default=AgreementKind.OLA)
    metric = models.CharField(pgettext_lazy("service level", "metric"), max_length=10, choices=Metric)
    percent = models.PositiveSmallIntegerField(
        _("of the time (percent)"), default=100, validators=[MinValueValidator(1), MaxValueValidator(500)]
    )
    tiers = ArrayField(models.CharField(max_length=5, choices=Tier), verbose_name=_("lines"), default=list)
    priority = models.ForeignKey(
        Priority,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("priority"),
        help_text=_("Empty: every priority."),
    )
    step = models.CharField(_("what happens"), max_length=15, choices=Step, default=Step.UNLESS_CLAIMED)
    roles = ArrayField(models.CharField(max_length=40), verbose_name=_("who is told"), default=list)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ["agreement", "metric", "percent", "id"]
        verbose_name = _("escalation rule")
        verbose_name_plural = _("escalation rules")
        constraints = [
            models.CheckConstraint(condition=Q(percent__gt=0), name="escalation_after_some_time"),
        ]

    def __str__(self) -> str:
        return f"{self.get_agreement_display()} · {self.get_metric_display()} · {self.percent} %"


class ClosingRule(models.Model):
    """When resolved tickets of a priority close by themselves, and when the requester is reminded (INC-09).

    Hours of ``calendar`` since the ticket was resolved; ``remind_hours`` None: nobody is reminded.
    """

    priority = models.OneToOneField(Priority, models.PROTECT, related_name="+", verbose_name=_("priority"))
    calendar = models.ForeignKey(Calendar, models.PROTECT, related_name="+", verbose_name=_("calendar"))
    remind_hours = models.PositiveSmallIntegerField(
        _("reminder after (hours)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Hours of the calendar: a working day of 5×8 has 8. Empty: no reminder."),
    )
    close_hours = models.PositiveSmallIntegerField(
        _("closes after (hours)"),
        validators=[MinValueValidator(1)],
        help_text=_("Hours of the calendar since it was resolved."),
    )
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ["priority__rank"]
        verbose_name = _("rule for closing by itself")
        verbose_name_plural = _("rules for closing by itself")
        constraints = [
            models.CheckConstraint(
                condition=Q(close_hours__gt=0)
                & (Q(remind_hours=None) | Q(remind_hours__gt=0, remind_hours__lt=F("close_hours"))),
                name="closing_after_the_reminder",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.priority_id} {self.close_hours} h"

    def clean(self) -> None:
        """People see the reminder before it closes."""
        if self.remind_hours and self.close_hours and self.remind_hours >= self.close_hours:
            raise ValidationError({"remind_hours": _("The reminder must come before it closes.")})


class Command(models.Model):
    """Something that the portal will do, or did, to a ticket at a time. Done at most once: ``key`` is unique.

    Executed in a transaction of its own that locks the ticket first. ``run_at``: the next attempt; ``due_at``: when
    it should happen. ``payload``: what it was ordered for. ``outcome``: a word for what came of it; ``reason``: why
    it was refused, or the last error.
    """

    class Kind(models.TextChoices):
        ESCALATE = "escalate", _("Escalation by time")
        REMIND = "remind", _("Reminder before closing")
        CLOSE = "close", _("Closing by itself")
        AGREED_NEAR = "agreed_near", _("Agreed time comes near")
        AGREED_OVER = "agreed_over", _("Agreed time is over")
        WAIT_OVER = "wait_over", _("End of a wait")

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("command", "Planned")
        DONE = "done", pgettext_lazy("command", "Done")
        REFUSED = "refused", pgettext_lazy("command", "Refused")
        CANCELLED = "cancelled", pgettext_lazy("command", "Not needed any more")
        FAILED = "failed", pgettext_lazy("command", "Given up")

    class Outcome(models.TextChoices):
        MOVED = "moved", _("went to the next line")
        TOLD = "told", _("not handed on; those concerned were notified")
        CLAIMED = "claimed", _("not handed on, because somebody has claimed it; those concerned were notified")
        NOWHERE = (
            "nowhere",
            _("not handed on, because no group of the next line is known; those concerned were notified"),
        )
        CLOSED = "closed", _("closed")
        RESUMED = "resumed", _("went on by itself")

    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="commands", verbose_name=_("ticket"))
    rank = models.PositiveSmallIntegerField()
    payload = models.JSONField(default=dict)
    due_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("due"))
    run_at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    reason = models.TextField(_("reason"), blank=True)
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    done_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(_("done"), null=True)

    class Meta:
        ordering = ["due_at", "id"]
        verbose_name = _("command")
        verbose_name_plural = _("commands")
        constraints = [
            models.CheckConstraint(
                condition=Q(state="waiting", done_at=None) | (~Q(state="waiting") & Q(done_at__isnull=False)),
                name="command_has_its_end",
            ),
        ]
        indexes = [
            models.Index(fields=["run_at"], condition=Q(state="waiting"), name="command_waiting"),
            models.Index(
                fields=["-done_at"], condition=Q(state__in=["refused", "failed"]), name="command_not_carried_out"
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def limit_label(self) -> str:
        """Whose time was over, of an escalation; else empty."""
        agreement, _dot, metric = str(self.payload.get("limit", "")).partition(".")
        if not metric:
            return ""
        return f"{agreement.upper()} · {Metric(metric).label}"

    @property
    def shown_reason(self) -> str:
        """The reason in the reader's language; errors as they are."""
        return gettext(self.reason) if self.reason else ""
