"""What every record has that changes through the door, and every line of its log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField

from accounts.models import User
from records.errors import ActionNotFound
from records.lifecycle import NEW, Step, StepSet, family_of

#: Lines of a log are evidence.
ADDED_ONLY = pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)


class ProtectedState(models.Model):
    """What a model can do whose ``state`` refuses to be set: be read again.

    django-fsm's own mixin takes the protection off the field meanwhile, for every thread.
    """

    class Meta:
        abstract = True

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        """Forget the state first: the protected field refuses to be set over an old value."""
        self.__dict__.pop("state", None)
        super().refresh_from_db(*args, **kwargs)


class Record(ProtectedState):
    """A record with states and a log, without queue, number and clock. Its steps are taken by ``records.perform``.

    ``version`` grows with every step, and says whether somebody wrote since a person read it. ``lifecycle``: what can
    happen to it.
    """

    lifecycle: ClassVar[StepSet]

    state = FSMField(_("state"), max_length=20, default=NEW, protected=True, editable=False)
    version = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(_("created"), editable=False)
    updated_at = models.DateTimeField(_("updated"), editable=False)

    class Meta:
        abstract = True

    @property
    def actions(self) -> Mapping[str, Step]:
        """What can happen to it, by name."""
        return family_of(type(self)).actions

    @property
    def state_label(self) -> Any:
        """The state's name for people."""
        return "" if self.state == NEW else family_of(type(self)).state_label(self.state)

    def locked(self, user: User | None) -> Record:
        """The first hook: itself as it stands now, locked. A family says here who sees it. Raises ActionNotFound."""
        found = type(self)._default_manager.select_for_update(of=("self",), no_key=True).filter(pk=self.pk).first()
        if found is None:
            raise ActionNotFound(_("There is nothing at this address."))
        return found

    def begin(self, *, user: User | None, now: datetime) -> None:
        """The second hook: what a new one knows from its first moment on."""
        self.created_at = now

    def keep(self, *, now: datetime) -> None:
        """The third hook, before it is stored: columns that the portal keeps by itself."""
        self.version += 1
        self.updated_at = now


class RecordEntry(models.Model):
    """A line of the log of a record: a step. Never changed, never removed. A family adds ``record``, a foreign key.

    ``changes``: list of ``{field, old, new}``, as people read them.
    """

    class Via(models.TextChoices):
        WEB = "web", _("Page")
        API = "api", _("API")
        SYSTEM = "system", _("System")

    at = models.DateTimeField(_("time"))
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("person"))
    step = models.CharField(_("action"), max_length=40)
    via = models.CharField(_("came by"), max_length=10, choices=Via, default=Via.WEB)
    version = models.PositiveIntegerField()
    state_from = models.CharField(max_length=20, blank=True)
    state_to = models.CharField(max_length=20, blank=True)
    changes = models.JSONField(default=list)

    class Meta:
        abstract = True
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.step} {self.at:%Y-%m-%d %H:%M}"
