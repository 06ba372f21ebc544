"""How a solution was verified before it counts as one (核查; INC-07)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Verified(models.TextChoices):
    """How somebody saw that it works."""

    TESTED = "tested", _("Tested by us")
    REQUESTER = "requester", _("Tried by the requester")
    MONITORING = "monitoring", _("Seen in monitoring")
    RECORDS = "records", _("By records or logs")
