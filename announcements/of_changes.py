"""Announcements that changes keep: made when one is approved or moved, rewritten when late, over when it ends.

Each is for the customers that use the same of the affected systems: nobody reads what others use (CHG-04, ORG-03).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.dispatch import receiver

from announcements.models import Announcement
from announcements.telling import key_prefix, tell_all
from changes.informing.stages import ANNOUNCING
from changes.signals import affected_told, proof_asked
from notifications.models import Notice
from notifications.proof import said_in
from records.actions import perform

#: So long before the window it stands in the portal, so long behind it unless the change says how it ended, and so
#: long is read how it ended.
BEFORE, AFTER, ENDED_FOR = timedelta(days=7), timedelta(hours=12), timedelta(hours=4)


@receiver(affected_told)
def keep_announcements(
    sender: Any, change: Any, stage: str | None, said: Iterable[tuple[Any, Any]], now: datetime, **context: Any
) -> None:
    """Let the change's announcements say what ``said`` says, and mail it to those affected; not what was reworded."""
    found = Announcement.objects.select_for_update(of=("self",), no_key=True)
    standing = list(found.filter(ticket=change.pk, automatic=True, ended_at=None).order_by("pk"))
    if stage in ANNOUNCING:
        for old in standing:
            perform(old, "cease", user=None, now=now)
        for part, words in said:
            _mail(_made(change, part, words, now), words, now)
        return
    by_systems = {_key(row.systems.values_list("pk", flat=True)): row for row in standing}
    for part, words in said:
        row = by_systems.get(_key(system.pk for system in part.systems))
        if row is not None:
            written = {**_words(words), **_times(row, stage or "", change, now)}
            perform(row, "reword", user=None, now=now, data=written)
        if row is not None and stage is not None:
            _mail(Announcement.objects.get(pk=row.pk), words, now)


@receiver(proof_asked)
def answer_with_announcements(sender: Any, change: Any, **context: Any) -> dict[str, list[dict[str, Any]]]:
    """What the portal announced of the change as it reads now, and what was told of it at each stage."""
    found = Announcement.objects.filter(ticket=change.pk, automatic=True).order_by("pk")
    return {"announcements": [_proof(row) for row in found.prefetch_related("systems", "organisations")]}


def _proof(row: Announcement) -> dict[str, Any]:
    times = ("published_at", "starts_at", "ends_at", "shown_from", "shown_until", "ended_at")
    return {
        "zh": row.text_zh,
        "en": row.text_en,
        **{name: getattr(row, name) for name in times},
        "systems": sorted(one.code for one in row.systems.all()),
        "organisations": sorted(one.code for one in row.organisations.all()),
        "notices": said_in(Notice.objects.filter(key__startswith=key_prefix(row))),
    }


def _key(codes: Iterable[Any]) -> frozenset[str]:
    return frozenset(map(str, codes))


def _words(words: Any) -> dict[str, str]:
    return {"text_zh": words.text["zh"], "text_en": words.text["en"]}


def _made(change: Any, part: Any, words: Any, now: datetime) -> Announcement:
    """A new one for those whom ``part`` names; an emergency without a window begins now, until nobody knows when."""
    start, until = change.planned_start or now, change.planned_end or now + AFTER
    made = Announcement(
        **_words(words),
        kind=Announcement.Kind.PLANNED,
        starts_at=start,
        ends_at=change.planned_end,
        shown_from=min(max(now, start - BEFORE), until),
        shown_until=max(until, now) + AFTER,
        ticket_id=change.pk,
        automatic=True,
        author_id=change.registered_by_id or change.requester_id,
    )
    perform(made, "follow", user=None, now=now)
    made.systems.set(part.systems)
    made.organisations.set(part.organisations)
    return made


def _times(row: Announcement, stage: str, change: Any, now: datetime) -> dict[str, Any]:
    """What the stage means to it: a later end, or how it ended, for a while."""
    names = ("kind", "starts_at", "ends_at", "shown_from", "shown_until")
    times = {name: getattr(row, name) for name in names}
    if stage in ("", "soon"):
        return times
    if stage == "delayed":
        until = change.expected_end or max(row.ends_at or now, now)
        later = until if row.starts_at and until > row.starts_at else row.ends_at
        return times | {"ends_at": later, "shown_until": max(row.shown_until, until + AFTER, now + AFTER)}
    if stage != "off" and change.actual_start and change.actual_end and change.actual_start < change.actual_end:
        times |= {"starts_at": change.actual_start, "ends_at": change.actual_end}  # not when it was to be
    shown = {"shown_from": min(row.shown_from, now), "shown_until": now + ENDED_FOR}
    return times | shown | {"kind": Announcement.Kind.INFORMATION}


def _mail(row: Announcement, words: Any, now: datetime) -> None:
    if row.organisations.exists():
        tell_all(row, words.subject, now)
