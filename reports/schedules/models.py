"""What is sent regularly, every time that it was due, and what each reader got."""

from __future__ import annotations

from datetime import date, datetime, time

from django.db import models
from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Role, User
from reports.own.models import OwnBoard
from tickets.models import SavedView


class Schedule(models.Model):
    """A saved list, an own board or a board with its filters, sent to ``owner`` or to everybody with ``role``.

    Exactly one of ``view``, ``board`` and ``kind`` says what; one that was deleted leaves all of them empty.
    ``parameters``: period and filters of the board of ``kind``. ``at``: the time that a clock in ``zone`` shows.
    ``next_at``: when it is due next; None when it is paused or ended.
    """

    class Rhythm(models.TextChoices):
        DAILY = "daily", _("Every day")
        WORKDAYS = "workdays", _("Every working day")
        WEEKLY = "weekly", _("Every week")
        MONTHLY = "monthly", _("Every month")

    class Format(models.TextChoices):
        LINK = "link", _("Only the link")
        XLSX = "xlsx", _("Excel")
        CSV = "csv", _("CSV")
        PDF = "pdf", _("PDF")

    name = models.CharField(_("name"), max_length=60)
    owner = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("made by"))
    role = models.ForeignKey(Role, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("role"))
    view = models.ForeignKey(SavedView, models.SET_NULL, null=True, blank=True, related_name="+")
    board = models.ForeignKey(OwnBoard, models.SET_NULL, null=True, blank=True, related_name="+")
    kind = models.CharField(_("kind"), max_length=20, blank=True)
    parameters = models.CharField(max_length=1000, blank=True)
    rhythm = models.CharField(_("rhythm"), max_length=10, choices=Rhythm, default=Rhythm.WEEKLY)
    weekday = models.PositiveSmallIntegerField(_("weekday"), null=True, blank=True)
    monthday = models.PositiveSmallIntegerField(_("day of the month"), null=True, blank=True)
    at: models.TimeField[time, time] = models.TimeField(_("time"), default=time(8))
    zone = models.CharField(_("time zone"), max_length=50)
    format = models.CharField(_("format"), max_length=5, choices=Format, default=Format.LINK)
    made_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("made"))
    next_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(_("next"), null=True)
    ended_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(_("ended"), null=True)

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("scheduled report")
        verbose_name_plural = _("scheduled reports")
        constraints = [
            models.CheckConstraint(condition=Q(ended_at=None) | Q(next_at=None), name="ended_schedule_is_not_due"),
        ]
        indexes = [models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="schedule_due")]

    def __str__(self) -> str:
        return self.name

    @property
    def query(self) -> QueryDict:
        """Period and filters of a board of a kind."""
        return QueryDict(self.parameters)

    @property
    def state(self) -> str:
        """Ended, paused or active."""
        return "ended" if self.ended_at else "active" if self.next_at else "paused"

    @property
    def is_lost(self) -> bool:
        """Whether what it sends was deleted."""
        return not (self.view_id or self.board_id or self.kind)


class ScheduleRun(models.Model):
    """A time at which a schedule was due: ``day`` of its zone, once. ``note``: why nothing was sent to anybody."""

    class Note(models.TextChoices):
        MISSED = "missed", _("The portal did not run; a later one was due, too.")
        LOST = "lost", _("The list or board was deleted.")
        LEFT = "left", _("Whoever scheduled it is not active any more.")
        NOBODY = "nobody", _("Nobody has the role.")

    schedule = models.ForeignKey(Schedule, models.PROTECT, related_name="runs")
    day: models.DateField[date, date] = models.DateField(_("day"))
    due_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("due"))
    run_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("made"))
    is_late = models.BooleanField(_("late"), default=False)
    note = models.CharField(max_length=10, choices=Note, blank=True)

    class Meta:
        ordering = ["-due_at", "-pk"]
        verbose_name = _("run of a scheduled report")
        verbose_name_plural = _("runs of scheduled reports")
        constraints = [models.UniqueConstraint(fields=["schedule", "day"], name="schedule_once_a_day")]

    def __str__(self) -> str:
        return f"{self.schedule_id} {self.day}"


class Sending(models.Model):
    """What one reader got of a run. ``file``: in the store of uploads, until it is removed; its digest stays.

    ``values``: the figures that it showed, as known at ``known_at``; ``query``: period and filters of them. Of a list
    ``values`` has the keys of the tickets in its file.
    """

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("report", "Being made")
        SENT = "sent", pgettext_lazy("report", "Sent")
        REFUSED = "refused", pgettext_lazy("report", "Nothing sent")
        FAILED = "failed", pgettext_lazy("report", "Failed")

    class Reason(models.TextChoices):
        NO_BOARDS = "no_boards", _("May not see boards any more.")
        NO_PEOPLE = "no_people", _("May not see figures of the person whom it names.")
        NO_LISTS = "no_lists", _("May not see lists any more.")
        NOT_ACTIVE = "not_active", _("Is not active any more.")
        UNREADABLE = "unreadable", _("Something in the list cannot be understood any more.")
        NO_EXPORT = "no_export", _("Only the link: may not export.")
        TOO_BIG = "too_big", _("Only the link: too big for a mail.")
        BROKEN = "broken", _("It could not be made; see the log of the portal.")

    run = models.ForeignKey(ScheduleRun, models.PROTECT, related_name="sendings")
    reader = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("reader"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    reason = models.CharField(max_length=12, choices=Reason, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(_("sent"), null=True)
    rows = models.PositiveIntegerField(_("rows"), null=True)
    path = models.CharField(max_length=2000, blank=True)
    file = models.CharField(max_length=100, blank=True)
    size = models.PositiveIntegerField(_("size (bytes)"), null=True)
    digest = models.CharField(max_length=64, blank=True)
    query = models.CharField(max_length=1000, blank=True)
    values = models.JSONField(default=dict)
    known_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("sending of a scheduled report")
        verbose_name_plural = _("sendings of scheduled reports")
        constraints = [models.UniqueConstraint(fields=["run", "reader"], name="sending_once_per_reader")]
        indexes = [
            models.Index(fields=["id"], condition=Q(state="waiting"), name="sending_waits"),
            models.Index(fields=["reader", "-sent_at"], name="sending_of_reader"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.reader_id} {self.state}"
