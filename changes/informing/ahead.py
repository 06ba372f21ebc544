"""What customers read of the time to come: changes that affect them, maintenance windows of their systems (CHG-07)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.codes import in_language
from accounts.models import User
from changes.informing.models import AffectedNotice
from changes.informing.stages import LAST, Stage
from changes.informing.wording import body_of
from changes.models import Change
from changes.schedule.maintenance import occurrences, windows_of
from changes.states import States
from cmdb.models import BusinessSystem

#: So far ahead maintenance windows are listed.
AHEAD = timedelta(days=14)


@dataclass(frozen=True)
class Work:
    """A change that was announced to the customer; ``systems``: its own only; ``text``: in the reader's language.

    ``starts_at``: None for an emergency that begins at once; ``ends_at``: None while nobody said until when.
    """

    systems: list[BusinessSystem]
    starts_at: datetime | None
    ends_at: datetime | None
    text: str
    is_running: bool
    is_late: bool


@dataclass(frozen=True)
class Upkeep:
    """A maintenance window: the system may be worked on then, it need not be."""

    system: BusinessSystem
    starts_at: datetime
    ends_at: datetime
    zone: str


def work_ahead(user: User, now: datetime) -> list[Work]:
    """Changes that run or are to come, of which the person's organisation was told, in order. Nothing internal."""
    if user.organisation is None:
        return []
    code = user.organisation.code
    standing = Change.objects.filter(state__in=(States.SCHEDULED, States.IMPLEMENTING))
    told = AffectedNotice.objects.filter(change__in=standing.values("pk")).order_by("change", "-pk").distinct("change")
    seen = {row.pk: row for row in BusinessSystem.objects.visible_to(user)}
    found = []
    for notice in told.select_related("change"):
        part = next((one for one in notice.parts if code in one["organisations"]), None)
        systems = [seen[key] for key in part["systems"] if key in seen] if part else []
        if systems and notice.stage not in LAST and (work := _work(notice, systems, now)):
            found.append(work)
    return sorted(found, key=lambda one: one.starts_at or now)


def _work(notice: AffectedNotice, systems: list[BusinessSystem], now: datetime) -> Work | None:
    """As it is announced; None for a window that has passed without anybody at work."""
    change, running = notice.change, notice.change.state == States.IMPLEMENTING
    begin, end = change.planned_start, change.stands_until
    if end is not None and end <= now and not running:
        return None
    if end is None:
        begin = change.actual_start
    text = body_of(change, Stage(notice.stage), in_language("zh", "en"), now)
    return Work(systems, begin, end, text, running, notice.stage == Stage.DELAYED)


def upkeep_ahead(user: User, now: datetime) -> list[Upkeep]:
    """Maintenance windows of the next days of the systems that the person's organisation uses, in order."""
    systems = {row.pk: row for row in BusinessSystem.objects.visible_to(user).filter(active=True)}
    found = [
        Upkeep(systems[code], begin, until, window.zone)
        for code, windows in windows_of(systems).items()
        for window in windows
        for begin, until in occurrences([window], now, now + AHEAD)
    ]
    return sorted(found, key=lambda one: (one.starts_at, one.system.pk))
