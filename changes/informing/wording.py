"""What customers read of a change, in both languages: their systems, the window, the effect; nothing internal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.codes import LANGUAGES
from changes.informing.stages import Stage
from changes.models import Change
from cmdb.models import BusinessSystem

#: As long as an announcement may be.
LONGEST = 500


@dataclass(frozen=True)
class Words:
    """A subject and a text, each by language (``zh``, ``en``)."""

    subject: dict[str, str]
    text: dict[str, str]


def words_for(change: Change, stage: Stage, systems: Iterable[BusinessSystem]) -> Words:
    """What those who use ``systems`` read at ``stage``."""
    rows = list(systems)
    subject, text = {}, {}
    for name, code in LANGUAGES.items():
        with translation.override(code), timezone.override(settings.TIME_ZONE):
            named = _(", ").join(str(row) for row in rows)
            subject[name] = f"{_headline(stage)} · {named} · {span_of(change.planned_start, change.planned_end)}"
            colon = pgettext("after a label", ": ")
            text[name] = f"{named}{colon}{body_of(change, stage, name)}"[:LONGEST]
    return Words(subject, text)


def span_of(start: datetime | None, end: datetime | None) -> str:
    """From when until when, in the zone that is active; the day once when both are of it."""
    if start is None or end is None:
        return ""
    begin, until = timezone.localtime(start), timezone.localtime(end)
    same = begin.date() == until.date()
    return f"{begin:%Y-%m-%d %H:%M} – {until:{'%H:%M' if same else '%Y-%m-%d %H:%M'}}"


def _headline(stage: Stage) -> str:
    return {
        Stage.PLANNED: _("Planned change"),
        Stage.SOON: _("Planned change starts soon"),
        Stage.DELAYED: _("Planned change takes longer"),
        Stage.DONE: _("Planned change has ended"),
        Stage.BACKED_OUT: _("Planned change was taken back"),
        Stage.OFF: _("Planned change does not take place"),
    }[stage]


def body_of(change: Change, stage: Stage, language: str) -> str:
    """What is said in ``language`` (``zh``, ``en``), which is active, without the names of systems."""
    own = (change.notice_zh, change.notice_en) if language == "zh" else (change.notice_en, change.notice_zh)
    written = next((text for text in (*own, change.effect) if text.strip()), "")
    if stage == Stage.DELAYED:
        return _delay(change.expected_end)
    return {
        Stage.PLANNED: written or _("It may not be available during this time."),
        Stage.SOON: written or _("It may not be available during this time."),
        Stage.DONE: _("The work has ended; it can be used as usual."),
        Stage.BACKED_OUT: _("The work was taken back: everything is as it was before."),
        Stage.OFF: _("The work does not take place at the time that was announced. A new time will be announced."),
    }[stage]


def _delay(until: datetime | None) -> str:
    if until is None:
        return _("The work takes longer than planned. You are told when it has ended.")
    return _("The work takes longer than planned; it is expected to end at %(until)s.") % {
        "until": f"{timezone.localtime(until):%Y-%m-%d %H:%M}"
    }
