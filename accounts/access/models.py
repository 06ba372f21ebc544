"""Who came in, who did not, and whose session ended: recorded, and never changed (SEC-03)."""

from __future__ import annotations

from datetime import datetime

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class AccessEvent(models.Model):
    """Something about access that happened. ``name``: what was typed as user name, for those whom nobody knows.

    ``address`` and ``browser``: where it came from; empty for what the portal did by itself. ``detail``: the name of a
    token, or why it was refused.
    """

    class Kind(models.TextChoices):
        SIGNED_IN = "signed_in", _("Signed in")
        FAILED = "failed", _("Sign-in failed")
        LOCKED = "locked", _("Locked out for a while after failures")
        SIGNED_OUT = "signed_out", _("Signed out")
        ENDED = "ended", _("Session ended by time")
        PASSWORD = "password", _("Password changed")
        RESET = "reset", _("Password set by a link")
        TOKEN_MADE = "token_made", _("API token made")
        TOKEN_REVOKED = "token_revoked", _("API token revoked")

    at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("time"))
    kind = models.CharField(pgettext_lazy("access", "event"), max_length=20, choices=Kind)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="access_events",
        db_index=False,
        verbose_name=_("person"),
    )
    name = models.CharField(_("user name"), max_length=150, blank=True)
    address = models.GenericIPAddressField(_("address"), null=True)
    browser = models.CharField(_("program"), max_length=200, blank=True)
    detail = models.CharField(_("details"), max_length=200, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("access")
        verbose_name_plural = _("log of access")
        indexes = [
            models.Index(fields=["person", "-id"], name="access_event_by_person"),
            models.Index(fields=["kind", "-id"], name="access_event_by_kind"),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.name}"
