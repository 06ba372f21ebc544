"""What can happen to an announcement, who may do it, and when (NTF-04)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from announcements.rules import anybody_who_announces
from records.lifecycle import NEW, StepSet

if TYPE_CHECKING:
    from announcements.models import Announcement


class States(models.TextChoices):
    """The states of an announcement. When a published one is shown, and that it ends by itself, say its times."""

    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", pgettext_lazy("announcement", "Published")
    ENDED = "ended", pgettext_lazy("announcement", "Ended")
    DISCARDED = "discarded", pgettext_lazy("announcement", "Discarded")


def its_time_is_over(announcement: Announcement, user: Any) -> Any:
    """What nobody would be shown is not published; ``shown_until`` comes first."""
    if announcement.shown_until <= timezone.now():
        return _("Its time is over: say first until when it is shown.")
    return None


def it_ended_by_itself(announcement: Announcement, user: Any) -> Any:
    """What nobody is shown any more is not ended once more."""
    return _("It has ended by itself.") if announcement.shown_until <= timezone.now() else None


#: The steps of an announcement. Kept by a change, it is also published and ended by the portal itself.
announcement_steps = StepSet()


@announcement_steps.step(
    source=NEW,
    target=States.DRAFT,
    label=_("Write"),
    done=pgettext_lazy("announcement", "Written"),
    allow=anybody_who_announces,
    form="announcements.forms.AnnouncementForm",
)
def write(announcement: Announcement, *, user: Any, now: datetime, form: Any) -> None:
    """Write it. Nobody reads it until it is published."""


@announcement_steps.step(
    source=(States.DRAFT, States.PUBLISHED, States.ENDED),
    label=_("Edit"),
    done=pgettext_lazy("announcement", "Changed"),
    allow=anybody_who_announces,
    form="announcements.forms.AnnouncementForm",
    icon="pencil",
)
def edit(announcement: Announcement, *, user: Any, now: datetime, form: Any) -> None:
    """Change what it says, to whom, when. Those who put it away are shown it again."""


@announcement_steps.step(
    source=(States.DRAFT, States.ENDED),
    target=States.PUBLISHED,
    label=_("Publish"),
    done=pgettext_lazy("announcement", "Published"),
    allow=anybody_who_announces,
    guards=(its_time_is_over,),
    effect="announcements.services.tell",
    intent="primary",
)
def publish(announcement: Announcement, *, user: Any, now: datetime, form: Any) -> None:
    """Show it from its time on, and tell those affected of an interruption by mail."""
    announcement.appear(now)


@announcement_steps.step(
    source=States.PUBLISHED,
    target=States.ENDED,
    label=_("End now"),
    done=pgettext_lazy("announcement", "Ended"),
    allow=anybody_who_announces,
    guards=(it_ended_by_itself,),
    effect="announcements.services.withdraw",
    versioned=False,
)
def end(announcement: Announcement, *, user: Any, now: datetime, form: Any) -> None:
    """Take it away before its time; mails about it that have not left do not leave."""
    announcement.disappear(now)


@announcement_steps.step(
    source=States.DRAFT,
    target=States.DISCARDED,
    label=_("Discard draft"),
    done=pgettext_lazy("announcement", "Discarded"),
    allow=anybody_who_announces,
    intent="quiet",
)
def discard(announcement: Announcement, *, user: Any, now: datetime, form: Any) -> None:
    """Put a draft away for good: nobody ever read it, and nobody is shown it any more."""


@announcement_steps.step(
    source=NEW,
    target=States.PUBLISHED,
    label=_("Say what a change does"),
    done=_("Published for its change"),
    system=True,
)
def follow(announcement: Announcement, *, user: Any, now: datetime, form: Any) -> None:
    """The portal publishes what those affected by a change have to know."""
    announcement.appear(now)


@announcement_steps.step(
    source=(States.PUBLISHED, States.ENDED),
    label=_("Say how the change goes"),
    done=_("Changed with its change"),
    system=True,
    form="announcements.forms.WordsOfChangeForm",
)
def reword(announcement: Announcement, *, user: Any, now: datetime, form: Any) -> None:
    """The portal rewrites it: the change moved, ended, or says it in other words."""


@announcement_steps.step(
    source=States.PUBLISHED,
    target=States.ENDED,
    label=_("End with its change"),
    done=_("Ended with its change"),
    system=True,
    effect="announcements.services.withdraw",
)
def cease(announcement: Announcement, *, user: Any, now: datetime, form: Any) -> None:
    """The portal takes it away: another one of its change stands in its place."""
    announcement.disappear(now)
