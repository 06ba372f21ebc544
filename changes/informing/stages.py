"""When those affected are told, and from what it follows."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

#: So long before the start they are told again; who is told for the first time later than that is not.
REMIND_BEFORE = timedelta(days=1)
#: A change that has not begun so long after its planned start is late.
LATE_AFTER = timedelta(minutes=15)
#: Without a planned end (an emergency) its end is late so long after the work began.
OPEN_END = timedelta(hours=8)


class Stage(models.TextChoices):
    """What those affected are told."""

    PLANNED = "planned", _("Content and time")
    MOVED = "moved", _("Another time")
    SOON = "soon", _("It starts soon")
    DELAYED = "delayed", _("It takes longer")
    DONE = "done", _("It has ended")
    BACKED_OUT = "backed_out", _("It was taken back")
    OFF = "off", _("It does not take place")


#: Actions on a change, and what those affected are told because of them.
FOLLOWS = {
    "approved": Stage.PLANNED,
    "order": Stage.PLANNED,
    "edit": Stage.MOVED,
    "report_delay": Stage.DELAYED,
    "implement": Stage.DONE,
    "back_out_now": Stage.BACKED_OUT,
    "lapse": Stage.OFF,
    "cancel": Stage.OFF,
    "reject": Stage.OFF,
    "refused": Stage.OFF,
}
#: They say a window, and hold until another one is said.
ANNOUNCING = (Stage.PLANNED, Stage.MOVED)
#: After these something is still expected.
GOING_ON = (*ANNOUNCING, Stage.SOON, Stage.DELAYED)
#: After these nothing more is expected.
LAST = (Stage.DONE, Stage.BACKED_OUT, Stage.OFF)
