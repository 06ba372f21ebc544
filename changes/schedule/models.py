"""Links under which a calendar program reads the change calendar."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class CalendarFeed(models.Model):
    """A link of ``owner``: shows what the owner may see, as long as they may. Only a digest of its secret is kept.

    ``query``: the filters of the calendar's address.
    """

    bearer_digest = "key_hash"

    owner = models.ForeignKey(User, models.CASCADE, related_name="calendar_feeds", verbose_name=_("owner"))
    name = models.CharField(_("name"), max_length=100)
    query = models.CharField(_("filters"), max_length=300, blank=True)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("made"))
    seen_at = models.DateTimeField(_("last asked"), null=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True)

    class Meta:
        ordering = ["revoked_at", "name", "pk"]
        verbose_name = _("calendar link")
        verbose_name_plural = _("calendar links")

    def __str__(self) -> str:
        return self.name
