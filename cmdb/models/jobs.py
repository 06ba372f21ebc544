"""Work on many items that a worker does: imports, their taking back, withdrawals of sources (CMDB-05)."""

from __future__ import annotations

from secrets import token_hex
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from cmdb.models.imports import ItemImport
from cmdb.models.sources import SourceWithdrawal


def job_file(job: ItemJob, filename: str) -> str:
    """A random name below a folder of its own: nothing of what a person called the file is used."""
    return f"item-jobs/{token_hex(16)}{'.xlsx' if filename.lower().endswith('.xlsx') else '.csv'}"


class ItemJobQuerySet(models.QuerySet):
    """Jobs."""

    def at_work(self) -> Self:
        """Those that are not over yet."""
        return self.filter(state__in=ItemJob.AT_WORK)


class ItemJob(models.Model):
    """An import, its taking back, or a withdrawal of a source, done by a worker in one transaction.

    ``asked``: what the person chose; ``run``: what an import wrote, or what is taken back; ``outcome``: numbers, bad
    rows, what waits for a decision. ``stage``, ``done`` and ``total`` are written while it works, beside its
    transaction. ``worker`` is the lease of whoever does it: when ``heartbeat_at`` is old the worker is gone, has
    written nothing, and another begins anew.
    """

    class Kind(models.TextChoices):
        IMPORT = "import", _("Import")
        UNDO = "undo", pgettext_lazy("import", "Take back")
        WITHDRAW = "withdraw", pgettext_lazy("source", "Withdraw")
        PUT_BACK = "put_back", pgettext_lazy("source", "Believe again")

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("job", "Waiting")
        RUNNING = "running", pgettext_lazy("job", "At work")
        DONE = "done", pgettext_lazy("job", "Done")
        REFUSED = "refused", pgettext_lazy("job", "Nothing was written")
        FAILED = "failed", pgettext_lazy("job", "Failed")

    class Stage(models.TextChoices):
        BEGIN = "", pgettext_lazy("job", "Begins")
        READ = "read", pgettext_lazy("job", "Reading and checking rows")
        RELATIONS = "relations", pgettext_lazy("job", "Checking relations")
        WRITE = "write", pgettext_lazy("job", "Writing items")
        RELATE = "relate", pgettext_lazy("job", "Writing relations")
        REWRITE = "rewrite", pgettext_lazy("job", "Reckoning items anew")
        REWRITE_RELATIONS = "rewrite_relations", pgettext_lazy("job", "Reckoning relations anew")

    AT_WORK = (State.WAITING, State.RUNNING)
    OF_IMPORTS, OF_SOURCES = (Kind.IMPORT, Kind.UNDO), (Kind.WITHDRAW, Kind.PUT_BACK)

    kind = models.CharField(_("what"), max_length=10, choices=Kind)
    name = models.CharField(_("name"), max_length=200)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    asked = models.JSONField(default=dict)
    items = models.FileField(upload_to=job_file, blank=True, max_length=200)
    relations = models.FileField(upload_to=job_file, blank=True, max_length=200)
    language = models.CharField(max_length=10)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    stage = models.CharField(max_length=20, choices=Stage, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    outcome = models.JSONField(default=dict)
    run = models.ForeignKey(ItemImport, models.PROTECT, null=True, related_name="jobs")
    withdrawal = models.ForeignKey(SourceWithdrawal, models.PROTECT, null=True, related_name="jobs")
    worker = models.CharField(max_length=36, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(_("asked for"), default=timezone.now)
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    objects = ItemJobQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = _("job on items")
        verbose_name_plural = _("jobs on items")
        indexes = [
            models.Index(fields=["id"], condition=Q(state__in=["waiting", "running"]), name="item_job_at_work"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def is_at_work(self) -> bool:
        """Whether it is not over yet."""
        return self.state in self.AT_WORK

    @property
    def is_of_import(self) -> bool:
        """Whether it reads files in, or takes that back; else it is about a source."""
        return self.kind in self.OF_IMPORTS

    @property
    def tone(self) -> str:
        """How its state looks."""
        tones = {self.State.DONE: "ok", self.State.REFUSED: "soon", self.State.FAILED: "late"}
        return tones.get(self.State(self.state), "info")

    @property
    def percent(self) -> int:
        """How much of its stage is done, 0 to 100."""
        return min(100, 100 * self.done // self.total) if self.total else 0

    @property
    def counts(self) -> dict[str, Any]:
        """The numbers of what was read and written."""
        found: dict[str, Any] = self.outcome.get("counts", {})
        return found
