"""What customers read of a change, in both languages: their systems, the window, the effect; nothing internal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.codes import LANGUAGES
from changes.informing.stages import Stage
from changes.models import Change
from changes.schedule.windows import Window
from changes.states import GIVEN_UP, Result
from cmdb.models import BusinessSystem
from itsm.moments import portal_time

#: As long as an announcement may be.
LONGEST = 500


@dataclass(frozen=True)
class Words:
    """A subject and a text, each by language (``zh``, ``en``)."""

    subject: dict[str, str]
    text: dict[str, str]


def words_for(
    change: Change, stage: Stage, systems: Iterable[BusinessSystem], now: datetime, announced: Window = (None, None)
) -> Words:
    """What those who use ``systems`` read at ``stage``; ``announced``: the window of which they were told before.

    What does not take place, does not take place then, whatever the window is by now.
    """
    rows = list(systems)
    subject, text = {}, {}
    for name, code in LANGUAGES.items():
        with translation.override(code):
            named = _(", ").join(str(row) for row in rows)
            when = (span_of(*announced) if stage == Stage.OFF else "") or when_of(change)
            subject[name] = " · ".join(part for part in (_headline(stage), named, when) if part)
            colon = pgettext("after a label", ": ")
            label = f"{named}{colon}" if named else ""
            was = _instead_of(announced) if stage == Stage.MOVED else ""
            text[name] = f"{label}{was}{body_of(change, stage, name, now)}"[:LONGEST]
    return Words(subject, text)


def span_of(start: datetime | None, end: datetime | None) -> str:
    """From when until when by the portal's clocks; the day once when both are of it."""
    if start is None or end is None:
        return ""
    begin, until = portal_time(start), portal_time(end)
    same = begin.date() == until.date()
    return f"{begin:%Y-%m-%d %H:%M} – {until:{'%H:%M' if same else '%Y-%m-%d %H:%M'}}"


def when_of(change: Change) -> str:
    """Its window; without one when it was or is carried out, or that it begins at once."""
    if change.planned_start and change.planned_end:
        return span_of(change.planned_start, change.planned_end)
    if change.began_at is None:
        return pgettext("time of a change", "at once")
    if change.actual_end is None:
        return pgettext("time of a change", "since %(at)s") % {"at": f"{portal_time(change.began_at):%Y-%m-%d %H:%M}"}
    return span_of(change.began_at, change.actual_end)


def _instead_of(announced: Window) -> str:
    """That it was announced for another time."""
    was = span_of(*announced)
    return _("The time announced before, %(was)s, no longer holds. ") % {"was": was} if was else ""


def _headline(stage: Stage) -> str:
    return {
        Stage.PLANNED: _("Planned change"),
        Stage.MOVED: _("Planned change was moved"),
        Stage.SOON: _("Planned change starts soon"),
        Stage.DELAYED: _("Planned change takes longer"),
        Stage.DONE: _("Planned change has ended"),
        Stage.BACKED_OUT: _("Planned change was taken back"),
        Stage.OFF: _("Planned change does not take place"),
    }[stage]


def body_of(change: Change, stage: Stage, language: str, now: datetime) -> str:
    """What is said in ``language`` (``zh``, ``en``), which is active, without the names of systems."""
    own = (change.notice_zh, change.notice_en) if language == "zh" else (change.notice_en, change.notice_zh)
    written = next((text for text in (*own, change.effect) if text.strip()), "")
    if stage == Stage.DELAYED:
        return _delay(change.expected_end, now)
    return {
        Stage.PLANNED: written or _("It may not be available during this time."),
        Stage.MOVED: written or _("It may not be available during this time."),
        Stage.SOON: written or _("It may not be available during this time."),
        Stage.DONE: _ended(change),
        Stage.BACKED_OUT: _("The work was taken back: everything is as it was before."),
        Stage.OFF: _off(change),
    }[stage]


def _ended(change: Change) -> str:
    if change.result == Result.FAILED:
        return _("The work has ended without success. Please tell the service desk what does not work as usual.")
    return _("The work has ended; it can be used as usual.")


def _off(change: Change) -> str:
    if change.state in GIVEN_UP:
        return _("The work does not take place.")
    return _("The work does not take place at the time that was announced. A new time will be announced.")


def _delay(until: datetime | None, now: datetime) -> str:
    """Until when it takes; what was promised and has passed is promised no more."""
    if until is None or until <= now:
        return _("The work takes longer than planned. You are told when it has ended.")
    return _("The work takes longer than planned; it is expected to end at %(until)s.") % {
        "until": f"{portal_time(until):%Y-%m-%d %H:%M}"
    }
