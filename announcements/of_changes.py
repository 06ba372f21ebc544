"""Announcements that changes keep: made when one is approved, rewritten when it is late, over when it ends (CHG-04).

Each is for the customers that use the same of the affected systems: nobody reads what others use (ORG-03).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.dispatch import receiver

from announcements.models import Announcement
from announcements.services import end
from announcements.telling import key_prefix, tell_all
from changes.signals import affected_told, proof_asked
from notifications.models import Notice
from notifications.telling.mailed import mailed

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
    if stage == "planned":
        for old in standing:
            end(announcement=old, now=now)
        for part, words in said:
            _tell(_made(change, part, now), words, now)
        return
    by_systems = {_key(row.systems.values_list("pk", flat=True)): row for row in standing}
    for part, words in said:
        row = by_systems.get(_key(system.pk for system in part.systems))
        if row is not None and stage is None:
            _write(row, words, now)
        elif row is not None:
            _move(row, stage or "", change, now)
            _tell(row, words, now)


@receiver(proof_asked)
def answer_with_announcements(sender: Any, change: Any, **context: Any) -> dict[str, list[dict[str, Any]]]:
    """What the portal announced of the change as it reads now, and what was mailed of it at each stage."""
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
        "mails": mailed(Notice.objects.filter(key__startswith=key_prefix(row))),
    }


def _key(codes: Iterable[Any]) -> frozenset[str]:
    return frozenset(map(str, codes))


def _made(change: Any, part: Any, now: datetime) -> Announcement:
    """A new one, not written yet."""
    start, until = change.planned_start or now, change.planned_end or now + AFTER
    made = Announcement(
        kind=Announcement.Kind.PLANNED,
        text_zh="…",
        starts_at=start,
        ends_at=until,
        shown_from=min(max(now, start - BEFORE), until),
        shown_until=max(until, now) + AFTER,
        ticket_id=change.pk,
        automatic=True,
        author_id=change.registered_by_id or change.requester_id,
        created_at=now,
        updated_at=now,
        published_at=now,
    )
    made.save()
    made.systems.set(part.systems)
    made.organisations.set(part.organisations)
    return made


def _move(row: Announcement, stage: str, change: Any, now: datetime) -> None:
    """What the stage means to it: a later end, or how it ended, for a while."""
    if stage == "soon":
        return
    if stage == "delayed":
        until = change.expected_end or max(row.ends_at or now, now)
        row.ends_at = until if row.starts_at and until > row.starts_at else row.ends_at
        row.shown_until = max(row.shown_until, until + AFTER, now + AFTER)
        return
    if stage != "off" and change.actual_start and change.actual_end and change.actual_start < change.actual_end:
        row.starts_at, row.ends_at = change.actual_start, change.actual_end  # not when it was to be
    row.kind = Announcement.Kind.INFORMATION
    row.shown_from, row.shown_until = min(row.shown_from, now), now + ENDED_FOR


def _write(row: Announcement, words: Any, now: datetime) -> None:
    """Those who put it away read it again."""
    row.text_zh, row.text_en, row.updated_at = words.text["zh"], words.text["en"], now
    row.save()


def _tell(row: Announcement, words: Any, now: datetime) -> None:
    _write(row, words, now)
    if row.organisations.exists():
        tell_all(row, words.subject, now)
