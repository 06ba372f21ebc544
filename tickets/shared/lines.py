"""Which line of support a close code speaks of (INC-07)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import Tier

if TYPE_CHECKING:
    from accounts.models import SupportGroup
    from tickets.models import CloseCode


def check_line(code: CloseCode, group: SupportGroup | None) -> None:
    """Raise ValidationError when ``code`` is of another line than ``group``; the third line has no group here."""
    if group and code.tier and code.tier not in (Tier.THIRD, group.tier):
        message = _("This code does not agree with the line of the group %(group)s (%(tier)s).")
        raise ValidationError(message % {"group": group.name, "tier": group.get_tier_display()})
