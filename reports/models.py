"""What boards and reports keep: links of wall displays."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import SupportGroup, User


class WallDisplay(models.Model):
    """A link that opens the live board on a screen without signing in, read only, with a fixed scope.

    It sees what ``owner`` may see, as long as they may see boards; ``key_hash`` is all that is kept of its secret.
    ``groups``: of these groups only; none: of all. ``seen_at``: when a screen last asked.
    """

    name = models.CharField(_("name"), max_length=80)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    owner = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("made by"))
    groups = models.ManyToManyField(SupportGroup, blank=True, related_name="+", verbose_name=_("groups"))
    turn_seconds = models.PositiveSmallIntegerField(_("turns every (seconds)"), default=20)
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(_("made"))
    seen_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(_("last seen"), null=True)
    revoked_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(_("revoked"), null=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("wall display")
        verbose_name_plural = _("wall displays")

    def __str__(self) -> str:
        return self.name
