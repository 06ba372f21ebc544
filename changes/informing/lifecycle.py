"""What people do so that those affected know: writing what they read, saying that it takes longer (CHG-04)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from changes import rules
from changes.states import PLANNED, States
from tickets.lifecycle import ActionSet

if TYPE_CHECKING:
    from accounts.models import User
    from changes.models import Change


#: Keeping those affected informed.
informing = ActionSet()


@informing.action(
    source=[*PLANNED],
    label=_("Write to those affected"),
    done=_("wrote what those affected read"),
    allow=rules.may_plan,
    form="changes.informing.forms.WordsForm",
    effect="changes.informing.services.rewrite",
    icon="speakerphone",
    public=False,
    versioned=False,
)
def write_to_affected(change: Change, *, user: User, now: datetime, notice_zh: str, notice_en: str) -> None:
    """Write what customers read of it, in their languages; without it they read its effect."""
    change.notice_zh, change.notice_en = notice_zh, notice_en


@informing.action(
    source=[States.SCHEDULED, States.IMPLEMENTING],
    label=_("Report a delay"),
    done=_("reported that it takes longer"),
    allow=rules.may_implement,
    form="changes.informing.forms.DelayForm",
    icon="clock-pause",
    public=False,
    versioned=False,
)
def report_delay(change: Change, *, user: User, now: datetime, expected_end: datetime, text: str) -> None:
    """Say until when it takes now; those affected are told."""
    change.expected_end = expected_end
